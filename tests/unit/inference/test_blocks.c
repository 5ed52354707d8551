/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <math.h>
#include <string.h>

#include "crypto/base/file.h"
#include "crypto/base/text.h"
#include "inference/format/blocks.h"

enum { FILE_MAX = 1 << 20 };

static enum tensor_type type_of(struct slice name)
{
	char text[16] = {0};
	enum tensor_type type = TENSOR_BOOL;

	assert_true(name.size < sizeof text);
	memcpy(text, name.data, name.size);
	assert_true(tensor_type_of_name(&type, text));
	return type;
}

/* The elements of a line as bits; eight digits each, the highest first. */
static uint32_t bits_at(struct slice hex, size_t i)
{
	uint8_t bytes[4];

	assert_ok(text_read_hex(bytes, sizeof bytes, slice_part(hex, 8 * i, 8)));
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

static void check_line(struct slice line)
{
	uint8_t block[TENSOR_MAX_BLOCK];
	float values[2 * TENSOR_MAX_ELEMENTS];
	struct slice name, rest, bytes = {0}, bits = {0};
	enum tensor_type type;
	size_t count, size;

	assert_true(slice_cut(line, ' ', &name, &rest) && slice_cut(rest, ' ', &bytes, &bits));
	type = type_of(name);
	count = tensor_type_elements(type);
	size = tensor_type_size(type);
	assert_ok(text_read_hex(block, size, bytes));
	assert_int_equal(bits.size, 8 * count);
	/* Two of them, at the end of their room. */
	memcpy((char *)(values + 2 * count) - 2 * size, block, size);
	memcpy((char *)(values + 2 * count) - size, block, size);
	blocks_widen_in_place(type, values, 2 * count);
	for (size_t i = 0; i < 2 * count; i++) {
		uint32_t got;

		memcpy(&got, &values[i], sizeof got);
		if (got != bits_at(bits, i % count))
			fail_msg("%s: element %zu is %08x, ggml says %08x", tensor_type_name(type),
				 i, got, bits_at(bits, i % count));
	}
}

static void blocks_are_what_ggml_makes_of_them(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(FILE_MAX);
	struct slice rest, line;
	size_t lines = 0;

	(void)state;
	assert_ok(file_read(&text, AT_FDCWD, "data/gguf/blocks.txt"));
	rest = buf_slice(&text);
	while (slice_cut(rest, '\n', &line, &rest)) {
		check_line(line);
		lines++;
	}
	assert_int_equal(lines, 11);
}

static void numbers_are_taken_as_they_are_stored(void **state)
{
	static const struct {
		enum tensor_type type;
		uint8_t bytes[8];
		float expected;
	} rows[] = {
		{TENSOR_U8, {0xff}, 255.0f},
		{TENSOR_I8, {0xff}, -1.0f},
		{TENSOR_U16, {0xfe, 0xff}, 65534.0f},
		{TENSOR_I16, {0xfe, 0xff}, -2.0f},
		{TENSOR_U32, {0, 0, 0, 0x80}, 2147483648.0f},
		{TENSOR_I32, {0, 0, 0, 0x80}, -2147483648.0f},
		{TENSOR_I64, {0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, -3.0f},
		{TENSOR_U64, {0, 0, 0, 0, 0, 0, 0, 0x80}, 9223372036854775808.0f},
		{TENSOR_F16, {0, 0x3e}, 1.5f},
		{TENSOR_BF16, {0xc0, 0x3f}, 1.5f},
		{TENSOR_F32, {0, 0, 0xc0, 0x3f}, 1.5f},
		{TENSOR_F64, {0, 0, 0, 0, 0, 0, 0xf8, 0x3f}, 1.5f},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		float value = NAN;

		assert_true(blocks_can(rows[i].type));
		blocks_widen(rows[i].type, rows[i].bytes, &value);
		if (value != rows[i].expected)
			fail_msg("%s: %g", tensor_type_name(rows[i].type), (double)value);
	}
}

static void types_that_nobody_reads_are_known_as_such(void **state)
{
	(void)state;
	assert_false(blocks_can(TENSOR_BOOL));
	assert_false(blocks_can(TENSOR_F8_E4M3));
	assert_false(blocks_can(TENSOR_Q8_K));
	assert_false(blocks_can(TENSOR_IQ2_XXS));
	assert_false(blocks_can(TENSOR_MXFP4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_are_what_ggml_makes_of_them),
		cmocka_unit_test(numbers_are_taken_as_they_are_stored),
		cmocka_unit_test(types_that_nobody_reads_are_known_as_such),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

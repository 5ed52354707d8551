/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include "inference/format/safetensors.h"
#include "inference/format/weights.h"
#include "inference/format/widen.h"
#include "tests/unit/inference/files.h"

#define SPAN "\"data_offsets\":"
#define ONE "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}"

/* Header and `data` zero bytes, as a file. */
static struct buf file_of(const char *header, size_t data)
{
	struct buf b = buf_new(1 << 20);
	uint64_t size = strlen(header);

	for (int i = 0; i < 8; i++)
		buf_write_u8(&b, (uint8_t)(size >> (8 * i)));
	buf_write_string(&b, header);
	for (size_t i = 0; i < data; i++)
		buf_write_u8(&b, 0);
	return b;
}

static enum err open_bytes(struct slice bytes)
{
	AUTO(safetensors_auto) struct safetensors *s = NULL;
	struct weight_source source = bytes_source(bytes);

	return safetensors_open(&s, &source);
}

static void a_header_says_type_shape_and_place(void **state)
{
	AUTO(buf_free)
	struct buf b = file_of("{\"__metadata__\":{\"format\":\"pt\"},"
			       "\"w\":{\"dtype\":\"BF16\",\"shape\":[3,2]," SPAN "[4,16]},"
			       "\"s\":{\"dtype\":\"F32\",\"shape\":[]," SPAN "[0,4]}}   ",
			       16);
	AUTO(safetensors_auto) struct safetensors *s = NULL;
	struct weight_source source = bytes_source(buf_slice(&b));
	const struct tensor *w;

	(void)state;
	assert_ok(safetensors_open(&s, &source));
	assert_int_equal(safetensors_count(s), 2);
	assert_string_equal(safetensors_at(s, 0)->name, "s");
	assert_int_equal(safetensors_at(s, 0)->count, 1);
	w = safetensors_find(s, "w");
	assert_int_equal(w->type, TENSOR_BF16);
	assert_int_equal(w->rank, 2);
	assert_int_equal(w->shape[0] * 10 + w->shape[1], 32);
	assert_int_equal(w->offset, b.size - 12);
	assert_null(safetensors_find(s, "x"));
}

static const struct {
	const char *why;
	const char *header;
	size_t data;
} abuses[] = {
	{"overlap",
	 "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]," SPAN "[0,8]},"
	 "\"b\":{\"dtype\":\"F32\",\"shape\":[2]," SPAN "[4,12]}}",
	 12},
	{"the same bytes twice",
	 "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]," SPAN "[0,8]},"
	 "\"b\":{\"dtype\":\"F32\",\"shape\":[2]," SPAN "[0,8]}}",
	 8},
	{"hole",
	 "{\"a\":{\"dtype\":\"F32\",\"shape\":[1]," SPAN "[0,4]},"
	 "\"b\":{\"dtype\":\"F32\",\"shape\":[1]," SPAN "[8,12]}}",
	 12},
	{"hole at the beginning", "{\"a\":{\"dtype\":\"F32\",\"shape\":[1]," SPAN "[4,8]}}", 8},
	{"bytes left at the end", ONE, 9},
	{"beyond the end", ONE, 7},
	{"ends before it begins", "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]," SPAN "[8,0]}}", 8},
	{"negative", "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]," SPAN "[-8,0]}}", 8},
	{"shape and span differ", "{\"a\":{\"dtype\":\"F32\",\"shape\":[3]," SPAN "[0,8]}}", 8},
	{"product overflows",
	 "{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296,2]," SPAN "[0,8]}}", 8},
	{"size overflows",
	 "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904]," SPAN "[0,0]}}", 0},
	{"offset past 64 bits",
	 "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]," SPAN "[0,99999999999999999999]}}", 8},
	{"rank of nine", "{\"a\":{\"dtype\":\"U8\",\"shape\":[1,1,1,1,1,1,1,1,1]," SPAN "[0,1]}}",
	 1},
	{"unknown type", "{\"a\":{\"dtype\":\"F33\",\"shape\":[2]," SPAN "[0,8]}}", 8},
	{"no type", "{\"a\":{\"shape\":[2]," SPAN "[0,8],\"x\":1}}", 8},
	{"a key too many", "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]," SPAN "[0,8],\"x\":1}}", 8},
	{"three offsets", "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]," SPAN "[0,4,8]}}", 8},
	{"a fraction", "{\"a\":{\"dtype\":\"F32\",\"shape\":[2.0]," SPAN "[0,8]}}", 8},
	{"a name twice",
	 "{\"a\":{\"dtype\":\"U8\",\"shape\":[1]," SPAN "[0,1]},"
	 "\"a\":{\"dtype\":\"U8\",\"shape\":[1]," SPAN "[1,2]}}",
	 2},
	{"not UTF-8", "{\"\xff\":{\"dtype\":\"F32\",\"shape\":[2]," SPAN "[0,8]}}", 8},
	{"metadata of numbers", "{\"__metadata__\":{\"a\":1}}", 0},
	{"a list", "[]", 0},
	{"space before it", " {}", 0},
	{"cut short", "{\"a\":{\"dtype\":\"F32\"", 0},
	{"something behind it", "{}x", 0},
	{"nothing", "", 0},
};

static void abuse_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof abuses / sizeof *abuses; i++) {
		AUTO(buf_free) struct buf b = file_of(abuses[i].header, abuses[i].data);
		enum err result = open_bytes(buf_slice(&b));

		if (result != ERR_FORMAT)
			fail_msg("%s: %s", abuses[i].why, err_name(result));
	}
}

static void a_length_that_the_file_cannot_hold_is_refused(void **state)
{
	(void)state;
	assert_err(open_bytes(S("\x02\0\0\0\0\0\0")), ERR_FORMAT);
	assert_err(open_bytes(S("\x03\0\0\0\0\0\0\0{}")), ERR_FORMAT);
	assert_err(open_bytes(S("\xff\xff\xff\xff\xff\xff\xff\xff{}")), ERR_LIMIT);
	assert_err(open_bytes(S("\0\0\0\x20\0\0\0\0{}")), ERR_LIMIT);
	assert_ok(open_bytes(S("\x02\0\0\0\0\0\0\0{}")));
}

static void foreign_files_are_read(void **state)
{
	static const char *const names[] = {
		"safetensors/coffeevampir3.safetensors",
		"safetensors/swift/tensor-1d-int32.safetensors",
		"safetensors/swift/tensor-2d-float64.safetensors",
		"safetensors/swift/tensor-3d-float32.safetensors",
		"safetensors/swift/tensor-4d-float32.safetensors",
		"models/hf-trained-here/bert/model.safetensors",
	};
	char path[400];

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		AUTO(buf_free) struct buf text = buf_new(16 << 20);

		if (!shared_path(path, sizeof path, names[i]))
			skip();
		assert_ok(file_read(&text, AT_FDCWD, path));
		assert_ok(open_bytes(buf_slice(&text)));
		buf_write_u8(&text, 0);
		assert_err(open_bytes(buf_slice(&text)), ERR_FORMAT);
	}
}

static void halves_widen_exactly_and_in_place(void **state)
{
	/* 1, -2, the smallest subnormal, the largest, infinity */
	const uint16_t f16[] = {0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00};
	const float expected[] = {1, -2, 0x1p-24f, 65504, __builtin_inff()};
	float values[5];

	(void)state;
	memcpy((char *)values + sizeof f16, f16, sizeof f16);
	widen_f16_in_place(values, 5);
	assert_memory_equal(values, expected, sizeof expected);
	assert_true(widen_bf16(0xbfc0) == -1.5f);
	assert_true(widen_f16(0x7e00) != widen_f16(0x7e00)); /* not a number */
}

static void failures_say_the_file_and_the_place(void **state)
{
	AUTO(buf_free) struct buf whole = file_of(ONE, 8);
	AUTO(buf_free) struct buf rest = file_of(ONE, 9);
	const struct slice bytes[] = {slice_of(whole.data, whole.size - 1), buf_slice(&rest)};
	const char *const texts[] = {
		"model.safetensors: safetensors: tensor \"a\": it goes beyond the end of the file, "
		"at byte 62",
		"model.safetensors: safetensors: 1 bytes at the end, from byte 70 on, belong to no "
		"tensor",
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		AUTO(weights_auto) struct weights *w = NULL;
		AUTO(folder_free) struct folder f;

		folder_init(&f, "/nonexistent");
		folder_set(&f, "model.safetensors", bytes[i]);
		assert_err(weights_open(&w, &f.files), ERR_FORMAT);
		assert_string_equal(failure_text(), texts[i]);
	}
}

/* 1 and 2 in each type that is run. */
static void elements_of_every_type_become_floats(void **state)
{
	static const struct {
		const char *type;
		size_t size;
		uint8_t bytes[16];
	} rows[] = {
		{"F64", 8, {0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0x40}},
		{"F32", 4, {0, 0, 0x80, 0x3f, 0, 0, 0, 0x40}},
		{"F16", 2, {0, 0x3c, 0, 0x40}},
		{"BF16", 2, {0x80, 0x3f, 0, 0x40}},
		{"I8", 1, {1, 2}},
		{"U8", 1, {1, 2}},
		{"I64", 8, {1, 0, 0, 0, 0, 0, 0, 0, 2}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		AUTO(weights_auto) struct weights *w = NULL;
		AUTO(folder_free) struct folder f;
		AUTO(buf_free) struct buf b;
		char header[128];
		float values[2] = {0};

		snprintf(header, sizeof header,
			 "{\"a\":{\"dtype\":\"%s\",\"shape\":[2],\"data_offsets\":[0,%zu]}}",
			 rows[i].type, 2 * rows[i].size);
		b = file_of(header, 0);
		buf_write(&b, slice_of(rows[i].bytes, 2 * rows[i].size));
		folder_init(&f, "/nonexistent");
		folder_set(&f, "model.safetensors", buf_slice(&b));
		assert_ok(weights_open(&w, &f.files));
		assert_ok(weights_read(w, weights_find(w, "a"), values));
		if (values[0] != 1 || values[1] != 2)
			fail_msg("%s: %g %g", rows[i].type, (double)values[0], (double)values[1]);
	}
}

static void a_type_that_is_not_run_is_refused_by_name(void **state)
{
	AUTO(buf_free)
	struct buf b = file_of("{\"a\":{\"dtype\":\"F8_E4M3\",\"shape\":[2]," SPAN "[0,2]}}", 2);
	AUTO(weights_auto) struct weights *w = NULL;
	AUTO(folder_free) struct folder f;
	float values[2];

	(void)state;
	folder_init(&f, "/nonexistent");
	folder_set(&f, "model.safetensors", buf_slice(&b));
	assert_ok(weights_open(&w, &f.files));
	assert_err(weights_read(w, weights_find(w, "a"), values), ERR_UNSUPPORTED);
	assert_non_null(strstr(failure_text(), "F8_E4M3"));
}

static void shards_and_index_must_agree(void **state)
{
	static const char *const wrong[] = {
		"{\"weight_map\":{\"a\":\"two\"}}",               /* not in that one */
		"{\"weight_map\":{\"a\":\"one\",\"b\":\"one\"}}", /* b is nowhere */
		"{\"weight_map\":{\"a\":\"one\",\"c\":\"two\",\"d\":\"two\"}}", /* d is nowhere */
		"{\"weight_map\":{\"a\":\"../one\"}}",
		"{\"weight_map\":{\"a\":1}}",
		"{\"weight_map\":[]}",
		"{}",
	};
	AUTO(buf_free) struct buf one = file_of(ONE, 8);
	AUTO(buf_free)
	struct buf two = file_of("{\"c\":{\"dtype\":\"U8\",\"shape\":[1]," SPAN "[0,1]}}", 1);

	(void)state;
	for (size_t i = 0; i <= sizeof wrong / sizeof *wrong; i++) {
		AUTO(weights_auto) struct weights *w = NULL;
		AUTO(folder_free) struct folder f;
		bool is_good = i == sizeof wrong / sizeof *wrong;

		folder_init(&f, "/nonexistent");
		folder_set(&f, "one", buf_slice(&one));
		folder_set(&f, "two", buf_slice(&two));
		folder_set(&f, "model.safetensors.index.json",
			   is_good ? S("{\"weight_map\":{\"a\":\"one\",\"c\":\"two\"}}")
				   : slice_of_string(wrong[i]));
		assert_err(weights_open(&w, &f.files), is_good ? OK : ERR_FORMAT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_says_type_shape_and_place),
		cmocka_unit_test(abuse_is_refused),
		cmocka_unit_test(a_length_that_the_file_cannot_hold_is_refused),
		cmocka_unit_test(foreign_files_are_read),
		cmocka_unit_test(halves_widen_exactly_and_in_place),
		cmocka_unit_test(failures_say_the_file_and_the_place),
		cmocka_unit_test(elements_of_every_type_become_floats),
		cmocka_unit_test(a_type_that_is_not_run_is_refused_by_name),
		cmocka_unit_test(shards_and_index_must_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

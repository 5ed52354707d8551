/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include "inference/format/gguf.h"
#include "tests/unit/inference/files.h"
#include "tests/unit/inference/gguf_file.h"

static enum err open_bytes(struct gguf **out, struct slice bytes)
{
	struct weight_source source = bytes_source(bytes);

	return gguf_open(out, &source, "some.gguf");
}

/* A file with a value of each kind and two tensors. */
static struct buf good_file(uint32_t version)
{
	struct buf b = gguf_begin(version, 2, 9);

	put_key(&b, "general.architecture", GGUF_TEXT);
	put_text(&b, "llama");
	put_key(&b, "a.u8", GGUF_U8);
	put_little(&b, 200, 1);
	put_key(&b, "a.i32", GGUF_I32);
	put_little(&b, (uint64_t)-7, 4);
	put_key(&b, "a.u64", GGUF_U64);
	put_little(&b, 1ull << 40, 8);
	put_key(&b, "a.f32", GGUF_F32);
	put_little(&b, 0x3fc00000, 4); /* 1.5 */
	put_key(&b, "a.bool", GGUF_BOOL);
	put_little(&b, 1, 1);
	put_key(&b, "a.texts", GGUF_ARRAY);
	put_little(&b, GGUF_TEXT, 4);
	put_little(&b, 3, 8);
	put_text(&b, "one");
	put_text(&b, "");
	put_text(&b, "\xff");
	put_key(&b, "a.reals", GGUF_ARRAY);
	put_little(&b, GGUF_F32, 4);
	put_little(&b, 2, 8);
	put_little(&b, 0x3fc00000, 4);
	put_little(&b, 0xbf800000, 4);
	put_key(&b, "general.alignment", GGUF_U32);
	put_little(&b, 64, 4);
	put_tensor(&b, "second", 32, 3, 2, 64); /* Q4_0 */
	put_tensor(&b, "first", 5, 0, 0, 0);    /* F32 */
	put_padding(&b, 64);
	put_zeros(&b, 20);
	put_padding(&b, 64);
	put_zeros(&b, 3 * 18);
	return b;
}

static void a_header_says_keys_and_tensors(void **state)
{
	(void)state;
	for (uint32_t version = 2; version <= 3; version++) {
		AUTO(buf_free) struct buf b = good_file(version);
		AUTO(gguf_auto) struct gguf *g = NULL;
		const struct tensor *t;
		struct slice text;
		uint32_t number;
		float real;
		bool truth;

		assert_ok(open_bytes(&g, buf_slice(&b)));
		assert_ok(gguf_get_text(g, "general.architecture", &text));
		assert_true(slice_equal(text, S("llama")));
		assert_ok(gguf_get_u32(g, "a.u8", &number));
		assert_int_equal(number, 200);
		assert_ok(gguf_get_f32(g, "a.f32", &real));
		assert_true(real == 1.5f);
		assert_ok(gguf_get_bool(g, "a.bool", &truth));
		assert_true(truth);
		assert_int_equal(gguf_tensor_count(g), 2);
		assert_string_equal(gguf_tensor_at(g, 0)->name, "first");
		t = gguf_find_tensor(g, "second");
		assert_int_equal(t->type, TENSOR_Q4_0);
		assert_int_equal(t->shape[0] * 100 + t->shape[1], 332); /* rows first */
		assert_int_equal(t->size, 3 * 18);
		assert_int_equal(t->offset + t->size, b.size);
		assert_null(gguf_find_tensor(g, "third"));
	}
}

static void lists_are_read_in_order(void **state)
{
	AUTO(buf_free) struct buf b = good_file(3);
	AUTO(gguf_auto) struct gguf *g = NULL;
	struct gguf_array list;
	struct slice text;

	(void)state;
	assert_ok(open_bytes(&g, buf_slice(&b)));
	assert_ok(gguf_get_texts(g, "a.texts", &list));
	assert_int_equal(list.count, 3);
	assert_true(gguf_next_text(&list, &text) && slice_equal(text, S("one")));
	assert_true(gguf_next_text(&list, &text) && text.size == 0);
	assert_true(gguf_next_text(&list, &text) && slice_equal(text, S("\xff")));
	assert_false(gguf_next_text(&list, &text));
	assert_ok(gguf_get_array(g, "a.reals", &list));
	assert_int_equal(list.count, 2);
	assert_true(gguf_real_at(&list, 0) == 1.5 && gguf_real_at(&list, 1) == -1.0);
}

static void a_value_of_another_kind_is_refused_by_file_key_and_offset(void **state)
{
	AUTO(buf_free) struct buf b = good_file(3);
	AUTO(gguf_auto) struct gguf *g = NULL;
	struct gguf_array list;
	struct slice text;
	uint32_t number;
	float real;
	bool truth;

	(void)state;
	assert_ok(open_bytes(&g, buf_slice(&b)));
	assert_int_equal(gguf_get_u32(g, "none", &number), ERR_NOT_FOUND);
	assert_int_equal(gguf_get_u32(g, "a.i32", &number), ERR_FORMAT);
	assert_int_equal(gguf_get_u32(g, "a.f32", &number), ERR_FORMAT);
	assert_int_equal(gguf_get_u32(g, "a.bool", &number), ERR_FORMAT);
	assert_int_equal(gguf_get_f32(g, "a.u8", &real), ERR_FORMAT);
	assert_int_equal(gguf_get_bool(g, "a.u8", &truth), ERR_FORMAT);
	assert_int_equal(gguf_get_text(g, "a.texts", &text), ERR_FORMAT);
	assert_int_equal(gguf_get_array(g, "a.texts", &list), ERR_FORMAT);
	assert_int_equal(gguf_get_texts(g, "a.reals", &list), ERR_FORMAT);
	assert_int_equal(gguf_get_u32(g, "a.u64", &number), ERR_FORMAT);
	assert_string_equal(failure_text(), "some.gguf: at byte 124: key \"a.u64\" is not within 0 "
					    "to 4294967295");
}

static void every_prefix_of_a_file_is_refused(void **state)
{
	AUTO(buf_free) struct buf b = good_file(3);

	(void)state;
	for (size_t size = 0; size < b.size; size++) {
		AUTO(gguf_auto) struct gguf *g = NULL;
		enum err result = open_bytes(&g, slice_of(b.data, size));

		if (result != ERR_FORMAT && result != ERR_LIMIT)
			fail_msg("%zu bytes: %s", size, err_name(result));
	}
}

typedef void write_fn(struct buf *b);

static void two_keys(struct buf *b)
{
	*b = gguf_begin(3, 0, 2);
	for (int i = 0; i < 2; i++) {
		put_key(b, "same", GGUF_U8);
		put_little(b, 1, 1);
	}
}

static void two_tensors(struct buf *b)
{
	*b = gguf_begin(3, 2, 0);
	put_tensor(b, "same", 8, 0, 0, 0);
	put_tensor(b, "same", 8, 0, 0, 32);
	put_padding(b, 32);
	put_zeros(b, 64);
}

static void one_tensor(struct buf *b, uint64_t columns, uint64_t rows, uint32_t type,
		       uint64_t offset, size_t data)
{
	*b = gguf_begin(3, 1, 0);
	put_tensor(b, "t", columns, rows, type, offset);
	put_padding(b, 32);
	put_zeros(b, data);
}

static void beyond_the_end(struct buf *b)
{
	one_tensor(b, 9, 0, 0, 0, 32);
}

static void gap(struct buf *b)
{
	one_tensor(b, 8, 0, 0, 32, 64);
}

static void offset_at_the_end_of_the_world(struct buf *b)
{
	one_tensor(b, 8, 0, 0, UINT64_MAX - 31, 64);
}

static void rest(struct buf *b)
{
	one_tensor(b, 8, 0, 0, 0, 64);
}

static void overflowing_product(struct buf *b)
{
	one_tensor(b, 1ull << 40, 1ull << 40, 0, 0, 0);
}

static void overflowing_size(struct buf *b)
{
	one_tensor(b, 1ull << 62, 0, 0, 0, 0);
}

static void half_a_block(struct buf *b)
{
	one_tensor(b, 48, 0, 2, 0, 64);
}

static void unknown_tensor_type(struct buf *b)
{
	one_tensor(b, 8, 0, 4, 0, 32);
}

static void overlap(struct buf *b)
{
	*b = gguf_begin(3, 2, 0);
	put_tensor(b, "a", 16, 0, 0, 0);
	put_tensor(b, "b", 8, 0, 0, 32);
	put_padding(b, 32);
	put_zeros(b, 64);
}

static void bad_alignment(struct buf *b)
{
	*b = gguf_begin(3, 0, 1);
	put_key(b, "general.alignment", GGUF_U32);
	put_little(b, 24, 4);
}

static void rank_of_five(struct buf *b)
{
	*b = gguf_begin(3, 1, 0);
	put_text(b, "t");
	put_little(b, 5, 4);
	put_zeros(b, 100);
}

static void long_name(struct buf *b)
{
	*b = gguf_begin(3, 1, 0);
	put_text(b, "0123456789012345678901234567890123456789012345678901234567890123456789");
	put_zeros(b, 100);
}

static void key_with_a_newline(struct buf *b)
{
	*b = gguf_begin(3, 0, 1);
	put_key(b, "a\nb", GGUF_U8);
	put_little(b, 1, 1);
}

static void empty_key(struct buf *b)
{
	*b = gguf_begin(3, 0, 1);
	put_key(b, "", GGUF_U8);
	put_zeros(b, 8);
}

static void unknown_value_type(struct buf *b)
{
	*b = gguf_begin(3, 0, 1);
	put_key(b, "a", 13);
	put_zeros(b, 8);
}

static void bool_of_two(struct buf *b)
{
	*b = gguf_begin(3, 0, 1);
	put_key(b, "a", GGUF_BOOL);
	put_little(b, 2, 1);
}

static void list_of_lists(struct buf *b)
{
	*b = gguf_begin(3, 0, 1);
	put_key(b, "a", GGUF_ARRAY);
	put_little(b, GGUF_ARRAY, 4);
	put_zeros(b, 16);
}

static void a_list(struct buf *b, enum gguf_type type, uint64_t count)
{
	*b = gguf_begin(3, 0, 1);
	put_key(b, "a", GGUF_ARRAY);
	put_little(b, type, 4);
	put_little(b, count, 8);
	put_zeros(b, 100);
}

static void list_that_overflows(struct buf *b)
{
	a_list(b, GGUF_U64, 1ull << 61);
}

static void list_of_too_many_texts(struct buf *b)
{
	a_list(b, GGUF_TEXT, UINT64_MAX);
}

static void text_longer_than_all(struct buf *b)
{
	*b = gguf_begin(3, 0, 1);
	put_key(b, "a", GGUF_TEXT);
	put_little(b, 1000, 8);
}

static void huge_text(struct buf *b)
{
	*b = gguf_begin(3, 0, 1);
	put_key(b, "a", GGUF_TEXT);
	put_little(b, UINT64_MAX, 8);
}

static void many_keys(struct buf *b)
{
	*b = gguf_begin(3, 0, UINT64_MAX);
}

static void many_tensors(struct buf *b)
{
	*b = gguf_begin(3, 1ull << 60, 0);
}

static void version_one(struct buf *b)
{
	*b = gguf_begin(1, 0, 0);
}

static void version_four(struct buf *b)
{
	*b = gguf_begin(4, 0, 0);
}

static void big_endian(struct buf *b)
{
	*b = gguf_begin(0x03000000, 0, 0);
}

static void another_format(struct buf *b)
{
	*b = gguf_begin(3, 0, 0);
	b->data[3] = 'X';
}

static const struct {
	write_fn *write;
	enum err expected;
	const char *text; /* after the file's name */
} abuses[] = {
	{two_keys, ERR_FORMAT, "key \"same\" twice"},
	{two_tensors, ERR_FORMAT, "tensor \"same\" twice"},
	{beyond_the_end, ERR_FORMAT,
	 "at byte 64: tensor \"t\" of 36 bytes goes beyond the end of the file"},
	{gap, ERR_FORMAT,
	 "at byte 64: tensor \"t\" should begin here, and begins at 32 of the data"},
	{offset_at_the_end_of_the_world, ERR_FORMAT, "at byte 64: tensor \"t\" should begin here"},
	{rest, ERR_FORMAT, "at byte 96: 32 bytes belong to no tensor"},
	{overflowing_product, ERR_FORMAT, "at byte 45: tensor \"t\": the product of its dimen"},
	{overflowing_size, ERR_FORMAT, "at byte 45: tensor \"t\": its size overflows"},
	{half_a_block, ERR_FORMAT,
	 "at byte 45: tensor \"t\": rows of 48 do not divide into blocks of Q4_0"},
	{unknown_tensor_type, ERR_UNSUPPORTED,
	 "at byte 45: tensor \"t\" is of type number 4, unknown here"},
	{overlap, ERR_FORMAT, "at byte 160: tensor \"b\" should begin here"},
	{bad_alignment, ERR_FORMAT, "\"general.alignment\" is 24, not a power of two"},
	{rank_of_five, ERR_LIMIT, "at byte 33: tensor \"t\" has more dimensions than 4"},
	{long_name, ERR_LIMIT, "at byte 24: the name of a tensor of 70 bytes, at most 64"},
	{key_with_a_newline, ERR_FORMAT, "at byte 32: a key is not printable ASCII"},
	{empty_key, ERR_FORMAT, "at byte 32: a key is empty"},
	{unknown_value_type, ERR_FORMAT, "at byte 33: a value of type 13, which there is not"},
	{bool_of_two, ERR_FORMAT, "at byte 37: a bool that is neither 0 nor 1"},
	{list_of_lists, ERR_UNSUPPORTED, "at byte 49: a list of lists"},
	{list_that_overflows, ERR_FORMAT, "at byte 49: the size of a list overflows"},
	{list_of_too_many_texts, ERR_FORMAT, "at byte 49: a list of 18446744073709551615 texts"},
	{text_longer_than_all, ERR_FORMAT, "at byte 45: the file ends within its header"},
	{huge_text, ERR_LIMIT, "at byte 37: a text of 18446744073709551615 bytes, at most"},
	{many_keys, ERR_LIMIT, "at byte 16: 18446744073709551615 keys"},
	{many_tensors, ERR_LIMIT, "at byte 8: 1152921504606846976 tensors"},
	{version_one, ERR_UNSUPPORTED, "at byte 4: version 1; 2 and 3 are run"},
	{version_four, ERR_UNSUPPORTED, "at byte 4: version 4; 2 and 3 are run"},
	{big_endian, ERR_UNSUPPORTED, "at byte 4: it is big endian"},
	{another_format, ERR_FORMAT, "at byte 0: it does not begin with GGUF"},
};

static void abuse_is_refused_with_file_and_offset(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof abuses / sizeof *abuses; i++) {
		AUTO(gguf_auto) struct gguf *g = NULL;
		AUTO(buf_free) struct buf b = {0};
		enum err result;

		abuses[i].write(&b);
		result = open_bytes(&g, buf_slice(&b));
		if (result != abuses[i].expected || !strstr(failure_text(), abuses[i].text) ||
		    strncmp(failure_text(), "some.gguf: ", 11) != 0)
			fail_msg("row %zu: %s: %s", i, err_name(result), failure_text());
	}
}

static void the_one_file_of_a_model_is_found(void **state)
{
	AUTO(buf_free) struct buf b = good_file(3);
	AUTO(gguf_auto) struct gguf *g = NULL;
	struct folder folder;

	(void)state;
	folder_init(&folder, "/nowhere");
	assert_int_equal(gguf_find(&g, NULL, &folder.files), ERR_NOT_FOUND);
	folder_set(&folder, "config.json", S("{}"));
	folder_set(&folder, "a.gguf", buf_slice(&b));
	assert_ok(gguf_find(&g, NULL, &folder.files));
	assert_string_equal(gguf_name(g), "a.gguf");
	folder_set(&folder, "b.gguf", buf_slice(&b));
	gguf_free(g);
	assert_int_equal(gguf_find(&g, NULL, &folder.files), ERR_UNSUPPORTED);
	g = NULL;
	folder_free(&folder);
}

static void published_vocabularies_are_read(void **state)
{
	static const struct {
		const char *name;
		const char *model;
		size_t tokens;
	} files[] = {
		{"gguf_vocab/ggml-vocab-gpt-2.gguf", "gpt2", 50257},
		{"gguf_vocab/ggml-vocab-llama-spm.gguf", "llama", 32000},
		{"gguf_vocab/ggml-vocab-bert-bge.gguf", "bert", 30522},
	};
	char path[512];

	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		AUTO(buf_free) struct buf b = buf_new(64 << 20);
		AUTO(gguf_auto) struct gguf *g = NULL;
		struct gguf_array tokens;
		struct slice text;
		size_t count = 0;

		if (!shared_path(path, sizeof path, files[i].name))
			skip();
		assert_ok(file_read(&b, AT_FDCWD, path));
		assert_ok(open_bytes(&g, buf_slice(&b)));
		assert_ok(gguf_get_text(g, "tokenizer.ggml.model", &text));
		assert_true(slice_equal(text, slice_of_string(files[i].model)));
		assert_ok(gguf_get_texts(g, "tokenizer.ggml.tokens", &tokens));
		while (gguf_next_text(&tokens, &text))
			count++;
		assert_int_equal(count, files[i].tokens);
		assert_int_equal(gguf_tensor_count(g), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_says_keys_and_tensors),
		cmocka_unit_test(lists_are_read_in_order),
		cmocka_unit_test(a_value_of_another_kind_is_refused_by_file_key_and_offset),
		cmocka_unit_test(every_prefix_of_a_file_is_refused),
		cmocka_unit_test(abuse_is_refused_with_file_and_offset),
		cmocka_unit_test(the_one_file_of_a_model_is_found),
		cmocka_unit_test(published_vocabularies_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include "inference/format/json.h"
#include "inference/tokenizer/tokenizer.h"
#include "tests/unit/inference/files.h"

/* A small vocabulary with what the kind has: bytes, merges, one added token of each sort. */
static const char small[] =
	"{\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Prepend\",\"prepend\":"
	"\"_"
	"\"},{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"_\"}]},"
	"\"added_tokens\":["
	"{\"id\":0,\"content\":\"<unk>\",\"special\":true},"
	"{\"id\":1,\"content\":\"<s>\",\"special\":true},"
	"{\"id\":12,\"content\":\"<long>\",\"special\":false,\"lstrip\":true,\"rstrip\":true},"
	"{\"id\":13,\"content\":\"<long>er\",\"special\":true},"
	"{\"id\":14,\"content\":\"ee\",\"special\":false,\"normalized\":true}],"
	"\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":"
	"\"<s>"
	"\"}},{\"Sequence\":{\"id\":\"A\"}},{\"SpecialToken\":{\"id\":\"<s>\"}}],"
	"\"special_tokens\":{\"<s>\":{\"ids\":[1]}}},"
	"\"decoder\":{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Replace\",\"pattern\":{"
	"\"String\":"
	"\"_\"},\"content\":\" "
	"\"},{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"},{\"type\":\"Strip\","
	"\"content\":\" \",\"start\":1,\"stop\":0}]},"
	"\"model\":{\"type\":\"BPE\",\"unk_token\":\"<unk>\",\"fuse_unk\":true,\"byte_fallback\":"
	"true,"
	"\"vocab\":{\"<unk>\":0,\"<s>\":1,\"_\":2,\"a\":3,\"b\":4,\"c\":5,\"ab\":6,\"bc\":7,"
	"\"abc\":8,"
	"\"_a\":9,\"<0xC3>\":10,\"<0xA9>\":11},"
	"\"merges\":[\"b c\",\"a b\",[\"a\",\"bc\"],\"_ a\"]}}";

static void check_ids(const struct tokenizer *t, const char *text, const uint32_t *ids,
		      size_t count)
{
	AUTO(token_list_free) struct token_list list = {0};

	assert_ok(tokenizer_encode_bare(t, &list, slice_of_string(text)));
	if (list.count != count || (count > 0 && memcmp(list.ids, ids, count * sizeof *ids) != 0)) {
		for (size_t i = 0; i < list.count; i++)
			printf("%u ", list.ids[i]);
		fail_msg("\"%s\": %zu ids, %zu expected", text, list.count, count);
	}
}

#define IDS(...) \
	(const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t)

static void merges_go_by_rank_then_from_the_left(void **state)
{
	AUTO(tokenizer_auto) struct tokenizer *t = NULL;

	(void)state;
	assert_ok(tokenizer_open(&t, slice_of_string(small)));
	check_ids(t, "abc", IDS(2, 8)); /* bc before ab, then a+bc, before _a */
	check_ids(t, "ac", IDS(9, 5));
	check_ids(t, "ab ab", IDS(2, 6, 2, 6));
	check_ids(t, "", NULL, 0);
	check_ids(t, "\xc3\xa9", IDS(2, 10, 11));             /* its bytes are tokens */
	check_ids(t, "\xe2\x82\xac\xe2\x82\xac!", IDS(2, 0)); /* unknown, fused */
}

static void added_tokens_are_found_longest_first(void **state)
{
	AUTO(tokenizer_auto) struct tokenizer *t = NULL;

	(void)state;
	assert_ok(tokenizer_open(&t, slice_of_string(small)));
	check_ids(t, "a<s>b", IDS(9, 1, 2, 4));
	check_ids(t, "a<long>er", IDS(9, 13));
	check_ids(t,
		  "a  <long> \n\xc2\xa0"
		  "b",
		  IDS(9, 12, 2, 4));       /* swallows the space around */
	check_ids(t, "a<long", IDS(9, 0)); /* and all of it unknown */
}

static void check_plain(const struct tokenizer *t, const char *text, const uint32_t *ids,
			size_t count)
{
	AUTO(token_list_free) struct token_list list = {0};

	assert_ok(tokenizer_encode_plain(t, &list, slice_of_string(text)));
	assert_int_equal(list.count, count + 2); /* the template's are the only special ones */
	assert_int_equal(list.ids[0], 1);
	assert_memory_equal(list.ids + 1, ids, count * sizeof *ids);
	assert_int_equal(list.ids[count + 1], 1);
}

static void a_special_token_that_a_stranger_wrote_is_text(void **state)
{
	AUTO(tokenizer_auto) struct tokenizer *t = NULL;

	(void)state;
	assert_ok(tokenizer_open(&t, slice_of_string(small)));
	check_plain(t, "a<s>b", IDS(9, 0, 4));         /* "<s>" unknown, fused */
	check_plain(t, "a<long>er", IDS(9, 12, 2, 0)); /* the longest that is no special one */
	check_plain(t, "ac", IDS(9, 5));
}

/* Where whole words are looked up first, "<s>" alone would be one. */
static void a_whole_word_is_not_a_special_token_either(void **state)
{
	AUTO(tokenizer_auto) struct tokenizer *t = NULL;
	AUTO(buf_free) struct buf json = buf_new(1 << 16);
	static const char prepend[] = "{\"type\":\"Prepend\",\"prepend\":\"_\"},";
	const char *at = strstr(small, prepend);
	const char *model = strstr(small, "\"fuse_unk\"");

	(void)state;
	buf_write(&json, slice_of(small, (size_t)(at - small)));
	at += strlen(prepend);
	buf_write(&json, slice_of(at, (size_t)(model - at)));
	buf_write(&json, S("\"ignore_merges\":true,"));
	buf_write(&json, slice_of_string(model));
	assert_ok(tokenizer_open(&t, buf_slice(&json)));
	check_plain(t, "abc", IDS(8));
	check_plain(t, "<s>", IDS(0));
}

static void the_template_stands_around_the_text(void **state)
{
	AUTO(tokenizer_auto) struct tokenizer *t = NULL;
	AUTO(token_list_free) struct token_list list = {0};
	AUTO(buf_free) struct buf text = buf_new(100);

	(void)state;
	assert_ok(tokenizer_open(&t, slice_of_string(small)));
	assert_ok(tokenizer_encode(t, &list, S("a b")));
	assert_int_equal(list.count, 5);
	assert_int_equal(list.ids[0], 1);
	assert_int_equal(list.ids[4], 1);
	assert_ok(tokenizer_decode(t, &text, list.ids, list.count));
	assert_slice(buf_slice(&text), "a b");
	buf_reset(&text);
	assert_ok(tokenizer_decode_all(t, &text, list.ids, list.count));
	assert_slice(buf_slice(&text), "<s> a b<s>");
	assert_true(tokenizer_is_special(t, 1));
	assert_false(tokenizer_is_special(t, 12));
	assert_false(tokenizer_is_special(t, 4000000000u));
	assert_slice(tokenizer_token(t, 9), "_a");
	assert_slice(tokenizer_token(t, 99), "");
}

static void text_that_is_none_or_too_long_is_refused(void **state)
{
	AUTO(tokenizer_auto) struct tokenizer *t = NULL;
	AUTO(token_list_free) struct token_list list = {0};
	AUTO(buf_free) struct buf text = buf_new(TOKENIZER_MAX_TEXT + 1);

	(void)state;
	assert_ok(tokenizer_open(&t, slice_of_string(small)));
	assert_err(tokenizer_encode(t, &list, S("\xff")), ERR_FORMAT);
	memset(buf_reserve(&text, TOKENIZER_MAX_TEXT + 1), 'a', TOKENIZER_MAX_TEXT + 1);
	buf_commit(&text, TOKENIZER_MAX_TEXT + 1);
	assert_err(tokenizer_encode(t, &list, buf_slice(&text)), ERR_LIMIT);
}

/* Each row exchanges one piece of the small tokenizer. */
static void what_is_broken_or_unknown_is_refused_by_name(void **state)
{
	static const struct {
		const char *from, *to;
		enum err kind;
		const char *said;
	} rows[] = {
		{"\"type\":\"BPE\"", "\"type\":\"WordLevel\"", ERR_UNSUPPORTED, "WordLevel"},
		{"\"normalizer\":{\"type\":\"Sequence\"", "\"normalizer\":{\"type\":\"Nmt\"",
		 ERR_UNSUPPORTED, "Nmt"},
		{"{\"String\":\" \"}", "{\"Regex\":\"(a)\\\\1\"}", ERR_UNSUPPORTED, "\\1"},
		{"{\"String\":\" \"}", "{\"Glob\":\" \"}", ERR_UNSUPPORTED, "Glob"},
		{"\"added_tokens\"",
		 "\"pre_tokenizer\":{\"type\":\"UnicodeScripts\"},\"added_tokens\"",
		 ERR_UNSUPPORTED, "UnicodeScripts"},
		{"TemplateProcessing", "PairProcessing", ERR_UNSUPPORTED, "PairProcessing"},
		{"\"type\":\"Fuse\"", "\"type\":\"WordPiece\"", ERR_UNSUPPORTED, "WordPiece"},
		{"\"stop\":0", "\"stop\":1", ERR_UNSUPPORTED, "Strip"},
		{"\"fuse_unk\":true", "\"dropout\":0.1", ERR_UNSUPPORTED, "dropout"},
		{"\"fuse_unk\":true", "\"end_of_word_suffix\":\"</w>\"", ERR_UNSUPPORTED,
		 "end_of_word_suffix"},
		{"\"a b\"", "\"a  b\"", ERR_FORMAT, "merge 2"},
		{"\"a b\"", "\"ab\"", ERR_FORMAT, "merge 2"},
		{"\"a b\"", "\"a x\"", ERR_FORMAT, "merge 2"},
		{"\"a b\"", "\"c b\"", ERR_FORMAT, "merge 2"},
		{"\"a b\"", "[\"a\"]", ERR_FORMAT, "merge 2"},
		{"\"a b\"", "[\"a\",1]", ERR_FORMAT, "merge 2"},
		{"\"b\":4", "\"b\":3", ERR_FORMAT, "twice"},
		{"\"b\":4", "\"b\":-4", ERR_FORMAT, "vocab"},
		{"\"b\":4", "\"b\":1048576", ERR_FORMAT, "vocab"},
		{"\"id\":12", "\"id\":8", ERR_FORMAT, "twice"},
		{"\"content\":\"ee\"", "\"content\":\"\"", ERR_FORMAT, "empty"},
		{"\"unk_token\":\"<unk>\"", "\"unk_token\":\"nope\"", ERR_FORMAT, "unk_token"},
		{"\"ids\":[1]", "\"ids\":[99]", ERR_FORMAT, "99"},
		{"\"Sequence\":{\"id\"", "\"Other\":{\"id\"", ERR_UNSUPPORTED, "Other"},
		{"\"merges\"", "\"merged\"", ERR_FORMAT, "merges"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		AUTO(tokenizer_auto) struct tokenizer *t = NULL;
		AUTO(buf_free) struct buf json = buf_new(1 << 16);
		const char *at = strstr(small, rows[i].from);
		enum err result;

		assert_non_null(at);
		buf_write(&json, slice_of(small, (size_t)(at - small)));
		buf_write_string(&json, rows[i].to);
		buf_write_string(&json, at + strlen(rows[i].from));
		result = tokenizer_open(&t, buf_slice(&json));
		if (result != rows[i].kind || !strstr(failure_text(), rows[i].said))
			fail_msg("%s: %s: %s", rows[i].to, err_name(result), failure_text());
	}
}

static enum err open_file(struct tokenizer **out, const char *path)
{
	AUTO(buf_free) struct buf text = buf_new(TOKENIZER_MAX_FILE);

	TRY(file_read(&text, AT_FDCWD, path));
	return tokenizer_open(out, buf_slice(&text));
}

static json_t *load_json(const char *path)
{
	json_error_t error;
	json_t *root = json_load_file(path, JSON_ALLOW_NUL, &error);

	if (!root)
		fail_msg("%s: %s", path, error.text);
	return root;
}

static void check_case(const struct tokenizer *t, const char *text, const json_t *ids, size_t skip)
{
	AUTO(token_list_free) struct token_list list = {0};
	size_t count = json_array_size(ids) - skip;

	assert_ok(tokenizer_encode_bare(t, &list, slice_of_string(text)));
	for (size_t i = 0; i < count || i < list.count; i++) {
		json_int_t expected = json_integer_value(json_array_get(ids, i + skip));

		if (i >= count || i >= list.count || list.ids[i] != expected)
			fail_msg("\"%s\": id %zu is not %lld", text, i, (long long)expected);
	}
}

/* Cases of transformers.js, Meta's LLaMA vocabulary; its BOS is the only difference between the
 * tokenizer.json we have and the one the cases were made with. */
static void llama_2_gives_the_published_ids(void **state)
{
	AUTO(tokenizer_auto) struct tokenizer *t = NULL;
	AUTO(json_auto) json_t *root = NULL;
	char path[400];
	const char *name;
	json_t *one;
	size_t checked = 0;

	(void)state;
	if (!shared_path(path, sizeof path, "tokenizers/llama2/tokenizer_phi3.json"))
		skip();
	assert_ok(open_file(&t, path));
	assert_non_null(
		shared_path(path, sizeof path, "tokenizer_tests/transformersjs_expected_ids.json"));
	root = load_json(path);
	json_object_foreach(
		json_object_get(json_object_get(root, "llama"), "Xenova/llama-tokenizer"), name,
		one)
	{
		const char *text = json_string_value(json_object_get(one, "text"));
		const json_t *ids = json_object_get(one, "ids");

		if (strstr(text, "<")) /* special tokens differ between the two files */
			continue;
		check_case(t, text, ids, 1);
		checked++;
	}
	assert_true(checked > 10);
}

/* llama.cpp's cases: texts parted by a line, ids of one text a line. */
static void llama_2_gives_the_ids_of_llama_cpp(void **state)
{
	AUTO(tokenizer_auto) struct tokenizer *t = NULL;
	AUTO(buf_free) struct buf texts = buf_new(1 << 20);
	AUTO(buf_free) struct buf ids = buf_new(1 << 20);
	static const char mark[] = "\n__ggml_vocab_test__\n";
	char path[400];
	char *text;
	char *line;

	(void)state;
	if (!shared_path(path, sizeof path, "tokenizers/llama2/tokenizer_phi3.json"))
		skip();
	assert_ok(open_file(&t, path));
	assert_non_null(shared_path(path, sizeof path, "gguf_vocab/ggml-vocab-llama-spm.gguf.inp"));
	assert_ok(file_read(&texts, AT_FDCWD, path));
	assert_non_null(shared_path(path, sizeof path, "gguf_vocab/ggml-vocab-llama-spm.gguf.out"));
	assert_ok(file_read(&ids, AT_FDCWD, path));
	text = (char *)(uintptr_t)buf_string(&texts);
	line = (char *)(uintptr_t)buf_string(&ids);
	for (char *end; (end = strstr(text, mark)) != NULL; text = end + strlen(mark)) {
		AUTO(token_list_free) struct token_list list = {0};

		assert_ok(tokenizer_encode_bare(t, &list, slice_of(text, (size_t)(end - text))));
		for (size_t i = 0; i < list.count; i++)
			assert_int_equal(strtol(line, &line, 10), list.ids[i]);
		line += strspn(line, " ");
		assert_int_equal(*line++, '\n');
	}
}

static void a_real_broken_file_is_refused(void **state)
{
	AUTO(tokenizer_auto) struct tokenizer *t = NULL;
	char path[400];

	(void)state;
	if (!shared_path(path, sizeof path, "tokenizers/llama2/tokenizer_broken_merges.json"))
		skip();
	assert_err(open_file(&t, path), ERR_FORMAT);
	assert_non_null(strstr(failure_text(), "merge 18918"));
}

static void check_decoded(const struct tokenizer *t, const json_t *ids, const char *expected)
{
	AUTO(token_list_free) struct token_list list = {0};
	AUTO(buf_free) struct buf text = buf_new(1 << 16);

	list.count = json_array_size(ids);
	list.ids = calloc(list.count + 1, sizeof *list.ids);
	assert_non_null(list.ids);
	for (size_t i = 0; i < list.count; i++)
		list.ids[i] = (uint32_t)json_integer_value(json_array_get(ids, i));
	assert_ok(tokenizer_decode(t, &text, list.ids, list.count));
	assert_string_equal(buf_string(&text), expected);
}

/* Cases that Hugging Face's own tokenizer answered: {"text", "ids", "decoded"} and, of ids that
 * no text gives, {"ids", "decoded"}. */
static void check_recorded(const char *tokenizer, const char *cases)
{
	AUTO(tokenizer_auto) struct tokenizer *t = NULL;
	AUTO(json_auto) json_t *root = load_json(cases);

	assert_ok(open_file(&t, tokenizer));
	assert_true(json_array_size(root) > 20);
	for (size_t i = 0; i < json_array_size(root); i++) {
		const json_t *one = json_array_get(root, i);
		const char *text = json_string_value(json_object_get(one, "text"));
		const json_t *ids = json_object_get(one, "ids");

		if (text)
			check_case(t, text, ids, 1);
		check_decoded(t, ids, json_string_value(json_object_get(one, "decoded")));
	}
}

static void the_demo_tokenizer_answers_as_the_reference(void **state)
{
	(void)state;
	check_recorded("data/demo-model/tokenizer.json", "data/tokenizer/demo-cases.json");
	check_recorded("data/demo-model/tokenizer.json", "data/tokenizer/demo-decode-cases.json");
}

static void stories260k_answers_as_the_reference(void **state)
{
	char path[400];

	(void)state;
	if (!shared_path(path, sizeof path, "models/stories260K/tokenizer.json"))
		skip();
	check_recorded(path, "data/tokenizer/stories260K-cases.json");
	check_recorded(path, "data/tokenizer/stories260K-decode-cases.json");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merges_go_by_rank_then_from_the_left),
		cmocka_unit_test(added_tokens_are_found_longest_first),
		cmocka_unit_test(a_special_token_that_a_stranger_wrote_is_text),
		cmocka_unit_test(a_whole_word_is_not_a_special_token_either),
		cmocka_unit_test(the_template_stands_around_the_text),
		cmocka_unit_test(text_that_is_none_or_too_long_is_refused),
		cmocka_unit_test(what_is_broken_or_unknown_is_refused_by_name),
		cmocka_unit_test(llama_2_gives_the_published_ids),
		cmocka_unit_test(llama_2_gives_the_ids_of_llama_cpp),
		cmocka_unit_test(a_real_broken_file_is_refused),
		cmocka_unit_test(the_demo_tokenizer_answers_as_the_reference),
		cmocka_unit_test(stories260k_answers_as_the_reference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

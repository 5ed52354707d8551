/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real tokenizers of each kind against ids that others have published. Left out by name: what
 * belongs to a tokenizer.json that we do not have (table `published` says which file answers
 * which list), and "decoded" where transformers has tidied the whole text's spaces afterwards.
 */
#include "tests/unit/test.h"

#include "inference/format/json.h"
#include "inference/textstream.h"
#include "inference/tokenizer/tokenizer.h"
#include "tests/unit/inference/files.h"

static json_t *load_json(const char *path)
{
	json_error_t error;
	json_t *root = json_load_file(path, JSON_ALLOW_NUL, &error);

	if (!root)
		fail_msg("%s: %s", path, error.text);
	return root;
}

/* False, and said so, where the file is not there. */
static bool read_shared(struct buf *out, const char *name)
{
	char path[400];

	*out = buf_new(TOKENIZER_MAX_FILE);
	if (!shared_path(path, sizeof path, name))
		return false;
	assert_ok(file_read(out, AT_FDCWD, path));
	return true;
}

static json_t *shared_json(const char *name)
{
	char path[400];

	return shared_path(path, sizeof path, name) ? load_json(path) : NULL;
}

/* Qwen2's lies in its three parts. */
static bool read_qwen2(struct buf *out)
{
	AUTO(buf_free) struct buf merges = {0};
	json_t *rest = shared_json("tokenizers/qwen2/tokenizer_rest.json");
	json_t *list = json_array();
	struct slice line;
	struct slice left;
	char *text;

	if (!rest || !read_shared(&merges, "tokenizers/qwen2/merges.txt"))
		return false;
	for (left = buf_slice(&merges); left.size > 0;) {
		slice_cut(left, '\n', &line, &left);
		if (line.size > 0 && !slice_starts_with(line, S("#version")))
			json_array_append_new(list,
					      json_stringn((const char *)line.data, line.size));
	}
	json_object_set_new(json_object_get(rest, "model"), "merges", list);
	json_object_set_new(json_object_get(rest, "model"), "vocab",
			    shared_json("tokenizers/qwen2/vocab.json"));
	text = json_dumps(rest, JSON_COMPACT);
	*out = buf_new(TOKENIZER_MAX_FILE);
	buf_write_string(out, text);
	free(text);
	json_decref(rest);
	return true;
}

/* Read once for all tests. */
static struct {
	const char *name;
	struct tokenizer *tokenizer;
} opened[10];

static int close_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof opened / sizeof *opened; i++)
		tokenizer_free(opened[i].tokenizer);
	return 0;
}

/* NULL, and said so, where it is not there. Borrowed. */
static const struct tokenizer *open_shared(const char *name)
{
	AUTO(buf_free) struct buf text = {0};
	size_t i = 0;

	while (opened[i].name && strcmp(opened[i].name, name) != 0)
		i++;
	assert_true(i + 1 < sizeof opened / sizeof *opened);
	if (opened[i].name)
		return opened[i].tokenizer;
	if (strcmp(name, "qwen2") == 0 ? !read_qwen2(&text) : !read_shared(&text, name))
		return NULL;
	if (tokenizer_open(&opened[i].tokenizer, buf_slice(&text)) != OK)
		fail_msg("%s: %s", name, failure_text());
	opened[i].name = name;
	return opened[i].tokenizer;
}

static void check_ids(const struct token_list *list, const json_t *ids, const char *text)
{
	for (size_t i = 0; i < json_array_size(ids) || i < list->count; i++) {
		json_int_t expected = json_integer_value(json_array_get(ids, i));

		if (i >= json_array_size(ids) || i >= list->count || list->ids[i] != expected)
			fail_msg("\"%s\": id %zu is not %lld", text, i, (long long)expected);
	}
}

static void read_ids(struct token_list *out, const json_t *ids)
{
	out->count = json_array_size(ids);
	out->ids = calloc(out->count + 1, sizeof *out->ids);
	assert_non_null(out->ids);
	for (size_t i = 0; i < out->count; i++)
		out->ids[i] = (uint32_t)json_integer_value(json_array_get(ids, i));
}

static void check_case(const struct tokenizer *t, const json_t *one, const char *text_key,
		       const json_t *ids)
{
	AUTO(token_list_free) struct token_list list = {0};
	const json_t *value = json_object_get(one, text_key);
	struct slice text = slice_of(json_string_value(value), json_string_length(value));

	assert_true(json_is_string(value) && json_is_array(ids));
	assert_ok(tokenizer_encode(t, &list, text));
	check_ids(&list, ids, json_string_value(value));
}

#define GPT2 "tokenizers/gpt2/tokenizer.json"
#define BERT "tokenizers/bert/tokenizer.json"
#define TINY "models/hf-trained-here/"
#define T5 "tokenizers/t5/tokenizer.json"

static void the_published_ids_of_transformers_js(void **state)
{
	static const struct {
		const char *file, *family, *name;
		size_t count;
	} published[] = {
		{GPT2, "gpt2", "Xenova/gpt2", 13},
		{GPT2, "gpt2", "openai-community/gpt2", 13},
		{BERT, "bert", "Xenova/bert-base-uncased", 15},
		{BERT, "distilbert", "Xenova/distilbert-base-uncased-finetuned-sst-2-english", 6},
		{T5, "t5", "Xenova/t5-small", 15},
		{T5, "t5", "google-t5/t5-small", 15},
		{"qwen2", "qwen2", "Xenova/Qwen1.5-0.5B-Chat", 13},
	};
	AUTO(json_auto)
	json_t *root = shared_json("tokenizer_tests/transformersjs_expected_ids.json");

	(void)state;
	if (!root)
		skip();
	for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
		const struct tokenizer *t = open_shared(published[i].file);
		json_t *cases = json_object_get(json_object_get(root, published[i].family),
						published[i].name);
		const char *name;
		json_t *one;

		assert_non_null(t);
		assert_int_equal(json_object_size(cases), published[i].count);
		json_object_foreach(cases, name, one)
			check_case(t, one, "text", json_object_get(one, "ids"));
	}
}

static void the_published_ids_of_swift_transformers(void **state)
{
	static const struct {
		const char *file, *name;
	} published[] = {
		{BERT, "bert-base-uncased"},
		{BERT, "google-bert/bert-base-uncased"},
		{GPT2, "distilgpt2"},
		{T5, "t5-base"},
	};
	AUTO(json_auto) json_t *root = shared_json("tokenizer_tests/swift/tokenizer_tests.json");

	(void)state;
	if (!root)
		skip();
	for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
		const struct tokenizer *t = open_shared(published[i].file);
		const json_t *cases = json_object_get(root, published[i].name);

		assert_non_null(t);
		assert_int_equal(json_array_size(cases), 18);
		for (size_t j = 0; j < json_array_size(cases); j++) {
			const json_t *one = json_array_get(cases, j);

			check_case(t, one, "input",
				   json_object_get(json_object_get(one, "encoded"), "input_ids"));
		}
	}
}

/* The text of a list, by what a stream shows token by token: never half a character. */
static void check_stream(const struct tokenizer *t, const struct token_list *list,
			 struct slice expected)
{
	AUTO(textstream_auto) struct textstream *stream = NULL;
	AUTO(buf_free) struct buf shown = buf_new(1 << 20);
	AUTO(buf_free) struct buf piece = buf_new(1 << 16);
	struct slice part;
	bool is_first = true;

	assert_ok(textstream_new(&stream, NULL, 0));
	for (size_t i = 0; i < list->count; i++) {
		buf_reset(&piece);
		tokenizer_write_piece(t, list->ids[i], is_first, &piece);
		is_first = is_first && tokenizer_is_special(t, list->ids[i]);
		textstream_write(stream, buf_slice(&piece));
		part = textstream_take(stream);
		assert_true(slice_is_utf8(part));
		buf_write(&shown, part);
	}
	textstream_finish(stream);
	buf_write(&shown, textstream_take(stream));
	assert_true(slice_equal(buf_slice(&shown), expected));
}

static void check_text(const struct tokenizer *t, struct slice text, char **line, bool comes_back)
{
	AUTO(token_list_free) struct token_list list = {0};
	AUTO(buf_free) struct buf decoded = buf_new(1 << 20);

	assert_ok(tokenizer_encode_bare(t, &list, text));
	for (size_t i = 0; i < list.count; i++)
		assert_int_equal(strtol(*line, line, 10), list.ids[i]);
	*line += strspn(*line, " ");
	assert_int_equal(*(*line)++, '\n');
	assert_ok(tokenizer_decode(t, &decoded, list.ids, list.count));
	if (comes_back)
		assert_true(slice_equal(buf_slice(&decoded), text));
	check_stream(t, &list, buf_slice(&decoded));
}

/* llama.cpp's cases: texts parted by a line, ids of one text a line. */
static void the_published_ids_of_llama_cpp(void **state)
{
	static const struct {
		const char *file, *name;
		bool comes_back;
	} published[] = {
		{GPT2, "gpt-2", true}, {BERT, "bert-bge", false}, {"qwen2", "qwen2", true}};
	static const char mark[] = "\n__ggml_vocab_test__\n";

	(void)state;
	for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
		const struct tokenizer *t = open_shared(published[i].file);
		AUTO(buf_free) struct buf texts = {0};
		AUTO(buf_free) struct buf ids = {0};
		char name[80];
		char *line;
		size_t count = 0;

		if (!t)
			skip();
		snprintf(name, sizeof name, "gguf_vocab/ggml-vocab-%s.gguf.inp", published[i].name);
		assert_true(read_shared(&texts, name));
		snprintf(name, sizeof name, "gguf_vocab/ggml-vocab-%s.gguf.out", published[i].name);
		assert_true(read_shared(&ids, name));
		line = (char *)(uintptr_t)buf_string(&ids);
		for (char *text = (char *)(uintptr_t)buf_string(&texts), *end;
		     (end = strstr(text, mark)) != NULL; text = end + strlen(mark), count++)
			check_text(t, slice_of(text, (size_t)(end - text)), &line,
				   published[i].comes_back);
		assert_int_equal(count, 46);
	}
}

static void the_tiny_models_read_their_prompts(void **state)
{
	static const struct {
		const char *tokenizer, *expected;
	} models[] = {
		{TINY "gpt2/tokenizer.json", TINY "gpt2/expected.json"},
		{TINY "qwen2/tokenizer.json", TINY "qwen2/expected.json"},
		{TINY "bloom/tokenizer.json", TINY "bloom/expected.json"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
		const struct tokenizer *t = NULL;
		AUTO(json_auto) json_t *expected = NULL;
		AUTO(token_list_free) struct token_list list = {0};
		AUTO(buf_free) struct buf text = buf_new(1 << 16);

		t = open_shared(models[i].tokenizer);
		expected = t ? shared_json(models[i].expected) : NULL;
		if (!expected)
			skip();
		check_case(t, expected, "prompt", json_object_get(expected, "input_ids"));
		read_ids(&list, json_object_get(expected, "greedy_ids"));
		assert_ok(tokenizer_decode(t, &text, list.ids, list.count));
		assert_slice(buf_slice(&text),
			     json_string_value(json_object_get(expected, "greedy_text")));
	}
}

/* The first text; the second is a pair, which no prompt is. */
static void tiny_bert_reads_its_texts(void **state)
{
	const struct tokenizer *t = open_shared(TINY "bert/tokenizer.json");
	AUTO(json_auto)
	json_t *expected = t ? shared_json(TINY "bert/expected.json") : NULL;
	AUTO(token_list_free) struct token_list list = {0};
	const json_t *ids;

	(void)state;
	if (!expected)
		skip();
	ids = json_array_get(json_object_get(expected, "input_ids"), 0);
	assert_ok(tokenizer_encode(t, &list,
				   slice_of_string(json_string_value(json_array_get(
					   json_object_get(expected, "texts"), 0)))));
	assert_int_equal(list.count, 16);
	for (size_t i = 0; i < json_array_size(ids); i++)
		assert_int_equal(json_integer_value(json_array_get(ids, i)),
				 i < list.count ? list.ids[i] : 0 /* padding */);
}

/* What a stranger writes is never a special token, in any kind. */
static void special_tokens_in_a_prompt_are_text(void **state)
{
	static const struct {
		const char *file, *text;
		size_t around;
	} rows[] = {{GPT2, "<|endoftext|>", 0},
		    {BERT, "[CLS] [SEP] [MASK]", 2},
		    {T5, "</s> <pad> <extra_id_0>", 1},
		    {"qwen2", "<|im_start|>system<|im_end|>", 0}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct tokenizer *t = open_shared(rows[i].file);
		AUTO(token_list_free) struct token_list plain = {0};
		AUTO(token_list_free) struct token_list read = {0};
		size_t special = 0;

		if (!t)
			skip();
		assert_ok(tokenizer_encode_plain(t, &plain, slice_of_string(rows[i].text)));
		for (size_t j = 0; j < plain.count; j++)
			special += tokenizer_is_special(t, plain.ids[j]) &&
				   !slice_equal(tokenizer_token(t, plain.ids[j]), S("<unk>"));
		assert_int_equal(special, rows[i].around);
		special = 0;
		assert_ok(tokenizer_encode(t, &read, slice_of_string(rows[i].text)));
		for (size_t j = 0; j < read.count; j++)
			special += tokenizer_is_special(t, read.ids[j]);
		assert_true(special > rows[i].around);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_published_ids_of_transformers_js),
		cmocka_unit_test(the_published_ids_of_swift_transformers),
		cmocka_unit_test(the_published_ids_of_llama_cpp),
		cmocka_unit_test(the_tiny_models_read_their_prompts),
		cmocka_unit_test(tiny_bert_reads_its_texts),
		cmocka_unit_test(special_tokens_in_a_prompt_are_text),
	};

	return cmocka_run_group_tests(tests, NULL, close_all);
}

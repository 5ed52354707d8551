/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vocabularies in every form that models bring them in, against ids that others have published,
 * and against the same vocabulary in another form. Of llama.cpp's lists those of command-r,
 * deepseek-*, falcon, gemma-4, mpt, qwen35, refact and starcoder have no vocabulary here.
 */
#include "tests/unit/test.h"

#include "inference/engine.h"
#include "inference/format/json.h"
#include "tests/unit/inference/vocabularies.h"

static json_t *shared_json(const char *name)
{
	json_error_t error;
	json_t *root;
	char path[400];

	if (!shared_path(path, sizeof path, name))
		return NULL;
	root = json_load_file(path, JSON_ALLOW_NUL, &error);
	if (!root)
		fail_msg("%s: %s", path, error.text);
	return root;
}

static bool read_shared(struct buf *out, const char *name)
{
	char path[400];

	if (!shared_path(path, sizeof path, name))
		return false;
	assert_ok(file_read(out, AT_FDCWD, path));
	return true;
}

static void check_ids(const struct tokenizer *t, struct slice text, const json_t *ids)
{
	AUTO(token_list_free) struct token_list list = {0};

	assert_ok(tokenizer_encode(t, &list, text));
	for (size_t i = 0; i < json_array_size(ids) || i < list.count; i++)
		if (i >= json_array_size(ids) || i >= list.count ||
		    list.ids[i] != json_integer_value(json_array_get(ids, i)))
			fail_msg("\"%.*s\": id %zu differs", (int)text.size,
				 (const char *)text.data, i);
}

static struct slice text_of(const json_t *value)
{
	assert_true(json_is_string(value));
	return slice_of(json_string_value(value), json_string_length(value));
}

/* llama.cpp's cases: texts parted by a line, ids of one text a line, without special tokens. */
static void check_list(const char *vocabulary_name, const char *list_name)
{
	static const char mark[] = "\n__ggml_vocab_test__\n";
	const struct tokenizer *t = vocabulary(vocabulary_name);
	AUTO(buf_free) struct buf texts = buf_new(1 << 20);
	AUTO(buf_free) struct buf ids = buf_new(1 << 20);
	char name[80];
	char *line;
	size_t count = 0;

	if (!t)
		skip();
	snprintf(name, sizeof name, "gguf_vocab/ggml-vocab-%s.gguf.inp", list_name);
	assert_true(read_shared(&texts, name));
	snprintf(name, sizeof name, "gguf_vocab/ggml-vocab-%s.gguf.out", list_name);
	assert_true(read_shared(&ids, name));
	line = (char *)(uintptr_t)buf_string(&ids);
	for (char *text = (char *)(uintptr_t)buf_string(&texts), *end;
	     (end = strstr(text, mark)) != NULL; text = end + strlen(mark), count++) {
		AUTO(token_list_free) struct token_list list = {0};

		assert_ok(tokenizer_encode_bare(t, &list, slice_of(text, (size_t)(end - text))));
		for (size_t i = 0; i < list.count; i++)
			if (strtol(line, &line, 10) != list.ids[i])
				fail_msg("%s: text %zu, id %zu", vocabulary_name, count, i);
		line += strspn(line, " ");
		assert_int_equal(*line++, '\n');
	}
	assert_int_equal(count, 46);
}

static void the_published_ids_of_llama_cpp(void **state)
{
	static const struct {
		const char *vocabulary, *list;
	} rows[] = {
		{"gpt2 words", "gpt-2"},       {"gpt2 gguf", "gpt-2"},
		{"qwen2 words", "qwen2"},      {"bert words", "bert-bge"},
		{"bert gguf", "bert-bge"},     {"llama2 pieces", "llama-spm"},
		{"llama2 gguf", "llama-spm"},  {"llama2 pieces", "phi-3"},
		{"llama3 ranks", "llama-bpe"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		check_list(rows[i].vocabulary, rows[i].list);
}

/* The two LLaMA lists are without and with BOS. `leaves_out`: a case whose text is about the
 * special tokens of another file of the same vocabulary. */
static void the_published_ids_of_transformers_js(void **state)
{
	static const struct {
		const char *vocabulary, *family, *name, *leaves_out;
		size_t count;
		bool is_bare;
	} rows[] = {
		{"gpt2 words", "gpt2", "Xenova/gpt2", NULL, 13, false},
		{"gpt2 gguf", "gpt2", "openai-community/gpt2", NULL, 13, false},
		{"bert words", "bert", "Xenova/bert-base-uncased", NULL, 15, false},
		{"bert gguf", "bert", "Xenova/bert-base-uncased", NULL, 15, false},
		{"t5 pieces", "t5", "Xenova/t5-small", NULL, 15, false},
		{"t5 pieces", "t5", "google-t5/t5-small", NULL, 15, false},
		{"qwen2 words", "qwen2", "Xenova/Qwen1.5-0.5B-Chat", NULL, 13, false},
		{"llama2 pieces", "llama", "Xenova/llama-tokenizer", "<", 19, false},
		{"llama3 ranks", "llama", "Xenova/llama3-tokenizer", NULL, 19, true},
		{"llama3 ranks", "llama", "Xenova/llama3-tokenizer-new", NULL, 19, false},
	};
	AUTO(json_auto)
	json_t *root = shared_json("tokenizer_tests/transformersjs_expected_ids.json");

	(void)state;
	if (!root)
		skip();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct tokenizer *t = vocabulary(rows[i].vocabulary);
		json_t *cases = json_object_get(json_object_get(root, rows[i].family),
						rows[i].name);
		const char *name;
		json_t *one;

		assert_non_null(t);
		assert_int_equal(json_object_size(cases), rows[i].count);
		json_object_foreach(cases, name, one)
		{
			struct slice text = text_of(json_object_get(one, "text"));
			AUTO(json_auto) json_t *ids = json_deep_copy(json_object_get(one, "ids"));

			if (rows[i].leaves_out &&
			    strstr((const char *)text.data, rows[i].leaves_out))
				continue;
			if (rows[i].is_bare)
				json_array_insert_new(ids, 0, json_integer(128000));
			check_ids(t, text, ids);
		}
	}
}

static void the_published_ids_and_texts_of_swift_transformers(void **state)
{
	static const struct {
		const char *vocabulary, *name;
	} rows[] = {
		{"bert words", "bert-base-uncased"},
		{"bert gguf", "google-bert/bert-base-uncased"},
		{"gpt2 words", "distilgpt2"},
		{"gpt2 gguf", "distilgpt2"},
		{"t5 pieces", "t5-base"},
		{"llama2 pieces", "coreml-projects/Llama-2-7b-chat-coreml"},
		{"llama2 gguf", "coreml-projects/Llama-2-7b-chat-coreml"},
		{"llama3 ranks", "pcuenq/Llama-3.2-1B-Instruct-tokenizer"},
	};
	AUTO(json_auto) json_t *root = shared_json("tokenizer_tests/swift/tokenizer_tests.json");

	(void)state;
	if (!root)
		skip();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct tokenizer *t = vocabulary(rows[i].vocabulary);
		const json_t *cases = json_object_get(root, rows[i].name);

		assert_non_null(t);
		assert_int_equal(json_array_size(cases), 18);
		for (size_t j = 0; j < 18; j++) {
			const json_t *one = json_array_get(cases, j);

			check_ids(t, text_of(json_object_get(one, "input")),
				  json_object_get(json_object_get(one, "encoded"), "input_ids"));
		}
	}
}

static void check_same(const char *one, const char *other, struct slice text)
{
	AUTO(token_list_free) struct token_list a = {0};
	AUTO(token_list_free) struct token_list b = {0};
	const struct tokenizer *x = vocabulary(one);
	const struct tokenizer *y = vocabulary(other);

	if (!x || !y)
		skip();
	assert_ok(tokenizer_encode(x, &a, text));
	assert_ok(tokenizer_encode(y, &b, text));
	if (a.count != b.count || memcmp(a.ids, b.ids, a.count * sizeof *a.ids) != 0)
		fail_msg("%s and %s differ", one, other);
}

/* The tiny T5's GGUF has lost its table of replacements, so its text is plain. */
static void a_vocabulary_is_the_same_in_each_form(void **state)
{
	static const struct {
		const char *one, *other;
	} rows[] = {
		{"gpt2 words", "gpt2 json"},
		{"gpt2 gguf", "gpt2 json"},
		{"bert words", "bert json"},
		{"bert gguf", "bert json"},
		{"llama2 pieces", "llama2 gguf"},
		{"tiny bert gguf", "tiny bert json"},
		{"tiny bloom gguf", "tiny bloom json"},
		{"tiny qwen2 gguf", "tiny qwen2 json"},
		{"stories gguf", "stories json"},
	};
	static const char *const texts[] = {
		"Once upon a time, there was a little girl.  It's 1234 o'clock!\n\n\tx = [1, 2]; ",
		"Na\u00efve caf\u00e9s \u2014 \u4f60\u597d\u4e16\u754c "
		"\u0e2a\u0e27\u0e31\u0e2a\u0e14"
		"\u0e35 \u0645\u0631\u062d\u0628\u0627 \U0001f468\u200d\U0001f469\u200d\U0001f467",
		" e\u0301 \ufb01 \u00a0\u3000\u2028x\u00ad\u200b \u0130I\u0131 \uac00\u1100\u1161",
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (size_t j = 0; j < sizeof texts / sizeof *texts; j++)
			check_same(rows[i].one, rows[i].other, slice_of_string(texts[j]));
	check_same("tiny t5 gguf", "tiny t5 pieces", S("Once upon a time, there was a king."));
	check_same("t5 pieces", "t5 json", slice_of_string(texts[1]));
}

/* With special tokens written out, and without. */
static void a_list_of_ids_comes_back_as_text(void **state)
{
	static const struct {
		const char *vocabulary, *text, *all;
	} rows[] = {
		{"llama2 pieces", " hello  world", "<s>  hello  world"},
		{"llama2 gguf", "hello world", "<s> hello world"},
		{"llama3 ranks", "hello world", "<|begin_of_text|>hello world"},
		{"t5 pieces", "hello world", "hello world</s>"},
		{"bert words", "hello worlds!", "[CLS] hello worlds! [SEP]"},
		{"bert gguf", "hello worlds!", "[CLS] hello worlds! [SEP]"},
		{"gpt2 words", "hello \U0001f999", "hello \U0001f999"},
		{"japanese pieces", "\u543e\u8f29\u306f\u732b", "<s> \u543e\u8f29\u306f\u732b"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct tokenizer *t = vocabulary(rows[i].vocabulary);
		AUTO(token_list_free) struct token_list list = {0};
		AUTO(buf_free) struct buf text = buf_new(1000);

		if (!t)
			skip();
		assert_ok(tokenizer_encode(t, &list, slice_of_string(rows[i].text)));
		assert_ok(tokenizer_decode(t, &text, list.ids, list.count));
		assert_slice(buf_slice(&text), rows[i].text);
		buf_reset(&text);
		assert_ok(tokenizer_decode_all(t, &text, list.ids, list.count));
		assert_slice(buf_slice(&text), rows[i].all);
	}
}

/* Nothing stands beside it: the weights, the settings and the vocabulary are one file. */
static void a_model_of_a_single_file_can_be_run(void **state)
{
	static const char *const models[] = {
		"models/stories260K/stories260K.gguf",
		"models/hf-trained-here/gpt2/tiny-gpt2.gguf",
		"models/hf-trained-here/qwen2/tiny-qwen2.gguf",
		"models/hf-trained-here/bloom/tiny-bloom.gguf",
		"models/hf-trained-here/bert/tiny-bert.gguf",
		"models/hf-trained-here/t5/tiny-t5.gguf",
	};

	(void)state;
	for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
		struct folder folder;

		folder_init(&folder, "/nothing");
		if (!vocabulary_add(&folder, "model.gguf", models[i]))
			skip();
		if (engine_check(&folder.files) != OK)
			fail_msg("%s: %s", models[i], failure_text());
		folder_free(&folder);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_published_ids_of_llama_cpp),
		cmocka_unit_test(the_published_ids_of_transformers_js),
		cmocka_unit_test(the_published_ids_and_texts_of_swift_transformers),
		cmocka_unit_test(a_vocabulary_is_the_same_in_each_form),
		cmocka_unit_test(a_list_of_ids_comes_back_as_text),
		cmocka_unit_test(a_model_of_a_single_file_can_be_run),
	};

	return cmocka_run_group_tests(tests, NULL, vocabularies_close);
}

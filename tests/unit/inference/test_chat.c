/* SPDX-License-Identifier: Apache-2.0 */
/* Conversations to token ids, by the templates that models ship. */
#define _GNU_SOURCE /* memmem */
#include "tests/unit/test.h"

#include "inference/chat/chat_parts.h"
#include "inference/format/json.h"
#include "tests/unit/inference/files.h"
#include "tests/unit/inference/gguf_file.h"

static const char HIDDEN[] = ""; /* no such file */

/* A model of three files; NULL hides one. */
static struct chat *open_chat(const char *template, const char *settings)
{
	struct folder folder;
	struct chat *c;

	folder_init(&folder, "none");
	folder_set(&folder, "chat_template.jinja", slice_of_string(template ? template : HIDDEN));
	folder_set(&folder, "tokenizer_config.json", slice_of_string(settings ? settings : HIDDEN));
	folder_set(&folder, "special_tokens_map.json", S(""));
	assert_ok(chat_open(&c, &folder.files));
	folder_free(&folder);
	return c;
}

static struct chat *open_shared_chat(const char *template, const char *settings)
{
	AUTO(buf_free) struct buf text = buf_new(1 << 20);
	char path[512], name[256];

	snprintf(name, sizeof name, "chat/templates/%s", template);
	if (!shared_path(path, sizeof path, name))
		return NULL;
	assert_ok(file_read(&text, AT_FDCWD, path));
	return open_chat(buf_string(&text), settings);
}

#define TOKENS "{\"bos_token\":\"<s>\",\"eos_token\":{\"content\":\"</s>\"}}"

static void the_form_of_calls_is_found_by_asking_the_template(void **state)
{
	static const char *const ROWS[][2] = {
		{"NousResearch-Hermes-2-Pro-Llama-3-8B-tool_use.jinja", "hermes"},
		{"NousResearch-Hermes-3-Llama-3.1-8B-tool_use.jinja", "hermes"},
		{"Qwen-QwQ-32B.jinja", "hermes"},
		{"Qwen-Qwen2.5-7B-Instruct.jinja", "hermes"},
		{"Qwen-Qwen3-0.6B.jinja", "hermes"},
		{"ibm-granite-granite-3.3-2B-Instruct.jinja", "granite"},
		{"meta-llama-Llama-3.1-8B-Instruct.jinja", "llama"},
		{"meta-llama-Llama-3.2-3B-Instruct.jinja", "llama"},
		{"meta-llama-Llama-3.3-70B-Instruct.jinja", "llama"},
		{"mistralai-Mistral-Nemo-Instruct-2407.jinja", "mistral"},
		{"HuggingFaceTB-SmolLM3-3B.jinja", "knows no tools"},
		{"deepseek-ai-DeepSeek-R1-Distill-Llama-8B.jinja", "knows no tools"},
		{"google-gemma-2-2b-it.jinja", "knows no tools"},
		{"microsoft-Phi-3.5-mini-instruct.jinja", "knows no tools"},
		{"Qwen3-Coder.jinja", "tagged"},
		{"Qwen3.5-4B.jinja", "tagged"},
		{"openai-gpt-oss-120b.jinja", "in a form that is not known"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
		AUTO(chat_auto) struct chat *c = open_shared_chat(ROWS[i][0], TOKENS);

		if (!c)
			skip();
		assert_null(chat_refusal(c));
		if (!strstr(c->calls ? c->calls->name : c->tools_refusal, ROWS[i][1]))
			fail_msg("%s: %s", ROWS[i][0],
				 c->calls ? c->calls->name : c->tools_refusal);
	}
}

/* Qwen2's tokenizer lies in its three parts. */
static char *join_qwen2(void)
{
	AUTO(buf_free) struct buf merges = buf_new(16 << 20);
	json_t *whole, *list = json_array();
	char path[512], *text;
	struct slice line, left;

	if (!shared_path(path, sizeof path, "tokenizers/qwen2/tokenizer_rest.json"))
		return NULL;
	whole = json_load_file(path, 0, NULL);
	shared_path(path, sizeof path, "tokenizers/qwen2/merges.txt");
	assert_ok(file_read(&merges, AT_FDCWD, path));
	for (left = buf_slice(&merges); left.size > 0;) {
		slice_cut(left, '\n', &line, &left);
		if (line.size > 0 && !slice_starts_with(line, S("#version")))
			json_array_append_new(list,
					      json_stringn((const char *)line.data, line.size));
	}
	shared_path(path, sizeof path, "tokenizers/qwen2/vocab.json");
	json_object_set_new(json_object_get(whole, "model"), "merges", list);
	json_object_set_new(json_object_get(whole, "model"), "vocab",
			    json_load_file(path, 0, NULL));
	text = json_dumps(whole, JSON_COMPACT);
	json_decref(whole);
	return text;
}

static struct tokenizer *open_tokenizer(const char *name)
{
	AUTO(buf_free) struct buf text = buf_new(TOKENIZER_MAX_FILE);
	struct tokenizer *t;
	char path[512], *joined;

	if (strcmp(name, "qwen2") == 0) {
		joined = join_qwen2();
		buf_write_string(&text, joined ? joined : "");
		free(joined);
	} else if (shared_path(path, sizeof path, name)) {
		assert_ok(file_read(&text, AT_FDCWD, path));
	}
	if (text.size == 0)
		return NULL;
	assert_ok(tokenizer_open(&t, buf_slice(&text)));
	return t;
}

static const char *text_at(const json_t *row, const char *key)
{
	return json_string_value(json_object_get(row, key));
}

static bool has_ids(const struct token_list *list, const json_t *ids)
{
	bool same = list->count == json_array_size(ids);

	for (size_t i = 0; same && i < list->count; i++)
		same = list->ids[i] == (uint32_t)json_integer_value(json_array_get(ids, i));
	return same;
}

/* Made by tests/data/template/make_ids.mjs with npm tokenizers and @huggingface/jinja. */
static void ids_are_those_of_the_reference(void **state)
{
	AUTO(json_auto) json_t *set = json_load_file("data/template/ids.json", 0, NULL);
	AUTO(tokenizer_auto) struct tokenizer *t = NULL;
	const char *opened = "";
	json_t *row;
	size_t i;

	(void)state;
	assert_non_null(set);
	json_array_foreach(json_object_get(set, "rows"), i, row)
	{
		AUTO(chat_auto)
		struct chat *c = open_shared_chat(text_at(row, "template"), TOKENS);
		AUTO(chat_prompt_free) struct chat_prompt prompt = {0};
		const json_t *conversation = json_object_get(json_object_get(set, "conversations"),
							     text_at(row, "conversation"));
		char *text = json_dumps(conversation, 0);

		if (strcmp(opened, text_at(row, "tokenizer")) != 0) {
			tokenizer_free(t);
			t = open_tokenizer(text_at(row, "tokenizer"));
		}
		opened = text_at(row, "tokenizer");
		if (!c || !t) {
			free(text);
			skip();
		}
		assert_ok(chat_encode(c, t, &prompt, slice_of_string(text)));
		free(text);
		if (!has_ids(&prompt.tokens, json_object_get(row, "ids")))
			fail_msg("%s, %s: other ids", text_at(row, "template"),
				 text_at(row, "conversation"));
	}
	assert_int_equal(i, 19);
}

static bool is_there(const json_t *added, const char *text, size_t size)
{
	json_t *one;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)added, i, one)
	{
		if (slice_equal(slice_of(text, size), slice_of_string(json_string_value(
							      json_object_get(one, "content")))))
			return true;
	}
	return false;
}

/* A tokenizer of bytes whose special tokens are all that a template has between brackets. */
static struct tokenizer *tokenizer_of(const char *template)
{
	AUTO(json_auto)
	json_t *file = json_pack("{s:s,s:[],s:n,s:{s:s,s:b,s:b,s:b},s:n,s:n,s:{s:s,s:{},s:[]}}",
				 "version", "1.0", "added_tokens", "normalizer", "pre_tokenizer",
				 "type", "ByteLevel", "add_prefix_space", 0, "trim_offsets", 0,
				 "use_regex", 0, "post_processor", "decoder", "model", "type",
				 "BPE", "vocab", "merges");
	json_t *vocabulary = json_object_get(json_object_get(file, "model"), "vocab");
	json_t *added = json_object_get(file, "added_tokens");
	unsigned others = 0;
	struct tokenizer *t;
	int id = 0;

	assert_non_null(file);
	for (unsigned c = 0; c < 256; c++) {
		bool is_shown = (c > 32 && c < 127) || (c > 160 && c != 173);
		unsigned shown = is_shown ? c : 256 + others++;
		char text[4] = {(char)(0xc0 | shown >> 6), (char)(0x80 | (shown & 0x3f)), 0};

		if (shown < 128)
			snprintf(text, sizeof text, "%c", (int)shown);
		json_object_set_new(vocabulary, text, json_integer(id++));
	}
	for (const char *p = template; *p; p++) {
		size_t size = strcspn(p + 1, "<>[]{}'\"\\ \n") + 2;
		bool closes = (*p == '<' && p[size - 1] == '>') ||
			      (*p == '[' && p[size - 1] == ']');

		if (size < 3 || size > 40 || !closes || is_there(added, p, size))
			continue;
		json_array_append_new(added,
				      json_pack("{s:i,s:s%,s:b,s:b,s:b,s:b,s:b}", "id", id++,
						"content", p, size, "special", 1, "normalized", 0,
						"single_word", 0, "lstrip", 0, "rstrip", 0));
	}
	char *text = json_dumps(file, JSON_COMPACT);
	assert_ok(tokenizer_open(&t, slice_of_string(text)));
	free(text);
	return t;
}

/* Each "@" is a place where a stranger writes. */
static const char EVERYWHERE[] =
	"{\"messages\":[{\"role\":\"system\",\"content\":\"s @\"},{\"role\":\"user\",\"content\":"
	"\"@ u @\",\"name\":\"@\"},{\"role\":\"assistant\",\"content\":\"@\",\"tool_calls\":[{"
	"\"id\":\"abcdefghi\",\"type\":\"function\",\"function\":{\"name\":\"@\",\"arguments\":{"
	"\"@\":\"@\",\"b\":[\"@\",{\"c@\":1}]}}}]},{\"role\":\"tool\",\"content\":\"@\",\"name\":"
	"\"@\",\"tool_call_id\":\"abcdefghi\"},{\"role\":\"assistant\",\"content\":\"a "
	"@\"},{\"role\":"
	"\"user\",\"content\":\"@\"}],\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"@"
	"\","
	"\"description\":\"@\",\"parameters\":{\"type\":\"object\",\"properties\":{\"@\":{\"type\":"
	"\"string\",\"description\":\"@\",\"enum\":[\"@\"]}}}}}],\"documents\":[{\"title\":\"@\","
	"\"text\":\"@\"}],\"chat_template_kwargs\":{\"bos_token\":\"@\",\"custom_instructions\":\"@"
	"\","
	"\"date_string\":\"@\",\"model_identity\":\"@\",\"builtin_tools\":[\"@\"]},"
	"\"now_seconds\":0}";

#define SIGN "\xee\x80\x80" /* U+E000: no template has it */

/* For templates that know no system, no tools. */
static const char SHORT[] =
	"{\"messages\":[{\"role\":\"user\",\"content\":\"@ u @\"},{\"role\":"
	"\"assistant\",\"content\":\"@\"},{\"role\":\"user\",\"content\":\"@\"}],"
	"\"chat_template_kwargs\":{\"bos_token\":\"@\"}}";

static json_t *conversation_with(struct slice token, const char *form)
{
	AUTO(buf_free) struct buf text = buf_new(1 << 16);
	json_t *json;

	for (const char *p = form; *p; p++) {
		if (*p != '@') {
			buf_write_u8(&text, (uint8_t)*p);
			continue;
		}
		buf_write_string(&text, SIGN);
		buf_write(&text, token);
	}
	json = json_loadb((const char *)text.data, text.size, 0, NULL);
	assert_non_null(json);
	return json;
}

/* No byte of a token next to a sign of ours is the template's. */
static void check_marks(const struct template_text *text, struct slice token, const char *name)
{
	AUTO(buf_free) struct buf what = buf_new(256);
	const uint8_t *p = text->text.data, *found;

	buf_write_string(&what, SIGN);
	buf_write(&what, token);
	while ((found = memmem(p, (size_t)(text->text.data + text->text.size - p), what.data,
			       what.size)) != NULL) {
		const uint8_t *own = text->own.data + (found - text->text.data);

		if (memchr(own, 1, what.size))
			fail_msg("%s: %.*s is the template's", name, SLICE_PRINT(token));
		p = found + 1;
	}
}

/* Its special tokens are those of what the template wrote, and of nothing else. */
static void check_tokens(const struct tokenizer *t, const struct template_text *text,
			 const char *name)
{
	AUTO(buf_free) struct buf blank = buf_new(1 << 20);
	AUTO(token_list_free) struct token_list real = {0}, wanted = {0};
	size_t count = 0, expected = 0;

	for (size_t i = 0; i < text->text.size; i++)
		buf_write_u8(&blank, text->own.data[i] ? text->text.data[i] : '~');
	assert_ok(tokenizer_encode_marked(t, &real, buf_slice(&text->text), text->own.data));
	assert_ok(tokenizer_encode_bare(t, &wanted, buf_slice(&blank)));
	for (size_t i = 0; i < real.count; i++)
		count += tokenizer_is_special(t, real.ids[i]);
	for (size_t i = 0; i < wanted.count; i++)
		expected += tokenizer_is_special(t, wanted.ids[i]);
	if (count != expected)
		fail_msg("%s: %zu special tokens, %zu expected", name, count, expected);
}

static void attack(const struct chat *c, const struct tokenizer *t, struct slice token,
		   const char *name)
{
	AUTO(template_text_free) struct template_text text = template_text_new(1 << 20);
	AUTO(json_auto) json_t *everywhere = conversation_with(token, EVERYWHERE);
	AUTO(json_auto) json_t *less = conversation_with(token, SHORT);

	if (chat_render(c, &text, everywhere, true) != OK) {
		buf_reset(&text.text);
		buf_reset(&text.own);
		assert_ok(chat_render(c, &text, less, false));
	}
	assert_non_null(memmem(text.text.data, text.text.size, SIGN, 3));
	check_marks(&text, token, name);
	check_tokens(t, &text, name);
}

static void attack_template(const char *name)
{
	AUTO(buf_free) struct buf text = buf_new(1 << 20);
	AUTO(chat_auto) struct chat *c = open_shared_chat(name, TOKENS);
	AUTO(tokenizer_auto) struct tokenizer *t = NULL;
	char path[512], file[256];

	assert_non_null(c);
	snprintf(file, sizeof file, "chat/templates/%s", name);
	shared_path(path, sizeof path, file);
	assert_ok(file_read(&text, AT_FDCWD, path));
	buf_write_string(&text, "<s></s>");
	t = tokenizer_of(buf_string(&text));
	for (uint32_t id = 256; id < tokenizer_vocabulary(t); id++)
		attack(c, t, tokenizer_token(t, id), name);
	printf("%s: %zu tokens in every place\n", name, tokenizer_vocabulary(t) - 256);
}

static void nothing_that_a_stranger_writes_becomes_a_special_token(void **state)
{
	static const char *const NAMES[] = {
		"HuggingFaceTB-SmolLM3-3B.jinja",
		"NousResearch-Hermes-2-Pro-Llama-3-8B-tool_use.jinja",
		"NousResearch-Hermes-3-Llama-3.1-8B-tool_use.jinja",
		"Qwen-QwQ-32B.jinja",
		"Qwen-Qwen2.5-7B-Instruct.jinja",
		"Qwen-Qwen3-0.6B.jinja",
		"Qwen3-Coder.jinja",
		"Qwen3.5-4B.jinja",
		"deepseek-ai-DeepSeek-R1-Distill-Llama-8B.jinja",
		"deepseek-ai-DeepSeek-R1-Distill-Qwen-32B.jinja",
		"google-gemma-2-2b-it.jinja",
		"ibm-granite-granite-3.3-2B-Instruct.jinja",
		"meta-llama-Llama-3.1-8B-Instruct.jinja",
		"meta-llama-Llama-3.2-3B-Instruct.jinja",
		"meta-llama-Llama-3.3-70B-Instruct.jinja",
		"microsoft-Phi-3.5-mini-instruct.jinja",
		"mistralai-Mistral-Nemo-Instruct-2407.jinja",
		"openai-gpt-oss-120b.jinja",
	};
	char path[512];

	(void)state;
	if (!shared_path(path, sizeof path, "chat/templates/Qwen3-Coder.jinja"))
		skip();
	for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
		attack_template(NAMES[i]);
}

static enum err encode(struct chat *c, size_t *count, const char *conversation)
{
	AUTO(chat_prompt_free) struct chat_prompt prompt = {0};
	AUTO(tokenizer_auto) struct tokenizer *t = tokenizer_of("<s></s><x>");
	enum err result = chat_encode(c, t, &prompt, slice_of_string(conversation));

	if (result == OK && json_object_get(c->own, "eos_token"))
		assert_true(prompt.has_end && prompt.end == 257); /* "</s>" */
	*count = prompt.tokens.count;
	return result;
}

#define USER(text) "{\"messages\":[{\"role\":\"user\",\"content\":\"" text "\"}]"
#define TOOL ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]}"

static void what_cannot_be_rendered_is_refused_with_its_reason(void **state)
{
	static const struct {
		const char *template, *conversation, *text;
		enum err kind;
	} ROWS[] = {
		{"{% if %}", USER("a") "}", "chat template, line 1, column 7", ERR_UNSUPPORTED},
		{"{{ a | groupby }}", USER("a") "}", "groupby", ERR_UNSUPPORTED},
		{"{{ raise_exception('no ' ~ messages[0].content) }}", USER("a") "}",
		 "the template refuses: no a", ERR_FORMAT},
		{"{{ messages[0].content }}", USER("a") TOOL, "knows no tools", ERR_UNSUPPORTED},
		{NULL, USER("a") TOOL, "no chat template", ERR_UNSUPPORTED},
		{NULL, "{\"messages\":1}", "\"messages\"", ERR_FORMAT},
		{NULL, "[]", "not a JSON object", ERR_FORMAT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
		AUTO(chat_auto) struct chat *c = open_chat(ROWS[i].template, NULL);
		size_t count;

		assert_err(encode(c, &count, ROWS[i].conversation), ROWS[i].kind);
		if (!strstr(failure_text(), ROWS[i].text))
			fail_msg("%s", failure_text());
	}
}

static void templates_and_tokens_are_found_in_whatever_file_has_them(void **state)
{
	static const struct {
		const char *template, *settings;
		size_t count;
	} ROWS[] = {
		{"{{ bos_token }}{{ messages[0].content }}",
		 "{\"bos_token\":\"<s>\",\"eos_token\":\"</s>\"}", 4},
		{"{{ bos_token }}{{ messages[0].content }}",
		 "{\"bos_token\":{\"content\":\"<s>\"},\"chat_template\":\"no\"}", 4},
		{NULL, "{\"chat_template\":\"<x>{{ messages[0].content }}\"}", 4},
		{NULL,
		 "{\"chat_template\":[{\"name\":\"tool_use\",\"template\":\"{{ tools | "
		 "tojson }}{{ messages | tojson }}\"},{\"name\":\"default\",\"template\":\"<x>"
		 "<s>\"}]}",
		 2},
		{NULL, NULL, 4},                       /* no template: "abc" and a newline */
		{NULL, "{\"chat_template\":null}", 4}, /* the same */
		{"{{ tools is none }}{{ documents is none }}", NULL, 8},
	};

	(void)state;
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
		AUTO(chat_auto) struct chat *c = open_chat(ROWS[i].template, ROWS[i].settings);
		size_t count;

		assert_ok(encode(c, &count, USER("abc") "}"));
		if (count != ROWS[i].count)
			fail_msg("row %zu: %zu tokens", i, count);
	}
}

/* The marker is the template's and the last token; the grammar has the wanted function only. */
static void a_call_that_has_to_come_is_begun_in_the_prompt(void **state)
{
	static const char FORCED[] = USER(
		"abc") ",\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"g\"}},"
		       "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}},{\"type\":"
		       "\"function\",\"function\":{\"name\":\"g\",\"parameters\":{\"type\":"
		       "\"object\",\"properties\":{}}}}]}";
	AUTO(chat_auto) struct chat *c = open_shared_chat("Qwen-Qwen2.5-7B-Instruct.jinja", TOKENS);
	AUTO(chat_prompt_free) struct chat_prompt prompt = {0};
	AUTO(tokenizer_auto) struct tokenizer *t = NULL;

	(void)state;
	if (!c)
		skip();
	t = tokenizer_of("<tool_call></tool_call><|im_start|><|im_end|>");
	assert_ok(chat_encode(c, t, &prompt, slice_of_string(FORCED)));
	assert_true(prompt.is_open && prompt.calls);
	assert_false(prompt.has_end); /* this tokenizer has no "</s>" */
	assert_slice(tokenizer_token(t, prompt.tokens.ids[prompt.tokens.count - 1]), "<tool_call>");
	assert_string_equal(
		buf_string(&prompt.grammar),
		"{\"alternatives\":[{\"prefix\":\"\\n{\\\"name\\\": \\\"g\\\", "
		"\\\"arguments\\\": \",\"schema\":{\"type\":\"object\",\"properties\":{}},"
		"\"suffix\":\"}\"}]}");
}

static void a_gguf_file_brings_its_template_and_tokens(void **state)
{
	AUTO(chat_auto) struct chat *c = NULL;
	struct buf file = gguf_begin(3, 0, 3);
	struct folder folder;
	size_t count;

	(void)state;
	put_key(&file, "tokenizer.chat_template", GGUF_TEXT);
	put_text(&file, "{{ bos_token }}{{ messages[0].content }}");
	put_key(&file, "tokenizer.ggml.bos_token_id", GGUF_U32);
	put_little(&file, 1, 4);
	put_key(&file, "tokenizer.ggml.tokens", GGUF_ARRAY);
	put_little(&file, GGUF_TEXT, 4);
	put_little(&file, 2, 8);
	put_text(&file, "a");
	put_text(&file, "<s>");
	put_padding(&file, 32);
	folder_init(&folder, "none");
	folder_set(&folder, "m.gguf", buf_slice(&file));
	assert_ok(chat_open(&c, &folder.files));
	assert_true(chat_has_template(c));
	assert_ok(encode(c, &count, USER("abc") "}"));
	assert_int_equal(count, 4);
	folder_free(&folder);
	buf_free(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_form_of_calls_is_found_by_asking_the_template),
		cmocka_unit_test(ids_are_those_of_the_reference),
		cmocka_unit_test(nothing_that_a_stranger_writes_becomes_a_special_token),
		cmocka_unit_test(what_cannot_be_rendered_is_refused_with_its_reason),
		cmocka_unit_test(templates_and_tokens_are_found_in_whatever_file_has_them),
		cmocka_unit_test(a_call_that_has_to_come_is_begun_in_the_prompt),
		cmocka_unit_test(a_gguf_file_brings_its_template_and_tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

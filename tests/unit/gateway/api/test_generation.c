/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

#include "crypto/json.h"
#include "gateway/api/openai/generation.h"

typedef enum err read_fn(struct generation *out, struct generation_flaw *flaw, struct arena *arena,
			 const json_t *body);

/* Reads and gives what came of it; texts of *out live as long as the arena and the body. */
static enum err read_text(read_fn *read, struct generation *out, struct generation_flaw *flaw,
			  struct arena *arena, json_t **body, const char *text)
{
	assert_ok(json_read(body, slice_of_string(text), 1 << 20));
	*flaw = (struct generation_flaw){0};
	return read(out, flaw, arena, *body);
}

static void chat_gives_the_conversation_as_json(void **state)
{
	AUTO(arena_free) struct arena arena = {0};
	AUTO(json_auto) json_t *body = NULL;
	struct generation g;
	struct generation_flaw flaw;

	(void)state;
	assert_ok(read_text(
		generation_read_chat, &g, &flaw, &arena, &body,
		"{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"Be kind.\"},"
		"{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Hi\"}]}],"
		"\"stop\":[\"a\",\"b\"],\"seed\":7,\"temperature\":0.5,\"stream\":true,"
		"\"stream_options\":{\"include_usage\":true},\"logit_bias\":{\"5\":-100}}"));
	assert_int_equal(g.prompt_count, 1);
	assert_int_equal(g.prompts[0].kind, WIRE_PROMPT_CHAT);
	assert_true(
		slice_starts_with(g.prompts[0].text,
				  S("{\"messages\":[{\"role\":\"system\",\"content\":\"Be kind.\"},"
				    "{\"role\":\"user\",\"content\":\"Hi\"}],")));
	assert_int_equal(g.stop_count, 2);
	assert_true(g.has_seed && g.seed == 7 && g.stream && g.include_usage);
	assert_int_equal(g.bias_count, 1);
	assert_int_equal(g.biases[0].token, 5);
}

static void completion_takes_the_prompt_as_it_is(void **state)
{
	AUTO(arena_free) struct arena arena = {0};
	AUTO(json_auto) json_t *body = NULL;
	struct generation g;
	struct generation_flaw flaw;

	(void)state;
	assert_ok(
		read_text(generation_read_completion, &g, &flaw, &arena, &body,
			  "{\"model\":\"m\",\"prompt\":\"Once\",\"logprobs\":0,\"max_tokens\":3}"));
	assert_slice(g.prompts[0].text, "Once");
	assert_true(g.logprobs);
	assert_int_equal(g.max_tokens, 3);
}

static void each_flaw_names_its_parameter(void **state)
{
	static const struct {
		const char *text, *param;
		enum err kind;
	} rows[] = {
		{"{\"messages\":[]}", "model", ERR_FORMAT},
		{"{\"model\":\"m\",\"messages\":[]}", "messages", ERR_FORMAT},
		{"{\"model\":\"m\",\"messages\":[{\"content\":\"x\"}]}", "messages", ERR_FORMAT},
		{"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_"
		 "url\"}]}]}",
		 "messages", ERR_UNSUPPORTED},
		{"{\"model\":\"m\",\"temperature\":3}", "temperature", ERR_FORMAT},
		{"{\"model\":\"m\",\"temperature\":\"hot\"}", "temperature", ERR_FORMAT},
		{"{\"model\":\"m\",\"n\":0}", "n", ERR_FORMAT},
		{"{\"model\":\"m\",\"n\":129}", "n", ERR_FORMAT},
		{"{\"model\":\"m\",\"n\":2,\"best_of\":3}", "best_of", ERR_UNSUPPORTED},
		{"{\"model\":\"m\",\"wings\":2}", "wings", ERR_FORMAT},
		{"{\"model\":\"m\",\"prompt\":\"a\"}", "prompt", ERR_FORMAT},
		{"{\"model\":\"m\",\"echo\":true}", "echo", ERR_FORMAT},
		{"{\"model\":\"m\",\"min_p\":1.5}", "min_p", ERR_FORMAT},
		{"{\"model\":\"m\",\"repetition_penalty\":0}", "repetition_penalty", ERR_FORMAT},
		{"{\"model\":\"m\",\"top_k\":-2}", "top_k", ERR_FORMAT},
		{"{\"model\":\"m\",\"ignore_eos\":1}", "ignore_eos", ERR_FORMAT},
		{"{\"model\":\"m\",\"stop_token_ids\":[-1]}", "stop_token_ids", ERR_FORMAT},
		{"{\"model\":\"m\",\"stop_token_ids\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,"
		 "17]}",
		 "stop_token_ids", ERR_FORMAT},
		{"{\"model\":\"m\",\"min_tokens\":5}", "min_tokens", ERR_UNSUPPORTED},
		{"{\"model\":\"m\",\"modalities\":[\"audio\"]}", "modalities", ERR_UNSUPPORTED},
		{"{\"model\":\"m\",\"stream_options\":{}}", "stream_options", ERR_FORMAT},
		{"{\"model\":\"m\",\"stream\":true,\"stream_options\":{\"include_usage\":1}}",
		 "include_usage", ERR_FORMAT},
		{"{\"model\":\"m\",\"frequency_penalty\":3}", "frequency_penalty", ERR_FORMAT},
		{"{\"model\":\"m\",\"response_format\":{\"type\":\"xml\"}}", "response_format",
		 ERR_FORMAT},
		{"{\"model\":\"m\",\"stop\":[\"1\",\"2\",\"3\",\"4\",\"5\"]}", "stop", ERR_FORMAT},
		{"{\"model\":\"m\",\"logit_bias\":{\"x\":1}}", "logit_bias", ERR_FORMAT},
		{"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"max_"
		 "tokens\":0}",
		 "max_tokens", ERR_FORMAT},
		{"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"top_"
		 "logprobs\":2}",
		 "top_logprobs", ERR_FORMAT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		AUTO(arena_free) struct arena arena = {0};
		AUTO(json_auto) json_t *body = NULL;
		struct generation g;
		struct generation_flaw flaw;

		assert_err(read_text(generation_read_chat, &g, &flaw, &arena, &body, rows[i].text),
			   rows[i].kind);
		assert_string_equal(flaw.param, rows[i].param);
		assert_non_null(flaw.message);
	}
}

static void values_that_change_nothing_are_taken(void **state)
{
	AUTO(arena_free) struct arena arena = {0};
	AUTO(json_auto) json_t *body = NULL;
	struct generation g;
	struct generation_flaw flaw;

	(void)state;
	assert_ok(read_text(
		generation_read_chat, &g, &flaw, &arena, &body,
		"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"n\":1,"
		"\"tools\":[],\"presence_penalty\":0,\"stop\":null,\"max_tokens\":null,"
		"\"response_format\":{\"type\":\"text\"},\"user\":\"u\",\"best_of\":1,"
		"\"metadata\":{\"a\":\"b\"},\"store\":true,\"length_penalty\":1.0,"
		"\"tool_choice\":\"auto\",\"audio\":null,\"top_k\":-1,\"top_p\":0,"
		"\"skip_special_tokens\":true}"));
	assert_int_equal(g.max_tokens, GENERATION_DEFAULT_TOKENS);
	assert_true(g.is_default_tokens && g.top_k == 0 && g.top_p > 0 && g.top_p < 1e-5F);
	assert_false(g.shows_special);
}

static void prompts_are_texts_or_tokens_one_or_many(void **state)
{
	static const struct {
		const char *prompt;
		size_t count;
		enum wire_prompt kind;
		const char *first;
		size_t size;
	} rows[] = {
		{"\"a\"", 1, WIRE_PROMPT_TEXT, "a", 1},
		{"[\"a\",\"b\",\"c\"]", 3, WIRE_PROMPT_TEXT, "a", 1},
		{"[1,258]", 1, WIRE_PROMPT_TOKENS, "\0\0\0\1\0\0\1\2", 8},
		{"[[1],[2,3]]", 2, WIRE_PROMPT_TOKENS, "\0\0\0\1", 4},
		{"\"\"", 1, WIRE_PROMPT_TEXT, "", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		AUTO(arena_free) struct arena arena = {0};
		AUTO(json_auto) json_t *body = NULL;
		struct generation g;
		struct generation_flaw flaw;
		char text[200];

		snprintf(text, sizeof text, "{\"model\":\"m\",\"prompt\":%s,\"n\":2}",
			 rows[i].prompt);
		assert_ok(read_text(generation_read_completion, &g, &flaw, &arena, &body, text));
		assert_int_equal(g.prompt_count, rows[i].count);
		assert_int_equal(g.prompts[0].kind, rows[i].kind);
		assert_true(slice_equal(g.prompts[0].text, slice_of(rows[i].first, rows[i].size)));
		assert_true(generation_most_tokens(&g) >= 2 * rows[i].count * 16);
	}
}

static void prompts_that_are_none_are_refused(void **state)
{
	static const char *const rows[] = {
		"[]",    "[[]]",   "7",         "{}",   "[\"a\",1]",    "[1,\"a\"]", "[-1]",
		"[1.5]", "[null]", "[[\"a\"]]", "null", "[4294967296]", "true",
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		AUTO(arena_free) struct arena arena = {0};
		AUTO(json_auto) json_t *body = NULL;
		struct generation g;
		struct generation_flaw flaw;
		char text[200];

		snprintf(text, sizeof text, "{\"model\":\"m\",\"prompt\":%s}", rows[i]);
		assert_err(read_text(generation_read_completion, &g, &flaw, &arena, &body, text),
			   ERR_FORMAT);
		assert_string_equal(flaw.param, "prompt");
	}
}

static void nothing_is_written_only_where_something_is_shown(void **state)
{
	AUTO(arena_free) struct arena arena = {0};
	AUTO(json_auto) json_t *with = NULL;
	AUTO(json_auto) json_t *without = NULL;
	struct generation g;
	struct generation_flaw flaw;
	struct wire_engine_generate ask;

	(void)state;
	assert_ok(read_text(generation_read_completion, &g, &flaw, &arena, &with,
			    "{\"model\":\"m\",\"prompt\":\"a\",\"echo\":true,"
			    "\"max_tokens\":0,\"logprobs\":1}"));
	generation_describe(&ask, &g, 0);
	assert_true(ask.is_only_read && ask.echo == WIRE_ECHO_TOKENS);
	assert_err(read_text(generation_read_completion, &g, &flaw, &arena, &without,
			     "{\"model\":\"m\",\"prompt\":\"a\",\"max_tokens\":0}"),
		   ERR_FORMAT);
	assert_string_equal(flaw.param, "max_tokens");
}

/* Choice i of n has the seed + i, whichever its prompt is: a prompt gives what it gives alone. */
static void each_choice_has_a_seed_of_its_own(void **state)
{
	static const struct {
		size_t index;
		uint64_t seed;
		const char *prompt;
	} rows[] = {{0, 40, "a"}, {1, 41, "a"}, {2, 40, "b"}, {3, 41, "b"}};
	AUTO(arena_free) struct arena arena = {0};
	AUTO(json_auto) json_t *body = NULL;
	struct generation g;
	struct generation_flaw flaw;

	(void)state;
	assert_ok(read_text(generation_read_completion, &g, &flaw, &arena, &body,
			    "{\"model\":\"m\",\"prompt\":[\"a\",\"b\"],\"n\":2,\"seed\":40,"
			    "\"stop\":\"x\",\"stop_token_ids\":[7],\"min_p\":0.5}"));
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct wire_engine_generate ask;

		generation_describe(&ask, &g, rows[i].index);
		assert_true(ask.has_seed && ask.seed == rows[i].seed);
		assert_slice(ask.prompt, rows[i].prompt);
		assert_slice(ask.stops[0], "x");
		assert_int_equal(ask.stop_tokens[0], 7);
		assert_true(ask.min_p == 0.5F);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chat_gives_the_conversation_as_json),
		cmocka_unit_test(completion_takes_the_prompt_as_it_is),
		cmocka_unit_test(each_flaw_names_its_parameter),
		cmocka_unit_test(prompts_are_texts_or_tokens_one_or_many),
		cmocka_unit_test(prompts_that_are_none_are_refused),
		cmocka_unit_test(nothing_is_written_only_where_something_is_shown),
		cmocka_unit_test(each_choice_has_a_seed_of_its_own),
		cmocka_unit_test(values_that_change_nothing_are_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

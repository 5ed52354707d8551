/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <string.h>

#include "crypto/json.h"
#include "gateway/api/infer/generation.h"

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

static void chat_joins_the_contents_by_newlines(void **state)
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
	assert_slice(g.prompt, "Be kind.\nHi\n");
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
	assert_slice(g.prompt, "Once");
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
		{"{\"model\":\"m\",\"n\":2}", "n", ERR_UNSUPPORTED},
		{"{\"model\":\"m\",\"tools\":[{}]}", "tools", ERR_UNSUPPORTED},
		{"{\"model\":\"m\",\"frequency_penalty\":1}", "frequency_penalty", ERR_UNSUPPORTED},
		{"{\"model\":\"m\",\"response_format\":{\"type\":\"json_object\"}}",
		 "response_format", ERR_UNSUPPORTED},
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
		"\"response_format\":{\"type\":\"text\"},\"user\":\"u\"}"));
	assert_int_equal(g.max_tokens, GENERATION_DEFAULT_TOKENS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chat_joins_the_contents_by_newlines),
		cmocka_unit_test(completion_takes_the_prompt_as_it_is),
		cmocka_unit_test(each_flaw_names_its_parameter),
		cmocka_unit_test(values_that_change_nothing_are_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

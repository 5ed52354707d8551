/* SPDX-License-Identifier: Apache-2.0 */
/* What a request may wish for beside a prompt and a length. */
#include "tests/unit/test.h"

#include <math.h>

#include "tests/unit/inference/engine_scene.h"

enum { MANY = 120 };

static const struct engine_options plain = {.memory_budget_bytes = BUDGET};

static void write_ids(struct buf *out, const uint32_t *ids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buf_write_u32(out, ids[i]);
}

static void an_echo_shows_the_prompt_and_goes_on(void **state)
{
	AUTO(setup_close) struct setup s;
	struct engine_request r = greedy(S("Once upon"), 2);

	(void)state;
	if (!setup_open(&s, &plain))
		skip();
	r.echo = ENGINE_ECHO_TEXT;
	assert_ok(engine_submit(s.engine, 0, &r));
	run(&s);
	assert_string_equal(buf_string(&s.heard[0].text), "Once upon a time");
	assert_int_equal(s.heard[0].read_count, 0);
	assert_int_equal(s.heard[0].count, 2);
}

/* A token of a prompt is as likely as it was when the model wrote it there. */
static void an_echo_weighs_what_was_written_as_it_was_written(void **state)
{
	AUTO(setup_close) struct setup s;
	AUTO(buf_free) struct buf ids = buf_new(4096);
	struct engine_request r = greedy(S(""), MANY);
	struct heard *told, *echoed;

	(void)state;
	if (!setup_open(&s, &plain))
		skip();
	assert_ok(engine_submit(s.engine, 0, &r));
	run(&s);
	told = &s.heard[0];
	write_ids(&ids, (const uint32_t[]){1}, 1); /* <s> */
	write_ids(&ids, told->ids, told->count);
	r = (struct engine_request){.prompt = buf_slice(&ids),
				    .prompt_kind = ENGINE_PROMPT_TOKENS,
				    .echo = ENGINE_ECHO_TOKENS,
				    .is_only_read = true,
				    .sampling = {.top_p = 1, .top_logprobs = 2}};
	assert_ok(engine_submit(s.engine, 1, &r));
	assert_ok(engine_submit(s.engine, 2, &r)); /* two share the rows for likelihoods */
	run(&s);
	for (size_t id = 1; id < 3; id++) {
		echoed = &s.heard[id];
		assert_string_equal(buf_string(&echoed->text), buf_string(&told->text));
		assert_int_equal(echoed->characters, told->characters);
		assert_int_equal(echoed->characters, echoed->text.size);
		assert_int_equal(echoed->read_count, 1 + MANY);
		assert_int_equal(echoed->prompt_tokens, 1 + MANY);
		assert_int_equal(echoed->count, 0);
		assert_int_equal(echoed->finish, ENGINE_LENGTH);
		assert_true(echoed->read[0].is_first && echoed->read[0].top_count == 0);
		for (size_t i = 0; i < MANY; i++) {
			assert_int_equal(echoed->read[1 + i].chosen.token, told->ids[i]);
			assert_int_equal(echoed->read[1 + i].top[0].token, told->ids[i]);
			assert_true(fabsf(echoed->read[1 + i].chosen.logprob - told->logprobs[i]) <
				    1e-3f);
		}
	}
}

static void an_echo_with_likelihoods_goes_on_writing(void **state)
{
	AUTO(setup_close) struct setup s;
	struct engine_request r = greedy(S("Once upon a time"), 5);

	(void)state;
	if (!setup_open(&s, &plain))
		skip();
	assert_ok(engine_submit(s.engine, 0, &r));
	r.echo = ENGINE_ECHO_TOKENS;
	assert_ok(engine_submit(s.engine, 1, &r));
	run(&s);
	assert_int_equal(s.heard[1].read_count, 5);
	assert_int_equal(s.heard[1].count, 5);
	assert_memory_equal(s.heard[0].ids, s.heard[1].ids, 5 * sizeof(uint32_t));
	assert_true(strncmp(buf_string(&s.heard[1].text), "Once upon a time", 16) == 0);
	assert_string_equal(buf_string(&s.heard[1].text) + 16, buf_string(&s.heard[0].text));
}

static void ids_are_a_prompt_like_their_text(void **state)
{
	AUTO(setup_close) struct setup s;
	AUTO(token_list_free) struct token_list tokens = {0};
	AUTO(token_list_free) struct token_list bare = {0};
	AUTO(buf_free) struct buf ids = buf_new(4096);
	AUTO(buf_free) struct buf text = buf_new(4096);
	struct engine_request r = greedy(S("Once upon a time"), 20);

	(void)state;
	if (!setup_open(&s, &plain))
		skip();
	assert_ok(engine_tokenize(s.engine, &tokens, ENGINE_PROMPT_TEXT, r.prompt, false));
	assert_ok(engine_tokenize(s.engine, &bare, ENGINE_PROMPT_TEXT, r.prompt, true));
	assert_int_equal(tokens.count, bare.count + 1); /* <s> */
	assert_memory_equal(tokens.ids + 1, bare.ids, bare.count * sizeof(uint32_t));
	assert_ok(engine_detokenize(s.engine, &text, bare.ids, bare.count));
	assert_slice(buf_slice(&text), "Once upon a time");
	assert_ok(engine_submit(s.engine, 0, &r));
	write_ids(&ids, tokens.ids, tokens.count);
	r.prompt = buf_slice(&ids);
	r.prompt_kind = ENGINE_PROMPT_TOKENS;
	assert_ok(engine_submit(s.engine, 1, &r));
	run(&s);
	assert_int_equal(s.heard[1].prompt_tokens, tokens.count);
	assert_memory_equal(s.heard[0].ids, s.heard[1].ids, 20 * sizeof(uint32_t));
}

static void an_id_that_there_is_not_is_refused(void **state)
{
	AUTO(setup_close) struct setup s;
	AUTO(buf_free) struct buf text = buf_new(100);
	const uint32_t outside = 512;
	struct engine_request r = greedy(S("\0\0\2\0"), 1);

	(void)state;
	if (!setup_open(&s, &plain))
		skip();
	r.prompt_kind = ENGINE_PROMPT_TOKENS;
	assert_err(engine_submit(s.engine, 0, &r), ERR_FORMAT);
	assert_string_equal(failure_text(), "prompt: token 512 is not one of the model's 512");
	r.prompt = S("\0\0\0");
	assert_err(engine_submit(s.engine, 0, &r), ERR_FORMAT);
	r.prompt = S("");
	assert_err(engine_submit(s.engine, 0, &r), ERR_FORMAT);
	assert_err(engine_detokenize(s.engine, &text, &outside, 1), ERR_FORMAT);
	r = greedy(S("a"), 1);
	r.is_only_read = true;
	assert_err(engine_submit(s.engine, 0, &r), ERR_FORMAT);
	assert_true(engine_is_idle(s.engine));
}

static void a_token_to_stop_at_ends_without_a_trace(void **state)
{
	AUTO(setup_close) struct setup s;
	struct engine_request r = greedy(S("Once upon"), 40);
	uint32_t comma;

	(void)state;
	if (!setup_open(&s, &plain))
		skip();
	assert_ok(engine_submit(s.engine, 0, &r));
	run(&s);
	comma = s.heard[0].ids[2];
	r.stop_tokens = &comma;
	r.stop_token_count = 1;
	assert_ok(engine_submit(s.engine, 1, &r));
	run(&s);
	assert_string_equal(buf_string(&s.heard[1].text), " a time");
	assert_int_equal(s.heard[1].finish, ENGINE_STOP);
	assert_int_equal(s.heard[1].count, 3);
}

static void an_end_token_may_be_ignored_or_shown(void **state)
{
	AUTO(setup_close) struct setup s;
	struct engine_request r = greedy(S("Once upon"), 3);
	const struct sampler_bias bias = {2, 100}; /* </s> */

	(void)state;
	if (!setup_open(&s, &plain))
		skip();
	r.sampling.biases = &bias;
	r.sampling.bias_count = 1;
	r.ignores_end = true;
	assert_ok(engine_submit(s.engine, 0, &r));
	r.shows_special = true;
	assert_ok(engine_submit(s.engine, 1, &r));
	run(&s);
	assert_int_equal(s.heard[0].count, 3);
	assert_int_equal(s.heard[0].finish, ENGINE_LENGTH);
	assert_int_equal(s.heard[0].text.size, 0);
	assert_string_equal(buf_string(&s.heard[1].text), "</s></s></s>");
}

static void a_penalty_of_repetition_sees_the_prompt(void **state)
{
	AUTO(setup_close) struct setup s;
	struct engine_request r = greedy(S("Tim Tim Tim Tim"), 60);
	size_t again[2] = {0};

	(void)state;
	if (!setup_open(&s, &plain))
		skip();
	r.ignores_end = true;
	assert_ok(engine_submit(s.engine, 0, &r));
	r.sampling.penalties = (struct penalties_settings){.repetition = 2, .frequency = 2};
	assert_ok(engine_submit(s.engine, 1, &r));
	run(&s);
	for (size_t id = 0; id < 2; id++)
		for (size_t i = 0; i < 60; i++)
			for (size_t j = 0; j < i; j++)
				again[id] += s.heard[id].ids[i] == s.heard[id].ids[j];
	assert_true(2 * again[1] < again[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_echo_shows_the_prompt_and_goes_on),
		cmocka_unit_test(an_echo_weighs_what_was_written_as_it_was_written),
		cmocka_unit_test(an_echo_with_likelihoods_goes_on_writing),
		cmocka_unit_test(ids_are_a_prompt_like_their_text),
		cmocka_unit_test(an_id_that_there_is_not_is_refused),
		cmocka_unit_test(a_token_to_stop_at_ends_without_a_trace),
		cmocka_unit_test(an_end_token_may_be_ignored_or_shown),
		cmocka_unit_test(a_penalty_of_repetition_sees_the_prompt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

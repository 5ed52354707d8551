/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Engines that write by a grammar: whatever a model would like to say, what it writes is what was
 * asked for, or the beginning of it where the tokens were used up. Hot sampling of models that have
 * never seen JSON stands for a random one.
 */
#include "tests/unit/test.h"

#include "inference/format/json.h"
#include "tests/unit/inference/engine_scene.h"
#include "tests/unit/inference/grammar_scene.h"

static const struct wish {
	enum grammar_kind kind;
	const char *text;
} wishes[] = {
	{GRAMMAR_OBJECT, ""},
	{GRAMMAR_STRICT,
	 "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\",\"maxLength\":12},"
	 "\"age\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":99},\"kind\":{\"enum\":[\"cat\","
	 "\"dog\"]},\"tags\":{\"type\":\"array\",\"items\":{\"type\":\"boolean\"},\"maxItems\":3}},"
	 "\"required\":[\"name\",\"age\",\"kind\"]}"},
	{GRAMMAR_CHOICE, "[\"yes\",\"no\",\"perhaps later\"]"},
	{GRAMMAR_REGEX, "[0-9]{4}-[a-f]{2,3}"},
	{GRAMMAR_CALLS,
	 "{\"alternatives\":[{\"prefix\":\"<call>\",\"schema\":{\"type\":\"object\",\"properties\":"
	 "{"
	 "\"x\":{\"type\":\"number\",\"minimum\":0,\"maximum\":1}},\"required\":[\"x\"]},"
	 "\"suffix\":\"</call>\"}]}"},
};
enum { WISHES = sizeof wishes / sizeof *wishes };

static struct guide_request guide_of(size_t wish)
{
	return (struct guide_request){wishes[wish].kind, slice_of_string(wishes[wish].text)};
}

static struct engine_request hot(size_t wish, uint64_t seed)
{
	struct engine_request r = greedy(S("Once upon a time"), 100);

	r.sampling.temperature = 1.5;
	r.sampling.seed = seed;
	r.is_answer = true;
	r.guide = guide_of(wish);
	return r;
}

/* Whole where it ended by itself, a beginning where it was cut. */
static void check_answer(size_t wish, const struct heard *h)
{
	AUTO(grammar_auto) struct grammar *g = NULL;
	AUTO(grammar_run_auto) struct grammar_run *r = NULL;

	assert_ok(grammar_new(&g, wishes[wish].kind, guide_of(wish).text, NULL));
	r = grammar_run_new(g);
	/* A cut may leave half a character, which is shown as U+FFFD. */
	if (!grammar_run_take(r, buf_slice(&h->text)) && h->finish == ENGINE_STOP)
		fail_msg("%.*s", SLICE_PRINT(buf_slice(&h->text)));
	if (h->finish == ENGINE_STOP)
		assert_true(grammar_run_may_end(r));
	else
		assert_int_equal(h->finish, ENGINE_LENGTH);
}

static void check_json(const struct heard *h)
{
	AUTO(json_auto)
	json_t *value = json_loadb((const char *)h->text.data, h->text.size, JSON_DECODE_ANY, NULL);

	assert_non_null(value);
}

static void hear_again(struct setup *s)
{
	for (size_t i = 0; i < LISTENERS; i++) {
		buf_free(&s->heard[i].text);
		s->heard[i] = (struct heard){.text = buf_new(1 << 16)};
	}
}

/* All wishes at once, twice each, and one sequence without any between them. */
static void run_all(struct setup *s, uint64_t seed)
{
	struct engine_request plain = greedy(S("Once upon a time"), 40);

	hear_again(s);
	for (size_t i = 0; i < 2 * WISHES; i++) {
		struct engine_request r = hot(i % WISHES, seed + i);

		assert_ok(engine_submit(s->engine, i, &r));
	}
	assert_ok(engine_submit(s->engine, LISTENERS - 1, &plain));
	run(s);
}

static void check_model(const char *name)
{
	struct engine_options options = {.memory_budget_bytes = BUDGET, .sequences = 8};
	AUTO(setup_close) struct setup s;
	AUTO(buf_free) struct buf plain = buf_new(1 << 16);
	size_t whole = 0;

	if (!setup_open_model(&s, name, &options))
		return;
	for (uint64_t seed = 0; seed < 3; seed++) {
		run_all(&s, 100 * seed);
		for (size_t i = 0; i < 2 * WISHES; i++) {
			check_answer(i % WISHES, &s.heard[i]);
			whole += s.heard[i].finish == ENGINE_STOP;
			if (i % WISHES == 1 && s.heard[i].finish == ENGINE_STOP)
				check_json(&s.heard[i]);
		}
		/* What others must write changes nothing for who is free. */
		if (seed > 0)
			assert_slice(buf_slice(&s.heard[LISTENERS - 1].text), buf_string(&plain));
		buf_reset(&plain);
		buf_write(&plain, buf_slice(&s.heard[LISTENERS - 1].text));
	}
	assert_true(whole >= 18); /* choices, expressions and calls end by themselves */
}

static void every_model_writes_what_is_asked_for(void **state)
{
	/* SentencePiece with byte fallback, and byte-level. */
	static const char *const models[] = {"models/stories260K", "models/hf-trained-here/gpt2",
					     "models/hf-trained-here/qwen2",
					     "models/hf-trained-here/bloom"};
	(void)state;

	for (size_t i = 0; i < sizeof models / sizeof *models; i++)
		check_model(models[i]);
}

static bool open_demo(struct setup *s)
{
	struct engine_options options = {.memory_budget_bytes = BUDGET};

	memset(s, 0, sizeof *s);
	folder_init(&s->folder, "data/demo-model");
	hear_again(s);
	return engine_open(&s->engine, &s->folder.files, &options) == OK;
}

static void the_same_seed_writes_the_same(void **state)
{
	AUTO(setup_close) struct setup s;
	struct engine_request r = hot(1, 7);
	(void)state;

	assert_true(open_demo(&s));
	for (uint64_t id = 0; id < 3; id++) { /* the second and third find all states made */
		assert_ok(engine_submit(s.engine, id, &r));
		run(&s);
	}
	assert_int_equal(s.heard[0].finish, ENGINE_STOP);
	assert_slice(buf_slice(&s.heard[1].text), buf_string(&s.heard[0].text));
	assert_slice(buf_slice(&s.heard[2].text), buf_string(&s.heard[0].text));
}

static void greedy_bias_and_alternatives_keep_to_the_grammar(void **state)
{
	AUTO(setup_close) struct setup s;
	struct sampler_bias biases[200];
	struct engine_request r = greedy(S("Hello"), 60);
	(void)state;

	assert_true(open_demo(&s));
	for (uint32_t i = 0; i < 200; i++)
		biases[i] = (struct sampler_bias){3 * i, 100};
	r.guide = guide_of(2);
	r.sampling.biases = biases;
	r.sampling.bias_count = 200;
	r.sampling.top_logprobs = 20;
	r.is_answer = true;
	assert_ok(engine_submit(s.engine, 0, &r));
	run(&s);
	check_answer(2, &s.heard[0]);
	assert_int_equal(s.heard[0].finish, ENGINE_STOP);
	assert_true(s.heard[0].last.top_count < 20); /* those that could not come are none */
	for (size_t i = 0; i < s.heard[0].last.top_count; i++)
		assert_true(s.heard[0].last.top[i].logprob > -9999);
}

static void an_answer_that_is_cut_says_so(void **state)
{
	AUTO(setup_close) struct setup s;
	struct engine_request r = hot(1, 3);
	(void)state;

	assert_true(open_demo(&s));
	r.max_tokens = 5;
	assert_ok(engine_submit(s.engine, 0, &r));
	run(&s);
	assert_int_equal(s.heard[0].finish, ENGINE_LENGTH);
	assert_int_equal(s.heard[0].count, 5);
}

static void a_grammar_that_is_none_is_refused_at_once(void **state)
{
	AUTO(setup_close) struct setup s;
	struct engine_request r = hot(0, 1);
	(void)state;

	assert_true(open_demo(&s));
	r.guide = (struct guide_request){GRAMMAR_STRICT, S("{\"uniqueItems\":true}")};
	assert_err(engine_submit(s.engine, 0, &r), ERR_UNSUPPORTED);
	assert_non_null(strstr(failure_text(), "#/uniqueItems"));
}

/* Its Unigram vocabulary has no brace, and no bytes to fall back to. */
static void a_model_writes_what_it_has_tokens_for(void **state)
{
	struct engine_options options = {.memory_budget_bytes = BUDGET};
	struct setup s;
	struct engine_request r = hot(0, 1);
	(void)state;

	if (!setup_open_model(&s, "models/hf-trained-here/t5", &options))
		skip();
	assert_err(engine_submit(s.engine, 0, &r), ERR_UNSUPPORTED);
	assert_non_null(strstr(failure_text(), "no token of this model"));
	r = hot(2, 1);
	assert_ok(engine_submit(s.engine, 0, &r));
	run(&s);
	check_answer(2, &s.heard[0]);
	assert_int_equal(s.heard[0].finish, ENGINE_STOP);
	setup_close(&s);
}

static void idle_grammars_go_and_those_in_use_stay(void **state)
{
	AUTO(setup_close) struct setup s;
	char source[64];
	(void)state;

	assert_true(open_demo(&s));
	for (int round = 0; round < 4; round++) {
		hear_again(&s);
		for (uint64_t id = 0; id < LISTENERS; id++) {
			struct engine_request r = hot(0, id);

			snprintf(source, sizeof source, "[a-z]{%d}", 1 + 12 * round + (int)id);
			r.guide = (struct guide_request){GRAMMAR_REGEX, slice_of_string(source)};
			assert_ok(engine_submit(s.engine, id, &r));
			if (id % 4 == 3)
				assert_ok(engine_cancel(s.engine, id, on_event, &s));
		}
		run(&s);
		for (uint64_t id = 0; id < LISTENERS; id++)
			if (id % 4 != 3)
				assert_int_equal(s.heard[id].text.size, 1 + 12 * round + (int)id);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_model_writes_what_is_asked_for),
		cmocka_unit_test(the_same_seed_writes_the_same),
		cmocka_unit_test(greedy_bias_and_alternatives_keep_to_the_grammar),
		cmocka_unit_test(an_answer_that_is_cut_says_so),
		cmocka_unit_test(a_grammar_that_is_none_is_refused_at_once),
		cmocka_unit_test(a_model_writes_what_it_has_tokens_for),
		cmocka_unit_test(idle_grammars_go_and_those_in_use_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler over a real model: whose turn it is, who gives way, what is shared; and that none
 * of it changes a bit of what is written. */
#include "tests/unit/test.h"

#include "inference/batch.h"
#include "inference/lookup.h"
#include "tests/unit/inference/files.h"

#define MODEL "models/stories260K"

enum { BUDGET = 64 << 20, MOST = 160, SEQUENCES = 400, PROMPT = 100, VOCABULARY = 512 };

struct written {
	uint32_t ids[MOST];
	float logprobs[MOST];
	size_t count;
	size_t cached;
	uint64_t first_step; /* in which its first token came */
};

struct scene {
	struct folder folder;
	struct config config;
	struct model *model;
	struct compute *compute;
	struct batch *batch;
	uint64_t step;
	struct written written[SEQUENCES];
};

/* `pages`: more than one full sequence needs; 0: for all. */
static bool scene_open(struct scene *s, const struct batch_options *wanted, size_t pages)
{
	struct batch_options options = *wanted;
	struct weight_source *config;
	size_t least, most;
	char path[400];

	memset(s, 0, sizeof *s);
	if (!shared_path(path, sizeof path, MODEL "/model.safetensors"))
		return false;
	*strrchr(path, '/') = '\0';
	folder_init(&s->folder, path);
	assert_ok(s->folder.files.find(&s->folder.files, "config.json", &config));
	assert_ok(config_parse(&s->config, slice_of(config->context, config->size)));
	assert_ok(model_open(&s->model, &s->folder.files, &s->config,
			     &(struct model_options){.budget_bytes = BUDGET}));
	assert_ok(compute_new(&s->compute, &operators_onednn, 1));
	if (options.context == 0)
		options.context = s->config.context;
	batch_memory_needed(&least, &most, &s->config, &options, 1);
	options.budget_bytes = pages ? least + pages * kvcache_page_bytes(&s->config) : most;
	assert_ok(batch_new(&s->batch, s->model, s->compute, &options));
	return true;
}

static void scene_close(struct scene *s)
{
	batch_free(s->batch);
	compute_free(s->compute);
	model_free(s->model);
	folder_free(&s->folder);
}

static enum batch_verdict on_token(void *context, uint64_t id, const struct sample *sample,
				   size_t cached)
{
	struct scene *s = context;
	struct written *w = &s->written[id];

	if (w->count == 0)
		w->first_step = s->step;
	w->cached = cached;
	w->logprobs[w->count] = sample->chosen.logprob;
	w->ids[w->count++] = sample->chosen.token;
	return BATCH_GO_ON;
}

static void step(struct scene *s)
{
	s->step++;
	assert_ok(batch_step(s->batch, on_token, s));
}

static void run(struct scene *s)
{
	while (!batch_is_idle(s->batch))
		step(s);
}

static uint32_t next_random(uint64_t *x)
{
	*x = *x * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*x >> 33);
}

/* What is asked for in a test: tokens of a text that depends on `kind` only. */
static struct batch_request asking(uint32_t *tokens, uint64_t kind, size_t prompt, size_t max)
{
	struct batch_request r = {.tokens = tokens,
				  .token_count = prompt,
				  .max_tokens = max,
				  .is_fixed = true,
				  .sampling = {.top_p = 1, .temperature = 1, .seed = kind}};

	for (size_t i = 0; i < prompt; i++)
		tokens[i] = 3 + next_random(&kind) % (VOCABULARY - 3);
	return r;
}

static void own(struct batch_request *r, uint8_t payer, enum fair_priority priority)
{
	r->owner = (struct batch_owner){.priority = priority};
	memset(r->owner.payer, payer, sizeof r->owner.payer);
}

static struct batch_counts counts_of(const struct scene *s)
{
	struct batch_counts counts;

	batch_count(s->batch, &counts);
	return counts;
}

static void same(const struct written *a, const struct written *b)
{
	assert_int_equal(a->count, b->count);
	assert_memory_equal(a->ids, b->ids, a->count * sizeof *a->ids);
	assert_memory_equal(a->logprobs, b->logprobs, a->count * sizeof *a->logprobs);
}

static void a_long_prompt_holds_nobody_up_for_more_than_a_chunk(void **state)
{
	static struct scene s;
	const struct batch_options options = {.sequences = 4, .chunk = 32};
	uint32_t tokens[400];
	struct batch_request r = asking(tokens, 1, 5, 60);
	uint64_t rows;

	(void)state;
	if (!scene_open(&s, &options, 0))
		skip();
	assert_ok(batch_add(s.batch, 0, &r));
	step(&s);
	r = asking(tokens, 2, 400, 8);
	assert_ok(batch_add(s.batch, 1, &r));
	while (s.written[1].count == 0) {
		size_t before = s.written[0].count;

		rows = counts_of(&s).rows;
		step(&s);
		assert_int_equal(s.written[0].count, before + 1);
		assert_true(counts_of(&s).rows - rows <= 1 + 32);
	}
	assert_int_equal(s.step, 1 + 13); /* 400 tokens by 32 */
	run(&s);
	scene_close(&s);
}

/* Nine of them, of which two or three have room to the end. */
static void ask_nine(struct scene *s)
{
	for (uint64_t i = 0; i < 9; i++) {
		uint32_t tokens[PROMPT];
		struct batch_request r = asking(tokens, i, 40 + 5 * i, 90);

		own(&r, (uint8_t)(1 + i % 3), FAIR_NORMAL);
		if (i % 2)
			r.sampling.penalties.frequency = 0.5;
		assert_ok(batch_add(s->batch, i, &r));
	}
	run(s);
}

static void who_gives_way_goes_on_as_if_nothing_had_been(void **state)
{
	static struct scene narrow, wide;
	const struct batch_options options = {.sequences = 9, .context = 190};

	(void)state;
	if (!scene_open(&narrow, &options, 9) || !scene_open(&wide, &options, 0))
		skip();
	ask_nine(&wide);
	ask_nine(&narrow);
	assert_int_equal(counts_of(&wide).preempted, 0);
	assert_true(counts_of(&narrow).preempted > 0);
	for (size_t i = 0; i < 9; i++) {
		assert_int_equal(narrow.written[i].count, 90);
		same(&wide.written[i], &narrow.written[i]);
	}
	scene_close(&narrow);
	scene_close(&wide);
}

static void the_lowest_priority_gives_way_first(void **state)
{
	static struct scene s;
	const struct batch_options options = {.sequences = 3, .context = 160};
	uint64_t last[3] = {0};

	(void)state;
	if (!scene_open(&s, &options, 3))
		skip();
	for (uint64_t i = 0; i < 3; i++) {
		static const enum fair_priority priorities[] = {FAIR_LOW, FAIR_HIGH, FAIR_NORMAL};
		uint32_t tokens[PROMPT];
		struct batch_request r = asking(tokens, i, 20, 130);

		own(&r, (uint8_t)(1 + i), priorities[i]);
		assert_ok(batch_add(s.batch, i, &r));
	}
	while (!batch_is_idle(s.batch)) {
		step(&s);
		for (size_t i = 0; i < 3; i++)
			if (s.written[i].count == 130 && !last[i])
				last[i] = s.step;
	}
	assert_true(counts_of(&s).preempted > 0);
	assert_true(last[1] < last[2] && last[2] < last[0]);
	scene_close(&s);
}

static void who_comes_with_one_need_not_wait_for_anothers_hundred(void **state)
{
	static struct scene s;
	const struct batch_options options = {.sequences = 4};
	uint32_t tokens[PROMPT];
	struct batch_request r;

	(void)state;
	if (!scene_open(&s, &options, 0))
		skip();
	for (uint64_t i = 0; i < 100; i++) {
		r = asking(tokens, i, 10, 50);
		own(&r, 1, FAIR_NORMAL);
		assert_ok(batch_add(s.batch, i, &r));
	}
	for (size_t i = 0; i < 20; i++)
		step(&s);
	r = asking(tokens, 100, 10, 50);
	own(&r, 2, FAIR_NORMAL);
	assert_ok(batch_add(s.batch, 100, &r));
	run(&s);
	assert_true(s.written[100].first_step <= 22);
	for (size_t i = 0; i <= 100; i++)
		assert_int_equal(s.written[i].count, 50);
	scene_close(&s);
}

/* Two payers who want more than there is: each has half, whoever asks for more at a time. */
static void payers_share_by_tokens_and_not_by_sequences(void **state)
{
	static struct scene s;
	const struct batch_options options = {.sequences = 4};
	uint64_t tokens_of[2] = {0};

	(void)state;
	if (!scene_open(&s, &options, 0))
		skip();
	for (uint64_t i = 0; i < 200; i++) {
		uint32_t tokens[PROMPT];
		bool is_second = i >= 150;
		struct batch_request r = asking(tokens, i, is_second ? 60 : 6, 20);

		own(&r, is_second ? 2 : 1, FAIR_NORMAL);
		assert_ok(batch_add(s.batch, i, &r));
	}
	for (size_t i = 0; i < 250; i++)
		step(&s);
	for (size_t i = 0; i < 200; i++)
		tokens_of[i >= 150] += s.written[i].count +
				       (s.written[i].count ? i >= 150 ? 60 : 6 : 0);
	assert_true(tokens_of[0] * 10 > tokens_of[1] * 7 && tokens_of[1] * 10 > tokens_of[0] * 7);
	scene_close(&s);
}

/* One that has read `prompt` tokens, and how many went through the model for it. */
static uint64_t ask_again(struct scene *s, uint64_t id, const struct batch_request *r)
{
	uint64_t rows = counts_of(s).rows;

	assert_ok(batch_add(s->batch, id, r));
	run(s);
	return counts_of(s).rows - rows;
}

static void a_prompt_is_read_once_for_the_same_license_and_for_no_other(void **state)
{
	static struct scene s;
	const struct batch_options options = {.sequences = 4, .secret = 42};
	uint32_t tokens[PROMPT];
	struct batch_request r = asking(tokens, 7, PROMPT, 1);

	(void)state;
	if (!scene_open(&s, &options, 0))
		skip();
	own(&r, 1, FAIR_NORMAL);
	assert_int_equal(ask_again(&s, 0, &r), PROMPT);
	assert_int_equal(s.written[0].cached, 0);
	assert_int_equal(ask_again(&s, 1, &r), PROMPT - 96); /* three pages */
	assert_int_equal(s.written[1].cached, 96);
	same(&s.written[0], &s.written[1]);
	own(&r, 2, FAIR_NORMAL);
	assert_int_equal(ask_again(&s, 2, &r), PROMPT);
	assert_int_equal(s.written[2].cached, 0);
	own(&r, 1, FAIR_NORMAL);
	r.is_fixed = false; /* made by other kernels */
	assert_int_equal(ask_again(&s, 3, &r), PROMPT);
	own(&r, 0, FAIR_NORMAL); /* nobody's */
	assert_int_equal(ask_again(&s, 4, &r), PROMPT);
	assert_int_equal(ask_again(&s, 5, &r), PROMPT);
	own(&r, 1, FAIR_NORMAL);
	r.is_fixed = true;
	tokens[40] ^= 1; /* the second page is another, and so is what follows it */
	assert_int_equal(ask_again(&s, 6, &r), PROMPT - 32);
	scene_close(&s);
}

static void what_was_written_is_kept_for_the_next_turn(void **state)
{
	static struct scene s;
	const struct batch_options options = {.sequences = 4};
	uint32_t tokens[PROMPT];
	struct batch_request r = asking(tokens, 8, 20, 60);

	(void)state;
	if (!scene_open(&s, &options, 0))
		skip();
	own(&r, 1, FAIR_NORMAL);
	assert_int_equal(ask_again(&s, 0, &r), 79); /* the last token is not read */
	memcpy(tokens + 20, s.written[0].ids, 60 * sizeof *tokens);
	r.token_count = 80;
	r.max_tokens = 1;
	assert_int_equal(ask_again(&s, 1, &r), 80 - 64);
	assert_int_equal(s.written[1].cached, 64);
	scene_close(&s);
}

static void what_is_forgotten_is_not_found_again(void **state)
{
	static struct scene s;
	const struct batch_options options = {.sequences = 4};
	uint32_t tokens[PROMPT];
	struct batch_request r = asking(tokens, 9, PROMPT, 50);
	const uint8_t first[FAIR_ID] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
	size_t pages;

	(void)state;
	if (!scene_open(&s, &options, 0))
		skip();
	pages = kvcache_pages_free(batch_cache(s.batch));
	for (uint8_t i = 1; i <= 2; i++) {
		own(&r, i, FAIR_NORMAL);
		assert_ok(batch_add(s.batch, i, &r));
	}
	run(&s);
	assert_true(kvcache_pages_free(batch_cache(s.batch)) < pages - 4);
	own(&r, 1, FAIR_NORMAL);
	assert_ok(batch_add(s.batch, 3, &r)); /* one that runs on what is forgotten, goes on */
	step(&s);
	batch_forget_payer(s.batch, first);
	run(&s);
	same(&s.written[1], &s.written[3]);
	assert_int_equal(ask_again(&s, 4, &r), PROMPT + 49);
	own(&r, 2, FAIR_NORMAL);
	assert_int_equal(ask_again(&s, 5, &r), PROMPT + 49 - 96);
	batch_forget_payer(s.batch, first);
	batch_forget_payer(s.batch, r.owner.payer);
	assert_int_equal(kvcache_pages_free(batch_cache(s.batch)), pages);
	scene_close(&s);
}

/* A text that repeats itself, and one that does not. */
static void guesses_change_nothing_but_the_number_of_passes(void **state)
{
	static struct scene guessing, plain;
	struct batch_options options = {.sequences = 4};

	(void)state;
	if (!scene_open(&plain, &options, 0))
		skip();
	options.is_guessing = true;
	assert_true(scene_open(&guessing, &options, 0));
	for (uint64_t i = 0; i < 6; i++) {
		uint32_t tokens[PROMPT];
		struct batch_request r = asking(tokens, i, 48, 100);

		for (size_t k = 12; k < 48 && i % 2; k++)
			tokens[k] = tokens[k - 12];
		r.sampling.temperature = i < 2 ? 0 : i < 4 ? 0.3 : 1;
		r.sampling.penalties.repetition = i == 5 ? 1.1 : 1;
		assert_ok(batch_add(plain.batch, i, &r));
		assert_ok(batch_add(guessing.batch, i, &r));
	}
	run(&plain);
	run(&guessing);
	for (size_t i = 0; i < 6; i++)
		same(&plain.written[i], &guessing.written[i]);
	assert_true(counts_of(&guessing).right > 0);
	assert_true(guessing.step < plain.step);
	assert_int_equal(counts_of(&plain).guessed, 0);
	scene_close(&plain);
	scene_close(&guessing);
}

static void who_guesses_wrong_guesses_less(void **state)
{
	const uint32_t tokens[] = {1, 2, 3, 4, 5, 9, 9, 2, 3, 4};
	struct lookup l = {0};
	uint32_t out[LOOKUP_MOST];
	size_t tried = 0;

	(void)state;
	assert_int_equal(lookup_guess(&l, out, tokens, 10, 2), 2);
	assert_int_equal(out[0], 5);
	assert_int_equal(out[1], 9);
	assert_int_equal(lookup_guess(&l, out, tokens, 9, 9), LOOKUP_MOST); /* 4 5 9 9 */
	assert_int_equal(lookup_guess(&l, out, tokens, 5, 2), 0); /* nothing comes again */
	for (size_t i = 0; i < 1000; i++) {
		if (lookup_guess(&l, out, tokens, 10, 2) == 0)
			continue;
		tried++;
		lookup_learn(&l, 2, 0);
	}
	assert_true(tried > 5 && tried < 15);
}

/* One wrong guess of four costs one row the next time, not four; each right one brings more. */
static void who_guesses_wrong_guesses_fewer_at_a_time(void **state)
{
	const uint32_t tokens[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3};
	struct lookup l = {0};
	uint32_t out[LOOKUP_MOST];

	(void)state;
	assert_int_equal(lookup_guess(&l, out, tokens, 12, 9), LOOKUP_MOST);
	lookup_learn(&l, LOOKUP_MOST, 2);
	assert_int_equal(lookup_guess(&l, out, tokens, 12, 9), 2);
	lookup_learn(&l, 2, 0);
	while (lookup_guess(&l, out, tokens, 12, 9) == 0)
		continue;
	lookup_learn(&l, 1, 1);
	assert_int_equal(lookup_guess(&l, out, tokens, 12, 9), 2);
	lookup_learn(&l, 2, 2);
	assert_int_equal(lookup_guess(&l, out, tokens, 12, 9), LOOKUP_MOST);
}

static void thousands_at_once_are_refused_beyond_the_ceiling(void **state)
{
	static struct scene s;
	const struct batch_options options = {.sequences = 8};
	size_t taken = 0;

	(void)state;
	if (!scene_open(&s, &options, 0))
		skip();
	for (uint64_t i = 0; i < 3000; i++) {
		uint32_t tokens[PROMPT];
		struct batch_request r = asking(tokens, i, 4, 2);
		enum err result = batch_add(s.batch, i, &r);

		assert_true(result == OK || result == ERR_UNAVAILABLE);
		taken += result == OK;
	}
	assert_int_equal(taken, BATCH_MAX_WAITING);
	run(&s);
	for (size_t i = 0; i < taken; i++)
		assert_int_equal(s.written[i].count, 2);
	scene_close(&s);
}

/* Requests that share beginnings, come at random, and some of which are sent away. */
static void come_at_random(struct scene *s, uint64_t seed, bool is_alone)
{
	for (uint64_t i = 0; i < 60; i++) {
		uint32_t tokens[PROMPT];
		struct batch_request r = asking(tokens, i % 5, 20 + i % 70, 10 + i % 60);

		r.sampling.seed = i;
		r.sampling.temperature = i % 4 ? 1 : 0;
		own(&r, (uint8_t)(1 + i % 4), (enum fair_priority)(i % 3));
		if (r.token_count > 64)
			tokens[70] = 3 + (uint32_t)i;
		assert_ok(batch_add(s->batch, i, &r));
		if (is_alone)
			run(s);
		while (!is_alone && next_random(&seed) % 3)
			step(s);
		if (!is_alone && next_random(&seed) % 8 == 0) {
			uint64_t other = 300 + i;

			assert_ok(batch_add(s->batch, other, &r));
			step(s);
			if (batch_remove(s->batch, other) != OK)
				assert_true(s->written[other].count > 0);
		}
	}
	run(s);
}

static void whatever_happens_to_a_sequence_its_bits_are_those_it_has_alone(void **state)
{
	static struct scene alone, together;
	struct batch_options options = {.sequences = 12, .context = 190, .chunk = 24};

	(void)state;
	if (!scene_open(&alone, &options, 0))
		skip();
	come_at_random(&alone, 0, true);
	options.is_guessing = true;
	for (uint64_t seed = 1; seed < 4; seed++) {
		struct batch_counts counts;

		assert_true(scene_open(&together, &options, 6));
		come_at_random(&together, seed, false);
		for (size_t i = 0; i < 60; i++)
			same(&alone.written[i], &together.written[i]);
		counts = counts_of(&together);
		assert_true(counts.preempted > 0 && counts.cached > 0 && counts.guessed > 0);
		scene_close(&together);
	}
	scene_close(&alone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_long_prompt_holds_nobody_up_for_more_than_a_chunk),
		cmocka_unit_test(who_gives_way_goes_on_as_if_nothing_had_been),
		cmocka_unit_test(the_lowest_priority_gives_way_first),
		cmocka_unit_test(who_comes_with_one_need_not_wait_for_anothers_hundred),
		cmocka_unit_test(payers_share_by_tokens_and_not_by_sequences),
		cmocka_unit_test(a_prompt_is_read_once_for_the_same_license_and_for_no_other),
		cmocka_unit_test(what_was_written_is_kept_for_the_next_turn),
		cmocka_unit_test(what_is_forgotten_is_not_found_again),
		cmocka_unit_test(guesses_change_nothing_but_the_number_of_passes),
		cmocka_unit_test(who_guesses_wrong_guesses_less),
		cmocka_unit_test(who_guesses_wrong_guesses_fewer_at_a_time),
		cmocka_unit_test(thousands_at_once_are_refused_beyond_the_ceiling),
		cmocka_unit_test(whatever_happens_to_a_sequence_its_bits_are_those_it_has_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

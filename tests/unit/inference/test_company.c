/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does an answer depend on who else is served? Requests come at random into one engine, in some
 * orders (SALLYPORT_SEEDS: how many); each is held against what it wrote alone.
 */
#include "tests/unit/test.h"

#include "inference/engine.h"
#include "tests/unit/inference/files.h"

enum { BUDGET = 256 << 20, REQUESTS = 10, SEEDS = 1, MOST = 128 };

/* What one of them wrote. */
struct answer {
	uint32_t ids[MOST];
	float logprobs[MOST];
	float margins[MOST]; /* between the two likeliest */
	size_t count;
};

struct scene {
	struct folder folder;
	struct engine *engine;
	struct answer answers[REQUESTS + 1]; /* the last is one that is canceled */
};

static void on_event(void *context, const struct engine_event *event)
{
	struct scene *s = context;
	struct answer *a = &s->answers[event->id];

	if (!event->sample)
		return;
	a->ids[a->count] = event->sample->chosen.token;
	a->logprobs[a->count] = event->sample->chosen.logprob;
	a->margins[a->count] = event->sample->top[0].logprob - event->sample->top[1].logprob;
	a->count++;
}

static bool scene_open(struct scene *s, const char *model, unsigned threads)
{
	struct engine_options options = {.memory_budget_bytes = BUDGET, .threads = threads};
	char path[400];
	char name[100];

	memset(s, 0, sizeof *s);
	snprintf(name, sizeof name, "models/%s/model.safetensors", model);
	if (!shared_path(path, sizeof path, name))
		return false;
	*strrchr(path, '/') = '\0';
	folder_init(&s->folder, path);
	assert_ok(engine_open(&s->engine, &s->folder.files, &options));
	return true;
}

static void scene_close(struct scene *s)
{
	engine_close(s->engine);
	folder_free(&s->folder);
}

static uint64_t seeds(void)
{
	const char *wanted = getenv("SALLYPORT_SEEDS");

	return wanted ? strtoull(wanted, NULL, 10) : SEEDS;
}

static uint32_t next_random(uint64_t *x)
{
	*x = *x * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*x >> 33);
}

/* From a few tokens to dozens, so that reading and writing meet in one step. */
static void submit(struct scene *s, size_t i, bool is_fixed)
{
	static const char *const words[] = {"Once upon a time, ", "The cat ", "Lily said. ",
					    "A big red ball and ", "Tim was sad. "};
	AUTO(buf_free) struct buf prompt = buf_new(4096);
	struct engine_request r = {.max_tokens = (uint32_t)(8 + 2 * i),
				   .is_fixed = is_fixed,
				   .ignores_end = true,
				   .sampling = {.top_p = 1, .top_logprobs = 2, .seed = i}};

	for (size_t k = 0; k < 1 + i / 2; k++)
		buf_write_string(&prompt, words[(i + k) % 5]);
	if (is_fixed && i % 2) /* of bits that are the same, even what is drawn is the same */
		r.sampling.temperature = 1;
	r.prompt = buf_slice(&prompt);
	assert_ok(engine_submit(s->engine, i, &r));
}

static void run_alone(struct scene *s, bool is_fixed)
{
	for (size_t i = 0; i < REQUESTS; i++) {
		submit(s, i, is_fixed);
		while (!engine_is_idle(s->engine))
			assert_ok(engine_step(s->engine, on_event, s));
	}
}

/* In a random order, with steps in between, and another that comes and is sent away. */
static void run_together(struct scene *s, bool is_fixed, uint64_t seed)
{
	size_t order[REQUESTS], sent = 0;

	memset(s->answers, 0, sizeof s->answers);
	for (size_t i = 0; i < REQUESTS; i++) {
		size_t j = next_random(&seed) % (i + 1);

		order[i] = order[j];
		order[j] = i;
	}
	submit(s, REQUESTS, false);
	while (sent < REQUESTS || !engine_is_idle(s->engine)) {
		if (sent < REQUESTS && next_random(&seed) % 3)
			submit(s, order[sent++], is_fixed);
		if (next_random(&seed) % 3)
			assert_ok(engine_step(s->engine, on_event, s));
		if (sent == REQUESTS / 2 && engine_cancel(s->engine, REQUESTS, on_event, s) == OK)
			s->answers[REQUESTS].count = 0;
	}
}

/* How many tokens the same greedy answers have; from a near tie on they may part. */
static size_t compare_greedy(const struct answer *alone, const struct answer *together)
{
	assert_int_equal(alone->count, together->count);
	for (size_t i = 0; i < alone->count; i++) {
		if (alone->ids[i] == together->ids[i])
			continue;
		assert_true(alone->margins[i] <= 1e-3f);
		return i;
	}
	return alone->count;
}

static void compare_bits(const struct answer *alone, const struct answer *together)
{
	assert_int_equal(alone->count, together->count);
	assert_memory_equal(alone->ids, together->ids, alone->count * sizeof(uint32_t));
	assert_memory_equal(alone->logprobs, together->logprobs, alone->count * sizeof(float));
	assert_memory_equal(alone->margins, together->margins, alone->count * sizeof(float));
}

static const char *const models[] = {"stories260K", "hf-trained-here/gpt2", "hf-trained-here/qwen2",
				     "hf-trained-here/bloom"};

static void greedy_answers_are_the_same_in_any_company(void **state)
{
	static struct scene alone, together;

	(void)state;
	for (size_t m = 0; m < sizeof models / sizeof *models; m++) {
		size_t same = 0, all = 0;

		if (!scene_open(&alone, models[m], 1) || !scene_open(&together, models[m], 2))
			skip();
		run_alone(&alone, false);
		for (uint64_t seed = 0; seed < seeds(); seed++) {
			run_together(&together, false, seed);
			for (size_t i = 0; i < REQUESTS; i++) {
				same += compare_greedy(&alone.answers[i], &together.answers[i]);
				all += alone.answers[i].count;
			}
		}
		assert_true(same > all * 9 / 10); /* near ties are the exception */
		scene_close(&alone);
		scene_close(&together);
	}
}

static void fixed_answers_are_the_same_bit_for_bit(void **state)
{
	static struct scene alone, together;

	(void)state;
	for (size_t m = 0; m < sizeof models / sizeof *models; m++) {
		if (!scene_open(&alone, models[m], 1) || !scene_open(&together, models[m], 2))
			skip();
		run_alone(&alone, true);
		for (uint64_t seed = 100; seed < 100 + seeds(); seed++) {
			run_together(&together, true, seed);
			for (size_t i = 0; i < REQUESTS; i++)
				compare_bits(&alone.answers[i], &together.answers[i]);
		}
		scene_close(&alone);
		scene_close(&together);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(greedy_answers_are_the_same_in_any_company),
		cmocka_unit_test(fixed_answers_are_the_same_bit_for_bit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

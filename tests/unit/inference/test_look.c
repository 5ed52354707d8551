/* SPDX-License-Identifier: Apache-2.0 */
/* Looking into a model: what is seen is the same in company, over several passes, and reduced; that
 * it is what PyTorch has is shown by tests/integration/internals.test.mjs. */
#include "tests/unit/test.h"

#include "tests/unit/inference/reading.h"

enum { LONG = 700, LAST = LONG - 1 };

/* What one look has brought. */
struct sight {
	float *values[LOOK_MAX_ASKS];
	size_t counts[LOOK_MAX_ASKS];
	size_t results;
};

static void on_sight(void *context, const struct engine_result *result)
{
	struct sight *s = context;

	assert_true(result->is_end && result->is_input_end);
	for (size_t i = 0; i < look_count(result->look); i++) {
		const struct look_tensor *t = look_tensor(result->look, i);

		s->counts[i] = t->count;
		s->values[i] = calloc(t->count, sizeof(float));
		memcpy(s->values[i], t->values, t->count * sizeof(float));
	}
	s->results++;
}

static void sight_clear(struct sight *s)
{
	for (size_t i = 0; i < LOOK_MAX_ASKS; i++)
		free(s->values[i]);
	*s = (struct sight){0};
}

static enum err begin(struct scene *s, struct sight *sight, uint64_t id, const uint32_t *ids,
		      size_t count, const struct look_ask *asks, size_t ask_count)
{
	AUTO(token_list_free) struct token_list tokens = {0};
	const struct engine_looking looking = {.input = {.ids = ids, .id_count = count},
					       .asks = asks,
					       .ask_count = ask_count,
					       .reads = ask_count,
					       .on_result = on_sight,
					       .context = sight};

	return engine_look(s->engine, id, &looking, &tokens);
}

static void see(struct scene *s, struct sight *sight, const uint32_t *ids, size_t count,
		const struct look_ask *asks, size_t ask_count)
{
	sight_clear(sight);
	assert_ok(begin(s, sight, 1, ids, count, asks, ask_count));
	run(s);
	assert_int_equal(sight->results, 1);
}

static void lengthen(struct folder *f)
{
	AUTO(json_auto) json_t *root = folder_json(f, "config.json");

	json_object_set_new(root, "max_position_embeddings", json_integer(1024));
	folder_replace_json(f, "config.json", root);
}

static float norm(const float *values)
{
	double sum = 0;

	for (size_t i = 0; i < WIDTH; i++)
		sum += (double)values[i] * (double)values[i];
	return (float)sqrt(sum);
}

static void close_to(const float *a, const float *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_true(fabsf(a[i] - b[i]) <= 1e-4f * (1 + fabsf(b[i])));
}

/* More rows than a pass has: what is far behind is put where it belongs. */
static void a_long_text_is_seen_over_several_passes(void **state)
{
	static uint32_t ids[LONG];
	static const struct look_range late = {600, 601, false}, early = {10, 11, false};
	static const uint16_t head[] = {2};
	const struct look_ask asks[] = {
		{.at = S("blocks.1.hook_resid_post")},
		{.at = S("blocks.1.hook_resid_post"), .reduce = LOOK_MEAN},
		{.at = S("blocks.1.hook_resid_post"), .reduce = LOOK_NORM},
		{.at = S("blocks.2.attn.hook_pattern"),
		 .ranges = &late,
		 .range_count = 1,
		 .heads = head,
		 .head_count = 1},
		{.at = S("blocks.1.hook_resid_post"), .ranges = &late, .range_count = 1},
		{.at = S("blocks.1.hook_resid_post"), .ranges = &early, .range_count = 1},
	};
	AUTO(scene_close) struct scene s;
	AUTO(sight_clear) struct sight whole = {0}, part = {0};
	float mean[WIDTH] = {0};
	double sum = 0;

	(void)state;
	if (!scene_find(&s, "qwen2"))
		skip();
	lengthen(&s.folder);
	scene_start(&s, &usual);
	for (uint32_t i = 0; i < LONG; i++)
		ids[i] = 5 + i * 37 % 900;
	see(&s, &whole, ids, LONG, asks, 6);
	assert_int_equal(whole.counts[0], (size_t)LONG * WIDTH);
	for (size_t i = 0; i < LONG; i++)
		for (size_t k = 0; k < WIDTH; k++)
			mean[k] += whole.values[0][i * WIDTH + k] / LONG;
	close_to(whole.values[1], mean, WIDTH);
	assert_true(fabsf(whole.values[2][LAST] - norm(whole.values[0] + LAST * WIDTH)) < 1e-3f);
	for (size_t i = 0; i < LONG; i++)
		sum += whole.values[3][i];
	assert_true(fabs(sum - 1) < 1e-5);
	for (size_t i = 601; i < LONG; i++)
		assert_true(whole.values[3][i] == 0);
	close_to(whole.values[4], whole.values[0] + 600 * WIDTH, WIDTH);
	close_to(whole.values[5], whole.values[0] + 10 * WIDTH, WIDTH);
	see(&s, &part, ids, 50, asks + 5, 1); /* what comes behind changes nothing before it */
	close_to(part.values[0], whole.values[5], WIDTH);
}

/* Those who embed get their vectors, those who look what they see, whoever came first. */
static void looks_and_vectors_do_not_disturb_each_other(void **state)
{
	static struct job alone, beside;
	static const uint32_t ids[] = {5, 6, 7, 8, 9};
	const struct engine_input inputs[] = {{.ids = ids, .id_count = 5},
					      {.ids = ids + 1, .id_count = 3}};
	const struct look_ask ask = {.at = S("blocks.0.attn.hook_z")};
	AUTO(scene_close) struct scene s;
	AUTO(sight_clear) struct sight before = {0}, first = {0}, second = {0};
	struct engine_reading reading = embedding(&beside, inputs, 2);

	(void)state;
	if (!scene_find(&s, "bert"))
		skip();
	scene_start(&s, &usual);
	embed(&s, &alone, inputs, 2);
	see(&s, &before, ids, 5, &ask, 1);
	assert_ok(begin(&s, &first, 10, ids, 5, &ask, 1));
	assert_ok(engine_read(s.engine, 11, &reading));
	assert_ok(begin(&s, &second, 12, ids, 5, &ask, 1));
	run(&s);
	assert_int_equal(first.results + second.results + beside.results, 4);
	for (size_t i = 0; i < 2; i++)
		close_to(beside.values[i], alone.values[i], WIDTH);
	close_to(first.values[0], before.values[0], 5 * WIDTH);
	close_to(second.values[0], before.values[0], 5 * WIDTH);
}

static void a_cancelled_look_is_silent_and_a_bad_one_is_refused(void **state)
{
	static const uint32_t ids[] = {5, 6, 7}, wrong[] = {5, 1024};
	const struct look_ask good = {.at = S("hook_embed")};
	const struct look_ask bad[] = {good, {.at = S("blocks.9.hook_z")}};
	const struct look_ask lens = {.at = S("hook_embed"), .top = 3};
	struct look_ask many[LOOK_MAX_ASKS + 1];
	AUTO(scene_close) struct scene s;
	AUTO(sight_clear) struct sight sight = {0};

	(void)state;
	if (!scene_find(&s, "gpt2"))
		skip();
	scene_start(&s, &usual);
	assert_ok(begin(&s, &sight, 1, ids, 3, &good, 1));
	assert_err(begin(&s, &sight, 1, ids, 3, &good, 1), ERR_CONFLICT);
	engine_read_cancel(s.engine, 1);
	run(&s);
	assert_int_equal(sight.results, 0);
	assert_err(begin(&s, &sight, 1, ids, 3, bad, 2), ERR_FORMAT);
	assert_non_null(strstr(failure_text(), "read 1: no \"blocks.9.hook_z\" in this model"));
	assert_err(begin(&s, &sight, 1, wrong, 2, &good, 1), ERR_FORMAT);
	assert_err(begin(&s, &sight, 1, ids, 3, &lens, 1), ERR_UNSUPPORTED);
	assert_err(begin(&s, &sight, 1, ids, 3, &good, 0), ERR_LIMIT);
	for (size_t i = 0; i <= LOOK_MAX_ASKS; i++)
		many[i] = good;
	assert_err(begin(&s, &sight, 1, ids, 3, many, LOOK_MAX_ASKS + 1), ERR_LIMIT);
	assert_true(engine_is_idle(s.engine));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_long_text_is_seen_over_several_passes),
		cmocka_unit_test(looks_and_vectors_do_not_disturb_each_other),
		cmocka_unit_test(a_cancelled_look_is_silent_and_a_bad_one_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

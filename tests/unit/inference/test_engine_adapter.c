/* SPDX-License-Identifier: Apache-2.0 */
/* An engine with adapters: who writes with which, and who makes room for whom. */
#include "tests/unit/test.h"

#include "inference/engine.h"
#include "inference/format/json.h"
#include "tests/unit/inference/files.h"

#define BASE "models/hf-trained-here/qwen2"
#define ADAPTER "data/adapter/qwen2"

enum { BUDGET = 64 << 20, LISTENERS = 4, KNOWN = 12 };

struct heard {
	uint32_t ids[64];
	double logprobs[64];
	size_t count;
	enum engine_finish finish;
};

struct setup {
	struct folder base, adapter;
	struct engine *engine;
	struct heard heard[LISTENERS];
	bool is_fixed;
};

static void on_event(void *context, const struct engine_event *event)
{
	struct heard *h = &((struct setup *)context)->heard[event->id];

	if (event->sample) {
		h->logprobs[h->count] = (double)event->sample->chosen.logprob;
		h->ids[h->count++] = event->sample->chosen.token;
	}
	h->finish = event->finish;
}

static bool setup_open(struct setup *s, size_t adapter_budget)
{
	struct engine_options options = {.memory_budget_bytes = BUDGET,
					 .adapter_budget_bytes = adapter_budget,
					 .threads = 1};
	char path[400];

	memset(s, 0, sizeof *s);
	if (!shared_path(path, sizeof path, BASE "/model.safetensors"))
		return false;
	*strrchr(path, '/') = '\0';
	folder_init(&s->base, path);
	folder_init(&s->adapter, ADAPTER);
	assert_ok(engine_open(&s->engine, &s->base.files, &options));
	return true;
}

static void setup_close(struct setup *s)
{
	engine_close(s->engine);
	folder_free(&s->base);
	folder_free(&s->adapter);
}

static void id_of(uint8_t out[ENGINE_ADAPTER_ID], uint8_t number)
{
	memset(out, 0, ENGINE_ADAPTER_ID);
	out[0] = number;
}

static enum err load(struct setup *s, uint8_t number)
{
	uint8_t id[ENGINE_ADAPTER_ID];
	struct engine_adapter facts;

	id_of(id, number);
	return engine_adapter_load(s->engine, &facts, id, &s->adapter.files);
}

static bool is_there(struct setup *s, uint8_t number)
{
	uint8_t id[ENGINE_ADAPTER_ID];
	struct engine_adapter facts;

	id_of(id, number);
	return engine_adapter_find(s->engine, &facts, id);
}

/* `adapter` 0: the base. */
static enum err submit(struct setup *s, uint64_t sequence, uint8_t adapter)
{
	uint8_t id[ENGINE_ADAPTER_ID];
	struct engine_request r = {.prompt = S("First Citizen:\nBefore we"),
				   .max_tokens = KNOWN,
				   .is_fixed = s->is_fixed,
				   .sampling = {.top_p = 1},
				   .adapter = adapter ? id : NULL};

	id_of(id, adapter);
	return engine_submit(s->engine, sequence, &r);
}

static void run(struct setup *s)
{
	while (!engine_is_idle(s->engine))
		assert_ok(engine_step(s->engine, on_event, s));
}

/* The tokens that `file` says come behind its prompt. */
static void check_ids(const struct heard *h, const char *folder)
{
	AUTO(buf_free) struct buf text = buf_new(4 << 20);
	AUTO(json_auto) json_t *root = NULL;
	char path[480];
	size_t prompt;

	snprintf(path, sizeof path, "%s/expected.json", folder);
	assert_ok(file_read(&text, AT_FDCWD, path));
	assert_ok(json_read_object(&root, buf_slice(&text), "expected.json"));
	prompt = json_array_size(json_object_get(root, "input_ids"));
	assert_int_equal(h->count, KNOWN);
	for (size_t i = 0; i < KNOWN; i++)
		assert_int_equal(h->ids[i],
				 json_integer_value(json_array_get(
					 json_object_get(root, "greedy_ids"), prompt + i)));
}

static void sequences_with_and_without_an_adapter_run_at_once(void **state)
{
	AUTO(setup_close) struct setup s;

	(void)state;
	if (!setup_open(&s, 1 << 20))
		skip();
	assert_ok(load(&s, 1));
	assert_ok(load(&s, 2));
	assert_ok(submit(&s, 0, 1));
	assert_ok(submit(&s, 1, 0));
	assert_ok(submit(&s, 2, 2));
	assert_ok(submit(&s, 3, 0));
	run(&s);
	check_ids(&s.heard[0], ADAPTER);
	check_ids(&s.heard[1], s.base.path);
	check_ids(&s.heard[2], ADAPTER);
	check_ids(&s.heard[3], s.base.path);
}

/* With fixed rounding, to the last bit: alone, and between others. */
static void an_adapter_writes_the_same_in_any_company(void **state)
{
	AUTO(setup_close) struct setup s;
	struct heard alone;

	(void)state;
	if (!setup_open(&s, 1 << 20))
		skip();
	s.is_fixed = true;
	assert_ok(load(&s, 1));
	assert_ok(load(&s, 2));
	assert_ok(submit(&s, 0, 1));
	run(&s);
	alone = s.heard[0];
	s.heard[0] = (struct heard){0};
	for (uint64_t i = 1; i < LISTENERS; i++)
		assert_ok(submit(&s, i, (uint8_t)(i - 1)));
	assert_ok(engine_step(s.engine, on_event, &s));
	assert_ok(submit(&s, 0, 1));
	run(&s);
	assert_int_equal(s.heard[0].count, alone.count);
	assert_memory_equal(s.heard[0].ids, alone.ids, sizeof alone.ids);
	assert_memory_equal(s.heard[0].logprobs, alone.logprobs, sizeof alone.logprobs);
}

static void one_that_is_not_loaded_is_not_the_base(void **state)
{
	AUTO(setup_close) struct setup s;

	(void)state;
	if (!setup_open(&s, 1 << 20))
		skip();
	assert_err(submit(&s, 0, 9), ERR_UNAVAILABLE);
	assert_true(engine_is_idle(s.engine));
}

static void the_least_recently_used_makes_room(void **state)
{
	AUTO(setup_close) struct setup s;

	(void)state;
	if (!setup_open(&s, 16 << 20))
		skip();
	for (uint8_t i = 1; i <= PLACES_MAX; i++)
		assert_ok(load(&s, i));
	assert_true(is_there(&s, 1)); /* and so 2 is the oldest */
	assert_ok(load(&s, 100));
	assert_true(is_there(&s, 1) && !is_there(&s, 2) && is_there(&s, 3) && is_there(&s, 100));
}

static void one_in_use_stays(void **state)
{
	AUTO(setup_close) struct setup s;

	(void)state;
	if (!setup_open(&s, 96 << 10)) /* holds one */
		skip();
	assert_ok(load(&s, 1));
	assert_ok(submit(&s, 0, 1));
	assert_err(load(&s, 2), ERR_LIMIT);
	run(&s);
	assert_ok(load(&s, 2));
	assert_false(is_there(&s, 1));
	check_ids(&s.heard[0], ADAPTER);
}

static void one_that_is_dropped_ends_its_sequences_alone(void **state)
{
	uint8_t id[ENGINE_ADAPTER_ID];
	AUTO(setup_close) struct setup s;

	(void)state;
	if (!setup_open(&s, 1 << 20))
		skip();
	assert_ok(load(&s, 1));
	assert_ok(submit(&s, 0, 1));
	assert_ok(submit(&s, 1, 0));
	assert_ok(engine_step(s.engine, on_event, &s));
	id_of(id, 1);
	engine_adapter_drop(s.engine, id, on_event, &s);
	assert_int_equal(s.heard[0].finish, ENGINE_CANCELLED);
	assert_false(is_there(&s, 1));
	run(&s);
	check_ids(&s.heard[1], s.base.path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sequences_with_and_without_an_adapter_run_at_once),
		cmocka_unit_test(an_adapter_writes_the_same_in_any_company),
		cmocka_unit_test(one_that_is_not_loaded_is_not_the_base),
		cmocka_unit_test(the_least_recently_used_makes_room),
		cmocka_unit_test(one_in_use_stays),
		cmocka_unit_test(one_that_is_dropped_ends_its_sequences_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

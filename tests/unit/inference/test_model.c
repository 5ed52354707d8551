/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include "inference/engine.h"
#include "inference/kernel/pool.h"
#include "tests/unit/inference/scene.h"

#define TOKENIZER "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1},\"merges\":[]}}"

enum { HEADERS = 16 << 10 };

/* The prompt, then the expected greedy ids one by one, each of which must be the likeliest. */
static void check_fixture(const char *path, const struct operators *row, unsigned threads)
{
	AUTO(setup_close) struct setup s;
	AUTO(json_auto) json_t *expected = read_expected(path, "expected.json");
	json_t *prompt = json_object_get(expected, "prompt_ids");
	json_t *greedy = json_object_get(expected, "greedy_ids");
	json_t *positions = json_object_get(expected, "positions");
	json_t *at_positions = json_object_get(expected, "logits");
	size_t count = json_array_size(prompt);
	struct forward_row rows[FORWARD_MAX_ROWS];
	float *logits;
	double worst;

	setup_open(&s, path, row, threads);
	assert_true(count > 0 && count <= FORWARD_MAX_ROWS && json_array_size(greedy) > 0);
	for (size_t i = 0; i < count; i++)
		rows[i] = row_of(&s, i, (uint32_t)json_integer_value(json_array_get(prompt, i)),
				 true);
	assert_ok(forward_run(s.forward, rows, count, &logits));
	worst = distance(logits + (count - 1) * s.config.vocabulary,
			 json_object_get(expected, "logits_last"), s.config.vocabulary);
	for (size_t i = 0; i < json_array_size(positions); i++)
		worst = fmax(worst,
			     distance(logits + json_integer_value(json_array_get(positions, i)) *
						       s.config.vocabulary,
				      json_array_get(at_positions, i), s.config.vocabulary));
	if (worst > 1e-4)
		fail_msg("%s: %g from the reference", path, worst);
	logits += (count - 1) * s.config.vocabulary;
	for (size_t i = 0; i < json_array_size(greedy); i++) {
		struct forward_row next = row_of(&s, count + i,
						 likeliest(logits, s.config.vocabulary), true);

		assert_int_equal(next.token, json_integer_value(json_array_get(greedy, i)));
		assert_ok(forward_run(s.forward, &next, 1, &logits));
	}
}

static void logits_equal_an_independent_reference(void **state)
{
	static const char *const names[] = {
		"mha-untied", "gqa-tied", "mqa-theta", "rope-llama3", "rope-linear",
		"f16",        "bf16",     "sharded",   "head-dim",    "biased",
	};
	char path[100];

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "data/llama/%s", names[i]);
		check_fixture(path, &operators_onednn, 1);
		check_fixture(path, &operators_onednn, 2);
		check_fixture(path, &operators_plain, 1);
	}
}

/* seven matrices a layer: q, k, v, o, gate, up, down; none has more panels than are unpacked at a
 * time */
static void a_prefill_runs_seven_matmul_primitives_a_layer(void **state)
{
	AUTO(setup_close) struct setup s;
	struct forward_row rows[8];
	uint64_t before;
	float *logits;

	(void)state;
	setup_open(&s, "data/llama/gqa-tied", &operators_onednn, 1);
	compute_use(s.compute, &kernels_portable); /* from five rows on */
	for (size_t i = 0; i < 8; i++)
		rows[i] = row_of(&s, i, (uint32_t)i, i == 7);
	before = compute_matmul_primitives(s.compute);
	assert_ok(forward_run(s.forward, rows, 8, &logits));
	assert_int_equal(compute_matmul_primitives(s.compute) - before, 7 * s.config.layers);
	rows[0] = row_of(&s, 8, 1, true);
	assert_ok(forward_run(s.forward, rows, 1, &logits)); /* decode: our own kernel */
	assert_int_equal(compute_matmul_primitives(s.compute) - before, 7 * s.config.layers);
}

static void the_plain_row_asks_nothing_of_onednn(void **state)
{
	AUTO(setup_close) struct setup s;
	struct forward_row rows[8];
	float *logits;

	(void)state;
	setup_open(&s, "data/llama/gqa-tied", &operators_plain, 1);
	for (size_t i = 0; i < 8; i++)
		rows[i] = row_of(&s, i, (uint32_t)i, i == 7);
	assert_ok(forward_run(s.forward, rows, 8, &logits));
	assert_int_equal(compute_matmul_primitives(s.compute), 0);
}

static void weights_over_the_budget_are_not_loaded(void **state)
{
	AUTO(setup_close) struct setup s;
	struct model *again = NULL;
	struct model_options options = {0};
	size_t needed, beside;

	(void)state;
	setup_open(&s, "data/llama/bf16", &operators_plain, 1);
	assert_ok(model_memory_needed(&needed, &beside, &s.folder.files, &s.config, MODEL_AS_STORED,
				      1));
	assert_int_equal(s.model->memory_bytes, needed);
	assert_true(needed < model_memory_most(&s.config, PACKED_F32, MODEL_AS_STORED) &&
		    beside > 0 && beside <= 64 << 20);
	options.budget_bytes = needed + beside - 1;
	assert_err(model_open(&again, &s.folder.files, &s.config, &options), ERR_LIMIT);
	options.budget_bytes = needed + beside;
	assert_ok(model_open(&again, &s.folder.files, &s.config, &options));
	model_free(again);
}

/* What a model would take is said before its weights are read: never too little, and too much by no
 * more than the files' headers. */
static void memory_is_known_by_how_large_the_files_are(void **state)
{
	static const char *const names[] = {"mha-untied", "gqa-tied", "f16", "bf16", "biased"};
	char path[100];

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		for (enum model_quantize q = MODEL_AS_STORED; q <= MODEL_W8A8; q++) {
			const struct engine_options options = {.quantize = q};
			struct engine_need size, measure;
			struct weight_source *weights, *config;
			struct folder f;

			snprintf(path, sizeof path, "data/llama/%s", names[i]);
			folder_init(&f, path);
			folder_set(&f, "tokenizer.json", S(TOKENIZER));
			assert_ok(f.files.find(&f.files, "config.json", &config));
			assert_ok(f.files.find(&f.files, "model.safetensors", &weights));
			assert_ok(engine_size(&size,
					      slice_of(config->context, (size_t)config->size),
					      weights->size, &options));
			assert_ok(engine_measure(&measure, &f.files, &options));
			assert_in_range(size.least_bytes, measure.least_bytes,
					measure.least_bytes + HEADERS);
			assert_int_equal(size.tasks, measure.tasks);
			folder_free(&f);
		}
}

static void weights_that_do_not_fit_the_config_are_refused(void **state)
{
	AUTO(setup_close) struct setup s;
	struct config other;

	(void)state;
	setup_open(&s, "data/llama/biased", &operators_plain, 1);
	assert_ok(model_check(&s.folder.files, &s.config));
	other = s.config;
	other.layers++;
	assert_err(model_check(&s.folder.files, &other), ERR_FORMAT);
	assert_non_null(strstr(failure_text(), "model.layers.2."));
	other = s.config;
	other.intermediate_size++;
	assert_err(model_check(&s.folder.files, &other), ERR_FORMAT);
	other = s.config;
	other.mlp_bias = false; /* biases that nobody would add */
	assert_err(model_check(&s.folder.files, &other), ERR_UNSUPPORTED);
	assert_non_null(strstr(failure_text(), "mlp.down_proj.bias"));
}

static void add_worker(void *context, unsigned worker, size_t first, size_t last)
{
	unsigned *counts = context;

	(void)worker;
	for (size_t i = first; i < last; i++)
		counts[i]++;
}

static void a_pool_does_every_part_once(void **state)
{
	AUTO(pool_auto) struct pool *p = NULL;
	struct pool *none = NULL;
	unsigned counts[100] = {0};

	(void)state;
	assert_err(pool_new(&none, 0), ERR_FORMAT);
	assert_err(pool_new(&none, POOL_MAX_THREADS + 1), ERR_FORMAT);
	assert_ok(pool_new(&p, 3));
	for (size_t n = 0; n <= 100; n++)
		pool_run(p, n, add_worker, counts);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(counts[i], 100 - i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(logits_equal_an_independent_reference),
		cmocka_unit_test(a_prefill_runs_seven_matmul_primitives_a_layer),
		cmocka_unit_test(the_plain_row_asks_nothing_of_onednn),
		cmocka_unit_test(weights_over_the_budget_are_not_loaded),
		cmocka_unit_test(memory_is_known_by_how_large_the_files_are),
		cmocka_unit_test(weights_that_do_not_fit_the_config_are_refused),
		cmocka_unit_test(a_pool_does_every_part_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Sequences of a model whose encoder reads a source before its decoder writes: T5 and Flan-T5's
 * kind, against the ids that Hugging Face's classes chose. */
#include "tests/unit/test.h"

#include <math.h>

#include "inference/batch.h"
#include "inference/format/json.h"
#include "tests/unit/inference/files.h"

#define TRAINED "models/hf-trained-here/"

enum { BUDGET = 64 << 20, SEQUENCES = 40, MOST = 64 };

struct written {
	uint32_t ids[MOST];
	float logprobs[MOST];
	size_t count;
};

struct scene {
	struct folder folder;
	struct config config;
	struct model *model;
	struct compute *compute;
	struct batch *batch;
	json_t *expected;
	uint32_t source[MOST];
	size_t source_count;
	struct written written[SEQUENCES];
	size_t steps;
};

static bool scene_open(struct scene *s, const char *model, size_t sequences)
{
	struct batch_options options = {.sequences = sequences, .budget_bytes = BUDGET};
	char path[400], name[100], file[480];
	struct weight_source *config;
	const json_t *ids;

	memset(s, 0, sizeof *s);
	snprintf(name, sizeof name, TRAINED "%s/model.safetensors", model);
	if (!shared_path(path, sizeof path, name))
		return false;
	*strrchr(path, '/') = '\0';
	folder_init(&s->folder, path);
	assert_ok(s->folder.files.find(&s->folder.files, "config.json", &config));
	assert_ok(config_parse(&s->config, slice_of(config->context, config->size)));
	snprintf(file, sizeof file, "%s/expected.json", path);
	s->expected = json_load_file(file, 0, NULL);
	assert_non_null(s->expected);
	ids = json_object_get(s->expected, "input_ids");
	for (s->source_count = 0; s->source_count < json_array_size(ids); s->source_count++)
		s->source[s->source_count] = (uint32_t)json_integer_value(
			json_array_get(ids, s->source_count));
	assert_ok(model_open(&s->model, &s->folder.files, &s->config,
			     &(struct model_options){.budget_bytes = BUDGET}));
	assert_ok(compute_new(&s->compute, &operators_onednn, 1));
	options.context = s->config.context;
	assert_ok(batch_new(&s->batch, s->model, s->compute, &options));
	return true;
}

static void scene_close(struct scene *s)
{
	batch_free(s->batch);
	compute_free(s->compute);
	model_free(s->model);
	json_decref(s->expected);
	folder_free(&s->folder);
}

static struct batch_request asking(const struct scene *s, size_t max_tokens)
{
	return (struct batch_request){.tokens = &s->config.decoder_start,
				      .token_count = 1,
				      .source = s->source,
				      .source_count = s->source_count,
				      .max_tokens = max_tokens,
				      .sampling = {.top_p = 1}};
}

static enum batch_verdict on_token(void *context, uint64_t id, const struct sample *sample,
				   size_t cached)
{
	struct scene *s = context;
	struct written *w = &s->written[id];

	(void)cached;
	w->logprobs[w->count] = sample->chosen.logprob;
	w->ids[w->count++] = sample->chosen.token;
	return sample->chosen.token == s->config.eos[0] ? BATCH_DONE : BATCH_GO_ON;
}

static void run(struct scene *s)
{
	while (!batch_is_idle(s->batch)) {
		assert_ok(batch_step(s->batch, on_token, s));
		s->steps++;
	}
}

/* The expected ids begin with the decoder's start. */
static size_t expected_count(const struct scene *s)
{
	return json_array_size(json_object_get(s->expected, "greedy_ids")) - 1;
}

static void check_written(const struct scene *s, const struct written *w)
{
	const json_t *ids = json_object_get(s->expected, "greedy_ids");

	assert_int_equal(json_integer_value(json_array_get(ids, 0)), s->config.decoder_start);
	assert_true(w->count >= expected_count(s));
	for (size_t i = 0; i < expected_count(s); i++)
		assert_int_equal(w->ids[i], json_integer_value(json_array_get(ids, i + 1)));
}

static void t5_writes_the_ids_of_hugging_face(void **state)
{
	static const char *const names[] = {"t5", "t5v11"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		AUTO(scene_close) struct scene s;
		struct batch_request r;

		if (!scene_open(&s, names[i], 8))
			skip();
		r = asking(&s, expected_count(&s));
		assert_ok(batch_add(s.batch, 0, &r));
		run(&s);
		check_written(&s, &s.written[0]);
		assert_int_equal(s.steps, expected_count(&s)); /* a token with the first step */
	}
}

/* Forty sources of 35 tokens are more than a pass, and more than are stepped at once. Others have
 * another source; each must see its own. */
static void each_sequence_sees_its_own_source(void **state)
{
	AUTO(scene_close) struct scene s;
	struct batch_request r;
	uint32_t other[] = {9, 8, 7, 1};
	size_t pages;

	(void)state;
	if (!scene_open(&s, "t5", 32))
		skip();
	pages = kvcache_pages_free(batch_cache(s.batch));
	for (uint64_t id = 0; id < SEQUENCES; id++) {
		r = asking(&s, expected_count(&s));
		if (id % 3 == 1) {
			r.source = other;
			r.source_count = 4;
		}
		assert_ok(batch_add(s.batch, id, &r));
		if (id == 5)
			assert_ok(batch_step(s.batch, on_token, &s));
	}
	run(&s);
	for (size_t id = 0; id < SEQUENCES; id++)
		if (id % 3 != 1)
			check_written(&s, &s.written[id]);
	for (size_t id = 4; id < SEQUENCES; id += 3) {
		assert_true(fabsf(s.written[id].logprobs[3] - s.written[1].logprobs[3]) < 1e-4f);
		assert_int_equal(s.written[id].count, s.written[1].count);
		assert_memory_equal(s.written[id].ids, s.written[1].ids,
				    s.written[1].count * sizeof(uint32_t));
	}
	assert_true(fabsf(s.written[0].logprobs[3] - s.written[3].logprobs[3]) < 1e-4f);
	assert_true(fabsf(s.written[0].logprobs[3] - s.written[1].logprobs[3]) > 1e-2f);
	assert_int_equal(kvcache_pages_free(batch_cache(s.batch)), pages);
}

static void a_removed_sequence_gives_back_both_its_tables(void **state)
{
	AUTO(scene_close) struct scene s;
	struct batch_request r;
	size_t pages;

	(void)state;
	if (!scene_open(&s, "t5", 2))
		skip();
	pages = kvcache_pages_free(batch_cache(s.batch));
	r = asking(&s, 20);
	for (uint64_t id = 0; id < 3; id++)
		assert_ok(batch_add(s.batch, id, &r));
	assert_ok(batch_step(s.batch, on_token, &s));
	/* 21 positions and 35 of the source, twice: 1 + 2 pages each. The third waits. */
	assert_int_equal(pages - kvcache_pages_free(batch_cache(s.batch)), 6);
	for (uint64_t id = 0; id < 3; id++)
		assert_ok(batch_remove(s.batch, id));
	assert_int_equal(kvcache_pages_free(batch_cache(s.batch)), pages);
}

static void what_encoder_or_decoder_cannot_hold_is_refused_with_the_counts(void **state)
{
	static uint32_t much[513];
	AUTO(scene_close) struct scene s;
	struct batch_request r;

	(void)state;
	if (!scene_open(&s, "t5", 2))
		skip();
	r = asking(&s, 5);
	r.source = much;
	r.source_count = 513;
	assert_err(batch_add(s.batch, 0, &r), ERR_LIMIT);
	assert_string_equal(failure_text(),
			    "prompt: its 513 tokens exceed the encoder's limit of 512");
	r.source_count = 512;
	r.max_tokens = 512; /* and the one it starts from */
	assert_err(batch_add(s.batch, 0, &r), ERR_LIMIT);
	r.max_tokens = 511;
	assert_ok(batch_add(s.batch, 0, &r));
	r.source_count = 0;
	assert_err(batch_add(s.batch, 1, &r), ERR_FORMAT);
	r = asking(&s, 5);
	much[0] = s.config.vocabulary;
	r.source = much;
	assert_err(batch_add(s.batch, 1, &r), ERR_FORMAT);
	assert_ok(batch_step(s.batch, on_token, &s)); /* a pass of exactly 512 rows */
	assert_int_equal(s.written[0].count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t5_writes_the_ids_of_hugging_face),
		cmocka_unit_test(each_sequence_sees_its_own_source),
		cmocka_unit_test(a_removed_sequence_gives_back_both_its_tables),
		cmocka_unit_test(what_encoder_or_decoder_cannot_hold_is_refused_with_the_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

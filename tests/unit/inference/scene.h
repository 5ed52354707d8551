/* SPDX-License-Identifier: Apache-2.0 */
/* scene.h - a model of a folder, ready for a forward pass, and what an answer is held against. */
#ifndef TESTS_UNIT_INFERENCE_SCENE_H
#define TESTS_UNIT_INFERENCE_SCENE_H

#include <math.h>

#include "inference/format/json.h"
#include "inference/format/weights.h"
#include "inference/model/config_gguf.h"
#include "inference/model/forward.h"
#include "tests/unit/inference/files.h"

enum { BUDGET = 64 << 20 };

/* Everything one forward pass needs, over a model of a folder. */
struct setup {
	struct folder folder;
	struct config config;
	struct model *model;
	struct compute *compute;
	struct kvcache *cache;
	struct forward *forward;
	struct kvcache_table table;
	uint32_t source_length;
	struct kvcache_table source; /* a second sequence, or what an encoder leaves */
};

/* With s->folder set up; `distance` takes the place of the config's, unless it is 0. */
static inline void setup_finish(struct setup *s, const struct operators *row, unsigned threads,
				uint32_t distance)
{
	AUTO(gguf_auto) struct gguf *gguf = NULL;
	struct weight_source *config;
	size_t pages;
	bool is_gguf;

	assert_ok(weights_are_gguf(&is_gguf, &s->folder.files));
	if (is_gguf) {
		assert_ok(gguf_find(&gguf, NULL, &s->folder.files));
		assert_ok(config_of_gguf(&s->config, gguf));
	} else {
		assert_ok(s->folder.files.find(&s->folder.files, "config.json", &config));
		assert_ok(config_parse(&s->config, slice_of(config->context, config->size)));
	}
	s->config.bucket_distance = distance ? distance : s->config.bucket_distance;
	assert_ok(model_open(&s->model, &s->folder.files, &s->config,
			     &(struct model_options){.budget_bytes = BUDGET}));
	assert_ok(compute_new(&s->compute, row, threads));
	pages = 2 * kvcache_pages_for(s->config.context);
	assert_ok(kvcache_new(&s->cache, &s->config, pages, false));
	assert_ok(forward_new(&s->forward, s->model, s->cache, s->compute, FORWARD_MAX_ROWS,
			      s->config.context, false));
	assert_true(kvcache_reserve(s->cache, &s->table, s->config.context));
	assert_true(kvcache_reserve(s->cache, &s->source, s->config.context));
}

static inline void setup_open(struct setup *s, const char *path, const struct operators *row,
			      unsigned threads)
{
	memset(s, 0, sizeof *s);
	folder_init(&s->folder, path);
	setup_finish(s, row, threads, 0);
}

static inline void setup_close(struct setup *s)
{
	kvcache_release(s->cache, &s->table);
	kvcache_release(s->cache, &s->source);
	forward_free(s->forward);
	kvcache_free(s->cache);
	compute_free(s->compute);
	model_free(s->model);
	folder_free(&s->folder);
}

static inline struct forward_row row_of(const struct setup *s, size_t position, uint32_t token,
					bool wants_logits)
{
	return (struct forward_row){.table = &s->table,
				    .position = (uint32_t)position,
				    .token = token,
				    .wants_logits = wants_logits};
}

static inline json_t *read_expected(const char *path, const char *file)
{
	AUTO(buf_free) struct buf text = buf_new(4 << 20);
	char name[480];
	json_t *root;

	snprintf(name, sizeof name, "%s/%s", path, file);
	assert_ok(file_read(&text, AT_FDCWD, name));
	assert_ok(json_read_object(&root, buf_slice(&text), "expected.json"));
	return root;
}

/* max|a-b| / max|b|, the measure of the acceptance */
static inline double distance(const float *a, const json_t *b, size_t n)
{
	double difference = 0;
	double largest = 0;

	assert_int_equal(json_array_size(b), n);
	for (size_t i = 0; i < n; i++) {
		double value = json_number_value(json_array_get(b, i));

		difference = fmax(difference, fabs(a[i] - value));
		largest = fmax(largest, fabs(value));
	}
	return difference / largest;
}

static inline uint32_t likeliest(const float *logits, size_t n)
{
	size_t best = 0;

	for (size_t i = 1; i < n; i++)
		best = logits[i] > logits[best] ? i : best;
	return (uint32_t)best;
}

#endif

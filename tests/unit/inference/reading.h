/* SPDX-License-Identifier: Apache-2.0 */
/* reading.h - an engine over a trained model, what it makes of texts, and what is expected of it.
 */
#ifndef TESTS_UNIT_INFERENCE_READING_H
#define TESTS_UNIT_INFERENCE_READING_H

#include <math.h>

#include "inference/engine_read.h"
#include "inference/format/json.h"
#include "inference/reading/pooling.h"
#include "tests/unit/inference/files.h"
#include "tests/unit/inference/tensors.h"

#define TRAINED "models/hf-trained-here/"

enum { BUDGET = 256 << 20, WIDTH = 64, MOST = 512 };

/* What one job has brought. */
struct job {
	float values[MOST][1024];
	size_t counts[MOST], tokens[MOST], positions[MOST];
	size_t results;
	size_t last_index;
	bool is_over;
};

struct scene {
	struct folder folder;
	struct engine *engine;
	json_t *expected;
	size_t events, steps;
};

static inline void on_result(void *context, const struct engine_result *result)
{
	struct job *job = context;
	size_t at = job->results++;

	assert_false(job->is_over); /* nothing after the last */
	assert_true(at < MOST && result->value_count <= 1024);
	assert_true(result->index >= job->last_index); /* in their order */
	job->last_index = result->index;
	memcpy(job->values[at], result->values, result->value_count * sizeof(float));
	job->counts[at] = result->value_count;
	job->tokens[at] = result->tokens;
	job->positions[at] = result->position;
	job->is_over = result->is_end;
}

static inline void on_event(void *context, const struct engine_event *event)
{
	struct scene *s = context;

	(void)event;
	s->events++;
}

static const struct engine_options usual = {.memory_budget_bytes = BUDGET, .threads = 1};

/* False, and said so, where the model is not there. More files may be set before scene_start. */
static inline bool scene_find(struct scene *s, const char *model)
{
	char path[400], name[100], file[480];

	memset(s, 0, sizeof *s);
	snprintf(name, sizeof name, TRAINED "%s/model.safetensors", model);
	if (!shared_path(path, sizeof path, name))
		return false;
	*strrchr(path, '/') = '\0';
	folder_init(&s->folder, path);
	snprintf(file, sizeof file, "%s/expected.json", path);
	s->expected = json_load_file(file, 0, NULL);
	assert_non_null(s->expected);
	return true;
}

static inline void scene_start(struct scene *s, const struct engine_options *options)
{
	assert_ok(engine_open(&s->engine, &s->folder.files, options));
}

static inline void scene_close(struct scene *s)
{
	engine_close(s->engine);
	json_decref(s->expected);
	folder_free(&s->folder);
}

static inline void run(struct scene *s)
{
	while (!engine_is_idle(s->engine)) {
		assert_ok(engine_step(s->engine, on_event, s));
		s->steps++;
	}
}

static inline struct engine_reading embedding(struct job *job, const struct engine_input *inputs,
					      size_t count)
{
	memset(job, 0, sizeof *job);
	return (struct engine_reading){.task = TASK_EMBED,
				       .inputs = inputs,
				       .count = count,
				       .on_result = on_result,
				       .context = job};
}

/* One job, alone. */
static inline void embed(struct scene *s, struct job *job, const struct engine_input *inputs,
			 size_t count)
{
	struct engine_reading reading = embedding(job, inputs, count);

	assert_ok(engine_read(s->engine, 1, &reading));
	run(s);
	assert_true(job->is_over);
	assert_int_equal(job->results, count);
}

static inline size_t ids_of(uint32_t *out, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		out[i] = (uint32_t)json_integer_value(json_array_get(list, i));
	return json_array_size(list);
}

static inline double furthest(const float *a, const double *b, size_t n)
{
	double difference = 0, largest = 0;

	for (size_t i = 0; i < n; i++) {
		difference = fmax(difference, fabs((double)a[i] - b[i]));
		largest = fmax(largest, fabs(b[i]));
	}
	return difference / largest;
}

static inline void read_row(double *out, const json_t *row)
{
	for (size_t i = 0; i < json_array_size(row); i++)
		out[i] = json_number_value(json_array_get(row, i));
}

#endif

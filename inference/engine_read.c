/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/engine_read.h"

#include <assert.h>
#include <stdlib.h>

#include "inference/engine_parts.h"

struct engine_job {
	uint64_t id;
	enum engine_length length;
	size_t dimensions;
	size_t inputs_left;
	engine_result_fn *on_result;
	void *context;
};

static size_t find_job(const struct engine *e, uint64_t id)
{
	size_t i = 0;

	while (i < e->job_count && e->jobs[i]->id != id)
		i++;
	return i;
}

static void drop_job(struct engine *e, size_t i)
{
	free(e->jobs[i]);
	e->jobs[i] = e->jobs[--e->job_count];
}

enum err engine_check_task(const struct engine *e, enum task task)
{
	AUTO(buf_free) struct buf able = buf_new(256);

	if (tasks_have(e->tasks, task))
		return OK;
	if (task == TASK_EMBED && e->pooling_refused)
		return failure(ERR_UNSUPPORTED, "%s", e->pooling_refused);
	tasks_write(&able, e->tasks);
	return failure(ERR_UNSUPPORTED, "this model cannot %s; what it can do: %s", task_name(task),
		       buf_string(&able));
}

static enum err check_room(const struct engine *e, uint64_t id)
{
	if (find_job(e, id) < e->job_count)
		return failure(ERR_CONFLICT, "engine: reading %llu is under way already",
			       (unsigned long long)id);
	if (e->job_count == ENGINE_MAX_JOBS)
		return failure(ERR_UNAVAILABLE, "engine: %d readings are under way already",
			       ENGINE_MAX_JOBS);
	return OK;
}

static enum err check_job(const struct engine *e, uint64_t id, const struct engine_reading *r)
{
	assert(r->task != TASK_GENERATE);
	TRY(engine_check_task(e, r->task));
	if (r->count == 0 || r->count > ENGINE_MAX_INPUTS)
		return failure(ERR_FORMAT, "input: %zu texts, 1 to %d can be given", r->count,
			       ENGINE_MAX_INPUTS);
	if (r->dimensions > e->config.hidden_size)
		return failure(ERR_FORMAT, "dimensions: %zu, this model's vectors have %u",
			       r->dimensions, e->config.hidden_size);
	if (r->truncate < ENGINE_TRUNCATE_TO_LIMIT)
		return failure(ERR_FORMAT, "truncate_prompt_tokens: below -1");
	if (r->truncate > 0 && (uint64_t)r->truncate > readings_limit(e->readings))
		return failure(ERR_FORMAT,
			       "truncate_prompt_tokens: %lld, this model's limit is %zu",
			       (long long)r->truncate, readings_limit(e->readings));
	return check_room(e, id);
}

/* The text is cut, not what stands around it: [CLS] text [SEP] ends with its [SEP]. */
static void cut(const struct engine *e, struct token_list *list, bool is_text, size_t most)
{
	size_t behind = is_text ? tokenizer_added_behind(e->tokenizer) : 0;

	if (list->count <= most)
		return;
	if (behind > most)
		behind = most;
	for (size_t i = 0; i < behind; i++)
		list->ids[most - behind + i] = list->ids[list->count - behind + i];
	list->count = most;
}

/* A mask is written as the tokenizer's own token: special tokens in such a text are read. */
static enum err tokens_of(const struct engine *e, struct token_list *out,
			  const struct engine_reading *r, const struct engine_input *input)
{
	if (input->id_count)
		for (size_t i = 0; i < input->id_count; i++)
			token_list_push(out, input->ids[i]);
	else if (r->task == TASK_FILL_MASK)
		TRY(tokenizer_encode(e->tokenizer, out, input->text));
	else
		TRY(tokenizer_encode_plain(e->tokenizer, out, input->text));
	if (r->truncate)
		cut(e, out, input->id_count == 0,
		    r->truncate > 0 ? (size_t)r->truncate : readings_limit(e->readings));
	return OK;
}

static enum reading_kind kind_of(enum task task)
{
	if (task == TASK_CLASSIFY)
		return READING_CLASSIFY;
	return task == TASK_FILL_MASK ? READING_MASKS : READING_EMBED;
}

static enum err add_input(struct engine *e, uint64_t id, const struct engine_reading *r,
			  size_t index)
{
	AUTO(token_list_free) struct token_list tokens = {0};
	struct reading reading = {
		.kind = kind_of(r->task), .job = id, .index = index, .mask = e->mask};

	TRY(tokens_of(e, &tokens, r, &r->inputs[index]));
	reading.tokens = tokens.ids;
	reading.token_count = tokens.count;
	return readings_add(e->readings, &reading);
}

static enum err add_inputs(struct engine *e, uint64_t id, const struct engine_reading *r)
{
	for (size_t i = 0; i < r->count; i++) {
		enum err result = add_input(e, id, r, i);

		char why[256];

		if (result == OK)
			continue;
		snprintf(why, sizeof why, "%s", failure_text());
		return failure(result, "input %zu: %s", r->first + i, why);
	}
	return OK;
}

static void add_job(struct engine *e, const struct engine_job *made)
{
	struct engine_job *job = calloc(1, sizeof *job);

	assert(job);
	*job = *made;
	e->jobs[e->job_count++] = job;
}

enum err engine_read(struct engine *e, uint64_t id, const struct engine_reading *r)
{
	enum err result;

	TRY(check_job(e, id, r));
	result = add_inputs(e, id, r);
	if (result != OK) {
		readings_remove(e->readings, id);
		return result;
	}
	add_job(e, &(struct engine_job){
			   .id = id,
			   .length = r->length,
			   .dimensions = r->dimensions,
			   .inputs_left = r->count,
			   .on_result = r->on_result,
			   .context = r->context,
		   });
	return OK;
}

enum err engine_look(struct engine *e, uint64_t id, const struct engine_looking *l,
		     struct token_list *tokens)
{
	const struct engine_reading as_is = {.task = TASK_EMBED};
	AUTO(look_auto) struct look *look = NULL;
	struct reading reading = {.kind = READING_LOOK, .job = id};

	TRY(check_room(e, id));
	TRY(tokens_of(e, tokens, &as_is, &l->input));
	TRY(readings_check_tokens(e->readings, tokens->ids, tokens->count));
	TRY(look_new(&look, e->model, l->asks, l->ask_count, l->reads, tokens->count));
	reading.tokens = tokens->ids;
	reading.token_count = tokens->count;
	reading.look = look;
	TRY(readings_add(e->readings, &reading));
	look = NULL; /* given away */
	add_job(e, &(struct engine_job){.id = id,
					.inputs_left = 1,
					.on_result = l->on_result,
					.context = l->context});
	return OK;
}

void engine_read_cancel(struct engine *e, uint64_t id)
{
	size_t i = find_job(e, id);

	if (i == e->job_count)
		return;
	readings_remove(e->readings, id);
	drop_job(e, i);
}

/* A vector that was shortened has length 1, or it could not be compared with its like. */
static void fit_vector(const struct engine *e, const struct engine_job *job,
		       struct engine_result *result)
{
	if (job->dimensions)
		result->value_count = job->dimensions;
	if (job->dimensions || job->length == ENGINE_LENGTH_ONE ||
	    (job->length == ENGINE_LENGTH_MODEL && e->pooling.normalized))
		pooling_normalize(result->values, result->value_count);
}

static void on_reading(void *context, const struct reading_result *reading)
{
	struct engine *e = context;
	size_t i = find_job(e, reading->job);
	struct engine_job *job = e->jobs[i];
	struct engine_result result = {
		.id = reading->job,
		.index = reading->index,
		.position = reading->position,
		.values = reading->values,
		.value_count = reading->value_count,
		.look = reading->look,
		.tokens = reading->token_count,
		.is_input_end = reading->is_last,
	};

	assert(i < e->job_count);
	if (reading->kind == READING_EMBED)
		fit_vector(e, job, &result);
	if (reading->is_last)
		job->inputs_left--;
	result.is_end = job->inputs_left == 0;
	job->on_result(job->context, &result);
	if (result.is_end)
		drop_job(e, i);
}

enum err engine_read_step(struct engine *e)
{
	return readings_step(e->readings, on_reading, e);
}

/* Texts whose pooling is not understood cannot be embedded; what else the model does stays. */
static enum err read_pooling(struct engine *e, struct model_files *files)
{
	enum err result = pooling_read(&e->pooling, files, &e->config);

	if (result != ERR_UNSUPPORTED)
		return result;
	e->pooling_refused = strdup(failure_text());
	assert(e->pooling_refused);
	e->tasks &= ~(1u << TASK_EMBED);
	return e->tasks ? OK : result;
}

enum err engine_read_check(uint32_t *tasks, struct model_files *files, const struct config *config)
{
	struct pooling pooling;
	enum err result = pooling_read(&pooling, files, config);

	*tasks = tasks_of(config);
	if (result != ERR_UNSUPPORTED || *tasks == 1u << TASK_EMBED)
		return result;
	*tasks &= ~(1u << TASK_EMBED); /* it does something else */
	return OK;
}

/* Where no token of the vocabulary is a mask, nothing can be filled in. */
static void find_mask(struct engine *e)
{
	static const char *const names[] = {"[MASK]", "<mask>"};

	if (!tasks_have(e->tasks, TASK_FILL_MASK))
		return;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (engine_find_token(e, &e->mask, slice_of_string(names[i])) == OK)
			return;
	e->tasks &= ~(1u << TASK_FILL_MASK);
}

enum err engine_read_open(struct engine *e, struct model_files *files)
{
	e->tasks = tasks_of(&e->config);
	TRY(read_pooling(e, files));
	TRY(labels_read(&e->labels, files, &e->config));
	find_mask(e);
	return readings_new(&e->readings, e->model, batch_cache(e->batch), batch_forward(e->batch),
			    &e->pooling, batch_context(e->batch));
}

void engine_read_close(struct engine *e)
{
	while (e->job_count)
		drop_job(e, 0);
	readings_free(e->readings);
	labels_clear(&e->labels);
	free(e->pooling_refused);
}

uint32_t engine_tasks(const struct engine *e)
{
	return e->tasks;
}

size_t engine_read_limit(const struct engine *e)
{
	return readings_limit(e->readings);
}

size_t engine_vector_size(const struct engine *e)
{
	return e->config.hidden_size;
}

const char *engine_label(const struct engine *e, size_t label)
{
	return labels_name(&e->labels, label);
}

void engine_label_probabilities(const struct engine *e, float *values, size_t count)
{
	labels_probabilities(&e->labels, values, count);
}

enum err engine_find_token(const struct engine *e, uint32_t *out, struct slice name)
{
	for (uint32_t id = 0; id < tokenizer_vocabulary(e->tokenizer); id++) {
		if (!slice_equal(tokenizer_token(e->tokenizer, id), name))
			continue;
		*out = id;
		return OK;
	}
	return failure(ERR_NOT_FOUND, "tokenizer: no token \"%.*s\"",
		       SLICE_PRINT(slice_part(name, 0, 100)));
}

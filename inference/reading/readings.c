/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/reading/readings.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One text. It waits while its table is empty. */
struct text {
	enum reading_kind kind;
	uint64_t job;
	size_t index;
	uint32_t *tokens;
	size_t count;
	size_t done; /* of them, through the model */
	uint32_t mask;
	enum pooling_mode mode;
	float *pooled;     /* [hidden], of those that are done; none for masks */
	struct look *look; /* NULL: it is not looked into */
	struct kvcache_table table;
	size_t rows; /* of the pass that is planned */
};

struct readings {
	const struct model *model;
	struct kvcache *cache;
	struct forward *forward;
	struct pooling pooling;
	size_t limit;
	bool is_encoder;
	bool is_held_up;
	struct text *texts[READINGS_MAX_WAITING]; /* in order of arrival */
	size_t count;
	float *labels;
	struct forward_row rows[FORWARD_MAX_ROWS];
};

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

enum err readings_new(struct readings **out, const struct model *model, struct kvcache *cache,
		      struct forward *forward, const struct pooling *pooling, size_t context)
{
	AUTO(readings_auto) struct readings *r = calloc(1, sizeof *r);

	assert(r);
	r->model = model;
	r->cache = cache;
	r->forward = forward;
	r->pooling = *pooling;
	r->is_encoder = model->config.encoder_layers > 0;
	r->limit = r->is_encoder ? smaller(context, FORWARD_MAX_ROWS) : context;
	if (pooling->limit)
		r->limit = smaller(r->limit, pooling->limit);
	r->labels = calloc(model->config.labels + 1, sizeof *r->labels);
	assert(r->labels);
	*out = r;
	r = NULL; /* given away */
	return OK;
}

static void text_free(struct readings *r, struct text *t)
{
	size_t width = r->model->config.hidden_size;

	kvcache_release(r->cache, &t->table);
	explicit_bzero(t->tokens, t->count * sizeof *t->tokens);
	explicit_bzero(t->pooled, width * sizeof *t->pooled);
	look_free(t->look);
	free(t->tokens);
	free(t->pooled);
	free(t);
}

void readings_free(struct readings *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->count; i++)
		text_free(r, r->texts[i]);
	free(r->labels);
	free(r);
}

size_t readings_limit(const struct readings *r)
{
	return r->limit;
}

enum err readings_check_tokens(const struct readings *r, const uint32_t *tokens, size_t count)
{
	if (count == 0)
		return failure(ERR_FORMAT, "it has no tokens");
	if (count > r->limit)
		return failure(ERR_LIMIT, "its %zu tokens exceed the model's limit of %zu", count,
			       r->limit);
	for (size_t i = 0; i < count; i++)
		if (tokens[i] >= r->model->config.vocabulary)
			return failure(ERR_FORMAT, "token %u is not one of the model's %u",
				       tokens[i], r->model->config.vocabulary);
	return OK;
}

static enum err check_reading(const struct readings *r, const struct reading *reading)
{
	bool has_mask = false;

	TRY(readings_check_tokens(r, reading->tokens, reading->token_count));
	for (size_t i = 0; i < reading->token_count; i++)
		has_mask = has_mask || reading->tokens[i] == reading->mask;
	if (reading->kind == READING_MASKS && !has_mask)
		return failure(ERR_FORMAT, "it has no mask");
	if (r->count == READINGS_MAX_WAITING)
		return failure(ERR_UNAVAILABLE, "engine: %d texts are waiting already",
			       READINGS_MAX_WAITING);
	return OK;
}

/* BERT's classes look at the first token, which has seen all; those of a decoder at the last. */
static enum pooling_mode mode_of(const struct readings *r, enum reading_kind kind)
{
	if (kind == READING_CLASSIFY)
		return r->is_encoder ? POOLING_FIRST : POOLING_LAST;
	return r->pooling.mode;
}

enum err readings_add(struct readings *r, const struct reading *reading)
{
	struct text *t;

	TRY(check_reading(r, reading));
	t = calloc(1, sizeof *t);
	assert(t);
	*t = (struct text){
		.kind = reading->kind,
		.job = reading->job,
		.index = reading->index,
		.count = reading->token_count,
		.mask = reading->mask,
		.mode = mode_of(r, reading->kind),
		.look = reading->look,
	};
	t->tokens = calloc(t->count, sizeof *t->tokens);
	t->pooled = calloc(r->model->config.hidden_size, sizeof *t->pooled);
	assert(t->tokens && t->pooled);
	memcpy(t->tokens, reading->tokens, t->count * sizeof *t->tokens);
	r->texts[r->count++] = t;
	return OK;
}

/* Those that are done or removed leave; the others keep their order. */
static void drop(struct readings *r, bool (*goes)(const struct text *, uint64_t), uint64_t job)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->count; i++)
		if (goes(r->texts[i], job))
			text_free(r, r->texts[i]);
		else
			r->texts[kept++] = r->texts[i];
	r->count = kept;
}

static bool is_done(const struct text *t, uint64_t job)
{
	(void)job;
	return t->done == t->count;
}

static bool is_of_job(const struct text *t, uint64_t job)
{
	return t->job == job;
}

void readings_remove(struct readings *r, uint64_t job)
{
	drop(r, is_of_job, job);
	r->is_held_up = r->is_held_up && r->count > 0;
}

/* A row whose state is looked at. */
static bool is_wanted(const struct text *t, size_t position)
{
	if (t->look)
		return false;
	return t->kind == READING_MASKS ? t->tokens[position] == t->mask
					: pooling_wants(t->mode, position, t->count);
}

static void fill_rows(struct readings *r, const struct text *t, size_t used)
{
	for (size_t i = 0; i < t->rows; i++)
		r->rows[used + i] = (struct forward_row){
			.table = &t->table,
			.position = (uint32_t)(t->done + i),
			.token = t->tokens[t->done + i],
			.wants_logits = is_wanted(t, t->done + i),
			.length = (uint32_t)t->count,
		};
}

/* How many texts the pass takes, the first ones; *used gets its rows. */
static size_t plan(struct readings *r, size_t *used)
{
	size_t taken = 0;

	for (*used = 0; taken < r->count && *used < FORWARD_MAX_ROWS; taken++) {
		struct text *t = r->texts[taken];
		size_t room = FORWARD_MAX_ROWS - *used;

		if (taken > 0 && (t->look || r->texts[0]->look))
			break;
		if (r->is_encoder && t->count > room)
			break;
		if (!t->table.count && !kvcache_reserve(r->cache, &t->table, t->count))
			break;
		t->rows = smaller(t->count - t->done, room);
		fill_rows(r, t, *used);
		*used += t->rows;
	}
	r->is_held_up = taken == 0 && r->count > 0;
	return taken;
}

struct pass {
	struct readings *readings;
	reading_result_fn *on_result;
	void *context;
};

static void send(const struct pass *p, const struct text *t, struct reading_result result)
{
	result.kind = t->kind;
	result.job = t->job;
	result.index = t->index;
	result.token_count = t->count;
	p->on_result(p->context, &result);
}

static void logarithms(float *logits, size_t n)
{
	double sum = 0;
	float largest = logits[0];

	for (size_t i = 1; i < n; i++)
		largest = logits[i] > largest ? logits[i] : largest;
	for (size_t i = 0; i < n; i++)
		sum += exp((double)(logits[i] - largest));
	for (size_t i = 0; i < n; i++)
		logits[i] = (float)((double)(logits[i] - largest) - log(sum));
}

/* [rows][hidden] of one text: a distribution for each mask. */
static enum err fill_masks(const struct pass *p, const struct text *t, const float *hidden)
{
	struct readings *r = p->readings;
	const struct config *c = &r->model->config;
	size_t last = t->count - 1;

	while (t->tokens[last] != t->mask)
		last--;
	for (size_t i = 0; i <= last; i++) {
		float *logits;

		if (t->tokens[i] != t->mask)
			continue;
		TRY(forward_masked_logits(r->forward, hidden + i * c->hidden_size, 1, &logits));
		logarithms(logits, c->vocabulary);
		send(p, t,
		     (struct reading_result){.position = i,
					     .values = logits,
					     .value_count = c->vocabulary,
					     .is_last = i == last});
	}
	return OK;
}

/* All its states are in: what they come to. */
static enum err conclude(const struct pass *p, struct text *t)
{
	struct readings *r = p->readings;
	const struct config *c = &r->model->config;
	struct reading_result result = {
		.values = t->pooled, .value_count = c->hidden_size, .is_last = true};

	pooling_finish(t->mode, t->pooled, t->count, c->hidden_size);
	if (t->kind == READING_CLASSIFY) {
		TRY(forward_classify(r->forward, t->pooled, r->labels));
		result.values = r->labels;
		result.value_count = c->labels;
	}
	send(p, t, result);
	return OK;
}

static enum err finish_look(const struct pass *p, struct text *t)
{
	if (t->done < t->count)
		return OK;
	TRY(look_finish(t->look, p->readings->forward));
	send(p, t, (struct reading_result){.look = t->look, .is_last = true});
	return OK;
}

/* What the pass has made of the rows of one text; *hidden goes on behind them. An encoder gives
 * all states, a decoder those that were asked for. */
static enum err take_states(const struct pass *p, struct text *t, const float **hidden)
{
	struct readings *r = p->readings;
	size_t width = r->model->config.hidden_size;

	if (t->kind == READING_MASKS)
		TRY(fill_masks(p, t, *hidden));
	for (size_t i = 0; i < t->rows; i++) {
		bool wanted = is_wanted(t, t->done + i);

		if (wanted && t->kind != READING_MASKS)
			pooling_add(t->mode, t->pooled, *hidden, t->done + i, t->count, width);
		if (wanted || r->is_encoder)
			*hidden += width;
	}
	t->done += t->rows;
	if (t->look)
		return finish_look(p, t);
	return t->done == t->count && t->kind != READING_MASKS ? conclude(p, t) : OK;
}

static enum err run_pass(struct readings *r, size_t rows, const float **hidden)
{
	struct text *first = r->texts[0];
	enum err result;

	if (first->look)
		look_watch(first->look, r->forward, first->done);
	result = r->is_encoder ? forward_encode(r->forward, r->rows, rows, hidden)
			       : forward_run_hidden(r->forward, r->rows, rows, hidden);
	look_unwatch(r->forward);
	return result;
}

enum err readings_step(struct readings *r, reading_result_fn *on_result, void *context)
{
	const struct pass p = {r, on_result, context};
	const float *hidden;
	size_t used, taken;

	taken = plan(r, &used);
	if (taken == 0)
		return OK;
	TRY(run_pass(r, used, &hidden));
	for (size_t i = 0; i < taken; i++)
		TRY(take_states(&p, r->texts[i], &hidden));
	drop(r, is_done, 0);
	return OK;
}

bool readings_are_idle(const struct readings *r)
{
	return r->count == 0;
}

bool readings_are_held_up(const struct readings *r)
{
	return r->is_held_up;
}

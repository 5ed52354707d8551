/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/reading/look.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOWHERE UINT32_MAX

struct ask {
	struct point point;
	enum look_reduce reduce;
	uint32_t top;
	uint32_t *places;      /* [tokens]: which of the positions that were asked for */
	size_t positions;      /* that were */
	uint32_t *head_places; /* [point.heads, or 1]: the same */
	size_t heads;
	struct look_tensor tensor;
	float *states; /* of a lens: [positions][hidden] */
};

struct look {
	const struct model *model;
	size_t tokens;
	struct forward *forward; /* of the pass under way */
	size_t first;            /* position of its first row */
	float *normed;           /* [hidden] */
	size_t count;
	struct ask asks[LOOK_MAX_ASKS];
};

static size_t all_heads(const struct ask *a)
{
	return a->point.heads ? a->point.heads : 1;
}

static void *take(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size);

	assert(memory);
	return memory;
}

/* ---- What is asked for */

static int64_t from_end(const struct look *l, int32_t position)
{
	return position < 0 ? (int64_t)l->tokens + position : position;
}

static enum err place_range(const struct look *l, struct ask *a, const struct look_range *r)
{
	int64_t first = from_end(l, r->first);
	int64_t end = r->ends_text ? (int64_t)l->tokens : from_end(l, r->end);

	if (first < 0 || end > (int64_t)l->tokens || first >= end)
		return failure(ERR_FORMAT, "positions %d to %d: the text has %zu tokens",
			       (int)r->first, r->ends_text ? (int)l->tokens : (int)r->end,
			       l->tokens);
	for (int64_t i = first; i < end; i++) {
		if (a->places[i] != NOWHERE)
			return failure(ERR_FORMAT, "position %lld is named twice", (long long)i);
		a->places[i] = (uint32_t)a->positions++;
	}
	return OK;
}

static enum err place_positions(const struct look *l, struct ask *a, const struct look_ask *ask)
{
	static const struct look_range all = {.ends_text = true};

	a->places = take(l->tokens, sizeof *a->places);
	memset(a->places, 0xff, l->tokens * sizeof *a->places);
	if (ask->range_count == 0)
		return place_range(l, a, &all);
	for (size_t i = 0; i < ask->range_count; i++)
		TRY(place_range(l, a, &ask->ranges[i]));
	return OK;
}

static enum err place_heads(struct ask *a, const struct look_ask *ask)
{
	size_t all = all_heads(a);

	a->head_places = take(all, sizeof *a->head_places);
	if (ask->head_count && a->point.heads == 0)
		return failure(ERR_FORMAT, "it has no heads to choose from");
	for (size_t i = 0; i < all; i++)
		a->head_places[i] = ask->head_count ? NOWHERE : (uint32_t)i;
	a->heads = ask->head_count ? ask->head_count : all;
	for (size_t i = 0; i < ask->head_count; i++) {
		if (ask->heads[i] >= all)
			return failure(ERR_FORMAT, "head %u: it has %zu", ask->heads[i], all);
		if (a->head_places[ask->heads[i]] != NOWHERE)
			return failure(ERR_FORMAT, "head %u is named twice", ask->heads[i]);
		a->head_places[ask->heads[i]] = (uint32_t)i;
	}
	return OK;
}

static enum err check_lens(const struct look *l, const struct ask *a, const struct look_ask *ask)
{
	const struct config *c = &l->model->config;

	if (!point_has_lens(&a->point, c))
		return failure(ERR_UNSUPPORTED,
			       "no logit lens there: it looks at %s of a model with a head over "
			       "its vocabulary",
			       c->family->norm_after
				       ? "hook_resid_pre and hook_normalized_resid_post"
				       : "hook_resid_pre, _mid and _post");
	if (ask->top > LOOK_MAX_TOP || ask->top > c->vocabulary)
		return failure(ERR_LIMIT, "top_k %u: at most %u", ask->top,
			       c->vocabulary < LOOK_MAX_TOP ? c->vocabulary
							    : (unsigned)LOOK_MAX_TOP);
	return OK;
}

static void add_dimension(struct look_tensor *t, size_t size)
{
	t->dims[t->dim_count++] = size;
	t->count *= size;
}

/* [positions][heads][width], without what there is not; [heads][positions][tokens] of a pattern. */
static void shape(const struct look *l, struct ask *a)
{
	struct look_tensor *t = &a->tensor;
	bool is_pattern = a->point.kind == POINT_PATTERN;

	t->count = 1;
	if (is_pattern)
		add_dimension(t, a->heads);
	if (a->reduce != LOOK_MEAN)
		add_dimension(t, a->positions);
	if (a->top)
		add_dimension(t, a->top);
	else if (is_pattern)
		add_dimension(t, l->tokens);
	else if (a->point.heads)
		add_dimension(t, a->heads);
	if (!a->top && !is_pattern && a->reduce != LOOK_NORM)
		add_dimension(t, a->point.width);
}

static enum err prepare(const struct look *l, struct ask *a, const struct look_ask *ask)
{
	a->reduce = ask->reduce;
	a->top = ask->top;
	TRY(point_parse(&a->point, &l->model->config, ask->at));
	TRY(place_positions(l, a, ask));
	TRY(place_heads(a, ask));
	if (a->top)
		TRY(check_lens(l, a, ask));
	if (a->point.kind == POINT_PATTERN && a->reduce != LOOK_AS_IS)
		return failure(ERR_FORMAT, "a pattern is not reduced");
	shape(l, a);
	return OK;
}

static enum err check_size(const struct look *l)
{
	size_t values = 0, lens_rows = 0;

	for (size_t i = 0; i < l->count; i++) {
		values += l->asks[i].tensor.count;
		lens_rows += l->asks[i].top ? l->asks[i].positions : 0;
	}
	if (values > LOOK_MAX_VALUES)
		return failure(ERR_LIMIT,
			       "%zu values would be read, at most %d can be in one call: ask for "
			       "fewer positions or heads, or reduce",
			       values, LOOK_MAX_VALUES);
	if (lens_rows > LOOK_MAX_LENS_ROWS)
		return failure(ERR_LIMIT, "logit_lens: %zu positions, at most %d in one call",
			       lens_rows, LOOK_MAX_LENS_ROWS);
	return OK;
}

static void make_room(const struct look *l, struct ask *a)
{
	a->tensor.values = take(a->tensor.count, sizeof(float));
	if (!a->top)
		return;
	a->tensor.ids = take(a->tensor.count, sizeof(uint32_t));
	a->states = take(a->positions * l->model->config.hidden_size, sizeof(float));
}

enum err look_new(struct look **out, const struct model *model, const struct look_ask *asks,
		  size_t count, size_t reads, size_t tokens)
{
	AUTO(look_auto) struct look *l = take(1, sizeof *l);

	l->model = model;
	l->tokens = tokens;
	l->normed = take(model->config.hidden_size, sizeof *l->normed);
	if (count == 0 || count > LOOK_MAX_ASKS)
		return failure(ERR_LIMIT, "%zu reads and lenses, 1 to %d can be asked for", count,
			       LOOK_MAX_ASKS);
	while (l->count < count) {
		size_t i = l->count++;
		enum err result = prepare(l, &l->asks[i], &asks[i]);
		char why[FAILURE_MAX_TEXT];

		if (result == OK)
			continue;
		snprintf(why, sizeof why, "%s", failure_text());
		return failure(result, "%s %zu: %s", i < reads ? "read" : "logit_lens",
			       i < reads ? i : i - reads, why);
	}
	TRY(check_size(l));
	for (size_t i = 0; i < count; i++)
		make_room(l, &l->asks[i]);
	*out = l;
	l = NULL; /* given away */
	return OK;
}

static void wipe_floats(float *values, size_t count)
{
	if (values)
		explicit_bzero(values, count * sizeof *values);
	free(values);
}

void look_free(struct look *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->count; i++) {
		struct ask *a = &l->asks[i];

		free(a->places);
		free(a->head_places);
		wipe_floats(a->tensor.values, a->tensor.count);
		free(a->tensor.ids);
		wipe_floats(a->states, a->positions * l->model->config.hidden_size);
	}
	wipe_floats(l->normed, l->model->config.hidden_size);
	free(l);
}

/* ---- While a pass runs */

static float norm_of(const float *values, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (double)values[i] * (double)values[i];
	return (float)sqrt(sum);
}

/* One head (or all) of one position. */
static void take_values(struct ask *a, size_t position, size_t head, const float *values)
{
	size_t width = a->point.width;
	size_t place = position * a->heads + head;
	float *out = a->tensor.values;

	switch (a->reduce) {
	case LOOK_AS_IS:
		memcpy(out + place * width, values, width * sizeof *values);
		return;
	case LOOK_MEAN:
		for (size_t i = 0; i < width; i++)
			out[head * width + i] += values[i] / (float)a->positions;
		return;
	case LOOK_NORM:
		out[place] = norm_of(values, width);
		return;
	}
}

static void take_row(struct ask *a, size_t position, const float *row)
{
	for (size_t head = 0; head < all_heads(a); head++)
		if (a->head_places[head] != NOWHERE)
			take_values(a, position, a->head_places[head], row + head * a->point.width);
}

static void take_rows(struct look *l, struct ask *a, const float *values, size_t rows)
{
	size_t width = all_heads(a) * a->point.width;

	for (size_t i = 0; i < rows; i++) {
		uint32_t position = a->places[l->first + i];
		const float *row = values + i * width;

		if (position == NOWHERE)
			continue;
		if (a->point.kind == POINT_FINAL) {
			forward_final_norm(l->forward, l->normed, row, 1);
			row = l->normed;
		}
		if (a->top)
			memcpy(a->states + position * width, row, width * sizeof *row);
		else
			take_row(a, position, row);
	}
}

static void on_tap(void *context, enum forward_point point, unsigned layer, const float *values,
		   size_t rows)
{
	struct look *l = context;

	assert(l->first + rows <= l->tokens);
	for (size_t i = 0; i < l->count; i++) {
		struct ask *a = &l->asks[i];

		if (a->point.kind != POINT_PATTERN && a->point.tap == point &&
		    a->point.layer == layer)
			take_rows(l, a, values, rows);
	}
}

/* From several threads: each writes the row of its own. */
static void on_pattern(void *context, const struct forward_pattern *p)
{
	struct look *l = context;

	for (size_t i = 0; i < l->count; i++) {
		struct ask *a = &l->asks[i];
		uint32_t position = a->places[l->first + p->row];
		float *out;

		if (a->point.kind != POINT_PATTERN || a->point.layer != p->layer ||
		    position == NOWHERE || a->head_places[p->head] == NOWHERE)
			continue;
		out = a->tensor.values +
		      (a->head_places[p->head] * a->positions + position) * l->tokens;
		memcpy(out + p->first, p->values + p->first,
		       (p->end - p->first) * sizeof *p->values);
	}
}

void look_watch(struct look *l, struct forward *f, size_t first)
{
	bool has_patterns = false;

	l->first = first;
	l->forward = f;
	for (size_t i = 0; i < l->count; i++)
		has_patterns = has_patterns || l->asks[i].point.kind == POINT_PATTERN;
	forward_watch(f, on_tap, has_patterns ? on_pattern : NULL, l);
}

void look_unwatch(struct forward *f)
{
	forward_watch(f, NULL, NULL, NULL);
}

/* ---- Behind it */

/* The `top` likeliest, in their order; of equal ones the first. */
static void take_top(float *values, uint32_t *ids, size_t top, const float *logits, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		size_t at;

		if (count == top && logits[i] <= values[top - 1])
			continue;
		at = count < top ? count++ : top - 1;
		for (; at > 0 && values[at - 1] < logits[i]; at--) {
			values[at] = values[at - 1];
			ids[at] = ids[at - 1];
		}
		values[at] = logits[i];
		ids[at] = (uint32_t)i;
	}
}

static enum err finish_lens(struct look *l, struct ask *a, struct forward *f)
{
	const struct config *c = &l->model->config;
	size_t most = forward_logit_rows(f);

	for (size_t done = 0; done < a->positions;) {
		size_t count = a->positions - done < most ? a->positions - done : most;
		float *logits;

		TRY(forward_lens(f, a->states + done * c->hidden_size, count, &logits));
		for (size_t i = 0; i < count; i++)
			take_top(a->tensor.values + (done + i) * a->top,
				 a->tensor.ids + (done + i) * a->top, a->top,
				 logits + i * c->vocabulary, c->vocabulary);
		done += count;
	}
	return OK;
}

enum err look_finish(struct look *l, struct forward *f)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->asks[i].top)
			TRY(finish_lens(l, &l->asks[i], f));
	return OK;
}

size_t look_count(const struct look *l)
{
	return l->count;
}

const struct look_tensor *look_tensor(const struct look *l, size_t ask)
{
	return &l->asks[ask].tensor;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attention.c - who looks at what. A head of a row weighs the keys it may see: those of the past
 * (all, or a window of them), of the whole sequence, or of what an encoder has left. Where a key
 * stands is told by turning q and k, or by a bias on the score.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "inference/kernel/layers.h"
#include "inference/kernel/pool.h"
#include "inference/model/forward_parts.h"
#include "inference/model/rope.h"

/* Below this many multiplications of attention, other threads are left asleep. */
enum { SHARED_FROM = 1 << 17 };

size_t forward_reach(const struct config *c, size_t context)
{
	return c->family->positions == FAMILY_POSITIONS_BUCKETS ? 2 * context : 0;
}

/*
 * ALiBi: head h of a power of two n has the slope 2^(-8(h+1)/n). Other numbers take the slopes of
 * the next smaller power, and for the rest every second one of its double. (Press et al., 2022; the
 * order is Hugging Face's build_alibi_tensor.)
 */
static void slopes_prepare(float *out, uint32_t heads)
{
	uint32_t power = 1;

	while (2 * power <= heads)
		power *= 2;
	for (uint32_t h = 0; h < heads; h++)
		out[h] = h < power ? (float)exp2(-8.0 * (h + 1) / power)
				   : (float)exp2(-4.0 * (2 * (h - power) + 1) / power);
}

/*
 * T5's buckets (Raffel et al., 2020): half of them for a distance each, the other half for ranges
 * that grow with the logarithm; in an encoder, each direction has its own half of all. `distance`
 * is key minus query.
 */
static uint32_t bucket_of(const struct config *c, bool both_ways, int64_t distance)
{
	uint32_t buckets = both_ways ? c->buckets / 2 : c->buckets;
	uint32_t exact = buckets / 2, first = both_ways && distance > 0 ? buckets : 0;
	int64_t away = distance > 0 ? distance : -distance;
	float grown;

	if (!both_ways && distance > 0)
		away = 0;
	if (away < exact)
		return first + (uint32_t)away;
	grown = logf((float)away / (float)exact) / logf((float)c->bucket_distance / (float)exact) *
		(float)(buckets - exact);
	if (grown >= (float)(buckets - exact))
		return first + buckets - 1;
	return first + exact + (uint32_t)grown;
}

/* [head][distance + context] of one stack. */
static void distances_prepare(float *out, const struct forward *f, const float *table,
			      bool both_ways)
{
	const struct config *c = &f->model->config;
	size_t reach = forward_reach(c, f->context);

	for (size_t i = 0; i < reach; i++) {
		uint32_t bucket = bucket_of(c, both_ways, (int64_t)i - (int64_t)f->context);

		for (size_t h = 0; h < c->heads; h++)
			out[h * reach + i] = table[bucket * c->heads + h];
	}
}

void attention_prepare(struct forward *f)
{
	const struct config *c = &f->model->config;

	switch (c->family->positions) {
	case FAMILY_POSITIONS_ROTARY:
		rope_frequencies(f->frequencies, c, f->model->rope_factors);
		return;
	case FAMILY_POSITIONS_LEARNED:
		return;
	case FAMILY_POSITIONS_SLOPES:
		slopes_prepare(f->slopes, c->heads);
		return;
	case FAMILY_POSITIONS_BUCKETS:
		distances_prepare(f->distances, f, f->model->encoder.distances, true);
		distances_prepare(f->distances + c->heads * forward_reach(c, f->context), f,
				  f->model->decoder.distances, false);
		return;
	}
}

void attention_begin(struct forward *f, const struct forward_row *rows, size_t count)
{
	const struct config *c = &f->model->config;
	size_t half = c->head_size / 2;

	if (c->family->positions != FAMILY_POSITIONS_ROTARY)
		return;
	for (size_t i = 0; i < count; i++)
		rope_angles(f->cosines + i * half, f->sines + i * half, f->frequencies, half,
			    rows[i].position);
}

void attention_turn(const struct forward *f, float *values, const struct affine *norm, size_t heads,
		    size_t count)
{
	const struct config *c = &f->model->config;
	size_t size = c->head_size, half = size / 2;

	for (size_t i = 0; i < count * heads; i++) {
		float *head = values + i * size;
		size_t row = i / heads;

		if (norm->weight)
			layers_rms_norm(head, head, norm->weight, c->norm_epsilon, size);
		if (c->family->positions == FAMILY_POSITIONS_ROTARY)
			layers_rotate(head, f->cosines + row * half, f->sines + row * half, size);
	}
}

void attention_keep(struct forward *f, size_t slot, const struct forward_row *rows, size_t count)
{
	const struct config *c = &f->model->config;
	size_t width = (size_t)c->kv_heads * c->head_size;

	for (size_t i = 0; i < count; i++) {
		const struct forward_row *r = &rows[i];

		memcpy(kvcache_key(f->cache, r->table, slot, r->position), f->k + i * width,
		       width * sizeof(float));
		memcpy(kvcache_value(f->cache, r->table, slot, r->position), f->v + i * width,
		       width * sizeof(float));
	}
}

struct attention {
	struct forward *forward;
	const struct forward_row *rows;
	size_t slot;
	enum sight sight;
};

/* What one row may see: positions [first, end) of a table. */
struct view {
	const struct kvcache_table *table;
	size_t first, end;
};

static struct view view_of(const struct attention *a, const struct forward_row *r)
{
	const struct config *c = &a->forward->model->config;
	struct view v = {r->table, 0, (size_t)r->position + 1};

	switch (a->sight) {
	case SIGHT_PAST:
		if (c->windowed[a->slot] && v.end > c->window)
			v.first = v.end - c->window;
		break;
	case SIGHT_WHOLE:
		v.end = r->length;
		break;
	case SIGHT_SOURCE:
		v.table = r->source;
		v.end = r->source_length;
		break;
	}
	return v;
}

static float scale_of(const struct attention *a)
{
	const struct config *c = &a->forward->model->config;
	float scale = c->scores_unscaled ? 1.0f : 1.0f / sqrtf((float)c->head_size);

	return c->scores_by_layer ? scale / (float)(a->slot + 1) : scale;
}

/* Where a key stands, for families that say so by a bias. */
static void add_bias(const struct attention *a, const struct view *v, uint32_t position,
		     size_t head, float *scores)
{
	const struct forward *f = a->forward;
	const struct config *c = &f->model->config;
	size_t reach = forward_reach(c, f->context);
	const float *bias = f->distances + head * reach + f->context - position;

	if (a->sight == SIGHT_SOURCE)
		return;
	if (c->family->positions == FAMILY_POSITIONS_SLOPES)
		for (size_t i = v->first; i < v->end; i++)
			scores[i] -= f->slopes[head] * (float)(position - i);
	if (c->family->positions != FAMILY_POSITIONS_BUCKETS)
		return;
	if (a->sight == SIGHT_PAST)
		bias += c->heads * reach;
	for (size_t i = v->first; i < v->end; i++)
		scores[i] += bias[i];
}

/* Where the page of position i ends, or the view. */
static size_t page_stop(const struct view *v, size_t i)
{
	size_t stop = (i / KVCACHE_PAGE + 1) * KVCACHE_PAGE;

	return stop < v->end ? stop : v->end;
}

static void show_pattern(const struct attention *a, const struct view *v, size_t row, size_t head,
			 const float *scores)
{
	const struct forward *f = a->forward;
	const struct forward_pattern pattern = {f->layer, row, head, v->first, v->end, scores};

	if (f->pattern && a->sight != SIGHT_SOURCE)
		f->pattern(f->tap_context, &pattern);
}

/* One head of one row: softmax(q . keys * scale + bias) . values, page by page. */
static void attend(const struct attention *a, size_t row, size_t head, float *scores)
{
	struct forward *f = a->forward;
	const struct config *c = &f->model->config;
	const struct view v = view_of(a, &a->rows[row]);
	size_t width = (size_t)c->kv_heads * c->head_size;
	size_t within = head / (c->heads / c->kv_heads) * c->head_size;
	const float *q = f->q + (row * c->heads + head) * c->head_size;
	float *out = f->mixed + (row * c->heads + head) * c->head_size;
	float scale = scale_of(a);

	for (size_t i = v.first; i < v.end;) {
		const float *key = kvcache_key(f->cache, v.table, a->slot, i) + within;

		for (size_t stop = page_stop(&v, i); i < stop; i++, key += width)
			scores[i] = scale * compute_dot(f->compute, q, key, c->head_size);
	}
	add_bias(a, &v, a->rows[row].position, head, scores);
	layers_softmax(scores + v.first, v.end - v.first);
	show_pattern(a, &v, row, head, scores);
	memset(out, 0, c->head_size * sizeof(float));
	for (size_t i = v.first; i < v.end;) {
		const float *value = kvcache_value(f->cache, v.table, a->slot, i) + within;

		for (size_t stop = page_stop(&v, i); i < stop; i++, value += width)
			compute_add_scaled(f->compute, out, value, scores[i], c->head_size);
	}
}

static void attend_part(void *context, unsigned worker, size_t first, size_t last)
{
	const struct attention *a = context;
	size_t heads = a->forward->model->config.heads;

	for (size_t i = first; i < last; i++)
		attend(a, i / heads, i % heads, a->forward->scores + worker * a->forward->context);
}

void attention_run(struct forward *f, size_t slot, enum sight sight, const struct forward_row *rows,
		   size_t count)
{
	struct attention a = {f, rows, slot, sight};
	const struct config *c = &f->model->config;
	size_t work = 0;

	for (size_t i = 0; i < count; i++) {
		struct view v = view_of(&a, &rows[i]);

		assert(v.end <= f->context);
		work += 2 * (size_t)c->heads * c->head_size * (v.end - v.first);
	}
	if (work < SHARED_FROM)
		attend_part(&a, 0, 0, count * c->heads);
	else
		pool_run(compute_pool(f->compute), count * c->heads, attend_part, &a);
}

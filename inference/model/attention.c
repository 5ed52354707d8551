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

struct keeping {
	struct forward *forward;
	const struct forward_row *rows;
	size_t slot;
};

static void keep_part(void *context, unsigned worker, size_t first, size_t last)
{
	const struct keeping *k = context;
	const struct forward *f = k->forward;
	const struct config *c = &f->model->config;
	attend_put_fn *put = compute_kernels(f->compute)->attend_put;

	(void)worker;
	for (size_t i = first; i < last; i++) {
		const struct forward_row *r = &k->rows[i];

		for (size_t head = 0; head < c->kv_heads; head++) {
			size_t at = (i * c->kv_heads + head) * c->head_size;

			put(kvcache_block(f->cache, r->table, k->slot, head, r->position), c->cache,
			    c->head_size, r->position % KVCACHE_PAGE, f->k + at, f->v + at);
		}
	}
}

void attention_keep(struct forward *f, size_t slot, const struct forward_row *rows, size_t count)
{
	const struct config *c = &f->model->config;
	struct keeping k = {f, rows, slot};

	if (count * c->kv_heads * c->head_size < SHARED_FROM)
		keep_part(&k, 0, 0, count);
	else
		pool_run(compute_pool(f->compute), count, keep_part, &k);
}

struct attention {
	struct forward *forward;
	const struct forward_row *rows;
	size_t slot;
	enum sight sight;
	bool is_shown;    /* somebody looks at the patterns: one lane at a time */
	size_t per_group; /* parts of the heads that share keys: lanes are few */
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
static void tell_places(const struct attention *a, size_t row, size_t head,
			struct attend_lane *lane)
{
	const struct forward *f = a->forward;
	const struct config *c = &f->model->config;
	size_t reach = forward_reach(c, f->context);

	if (a->sight == SIGHT_SOURCE)
		return;
	if (c->family->positions == FAMILY_POSITIONS_SLOPES)
		lane->slope = f->slopes[head];
	if (c->family->positions != FAMILY_POSITIONS_BUCKETS)
		return;
	lane->bias = f->distances + head * reach + f->context - a->rows[row].position;
	if (a->sight == SIGHT_PAST)
		lane->bias += c->heads * reach;
}

static void set_lane(const struct attention *a, size_t row, size_t head, struct attend_lane *lane)
{
	const struct forward *f = a->forward;
	const struct config *c = &f->model->config;
	const struct view v = view_of(a, &a->rows[row]);
	size_t at = (row * c->heads + head) * c->head_size;

	*lane = (struct attend_lane){
		.q = f->q + at, .out = f->mixed + at, .first = v.first, .end = v.end};
	tell_places(a, row, head, lane);
}

static size_t group_of(const struct config *c)
{
	return c->heads / c->kv_heads;
}

/* Heads of a group that are lanes at once, and rows. */
static size_t heads_at_once(const struct attention *a)
{
	size_t group = group_of(&a->forward->model->config);

	return a->is_shown ? 1 : group < ATTEND_LANES ? group : ATTEND_LANES;
}

static size_t rows_at_once(const struct attention *a)
{
	return a->is_shown ? 1 : ATTEND_LANES / heads_at_once(a);
}

static void show_pattern(const struct attention *a, size_t row, size_t head,
			 const struct attend_lane *lane)
{
	const struct forward *f = a->forward;
	const struct forward_pattern pattern = {f->layer,    row,       head,
						lane->first, lane->end, lane->pattern};

	f->pattern(f->tap_context, &pattern);
}

/* Part `i` of all: a run of rows with some of the heads that share a key. */
static void attend(const struct attention *a, unsigned worker, size_t i)
{
	struct forward *f = a->forward;
	const struct config *c = &f->model->config;
	const struct forward_span *span = &f->spans[i / (c->kv_heads * a->per_group)];
	const size_t part = i % (c->kv_heads * a->per_group), most = heads_at_once(a);
	const size_t first = part % a->per_group * most;
	const size_t left = group_of(c) - first, heads = left < most ? left : most;
	const size_t key = part / a->per_group, head = key * group_of(c) + first;
	struct attend_lane lanes[ATTEND_LANES];
	struct attend_job job = {.type = c->cache,
				 .head_size = c->head_size,
				 .scale = scale_of(a),
				 .lanes = lanes,
				 .count = span->count * heads,
				 .scratch = f->attending +
					    worker * attend_scratch_floats(c->head_size)};

	for (size_t j = 0; j < job.count; j++)
		set_lane(a, span->first + j / heads, head + j % heads, &lanes[j]);
	kvcache_describe(f->cache, view_of(a, &a->rows[span->first]).table, a->slot, key, &job);
	if (a->is_shown)
		lanes[0].pattern = f->patterns + worker * f->context;
	compute_kernels(f->compute)->attend(&job);
	if (a->is_shown)
		show_pattern(a, span->first, head, &lanes[0]);
}

static void attend_part(void *context, unsigned worker, size_t first, size_t last)
{
	for (size_t i = first; i < last; i++)
		attend(context, worker, i);
}

/* Rows one behind the other that look at the same table; as many as lanes allow. */
static size_t find_spans(const struct attention *a, size_t count)
{
	struct forward_span *spans = a->forward->spans;
	const struct kvcache_table *before = NULL;
	size_t most = rows_at_once(a), found = 0;

	for (size_t i = 0; i < count; i++) {
		const struct kvcache_table *table = view_of(a, &a->rows[i]).table;

		if (i == 0 || table != before || spans[found - 1].count == most)
			spans[found++] = (struct forward_span){(uint16_t)i, 0};
		spans[found - 1].count++;
		before = table;
	}
	return found;
}

void attention_run(struct forward *f, size_t slot, enum sight sight, const struct forward_row *rows,
		   size_t count)
{
	struct attention a = {f, rows, slot, sight, f->pattern && sight != SIGHT_SOURCE, 1};
	const struct config *c = &f->model->config;
	size_t work = 0, parts;

	a.per_group = (group_of(c) + heads_at_once(&a) - 1) / heads_at_once(&a);
	for (size_t i = 0; i < count; i++) {
		struct view v = view_of(&a, &rows[i]);

		assert(v.end <= f->context && v.first < v.end);
		work += 2 * (size_t)c->heads * c->head_size * (v.end - v.first);
	}
	parts = find_spans(&a, count) * c->kv_heads * a.per_group;
	if (work < SHARED_FROM)
		attend_part(&a, 0, 0, parts);
	else
		pool_share(compute_pool(f->compute), parts, 1, attend_part, &a);
}

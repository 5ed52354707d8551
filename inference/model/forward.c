/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/model/forward.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "inference/kernel/layers.h"
#include "inference/kernel/pool.h"
#include "inference/model/region.h"
#include "inference/model/rope.h"

/* Below this many multiplications of attention, other threads are left asleep. */
enum { SHARED_FROM = 1 << 17 };

/* One buffer of scratch a line: name, floats. R rows, L rows with logits. */
#define BUFFERS(X) \
	X(x, R * c->hidden_size)      /* the residual stream */ \
	X(normed, R * c->hidden_size) /* what a product reads */ \
	X(delta, R * c->hidden_size)  /* what a block adds to x */ \
	X(q, R * c->heads * c->head_size) \
	X(k, R * c->kv_heads * c->head_size) \
	X(v, R * c->kv_heads * c->head_size) \
	X(mixed, R * c->heads * c->head_size) /* attention's output */ \
	X(gate, R * c->intermediate_size) \
	X(up, R * c->intermediate_size) \
	X(cosines, R * c->head_size / 2) \
	X(sines, R * c->head_size / 2) \
	X(frequencies, (size_t)c->head_size / 2) \
	X(scores, (size_t)threads *context) /* one run of scores a worker */ \
	X(logits, L * c->vocabulary)

struct forward {
	const struct model *model;
	struct kvcache *cache;
	struct compute *compute;
	struct region region;
	size_t context;
	size_t logit_rows;
#define BUFFER_MEMBER(name, floats) float *name;
	BUFFERS(BUFFER_MEMBER)
#undef BUFFER_MEMBER
};

size_t forward_memory_needed(const struct config *c, size_t logit_rows, size_t context,
			     unsigned threads)
{
	const size_t R = FORWARD_MAX_ROWS;
	const size_t L = logit_rows;
	size_t total = 0;

#define BUFFER_BYTES(name, floats) total += region_round((floats) * sizeof(float));
	BUFFERS(BUFFER_BYTES)
#undef BUFFER_BYTES
	return total;
}

static void take_buffers(struct forward *f, const struct config *c, unsigned threads)
{
	const size_t R = FORWARD_MAX_ROWS;
	const size_t L = f->logit_rows;
	const size_t context = f->context;

#define BUFFER_TAKE(name, floats) f->name = region_take(&f->region, (floats) * sizeof(float));
	BUFFERS(BUFFER_TAKE)
#undef BUFFER_TAKE
}

enum err forward_new(struct forward **out, const struct model *model, struct kvcache *cache,
		     struct compute *compute, size_t logit_rows, size_t context, bool strict)
{
	AUTO(forward_auto) struct forward *f = calloc(1, sizeof *f);
	unsigned threads = pool_threads(compute_pool(compute));
	size_t bytes = forward_memory_needed(&model->config, logit_rows, context, threads);

	assert(f);
	f->model = model;
	f->cache = cache;
	f->compute = compute;
	f->context = context;
	f->logit_rows = logit_rows;
	TRY(region_open(&f->region, bytes, strict));
	take_buffers(f, &model->config, threads);
	rope_frequencies(f->frequencies, &model->config);
	*out = f;
	f = NULL; /* given away */
	return OK;
}

void forward_free(struct forward *f)
{
	if (!f)
		return;
	region_close(&f->region);
	free(f);
}

/* out = x * w^T (+ bias) for `count` rows. */
static enum err multiply(struct forward *f, float *out, const float *x, const float *w,
			 const float *bias, size_t count, size_t outputs, size_t inputs)
{
	const struct product p = {out, outputs, x, w, count, outputs, inputs};

	TRY(compute_product(f->compute, &p));
	for (size_t i = 0; bias && i < count; i++)
		layers_add(out + i * outputs, bias, outputs);
	return OK;
}

static void norm_rows(struct forward *f, const float *weight, size_t count)
{
	const struct config *c = &f->model->config;

	for (size_t i = 0; i < count; i++)
		layers_rms_norm(f->normed + i * c->hidden_size, f->x + i * c->hidden_size, weight,
				c->norm_epsilon, c->hidden_size);
}

static void start_rows(struct forward *f, const struct forward_row *rows, size_t count)
{
	const struct config *c = &f->model->config;
	size_t half = c->head_size / 2;

	for (size_t i = 0; i < count; i++) {
		assert(rows[i].token < c->vocabulary && rows[i].position < f->context);
		memcpy(f->x + i * c->hidden_size,
		       f->model->embedding + (size_t)rows[i].token * c->hidden_size,
		       c->hidden_size * sizeof(float));
		rope_angles(f->cosines + i * half, f->sines + i * half, f->frequencies, half,
			    rows[i].position);
	}
}

/* Turn q and k by their positions, and put k and v where attention finds them. */
static void place_keys(struct forward *f, size_t layer, const struct forward_row *rows,
		       size_t count)
{
	const struct config *c = &f->model->config;
	size_t half = c->head_size / 2;
	size_t width = (size_t)c->kv_heads * c->head_size;

	for (size_t i = 0; i < count; i++) {
		const float *cosines = f->cosines + i * half;
		const float *sines = f->sines + i * half;
		float *q = f->q + i * c->heads * c->head_size;
		float *k = f->k + i * width;

		for (size_t h = 0; h < c->heads; h++)
			layers_rotate(q + h * c->head_size, cosines, sines, c->head_size);
		for (size_t h = 0; h < c->kv_heads; h++)
			layers_rotate(k + h * c->head_size, cosines, sines, c->head_size);
		memcpy(kvcache_key(f->cache, rows[i].table, layer, rows[i].position), k,
		       width * sizeof(float));
		memcpy(kvcache_value(f->cache, rows[i].table, layer, rows[i].position),
		       f->v + i * width, width * sizeof(float));
	}
}

struct attention {
	struct forward *forward;
	const struct forward_row *rows;
	size_t layer;
};

/* One head of one row: softmax(q . keys / sqrt(size)) . values, page by page. */
static void attend(const struct attention *a, size_t row, size_t head, float *scores)
{
	struct forward *f = a->forward;
	const struct config *c = &f->model->config;
	const struct forward_row *r = &a->rows[row];
	size_t width = (size_t)c->kv_heads * c->head_size;
	size_t within = head / (c->heads / c->kv_heads) * c->head_size;
	const float *q = f->q + (row * c->heads + head) * c->head_size;
	float *out = f->mixed + (row * c->heads + head) * c->head_size;
	float scale = 1.0f / sqrtf((float)c->head_size);
	size_t count = (size_t)r->position + 1;

	for (size_t p = 0; p < count; p += KVCACHE_PAGE) {
		const float *keys = kvcache_key(f->cache, r->table, a->layer, p) + within;

		for (size_t i = p; i < count && i < p + KVCACHE_PAGE; i++)
			scores[i] = scale * compute_dot(f->compute, q, keys + (i - p) * width,
							c->head_size);
	}
	layers_softmax(scores, count);
	memset(out, 0, c->head_size * sizeof(float));
	for (size_t p = 0; p < count; p += KVCACHE_PAGE) {
		const float *values = kvcache_value(f->cache, r->table, a->layer, p) + within;

		for (size_t i = p; i < count && i < p + KVCACHE_PAGE; i++)
			compute_add_scaled(f->compute, out, values + (i - p) * width, scores[i],
					   c->head_size);
	}
}

static void attend_part(void *context, unsigned worker, size_t first, size_t last)
{
	const struct attention *a = context;
	size_t heads = a->forward->model->config.heads;

	for (size_t i = first; i < last; i++)
		attend(a, i / heads, i % heads, a->forward->scores + worker * a->forward->context);
}

static void attend_all(struct forward *f, size_t layer, const struct forward_row *rows,
		       size_t count)
{
	struct attention a = {f, rows, layer};
	size_t heads = f->model->config.heads;
	size_t work = 0;

	for (size_t i = 0; i < count; i++)
		work += 2 * heads * f->model->config.head_size * (rows[i].position + (size_t)1);
	if (work < SHARED_FROM)
		attend_part(&a, 0, 0, count * heads);
	else
		pool_run(compute_pool(f->compute), count * heads, attend_part, &a);
}

static enum err attention_block(struct forward *f, size_t layer, const struct forward_row *rows,
				size_t count)
{
	const struct config *c = &f->model->config;
	const struct model_layer *l = &f->model->layers[layer];
	size_t hidden = c->hidden_size;
	size_t width = (size_t)c->heads * c->head_size;
	size_t kv_width = (size_t)c->kv_heads * c->head_size;

	norm_rows(f, l->attention_norm, count);
	TRY(multiply(f, f->q, f->normed, l->q, l->q_bias, count, width, hidden));
	TRY(multiply(f, f->k, f->normed, l->k, l->k_bias, count, kv_width, hidden));
	TRY(multiply(f, f->v, f->normed, l->v, l->v_bias, count, kv_width, hidden));
	place_keys(f, layer, rows, count);
	attend_all(f, layer, rows, count);
	TRY(multiply(f, f->delta, f->mixed, l->o, l->o_bias, count, hidden, width));
	layers_add(f->x, f->delta, count * hidden);
	return OK;
}

static enum err mlp_block(struct forward *f, size_t layer, size_t count)
{
	const struct config *c = &f->model->config;
	const struct model_layer *l = &f->model->layers[layer];
	size_t hidden = c->hidden_size;
	size_t wide = c->intermediate_size;

	norm_rows(f, l->mlp_norm, count);
	TRY(multiply(f, f->gate, f->normed, l->gate, l->gate_bias, count, wide, hidden));
	TRY(multiply(f, f->up, f->normed, l->up, l->up_bias, count, wide, hidden));
	layers_silu_multiply(f->gate, f->up, count * wide);
	TRY(multiply(f, f->delta, f->gate, l->down, l->down_bias, count, hidden, wide));
	layers_add(f->x, f->delta, count * hidden);
	return OK;
}

/* Only rows that asked go through the largest matrix of all. */
static enum err finish_rows(struct forward *f, const struct forward_row *rows, size_t count)
{
	const struct config *c = &f->model->config;
	size_t wanted = 0;

	for (size_t i = 0; i < count; i++) {
		if (!rows[i].wants_logits)
			continue;
		assert(wanted < f->logit_rows);
		layers_rms_norm(f->normed + wanted * c->hidden_size, f->x + i * c->hidden_size,
				f->model->norm, c->norm_epsilon, c->hidden_size);
		wanted++;
	}
	if (wanted == 0)
		return OK;
	return multiply(f, f->logits, f->normed, f->model->head, NULL, wanted, c->vocabulary,
			c->hidden_size);
}

enum err forward_run(struct forward *f, const struct forward_row *rows, size_t count,
		     float **logits)
{
	assert(count <= FORWARD_MAX_ROWS);
	start_rows(f, rows, count);
	for (size_t layer = 0; layer < f->model->config.layers; layer++) {
		TRY(attention_block(f, layer, rows, count));
		TRY(mlp_block(f, layer, count));
	}
	TRY(finish_rows(f, rows, count));
	*logits = f->logits;
	return OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/model/forward.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "inference/kernel/layers.h"
#include "inference/kernel/pool.h"
#include "inference/model/forward_parts.h"

/* Numbers of rows; below this, other threads are left asleep. */
enum { SHARED_FROM = 1 << 15 };

/* Inputs that a matrix has at most, and rows that it is multiplied with. */
static size_t widest(const struct config *c)
{
	size_t heads = (size_t)c->heads * c->head_size;
	size_t most = c->hidden_size > c->intermediate_size ? c->hidden_size : c->intermediate_size;

	return heads > most ? heads : most;
}

static size_t widest_rows(size_t logit_rows)
{
	return logit_rows > FORWARD_MAX_ROWS ? logit_rows : FORWARD_MAX_ROWS;
}

size_t forward_memory_needed(const struct config *c, size_t logit_rows, size_t context,
			     unsigned threads)
{
	const size_t R = FORWARD_MAX_ROWS;
	const size_t L = logit_rows;
	size_t total = 0;

#define BUFFER_BYTES(name, floats) total += region_round((floats) * sizeof(float));
	BUFFERS(BUFFER_BYTES)
#undef BUFFER_BYTES
	return total + compute_room_needed(widest_rows(logit_rows), widest(c), threads);
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
	bytes -= compute_room_needed(widest_rows(logit_rows), widest(&model->config), threads);
	TRY(region_open(&f->region, bytes, strict));
	TRY(compute_make_room(compute, widest_rows(logit_rows), widest(&model->config), strict));
	take_buffers(f, &model->config, threads);
	attention_prepare(f);
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

void forward_watch(struct forward *f, forward_tap_fn *tap, forward_pattern_fn *pattern,
		   void *context)
{
	f->tap = tap;
	f->pattern = pattern;
	f->tap_context = context;
}

static void show(const struct forward *f, enum forward_point point, const float *values,
		 size_t count)
{
	if (f->tap)
		f->tap(f->tap_context, point, f->layer, values, count);
}

struct product forward_part(float *out, const struct dense *d)
{
	return (struct product){out, d->weight.rows, &d->weight, d->bias};
}

enum err forward_product(struct forward *f, float *out, const float *x, const struct dense *d,
			 size_t count)
{
	const struct linear l = {x, count, 1, {forward_part(out, d)}, LINEAR_AS_IT_IS};

	return compute_linear(f->compute, &l);
}

/* Rows that are normed, or added to others first. */
struct rows_job {
	const struct forward *forward;
	float *out;
	const float *x;
	const struct affine *norm;
};

static void norm_rows(void *context, unsigned worker, size_t first, size_t last)
{
	const struct rows_job *job = context;
	const struct config *c = &job->forward->model->config;
	const struct affine *norm = job->norm;

	(void)worker;
	for (size_t i = first; i < last; i++) {
		float *to = job->out + i * c->hidden_size;
		const float *from = job->x + i * c->hidden_size;

		if (c->family->norm == FAMILY_NORM_RMS)
			layers_rms_norm(to, from, norm->weight, c->norm_epsilon, c->hidden_size);
		else
			layers_norm(to, from, norm->weight, norm->bias, c->norm_epsilon,
				    c->hidden_size);
	}
}

static void add_rows(void *context, unsigned worker, size_t first, size_t last)
{
	const struct rows_job *job = context;
	size_t hidden = job->forward->model->config.hidden_size;

	(void)worker;
	layers_add(job->out + first * hidden, job->x + first * hidden, (last - first) * hidden);
}

/* By all threads, where there is enough for them. */
static void share_rows(struct rows_job *job, size_t count, pool_part_fn *part)
{
	const struct forward *f = job->forward;

	if (count * f->model->config.hidden_size < SHARED_FROM)
		part(job, 0, 0, count);
	else
		pool_run(compute_pool(f->compute), count, part, job);
}

void forward_norm(const struct forward *f, float *out, const float *x, const struct affine *norm,
		  size_t count)
{
	share_rows(&(struct rows_job){f, out, x, norm}, count, norm_rows);
}

/* Where a token stands, and of which segment it is, for families that add that to what it is. */
static void place_rows(struct forward *f, const struct forward_row *rows, size_t count)
{
	const struct model *m = f->model;
	size_t hidden = m->config.hidden_size;

	show(f, FORWARD_EMBED, f->x, count);
	for (size_t i = 0; i < count; i++) {
		float *x = f->x + i * hidden;

		if (m->positions)
			layers_add(x, m->positions + rows[i].position * hidden, hidden);
		if (m->segments)
			layers_add(x, m->segments + rows[i].segment * hidden, hidden);
	}
}

static void start_rows(struct forward *f, const struct forward_row *rows, size_t count)
{
	const struct model *m = f->model;
	const struct config *c = &m->config;
	size_t hidden = c->hidden_size;
	bool is_placed = m->positions || m->segments;

	assert(count <= FORWARD_MAX_ROWS);
	f->has_adapters = false;
	f->layer = 0;
	for (size_t i = 0; i < count; i++) {
		assert(rows[i].token < c->vocabulary && rows[i].position < f->context);
		assert(rows[i].segment == 0 || rows[i].segment < c->segments);
		packed_row(&m->embedding, rows[i].token, f->x + i * hidden);
	}
	if (is_placed)
		place_rows(f, rows, count);
	if (m->embedding_norm.weight)
		forward_norm(f, f->x, f->x, &m->embedding_norm, count);
	if (!is_placed)
		show(f, FORWARD_EMBED, f->x, count);
	attention_begin(f, rows, count);
}

/* What a block reads: x behind the norm, or x itself where the norm comes after the block. */
static const float *enter_block(struct forward *f, const struct affine *norm, size_t count)
{
	if (f->model->config.family->norm_after)
		return f->x;
	forward_norm(f, f->normed, f->x, norm, count);
	return f->normed;
}

/* `resid`: what x is called with this block's part in it. */
static void leave_block(struct forward *f, const struct affine *norm, size_t count,
			enum forward_point resid)
{
	share_rows(&(struct rows_job){f, f->x, f->delta, NULL}, count, add_rows);
	show(f, resid, f->x, count);
	if (f->model->config.family->norm_after)
		forward_norm(f, f->x, f->x, norm, count);
}

static enum err attention_block(struct forward *f, const struct model_layer *l, size_t slot,
				enum sight sight, const struct forward_row *rows, size_t count)
{
	const struct config *c = &f->model->config;
	const float *x = enter_block(f, &l->attention_norm, count);
	const struct linear products = {
		x,
		count,
		3,
		{forward_part(f->q, &l->q), forward_part(f->k, &l->k), forward_part(f->v, &l->v)},
		LINEAR_AS_IT_IS};

	TRY(compute_linear(f->compute, &products));
	forward_adapt(f, slot, ADAPTER_Q, f->q, x, rows, count);
	forward_adapt(f, slot, ADAPTER_K, f->k, x, rows, count);
	forward_adapt(f, slot, ADAPTER_V, f->v, x, rows, count);
	show(f, FORWARD_Q, f->q, count);
	show(f, FORWARD_K, f->k, count);
	show(f, FORWARD_V, f->v, count);
	attention_turn(f, f->q, &l->q_norm, c->heads, count);
	attention_turn(f, f->k, &l->k_norm, c->kv_heads, count);
	show(f, FORWARD_ROT_Q, f->q, count);
	show(f, FORWARD_ROT_K, f->k, count);
	attention_keep(f, slot, rows, count);
	attention_run(f, slot, sight, rows, count);
	show(f, FORWARD_Z, f->mixed, count);
	TRY(forward_product(f, f->delta, f->mixed, &l->o, count));
	forward_adapt(f, slot, ADAPTER_O, f->delta, f->mixed, rows, count);
	show(f, FORWARD_ATTN_OUT, f->delta, count);
	leave_block(f, &l->attention_norm, count, FORWARD_RESID_MID);
	return OK;
}

/* The decoder looks at what the encoder has read; keys and values are there already. */
static enum err cross_block(struct forward *f, const struct model_layer *l, size_t slot,
			    const struct forward_row *rows, size_t count)
{
	const float *x = enter_block(f, &l->cross_norm, count);

	TRY(forward_product(f, f->q, x, &l->cross_q, count));
	attention_run(f, slot, SIGHT_SOURCE, rows, count);
	TRY(forward_product(f, f->delta, f->mixed, &l->cross_o, count));
	show(f, FORWARD_CROSS_ATTN_OUT, f->delta, count);
	leave_block(f, &l->cross_norm, count, FORWARD_RESID_MID_CROSS);
	return OK;
}

/* The gate and what it lets through, in one pass over both, where nothing has to be added between.
 */
static enum err gated_products(struct forward *f, const struct model_layer *l, size_t slot,
			       const float *x, const struct forward_row *rows, size_t count)
{
	const struct config *c = &f->model->config;
	const struct linear both = {
		x,
		count,
		2,
		{forward_part(f->gate, &l->gate), forward_part(f->up, &l->up)},
		c->activation == CONFIG_SILU && !f->has_adapters ? LINEAR_GATED : LINEAR_AS_IT_IS};
	size_t values = count * c->intermediate_size;

	TRY(compute_linear(f->compute, &both));
	if (both.then == LINEAR_GATED)
		return OK;
	forward_adapt(f, slot, ADAPTER_GATE, f->gate, x, rows, count);
	forward_adapt(f, slot, ADAPTER_UP, f->up, x, rows, count);
	layers_activate(f->gate, c->activation, values);
	layers_multiply(f->gate, f->up, values);
	return OK;
}

/* What widens a row, activated where nothing has to be added before. */
static enum err up_product(struct forward *f, const struct model_layer *l, size_t slot,
			   const float *x, const struct forward_row *rows, size_t count)
{
	const struct config *c = &f->model->config;
	const struct linear up = {
		.x = x,
		.m = count,
		.count = 1,
		.list = {forward_part(f->up, &l->up)},
		.then = c->activation == CONFIG_GELU && !f->has_adapters ? LINEAR_GELU
									 : LINEAR_AS_IT_IS,
	};

	TRY(compute_linear(f->compute, &up));
	if (up.then == LINEAR_GELU)
		return OK;
	forward_adapt(f, slot, ADAPTER_UP, f->up, x, rows, count);
	layers_activate(f->up, c->activation, count * c->intermediate_size);
	return OK;
}

static enum err mlp_block(struct forward *f, const struct model_layer *l, size_t slot,
			  const struct forward_row *rows, size_t count)
{
	const struct config *c = &f->model->config;
	const float *x = enter_block(f, &l->mlp_norm, count);
	float *middle = c->gated ? f->gate : f->up;

	if (c->gated)
		TRY(gated_products(f, l, slot, x, rows, count));
	else
		TRY(up_product(f, l, slot, x, rows, count));
	TRY(forward_product(f, f->delta, middle, &l->down, count));
	forward_adapt(f, slot, ADAPTER_DOWN, f->delta, middle, rows, count);
	show(f, FORWARD_MLP_OUT, f->delta, count);
	leave_block(f, &l->mlp_norm, count, FORWARD_RESID_POST);
	if (c->family->norm_after)
		show(f, FORWARD_NORMALIZED_POST, f->x, count);
	return OK;
}

static enum err decoder_layers(struct forward *f, const struct forward_row *rows, size_t count)
{
	start_rows(f, rows, count);
	for (size_t i = 0; i < count; i++)
		f->has_adapters |= rows[i].adapter != NULL;
	for (unsigned i = 0; i < f->model->config.layers; i++) {
		const struct model_layer *l = &f->model->decoder.layers[i];

		f->layer = i;
		show(f, FORWARD_RESID_PRE, f->x, count);
		TRY(attention_block(f, l, i, SIGHT_PAST, rows, count));
		if (l->cross_q.weight.data)
			TRY(cross_block(f, l, i, rows, count));
		TRY(mlp_block(f, l, i, rows, count));
	}
	return OK;
}

static enum err run_decoder(struct forward *f, const struct forward_row *rows, size_t count)
{
	enum err result;

	pool_step(compute_pool(f->compute), true);
	result = decoder_layers(f, rows, count);
	pool_step(compute_pool(f->compute), false);
	return result;
}

/* Only rows that asked go on: the largest matrix of all comes after this. Into f->normed. */
static size_t gather_rows(struct forward *f, const struct forward_row *rows, size_t count)
{
	size_t hidden = f->model->config.hidden_size, wanted = 0;

	for (size_t i = 0; i < count; i++)
		if (rows[i].wants_logits)
			forward_norm(f, f->normed + wanted++ * hidden, f->x + i * hidden,
				     &f->model->decoder.norm, 1);
	return wanted;
}

enum err forward_run_hidden(struct forward *f, const struct forward_row *rows, size_t count,
			    const float **hidden)
{
	TRY(run_decoder(f, rows, count));
	gather_rows(f, rows, count);
	*hidden = f->normed;
	return OK;
}

enum err forward_run(struct forward *f, const struct forward_row *rows, size_t count,
		     float **logits)
{
	const struct config *c = &f->model->config;
	size_t wanted;

	TRY(run_decoder(f, rows, count));
	wanted = gather_rows(f, rows, count);
	assert(wanted <= f->logit_rows);
	if (c->logits_scaled)
		layers_scale(f->normed, layers_rsqrt(c->hidden_size), wanted * c->hidden_size);
	if (wanted)
		TRY(forward_product(f, f->logits, f->normed, &f->model->head, wanted));
	*logits = f->logits;
	return OK;
}

/* What the decoder's layers will look at; it takes the place of what the encoder has kept. */
static enum err leave_source(struct forward *f, const struct forward_row *rows, size_t count)
{
	for (uint32_t i = 0; i < f->model->config.layers; i++) {
		const struct model_layer *l = &f->model->decoder.layers[i];
		const struct linear both = {
			f->normed,
			count,
			2,
			{forward_part(f->k, &l->cross_k), forward_part(f->v, &l->cross_v)},
			LINEAR_AS_IT_IS};

		TRY(compute_linear(f->compute, &both));
		attention_keep(f, i, rows, count);
	}
	return OK;
}

static enum err encoder_layers(struct forward *f, const struct forward_row *rows, size_t count,
			       const float **hidden)
{
	const struct model_stack *encoder = &f->model->encoder;

	start_rows(f, rows, count);
	for (unsigned i = 0; i < f->model->config.encoder_layers; i++) {
		const struct model_layer *l = &encoder->layers[i];

		f->layer = i;
		show(f, FORWARD_RESID_PRE, f->x, count);
		/* Nobody looks at a layer's keys later on: one place does for all. */
		TRY(attention_block(f, l, 0, SIGHT_WHOLE, rows, count));
		TRY(mlp_block(f, l, 0, rows, count));
	}
	*hidden = f->x;
	if (encoder->norm.weight) {
		forward_norm(f, f->normed, f->x, &encoder->norm, count);
		*hidden = f->normed;
	}
	return leave_source(f, rows, count);
}

enum err forward_encode(struct forward *f, const struct forward_row *rows, size_t count,
			const float **hidden)
{
	enum err result;

	pool_step(compute_pool(f->compute), true);
	result = encoder_layers(f, rows, count, hidden);
	pool_step(compute_pool(f->compute), false);
	return result;
}

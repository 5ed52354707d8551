/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/kernel/compute.h"

#include <assert.h>
#include <stdlib.h>

#include "inference/kernel/operators.h"
#include "inference/model/region.h"

enum {
	/* Below this many multiplications, handing them to other threads costs more than it saves.
	 */
	SHARED_FROM = 1 << 16,
	GRAIN = 4, /* panels that a thread takes at least */
};

struct compute {
	const struct operators *operators;
	struct operator_state state;
	struct pool *pool;
	struct region room;
	size_t rows, columns; /* that there is room for */
	struct quantized x_q8;
	struct float_pieces x_cut;
	bool is_fixed;
	bool is_straight;
};

enum err compute_new(struct compute **out, const struct operators *operators, unsigned threads)
{
	AUTO(compute_auto) struct compute *c = calloc(1, sizeof *c);

	assert(c);
	c->operators = operators;
	TRY(pool_new(&c->pool, threads));
	TRY(onednn_new(&c->state.onednn, threads));
	c->state.kernels = operators == &operators_plain ? &kernels_portable : kernels_list()[0];
	c->is_straight = kernels_read_straight();
	*out = c;
	c = NULL; /* given away */
	return OK;
}

void compute_free(struct compute *c)
{
	if (!c)
		return;
	pool_free(c->pool);
	onednn_free(c->state.onednn);
	region_close(&c->room);
	free(c);
}

void compute_fix(struct compute *c, bool is_fixed)
{
	c->is_fixed = is_fixed;
}

void compute_use(struct compute *c, const struct kernels *kernels)
{
	c->state.kernels = kernels;
}

const struct kernels *compute_kernels(const struct compute *c)
{
	return c->state.kernels;
}

static size_t even(size_t n)
{
	return n + n % 2;
}

static size_t blocks_of(size_t columns)
{
	return even((columns + PACKED_BLOCK - 1) / PACKED_BLOCK);
}

static size_t unpacked_bytes(size_t columns)
{
	size_t bytes = (columns + PACKED_BLOCK) * KERNELS_SCRATCH;

	return region_round(bytes > KERNELS_LEAST_SCRATCH ? bytes : KERNELS_LEAST_SCRATCH);
}

/* Of activations, for rows that may be tiled. */
static size_t blocks_for(size_t rows, size_t columns)
{
	return (rows + QUANTIZED_TILE - 1) / QUANTIZED_TILE * QUANTIZED_TILE * blocks_of(columns);
}

static size_t steps_of(size_t columns)
{
	return (columns + PIECES_COLUMNS - 1) / PIECES_COLUMNS;
}

/* Of activations in pieces, if this machine's kernels take them. */
static size_t pieces_bytes(size_t rows, size_t columns)
{
	size_t tiles = (rows + PIECES_ROWS - 1) / PIECES_ROWS;
	size_t groups = (steps_of(columns) + PIECES_STEPS - 1) / PIECES_STEPS;

	if (!kernels_list()[0]->cut_rows)
		return 0;
	return region_round(groups * tiles * PIECES_STEPS * PIECES_TILE * sizeof(uint16_t));
}

size_t compute_room_needed(size_t rows, size_t columns, unsigned threads)
{
	size_t blocks = blocks_for(rows, columns);

	return region_round(blocks * PACKED_BLOCK) + region_round(blocks * sizeof(float)) +
	       region_round(blocks * sizeof(int32_t)) + pieces_bytes(rows, columns) +
	       threads * unpacked_bytes(columns);
}

enum err compute_make_room(struct compute *c, size_t rows, size_t columns, bool strict)
{
	unsigned threads = pool_threads(c->pool);
	size_t blocks = blocks_for(rows, columns);

	region_close(&c->room);
	TRY(region_open(&c->room, compute_room_needed(rows, columns, threads), strict));
	c->rows = rows;
	c->columns = columns;
	c->x_q8.values = region_take(&c->room, blocks * PACKED_BLOCK);
	c->x_q8.scales = region_take(&c->room, blocks * sizeof(float));
	c->x_q8.sums = region_take(&c->room, blocks * sizeof(int32_t));
	if (pieces_bytes(rows, columns) > 0)
		c->x_cut.values = region_take(&c->room, pieces_bytes(rows, columns));
	for (unsigned i = 0; i < threads; i++)
		c->state.unpacked[i] = region_take(&c->room, unpacked_bytes(columns));
	return OK;
}

/* ---- activations in blocks */

struct quantizing {
	struct compute *compute;
	const struct linear *linear;
	size_t columns;
	void (*quantize)(const struct quantized *out, const float *x, size_t i, size_t columns);
};

static void quantize_rows(void *context, unsigned worker, size_t first, size_t last)
{
	const struct quantizing *q = context;

	(void)worker;
	for (size_t i = first; i < last; i++)
		q->quantize(&q->compute->x_q8, q->linear->x, i, q->columns);
}

/* For all of them at once: of several products, some may have no kernels that take tiles. */
static bool is_tiled(const struct compute *c, const struct linear *l)
{
	const struct kernels *kernels = c->state.kernels;

	for (size_t i = 0; i < l->count; i++) {
		enum packed_type type = l->list[i].w->type;

		if (packed_is_quantized(type) &&
		    (!kernels->tiled[type] || l->m < kernels->tiled_from[type]))
			return false;
	}
	return true;
}

static void quantize(struct compute *c, const struct linear *l)
{
	const struct kernels *kernels = c->state.kernels;
	const struct packed *w = l->list[0].w;
	struct quantizing q = {c, l, w->columns, kernels->quantize};

	c->x_q8.blocks = w->columns / PACKED_BLOCK;
	c->x_q8.is_by_row = w->type == PACKED_W8;
	if (c->x_q8.is_by_row) {
		q.quantize = kernels->quantize_row;
		c->x_q8.blocks = even(c->x_q8.blocks);
	}
	c->x_q8.is_tiled = is_tiled(c, l);
	if (l->m * q.columns < SHARED_FROM)
		quantize_rows(&q, 0, 0, l->m);
	else
		pool_run(c->pool, l->m, quantize_rows, &q);
}

/* ---- activations in pieces */

static void cut_tiles(void *context, unsigned worker, size_t first, size_t last)
{
	const struct quantizing *q = context;
	const struct compute *c = q->compute;

	(void)worker;
	for (size_t i = first; i < last; i++)
		c->state.kernels->cut_rows(&c->x_cut, q->linear->x, i, q->linear->m, q->columns);
}

static void cut(struct compute *c, const struct linear *l)
{
	struct quantizing q = {c, l, l->list[0].w->columns, NULL};

	c->x_cut.steps = steps_of(q.columns);
	c->x_cut.tiles = (l->m + PIECES_ROWS - 1) / PIECES_ROWS;
	pool_run(c->pool, c->x_cut.tiles, cut_tiles, &q);
}

/* ---- products */

struct sharing {
	struct compute *compute;
	const struct linear *linear;
	/* A failure belongs to the thread that met it: only the kind crosses over. */
	enum err results[POOL_MAX_THREADS];
};

static enum err multiply(const struct sharing *s, unsigned worker, const struct product *p,
			 size_t first, size_t last)
{
	struct compute *c = s->compute;
	const struct kernel_job job = {
		.out = p->out,
		.out_stride = p->out_stride,
		.bias = p->bias,
		.x = s->linear->x,
		.x_q8 = &c->x_q8,
		.x_cut = &c->x_cut,
		.w = p->w,
		.m = s->linear->m,
		.first = first,
		.last = last,
		.is_straight = c->is_straight,
		.scratch = c->state.unpacked[worker],
	};

	return c->operators->product(&c->state, worker, &job, c->is_fixed);
}

static size_t end_of(const struct product *p, size_t last)
{
	return last * PACKED_PANEL < p->w->rows ? last * PACKED_PANEL : p->w->rows;
}

/* The same panels of both, and what comes of them. */
static enum err multiply_gated(const struct sharing *s, unsigned worker, size_t first, size_t last)
{
	const struct compute *c = s->compute;
	const struct product *gate = &s->linear->list[0], *up = &s->linear->list[1];
	size_t from = first * PACKED_PANEL, end = end_of(gate, last);

	TRY(multiply(s, worker, gate, first, last));
	TRY(multiply(s, worker, up, first, last));
	for (size_t i = 0; i < s->linear->m; i++)
		c->operators->silu_multiply(&c->state, gate->out + i * gate->out_stride + from,
					    up->out + i * up->out_stride + from, end - from);
	return OK;
}

static enum err multiply_gelu(const struct sharing *s, unsigned worker, size_t first, size_t last)
{
	const struct compute *c = s->compute;
	const struct product *p = &s->linear->list[0];
	size_t from = first * PACKED_PANEL, end = end_of(p, last);

	TRY(multiply(s, worker, p, first, last));
	for (size_t i = 0; i < s->linear->m; i++)
		c->operators->gelu(&c->state, p->out + i * p->out_stride + from, end - from);
	return OK;
}

/* Panels [first, last) of all products, one behind the other. */
static enum err multiply_all(const struct sharing *s, unsigned worker, size_t first, size_t last)
{
	size_t before = 0;

	for (size_t i = 0; i < s->linear->count; i++) {
		const struct product *p = &s->linear->list[i];
		size_t end = before + packed_panels(p->w);
		size_t from = first > before ? first : before, to = last < end ? last : end;

		if (from < to)
			TRY(multiply(s, worker, p, from - before, to - before));
		before = end;
	}
	return OK;
}

static void run_panels(void *context, unsigned worker, size_t first, size_t last)
{
	struct sharing *s = context;
	enum err result = OK;

	switch (s->linear->then) {
	case LINEAR_AS_IT_IS:
		result = multiply_all(s, worker, first, last);
		break;
	case LINEAR_GATED:
		result = multiply_gated(s, worker, first, last);
		break;
	case LINEAR_GELU:
		result = multiply_gelu(s, worker, first, last);
		break;
	}
	if (result != OK)
		s->results[worker] = result;
}

static enum err result_of(const struct sharing *s)
{
	if (s->results[0] != OK)
		return s->results[0];
	for (unsigned i = 1; i < pool_threads(s->compute->pool); i++)
		if (s->results[i] != OK)
			return failure(s->results[i], "%s: a product failed on thread %u",
				       s->compute->operators->name, i);
	return OK;
}

enum err compute_linear(struct compute *c, const struct linear *l)
{
	struct sharing s = {.compute = c, .linear = l};
	size_t columns = l->list[0].w->columns, panels = 0, work = 0;
	bool is_quantized = false, is_cut = false;

	assert(l->m <= c->rows && columns <= c->columns && l->count <= LINEAR_MOST);
	for (size_t i = 0; i < l->count; i++) {
		const struct packed *w = l->list[i].w;

		assert(w->columns == columns);
		assert((w->type == PACKED_W8) == (l->list[0].w->type == PACKED_W8));
		panels += packed_panels(w);
		work += l->m * w->rows * columns;
		is_quantized |= packed_is_quantized(w->type);
		is_cut |= operators_cut(c->state.kernels, w->type, l->m, c->is_fixed);
	}
	if (l->then == LINEAR_GATED)
		panels = packed_panels(l->list[0].w);
	if (is_quantized && c->operators->quantizes)
		quantize(c, l);
	if (is_cut && c->operators->quantizes)
		cut(c, l);
	if (work < SHARED_FROM)
		run_panels(&s, 0, 0, panels);
	else if (is_cut) /* the more panels one after the other, the longer what was cut is near */
		pool_run(c->pool, panels, run_panels, &s);
	else
		pool_share(c->pool, panels, GRAIN, run_panels, &s);
	return result_of(&s);
}

uint64_t compute_matmul_primitives(const struct compute *c)
{
	return onednn_matmul_primitives(c->state.onednn);
}

const struct operators *compute_operators(const struct compute *c)
{
	return c->operators;
}

struct pool *compute_pool(struct compute *c)
{
	return c->pool;
}

float compute_dot(const struct compute *c, const float *a, const float *b, size_t n)
{
	return c->operators->dot(&c->state, a, b, n);
}

void compute_add_scaled(const struct compute *c, float *out, const float *x, float scale, size_t n)
{
	c->operators->add_scaled(&c->state, out, x, scale, n);
}

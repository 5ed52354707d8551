/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/kernel/compute.h"

#include <assert.h>
#include <stdlib.h>

#include "inference/kernel/operators.h"
#include "inference/kernel/pool.h"

/* Below this many multiplications, waking other threads costs more than they save. */
enum { SHARED_FROM = 1 << 17 };

struct compute {
	const struct operators *operators;
	struct operator_state state;
	struct pool *pool;
	bool is_fixed;
};

enum err compute_new(struct compute **out, const struct operators *operators, unsigned threads)
{
	AUTO(compute_auto) struct compute *c = calloc(1, sizeof *c);

	assert(c);
	c->operators = operators;
	TRY(pool_new(&c->pool, threads));
	TRY(onednn_new(&c->state.onednn, threads));
	c->state.rows = rows_choose();
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
	free(c);
}

void compute_fix(struct compute *c, bool is_fixed)
{
	c->is_fixed = is_fixed;
}

static enum err multiply(const struct compute *c, unsigned worker, const struct product *p)
{
	return c->is_fixed ? c->operators->fixed_product(&c->state, worker, p)
			   : c->operators->product(&c->state, worker, p);
}

struct shared_product {
	struct compute *compute;
	const struct product *whole;
	/* A failure belongs to the thread that met it: only the kind crosses over. */
	enum err results[POOL_MAX_THREADS];
};

static void run_columns(void *context, unsigned worker, size_t first, size_t last)
{
	struct shared_product *s = context;
	struct product part = *s->whole;

	part.out += first;
	part.w += first * part.k;
	part.n = last - first;
	s->results[worker] = multiply(s->compute, worker, &part);
}

enum err compute_product(struct compute *c, const struct product *p)
{
	struct shared_product s = {.compute = c, .whole = p};

	if (p->m * p->n * p->k < SHARED_FROM)
		return multiply(c, 0, p);
	pool_run(c->pool, p->n, run_columns, &s);
	if (s.results[0] != OK)
		return s.results[0];
	for (unsigned i = 1; i < pool_threads(c->pool); i++)
		if (s.results[i] != OK)
			return failure(s.results[i], "%s: a product failed on thread %u",
				       c->operators->name, i);
	return OK;
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

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * operators.c - the two rows of the operator table.
 */
#include "inference/kernel/operators.h"

/* Fewer rows than this are bound by reading the weights, where our own kernel is faster. */
enum { ONEDNN_FROM_ROWS = 5 };

static enum err onednn_or_rows(const struct operator_state *s, unsigned worker,
			       const struct product *p)
{
	if (p->m >= ONEDNN_FROM_ROWS)
		return onednn_product(s->onednn, worker, p);
	s->rows->product(p);
	return OK;
}

static enum err rows_fixed(const struct operator_state *s, unsigned worker, const struct product *p)
{
	(void)worker;
	s->rows->fixed_product(p);
	return OK;
}

static float rows_dot(const struct operator_state *s, const float *a, const float *b, size_t n)
{
	return s->rows->dot(a, b, n);
}

static void rows_add_scaled(const struct operator_state *s, float *out, const float *x, float scale,
			    size_t n)
{
	s->rows->add_scaled(out, x, scale, n);
}

static float plain_dot(const struct operator_state *s, const float *a, const float *b, size_t n)
{
	float sum = 0;

	(void)s;
	for (size_t i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

static void plain_add_scaled(const struct operator_state *s, float *out, const float *x,
			     float scale, size_t n)
{
	(void)s;
	for (size_t i = 0; i < n; i++)
		out[i] += scale * x[i];
}

static enum err plain_product(const struct operator_state *s, unsigned worker,
			      const struct product *p)
{
	(void)worker;
	for (size_t i = 0; i < p->m; i++)
		for (size_t j = 0; j < p->n; j++)
			p->out[i * p->out_stride + j] = plain_dot(s, p->x + i * p->k,
								  p->w + j * p->k, p->k);
	return OK;
}

const struct operators operators_onednn = {
	.name = "onednn",
	.product = onednn_or_rows,
	.fixed_product = rows_fixed,
	.dot = rows_dot,
	.add_scaled = rows_add_scaled,
};

const struct operators operators_plain = {
	.name = "plain",
	.product = plain_product,
	.fixed_product = plain_product,
	.dot = plain_dot,
	.add_scaled = plain_add_scaled,
};

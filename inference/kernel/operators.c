/* SPDX-License-Identifier: Apache-2.0 */
/*
 * operators.c - the two rows of the operator table.
 */
#include "inference/kernel/operators.h"

#include <math.h>

#include "inference/kernel/layers.h"

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void add_bias(const struct kernel_job *job, size_t first, size_t count)
{
	for (size_t i = 0; job->bias && i < job->m; i++)
		for (size_t j = first; j < first + count; j++)
			job->out[i * job->out_stride + j] += job->bias[j];
}

/* Some panels as floats, then their product, and so on: what was unpacked is still in the cache. */
static enum err by_onednn(const struct operator_state *s, unsigned worker,
			  const struct kernel_job *job)
{
	float *unpacked = s->unpacked[worker];

	for (size_t i = job->first, next; i < job->last; i = next) {
		size_t first = i * PACKED_PANEL, count;

		next = least(i + KERNELS_UNPACKED, job->last);
		count = least(next * PACKED_PANEL, job->w->rows) - first;
		s->kernels->unpack(unpacked, job->w, i, next);
		TRY(onednn_product(s->onednn, worker,
				   &(struct onednn_matrices){
					   .out = job->out + first,
					   .out_stride = job->out_stride,
					   .x = job->x,
					   .w = unpacked,
					   .w_stride = (next - i) * PACKED_PANEL,
					   .m = job->m,
					   .n = count,
					   .k = job->w->columns,
				   }));
		add_bias(job, first, count);
	}
	return OK;
}

bool operators_cut(const struct kernels *kernels, enum packed_type type, size_t m, bool is_fixed)
{
	return !is_fixed && kernels->cut[type] && m >= kernels->cut_from[type];
}

static enum err onednn_or_ours(const struct operator_state *s, unsigned worker,
			       const struct kernel_job *job, bool is_fixed)
{
	if (packed_is_quantized(job->w->type) && job->x_q8->is_tiled) {
		s->kernels->tiled[job->w->type](job);
		return OK;
	}
	if (operators_cut(s->kernels, job->w->type, job->m, is_fixed)) {
		s->kernels->cut[job->w->type](job);
		return OK;
	}
	if (!is_fixed && job->m >= s->kernels->onednn_from[job->w->type])
		return by_onednn(s, worker, job);
	s->kernels->product[job->w->type](job);
	return OK;
}

static float kernels_dot(const struct operator_state *s, const float *a, const float *b, size_t n)
{
	return s->kernels->dot(a, b, n);
}

static void kernels_add_scaled(const struct operator_state *s, float *out, const float *x,
			       float scale, size_t n)
{
	s->kernels->add_scaled(out, x, scale, n);
}

static void kernels_silu_multiply(const struct operator_state *s, float *gate, const float *up,
				  size_t n)
{
	s->kernels->silu_multiply(gate, up, n);
}

static void kernels_gelu(const struct operator_state *s, float *x, size_t n)
{
	s->kernels->gelu(x, n);
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

static void plain_silu_multiply(const struct operator_state *s, float *gate, const float *up,
				size_t n)
{
	(void)s;
	for (size_t i = 0; i < n; i++)
		gate[i] = gate[i] / (1 + expf(-gate[i])) * up[i];
}

static void plain_gelu(const struct operator_state *s, float *x, size_t n)
{
	(void)s;
	layers_activate(x, CONFIG_GELU, n);
}

static enum err plain_product(const struct operator_state *s, unsigned worker,
			      const struct kernel_job *job, bool is_fixed)
{
	size_t end = least(job->last * PACKED_PANEL, job->w->rows);
	float *row = s->unpacked[worker];

	(void)is_fixed;
	for (size_t j = job->first * PACKED_PANEL; j < end; j++) {
		packed_row(job->w, j, row);
		for (size_t i = 0; i < job->m; i++)
			job->out[i * job->out_stride + j] = plain_dot(s,
								      job->x + i * job->w->columns,
								      row, job->w->columns) +
							    (job->bias ? job->bias[j] : 0);
	}
	return OK;
}

const struct operators operators_onednn = {
	.name = "onednn",
	.quantizes = true,
	.product = onednn_or_ours,
	.dot = kernels_dot,
	.add_scaled = kernels_add_scaled,
	.silu_multiply = kernels_silu_multiply,
	.gelu = kernels_gelu,
};

const struct operators operators_plain = {
	.name = "plain",
	.product = plain_product,
	.dot = plain_dot,
	.add_scaled = plain_add_scaled,
	.silu_multiply = plain_silu_multiply,
	.gelu = plain_gelu,
};

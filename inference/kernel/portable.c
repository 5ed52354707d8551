/* SPDX-License-Identifier: Apache-2.0 */
/*
 * portable.c - the kernels in plain C, for machines that have no table of their own, and for tests
 * to compare the others with.
 */
#include <math.h>
#include <string.h>

#include "inference/format/widen.h"
#include "inference/kernel/kernels.h"

/* One column of a panel as floats. */
static void widen_column(float *out, const struct packed *w, const uint8_t *panel, size_t column)
{
	const uint8_t *at = panel + column * PACKED_LINE;
	uint16_t bits[PACKED_PANEL];

	if (w->type == PACKED_F32) {
		memcpy(out, at, PACKED_PANEL * sizeof *out);
		return;
	}
	memcpy(bits, at, sizeof bits);
	for (size_t lane = 0; lane < PACKED_PANEL; lane++)
		out[lane] = w->type == PACKED_F16 ? widen_f16(bits[lane]) : widen_bf16(bits[lane]);
}

static void write_panel(const struct kernel_job *job, size_t row, size_t panel, const float *sums)
{
	size_t first = panel * PACKED_PANEL, left = job->w->rows - first;
	size_t count = left < PACKED_PANEL ? left : PACKED_PANEL;
	float *out = job->out + row * job->out_stride + first;

	for (size_t lane = 0; lane < count; lane++)
		out[lane] = job->bias ? sums[lane] + job->bias[first + lane] : sums[lane];
}

static void product_floats(const struct kernel_job *job)
{
	const struct packed *w = job->w;

	for (size_t panel = job->first; panel < job->last; panel++) {
		for (size_t row = 0; row < job->m; row++) {
			const float *x = job->x + row * w->columns;
			float sums[PACKED_PANEL] = {0}, column[PACKED_PANEL];

			for (size_t k = 0; k < w->columns; k++) {
				widen_column(column, w, packed_panel(w, panel), k);
				for (size_t lane = 0; lane < PACKED_PANEL; lane++)
					sums[lane] += x[k] * column[lane];
			}
			write_panel(job, row, panel, sums);
		}
	}
}

/* Column e of a block, of one lane, less its zero. */
static int32_t value_at(enum packed_type type, const uint8_t *block, size_t lane, size_t e)
{
	size_t group = type == PACKED_Q8_0 ? e / 4 : e % 16 / 4;
	int32_t byte = block[group * 4 * PACKED_PANEL + lane * 4 + e % 4];

	if (type == PACKED_Q8_0)
		return byte - PACKED_Q8_ZERO;
	return (e < 16 ? byte & 15 : byte >> 4) - PACKED_Q4_ZERO;
}

static float block_sum(const struct kernel_job *job, const uint8_t *block, size_t lane,
		       const int8_t *x)
{
	int32_t sum = 0;

	for (size_t e = 0; e < PACKED_BLOCK; e++)
		sum += value_at(job->w->type, block, lane, e) * x[e];
	return (float)sum;
}

static const uint16_t *scales_of(const struct packed *w, const uint8_t *panel, size_t b)
{
	return (const uint16_t *)(const void *)(panel + packed_scales_at(w->type, b));
}

static void product_blocks(const struct kernel_job *job)
{
	const struct packed *w = job->w;
	const struct quantized *x = job->x_q8;

	for (size_t panel = job->first; panel < job->last; panel++) {
		const uint8_t *data = packed_panel(w, panel);

		for (size_t row = 0; row < job->m; row++) {
			float sums[PACKED_PANEL] = {0};

			for (size_t b = 0; b < x->blocks; b++) {
				const uint8_t *block = data + packed_block_at(w->type, b);
				const uint16_t *scales = scales_of(w, data, b);
				size_t at = row * x->blocks + b;

				for (size_t lane = 0; lane < PACKED_PANEL; lane++)
					sums[lane] += block_sum(job, block, lane,
								x->values + at * PACKED_BLOCK) *
						      (x->scales[at] * widen_f16(scales[lane]));
			}
			write_panel(job, row, panel, sums);
		}
	}
}

/* Whole numbers all the way: one scale for a row of weights, one for a row of activations. */
static void product_w8(const struct kernel_job *job)
{
	const struct packed *w = job->w;
	const struct quantized *x = job->x_q8;

	for (size_t panel = job->first; panel < job->last; panel++) {
		const uint8_t *data = packed_panel(w, panel);
		const float *scales = packed_row_scales(w, panel);

		for (size_t row = 0; row < job->m; row++) {
			float sums[PACKED_PANEL];

			for (size_t lane = 0; lane < PACKED_PANEL; lane++) {
				int32_t sum = 0;

				for (size_t k = 0; k < w->columns; k++)
					sum += value_at(PACKED_Q8_0, data, lane, k) *
					       x->values[row * x->blocks * PACKED_BLOCK + k];
				sums[lane] = (float)sum * (x->scales[row] * scales[lane]);
			}
			write_panel(job, row, panel, sums);
		}
	}
}

/* With 1.5 * 2^23 added, a float ends in its whole part, rounded as processors round. */
static int32_t whole_of(float value)
{
	float raised = value + 12582912.0f;
	int32_t bits;

	memcpy(&bits, &raised, sizeof bits);
	return bits - 0x4b400000;
}

void kernels_quantize_row(const struct quantized *out, const float *x, size_t i, size_t columns)
{
	float most = 0, inverse;
	int32_t sum = 0;

	x += i * columns;
	for (size_t k = 0; k < columns; k++)
		most = fabsf(x[k]) > most ? fabsf(x[k]) : most;
	inverse = most > 0 ? 127 / most : 0;
	for (size_t b = 0; b < out->blocks; b++) {
		int8_t *to = out->values + quantized_at(out, i, b) * PACKED_BLOCK;

		if (b * PACKED_BLOCK >= columns) {
			memset(to, 0, PACKED_BLOCK);
			continue;
		}
		for (size_t e = 0; e < PACKED_BLOCK; e++) {
			int32_t value = whole_of(x[b * PACKED_BLOCK + e] * inverse);

			to[e] = (int8_t)value;
			sum += value;
		}
	}
	out->scales[i] = most / 127;
	out->sums[i] = sum;
}

static void quantize(const struct quantized *out, const float *x, size_t i, size_t columns)
{
	for (size_t b = 0; b < columns / PACKED_BLOCK; b++) {
		const float *from = x + i * columns + b * PACKED_BLOCK;
		size_t at = quantized_at(out, i, b);
		float most = 0, inverse;

		for (size_t e = 0; e < PACKED_BLOCK; e++)
			most = fmaxf(most, fabsf(from[e]));
		inverse = most > 0 ? 127 / most : 0;
		out->scales[at] = most / 127;
		out->sums[at] = 0;
		for (size_t e = 0; e < PACKED_BLOCK; e++) {
			int8_t value = (int8_t)nearbyintf(from[e] * inverse);

			out->values[at * PACKED_BLOCK + e] = value;
			out->sums[at] += value;
		}
	}
}

static void unpack(float *out, const struct packed *w, size_t first, size_t last)
{
	size_t stride = (last - first) * PACKED_PANEL;

	for (size_t panel = first; panel < last; panel++) {
		const uint8_t *data = packed_panel(w, panel);
		float *to = out + (panel - first) * PACKED_PANEL;

		for (size_t k = 0; k < w->columns; k++, to += stride) {
			size_t block = k / PACKED_BLOCK;

			if (!packed_is_quantized(w->type)) {
				widen_column(to, w, data, k);
				continue;
			}
			for (size_t lane = 0; lane < PACKED_PANEL; lane++)
				to[lane] = widen_f16(scales_of(w, data, block)[lane]) *
					   (float)value_at(w->type,
							   data + packed_block_at(w->type, block),
							   lane, k % PACKED_BLOCK);
		}
	}
}

static float dot(const float *a, const float *b, size_t n)
{
	float sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

static void add_scaled(float *out, const float *x, float scale, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] += scale * x[i];
}

static void silu_multiply(float *gate, const float *up, size_t n)
{
	for (size_t i = 0; i < n; i++)
		gate[i] = gate[i] / (1 + expf(-gate[i])) * up[i];
}

static void gelu(float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		x[i] = 0.5f * x[i] * (1 + erff(x[i] * 0.70710678f));
}

const struct kernels kernels_portable = {
	.name = "portable",
	.product = {product_floats, product_floats, product_floats, product_blocks, product_blocks,
		    product_w8, kernels_product_q4_k_portable, kernels_product_q6_k_portable},
	.quantize = quantize,
	.quantize_row = kernels_quantize_row,
	.unpack = unpack,
	.dot = dot,
	.add_scaled = add_scaled,
	.silu_multiply = silu_multiply,
	.gelu = gelu,
	.attend = attend_portable,
	.attend_put = attend_put_portable,
	.onednn_from = {5, 5, 5, 5, 5, SIZE_MAX, SIZE_MAX, SIZE_MAX},
};

/* SPDX-License-Identifier: Apache-2.0 */
/* k_portable.c - products with Q4_K and Q6_K in plain C: what the others are held against. */
#include "inference/format/widen.h"
#include "inference/kernel/packed_k.h"

enum { HALF = PACKED_BLOCK / 2 };

/* Of 16 columns of a lane, with the zero of their type. */
static int32_t sum_of(enum packed_type type, const uint8_t *superblock, size_t lane, size_t column,
		      const int8_t *x)
{
	int32_t sum = 0, zero = type == PACKED_Q6_K ? PACKED_Q6_K_ZERO : 0;

	for (size_t e = 0; e < HALF; e++)
		sum += (packed_k_bits(type, superblock, lane, column + e) - zero) * x[e];
	return sum;
}

static float group_of_q4_k(const struct quantized *x, size_t at, const uint8_t *superblock,
			   size_t lane, size_t g, float sum)
{
	const uint8_t *halves = superblock + PACKED_Q4_K_SCALES,
		      *scales = halves + 4 * PACKED_PANEL;
	const uint16_t *d = (const uint16_t *)(const void *)halves;
	const int8_t *values = x->values + at * PACKED_BLOCK;
	float scale = (float)scales[g * PACKED_PANEL + lane];
	float least = (float)scales[(PACKED_K_GROUPS + g) * PACKED_PANEL + lane];
	int32_t whole = sum_of(PACKED_Q4_K, superblock, lane, g * PACKED_BLOCK, values) +
			sum_of(PACKED_Q4_K, superblock, lane, g * PACKED_BLOCK + HALF,
			       values + HALF);

	sum += (float)whole * (x->scales[at] * (widen_f16(d[lane]) * scale));
	return sum -
	       (float)x->sums[at] * (x->scales[at] * (widen_f16(d[PACKED_PANEL + lane]) * least));
}

static float group_of_q6_k(const struct quantized *x, size_t at, const uint8_t *superblock,
			   size_t lane, size_t g, float sum)
{
	const uint8_t *halves = superblock + PACKED_Q6_K_SCALES;
	const uint16_t *d = (const uint16_t *)(const void *)halves;
	const int8_t *scales = (const int8_t *)halves + 2 * PACKED_PANEL;
	const int8_t *values = x->values + at * PACKED_BLOCK;
	int32_t whole = 0;

	for (size_t i = 0; i < 2; i++)
		whole += scales[(2 * g + i) * PACKED_PANEL + lane] *
			 sum_of(PACKED_Q6_K, superblock, lane, g * PACKED_BLOCK + i * HALF,
				values + i * HALF);
	return sum + (float)whole * (x->scales[at] * widen_f16(d[lane]));
}

static float row_sum(const struct kernel_job *job, const uint8_t *panel, size_t row, size_t lane)
{
	bool is_q4 = job->w->type == PACKED_Q4_K;
	size_t bytes = is_q4 ? PACKED_Q4_K_BYTES : PACKED_Q6_K_BYTES;
	const struct quantized *x = job->x_q8;
	float sum = 0;

	for (size_t b = 0; b < x->blocks; b++) {
		const uint8_t *superblock = panel + b / PACKED_K_GROUPS * bytes;
		size_t g = b % PACKED_K_GROUPS, at = row * x->blocks + b;

		sum = is_q4 ? group_of_q4_k(x, at, superblock, lane, g, sum)
			    : group_of_q6_k(x, at, superblock, lane, g, sum);
	}
	return sum;
}

static void product(const struct kernel_job *job)
{
	for (size_t panel = job->first; panel < job->last; panel++) {
		size_t first = panel * PACKED_PANEL, left = job->w->rows - first;

		for (size_t row = 0; row < job->m; row++)
			for (size_t i = 0; i < PACKED_PANEL && i < left; i++)
				job->out[row * job->out_stride + first + i] =
					row_sum(job, packed_panel(job->w, panel), row, i) +
					(job->bias ? job->bias[first + i] : 0);
	}
}

void kernels_product_q4_k_portable(const struct kernel_job *job)
{
	product(job);
}

void kernels_product_q6_k_portable(const struct kernel_job *job)
{
	product(job);
}

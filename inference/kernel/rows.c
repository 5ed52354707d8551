/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows.c - see rows.h. ROWS_NAME names the table that this compilation makes. Vectors are the
 * compilers' own (gcc and clang agree on them): eight floats, one AVX register or two SSE ones.
 */
#include "inference/kernel/rows.h"

#include <string.h>

typedef float vector __attribute__((vector_size(32)));

enum { LANES = 8, TILE = 4 /* rows of x that share one reading of a row of w */ };

#define LOAD(v, from) memcpy(&(v), (from), sizeof(v))

#define SUM(v) (((v)[0] + (v)[4]) + ((v)[1] + (v)[5]) + (((v)[2] + (v)[6]) + ((v)[3] + (v)[7])))

/* Four sums in flight hide the latency of the addition. */
static float dot(const float *a, const float *b, size_t n)
{
	vector sums[4] = {{0}};
	float total;
	size_t i = 0;

	for (; i + 4 * LANES <= n; i += 4 * LANES) {
		for (size_t j = 0; j < 4; j++) {
			vector x, y;

			LOAD(x, a + i + j * LANES);
			LOAD(y, b + i + j * LANES);
			sums[j] += x * y;
		}
	}
	for (; i + LANES <= n; i += LANES) {
		vector x, y;

		LOAD(x, a + i);
		LOAD(y, b + i);
		sums[0] += x * y;
	}
	sums[0] = (sums[0] + sums[1]) + (sums[2] + sums[3]);
	total = SUM(sums[0]);
	for (; i < n; i++)
		total += a[i] * b[i];
	return total;
}

static void add_scaled(float *restrict out, const float *restrict x, float scale, size_t n)
{
	size_t i = 0;

	for (; i + LANES <= n; i += LANES) {
		vector a, b;

		LOAD(a, out + i);
		LOAD(b, x + i);
		a += b * scale;
		memcpy(out + i, &a, sizeof a);
	}
	for (; i < n; i++)
		out[i] += scale * x[i];
}

/* One more vector of a row of x against both rows of w. */
#define STEP(r) \
	LOAD(v, x + (r)*k + i); \
	sum##r += v * w0; \
	other##r += v * w1

#define FINISH(r) \
	out[(r)*out_stride] = SUM(sum##r) + dot(x + (r)*k + i, w + i, k - i); \
	out[(r)*out_stride + 1] = SUM(other##r) + dot(x + (r)*k + i, w + k + i, k - i)

/* TILE rows of x, k floats apart, against two rows of w: each number loaded is used often. The
 * sums are spelled out, since compilers keep arrays of them in memory. */
static void tile(float *restrict out, size_t out_stride, const float *x, const float *w, size_t k)
{
	vector sum0 = {0}, sum1 = {0}, sum2 = {0}, sum3 = {0};
	vector other0 = {0}, other1 = {0}, other2 = {0}, other3 = {0};
	size_t i = 0;

	for (; i + LANES <= k; i += LANES) {
		vector v, w0, w1;

		LOAD(w0, w + i);
		LOAD(w1, w + k + i);
		STEP(0);
		STEP(1);
		STEP(2);
		STEP(3);
	}
	FINISH(0);
	FINISH(1);
	FINISH(2);
	FINISH(3);
}

static void product(const struct product *p)
{
	size_t j = 0;

	for (; j + 2 <= p->n && p->m >= TILE; j += 2) {
		const float *w = p->w + j * p->k;
		size_t i = 0;

		for (; i + TILE <= p->m; i += TILE)
			tile(p->out + i * p->out_stride + j, p->out_stride, p->x + i * p->k, w,
			     p->k);
		for (; i < p->m; i++) {
			const float *x = p->x + i * p->k;

			p->out[i * p->out_stride + j] = dot(x, w, p->k);
			p->out[i * p->out_stride + j + 1] = dot(x, w + p->k, p->k);
		}
	}
	for (; j < p->n; j++)
		for (size_t i = 0; i < p->m; i++)
			p->out[i * p->out_stride + j] = dot(p->x + i * p->k, p->w + j * p->k, p->k);
}

/* One row of x against one row of w, in the very order of `tile`. */
static float single(const float *x, const float *w, size_t k)
{
	vector sum = {0};
	size_t i = 0;

	for (; i + LANES <= k; i += LANES) {
		vector v, w0;

		LOAD(v, x + i);
		LOAD(w0, w + i);
		sum += v * w0;
	}
	return SUM(sum) + dot(x + i, w + i, k - i);
}

#define AGAINST(c) \
	LOAD(w0, w + (c)*k + i); \
	sum##c += v * w0

#define ENTER(c) out[c] = SUM(sum##c) + dot(x + i, w + (c)*k + i, k - i)

/* One row of x against TILE rows of w, each as `single` does it, so that they hide latency. */
static void line(float *restrict out, const float *x, const float *w, size_t k)
{
	vector sum0 = {0}, sum1 = {0}, sum2 = {0}, sum3 = {0};
	size_t i = 0;

	for (; i + LANES <= k; i += LANES) {
		vector v, w0;

		LOAD(v, x + i);
		AGAINST(0);
		AGAINST(1);
		AGAINST(2);
		AGAINST(3);
	}
	ENTER(0);
	ENTER(1);
	ENTER(2);
	ENTER(3);
}

static void fixed_product(const struct product *p)
{
	size_t j = 0;

	for (; j + TILE <= p->n; j += TILE) {
		const float *w = p->w + j * p->k;
		size_t i = 0;

		for (; i + TILE <= p->m; i += TILE) {
			float *out = p->out + i * p->out_stride + j;
			const float *x = p->x + i * p->k;

			tile(out, p->out_stride, x, w, p->k);
			tile(out + 2, p->out_stride, x, w + 2 * p->k, p->k);
		}
		for (; i < p->m; i++)
			line(p->out + i * p->out_stride + j, p->x + i * p->k, w, p->k);
	}
	for (; j < p->n; j++)
		for (size_t i = 0; i < p->m; i++)
			p->out[i * p->out_stride + j] = single(p->x + i * p->k, p->w + j * p->k,
							       p->k);
}

const struct rows_kernels ROWS_NAME = {product, fixed_product, dot, add_scaled};

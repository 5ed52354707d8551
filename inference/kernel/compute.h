/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compute.h - the arithmetic of a forward pass: a row of the operator table (who multiplies) and
 * a pool (on how many threads). Two rows exist: `operators_onednn` for production and
 * `operators_plain`, naive C, for tests to compare with.
 */
#ifndef INFERENCE_KERNEL_COMPUTE_H
#define INFERENCE_KERNEL_COMPUTE_H

#include <stdint.h>

#include "crypto/base/err.h"

/* out[i * out_stride + j] = sum over k of x[i][k] * w[j][k], for i < m, j < n. */
struct product {
	float *out;
	size_t out_stride;
	const float *x; /* [m][k] */
	const float *w; /* [n][k] */
	size_t m, n, k;
};

/* What one row multiplies with. */
struct operator_state;

struct operators {
	const char *name;
	/* The product on the calling thread alone; `worker` is its number. */
	enum err (*product)(const struct operator_state *s, unsigned worker,
			    const struct product *p);
	/* The same in one order of additions, whatever m and n are. */
	enum err (*fixed_product)(const struct operator_state *s, unsigned worker,
				  const struct product *p);
	float (*dot)(const struct operator_state *s, const float *a, const float *b, size_t n);
	/* out += scale * x */
	void (*add_scaled)(const struct operator_state *s, float *out, const float *x, float scale,
			   size_t n);
};

extern const struct operators operators_onednn;
extern const struct operators operators_plain;

struct compute;

RESULT compute_new(struct compute **out, const struct operators *operators, unsigned threads);
void compute_free(struct compute *c); /* NULL is fine */
AUTO_POINTER(compute)

/* The product with out_stride = n, columns shared out to all threads. */
RESULT compute_product(struct compute *c, const struct product *p);

/* From now on, are products independent of how many rows there are? Slower. At first they are not:
 * the fastest kernel for so many rows multiplies, and kernels differ in rounding. */
void compute_fix(struct compute *c, bool is_fixed);

/* matmul primitives that oneDNN has executed since compute_new */
uint64_t compute_matmul_primitives(const struct compute *c);

const struct operators *compute_operators(const struct compute *c);
struct pool *compute_pool(struct compute *c); /* borrowed */

/* By the row in use, on the calling thread. */
float compute_dot(const struct compute *c, const float *a, const float *b, size_t n);
void compute_add_scaled(const struct compute *c, float *out, const float *x, float scale, size_t n);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compute.h - the arithmetic of a forward pass: a row of the operator table (who multiplies) and
 * a pool (on how many threads). Two rows exist: `operators_onednn` for production and
 * `operators_plain`, naive C over the very numbers that the weights stand for, for tests to compare
 * with.
 */
#ifndef INFERENCE_KERNEL_COMPUTE_H
#define INFERENCE_KERNEL_COMPUTE_H

#include "crypto/base/err.h"
#include "inference/kernel/kernels.h"

/* out[i * out_stride + j] = x[i] . w[j] (+ bias[j]), for all rows j of w. */
struct product {
	float *out;
	size_t out_stride;
	const struct packed *w;
	const float *bias; /* NULL: none */
};

enum { LINEAR_MOST = 3 };

/* What becomes of the first product of a list. */
enum linear_then {
	LINEAR_AS_IT_IS,
	LINEAR_GATED, /* SiLU of it times the second, of equal width */
	LINEAR_GELU,  /* by erf; there is no other */
};

/* Up to three products of the same rows; all w have the same columns. */
struct linear {
	const float *x; /* [m][columns] */
	size_t m;
	size_t count;
	struct product list[LINEAR_MOST];
	enum linear_then then;
};

/* What one row multiplies with. */
struct operator_state;

struct operators {
	const char *name;
	bool quantizes; /* activations, for quantized weights */
	/* Some panels on the calling thread alone; `worker` is its number. `is_fixed`: each number
	 * in an order that does not depend on how many rows there are. */
	enum err (*product)(const struct operator_state *s, unsigned worker,
			    const struct kernel_job *job, bool is_fixed);
	float (*dot)(const struct operator_state *s, const float *a, const float *b, size_t n);
	/* out += scale * x */
	void (*add_scaled)(const struct operator_state *s, float *out, const float *x, float scale,
			   size_t n);
	/* gate = SiLU(gate) * up */
	void (*silu_multiply)(const struct operator_state *s, float *gate, const float *up,
			      size_t n);
	/* x = GELU(x), by erf */
	void (*gelu)(const struct operator_state *s, float *x, size_t n);
};

extern const struct operators operators_onednn;
extern const struct operators operators_plain;

struct compute;

RESULT compute_new(struct compute **out, const struct operators *operators, unsigned threads);
void compute_free(struct compute *c); /* NULL is fine */
AUTO_POINTER(compute)

/* Locked room for what lies between two steps of a product, activations and parts of weights:
 * needed before the first one. At most so many rows of at most so many columns. */
size_t compute_room_needed(size_t rows, size_t columns, unsigned threads);
RESULT compute_make_room(struct compute *c, size_t rows, size_t columns, bool strict);

/* Columns of panels are shared out to all threads. */
RESULT compute_linear(struct compute *c, const struct linear *l);

/* From now on, are products independent of how many rows there are? Slower for many. At first they
 * are not: the fastest kernel for so many rows multiplies, and kernels differ in rounding. */
void compute_fix(struct compute *c, bool is_fixed);

/* Another table of kernels than the best of this machine, for tests. */
void compute_use(struct compute *c, const struct kernels *kernels);
const struct kernels *compute_kernels(const struct compute *c);

/* matmul primitives that oneDNN has executed since compute_new */
uint64_t compute_matmul_primitives(const struct compute *c);

const struct operators *compute_operators(const struct compute *c);
struct pool *compute_pool(struct compute *c); /* borrowed */

/* By the row in use, on the calling thread. */
float compute_dot(const struct compute *c, const float *a, const float *b, size_t n);
void compute_add_scaled(const struct compute *c, float *out, const float *x, float scale, size_t n);

#endif

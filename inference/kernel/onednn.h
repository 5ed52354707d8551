/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onednn.h - matrix products by oneDNN. dnnl.c, behind it, is the only file with dnnl_ calls.
 */
#ifndef INFERENCE_KERNEL_ONEDNN_H
#define INFERENCE_KERNEL_ONEDNN_H

#include <stdint.h>

#include "crypto/base/err.h"

/* out[i * out_stride + j] = sum over l of x[i][l] * w[l * w_stride + j]; i < m, j < n, l < k. */
struct onednn_matrices {
	float *out;
	size_t out_stride;
	const float *x; /* [m][k] */
	const float *w;
	size_t w_stride;
	size_t m, n, k;
};

struct onednn;

RESULT onednn_new(struct onednn **out, unsigned workers); /* at most POOL_MAX_THREADS */
void onednn_free(struct onednn *d);                       /* NULL is fine */
AUTO_POINTER(onednn)

/* One matmul primitive on the calling thread alone. A worker's number is in use by one thread at
 * a time. ERR_INTERNAL with oneDNN's status where it refuses. */
RESULT onednn_product(struct onednn *d, unsigned worker, const struct onednn_matrices *p);

uint64_t onednn_matmul_primitives(const struct onednn *d); /* executed so far */

#endif

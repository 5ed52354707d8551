/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows.h - our own kernels for what streams weights once: a few rows of activations against every
 * row of a matrix (decode), and the vectors of attention. rows.c is compiled once for any x86-64
 * or other machine and once for AVX2 with FMA; rows_choose picks at run time.
 */
#ifndef INFERENCE_KERNEL_ROWS_H
#define INFERENCE_KERNEL_ROWS_H

#include "inference/kernel/compute.h"

struct rows_kernels {
	void (*product)(const struct product *p);
	/* Each number is made in one order, whatever m and n are: bit for bit the same in any
	 * company. */
	void (*fixed_product)(const struct product *p);
	float (*dot)(const float *a, const float *b, size_t n);
	void (*add_scaled)(float *out, const float *x, float scale, size_t n);
};

extern const struct rows_kernels rows_baseline;
extern const struct rows_kernels rows_avx2;

const struct rows_kernels *rows_choose(void);

#endif

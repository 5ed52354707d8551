/* SPDX-License-Identifier: Apache-2.0 */
/*
 * operators.h - what the rows of the operator table work with; compute.c makes one.
 */
#ifndef INFERENCE_KERNEL_OPERATORS_H
#define INFERENCE_KERNEL_OPERATORS_H

#include "inference/kernel/compute.h"
#include "inference/kernel/onednn.h"
#include "inference/kernel/pool.h"

struct operator_state {
	struct onednn *onednn;
	const struct kernels *kernels;
	float *unpacked[POOL_MAX_THREADS]; /* KERNELS_UNPACKED panels of the widest matrix */
};

/* Are so many rows multiplied with such weights in pieces? */
bool operators_cut(const struct kernels *kernels, enum packed_type type, size_t m, bool is_fixed);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * operators.h - what the rows of the operator table work with; compute.c makes one.
 */
#ifndef INFERENCE_KERNEL_OPERATORS_H
#define INFERENCE_KERNEL_OPERATORS_H

#include "inference/kernel/onednn.h"
#include "inference/kernel/rows.h"

struct operator_state {
	struct onednn *onednn;
	const struct rows_kernels *rows;
};

#endif

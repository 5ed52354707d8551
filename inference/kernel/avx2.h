/* SPDX-License-Identifier: Apache-2.0 */
/* avx2.h - what the files for AVX2 share. Only files that are compiled for it include this. */
#ifndef INFERENCE_KERNEL_AVX2_H
#define INFERENCE_KERNEL_AVX2_H

#include <immintrin.h>

#include "inference/kernel/kernels.h"

enum { AVX2_LANES = 8 /* floats in a register: half a panel */ };

/* What a row and half `h` of a panel come to, with the bias, where the product wants it. A half
 * that is not full goes by way of a copy. */
static inline __attribute__((always_inline)) void
avx2_store(const struct kernel_job *job, size_t row, size_t panel, size_t h, __m256 sums)
{
	size_t first = panel * PACKED_PANEL + h * AVX2_LANES;
	float *out = job->out + row * job->out_stride + first;
	float copy[AVX2_LANES];

	if (first + AVX2_LANES <= job->w->rows) {
		if (job->bias)
			sums = _mm256_add_ps(sums, _mm256_loadu_ps(job->bias + first));
		_mm256_storeu_ps(out, sums);
		return;
	}
	_mm256_storeu_ps(copy, sums);
	for (size_t lane = 0; first + lane < job->w->rows; lane++)
		out[lane] = job->bias ? copy[lane] + job->bias[first + lane] : copy[lane];
}

#endif

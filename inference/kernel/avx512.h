/* SPDX-License-Identifier: Apache-2.0 */
/* avx512.h - the kernels for AVX-512 with VNNI, for the tables that are made of them. */
#ifndef INFERENCE_KERNEL_AVX512_H
#define INFERENCE_KERNEL_AVX512_H

#include <immintrin.h>

#include "inference/kernel/kernels.h"

/* What a row and a panel come to, with the bias, where the product wants it. Only files that are
 * compiled for AVX-512 include this. */
static inline __attribute__((always_inline)) void
avx512_store(const struct kernel_job *job, size_t row, size_t panel, __m512 sums)
{
	size_t first = panel * PACKED_PANEL, left = job->w->rows - first;
	__mmask16 mask = (__mmask16)(left < PACKED_PANEL ? (1U << left) - 1 : 0xffff);

	if (job->bias)
		sums = _mm512_add_ps(sums, _mm512_maskz_loadu_ps(mask, job->bias + first));
	_mm512_mask_storeu_ps(job->out + row * job->out_stride + first, mask, sums);
}

kernel_fn avx512_product_f32, avx512_product_bf16, avx512_product_f16, avx512_product_q8_0,
	avx512_product_q4_0, avx512_product_w8;
void avx512_quantize(const struct quantized *out, const float *x, size_t i, size_t columns);
void avx512_quantize_row(const struct quantized *out, const float *x, size_t i, size_t columns);
void avx512_unpack(float *out, const struct packed *w, size_t first, size_t last);
float avx512_dot(const float *a, const float *b, size_t n);
void avx512_add_scaled(float *out, const float *x, float scale, size_t n);
void avx512_silu_multiply(float *gate, const float *up, size_t n);
void avx512_gelu(float *x, size_t n);

/* clang-format off */
#define AVX512_KERNELS \
	.product = {avx512_product_f32, avx512_product_bf16, avx512_product_f16, \
		    avx512_product_q8_0, avx512_product_q4_0, avx512_product_w8, \
		    kernels_product_q4_k_avx512, kernels_product_q6_k_avx512}, \
	.quantize = avx512_quantize, \
	.quantize_row = avx512_quantize_row, \
	.unpack = avx512_unpack, \
	.dot = avx512_dot, \
	.add_scaled = avx512_add_scaled, \
	.silu_multiply = avx512_silu_multiply, \
	.gelu = avx512_gelu, \
	.attend = attend_avx512, \
	.attend_put = attend_put_avx512, \
	.onednn_from = {512, 256, 256, SIZE_MAX, SIZE_MAX, SIZE_MAX, \
			SIZE_MAX, SIZE_MAX}
/* clang-format on */

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bytes_avx2.c - rows of bytes with one scale (W8) for AVX2. Two products are added in 16 bits, so
 * the weight's magnitude is multiplied, and its sign goes to the activation, as in avx2.c.
 */
#include <immintrin.h>
#include <string.h>

#include "inference/kernel/avx2.h"

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")

enum { LANES = AVX2_LANES, AT_ONCE = 4 /* rows */ };

INLINE __m256i broadcast_four(const int8_t *values)
{
	int32_t four;

	memcpy(&four, values, sizeof four);
	return _mm256_set1_epi32(four);
}

static void put(const struct kernel_job *job, size_t row, size_t panel, size_t half, __m256i sums)
{
	const __m256 scales = _mm256_loadu_ps(packed_row_scales(job->w, panel) + half * LANES);
	const __m256 both = _mm256_mul_ps(_mm256_set1_ps(job->x_q8->scales[row]), scales);

	avx2_store(job, row, panel, half, _mm256_mul_ps(_mm256_cvtepi32_ps(sums), both));
}

/* Half a panel with `m` rows. */
INLINE void row_tile(const struct kernel_job *job, size_t row, size_t panel, size_t half,
		     const size_t m)
{
	const __m256i flip = _mm256_set1_epi8((char)0x80), ones = _mm256_set1_epi16(1);
	const size_t width = job->x_q8->blocks * PACKED_BLOCK;
	const int8_t *x = job->x_q8->values + row * width;
	const uint8_t *at = packed_panel(job->w, panel) + half * 32;
	__m256i sums[AT_ONCE];

	UNROLL for (size_t i = 0; i < m; i++) sums[i] = _mm256_setzero_si256();
	for (size_t k = 0; k < width; k += 4, at += 64) {
		__m256i w = _mm256_xor_si256(_mm256_loadu_si256((const __m256i *)(const void *)at),
					     flip);
		__m256i size = _mm256_abs_epi8(w);

		UNROLL for (size_t i = 0; i < m; i++)
		{
			__m256i pairs = _mm256_maddubs_epi16(
				size, _mm256_sign_epi8(broadcast_four(x + i * width + k), w));

			sums[i] = _mm256_add_epi32(sums[i], _mm256_madd_epi16(pairs, ones));
		}
	}
	UNROLL for (size_t i = 0; i < m; i++) put(job, row + i, panel, half, sums[i]);
}

void kernels_product_w8_avx2(const struct kernel_job *job)
{
	if (job->m >= KERNELS_WORDS_FROM) {
		kernels_words_w8_avx2(job);
		return;
	}
	for (size_t i = 2 * job->first; i < 2 * job->last; i++) {
		size_t row = 0;

		for (; row + AT_ONCE <= job->m; row += AT_ONCE)
			row_tile(job, row, i / 2, i % 2, AT_ONCE);
		for (; row < job->m; row++)
			row_tile(job, row, i / 2, i % 2, 1);
	}
}

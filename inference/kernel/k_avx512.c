/* SPDX-License-Identifier: Apache-2.0 */
/*
 * k_avx512.c - products with Q4_K and Q6_K for AVX-512 with VNNI: four columns of a panel are one
 * register, as in avx512.c. A group's bits are taken apart once for up to eight rows.
 */
#include <immintrin.h>
#include <string.h>

#include "inference/kernel/avx512.h"
#include "inference/kernel/packed_k.h"

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")

enum { FOURS = PACKED_BLOCK / 4, HALF = PACKED_BLOCK / 2, MOST = 8, ZEROS = PACKED_K_COLUMNS / 4 };

INLINE __m512 halves_at(const uint8_t *at)
{
	return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)at));
}

INLINE __m128i bytes_at(const uint8_t *at)
{
	return _mm_loadu_si128((const __m128i *)(const void *)at);
}

INLINE void low_bits(__m512i *w, const uint8_t *group)
{
	const __m512i low = _mm512_set1_epi8(15);

	UNROLL for (size_t i = 0; i < FOURS / 2; i++)
	{
		__m512i both = _mm512_loadu_si512(group + i * 64);

		w[i] = _mm512_and_si512(both, low);
		w[i + FOURS / 2] = _mm512_and_si512(_mm512_srli_epi16(both, 4), low);
	}
}

INLINE void high_bits(__m512i *w, const uint8_t *high)
{
	const __m512i two = _mm512_set1_epi8(0x30);

	UNROLL for (size_t j = 0; j < 2; j++)
	{
		__m512i all = _mm512_loadu_si512(high + j * 64);

		w[4 * j] = _mm512_or_si512(w[4 * j],
					   _mm512_and_si512(_mm512_slli_epi16(all, 4), two));
		w[4 * j + 1] = _mm512_or_si512(w[4 * j + 1],
					       _mm512_and_si512(_mm512_slli_epi16(all, 2), two));
		w[4 * j + 2] = _mm512_or_si512(w[4 * j + 2], _mm512_and_si512(all, two));
		w[4 * j + 3] = _mm512_or_si512(w[4 * j + 3],
					       _mm512_and_si512(_mm512_srli_epi16(all, 2), two));
	}
}

/* Half a group: sixteen columns. */
INLINE __m512i half_sum(__m512i sum, const __m512i *w, const int8_t *x)
{
	UNROLL for (size_t i = 0; i < FOURS / 2; i++)
	{
		int32_t four;

		memcpy(&four, x + 4 * i, sizeof four);
		sum = _mm512_dpbusd_epi32(sum, w[i], _mm512_set1_epi32(four));
	}
	return sum;
}

/* -32 times the sum of each sixteen activations of a superblock, four times over: where the sum
 * with weights above their values begins. */
INLINE void less_zeros(int32_t *out, const int8_t *x)
{
	const __m512i ones = _mm512_set1_epi8(1), none = _mm512_setzero_si512();

	UNROLL for (size_t i = 0; i < ZEROS; i += 16)
	{
		__m512i sum = _mm512_dpbusd_epi32(none, ones, _mm512_loadu_si512(x + 4 * i));

		sum = _mm512_add_epi32(sum, _mm512_shuffle_epi32(sum, 0xb1));
		sum = _mm512_add_epi32(sum, _mm512_shuffle_epi32(sum, 0x4e));
		_mm512_storeu_si512(out + i, _mm512_sub_epi32(none, _mm512_slli_epi32(sum, 5)));
	}
}

/* Group g of a superblock into the sums of `m` rows; `b` is its block of activations. */
INLINE void group_of_q4_k(__m512 *sums, const struct quantized *x, size_t row, size_t b,
			  const uint8_t *superblock, size_t g, const size_t m)
{
	const uint8_t *halves = superblock + PACKED_Q4_K_SCALES;
	const uint8_t *scales = halves + 4 * PACKED_PANEL + g * PACKED_PANEL;
	const __m512 step = _mm512_mul_ps(
		halves_at(halves), _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes_at(scales))));
	const __m512 least = _mm512_mul_ps(halves_at(halves + 2 * PACKED_PANEL),
					   _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes_at(
						   scales + PACKED_K_GROUPS * PACKED_PANEL))));
	__m512i w[FOURS];

	low_bits(w, superblock + g * PACKED_K_LOW);
	UNROLL for (size_t i = 0; i < m; i++)
	{
		size_t at = (row + i) * x->blocks + b;
		const int8_t *values = x->values + at * PACKED_BLOCK;
		const __m512 scale = _mm512_set1_ps(x->scales[at]);
		__m512i whole = half_sum(_mm512_setzero_si512(), w, values);

		whole = half_sum(whole, w + FOURS / 2, values + HALF);
		sums[i] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(whole), _mm512_mul_ps(scale, step),
					  sums[i]);
		sums[i] = _mm512_fnmadd_ps(_mm512_set1_ps((float)x->sums[at]),
					   _mm512_mul_ps(scale, least), sums[i]);
	}
}

INLINE void group_of_q6_k(__m512 *sums, const struct quantized *x, size_t row, size_t b,
			  const uint8_t *superblock, size_t g, int32_t (*zeros)[ZEROS],
			  const size_t m)
{
	const uint8_t *halves = superblock + PACKED_Q6_K_SCALES;
	const uint8_t *scales = halves + 2 * PACKED_PANEL + 2 * g * PACKED_PANEL;
	const uint8_t *group = superblock + g * (PACKED_K_LOW + PACKED_K_HIGH);
	const __m512i first = _mm512_cvtepi8_epi32(bytes_at(scales));
	const __m512i second = _mm512_cvtepi8_epi32(bytes_at(scales + PACKED_PANEL));
	const __m512 d = halves_at(halves);
	__m512i w[FOURS];

	low_bits(w, group);
	high_bits(w, group + PACKED_K_LOW);
	UNROLL for (size_t i = 0; i < m; i++)
	{
		size_t at = (row + i) * x->blocks + b;
		const int8_t *values = x->values + at * PACKED_BLOCK;
		const int32_t *of_row = zeros[i] + g * FOURS;
		__m512i one = half_sum(_mm512_set1_epi32(of_row[0]), w, values);
		__m512i other = half_sum(_mm512_set1_epi32(of_row[FOURS / 2]), w + FOURS / 2,
					 values + HALF);
		__m512i whole = _mm512_add_epi32(_mm512_mullo_epi32(one, first),
						 _mm512_mullo_epi32(other, second));

		sums[i] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(whole),
					  _mm512_mul_ps(_mm512_set1_ps(x->scales[at]), d), sums[i]);
	}
}

/* `m` rows against one panel. */
INLINE void tile(const struct kernel_job *job, enum packed_type type, size_t row, size_t panel,
		 const size_t m)
{
	const size_t bytes = type == PACKED_Q4_K ? PACKED_Q4_K_BYTES : PACKED_Q6_K_BYTES;
	const uint8_t *superblock = packed_panel(job->w, panel);
	const size_t blocks = job->x_q8->blocks;
	int32_t zeros[MOST][ZEROS];
	__m512 sums[MOST];

	UNROLL for (size_t i = 0; i < m; i++) sums[i] = _mm512_setzero_ps();
	for (size_t b = 0; b < blocks; b += PACKED_K_GROUPS, superblock += bytes) {
		for (size_t i = 0; m <= 2 && !job->is_straight && i < bytes; i += 64)
			_mm_prefetch((const char *)superblock + bytes + i, _MM_HINT_T0);
		for (size_t i = 0; type == PACKED_Q6_K && i < m; i++)
			less_zeros(zeros[i],
				   job->x_q8->values + ((row + i) * blocks + b) * PACKED_BLOCK);
		for (size_t g = 0; g < PACKED_K_GROUPS; g++)
			if (type == PACKED_Q4_K)
				group_of_q4_k(sums, job->x_q8, row, b + g, superblock, g, m);
			else
				group_of_q6_k(sums, job->x_q8, row, b + g, superblock, g, zeros, m);
	}
	UNROLL for (size_t i = 0; i < m; i++) avx512_store(job, row + i, panel, sums[i]);
}

INLINE void product(const struct kernel_job *job, enum packed_type type)
{
	for (size_t panel = job->first; panel < job->last; panel++) {
		size_t row = 0;

		for (; row + 8 <= job->m; row += 8)
			tile(job, type, row, panel, 8);
		for (; row + 2 <= job->m; row += 2)
			tile(job, type, row, panel, 2);
		for (; row < job->m; row++)
			tile(job, type, row, panel, 1);
	}
}

void kernels_product_q4_k_avx512(const struct kernel_job *job)
{
	product(job, PACKED_Q4_K);
}

void kernels_product_q6_k_avx512(const struct kernel_job *job)
{
	product(job, PACKED_Q6_K);
}

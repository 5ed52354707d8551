/* SPDX-License-Identifier: Apache-2.0 */
/*
 * k_avx2.c - products with Q4_K and Q6_K for AVX2: as k_avx512.c, with half a panel in a register.
 * Sums of two products are made in 16 bits: eight of them fit where weights are below 16, two where
 * they are below 64.
 */
#include <immintrin.h>
#include <string.h>

#include "inference/kernel/avx2.h"
#include "inference/kernel/packed_k.h"

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")

enum {
	LANES = AVX2_LANES,
	FOURS = PACKED_BLOCK / 4,
	HALF = PACKED_BLOCK / 2,
	MOST = 4, /* rows at once */
	ZEROS = PACKED_K_COLUMNS / 4,
};

INLINE __m256i load(const uint8_t *at)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)at);
}

INLINE __m128i eight_at(const uint8_t *at)
{
	return _mm_loadl_epi64((const __m128i *)(const void *)at);
}

INLINE __m256 halves_at(const uint8_t *at)
{
	return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)at));
}

INLINE __m256i broadcast_four(const int8_t *x)
{
	int32_t four;

	memcpy(&four, x, sizeof four);
	return _mm256_set1_epi32(four);
}

INLINE void low_bits(__m256i *w, const uint8_t *group)
{
	const __m256i low = _mm256_set1_epi8(15);

	UNROLL for (size_t i = 0; i < FOURS / 2; i++)
	{
		__m256i both = load(group + i * 64);

		w[i] = _mm256_and_si256(both, low);
		w[i + FOURS / 2] = _mm256_and_si256(_mm256_srli_epi16(both, 4), low);
	}
}

INLINE void high_bits(__m256i *w, const uint8_t *high)
{
	const __m256i two = _mm256_set1_epi8(0x30);

	UNROLL for (size_t j = 0; j < 2; j++)
	{
		__m256i all = load(high + j * 64);

		w[4 * j] = _mm256_or_si256(w[4 * j],
					   _mm256_and_si256(_mm256_slli_epi16(all, 4), two));
		w[4 * j + 1] = _mm256_or_si256(w[4 * j + 1],
					       _mm256_and_si256(_mm256_slli_epi16(all, 2), two));
		w[4 * j + 2] = _mm256_or_si256(w[4 * j + 2], _mm256_and_si256(all, two));
		w[4 * j + 3] = _mm256_or_si256(w[4 * j + 3],
					       _mm256_and_si256(_mm256_srli_epi16(all, 2), two));
	}
}

/* Eight lanes, `h` of the panel, of group g into the sums of `m` rows. */
INLINE void group_of_q4_k(__m256 *sums, const struct quantized *x, size_t row, size_t b,
			  const uint8_t *superblock, size_t g, size_t h, const size_t m)
{
	const uint8_t *halves = superblock + PACKED_Q4_K_SCALES;
	const uint8_t *scales = halves + 4 * PACKED_PANEL + g * PACKED_PANEL + h * LANES;
	const __m256 step = _mm256_mul_ps(
		halves_at(halves + h * 16),
		_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(eight_at(scales))));
	const __m256 least = _mm256_mul_ps(halves_at(halves + 2 * PACKED_PANEL + h * 16),
					   _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(eight_at(
						   scales + PACKED_K_GROUPS * PACKED_PANEL))));
	__m256i w[FOURS];

	low_bits(w, superblock + g * PACKED_K_LOW + h * 32);
	UNROLL for (size_t i = 0; i < m; i++)
	{
		size_t at = (row + i) * x->blocks + b;
		const int8_t *values = x->values + at * PACKED_BLOCK;
		const __m256 scale = _mm256_set1_ps(x->scales[at]);
		__m256i whole = _mm256_setzero_si256();

		UNROLL for (size_t j = 0; j < FOURS; j++) whole = _mm256_add_epi16(
			whole, _mm256_maddubs_epi16(w[j], broadcast_four(values + 4 * j)));
		whole = _mm256_madd_epi16(whole, _mm256_set1_epi16(1));
		sums[i] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(whole), _mm256_mul_ps(scale, step),
					  sums[i]);
		sums[i] = _mm256_fnmadd_ps(_mm256_set1_ps((float)x->sums[at]),
					   _mm256_mul_ps(scale, least), sums[i]);
	}
}

/* -32 times the sum of each sixteen activations of a superblock, four times over: where the sum
 * with weights above their values begins. */
INLINE void less_zeros(int32_t *out, const int8_t *x)
{
	const __m256i bytes = _mm256_set1_epi8(1), words = _mm256_set1_epi16(1);

	for (size_t i = 0; i < ZEROS; i += LANES) {
		__m256i pairs = _mm256_maddubs_epi16(bytes, load((const uint8_t *)x + 4 * i));
		__m256i sum = _mm256_madd_epi16(pairs, words);

		sum = _mm256_add_epi32(sum, _mm256_shuffle_epi32(sum, 0xb1));
		sum = _mm256_add_epi32(sum, _mm256_shuffle_epi32(sum, 0x4e));
		sum = _mm256_sub_epi32(_mm256_setzero_si256(), _mm256_slli_epi32(sum, 5));
		_mm256_storeu_si256((__m256i *)(void *)(out + i), sum);
	}
}

/* Sixteen columns. */
INLINE __m256i half_sum(__m256i sum, const __m256i *w, const int8_t *x)
{
	UNROLL for (size_t j = 0; j < FOURS / 2; j += 2)
	{
		__m256i two = _mm256_add_epi16(
			_mm256_maddubs_epi16(w[j], broadcast_four(x + 4 * j)),
			_mm256_maddubs_epi16(w[j + 1], broadcast_four(x + 4 * j + 4)));

		sum = _mm256_add_epi32(sum, _mm256_madd_epi16(two, _mm256_set1_epi16(1)));
	}
	return sum;
}

INLINE void group_of_q6_k(__m256 *sums, const struct quantized *x, size_t row, size_t b,
			  const uint8_t *superblock, size_t g, size_t h, int32_t (*zeros)[ZEROS],
			  const size_t m)
{
	const uint8_t *halves = superblock + PACKED_Q6_K_SCALES;
	const uint8_t *scales = halves + 2 * PACKED_PANEL + 2 * g * PACKED_PANEL + h * LANES;
	const uint8_t *group = superblock + g * (PACKED_K_LOW + PACKED_K_HIGH) + h * 32;
	const __m256i first = _mm256_cvtepi8_epi32(eight_at(scales));
	const __m256i second = _mm256_cvtepi8_epi32(eight_at(scales + PACKED_PANEL));
	const __m256 d = halves_at(halves + h * 16);
	__m256i w[FOURS];

	low_bits(w, group);
	high_bits(w, group + PACKED_K_LOW);
	UNROLL for (size_t i = 0; i < m; i++)
	{
		size_t at = (row + i) * x->blocks + b;
		const int8_t *values = x->values + at * PACKED_BLOCK;
		const int32_t *of_row = zeros[i] + g * FOURS;
		__m256i one = half_sum(_mm256_set1_epi32(of_row[0]), w, values);
		__m256i other = half_sum(_mm256_set1_epi32(of_row[FOURS / 2]), w + FOURS / 2,
					 values + HALF);
		__m256i whole = _mm256_add_epi32(_mm256_mullo_epi32(one, first),
						 _mm256_mullo_epi32(other, second));

		sums[i] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(whole),
					  _mm256_mul_ps(_mm256_set1_ps(x->scales[at]), d), sums[i]);
	}
}

/* `m` rows against halves [from, to) of a panel, of each group the one after the other. */
INLINE void tile(const struct kernel_job *job, enum packed_type type, size_t row, size_t panel,
		 const size_t from, const size_t to, const size_t m)
{
	const size_t bytes = type == PACKED_Q4_K ? PACKED_Q4_K_BYTES : PACKED_Q6_K_BYTES;
	const uint8_t *superblock = packed_panel(job->w, panel);
	const struct quantized *x = job->x_q8;
	int32_t zeros[MOST][ZEROS];
	__m256 sums[2][MOST];

	UNROLL for (size_t i = 0; i < m; i++) sums[0][i] = sums[1][i] = _mm256_setzero_ps();
	for (size_t b = 0; b < x->blocks; b += PACKED_K_GROUPS, superblock += bytes) {
		for (size_t i = 0; type == PACKED_Q6_K && i < m; i++)
			less_zeros(zeros[i],
				   x->values + ((row + i) * x->blocks + b) * PACKED_BLOCK);
		for (size_t g = 0; g < PACKED_K_GROUPS; g++)
			UNROLL for (size_t h = from; h < to; h++) if (type == PACKED_Q4_K)
				group_of_q4_k(sums[h], x, row, b + g, superblock, g, h, m);
		else group_of_q6_k(sums[h], x, row, b + g, superblock, g, h, zeros, m);
	}
	UNROLL for (size_t i = 0; i < m; i++) UNROLL for (size_t h = from; h < to; h++)
		avx2_store(job, row + i, panel, h, sums[h][i]);
}

/* Four rows of Q4_K with both halves are more than registers hold. */
INLINE void product(const struct kernel_job *job, enum packed_type type)
{
	for (size_t panel = job->first; panel < job->last; panel++) {
		size_t row = 0;

		for (; type == PACKED_Q4_K && row + MOST <= job->m; row += MOST) {
			tile(job, type, row, panel, 0, 1, MOST);
			tile(job, type, row, panel, 1, 2, MOST);
		}
		for (; row + MOST <= job->m; row += MOST)
			tile(job, type, row, panel, 0, 2, MOST);
		for (; row < job->m; row++)
			tile(job, type, row, panel, 0, 2, 1);
	}
}

void kernels_product_q4_k_avx2(const struct kernel_job *job)
{
	product(job, PACKED_Q4_K);
}

void kernels_product_q6_k_avx2(const struct kernel_job *job)
{
	product(job, PACKED_Q6_K);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * words_avx2.c - many rows with Q8_0, Q4_0 and W8 for AVX2. Bytes become words of 16 bits first,
 * those of some panels once for all rows and those of some rows once for these panels: then one
 * instruction multiplies two columns of eight lanes and adds them to a whole number of 32 bits,
 * which bytes need three for. Sums are those of avx2.c to the bit.
 *
 * Of four columns that lie side by side the first and the third become a pair, and the second and
 * the fourth: in weights as in activations, so that nothing has to be moved.
 */
#include <immintrin.h>
#include <string.h>

#include "inference/kernel/avx2.h"

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")
#define TWICE _Pragma("GCC unroll 2")

enum {
	LANES = AVX2_LANES,
	ROWS = 3,                                  /* at once */
	GROUPS = PACKED_BLOCK / 4,                 /* of four columns, in a block */
	BLOCK_WORDS = PACKED_BLOCK * PACKED_PANEL, /* of weights: [pair][group][half][8][2] */
	NEAR = 192 << 10,                          /* bytes of words that stay near */
	ROOM = KERNELS_SCRATCH - ROWS * 2,         /* bytes a column for words of weights */
	MOST_PANELS = ROOM / (2 * (int)PACKED_PANEL),
};

/* ---- to words */

INLINE __m256i load(const void *at)
{
	return _mm256_loadu_si256(at);
}

INLINE void store(int16_t *at, __m256i words)
{
	_mm256_storeu_si256((__m256i *)(void *)at, words);
}

INLINE __m256i firsts(__m256i bytes)
{
	return _mm256_srai_epi16(_mm256_slli_epi16(bytes, 8), 8);
}

INLINE __m256i seconds(__m256i bytes)
{
	return _mm256_srai_epi16(bytes, 8);
}

/* Half a group of a block, with its sign. */
INLINE __m256i signed_group(enum packed_type type, const uint8_t *block, size_t g, size_t half)
{
	const __m256i low = _mm256_set1_epi8(15), eight = _mm256_set1_epi8(PACKED_Q4_ZERO);
	const size_t lines = type == PACKED_Q4_0 ? GROUPS / 2 : GROUPS;
	__m256i both = load(block + g % lines * PACKED_LINE + half * 32);

	if (type != PACKED_Q4_0)
		return _mm256_xor_si256(both, _mm256_set1_epi8((char)PACKED_Q8_ZERO));
	if (g >= lines)
		both = _mm256_srli_epi16(both, 4);
	return _mm256_sub_epi8(_mm256_and_si256(both, low), eight);
}

INLINE size_t block_at(enum packed_type type, size_t b)
{
	return type == PACKED_W8 ? b * PACKED_Q8_BYTES : packed_block_at(type, b);
}

INLINE void widen_panel(int16_t *out, const struct kernel_job *job, enum packed_type type,
			size_t panel)
{
	const uint8_t *data = packed_panel(job->w, panel);

	for (size_t b = 0; b < job->x_q8->blocks; b++, out += BLOCK_WORDS)
		for (size_t i = 0; i < 2 * GROUPS; i++) { /* halves of groups */
			__m256i bytes = signed_group(type, data + block_at(type, b), i / 2, i % 2);

			store(out + i * 2 * LANES, firsts(bytes));
			store(out + BLOCK_WORDS / 2 + i * 2 * LANES, seconds(bytes));
		}
}

/* Row i of activations: of each block [pair][group][2]. */
INLINE void widen_row(int16_t *out, const struct quantized *x, size_t i)
{
	const int8_t *values = x->values + i * x->blocks * PACKED_BLOCK;

	for (size_t b = 0; b < x->blocks; b++, values += PACKED_BLOCK, out += PACKED_BLOCK) {
		__m256i bytes = load(values);

		store(out, firsts(bytes));
		store(out + PACKED_BLOCK / 2, seconds(bytes));
	}
}

/* ---- products */

INLINE __m256i two_columns(const int16_t *x)
{
	int32_t both;

	memcpy(&both, x, sizeof both);
	return _mm256_set1_epi32(both);
}

/* A block of `m` rows with one of a panel. Not unrolled any further, and three rows at the most:
 * gcc multiplies all there is before it adds, and the sums have to stay in registers. */
INLINE void add_block(__m256i (*sums)[2], const int16_t *w, const int16_t *x, size_t x_stride,
		      const size_t m)
{
	TWICE for (size_t j = 0; j < PACKED_BLOCK / 2; j++, w += 4 * LANES, x += 2)
	{
		const __m256i low = load(w), high = load(w + 2 * LANES);

		UNROLL for (size_t i = 0; i < m; i++)
		{
			const __m256i value = two_columns(x + i * x_stride);

			sums[i][0] = _mm256_add_epi32(sums[i][0], _mm256_madd_epi16(low, value));
			sums[i][1] = _mm256_add_epi32(sums[i][1], _mm256_madd_epi16(high, value));
		}
	}
}

INLINE void put(const struct kernel_job *job, size_t row, size_t panel, __m256 low, __m256 high)
{
	avx2_store(job, row, panel, 0, low);
	avx2_store(job, row, panel, 1, high);
}

INLINE __m256 half_scales(const uint8_t *at)
{
	return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)at));
}

/* Rows of which each block has its own scale, with a panel. */
INLINE void block_tile(const struct kernel_job *job, enum packed_type type, size_t row,
		       size_t panel, const int16_t *w, const int16_t *x, const size_t m)
{
	const struct quantized *q = job->x_q8;
	const uint8_t *data = packed_panel(job->w, panel);
	__m256 sums[ROWS][2];

	UNROLL for (size_t i = 0; i < m; i++) sums[i][0] = sums[i][1] = _mm256_setzero_ps();
	for (size_t b = 0; b < q->blocks; b++) {
		const uint8_t *at = data + packed_scales_at(type, b);
		const __m256 low = half_scales(at), high = half_scales(at + 2 * LANES);
		__m256i dots[ROWS][2];

		UNROLL for (size_t i = 0; i < m; i++)
			dots[i][0] = dots[i][1] = _mm256_setzero_si256();
		add_block(dots, w + b * BLOCK_WORDS, x + b * PACKED_BLOCK, q->blocks * PACKED_BLOCK,
			  m);
		UNROLL for (size_t i = 0; i < m; i++)
		{
			const __m256 scale = _mm256_set1_ps(q->scales[(row + i) * q->blocks + b]);

			sums[i][0] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dots[i][0]),
						     _mm256_mul_ps(scale, low), sums[i][0]);
			sums[i][1] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dots[i][1]),
						     _mm256_mul_ps(scale, high), sums[i][1]);
		}
	}
	UNROLL for (size_t i = 0; i < m; i++) put(job, row + i, panel, sums[i][0], sums[i][1]);
}

/* Rows that have one scale. */
INLINE void row_tile(const struct kernel_job *job, size_t row, size_t panel, const int16_t *w,
		     const int16_t *x, const size_t m)
{
	const struct quantized *q = job->x_q8;
	const float *scales = packed_row_scales(job->w, panel);
	__m256i sums[ROWS][2];

	UNROLL for (size_t i = 0; i < m; i++) sums[i][0] = sums[i][1] = _mm256_setzero_si256();
	for (size_t b = 0; b < q->blocks; b++)
		add_block(sums, w + b * BLOCK_WORDS, x + b * PACKED_BLOCK, q->blocks * PACKED_BLOCK,
			  m);
	UNROLL for (size_t i = 0; i < m; i++)
	{
		const __m256 scale = _mm256_set1_ps(q->scales[row + i]);

		put(job, row + i, panel,
		    _mm256_mul_ps(_mm256_cvtepi32_ps(sums[i][0]),
				  _mm256_mul_ps(scale, _mm256_loadu_ps(scales))),
		    _mm256_mul_ps(_mm256_cvtepi32_ps(sums[i][1]),
				  _mm256_mul_ps(scale, _mm256_loadu_ps(scales + LANES))));
	}
}

INLINE void tile(const struct kernel_job *job, enum packed_type type, size_t row, size_t panel,
		 const int16_t *w, const int16_t *x, const size_t m)
{
	if (type == PACKED_W8)
		row_tile(job, row, panel, w, x, m);
	else
		block_tile(job, type, row, panel, w, x, m);
}

/* All rows with panels [first, last), whose words are at w; those of rows come to x. */
INLINE void rows_with(const struct kernel_job *job, enum packed_type type, size_t first,
		      size_t last, const int16_t *w, int16_t *x)
{
	const size_t width = job->x_q8->blocks * PACKED_BLOCK;

	for (size_t row = 0; row < job->m; row += ROWS) {
		const size_t left = job->m - row;

		for (size_t i = 0; i < ROWS && i < left; i++)
			widen_row(x + i * width, job->x_q8, row + i);
		for (size_t panel = first; panel < last; panel++) {
			const int16_t *of_panel = w + (panel - first) * width * PACKED_PANEL;

			if (left >= ROWS)
				tile(job, type, row, panel, of_panel, x, ROWS);
			else if (left == 2)
				tile(job, type, row, panel, of_panel, x, 2);
			else
				tile(job, type, row, panel, of_panel, x, 1);
		}
	}
}

INLINE void product(const struct kernel_job *job, enum packed_type type)
{
	const size_t width = job->x_q8->blocks * PACKED_BLOCK;
	size_t most = NEAR / (width * PACKED_PANEL * sizeof(int16_t));
	int16_t *x = job->scratch, *w = x + ROWS * width;

	most = most < 1 ? 1 : most > MOST_PANELS ? MOST_PANELS : most;
	for (size_t first = job->first, last; first < job->last; first = last) {
		last = job->last - first < most ? job->last : first + most;
		for (size_t panel = first; panel < last; panel++)
			widen_panel(w + (panel - first) * width * PACKED_PANEL, job, type, panel);
		rows_with(job, type, first, last, w, x);
	}
}

void kernels_words_q8_0_avx2(const struct kernel_job *job)
{
	product(job, PACKED_Q8_0);
}

void kernels_words_q4_0_avx2(const struct kernel_job *job)
{
	product(job, PACKED_Q4_0);
}

void kernels_words_w8_avx2(const struct kernel_job *job)
{
	product(job, PACKED_W8);
}

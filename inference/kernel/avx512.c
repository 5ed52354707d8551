/* SPDX-License-Identifier: Apache-2.0 */
/*
 * avx512.c - the kernels for AVX-512 with VNNI: a column of a panel is one register.
 *
 * Bytes are multiplied as unsigned (weights) with signed (activations). Stored weights are above
 * their values by a zero (128 or 8): sum((w + zero) * x) = sum(w * x) + zero * sum(x), so each sum
 * begins at -zero * sum(x).
 */
#include "inference/kernel/avx512.h"

#include <immintrin.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))
#define NOINLINE __attribute__((noinline))
#define UNROLL _Pragma("GCC unroll 16")

/* ---- products with floats */

INLINE __m512 load_column(enum packed_type type, const uint8_t *at)
{
	if (type == PACKED_F32)
		return _mm512_loadu_ps(at);
	if (type == PACKED_F16)
		return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)at));
	return _mm512_castsi512_ps(_mm512_slli_epi32(
		_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(const void *)at)), 16));
}

INLINE __mmask16 mask_of(size_t left)
{
	unsigned bits = left < 16 ? (1U << left) - 1 : 0xffff;

	return (__mmask16)bits;
}

/* `m` rows against `p` panels; `asks` memory for what comes after them. Of halves two panels, from
 * an even one on, are one place in memory. */
INLINE void float_tile(const struct kernel_job *job, enum packed_type type, size_t row,
		       size_t panel, const size_t m, const size_t p, const bool asks)
{
	const size_t columns = job->w->columns, of_place = type == PACKED_F32 ? 1 : 2;
	const size_t place_bytes = packed_panel_bytes(type, columns) * of_place;
	const uint8_t *w = packed_panel(job->w, panel);
	const float *x = job->x + row * columns;
	__m512 sums[12][4];

	UNROLL for (size_t i = 0; i < m; i++) UNROLL for (size_t q = 0; q < p; q++)
		sums[i][q] = _mm512_setzero_ps();
	for (size_t k = 0; k < columns; k++, w += PACKED_LINE) {
		const char *next = kernels_ahead(w, (columns - k) * PACKED_LINE,
						 (p - 1) / of_place * place_bytes);
		__m512 column[4];

		UNROLL for (size_t q = 0; q < p; q++)
		{
			const size_t at = q / of_place * place_bytes;

			if (asks && q % of_place == 0)
				_mm_prefetch(next + at, _MM_HINT_T1);
			column[q] = load_column(type, w + at + q % of_place * PACKED_LINE / 2);
		}
		UNROLL for (size_t i = 0; i < m; i++)
		{
			__m512 value = _mm512_set1_ps(x[i * columns + k]);

			UNROLL for (size_t q = 0; q < p; q++)
				sums[i][q] = _mm512_fmadd_ps(value, column[q], sums[i][q]);
		}
	}
	UNROLL for (size_t i = 0; i < m; i++) UNROLL for (size_t q = 0; q < p; q++)
		avx512_store(job, row + i, panel + q, sums[i][q]);
}

/* All rows against `p` panels, in tiles as large as registers allow. */
INLINE void float_rows(const struct kernel_job *job, enum packed_type type, size_t panel,
		       const size_t p)
{
	size_t row = 0;

	for (; p <= 2 && row + 12 <= job->m; row += 12)
		float_tile(job, type, row, panel, 12, p, row == 0);
	for (; p <= 2 && row + 8 <= job->m; row += 8)
		float_tile(job, type, row, panel, 8, p, row == 0);
	for (; row + 4 <= job->m; row += 4)
		float_tile(job, type, row, panel, 4, p, row == 0);
	for (; row + 2 <= job->m; row += 2)
		float_tile(job, type, row, panel, 2, p, row == 0);
	for (; row < job->m; row++)
		float_tile(job, type, row, panel, 1, p, row == 0);
}

INLINE void product_floats(const struct kernel_job *job, enum packed_type type)
{
	size_t panel = job->first;

	if (type != PACKED_F32 && panel % 2)
		float_rows(job, type, panel++, 1);
	for (; job->m <= 4 && panel + 4 <= job->last; panel += 4)
		float_rows(job, type, panel, 4);
	for (; panel + 2 <= job->last; panel += 2)
		float_rows(job, type, panel, 2);
	for (; panel < job->last; panel++)
		float_rows(job, type, panel, 1);
}

/* `m` rows, one or two, in as many places as the processor likes. */
INLINE void float_few(const struct kernel_job *job, enum packed_type type, const size_t m,
		      const bool asks)
{
	const size_t places = asks ? 2 : 1, one = type == PACKED_F32 ? places : 2 * places;
	const size_t most = m == 1 ? one : 4;
	size_t panel = job->first;

	if (type != PACKED_F32 && panel % 2)
		float_tile(job, type, 0, panel++, m, 1, asks);
	for (; panel + most <= job->last; panel += most)
		float_tile(job, type, 0, panel, m, most, asks);
	for (; panel < job->last; panel++)
		float_tile(job, type, 0, panel, m, 1, asks);
}

/* Few rows have functions of their own, whose loops have all registers to themselves. */
#define PRODUCT(name, type, rows, few) \
	static NOINLINE void name##_straight(const struct kernel_job *job) \
	{ \
		if (job->m == 1) \
			few(job, type, 1, false); \
		else \
			few(job, type, 2, false); \
	} \
	static NOINLINE void name##_asking(const struct kernel_job *job) \
	{ \
		few(job, type, 1, true); \
	} \
	void avx512_product_##name(const struct kernel_job *job) \
	{ \
		if (job->m <= 2 && job->is_straight) \
			name##_straight(job); \
		else if (job->m == 1) \
			name##_asking(job); \
		else \
			rows(job, type); \
	}

PRODUCT(f32, PACKED_F32, product_floats, float_few)
PRODUCT(bf16, PACKED_BF16, product_floats, float_few)
PRODUCT(f16, PACKED_F16, product_floats, float_few)

/* ---- products with blocks */

/* A line of a block: four columns, or two times four that are sixteen apart. */
INLINE void load_line(enum packed_type type, const uint8_t *line, __m512i *groups)
{
	const __m512i low = _mm512_set1_epi8(15), both = _mm512_loadu_si512(line);

	if (type == PACKED_Q8_0) {
		groups[0] = both;
		return;
	}
	groups[0] = _mm512_and_si512(both, low);
	groups[1] = _mm512_and_si512(_mm512_srli_epi16(both, 4), low);
}

/* sum + four columns of all lanes, times those of row x from `at` on */
INLINE __m512i add_four(__m512i sum, __m512i group, const int8_t *x)
{
	int32_t four;

	memcpy(&four, x, sizeof four);
	return _mm512_dpbusd_epi32(sum, group, _mm512_set1_epi32(four));
}

/* sums + what a block's chains have come to, times the scales of its row and its panel */
INLINE __m512 add_dots(__m512 sums, const __m512i *dots, const size_t chains, float of_row,
		       __m512 scale)
{
	__m512i dot = chains == 2 ? _mm512_add_epi32(dots[0], dots[1]) : dots[0];

	return _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot),
			       _mm512_mul_ps(_mm512_set1_ps(of_row), scale), sums);
}

/* `m` rows against `p` panels: of all of them a line in turn, so that memory has several places to
 * read from, and it knows each of them early. */
INLINE void block_tile(const struct kernel_job *job, enum packed_type type, size_t row,
		       size_t panel, const size_t m, const size_t p, const bool asks)
{
	const struct quantized *x = job->x_q8;
	const int32_t zero = type == PACKED_Q8_0 ? PACKED_Q8_ZERO : PACKED_Q4_ZERO;
	const size_t panel_bytes = packed_panel_bytes(type, job->w->columns);
	const size_t chains = m == 1 ? 2 : 1; /* of sums: one row alone would wait for its own */
	const size_t lines = packed_block_bytes(type) / PACKED_LINE;
	const uint8_t *w = job->w->data + panel * panel_bytes;
	__m512 sums[8][2];

	UNROLL for (size_t i = 0; i < m; i++) UNROLL for (size_t q = 0; q < p; q++)
		sums[i][q] = _mm512_setzero_ps();
	for (size_t b = 0; b < x->blocks; b++) {
		const size_t at = packed_block_at(type, b), scales_at = packed_scales_at(type, b);
		const char *next = kernels_ahead(w + at, panel_bytes - at, (p - 1) * panel_bytes);
		__m512i dots[8][2][2];

		UNROLL for (size_t i = 0; i < m; i++) UNROLL for (size_t q = 0; q < p; q++)
		{
			int32_t over = zero * x->sums[(row + i) * x->blocks + b];

			dots[i][q][0] = _mm512_set1_epi32(-over);
			dots[i][q][1] = _mm512_setzero_si512();
		}
		if (asks && b % 2 == 0) /* for the scales of two blocks */
			UNROLL for (size_t q = 0; q < p; q++)
				_mm_prefetch(next + q * panel_bytes - PACKED_LINE, _MM_HINT_T1);
		UNROLL for (size_t l = 0; l < lines; l++) UNROLL for (size_t q = 0; q < p; q++)
		{
			__m512i groups[2];

			if (asks)
				_mm_prefetch(next + q * panel_bytes + l * 64, _MM_HINT_T1);
			load_line(type, w + q * panel_bytes + at + l * 64, groups);
			UNROLL for (size_t i = 0; i < m; i++)
			{
				const int8_t *values = x->values +
						       ((row + i) * x->blocks + b) * PACKED_BLOCK;
				__m512i *dot = &dots[i][q][l % chains];

				*dot = add_four(*dot, groups[0], values + l * 4);
				if (type == PACKED_Q4_0)
					*dot = add_four(*dot, groups[1], values + (l + 4) * 4);
			}
		}
		UNROLL for (size_t q = 0; q < p; q++)
		{
			__m512 scale = load_column(PACKED_F16, w + q * panel_bytes + scales_at);

			UNROLL for (size_t i = 0; i < m; i++)
			{
				float of_row = x->scales[(row + i) * x->blocks + b];

				sums[i][q] = add_dots(sums[i][q], dots[i][q], chains, of_row,
						      scale);
			}
		}
	}
	UNROLL for (size_t i = 0; i < m; i++) UNROLL for (size_t q = 0; q < p; q++)
		avx512_store(job, row + i, panel + q, sums[i][q]);
}

INLINE void block_rows(const struct kernel_job *job, enum packed_type type, size_t panel,
		       const size_t p)
{
	size_t row = 0;

	for (; p == 1 && row + 8 <= job->m; row += 8)
		block_tile(job, type, row, panel, 8, p, row == 0);
	for (; p == 1 && row + 4 <= job->m; row += 4)
		block_tile(job, type, row, panel, 4, p, row == 0);
	for (; row + 2 <= job->m; row += 2)
		block_tile(job, type, row, panel, 2, p, row == 0);
	for (; row < job->m; row++)
		block_tile(job, type, row, panel, 1, p, row == 0);
}

INLINE void product_blocks(const struct kernel_job *job, enum packed_type type)
{
	size_t panel = job->first;

	for (; job->m == 2 && panel + 2 <= job->last; panel += 2)
		block_rows(job, type, panel, 2);
	for (; panel < job->last; panel++)
		block_rows(job, type, panel, 1);
}

INLINE void block_few(const struct kernel_job *job, enum packed_type type, const size_t m,
		      const bool asks)
{
	size_t panel = job->first;

	for (; asks && panel + 2 <= job->last; panel += 2)
		block_tile(job, type, 0, panel, m, 2, asks);
	for (; panel < job->last; panel++)
		block_tile(job, type, 0, panel, m, 1, asks);
}

PRODUCT(q8_0, PACKED_Q8_0, product_blocks, block_few)
PRODUCT(q4_0, PACKED_Q4_0, product_blocks, block_few)

/* ---- products with whole rows of bytes */

INLINE void row_tile(const struct kernel_job *job, size_t row, size_t panel, const size_t m)
{
	const struct quantized *x = job->x_q8;
	const uint8_t *w = packed_panel(job->w, panel);
	const size_t width = x->blocks * PACKED_BLOCK;
	const int8_t *values = x->values + row * width;
	const __m512 scales = _mm512_loadu_ps(packed_row_scales(job->w, panel));
	__m512i sums[8];

	UNROLL for (size_t i = 0; i < m; i++)
		sums[i] = _mm512_set1_epi32(-PACKED_Q8_ZERO * x->sums[row + i]);
	for (size_t k = 0; k < width; k += 4, w += 64) {
		const __m512i group = _mm512_loadu_si512(w);

		if (row == 0)
			_mm_prefetch((const char *)w + KERNELS_AHEAD, _MM_HINT_T1);
		UNROLL for (size_t i = 0; i < m; i++)
		{
			int32_t four;

			memcpy(&four, values + i * width + k, sizeof four);
			sums[i] = _mm512_dpbusd_epi32(sums[i], group, _mm512_set1_epi32(four));
		}
	}
	UNROLL for (size_t i = 0; i < m; i++) avx512_store(
		job, row + i, panel,
		_mm512_mul_ps(_mm512_cvtepi32_ps(sums[i]),
			      _mm512_mul_ps(_mm512_set1_ps(x->scales[row + i]), scales)));
}

void avx512_product_w8(const struct kernel_job *job)
{
	for (size_t panel = job->first; panel < job->last; panel++) {
		size_t row = 0;

		for (; row + 8 <= job->m; row += 8)
			row_tile(job, row, panel, 8);
		for (; row + 2 <= job->m; row += 2)
			row_tile(job, row, panel, 2);
		for (; row < job->m; row++)
			row_tile(job, row, panel, 1);
	}
}

void avx512_quantize(const struct quantized *out, const float *x, size_t i, size_t columns)
{
	for (size_t b = 0; b < columns / PACKED_BLOCK; b++) {
		const float *from = x + i * columns + b * PACKED_BLOCK;
		size_t at = quantized_at(out, i, b);
		__m512 low = _mm512_loadu_ps(from), high = _mm512_loadu_ps(from + 16);
		float most = _mm512_reduce_max_ps(
			_mm512_max_ps(_mm512_abs_ps(low), _mm512_abs_ps(high)));
		__m512 inverse = _mm512_set1_ps(most > 0 ? 127 / most : 0);
		__m512i first = _mm512_cvtps_epi32(_mm512_mul_ps(low, inverse));
		__m512i second = _mm512_cvtps_epi32(_mm512_mul_ps(high, inverse));
		int8_t *to = out->values + at * PACKED_BLOCK;

		out->scales[at] = most / 127;
		out->sums[at] = _mm512_reduce_add_epi32(_mm512_add_epi32(first, second));
		_mm_storeu_si128((__m128i *)(void *)to, _mm512_cvtepi32_epi8(first));
		_mm_storeu_si128((__m128i *)(void *)(to + 16), _mm512_cvtepi32_epi8(second));
	}
}

void avx512_quantize_row(const struct quantized *out, const float *x, size_t i, size_t columns)
{
	__m512 most = _mm512_setzero_ps(), inverse;
	__m512i sum = _mm512_setzero_si512();
	float largest;

	x += i * columns;
	for (size_t k = 0; k < columns; k += 16)
		most = _mm512_max_ps(most, _mm512_abs_ps(_mm512_loadu_ps(x + k)));
	largest = _mm512_reduce_max_ps(most);
	inverse = _mm512_set1_ps(largest > 0 ? 127 / largest : 0);
	for (size_t k = 0; k < out->blocks * PACKED_BLOCK; k += 16) {
		size_t at = quantized_at(out, i, k / PACKED_BLOCK) * PACKED_BLOCK +
			    k % PACKED_BLOCK;
		__m512 values = k < columns ? _mm512_loadu_ps(x + k) : _mm512_setzero_ps();
		__m512i whole = _mm512_cvtps_epi32(_mm512_mul_ps(values, inverse));

		sum = _mm512_add_epi32(sum, whole);
		_mm_storeu_si128((__m128i *)(void *)(out->values + at),
				 _mm512_cvtepi32_epi8(whole));
	}
	out->scales[i] = largest / 127;
	out->sums[i] = _mm512_reduce_add_epi32(sum);
}

/* ---- to floats */

/* Column e of a block that is spread over its bytes, of all lanes. */
INLINE __m512 byte_column(enum packed_type type, const __m512i *groups, size_t e)
{
	const __m512i bytes = _mm512_srli_epi32(groups[e / 4], (unsigned)(e % 4 * 8));
	const int zero = type == PACKED_Q8_0 ? PACKED_Q8_ZERO : PACKED_Q4_ZERO;

	return _mm512_cvtepi32_ps(_mm512_sub_epi32(_mm512_and_si512(bytes, _mm512_set1_epi32(255)),
						   _mm512_set1_epi32(zero)));
}

INLINE void unpack_blocks(float *out, size_t stride, const struct packed *w, size_t panel,
			  enum packed_type type)
{
	const size_t lines = packed_block_bytes(type) / PACKED_LINE;
	const uint8_t *data = packed_panel(w, panel);

	for (size_t b = 0; b < w->columns / PACKED_BLOCK; b++) {
		const uint8_t *block = data + packed_block_at(type, b);
		__m512 scale = load_column(PACKED_F16, data + packed_scales_at(type, b));
		__m512i groups[8];

		UNROLL for (size_t l = 0; l < lines; l++)
		{
			__m512i of_line[2];

			load_line(type, block + l * 64, of_line);
			groups[l] = of_line[0];
			if (type == PACKED_Q4_0)
				groups[l + 4] = of_line[1];
		}
		UNROLL for (size_t e = 0; e < PACKED_BLOCK; e++)
			_mm512_storeu_ps(out + (b * PACKED_BLOCK + e) * stride,
					 _mm512_mul_ps(scale, byte_column(type, groups, e)));
	}
}

INLINE void unpack_floats(float *out, size_t stride, const struct packed *w, size_t panel,
			  enum packed_type type)
{
	const uint8_t *data = packed_panel(w, panel);

	for (size_t k = 0; k < w->columns; k++)
		_mm512_storeu_ps(out + k * stride, load_column(type, data + k * PACKED_LINE));
}

void avx512_unpack(float *out, const struct packed *w, size_t first, size_t last)
{
	size_t stride = (last - first) * PACKED_PANEL;

	for (size_t panel = first; panel < last; panel++, out += PACKED_PANEL) {
		switch (w->type) {
		case PACKED_F32:
			unpack_floats(out, stride, w, panel, PACKED_F32);
			break;
		case PACKED_BF16:
			unpack_floats(out, stride, w, panel, PACKED_BF16);
			break;
		case PACKED_F16:
			unpack_floats(out, stride, w, panel, PACKED_F16);
			break;
		case PACKED_Q8_0:
			unpack_blocks(out, stride, w, panel, PACKED_Q8_0);
			break;
		case PACKED_Q4_0:
			unpack_blocks(out, stride, w, panel, PACKED_Q4_0);
			break;
		case PACKED_Q4_K:
		case PACKED_Q6_K:
		case PACKED_W8: /* are multiplied as they are */
			break;
		}
	}
}

/* ---- vectors */

float avx512_dot(const float *a, const float *b, size_t n)
{
	__m512 sums[4] = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps(),
			  _mm512_setzero_ps()};
	size_t i = 0;

	for (; i + 64 <= n; i += 64)
		UNROLL for (size_t j = 0; j < 4; j++) sums[j] = _mm512_fmadd_ps(
			_mm512_loadu_ps(a + i + j * 16), _mm512_loadu_ps(b + i + j * 16), sums[j]);
	for (; i < n; i += 16)
		sums[0] = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(mask_of(n - i), a + i),
					  _mm512_maskz_loadu_ps(mask_of(n - i), b + i), sums[0]);
	return _mm512_reduce_add_ps(
		_mm512_add_ps(_mm512_add_ps(sums[0], sums[1]), _mm512_add_ps(sums[2], sums[3])));
}

void avx512_add_scaled(float *out, const float *x, float scale, size_t n)
{
	const __m512 factor = _mm512_set1_ps(scale);

	for (size_t i = 0; i < n; i += 16) {
		__mmask16 mask = mask_of(n - i);

		_mm512_mask_storeu_ps(out + i, mask,
				      _mm512_fmadd_ps(factor, _mm512_maskz_loadu_ps(mask, x + i),
						      _mm512_maskz_loadu_ps(mask, out + i)));
	}
}

/* e^x = 2^n * e^r, |r| <= ln(2) / 2, by the Taylor series of six terms: within 2 units in the last
 * place. Below -87 it is as small as at -87, above 88 as large as there. */
INLINE __m512 exponential(__m512 x)
{
	const __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504f)), 0);
	__m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693359375f), x), sum;

	r = _mm512_fnmadd_ps(n, _mm512_set1_ps(-2.12194440e-4f), r);
	sum = _mm512_set1_ps(1.0f / 720);
	sum = _mm512_fmadd_ps(sum, r, _mm512_set1_ps(1.0f / 120));
	sum = _mm512_fmadd_ps(sum, r, _mm512_set1_ps(1.0f / 24));
	sum = _mm512_fmadd_ps(sum, r, _mm512_set1_ps(1.0f / 6));
	sum = _mm512_fmadd_ps(sum, r, _mm512_set1_ps(0.5f));
	sum = _mm512_fmadd_ps(sum, r, _mm512_set1_ps(1));
	sum = _mm512_fmadd_ps(sum, r, _mm512_set1_ps(1));
	return _mm512_scalef_ps(sum, n);
}

void avx512_silu_multiply(float *gate, const float *up, size_t n)
{
	const __m512 one = _mm512_set1_ps(1);

	for (size_t i = 0; i < n; i += 16) {
		__mmask16 mask = mask_of(n - i);
		__m512 x = _mm512_maskz_loadu_ps(mask, gate + i);
		__m512 below = _mm512_sub_ps(_mm512_setzero_ps(), x);
		__m512 e = exponential(_mm512_min_ps(_mm512_max_ps(below, _mm512_set1_ps(-87)),
						     _mm512_set1_ps(88)));

		x = _mm512_div_ps(x, _mm512_add_ps(one, e));
		_mm512_mask_storeu_ps(gate + i, mask,
				      _mm512_mul_ps(x, _mm512_maskz_loadu_ps(mask, up + i)));
	}
}

/* 1 - erf(u) = e^(-u^2) * (a polynomial of t = 1 / (1 + 0.3275911 u)), u >= 0, within 1.5e-7
 * (Abramowitz and Stegun, 7.1.26). The coefficients are halves: x / 2 is multiplied with it. */
INLINE __m512 gelu(__m512 x)
{
	const __m512 zero = _mm512_setzero_ps(), size = _mm512_abs_ps(x);
	__m512 power = _mm512_mul_ps(_mm512_mul_ps(x, x), _mm512_set1_ps(-0.5f)), sum;
	const __m512 t = _mm512_div_ps(
		_mm512_set1_ps(1),
		_mm512_fmadd_ps(size, _mm512_set1_ps(0.231641888f), _mm512_set1_ps(1)));

	power = exponential(_mm512_max_ps(power, _mm512_set1_ps(-87)));
	sum = _mm512_set1_ps(0.5307027145f);
	sum = _mm512_fmadd_ps(sum, t, _mm512_set1_ps(-0.7265760135f));
	sum = _mm512_fmadd_ps(sum, t, _mm512_set1_ps(0.7107068705f));
	sum = _mm512_fmadd_ps(sum, t, _mm512_set1_ps(-0.142248368f));
	sum = _mm512_fmadd_ps(sum, t, _mm512_set1_ps(0.127414796f));
	sum = _mm512_mul_ps(_mm512_mul_ps(sum, t), power);
	return _mm512_fnmadd_ps(size, sum, _mm512_max_ps(zero, x));
}

void avx512_gelu(float *x, size_t n)
{
	for (size_t i = 0; i < n; i += 16) {
		__mmask16 mask = mask_of(n - i);

		_mm512_mask_storeu_ps(x + i, mask, gelu(_mm512_maskz_loadu_ps(mask, x + i)));
	}
}

const struct kernels kernels_avx512 = {
	.name = "avx512",
	AVX512_KERNELS,
};

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

/* Bytes that memory is asked for in advance, by the first rows that a panel meets: eight rows at
 * once leave it half as much time as one row does, so that it cannot find the stream by itself. */
enum { AHEAD = 1024 };

#define INLINE static inline __attribute__((always_inline))
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

INLINE void store(const struct kernel_job *job, size_t row, size_t panel, __m512 sums)
{
	size_t first = panel * PACKED_PANEL;
	__mmask16 mask = mask_of(job->w->rows - first);

	if (job->bias)
		sums = _mm512_add_ps(sums, _mm512_maskz_loadu_ps(mask, job->bias + first));
	_mm512_mask_storeu_ps(job->out + row * job->out_stride + first, mask, sums);
}

/* `m` rows against `p` panels. */
INLINE void float_tile(const struct kernel_job *job, enum packed_type type, size_t row,
		       size_t panel, const size_t m, const size_t p)
{
	const size_t columns = job->w->columns, size = type == PACKED_F32 ? 64 : 32;
	const size_t panel_bytes = packed_panel_bytes(type, columns);
	const uint8_t *w = job->w->data + panel * panel_bytes;
	const float *x = job->x + row * columns;
	__m512 sums[12][4];

	UNROLL for (size_t i = 0; i < m; i++) UNROLL for (size_t q = 0; q < p; q++)
		sums[i][q] = _mm512_setzero_ps();
	for (size_t k = 0; k < columns; k++, w += size) {
		__m512 column[4];

		UNROLL for (size_t q = 0; q < p; q++)
		{
			column[q] = load_column(type, w + q * panel_bytes);
			if (row == 0)
				_mm_prefetch((const char *)w + q * panel_bytes + AHEAD,
					     _MM_HINT_T0);
		}
		UNROLL for (size_t i = 0; i < m; i++)
		{
			__m512 value = _mm512_set1_ps(x[i * columns + k]);

			UNROLL for (size_t q = 0; q < p; q++)
				sums[i][q] = _mm512_fmadd_ps(value, column[q], sums[i][q]);
		}
	}
	UNROLL for (size_t i = 0; i < m; i++) UNROLL for (size_t q = 0; q < p; q++)
		store(job, row + i, panel + q, sums[i][q]);
}

/* All rows against `p` panels, in tiles as large as registers allow. */
INLINE void float_rows(const struct kernel_job *job, enum packed_type type, size_t panel,
		       const size_t p)
{
	size_t row = 0;

	for (; p <= 2 && row + 12 <= job->m; row += 12)
		float_tile(job, type, row, panel, 12, p);
	for (; p <= 2 && row + 8 <= job->m; row += 8)
		float_tile(job, type, row, panel, 8, p);
	for (; row + 4 <= job->m; row += 4)
		float_tile(job, type, row, panel, 4, p);
	for (; row + 2 <= job->m; row += 2)
		float_tile(job, type, row, panel, 2, p);
	for (; row < job->m; row++)
		float_tile(job, type, row, panel, 1, p);
}

INLINE void product_floats(const struct kernel_job *job, enum packed_type type)
{
	size_t panel = job->first;

	for (; job->m <= 4 && panel + 4 <= job->last; panel += 4)
		float_rows(job, type, panel, 4);
	for (; panel + 2 <= job->last; panel += 2)
		float_rows(job, type, panel, 2);
	for (; panel < job->last; panel++)
		float_rows(job, type, panel, 1);
}

void avx512_product_f32(const struct kernel_job *job)
{
	product_floats(job, PACKED_F32);
}

void avx512_product_bf16(const struct kernel_job *job)
{
	product_floats(job, PACKED_BF16);
}

void avx512_product_f16(const struct kernel_job *job)
{
	product_floats(job, PACKED_F16);
}

/* ---- products with blocks */

/* The bytes of one block, as eight registers of four columns each. */
INLINE void load_block(enum packed_type type, const uint8_t *at, __m512i *groups)
{
	const __m512i low = _mm512_set1_epi8(15);

	if (type == PACKED_Q8_0) {
		UNROLL for (size_t g = 0; g < 8; g++) groups[g] = _mm512_loadu_si512(at + g * 64);
		return;
	}
	UNROLL for (size_t g = 0; g < 4; g++)
	{
		__m512i both = _mm512_loadu_si512(at + g * 64);

		groups[g] = _mm512_and_si512(both, low);
		groups[g + 4] = _mm512_and_si512(_mm512_srli_epi16(both, 4), low);
	}
}

INLINE __m512 block_sum(const struct quantized *x, size_t at, const __m512i *groups, int32_t zero)
{
	const int8_t *values = x->values + at * PACKED_BLOCK;
	__m512i even = _mm512_set1_epi32(-zero * x->sums[at]), odd = _mm512_setzero_si512();

	UNROLL for (size_t g = 0; g < 8; g += 2)
	{
		int32_t four, next;

		memcpy(&four, values + g * 4, sizeof four);
		memcpy(&next, values + g * 4 + 4, sizeof next);
		even = _mm512_dpbusd_epi32(even, groups[g], _mm512_set1_epi32(four));
		odd = _mm512_dpbusd_epi32(odd, groups[g + 1], _mm512_set1_epi32(next));
	}
	return _mm512_cvtepi32_ps(_mm512_add_epi32(even, odd));
}

INLINE void block_tile(const struct kernel_job *job, enum packed_type type, size_t row,
		       size_t panel, const size_t m, const size_t p)
{
	const struct quantized *x = job->x_q8;
	const size_t bytes = type == PACKED_Q8_0 ? PACKED_Q8_BYTES : PACKED_Q4_BYTES;
	const int32_t zero = type == PACKED_Q8_0 ? PACKED_Q8_ZERO : PACKED_Q4_ZERO;
	const size_t panel_bytes = packed_panel_bytes(type, job->w->columns);
	const uint8_t *w = job->w->data + panel * panel_bytes;
	const uint8_t *scales = w + x->blocks * bytes;
	__m512 sums[8][4];

	UNROLL for (size_t i = 0; i < m; i++) UNROLL for (size_t q = 0; q < p; q++)
		sums[i][q] = _mm512_setzero_ps();
	for (size_t b = 0; b < x->blocks; b++) {
		UNROLL for (size_t q = 0; q < p; q++)
		{
			const uint8_t *block = w + q * panel_bytes + b * bytes;
			__m512 scale = load_column(PACKED_F16,
						   scales + q * panel_bytes + b * PACKED_PANEL * 2);
			__m512i groups[8];

			load_block(type, block, groups);
			if (row == 0)
				UNROLL for (size_t line = 0; line < bytes; line += 64) _mm_prefetch(
					(const char *)block + AHEAD + line, _MM_HINT_T0);
			UNROLL for (size_t i = 0; i < m; i++)
			{
				size_t at = (row + i) * x->blocks + b;
				__m512 both = _mm512_mul_ps(_mm512_set1_ps(x->scales[at]), scale);

				sums[i][q] = _mm512_fmadd_ps(block_sum(x, at, groups, zero), both,
							     sums[i][q]);
			}
		}
	}
	UNROLL for (size_t i = 0; i < m; i++) UNROLL for (size_t q = 0; q < p; q++)
		store(job, row + i, panel + q, sums[i][q]);
}

INLINE void block_rows(const struct kernel_job *job, enum packed_type type, size_t panel,
		       const size_t p)
{
	size_t row = 0;

	for (; p == 1 && row + 8 <= job->m; row += 8)
		block_tile(job, type, row, panel, 8, p);
	for (; p == 1 && row + 4 <= job->m; row += 4)
		block_tile(job, type, row, panel, 4, p);
	for (; row + 2 <= job->m; row += 2)
		block_tile(job, type, row, panel, 2, p);
	for (; row < job->m; row++)
		block_tile(job, type, row, panel, 1, p);
}

INLINE void product_blocks(const struct kernel_job *job, enum packed_type type)
{
	size_t panel = job->first;

	for (; job->m <= 2 && panel + 2 <= job->last; panel += 2)
		block_rows(job, type, panel, 2);
	for (; panel < job->last; panel++)
		block_rows(job, type, panel, 1);
}

void avx512_product_q8_0(const struct kernel_job *job)
{
	product_blocks(job, PACKED_Q8_0);
}

void avx512_product_q4_0(const struct kernel_job *job)
{
	product_blocks(job, PACKED_Q4_0);
}

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
			_mm_prefetch((const char *)w + AHEAD, _MM_HINT_T0);
		UNROLL for (size_t i = 0; i < m; i++)
		{
			int32_t four;

			memcpy(&four, values + i * width + k, sizeof four);
			sums[i] = _mm512_dpbusd_epi32(sums[i], group, _mm512_set1_epi32(four));
		}
	}
	UNROLL for (size_t i = 0; i < m; i++)
		store(job, row + i, panel,
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
	const size_t bytes = type == PACKED_Q8_0 ? PACKED_Q8_BYTES : PACKED_Q4_BYTES;
	const uint8_t *data = packed_panel(w, panel);
	const uint16_t *scales = packed_scales(w, panel);

	for (size_t b = 0; b < w->columns / PACKED_BLOCK; b++) {
		__m512 scale = load_column(PACKED_F16, (const uint8_t *)(scales + b * 16));
		__m512i groups[8];

		load_block(type, data + b * bytes, groups);
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
		_mm512_storeu_ps(out + k * stride,
				 load_column(type, data + k * (type == PACKED_F32 ? 64 : 32)));
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
	.tiled_from = SIZE_MAX,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * avx2.c - the kernels for AVX2 with FMA and F16C: a column of a panel is two registers.
 *
 * Bytes are multiplied as unsigned with signed, and two products are added in 16 bits, which must
 * hold them. Of Q4_0 they do: 15 * 127 * 2 (and eight times that, a block). Of Q8_0 the magnitude
 * of the weight takes the place of the weight, and its sign goes to the activation: 128 * 127 * 2.
 */
#include "inference/kernel/avx2.h"

#include <immintrin.h>
#include <string.h>

enum { LANES = AVX2_LANES };

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")

/* ---- products with floats */

/* Half `h` of a column that begins at `at`. */
INLINE __m256 load_half(enum packed_type type, const uint8_t *at, size_t h)
{
	__m128i bits;

	if (type == PACKED_F32)
		return _mm256_loadu_ps((const float *)(const void *)at + h * LANES);
	bits = _mm_loadu_si128((const __m128i *)(const void *)at + h);
	if (type == PACKED_F16)
		return _mm256_cvtph_ps(bits);
	return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
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
	__m256 sums[6][4];

	UNROLL for (size_t i = 0; i < m; i++) UNROLL for (size_t h = 0; h < 2 * p; h++)
		sums[i][h] = _mm256_setzero_ps();
	for (size_t k = 0; k < columns; k++, w += PACKED_LINE) {
		const char *next = kernels_ahead(w, (columns - k) * PACKED_LINE,
						 (p - 1) / of_place * place_bytes);
		__m256 column[4];

		UNROLL for (size_t h = 0; h < 2 * p; h++)
		{
			const size_t q = h / 2, at = q / of_place * place_bytes;

			if (asks && h % 2 == 0 && q % of_place == 0)
				_mm_prefetch(next + at, _MM_HINT_T1);
			column[h] = load_half(type, w + at + q % of_place * PACKED_LINE / 2, h % 2);
		}
		UNROLL for (size_t i = 0; i < m; i++)
		{
			__m256 value = _mm256_broadcast_ss(x + i * columns + k);

			UNROLL for (size_t h = 0; h < 2 * p; h++)
				sums[i][h] = _mm256_fmadd_ps(value, column[h], sums[i][h]);
		}
	}
	UNROLL for (size_t i = 0; i < m; i++) UNROLL for (size_t h = 0; h < 2 * p; h++)
		avx2_store(job, row + i, panel + h / 2, h % 2, sums[i][h]);
}

/* All rows against `p` panels, in tiles as large as registers allow. */
INLINE void float_rows(const struct kernel_job *job, enum packed_type type, size_t panel,
		       const size_t p)
{
	size_t row = 0;

	for (; p == 1 && row + 6 <= job->m; row += 6)
		float_tile(job, type, row, panel, 6, p, row == 0);
	for (; p == 1 && row + 4 <= job->m; row += 4)
		float_tile(job, type, row, panel, 4, p, row == 0);
	for (; p <= 2 && row + 2 <= job->m; row += 2)
		float_tile(job, type, row, panel, 2, p, row == 0);
	for (; row < job->m; row++)
		float_tile(job, type, row, panel, 1, p, row == 0);
}

INLINE void product_floats(const struct kernel_job *job, enum packed_type type)
{
	size_t panel = job->first;

	if (type != PACKED_F32 && panel % 2)
		float_rows(job, type, panel++, 1);
	for (; job->m == 1 && job->is_straight && panel + 2 <= job->last; panel += 2)
		float_tile(job, type, 0, panel, 1, 2, false);
	for (; job->m <= 3 && panel + 2 <= job->last; panel += 2)
		float_rows(job, type, panel, 2);
	for (; panel < job->last; panel++)
		float_rows(job, type, panel, 1);
}

static void product_f32(const struct kernel_job *job)
{
	product_floats(job, PACKED_F32);
}

static void product_bf16(const struct kernel_job *job)
{
	product_floats(job, PACKED_BF16);
}

static void product_f16(const struct kernel_job *job)
{
	product_floats(job, PACKED_F16);
}

/* ---- products with blocks */

INLINE __m256i broadcast_four(const int8_t *values)
{
	int32_t four;

	memcpy(&four, values, sizeof four);
	return _mm256_set1_epi32(four);
}

/* Half of a block of Q8_0 against `m` rows: the weights are made ready once for all of them. */
INLINE void sums_q8_0(__m256i *sums, const uint8_t *block, const struct quantized *x, size_t row,
		      size_t b, const size_t m)
{
	const __m256i flip = _mm256_set1_epi8((char)0x80), ones = _mm256_set1_epi16(1);

	UNROLL for (size_t i = 0; i < m; i++) sums[i] = _mm256_setzero_si256();
	UNROLL for (size_t g = 0; g < 8; g++)
	{
		__m256i w = _mm256_xor_si256(
			_mm256_loadu_si256((const __m256i *)(const void *)(block + g * 64)), flip);
		__m256i size = _mm256_abs_epi8(w);

		UNROLL for (size_t i = 0; i < m; i++)
		{
			const int8_t *values = x->values +
					       ((row + i) * x->blocks + b) * PACKED_BLOCK + g * 4;
			__m256i pairs = _mm256_maddubs_epi16(
				size, _mm256_sign_epi8(broadcast_four(values), w));

			sums[i] = _mm256_add_epi32(sums[i], _mm256_madd_epi16(pairs, ones));
		}
	}
}

/* Half of a block of Q4_0: sums of 16 bits hold all of it. */
INLINE void sums_q4_0(__m256i *sums, const uint8_t *block, const struct quantized *x, size_t row,
		      size_t b, const size_t m)
{
	const __m256i low = _mm256_set1_epi8(15), ones = _mm256_set1_epi16(1);

	UNROLL for (size_t i = 0; i < m; i++) sums[i] = _mm256_setzero_si256();
	UNROLL for (size_t g = 0; g < 4; g++)
	{
		__m256i both = _mm256_loadu_si256((const __m256i *)(const void *)(block + g * 64));
		__m256i first = _mm256_and_si256(both, low);
		__m256i second = _mm256_and_si256(_mm256_srli_epi16(both, 4), low);

		UNROLL for (size_t i = 0; i < m; i++)
		{
			const int8_t *values = x->values +
					       ((row + i) * x->blocks + b) * PACKED_BLOCK + g * 4;

			sums[i] = _mm256_add_epi16(
				sums[i], _mm256_maddubs_epi16(first, broadcast_four(values)));
			sums[i] = _mm256_add_epi16(
				sums[i], _mm256_maddubs_epi16(second, broadcast_four(values + 16)));
		}
	}
	UNROLL for (size_t i = 0; i < m; i++) sums[i] = _mm256_sub_epi32(
		_mm256_madd_epi16(sums[i], ones),
		_mm256_set1_epi32(PACKED_Q4_ZERO * x->sums[(row + i) * x->blocks + b]));
}

/* `m` rows against `p` panels, a block of each in turn: memory is read in several places. */
INLINE void block_tile(const struct kernel_job *job, enum packed_type type, size_t row,
		       size_t panel, const size_t m, const size_t p, const bool asks)
{
	const struct quantized *x = job->x_q8;
	const size_t bytes = packed_block_bytes(type);
	const size_t panel_bytes = packed_panel_bytes(type, job->w->columns);
	const uint8_t *data = job->w->data + panel * panel_bytes;
	__m256 sums[4][4];

	UNROLL for (size_t i = 0; i < m; i++) UNROLL for (size_t h = 0; h < 2 * p; h++)
		sums[i][h] = _mm256_setzero_ps();
	for (size_t b = 0; b < x->blocks; b++) {
		const size_t at = packed_block_at(type, b);
		const char *next = kernels_ahead(data + at, panel_bytes - at,
						 (p - 1) * panel_bytes);

		UNROLL for (size_t h = 0; h < 2 * p; h++)
		{
			const uint8_t *of_panel = data + h / 2 * panel_bytes;
			__m256 scale = load_half(PACKED_F16, of_panel + packed_scales_at(type, b),
						 h % 2);
			__m256i whole[4];

			if (asks && h % 2 == 0) /* with the scales before it */
				UNROLL for (size_t line = 0; line <= bytes; line += PACKED_LINE)
					_mm_prefetch(next + h / 2 * panel_bytes + line -
							     PACKED_LINE,
						     _MM_HINT_T1);
			if (type == PACKED_Q8_0)
				sums_q8_0(whole, of_panel + at + h % 2 * 32, x, row, b, m);
			else
				sums_q4_0(whole, of_panel + at + h % 2 * 32, x, row, b, m);
			UNROLL for (size_t i = 0; i < m; i++)
			{
				size_t of_row = (row + i) * x->blocks + b;
				__m256 both = _mm256_mul_ps(_mm256_set1_ps(x->scales[of_row]),
							    scale);

				sums[i][h] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(whole[i]), both,
							     sums[i][h]);
			}
		}
	}
	UNROLL for (size_t i = 0; i < m; i++) UNROLL for (size_t h = 0; h < 2 * p; h++)
		avx2_store(job, row + i, panel + h / 2, h % 2, sums[i][h]);
}

INLINE void product_blocks(const struct kernel_job *job, enum packed_type type)
{
	size_t panel = job->first;

	for (; job->m == 1 && job->is_straight && panel < job->last; panel++)
		block_tile(job, type, 0, panel, 1, 1, false);
	for (; job->m == 1 && panel + 2 <= job->last; panel += 2)
		block_tile(job, type, 0, panel, 1, 2, true);
	for (; panel < job->last; panel++) {
		size_t row = 0;

		for (; row + 4 <= job->m; row += 4)
			block_tile(job, type, row, panel, 4, 1, row == 0);
		for (; row + 2 <= job->m; row += 2)
			block_tile(job, type, row, panel, 2, 1, row == 0);
		for (; row < job->m; row++)
			block_tile(job, type, row, panel, 1, 1, row == 0);
	}
}

static void product_q8_0(const struct kernel_job *job)
{
	if (job->m >= KERNELS_WORDS_FROM)
		kernels_words_q8_0_avx2(job);
	else
		product_blocks(job, PACKED_Q8_0);
}

static void product_q4_0(const struct kernel_job *job)
{
	if (job->m >= KERNELS_WORDS_FROM)
		kernels_words_q4_0_avx2(job);
	else
		product_blocks(job, PACKED_Q4_0);
}

INLINE float largest_of(__m256 v)
{
	__m128 four = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));

	four = _mm_max_ps(four, _mm_movehl_ps(four, four));
	return _mm_cvtss_f32(_mm_max_ss(four, _mm_movehdup_ps(four)));
}

/* Thirty-two whole numbers as bytes, in their order: the two packings work within halves. */
INLINE __m256i narrow(const __m256i *whole)
{
	__m256i words = _mm256_packs_epi16(_mm256_packs_epi32(whole[0], whole[1]),
					   _mm256_packs_epi32(whole[2], whole[3]));

	return _mm256_permutevar8x32_epi32(words, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

static void quantize(const struct quantized *out, const float *x, size_t i, size_t columns)
{
	const __m256 sign = _mm256_set1_ps(-0.0f);

	for (size_t b = 0; b < columns / PACKED_BLOCK; b++) {
		const float *from = x + i * columns + b * PACKED_BLOCK;
		size_t at = quantized_at(out, i, b);
		__m256 most = _mm256_setzero_ps(), inverse;
		__m256i whole[4];
		int32_t sums[LANES];
		float largest;

		for (size_t j = 0; j < 4; j++)
			most = _mm256_max_ps(
				most, _mm256_andnot_ps(sign, _mm256_loadu_ps(from + j * LANES)));
		largest = largest_of(most);
		inverse = _mm256_set1_ps(largest > 0 ? 127 / largest : 0);
		for (size_t j = 0; j < 4; j++)
			whole[j] = _mm256_cvtps_epi32(
				_mm256_mul_ps(_mm256_loadu_ps(from + j * LANES), inverse));
		out->scales[at] = largest / 127;
		_mm256_storeu_si256((__m256i *)(void *)(out->values + at * PACKED_BLOCK),
				    narrow(whole));
		_mm256_storeu_si256((__m256i *)(void *)sums,
				    _mm256_add_epi32(_mm256_add_epi32(whole[0], whole[1]),
						     _mm256_add_epi32(whole[2], whole[3])));
		out->sums[at] = 0;
		for (size_t j = 0; j < LANES; j++)
			out->sums[at] += sums[j];
	}
}

/* ---- to floats */

/* Column e of half a block, of its lanes. */
INLINE __m256 byte_column(enum packed_type type, const uint8_t *half, size_t e)
{
	size_t group = type == PACKED_Q8_0 ? e / 4 : e % 16 / 4;
	__m256i four = _mm256_loadu_si256((const __m256i *)(const void *)(half + group * 64));
	int shift = (int)(e % 4 * 8) + (type == PACKED_Q4_0 && e >= 16 ? 4 : 0);
	int mask = type == PACKED_Q8_0 ? 255 : 15;
	int zero = type == PACKED_Q8_0 ? PACKED_Q8_ZERO : PACKED_Q4_ZERO;

	return _mm256_cvtepi32_ps(_mm256_sub_epi32(
		_mm256_and_si256(_mm256_srli_epi32(four, shift), _mm256_set1_epi32(mask)),
		_mm256_set1_epi32(zero)));
}

INLINE void unpack_blocks(float *out, size_t stride, const struct packed *w, size_t panel,
			  enum packed_type type)
{
	const uint8_t *data = packed_panel(w, panel);

	for (size_t b = 0; b < w->columns / PACKED_BLOCK; b++) {
		const uint8_t *block = data + packed_block_at(type, b);
		const uint8_t *scales = data + packed_scales_at(type, b);

		for (size_t h = 0; h < 2; h++) {
			__m256 scale = load_half(PACKED_F16, scales, h);

			UNROLL for (size_t e = 0; e < PACKED_BLOCK; e++) _mm256_storeu_ps(
				out + (b * PACKED_BLOCK + e) * stride + h * LANES,
				_mm256_mul_ps(scale, byte_column(type, block + h * 32, e)));
		}
	}
}

INLINE void unpack_floats(float *out, size_t stride, const struct packed *w, size_t panel,
			  enum packed_type type)
{
	const uint8_t *column = packed_panel(w, panel);

	for (size_t k = 0; k < w->columns; k++, column += PACKED_LINE)
		for (size_t h = 0; h < 2; h++)
			_mm256_storeu_ps(out + k * stride + h * LANES, load_half(type, column, h));
}

static void unpack(float *out, const struct packed *w, size_t first, size_t last)
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

INLINE float sum_of(__m256 v)
{
	__m128 four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));

	four = _mm_add_ps(four, _mm_movehl_ps(four, four));
	return _mm_cvtss_f32(_mm_add_ss(four, _mm_movehdup_ps(four)));
}

static float dot(const float *a, const float *b, size_t n)
{
	__m256 sums[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(),
			  _mm256_setzero_ps()};
	float total;
	size_t i = 0;

	for (; i + 4 * LANES <= n; i += 4 * LANES)
		UNROLL for (size_t j = 0; j < 4; j++)
			sums[j] = _mm256_fmadd_ps(_mm256_loadu_ps(a + i + j * LANES),
						  _mm256_loadu_ps(b + i + j * LANES), sums[j]);
	for (; i + LANES <= n; i += LANES)
		sums[0] = _mm256_fmadd_ps(_mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i), sums[0]);
	total = sum_of(
		_mm256_add_ps(_mm256_add_ps(sums[0], sums[1]), _mm256_add_ps(sums[2], sums[3])));
	for (; i < n; i++)
		total += a[i] * b[i];
	return total;
}

static void add_scaled(float *out, const float *x, float scale, size_t n)
{
	const __m256 factor = _mm256_set1_ps(scale);
	size_t i = 0;

	for (; i + LANES <= n; i += LANES)
		_mm256_storeu_ps(out + i, _mm256_fmadd_ps(factor, _mm256_loadu_ps(x + i),
							  _mm256_loadu_ps(out + i)));
	for (; i < n; i++)
		out[i] += scale * x[i];
}

/* e^x = 2^n * e^r, |r| <= ln(2) / 2, by the Taylor series of six terms: within 2 units in the last
 * place. */
INLINE __m256 exponential(__m256 x)
{
	const __m256 n = _mm256_round_ps(_mm256_mul_ps(x, _mm256_set1_ps(1.44269504f)),
					 _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
	__m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(0.693359375f), x), sum;
	__m256i power = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));

	r = _mm256_fnmadd_ps(n, _mm256_set1_ps(-2.12194440e-4f), r);
	sum = _mm256_set1_ps(1.0f / 720);
	sum = _mm256_fmadd_ps(sum, r, _mm256_set1_ps(1.0f / 120));
	sum = _mm256_fmadd_ps(sum, r, _mm256_set1_ps(1.0f / 24));
	sum = _mm256_fmadd_ps(sum, r, _mm256_set1_ps(1.0f / 6));
	sum = _mm256_fmadd_ps(sum, r, _mm256_set1_ps(0.5f));
	sum = _mm256_fmadd_ps(sum, r, _mm256_set1_ps(1));
	sum = _mm256_fmadd_ps(sum, r, _mm256_set1_ps(1));
	return _mm256_mul_ps(sum, _mm256_castsi256_ps(_mm256_slli_epi32(power, 23)));
}

INLINE __m256 silu(__m256 x)
{
	__m256 below = _mm256_sub_ps(_mm256_setzero_ps(), x);

	below = _mm256_min_ps(_mm256_max_ps(below, _mm256_set1_ps(-87)), _mm256_set1_ps(88));
	return _mm256_div_ps(x, _mm256_add_ps(_mm256_set1_ps(1), exponential(below)));
}

static void silu_multiply(float *gate, const float *up, size_t n)
{
	float last[2][LANES] = {{0}};
	size_t i = 0;

	for (; i + LANES <= n; i += LANES)
		_mm256_storeu_ps(gate + i, _mm256_mul_ps(silu(_mm256_loadu_ps(gate + i)),
							 _mm256_loadu_ps(up + i)));
	memcpy(last[0], gate + i, (n - i) * sizeof *gate);
	memcpy(last[1], up + i, (n - i) * sizeof *up);
	_mm256_storeu_ps(last[0],
			 _mm256_mul_ps(silu(_mm256_loadu_ps(last[0])), _mm256_loadu_ps(last[1])));
	memcpy(gate + i, last[0], (n - i) * sizeof *gate);
}

/* As avx512.c has it. */
INLINE __m256 gelu_of(__m256 x)
{
	const __m256 size = _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x);
	__m256 power = _mm256_mul_ps(_mm256_mul_ps(x, x), _mm256_set1_ps(-0.5f)), sum;
	const __m256 t = _mm256_div_ps(
		_mm256_set1_ps(1),
		_mm256_fmadd_ps(size, _mm256_set1_ps(0.231641888f), _mm256_set1_ps(1)));

	power = exponential(_mm256_max_ps(power, _mm256_set1_ps(-87)));
	sum = _mm256_set1_ps(0.5307027145f);
	sum = _mm256_fmadd_ps(sum, t, _mm256_set1_ps(-0.7265760135f));
	sum = _mm256_fmadd_ps(sum, t, _mm256_set1_ps(0.7107068705f));
	sum = _mm256_fmadd_ps(sum, t, _mm256_set1_ps(-0.142248368f));
	sum = _mm256_fmadd_ps(sum, t, _mm256_set1_ps(0.127414796f));
	sum = _mm256_mul_ps(_mm256_mul_ps(sum, t), power);
	return _mm256_fnmadd_ps(size, sum, _mm256_max_ps(_mm256_setzero_ps(), x));
}

static void gelu(float *x, size_t n)
{
	float last[LANES] = {0};
	size_t i = 0;

	for (; i + LANES <= n; i += LANES)
		_mm256_storeu_ps(x + i, gelu_of(_mm256_loadu_ps(x + i)));
	memcpy(last, x + i, (n - i) * sizeof *x);
	_mm256_storeu_ps(last, gelu_of(_mm256_loadu_ps(last)));
	memcpy(x + i, last, (n - i) * sizeof *x);
}

const struct kernels kernels_avx2 = {
	.name = "avx2",
	.product = {product_f32, product_bf16, product_f16, product_q8_0, product_q4_0,
		    kernels_product_w8_avx2, kernels_product_q4_k_avx2, kernels_product_q6_k_avx2},
	.quantize = quantize,
	.quantize_row = kernels_quantize_row,
	.unpack = unpack,
	.dot = dot,
	.add_scaled = add_scaled,
	.silu_multiply = silu_multiply,
	.gelu = gelu,
	.attend = attend_avx2,
	.attend_put = attend_put_avx2,
	.onednn_from = {512, 128, 128, SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX},
};

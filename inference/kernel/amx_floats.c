/* SPDX-License-Identifier: Apache-2.0 */
/*
 * amx_floats.c - products with floats in tiles of BF16. A float is the sum of three of them (each
 * has eight bits of its 24), an F16 of two: what their products leave out is below 2^-25 of each,
 * so that the sums, which are of F32, are as exact as those of fused multiplication. (Henry, Tang
 * and Heinecke, 2019, "Leveraging the bfloat16 Artificial Intelligence Datatype For
 * Higher-Precision Computations".)
 */
#include "inference/kernel/amx.h"

#include <immintrin.h>
#include <stdatomic.h>
#include <string.h>

#define UNROLL _Pragma("GCC unroll 16")
#define INLINE static inline __attribute__((always_inline))

enum {
	ROWS = PIECES_ROWS,
	STEP = PIECES_COLUMNS,
	TILE = ROWS * STEP, /* numbers; of weights [16 pairs of columns][16 outputs][2] */
	SUMS = ROWS * PACKED_PANEL,
	/* So many steps of columns, and so many tiles of rows at a time: their pieces stay in a
	 * core's own cache while all panels pass by. Of each number the sum is made in this order,
	 * whatever is computed with it. */
	STEPS = PIECES_STEPS,
	TILES = 16,
	SCRATCH = TILES * 2 * SUMS * 4 + 2 * STEPS * PIECES * TILE * 2,
};

_Static_assert((int)SCRATCH <= (int)KERNELS_LEAST_SCRATCH, "sums and weights have their room");

INLINE size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* ---- pieces */

/* Sixteen floats become those of BF16 that are next to them, in the lower halves or the upper. */
INLINE __m512 lower_of(__m512i pairs)
{
	return _mm512_castsi512_ps(_mm512_slli_epi32(pairs, 16));
}

INLINE __m512 upper_of(__m512i pairs)
{
	return _mm512_castsi512_ps(_mm512_and_si512(pairs, _mm512_set1_epi32((int)0xffff0000)));
}

/* The numbers of two columns side by side. */
INLINE __m512i beside(__m512i first_then_second)
{
	const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25,
					       9, 24, 8, 23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2,
					       17, 1, 16, 0);

	return _mm512_permutexvar_epi16(order, first_then_second);
}

/* Two columns of sixteen outputs into `count` pieces, a tile apart. */
INLINE void cut_pair(uint16_t *out, __m512 even, __m512 odd, const size_t count)
{
	for (size_t i = 0; i < count; i++) {
		__m512i pairs = beside((__m512i)_mm512_cvtne2ps_pbh(odd, even));

		_mm512_storeu_si512(out + i * TILE, pairs);
		even = _mm512_sub_ps(even, lower_of(pairs));
		odd = _mm512_sub_ps(odd, upper_of(pairs));
	}
}

INLINE size_t pieces_of(enum packed_type type)
{
	return type == PACKED_F32 ? 3 : type == PACKED_F16 ? 2 : 1;
}

INLINE __m512 column(enum packed_type type, const uint8_t *at)
{
	if (type == PACKED_F32)
		return _mm512_loadu_ps(at);
	return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)at));
}

/* Of halves, as they are; one that is not there is zero. */
INLINE __m512i two_columns(const uint8_t *at, bool has_first, bool has_second)
{
	const __mmask8 first = has_first ? 0xff : 0, second = has_second ? 0xff : 0;
	__m512i both = _mm512_castsi256_si512(_mm256_maskz_loadu_epi32(first, at));

	return _mm512_inserti64x4(both, _mm256_maskz_loadu_epi32(second, at + PACKED_LINE), 1);
}

/* Columns [from, to) of a panel as tiles, [step][piece]; what is beyond them is zero. */
INLINE void cut_panel(uint16_t *out, const struct packed *w, enum packed_type type, size_t panel,
		      size_t from, size_t to)
{
	const size_t count = pieces_of(type);
	const size_t end = (to + STEP - 1) / STEP * STEP;
	const uint8_t *data = packed_panel(w, panel);
	const __m512 none = _mm512_setzero_ps();

	for (size_t k = from; k < end; k += 2) {
		uint16_t *to_pair = out + (k - from) / STEP * count * TILE +
				    (k - from) % STEP / 2 * 2 * PACKED_PANEL;
		const uint8_t *at = data + k * PACKED_LINE;

		if (type == PACKED_BF16)
			_mm512_storeu_si512(to_pair, beside(two_columns(at, k < to, k + 1 < to)));
		else
			cut_pair(to_pair, k < to ? column(type, at) : none,
				 k + 1 < to ? column(type, at + PACKED_LINE) : none, count);
	}
}

void amx_cut_rows(const struct float_pieces *out, const float *x, size_t tile, size_t m,
		  size_t columns)
{
	for (size_t i = 0; i < ROWS; i++) {
		const size_t row = tile * ROWS + i;

		for (size_t k = 0; k < columns; k += STEP) {
			uint16_t *to = pieces_at(out, tile, k / STEP) + i * STEP;
			const float *from = x + row * columns + k;
			const size_t left = row < m ? columns - k : 0;
			const uint32_t mask = left < STEP ? (1U << left) - 1 : 0xffffffff;
			__m512 low = _mm512_maskz_loadu_ps((__mmask16)mask, from);
			__m512 high = _mm512_maskz_loadu_ps((__mmask16)(mask >> 16), from + 16);

			for (size_t p = 0; p < PIECES; p++) {
				__m512i both = (__m512i)_mm512_cvtne2ps_pbh(high, low);
				__m256i first = _mm512_castsi512_si256(both);
				__m256i second = _mm512_extracti64x4_epi64(both, 1);

				_mm512_storeu_si512(to + p * TILE, both);
				low = _mm512_sub_ps(low, lower_of(_mm512_cvtepu16_epi32(first)));
				high = _mm512_sub_ps(high, lower_of(_mm512_cvtepu16_epi32(second)));
			}
		}
	}
}

/* ---- products */

/* clang-format off */
#define LOAD(a, b, from, piece) \
	do { \
		_tile_loadd(a, (from)[0] + at + (piece) * TILE, 64); \
		_tile_loadd(b, (from)[1] + at + (piece) * TILE, 64); \
	} while (0)
#define LOAD_X(piece) do { const size_t at = i * PIECES * TILE; LOAD(0, 1, x, piece); } while (0)
#define LOAD_W(piece) do { const size_t at = i * count * TILE; LOAD(2, 3, w, piece); } while (0)
#define MULTIPLY() \
	do { \
		_tile_dpbf16ps(4, 0, 2); \
		_tile_dpbf16ps(5, 0, 3); \
		_tile_dpbf16ps(6, 1, 2); \
		_tile_dpbf16ps(7, 1, 3); \
	} while (0)
/* clang-format on */

/* A tile of activations and one of weights come from the second cache to the first. */
INLINE void bring(const uint16_t *x, const uint16_t *w)
{
	UNROLL for (size_t i = 0; i < TILE; i += PACKED_LINE / sizeof *x)
		_mm_prefetch((const char *)(x + i), _MM_HINT_T0);
	if (!w)
		return;
	UNROLL for (size_t i = 0; i < TILE; i += PACKED_LINE / sizeof *w)
		_mm_prefetch((const char *)(w + i), _MM_HINT_T0);
}

/* 32 rows with two panels, `steps` of their columns; small products first. What the next step loads
 * is brought near meanwhile. */
INLINE void multiply(float *sums, const uint16_t *const *x, const uint16_t *const *w, size_t steps,
		     enum packed_type type)
{
	const size_t count = pieces_of(type);

	_tile_zero(4);
	_tile_zero(5);
	_tile_zero(6);
	_tile_zero(7);
	for (size_t i = 0; i < steps; i++) {
		const size_t next_x = (i + 1) * PIECES * TILE, next_w = (i + 1) * count * TILE;
		const uint16_t *const to_x[2] = {x[0] + next_x, x[1] + next_x};
		const uint16_t *const to_w[2] = {w[0] + next_w, w[1] + next_w};

		LOAD_X(2);
		LOAD_W(0);
		MULTIPLY();
		bring(to_x[0], to_w[0]);
		LOAD_X(1);
		MULTIPLY();
		bring(to_x[1], to_w[1]);
		if (count > 1) {
			LOAD_W(1);
			MULTIPLY();
		}
		bring(to_x[0] + TILE, count > 1 ? to_w[0] + TILE : NULL);
		LOAD_X(0);
		if (count > 1)
			MULTIPLY();
		bring(to_x[1] + TILE, count > 1 ? to_w[1] + TILE : NULL);
		if (count > 2) {
			LOAD_W(2);
			MULTIPLY();
		}
		bring(to_x[0] + 2 * TILE, count > 2 ? to_w[0] + 2 * TILE : NULL);
		if (count > 1)
			LOAD_W(0);
		MULTIPLY();
		bring(to_x[1] + 2 * TILE, count > 2 ? to_w[1] + 2 * TILE : NULL);
	}
	_tile_stored(4, sums, 64);
	_tile_stored(5, sums + SUMS, 64);
	_tile_stored(6, sums + 2 * SUMS, 64);
	_tile_stored(7, sums + 3 * SUMS, 64);
}

/* Two panels (or twice the last one) with some rows, STEPS steps of columns. */
struct stretch {
	const struct kernel_job *job;
	size_t panels[2];
	size_t tile, tiles; /* of rows */
	size_t from, steps; /* of columns */
	float *sums;        /* [tiles, an even number][2][16][16] */
	uint16_t *room;     /* of weights in pieces: [2][STEPS][piece] */
};

/* Two panels of a row lie side by side: rows are pages apart, so both are put at once. */
static void put(const struct stretch *s, size_t tile, const float *sums)
{
	const struct kernel_job *job = s->job;
	const size_t first = s->panels[0] * PACKED_PANEL, count = s->panels[1] - s->panels[0] + 1;
	const bool has_bias = job->bias && s->from + s->steps == job->x_cut->steps;
	__mmask16 masks[2];
	__m512 biases[2];

	for (size_t q = 0; q < count; q++) {
		const size_t left = job->w->rows - first - q * PACKED_PANEL;

		masks[q] = (__mmask16)(left < PACKED_PANEL ? (1U << left) - 1 : 0xffff);
		if (has_bias)
			biases[q] = _mm512_maskz_loadu_ps(masks[q],
							  job->bias + first + q * PACKED_PANEL);
	}
	for (size_t i = 0; i < ROWS && tile * ROWS + i < job->m; i++) {
		for (size_t q = 0; q < count; q++) {
			float *out = job->out + (tile * ROWS + i) * job->out_stride + first +
				     q * PACKED_PANEL;
			__m512 sum = _mm512_load_ps(sums + q * SUMS + i * PACKED_PANEL);

			if (s->from > 0)
				sum = _mm512_add_ps(_mm512_maskz_loadu_ps(masks[q], out), sum);
			if (has_bias)
				sum = _mm512_add_ps(sum, biases[q]);
			_mm512_mask_storeu_ps(out, masks[q], sum);
		}
	}
}

/* Part `i` of `count` of the next two panels comes nearer. Of halves they share their lines. */
INLINE void ask_for_next(const struct stretch *s, enum packed_type type, size_t i, size_t count)
{
	const struct packed *w = s->job->w;
	const size_t from = s->from * STEP, of_line = type == PACKED_F32 ? 1 : 2;
	const size_t columns = least(s->steps * STEP, w->columns - from);
	const size_t end = least(s->panels[1] + 3, s->job->last);

	for (size_t panel = s->panels[1] + 1; panel < end; panel += of_line) {
		const uint8_t *stretch = packed_panel(w, panel) + from * PACKED_LINE;

		for (size_t k = columns * i / count; k < columns * (i + 1) / count; k++)
			_mm_prefetch((const char *)stretch + k * PACKED_LINE, _MM_HINT_T1);
	}
}

INLINE void multiply_stretch(const struct stretch *s, enum packed_type type)
{
	const struct kernel_job *job = s->job;
	const size_t from = s->from * STEP, of_panel = STEPS * pieces_of(type) * TILE;
	const size_t to = least(from + s->steps * STEP, job->w->columns);
	const bool is_two = s->panels[1] != s->panels[0];
	const uint16_t *const w[2] = {s->room, is_two ? s->room + of_panel : s->room};

	cut_panel(s->room, job->w, type, s->panels[0], from, to);
	if (is_two)
		cut_panel(s->room + of_panel, job->w, type, s->panels[1], from, to);
	atomic_signal_fence(memory_order_seq_cst);
	for (size_t i = 0; i < s->tiles; i += 2) {
		const size_t first = s->tile + i, second = i + 1 < s->tiles ? first + 1 : first;
		const uint16_t *const x[2] = {pieces_at(job->x_cut, first, s->from),
					      pieces_at(job->x_cut, second, s->from)};

		ask_for_next(s, type, i / 2, (s->tiles + 1) / 2);
		multiply(s->sums + i * 2 * SUMS, x, w, s->steps, type);
	}
	atomic_signal_fence(memory_order_seq_cst);
	for (size_t i = 0; i < s->tiles; i++)
		put(s, s->tile + i, s->sums + i * 2 * SUMS);
}

INLINE void multiply_rows(struct stretch *s, enum packed_type type)
{
	const struct kernel_job *job = s->job;

	for (s->from = 0; s->from < job->x_cut->steps; s->from += STEPS) {
		s->steps = least(job->x_cut->steps - s->from, STEPS);
		for (size_t panel = job->first; panel < job->last; panel += 2) {
			s->panels[0] = panel;
			s->panels[1] = least(panel + 1, job->last - 1);
			multiply_stretch(s, type);
		}
	}
}

INLINE void product(const struct kernel_job *job, enum packed_type type)
{
	const size_t tiles = (job->m + ROWS - 1) / ROWS;
	struct amx_shapes found = {0};
	struct stretch s = {.job = job, .sums = job->scratch};

	s.room = (uint16_t *)(void *)(s.sums + TILES * 2 * SUMS);
	amx_begin(&found, QUANTIZED_TILE, 2 * PACKED_BLOCK); /* bytes: 32 columns */
	for (; s.tile < tiles; s.tile += TILES) {
		s.tiles = least(tiles - s.tile, TILES);
		multiply_rows(&s, type);
	}
	amx_end(&found);
}

void amx_product_f32(const struct kernel_job *job)
{
	product(job, PACKED_F32);
}

void amx_product_bf16(const struct kernel_job *job)
{
	product(job, PACKED_BF16);
}

void amx_product_f16(const struct kernel_job *job)
{
	product(job, PACKED_F16);
}

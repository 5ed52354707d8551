/* SPDX-License-Identifier: Apache-2.0 */
/*
 * amx.c - products of up to sixteen rows at once with tiles of bytes (AMX): a block of a panel is a
 * tile as it lies there, rows of activations are one, and their products another, of exact
 * integers. The floats behind them are summed as avx512.c sums them, so that both agree to the bit.
 */
#include "inference/kernel/amx.h"

#include <immintrin.h>
#include <stdatomic.h>

#include "inference/kernel/avx512.h"

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")

enum {
	ROWS = QUANTIZED_TILE,
	A_BYTES = ROWS * PACKED_BLOCK,  /* activations: [16][32] */
	B_BYTES = PACKED_Q8_BYTES,      /* weights: [8][16][4] */
	PRODUCTS = ROWS * PACKED_PANEL, /* [row][output] */
	GROUP = 2,                      /* blocks */
	FEW = 2 * ROWS,
	NEAR = 8, /* panels */
};

/* Constants: a compiler would not know that all of a variable is read. `m` rows, `k` groups of four
 * columns. */
/* clang-format off */
#define SHAPE(m, k) \
	{ \
		.palette = 1, .bytes = {4 * (k), 4 * (k), 64, 64, 64, 64, 64, 64}, \
		.rows = {m, m, k, k, m, m, m, m}, \
	}
#define SHAPES(k) \
	{ \
		SHAPE(1, k), SHAPE(2, k), SHAPE(3, k), SHAPE(4, k), SHAPE(5, k), SHAPE(6, k), \
		SHAPE(7, k), SHAPE(8, k), SHAPE(9, k), SHAPE(10, k), SHAPE(11, k), SHAPE(12, k), \
		SHAPE(13, k), SHAPE(14, k), SHAPE(15, k), SHAPE(16, k), \
	}
/* clang-format on */

void amx_begin(struct amx_shapes *found, size_t rows, unsigned columns)
{
	static const struct amx_shapes of_block[ROWS] = SHAPES(8), of_two[ROWS] = SHAPES(16);

	_tile_storeconfig(found);
	if (columns == PACKED_BLOCK)
		_tile_loadconfig(&of_block[rows - 1]);
	else
		_tile_loadconfig(&of_two[rows - 1]);
}

/* Others who multiply on this thread (oneDNN) find their own shapes; without any, loading what was
 * found releases the tiles. */
void amx_end(const struct amx_shapes *found)
{
	atomic_signal_fence(memory_order_seq_cst);
	_tile_loadconfig(found);
}

/* A panel as signed bytes, [block][8][16][4], and its scales as floats, [block][16]. */
struct panel {
	int8_t *values;
	float *scales;
};

INLINE void unpack_block(enum packed_type type, int8_t *out, const uint8_t *at)
{
	const __m512i low = _mm512_set1_epi8(15), eight = _mm512_set1_epi8(PACKED_Q4_ZERO);

	if (type == PACKED_Q8_0) {
		UNROLL for (size_t g = 0; g < 8; g++) _mm512_storeu_si512(
			out + g * 64, _mm512_xor_si512(_mm512_loadu_si512(at + g * 64),
						       _mm512_set1_epi8((char)PACKED_Q8_ZERO)));
		return;
	}
	UNROLL for (size_t g = 0; g < 4; g++)
	{
		__m512i both = _mm512_loadu_si512(at + g * 64);
		__m512i high = _mm512_and_si512(_mm512_srli_epi16(both, 4), low);

		_mm512_storeu_si512(out + g * 64,
				    _mm512_sub_epi8(_mm512_and_si512(both, low), eight));
		_mm512_storeu_si512(out + (g + 4) * 64, _mm512_sub_epi8(high, eight));
	}
}

INLINE __m512 load_scales(const uint8_t *at)
{
	return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)at));
}

INLINE struct panel unpack(const struct kernel_job *job, enum packed_type type, size_t panel)
{
	const size_t blocks = job->x_q8->blocks;
	const uint8_t *from = packed_panel(job->w, panel);
	struct panel p = {job->scratch, NULL};

	p.scales = (float *)(void *)(p.values + blocks * B_BYTES);
	for (size_t b = 0; b < blocks; b++) {
		unpack_block(type, p.values + b * B_BYTES, from + packed_block_at(type, b));
		_mm512_storeu_ps(p.scales + b * PACKED_PANEL,
				 load_scales(from + packed_scales_at(type, b)));
	}
	return p;
}

/* sums += products * scales of one block */
INLINE void add_block(__m512 *sums, const int32_t *products, const float *x_scales, __m512 scale)
{
	UNROLL for (size_t i = 0; i < ROWS; i++)
	{
		__m512 both = _mm512_mul_ps(_mm512_set1_ps(x_scales[i]), scale);
		__m512 dot = _mm512_cvtepi32_ps(_mm512_load_si512(products + i * PACKED_PANEL));

		sums[i] = _mm512_fmadd_ps(dot, both, sums[i]);
	}
}

/* The numbers of tiles are part of the instructions. */
/* clang-format off */
#define MULTIPLY(a, b, c, at) \
	do { \
		_tile_zero(c); \
		_tile_loadd(a, x + (at) * A_BYTES, PACKED_BLOCK); \
		_tile_loadd(b, w + (at) * B_BYTES, 64); \
		_tile_dpbssd(c, a, b); \
		_tile_stored(c, products + (at) * PRODUCTS, 64); \
	} while (0)
/* clang-format on */

/* The products of GROUP blocks, of fewer at the end of a row; each second group has sums of its
 * own, which need not wait until those of the first are stored. */
INLINE void multiply_group(int32_t *products, const int8_t *x, const int8_t *w, size_t count,
			   const bool is_second)
{
	if (is_second) {
		MULTIPLY(0, 2, 6, 0);
		if (count > 1)
			MULTIPLY(1, 3, 7, 1);
		return;
	}
	MULTIPLY(0, 2, 4, 0);
	if (count > 1)
		MULTIPLY(1, 3, 5, 1);
}

/* What sixteen rows and one panel are made of. */
struct line {
	const int8_t *x, *w;
	const float *x_scales, *scales;
	size_t blocks;
	int32_t *products; /* [2][GROUP] */
};

/* Blocks from `b` on, if there are any. */
INLINE void multiply_at(const struct line *l, size_t b, const bool is_second)
{
	const size_t count = b >= l->blocks ? 0 : l->blocks - b < GROUP ? l->blocks - b : GROUP;

	if (count > 0)
		multiply_group(l->products + is_second * GROUP * PRODUCTS, l->x + b * A_BYTES,
			       l->w + b * B_BYTES, count, is_second);
}

INLINE void add_at(__m512 *sums, const struct line *l, size_t b, const bool is_second)
{
	const int32_t *made = l->products + is_second * GROUP * PRODUCTS;

	for (size_t i = 0; i < GROUP && b + i < l->blocks; i++)
		add_block(sums, made + i * PRODUCTS, l->x_scales + (b + i) * ROWS,
			  _mm512_loadu_ps(l->scales + (b + i) * PACKED_PANEL));
}

/* Sixteen rows with one panel. While the products of one group of blocks are made, those of the
 * group before it are summed: what a tile has stored cannot be loaded at once. (Four blocks a group
 * would be four kilobytes apart, which processors mistake for the same place.) */
static void tile(const struct kernel_job *job, size_t row, size_t panel, const struct panel *w)
{
	_Alignas(64) int32_t products[2 * GROUP * PRODUCTS];
	const size_t at = quantized_at(job->x_q8, row, 0);
	const struct line l = {.x = job->x_q8->values + at * PACKED_BLOCK,
			       .w = w->values,
			       .x_scales = job->x_q8->scales + at,
			       .scales = w->scales,
			       .blocks = job->x_q8->blocks,
			       .products = products};
	__m512 sums[ROWS];

	UNROLL for (size_t i = 0; i < ROWS; i++) sums[i] = _mm512_setzero_ps();
	multiply_at(&l, 0, false);
	for (size_t b = 0; b < l.blocks; b += 2 * GROUP) {
		multiply_at(&l, b + GROUP, true);
		add_at(sums, &l, b, false);
		multiply_at(&l, b + 2 * GROUP, false);
		add_at(sums, &l, b + GROUP, true);
	}
	UNROLL for (size_t i = 0; i < ROWS; i++) if (row + i < job->m)
		avx512_store(job, row + i, panel, sums[i]);
}

/* ---- few rows */

/* So few rows leave memory behind: weights are multiplied as they lie there, by two panels at once
 * so that it is read in two places, and what their zero adds is taken off each sum. */
struct few {
	const int8_t *x;
	const float *x_scales;
	const int32_t *x_sums;
	const uint8_t *w; /* the first panel */
	size_t blocks, panel_bytes;
	int32_t *products; /* [2][panels] */
};

/* The numbers of tiles are part of the instructions. */
/* clang-format off */
#define MULTIPLY_FEW(a, b, c, weights, out) \
	do { \
		_tile_zero(c); \
		_tile_loadd(b, weights, 64); \
		_tile_dpbsud(c, a, b); \
		_tile_stored(c, out, 64); \
	} while (0)
/* clang-format on */

INLINE void multiply_few(const struct few *f, size_t b, const bool is_second, const size_t p)
{
	const int8_t *x = f->x + b * A_BYTES;
	const uint8_t *w = f->w + packed_block_at(PACKED_Q8_0, b);
	int32_t *out = f->products + is_second * 2 * PRODUCTS;

	if (is_second) {
		_tile_loadd(1, x, PACKED_BLOCK);
		MULTIPLY_FEW(1, 2, 6, w, out);
		if (p > 1)
			MULTIPLY_FEW(1, 3, 7, w + f->panel_bytes, out + PRODUCTS);
		return;
	}
	_tile_loadd(0, x, PACKED_BLOCK);
	MULTIPLY_FEW(0, 2, 4, w, out);
	if (p > 1)
		MULTIPLY_FEW(0, 3, 5, w + f->panel_bytes, out + PRODUCTS);
}

/* sums += products * scales of block b, while memory is asked for what comes later. */
INLINE void add_few(__m512 sums[][2], const struct few *f, size_t b, const bool is_second,
		    const size_t m, const size_t p)
{
	const int32_t *made = f->products + is_second * 2 * PRODUCTS;
	const size_t at = packed_block_at(PACKED_Q8_0, b);
	const char *next = kernels_ahead(f->w + at, f->panel_bytes - at, (p - 1) * f->panel_bytes);
	__m512 scale[2];

	UNROLL for (size_t q = 0; q < p; q++)
	{
		const size_t panel = q * f->panel_bytes;

		if (!is_second) /* of the next two blocks, too */
			_mm_prefetch(next + panel - PACKED_LINE, _MM_HINT_T1);
		scale[q] = load_scales(f->w + panel + packed_scales_at(PACKED_Q8_0, b));
	}
	UNROLL for (size_t i = 0; i < m; i++)
	{
		const size_t of_row = b * ROWS + i;
		const __m512i over = _mm512_slli_epi32(_mm512_set1_epi32(f->x_sums[of_row]), 7);
		const __m512 x_scale = _mm512_set1_ps(f->x_scales[of_row]);

		UNROLL for (size_t q = 0; q < p; q++)
		{
			const __m512i dot = _mm512_sub_epi32(
				_mm512_load_si512(made + q * PRODUCTS + i * PACKED_PANEL), over);

			for (size_t l = i * 8 / m; l < (i + 1) * 8 / m; l++)
				_mm_prefetch(next + q * f->panel_bytes + l * 64, _MM_HINT_T1);
			sums[i][q] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot),
						     _mm512_mul_ps(x_scale, scale[q]), sums[i][q]);
		}
	}
}

/* Up to `m` rows from the first of a tile on against `p` panels. */
INLINE void few_panels(const struct kernel_job *job, size_t row, size_t panel, const size_t m,
		       const size_t p)
{
	_Alignas(64) int32_t products[4 * PRODUCTS];
	const size_t at = quantized_at(job->x_q8, row, 0);
	const struct few f = {.x = job->x_q8->values + at * PACKED_BLOCK,
			      .x_scales = job->x_q8->scales + at,
			      .x_sums = job->x_q8->sums + at,
			      .w = packed_panel(job->w, panel),
			      .blocks = job->x_q8->blocks,
			      .panel_bytes = packed_panel_bytes(PACKED_Q8_0, job->w->columns),
			      .products = products};
	__m512 sums[ROWS][2];

	UNROLL for (size_t i = 0; i < m; i++) UNROLL for (size_t q = 0; q < p; q++)
		sums[i][q] = _mm512_setzero_ps();
	multiply_few(&f, 0, false, p);
	for (size_t b = 0; b < f.blocks; b += 2) {
		if (b + 1 < f.blocks)
			multiply_few(&f, b + 1, true, p);
		add_few(sums, &f, b, false, m, p);
		if (b + 2 < f.blocks)
			multiply_few(&f, b + 2, false, p);
		if (b + 1 < f.blocks)
			add_few(sums, &f, b + 1, true, m, p);
	}
	UNROLL for (size_t i = 0; i < m; i++)
		UNROLL for (size_t q = 0; q < p; q++) if (row + i < job->m)
			avx512_store(job, row + i, panel + q, sums[i][q]);
}

INLINE void product_tile(const struct kernel_job *job, size_t row, const size_t m)
{
	const size_t most = m <= 8 ? 2 : 1; /* registers for their sums */
	struct amx_shapes found = {0};
	size_t panel = job->first;

	amx_begin(&found, job->m - row < m ? job->m - row : m, PACKED_BLOCK);
	atomic_signal_fence(memory_order_seq_cst);
	for (; panel + most <= job->last; panel += most)
		few_panels(job, row, panel, m, most);
	for (; panel < job->last; panel++)
		few_panels(job, row, panel, m, 1);
	amx_end(&found);
}

/* Some panels at a time, which the rows of a second tile find near. */
static void product_few(const struct kernel_job *job)
{
	struct kernel_job part = *job;

	for (; part.first < job->last; part.first = part.last) {
		part.last = part.first + NEAR < job->last ? part.first + NEAR : job->last;
		for (size_t row = 0, left; row < job->m; row += ROWS) {
			left = job->m - row;
			if (left <= 4)
				product_tile(&part, row, 4);
			else if (left <= 8)
				product_tile(&part, row, 8);
			else if (left <= 12)
				product_tile(&part, row, 12);
			else
				product_tile(&part, row, ROWS);
		}
	}
}

/* ---- products */

INLINE void product_blocks(const struct kernel_job *job, enum packed_type type)
{
	struct amx_shapes found = {0};

	amx_begin(&found, ROWS, PACKED_BLOCK);
	for (size_t panel = job->first; panel < job->last; panel++) {
		const struct panel w = unpack(job, type, panel);

		/* gcc does not know that tiles are loaded from what stands behind the pointer. */
		atomic_signal_fence(memory_order_seq_cst);
		for (size_t row = 0; row < job->m; row += ROWS)
			tile(job, row, panel, &w);
	}
	amx_end(&found);
}

static void product_q8_0(const struct kernel_job *job)
{
	if (job->m <= FEW)
		product_few(job);
	else
		product_blocks(job, PACKED_Q8_0);
}

static void product_q4_0(const struct kernel_job *job)
{
	product_blocks(job, PACKED_Q4_0);
}

const struct kernels kernels_amx = {
	.name = "amx",
	AVX512_KERNELS,
	.tiled = {[PACKED_Q8_0] = product_q8_0,
		  [PACKED_Q4_0] = product_q4_0,
		  [PACKED_W8] = amx_product_w8},
	/* Measured by `bench_kernels amx` on 22 and 23 November 2026 (Xeon with 2 MiB of second
	 * cache a core, KVM, one thread of two; "from" of all shapes together): Q8_0 in tiles wins
	 * from 3 rows on (1.1 to 1.3, 16 rows 1.4), Q4_0 from 14 to 16 and from 20 on (of 17 rows a
	 * second tile is nearly empty: 0.8 to 0.95), W8 from 1 where a matrix is small and from 4
	 * where it is not; BF16 from 17, F16 from 48, F32 from 64. oneDNN is never ahead. */
	.tiled_from = {[PACKED_Q8_0] = 3, [PACKED_Q4_0] = 16, [PACKED_W8] = 16},
	.cut = {amx_product_f32, amx_product_bf16, amx_product_f16},
	.cut_from = {64, 17, 48},
	.cut_rows = amx_cut_rows,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * amx.c - products of sixteen rows at once with tiles of bytes (AMX): a block of a panel is a tile
 * as it lies there, sixteen rows of activations are one, and their products another, of exact
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
};

#define SHAPES(columns) \
	{ \
		.palette = 1, .bytes = {columns, columns, 64, 64, 64, 64, 64, 64}, \
		.rows = {ROWS, ROWS, (columns) / 4, (columns) / 4, ROWS, ROWS, ROWS, ROWS}, \
	}

void amx_begin(struct amx_shapes *found, unsigned columns)
{
	static const struct amx_shapes of_block = SHAPES(PACKED_BLOCK);
	static const struct amx_shapes of_two = SHAPES(2 * PACKED_BLOCK);

	_tile_storeconfig(found);
	if (columns == PACKED_BLOCK)
		_tile_loadconfig(&of_block);
	else
		_tile_loadconfig(&of_two);
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

INLINE struct panel unpack(const struct kernel_job *job, enum packed_type type, size_t panel)
{
	const size_t blocks = job->x_q8->blocks;
	const size_t bytes = type == PACKED_Q8_0 ? PACKED_Q8_BYTES : PACKED_Q4_BYTES;
	const uint8_t *from = packed_panel(job->w, panel);
	const uint16_t *scales = packed_scales(job->w, panel);
	struct panel p = {job->scratch, NULL};

	p.scales = (float *)(void *)(p.values + blocks * B_BYTES);
	for (size_t b = 0; b < blocks; b++) {
		unpack_block(type, p.values + b * B_BYTES, from + b * bytes);
		_mm512_storeu_ps(
			p.scales + b * PACKED_PANEL,
			_mm512_cvtph_ps(_mm256_loadu_si256(
				(const __m256i *)(const void *)(scales + b * PACKED_PANEL))));
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

INLINE void store(const struct kernel_job *job, size_t row, size_t panel, const __m512 *sums)
{
	const size_t first = panel * PACKED_PANEL, left = job->w->rows - first;
	const __mmask16 mask = (__mmask16)(left < PACKED_PANEL ? (1U << left) - 1 : 0xffff);
	const __m512 bias = job->bias ? _mm512_maskz_loadu_ps(mask, job->bias + first)
				      : _mm512_setzero_ps();

	UNROLL for (size_t i = 0; i < ROWS; i++) if (row + i < job->m)
		_mm512_mask_storeu_ps(job->out + (row + i) * job->out_stride + first, mask,
				      job->bias ? _mm512_add_ps(sums[i], bias) : sums[i]);
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
	store(job, row, panel, sums);
}

INLINE void product_blocks(const struct kernel_job *job, enum packed_type type)
{
	struct amx_shapes found = {0};

	amx_begin(&found, PACKED_BLOCK);
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
	/* Measured by `bench_kernels amx` on 22 November 2026 (Xeon with 2 MiB of nearest shared
	 * cache a core, KVM, one thread of two; "from" of all shapes together): Q8_0 and Q4_0 in
	 * tiles win from 14 to 16 rows and from 20 on (of 17 rows a second tile is nearly empty:
	 * 0.8 to 0.95), W8 from 1 where a matrix is small and from 4 where it is not; BF16 from 17,
	 * F16 from 48, F32 from 64. oneDNN is never ahead. */
	.tiled_from = 16,
	.cut = {amx_product_f32, amx_product_bf16, amx_product_f16},
	.cut_from = {64, 17, 48},
	.cut_rows = amx_cut_rows,
};

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

/* The products of GROUP blocks; of fewer at the end of a row. */
INLINE void multiply_group(int32_t *products, const int8_t *x, const int8_t *w, size_t count)
{
	MULTIPLY(0, 2, 4, 0);
	if (count > 1)
		MULTIPLY(1, 3, 5, 1);
	if (count > 2)
		MULTIPLY(0, 2, 6, 2);
	if (count > 3)
		MULTIPLY(1, 3, 7, 3);
}

static size_t group_at(size_t blocks, size_t b)
{
	return blocks - b < GROUP ? blocks - b : GROUP;
}

/* Sixteen rows with one panel. While the products of one group of blocks are made, those of the
 * group before it are summed: what a tile has stored cannot be loaded at once. (Four blocks a group
 * would be four kilobytes apart, which processors mistake for the same place.) */
static void tile(const struct kernel_job *job, size_t row, size_t panel, const struct panel *w)
{
	_Alignas(64) int32_t products[2][GROUP * PRODUCTS];
	const size_t blocks = job->x_q8->blocks, at = quantized_at(job->x_q8, row, 0);
	const int8_t *x = job->x_q8->values + at * PACKED_BLOCK;
	const float *x_scales = job->x_q8->scales + at;
	__m512 sums[ROWS];

	UNROLL for (size_t i = 0; i < ROWS; i++) sums[i] = _mm512_setzero_ps();
	multiply_group(products[0], x, w->values, group_at(blocks, 0));
	for (size_t b = 0; b < blocks; b += GROUP) {
		const size_t next = b + GROUP, count = group_at(blocks, b);
		const int32_t *made = products[b / GROUP % 2];

		if (next < blocks)
			multiply_group(products[next / GROUP % 2], x + next * A_BYTES,
				       w->values + next * B_BYTES, group_at(blocks, next));
		for (size_t i = 0; i < count; i++)
			add_block(sums, made + i * PRODUCTS, x_scales + (b + i) * ROWS,
				  _mm512_loadu_ps(w->scales + (b + i) * PACKED_PANEL));
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
	.tiled_from = 16,
	.cut = {amx_product_f32, amx_product_bf16, amx_product_f16},
	.cut_from = {64, 64, 64},
	.cut_rows = amx_cut_rows,
};

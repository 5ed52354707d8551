/* SPDX-License-Identifier: Apache-2.0 */
/*
 * amx_rows.c - rows of bytes with one scale (W8) in tiles: sums stay in tiles from the first column
 * to the last, 32 rows by 32 outputs at once, and become floats once.
 */
#include "inference/kernel/amx.h"

#include <immintrin.h>
#include <stdatomic.h>

enum { ROWS = QUANTIZED_TILE, STEP = 2 * PACKED_BLOCK, TILE = ROWS * STEP /* bytes */ };

/* Tiles 0 and 1 hold rows of activations, 2 and 3 weights of two panels, 4 to 7 their sums. */
static void multiply(int32_t *sums, const int8_t *const *x, const uint8_t *const *w, size_t steps)
{
	_tile_zero(4);
	_tile_zero(5);
	_tile_zero(6);
	_tile_zero(7);
	for (size_t i = 0; i < steps * TILE; i += TILE) {
		_tile_loadd(0, x[0] + i, STEP);
		_tile_loadd(2, w[0] + i, 64);
		_tile_dpbsud(4, 0, 2);
		_tile_loadd(3, w[1] + i, 64);
		_tile_dpbsud(5, 0, 3);
		_tile_loadd(1, x[1] + i, STEP);
		_tile_dpbsud(6, 1, 2);
		_tile_dpbsud(7, 1, 3);
	}
	_tile_stored(4, sums, 64);
	_tile_stored(5, sums + TILE / 4, 64);
	_tile_stored(6, sums + 2 * TILE / 4, 64);
	_tile_stored(7, sums + 3 * TILE / 4, 64);
}

/* Stored weights are above their values by a zero: what that adds is known from the row. */
static void put(const struct kernel_job *job, size_t first_row, size_t panel, const int32_t *sums)
{
	const struct quantized *x = job->x_q8;
	const size_t first = panel * PACKED_PANEL, left = job->w->rows - first;
	const __mmask16 mask = (__mmask16)(left < PACKED_PANEL ? (1U << left) - 1 : 0xffff);
	const __m512 scales = _mm512_loadu_ps(packed_row_scales(job->w, panel));

	for (size_t i = 0; i < ROWS && first_row + i < job->m; i++) {
		const size_t row = first_row + i;
		__m512i sum = _mm512_sub_epi32(_mm512_load_si512(sums + i * PACKED_PANEL),
					       _mm512_set1_epi32(PACKED_Q8_ZERO * x->sums[row]));
		__m512 out = _mm512_mul_ps(_mm512_cvtepi32_ps(sum),
					   _mm512_mul_ps(_mm512_set1_ps(x->scales[row]), scales));

		if (job->bias)
			out = _mm512_add_ps(out, _mm512_maskz_loadu_ps(mask, job->bias + first));
		_mm512_mask_storeu_ps(job->out + row * job->out_stride + first, mask, out);
	}
}

/* Two panels (or twice the last one) with all rows, two tiles of them (or twice the last one). */
static void panels(const struct kernel_job *job, size_t panel, size_t next)
{
	_Alignas(64) int32_t sums[4 * TILE / 4];
	const struct quantized *q = job->x_q8;
	const uint8_t *const w[2] = {packed_panel(job->w, panel), packed_panel(job->w, next)};
	const size_t tiles = (job->m + ROWS - 1) / ROWS, bytes = q->blocks * PACKED_BLOCK * ROWS;

	for (size_t i = 0; i < tiles; i += 2) {
		const size_t second = i + 1 < tiles ? i + 1 : i;
		const int8_t *const x[2] = {q->values + i * bytes, q->values + second * bytes};

		multiply(sums, x, w, q->blocks / 2);
		put(job, i * ROWS, panel, sums);
		put(job, second * ROWS, panel, sums + 2 * TILE / 4);
		if (next == panel)
			continue;
		put(job, i * ROWS, next, sums + TILE / 4);
		put(job, second * ROWS, next, sums + 3 * TILE / 4);
	}
}

void amx_product_w8(const struct kernel_job *job)
{
	struct amx_shapes found = {0};

	amx_begin(&found, ROWS, STEP);
	atomic_signal_fence(memory_order_seq_cst);
	for (size_t panel = job->first; panel < job->last; panel += 2)
		panels(job, panel, panel + 1 < job->last ? panel + 1 : panel);
	amx_end(&found);
}

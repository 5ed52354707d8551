/* SPDX-License-Identifier: Apache-2.0 */
/* amx.h - what the products in tiles share. */
#ifndef INFERENCE_KERNEL_AMX_H
#define INFERENCE_KERNEL_AMX_H

#include "inference/kernel/kernels.h"

/* Intel's palette 1. */
struct amx_shapes {
	uint8_t palette, start_row, reserved[14];
	uint16_t bytes[16];
	uint8_t rows[16];
};

/* Tiles 0 and 1: `rows` (up to sixteen) of `columns` bytes of activations (32 or 64); 2 and 3: as
 * many columns of sixteen weights; the others: rows x 16 sums. What the thread had is found by
 * amx_end. */
void amx_begin(struct amx_shapes *found, size_t rows, unsigned columns);
void amx_end(const struct amx_shapes *found);

kernel_fn amx_product_w8;                                     /* amx_rows.c */
kernel_fn amx_product_f32, amx_product_bf16, amx_product_f16; /* amx_floats.c */
void amx_cut_rows(const struct float_pieces *out, const float *x, size_t tile, size_t m,
		  size_t columns);

#endif

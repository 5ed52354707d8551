/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packed_k.h - Q4_K and Q6_K of GGUF files as the kernels read them. A superblock is 256 columns of
 * a panel, in eight groups of 32, one block of activations each:
 *
 *	Q4_K  [group][4][16][4] bytes of two columns each, e and e + 16 of a group; then [16] d and
 *	      [16] m of F16, [group][16] scales s and [group][16] minima n of a byte: a weight is
 *	      (d * s) * q - m * n
 *	Q6_K  [group]{[4][16][4] bytes as above: the lower four bits; [2][16][4] bytes of the upper
 *	      two bits of four columns each: those of column 4 v + c stand at [v / 4][lane][c] from
 *	      bit 2 (v % 4) on}; then [16] d of F16 and [group][2][16] signed scales s, each of 16
 *	      columns, and 32 bytes of nothing: a weight is (d * s) * (q - 32)
 *
 * 4.63 and 6.63 bits a weight, 4.5 and 6.56 in files. A sum over a group is a whole number in both
 * (in Q6_K with its two scales), so rounding begins with what the groups are added to.
 */
#ifndef INFERENCE_KERNEL_PACKED_K_H
#define INFERENCE_KERNEL_PACKED_K_H

#include "inference/kernel/kernels.h"

enum {
	PACKED_K_GROUPS = PACKED_K_COLUMNS / PACKED_BLOCK,
	PACKED_K_LOW = PACKED_BLOCK * PACKED_PANEL / 2,  /* bytes of a group's lower bits */
	PACKED_K_HIGH = PACKED_BLOCK * PACKED_PANEL / 4, /* and of its upper ones */
	/* Where the scales of a superblock begin, and where the next one does. */
	PACKED_Q4_K_SCALES = PACKED_K_GROUPS * PACKED_K_LOW,
	PACKED_Q4_K_BYTES = PACKED_Q4_K_SCALES + 4 * PACKED_PANEL +
			    2 * PACKED_K_GROUPS * PACKED_PANEL,
	PACKED_Q6_K_SCALES = PACKED_K_GROUPS * (PACKED_K_LOW + PACKED_K_HIGH),
	PACKED_Q6_K_BYTES = PACKED_Q6_K_SCALES + 2 * PACKED_PANEL +
			    2 * PACKED_K_GROUPS * PACKED_PANEL + 32,
	PACKED_Q6_K_ZERO = 32,
};

_Static_assert(PACKED_Q4_K_BYTES % 64 == 0 && PACKED_Q6_K_BYTES % 64 == 0, "whole cache lines");

/* One superblock of one row, as files have it, into the superblock of its panel. */
void packed_k_put(enum packed_type type, uint8_t *superblock, size_t lane, const uint8_t *block);

/* Columns of a superblock's lane as numbers. */
void packed_k_row(enum packed_type type, const uint8_t *superblock, size_t lane, float *out);

/* A column's bits, without scales: 0 to 15, or 0 to 63. */
int packed_k_bits(enum packed_type type, const uint8_t *superblock, size_t lane, size_t column);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packed.h - a matrix of weights as the kernels read it: panels of sixteen outputs, one behind the
 * other, so that a product reads memory in one straight line. It has [outputs][inputs] = rows and
 * columns; a last panel that is not full ends in zeros.
 *
 *	F32             [panel][column][16]
 *	BF16, F16       [two panels][column][2][16]: a column of a panel is half a line, its
 *	                neighbour's is the other; panels are filled up to an even number
 *	Q8_0            [panel][two blocks of 32 columns]: [2][16] scales of F16, then
 *	                [2][8][16][4] bytes, each 128 above its value
 *	W8              [panel][two blocks][8][16][4] bytes as those of Q8_0, columns filled up with
 *	                anything; then [16] scales of F32, of whole rows
 *	Q4_0            the same with [2][4][16][4] bytes of two columns each, e and e + 16 of a
 *	                block, 8 above their values
 *
 *	Q4_K, Q6_K      [panel][256 columns]: packed_k.h
 *
 * A block takes what it takes in llama.cpp's files, 34 and 18 bytes; a panel is rounded up to a
 * cache line. W8 stands in no file: it is made when a model is loaded.
 */
#ifndef INFERENCE_KERNEL_PACKED_H
#define INFERENCE_KERNEL_PACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum packed_type {
	PACKED_F32,
	PACKED_BF16,
	PACKED_F16,
	PACKED_Q8_0,
	PACKED_Q4_0,
	PACKED_W8,
	PACKED_Q4_K,
	PACKED_Q6_K,
};

enum {
	PACKED_TYPES = PACKED_Q6_K + 1,
	PACKED_PANEL = 16,      /* outputs */
	PACKED_BLOCK = 32,      /* columns that share a scale */
	PACKED_K_COLUMNS = 256, /* of a superblock of Q4_K or Q6_K */
	PACKED_Q8_BYTES = PACKED_BLOCK * PACKED_PANEL,
	PACKED_Q4_BYTES = PACKED_BLOCK * PACKED_PANEL / 2,
	PACKED_LINE = 64, /* bytes: of the cache, the scales of two blocks, a column of floats */
	PACKED_Q8_ZERO = 128,
	PACKED_Q4_ZERO = 8,
	PACKED_MAX_BLOCK_BYTES = 2 + PACKED_BLOCK, /* of a block as files have it */
};

struct packed {
	uint8_t *data; /* aligned to a cache line; NULL: there is no such matrix */
	enum packed_type type;
	size_t rows, columns;
};

const char *packed_type_name(enum packed_type type);
bool packed_is_quantized(enum packed_type type);
bool packed_is_k(enum packed_type type); /* Q4_K or Q6_K */

/* Of one row as files have it, and of the matrix in memory. Columns of quantized matrices are a
 * multiple of PACKED_BLOCK, those of Q4_K and Q6_K of PACKED_K_COLUMNS. */
size_t packed_row_bytes(enum packed_type type, size_t columns);
size_t packed_panel_bytes(enum packed_type type, size_t columns);
size_t packed_bytes(enum packed_type type, size_t rows, size_t columns);

/* Where panel i begins. Columns of floats and of halves follow each other by PACKED_LINE. */
const uint8_t *packed_panel(const struct packed *p, size_t i);
size_t packed_panels(const struct packed *p);

/* In a panel of Q8_0 or Q4_0, where block b begins and where its scales do. An odd number of blocks
 * ends in half of two. */
static inline size_t packed_block_bytes(enum packed_type type)
{
	return type == PACKED_Q8_0 ? PACKED_Q8_BYTES : PACKED_Q4_BYTES;
}

static inline size_t packed_scales_at(enum packed_type type, size_t b)
{
	return b / 2 * (PACKED_LINE + 2 * packed_block_bytes(type)) + b % 2 * PACKED_LINE / 2;
}

static inline size_t packed_block_at(enum packed_type type, size_t b)
{
	return b / 2 * (PACKED_LINE + 2 * packed_block_bytes(type)) + PACKED_LINE +
	       b % 2 * packed_block_bytes(type);
}

/* `count` elements of a row from `column` on, as files have them (F32, halves, blocks), into their
 * places. Several threads may put elements of the same matrix. */
void packed_put(struct packed *p, size_t row, size_t column, size_t count, const uint8_t *elements);

/* One column of all rows; of matrices that are not quantized. */
void packed_put_column(struct packed *p, size_t column, const uint8_t *elements);

/* 32 numbers as a block of Q8_0 or Q4_0, bit for bit as ggml's reference makes it. */
void packed_quantize(enum packed_type type, const float *values, uint8_t *block);

/* A row of W8: the largest magnitude in it, then its floats, in pieces that begin at multiples of
 * four. */
void packed_set_largest(struct packed *p, size_t row, float largest);
void packed_put_floats(struct packed *p, size_t row, size_t column, size_t count,
		       const float *values);
const float *packed_row_scales(const struct packed *p, size_t i); /* of panel i of W8 */

/* A row as floats, columns of them: the very numbers that the types stand for. */
void packed_row(const struct packed *p, size_t row, float *out);

#endif

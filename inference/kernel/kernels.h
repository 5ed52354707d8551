/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernels.h - a table of our own kernels for each instruction set: products with packed weights,
 * and the vectors of attention. Each file behind it is compiled for its own set; kernels_choose
 * takes the best that this machine has.
 *
 * Each output is one sum, made in the order of the columns (of the blocks of 32, where weights are
 * quantized), whatever else is computed with it. So a result depends neither on how many rows or
 * threads there are nor, with fused multiplication, on the instruction set.
 *
 * Where weights are quantized, activations are, too: 32 of them share a scale (llama.cpp's Q8_0,
 * with a scale of F32). The sum over a block is then an exact integer.
 */
#ifndef INFERENCE_KERNEL_KERNELS_H
#define INFERENCE_KERNEL_KERNELS_H

#include "inference/kernel/attend.h"
#include "inference/kernel/packed.h"

/* Rows of activations in blocks; `blocks` a row. For kernels that take sixteen rows at once they
 * lie [rows / 16][blocks][16], with room for rows up to the next multiple of sixteen. */
struct quantized {
	int8_t *values; /* [rows][blocks][32] */
	float *scales;  /* [rows][blocks] */
	int32_t *sums;  /* of the values of each block */
	size_t blocks;
	bool is_tiled;
	/* For weights of W8: `scales` and `sums` are those of rows, and rows are filled up to an
	 * even number of blocks with zeros; tiled, they lie [rows / 16][blocks / 2][16][2]. */
	bool is_by_row;
};

enum { QUANTIZED_TILE = 16 /* rows */ };

/* Which of all blocks is block b of row i? */
static inline size_t quantized_at(const struct quantized *q, size_t i, size_t b)
{
	size_t tile = i / QUANTIZED_TILE, within = i % QUANTIZED_TILE;

	if (!q->is_tiled)
		return i * q->blocks + b;
	if (q->is_by_row)
		return ((tile * (q->blocks / 2) + b / 2) * QUANTIZED_TILE + within) * 2 + b % 2;
	return (tile * q->blocks + b) * QUANTIZED_TILE + within;
}

/* Rows of activations as sums of BF16, for products with floats in tiles: of PIECES_STEPS steps of
 * columns those of all rows stand together. Filled up with zeros. */
struct float_pieces {
	uint16_t *values; /* [steps / PIECES_STEPS][tiles][PIECES_STEPS][PIECES][16][32] */
	size_t steps;     /* of PIECES_COLUMNS */
	size_t tiles;     /* of PIECES_ROWS */
};

enum {
	PIECES = 3,
	PIECES_ROWS = 16,
	PIECES_COLUMNS = 32,
	PIECES_STEPS = 24,
	PIECES_TILE = PIECES * PIECES_ROWS * PIECES_COLUMNS,
};

static inline uint16_t *pieces_at(const struct float_pieces *p, size_t tile, size_t step)
{
	size_t group = step / PIECES_STEPS * p->tiles + tile;

	return p->values + (group * PIECES_STEPS + step % PIECES_STEPS) * PIECES_TILE;
}

/* out[i * out_stride + j] = x[i] . w[j] (+ bias[j]), i < m, for the rows j of panels
 * [first, last) of w. */
struct kernel_job {
	float *out;
	size_t out_stride;
	const float *bias;                /* of all rows of w; NULL: none */
	const float *x;                   /* [m][columns] */
	const struct quantized *x_q8;     /* the same, where w is quantized */
	const struct float_pieces *x_cut; /* the same, where it is multiplied in pieces */
	const struct packed *w;
	size_t m;
	size_t first, last;
	bool is_straight; /* kernels_read_straight(): few rows take another way, to the same sums */
	/* Of the calling thread: KERNELS_SCRATCH bytes for each column, KERNELS_LEAST_SCRATCH at
	 * least. */
	void *scratch;
};

/* Bytes a column: so many panels can be unpacked to floats. */
enum {
	KERNELS_UNPACKED = 8,
	KERNELS_SCRATCH = KERNELS_UNPACKED * PACKED_PANEL * 4,
	KERNELS_LEAST_SCRATCH = 192 << 10,
};

enum { KERNELS_AHEAD = 3072 /* bytes that memory is asked for in advance */ };

/* Where that is: so far behind `at`, or beyond the `left` bytes of this panel as far in the next
 * one to be read, `skipped` behind the end of this one. */
static inline const char *kernels_ahead(const uint8_t *at, size_t left, size_t skipped)
{
	return (const char *)at + KERNELS_AHEAD + (KERNELS_AHEAD < left ? 0 : skipped);
}

typedef void kernel_fn(const struct kernel_job *job);

struct kernels {
	const char *name;
	kernel_fn *product[PACKED_TYPES];
	/* The same to the bit for activations that are tiled, from so many rows on; or NULL. */
	kernel_fn *tiled[PACKED_TYPES];
	size_t tiled_from[PACKED_TYPES];
	/* By activations in pieces, from so many rows on: as exact as `product`, and not the same
	 * to the bit; or NULL. */
	kernel_fn *cut[PACKED_TYPES];
	size_t cut_from[PACKED_TYPES];
	/* Sixteen rows from `tile` * 16 on, of `m`, into their pieces. */
	void (*cut_rows)(const struct float_pieces *out, const float *x, size_t tile, size_t m,
			 size_t columns);
	/* Row i of x, `columns` long, into row i of the other. */
	void (*quantize)(const struct quantized *out, const float *x, size_t i, size_t columns);
	/* The same with one scale for the row. */
	void (*quantize_row)(const struct quantized *out, const float *x, size_t i, size_t columns);
	/* The columns of panels [first, last) as floats: out[column][PACKED_PANEL * panels]. */
	void (*unpack)(float *out, const struct packed *w, size_t first, size_t last);
	float (*dot)(const float *a, const float *b, size_t n);
	/* out += scale * x */
	void (*add_scaled)(float *out, const float *x, float scale, size_t n);
	/* gate = gate / (1 + exp(-gate)) * up */
	void (*silu_multiply)(float *gate, const float *up, size_t n);
	/* x = x / 2 * (1 + erf(x / sqrt(2))), within 2e-7 of what that is of 1 */
	void (*gelu)(float *x, size_t n);
	attend_fn *attend;
	attend_put_fn *attend_put;
	/* From so many rows on, unpacking and a product of oneDNN's are faster: as measured by
	 * tests/bench/bench_kernels.c. */
	size_t onednn_from[PACKED_TYPES];
};

/* kernels->quantize_row in plain C, which compilers vectorize. */
void kernels_quantize_row(const struct quantized *out, const float *x, size_t i, size_t columns);

kernel_fn kernels_product_w8_avx2; /* bytes_avx2.c */

/* The same as the table's products, for so many rows that bytes are worth making words:
 * words_avx2.c. */
enum { KERNELS_WORDS_FROM = 12 };
kernel_fn kernels_words_q8_0_avx2, kernels_words_q4_0_avx2, kernels_words_w8_avx2;

/* Products with Q4_K and Q6_K: k_portable.c, k_avx2.c, k_avx512.c. */
kernel_fn kernels_product_q4_k_portable, kernels_product_q6_k_portable;
kernel_fn kernels_product_q4_k_avx2, kernels_product_q6_k_avx2;
kernel_fn kernels_product_q4_k_avx512, kernels_product_q6_k_avx512;

extern const struct kernels kernels_portable;
extern const struct kernels kernels_avx2;   /* with FMA and F16C */
extern const struct kernels kernels_avx512; /* F, BW, VL and VNNI */
extern const struct kernels kernels_amx;    /* the same, with tiles of bytes */

/* Those that this machine has, the best first; ends with NULL. */
const struct kernels *const *kernels_list(void);

/* Is memory read fastest here in one straight line, which the processor follows by itself? Else in
 * several places at once, and asked for in advance. As measured (README.md): so it is with AMD. */
bool kernels_read_straight(void);

/* A moment for the other thread of this core, while this one looks for work. */
void kernels_pause(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blocks.h - elements as files store them, as F32. Numbers are taken as they are stored; blocks of
 * llama.cpp's quantized types share scales. The results are, bit by bit, those of ggml's own
 * reference: every product and sum is rounded to F32, in the same order.
 *
 *	d, m are F16. Element e of a block of 32; two elements a byte: e and e + 16.
 *	Q4_0    d, 16 bytes               d * (q - 8)
 *	Q4_1    d, m, 16 bytes            d * q + m
 *	Q5_0    d, 32 high bits, 16 bytes d * (q - 16)
 *	Q5_1    d, m, 32 high bits, 16 bytes  d * q + m
 *	Q8_0    d, 32 signed bytes        d * q
 *	IQ4_NL  d, 16 bytes               d * table[q]
 *
 *	Of a block of 256; s and n are the scale and the minimum of its group of 16 or 32.
 *	Q2_K    16 bytes (s, n of 16), 64 bytes, d, m               (d * s) * q - m * n
 *	Q3_K    256 high bits, 64 bytes, 12 bytes (s of 16), d      (d * (s - 32)) * (q - 4)
 *	Q4_K    d, m, 12 bytes (s, n of 32), 128 bytes              (d * s) * q - m * n
 *	Q5_K    d, m, 12 bytes (s, n of 32), 256 high bits, 128 bytes  (d * s) * q - m * n
 *	Q6_K    128 bytes, 64 bytes of high bits, 16 signed s, d    (d * s) * (q - 32)
 *
 * Source: ggml's ggml-common.h (layouts) and ggml-quants.c (arithmetic), as of llama.cpp 0.5.0.
 */
#ifndef INFERENCE_FORMAT_BLOCKS_H
#define INFERENCE_FORMAT_BLOCKS_H

#include "inference/format/tensor.h"

/* Is this a type whose elements can be read? */
bool blocks_can(enum tensor_type type);

/* The elements of one block, tensor_type_elements(type) of them. */
void blocks_widen(enum tensor_type type, const uint8_t *block, float *out);

/* `count` elements that stand in the last bytes of `values` become floats, in place. Their blocks
 * must not take more room than floats do. */
void blocks_widen_in_place(enum tensor_type type, float *values, size_t count);

#endif

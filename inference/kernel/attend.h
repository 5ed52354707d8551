/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attend.h - attention of up to ATTEND_LANES queries to the same keys, in blocks of ATTEND_PAGE
 * positions: scores, softmax and the sum of the values in one pass over them, so that no row of
 * scores is ever kept (Dao et al., 2022, "FlashAttention"; Milakov and Gimelshein, 2018, for the
 * softmax that goes along). Plain C, AVX2 and AVX-512 are made of one text (attend_body.h).
 *
 * Keys and values of one head and ATTEND_PAGE positions are a block:
 *
 *	keys    [head_size][ATTEND_PAGE]: the scores of neighbours come out side by side
 *	values  [ATTEND_PAGE][head_size, rounded up to 16]
 *	scales  [2][ATTEND_PAGE] floats, of each key and value, where they are bytes
 *
 * What a lane gets depends on its own query and range only: blocks begin at multiples of
 * ATTEND_PAGE, and positions beyond a lane's range add nothing to the bit.
 */
#ifndef INFERENCE_KERNEL_ATTEND_H
#define INFERENCE_KERNEL_ATTEND_H

#include <stddef.h>
#include <stdint.h>

enum attend_type { ATTEND_F32, ATTEND_F16, ATTEND_Q8 };

enum {
	ATTEND_TYPES = ATTEND_Q8 + 1,
	ATTEND_PAGE = 32,  /* positions */
	ATTEND_LANES = 32, /* queries */
};

const char *attend_type_name(enum attend_type type);
size_t attend_block_bytes(enum attend_type type, size_t head_size);
size_t attend_scratch_floats(size_t head_size);

/* Values of a head, with what fills them up to whole registers. */
size_t attend_width(size_t head_size);

struct attend_lane {
	const float *q;    /* [head_size] */
	float *out;        /* [head_size] */
	size_t first, end; /* the positions that it sees: at least one */
	const float
		*bias;  /* of position 0 on, ATTEND_PAGE beyond the end can be read; NULL: none */
	float slope;    /* taken off a score for each position before `end` - 1 */
	float *pattern; /* of position 0 on: the shares of each; NULL: not wanted */
};

struct attend_job {
	enum attend_type type;
	size_t head_size;
	float scale; /* of scores */
	const struct attend_lane *lanes;
	size_t count;
	/* Block i is at base + pages[i] * page_bytes. */
	const uint8_t *base;
	const uint32_t *pages;
	size_t page_bytes;
	float *scratch; /* attend_scratch_floats, of the calling thread */
};

typedef void attend_fn(const struct attend_job *job);

/* A key and a value into their place in a block. */
typedef void attend_put_fn(uint8_t *block, enum attend_type type, size_t head_size, size_t place,
			   const float *key, const float *value);

attend_fn attend_portable, attend_avx2, attend_avx512;
attend_put_fn attend_put_portable, attend_put_avx2, attend_put_avx512;

#endif

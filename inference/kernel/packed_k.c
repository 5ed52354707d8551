/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/kernel/packed_k.h"

#include <string.h>

#include "inference/format/widen.h"

enum { HALF = PACKED_BLOCK / 2, FOUR = 4 * PACKED_PANEL };

static float half_at(const uint8_t *at)
{
	uint16_t bits;

	memcpy(&bits, at, sizeof bits);
	return widen_f16(bits);
}

/* The lower four bits of a group's columns, two in a byte. */
static void put_low(uint8_t *group, size_t lane, const uint8_t *q)
{
	uint8_t both[HALF];

	for (size_t e = 0; e < HALF; e++)
		both[e] = (uint8_t)((q[e] & 15) | (q[e + HALF] & 15) << 4);
	for (size_t i = 0; i < HALF; i += 4)
		memcpy(group + i / 4 * FOUR + lane * 4, both + i, 4);
}

/* And the upper two, four in a byte. */
static void put_high(uint8_t *high, size_t lane, const uint8_t *q)
{
	for (size_t j = 0; j < 2; j++, q += HALF)
		for (size_t c = 0; c < 4; c++)
			high[j * FOUR + lane * 4 + c] = (uint8_t)(q[c] >> 4 | q[4 + c] >> 4 << 2 |
								  q[8 + c] >> 4 << 4 |
								  q[12 + c] >> 4 << 6);
}

/* Scale and minimum of group i, six bits each (format/blocks.h). */
static void scale_and_least(const uint8_t *scales, size_t i, uint8_t *scale, uint8_t *least)
{
	*scale = scales[i] & 63;
	*least = scales[(i + 4) % 12] & 63;
	if (i < 4)
		return;
	*scale = (uint8_t)((scales[i + 4] & 15) | scales[i - 4] >> 6 << 4);
	*least = (uint8_t)(scales[i + 4] >> 4 | scales[i] >> 6 << 4);
}

static void put_q4_k(uint8_t *superblock, size_t lane, const uint8_t *block)
{
	uint8_t *d = superblock + PACKED_Q4_K_SCALES, *scales = d + 4 * PACKED_PANEL;
	uint8_t *least = scales + PACKED_K_GROUPS * PACKED_PANEL, q[PACKED_BLOCK];

	memcpy(d + lane * 2, block, 2);
	memcpy(d + 2 * PACKED_PANEL + lane * 2, block + 2, 2);
	for (size_t g = 0; g < PACKED_K_GROUPS; g++) {
		const uint8_t *bytes = block + 16 + g / 2 * PACKED_BLOCK;

		scale_and_least(block + 4, g, scales + g * PACKED_PANEL + lane,
				least + g * PACKED_PANEL + lane);
		for (size_t e = 0; e < PACKED_BLOCK; e++)
			q[e] = bytes[e] >> (g % 2 * 4) & 15;
		put_low(superblock + g * PACKED_K_LOW, lane, q);
	}
}

static void put_q6_k(uint8_t *superblock, size_t lane, const uint8_t *block)
{
	const uint8_t *upper = block + 128, *stored = block + 192;
	uint8_t *d = superblock + PACKED_Q6_K_SCALES, *scales = d + 2 * PACKED_PANEL;
	uint8_t q[PACKED_BLOCK];

	memcpy(d + lane * 2, block + 208, 2);
	for (size_t g = 0; g < PACKED_K_GROUPS; g++) {
		uint8_t *group = superblock + g * (PACKED_K_LOW + PACKED_K_HIGH);
		const uint8_t *low = block + g / 4 * 64 + g % 2 * PACKED_BLOCK;
		const uint8_t *high = upper + g / 4 * PACKED_BLOCK;

		for (size_t e = 0; e < PACKED_BLOCK; e++)
			q[e] = (uint8_t)((low[e] >> (g % 4 / 2 * 4) & 15) |
					 (high[e] >> (g % 4 * 2) & 3) << 4);
		put_low(group, lane, q);
		put_high(group + PACKED_K_LOW, lane, q);
		for (size_t i = 0; i < 2; i++)
			scales[(2 * g + i) * PACKED_PANEL + lane] = stored[2 * g + i];
	}
}

void packed_k_put(enum packed_type type, uint8_t *superblock, size_t lane, const uint8_t *block)
{
	if (type == PACKED_Q4_K)
		put_q4_k(superblock, lane, block);
	else
		put_q6_k(superblock, lane, block);
}

int packed_k_bits(enum packed_type type, const uint8_t *superblock, size_t lane, size_t column)
{
	size_t g = column / PACKED_BLOCK, e = column % PACKED_BLOCK, v = e / 4;
	size_t bytes = PACKED_K_LOW + (type == PACKED_Q6_K ? PACKED_K_HIGH : 0);
	const uint8_t *at = superblock + g * bytes + lane * 4 + e % 4;
	int low = at[v % 4 * FOUR] >> (v / 4 * 4) & 15;

	if (type == PACKED_Q4_K)
		return low;
	return low | (at[PACKED_K_LOW + v / 4 * FOUR] >> (v % 4 * 2) & 3) << 4;
}

static void row_of_q4_k(const uint8_t *superblock, size_t lane, float *out)
{
	const uint8_t *halves = superblock + PACKED_Q4_K_SCALES,
		      *scales = halves + 4 * PACKED_PANEL;
	const uint8_t *least = scales + PACKED_K_GROUPS * PACKED_PANEL;
	float d = half_at(halves + lane * 2), m = half_at(halves + 2 * PACKED_PANEL + lane * 2);

	for (size_t i = 0; i < PACKED_K_COLUMNS; i++) {
		size_t at = i / PACKED_BLOCK * PACKED_PANEL + lane;

		out[i] = d * (float)scales[at] *
				 (float)packed_k_bits(PACKED_Q4_K, superblock, lane, i) -
			 m * (float)least[at];
	}
}

static void row_of_q6_k(const uint8_t *superblock, size_t lane, float *out)
{
	const uint8_t *halves = superblock + PACKED_Q6_K_SCALES,
		      *scales = halves + 2 * PACKED_PANEL;
	float d = half_at(halves + lane * 2);

	for (size_t i = 0; i < PACKED_K_COLUMNS; i++) {
		int8_t scale = (int8_t)scales[i / HALF * PACKED_PANEL + lane];
		int q = packed_k_bits(PACKED_Q6_K, superblock, lane, i) - PACKED_Q6_K_ZERO;

		out[i] = d * (float)scale * (float)q;
	}
}

void packed_k_row(enum packed_type type, const uint8_t *superblock, size_t lane, float *out)
{
	if (type == PACKED_Q4_K)
		row_of_q4_k(superblock, lane, out);
	else
		row_of_q6_k(superblock, lane, out);
}

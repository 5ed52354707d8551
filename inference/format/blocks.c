/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/format/blocks.h"

#include <assert.h>
#include <string.h>

#include "inference/format/widen.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers are read as they lie");

enum { SMALL = 32, LARGE = 256 }; /* elements of a block */

typedef void widen_fn(const uint8_t *block, float *out);

static float half_at(const uint8_t *p)
{
	uint16_t bits;

	memcpy(&bits, p, sizeof bits);
	return widen_f16(bits);
}

#define WIDEN_NUMBER(name, type) \
	static void name(const uint8_t *block, float *out) \
	{ \
		type value; \
\
		memcpy(&value, block, sizeof value); \
		*out = (float)value; \
	}

WIDEN_NUMBER(widen_u8, uint8_t)
WIDEN_NUMBER(widen_i8, int8_t)
WIDEN_NUMBER(widen_u16, uint16_t)
WIDEN_NUMBER(widen_i16, int16_t)
WIDEN_NUMBER(widen_u32, uint32_t)
WIDEN_NUMBER(widen_i32, int32_t)
WIDEN_NUMBER(widen_u64, uint64_t)
WIDEN_NUMBER(widen_i64, int64_t)
WIDEN_NUMBER(widen_f32, float)
WIDEN_NUMBER(widen_f64, double)

static void widen_half(const uint8_t *block, float *out)
{
	*out = half_at(block);
}

static void widen_brain(const uint8_t *block, float *out)
{
	uint16_t bits;

	memcpy(&bits, block, sizeof bits);
	*out = widen_bf16(bits);
}

/* Number e of 32 that lie two in a byte: the first 16 in the lower halves. */
static int nibble(const uint8_t *bytes, int e)
{
	return bytes[e % 16] >> (e / 16 * 4) & 15;
}

/* The same with a fifth bit, which lies elsewhere. */
static int five_bits(const uint8_t *bytes, const uint8_t *high, int e)
{
	return nibble(bytes, e) | (high[e / 8] >> (e % 8) & 1) << 4;
}

static void widen_q4_0(const uint8_t *block, float *out)
{
	float d = half_at(block);

	for (int e = 0; e < SMALL; e++)
		out[e] = d * (float)(nibble(block + 2, e) - 8);
}

static void widen_q4_1(const uint8_t *block, float *out)
{
	float d = half_at(block), m = half_at(block + 2);

	for (int e = 0; e < SMALL; e++)
		out[e] = d * (float)nibble(block + 4, e) + m;
}

static void widen_q5_0(const uint8_t *block, float *out)
{
	float d = half_at(block);

	for (int e = 0; e < SMALL; e++)
		out[e] = d * (float)(five_bits(block + 6, block + 2, e) - 16);
}

static void widen_q5_1(const uint8_t *block, float *out)
{
	float d = half_at(block), m = half_at(block + 2);

	for (int e = 0; e < SMALL; e++)
		out[e] = d * (float)five_bits(block + 8, block + 4, e) + m;
}

static void widen_q8_0(const uint8_t *block, float *out)
{
	float d = half_at(block);

	for (int e = 0; e < SMALL; e++)
		out[e] = d * (float)(int8_t)block[2 + e];
}

static void widen_iq4_nl(const uint8_t *block, float *out)
{
	static const int8_t table[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
					 1,    13,   25,  38,  53,  69,  89,  113};
	float d = half_at(block);

	for (int e = 0; e < SMALL; e++)
		out[e] = d * (float)table[nibble(block + 2, e)];
}

/* Two bits of element e of 256: 32 bytes hold 128 elements, those of the first 32 lowest. */
static int two_bits(const uint8_t *bytes, int e)
{
	return bytes[e / 128 * 32 + e % 32] >> (e % 128 / 32 * 2) & 3;
}

static void widen_q2_k(const uint8_t *block, float *out)
{
	const uint8_t *scales = block, *bytes = block + 16;
	float d = half_at(block + 80), m = half_at(block + 82);

	for (int e = 0; e < LARGE; e++) {
		uint8_t scale = scales[e / 16];
		float step = d * (float)(scale & 15), least = m * (float)(scale >> 4);

		out[e] = step * (float)two_bits(bytes, e) - least;
	}
}

/* Scale i of 16, six bits: four of them in one of 8 bytes, two in one of the 4 behind. */
static int q3_scale(const uint8_t *scales, int i)
{
	return (scales[i % 8] >> (i / 8 * 4) & 15) | (scales[8 + i % 4] >> (i / 4 * 2) & 3) << 4;
}

static void widen_q3_k(const uint8_t *block, float *out)
{
	const uint8_t *high = block, *bytes = block + 32, *scales = block + 96;
	float d = half_at(block + 108);

	for (int e = 0; e < LARGE; e++) {
		float step = d * (float)(q3_scale(scales, e / 16) - 32);
		int q = two_bits(bytes, e) | (high[e % 32] >> (e / 32) & 1) << 2;

		out[e] = step * (float)(q - 4);
	}
}

/* Scale and minimum i of 8, six bits each: of the first four in a byte each, of the last four
 * four bits in a byte that they share, and two on top of the first four's. */
static void scale_and_least(const uint8_t *scales, int i, int *scale, int *least)
{
	if (i < 4) {
		*scale = scales[i] & 63;
		*least = scales[i + 4] & 63;
		return;
	}
	*scale = (scales[i + 4] & 15) | scales[i - 4] >> 6 << 4;
	*least = scales[i + 4] >> 4 | scales[i] >> 6 << 4;
}

/* Q4_K, and with a fifth bit Q5_K: `high` is NULL or has bit i of element e of group i. */
static void widen_groups(const uint8_t *block, const uint8_t *high, const uint8_t *bytes,
			 float *out)
{
	float d = half_at(block), m = half_at(block + 2);

	for (int i = 0; i < LARGE / 32; i++) {
		int scale, least;

		scale_and_least(block + 4, i, &scale, &least);
		for (int e = 0; e < 32; e++) {
			int q = bytes[i / 2 * 32 + e] >> (i % 2 * 4) & 15;

			if (high)
				q |= (high[e] >> i & 1) << 4;
			out[i * 32 + e] = d * (float)scale * (float)q - m * (float)least;
		}
	}
}

static void widen_q4_k(const uint8_t *block, float *out)
{
	widen_groups(block, NULL, block + 16, out);
}

static void widen_q5_k(const uint8_t *block, float *out)
{
	widen_groups(block, block + 16, block + 48, out);
}

static void widen_q6_k(const uint8_t *block, float *out)
{
	const uint8_t *low = block, *high = block + 128, *scales = block + 192;
	float d = half_at(block + 208);

	for (int e = 0; e < LARGE; e++) {
		int quarter = e % 128 / 32;
		int q = low[e / 128 * 64 + quarter % 2 * 32 + e % 32] >> (quarter / 2 * 4) & 15;

		q |= two_bits(high, e) << 4;
		out[e] = d * (float)(int8_t)scales[e / 16] * (float)(q - 32);
	}
}

/* NULL, or past its end: a type that is not run. */
static widen_fn *const widens[] = {
	[TENSOR_U8] = widen_u8,      [TENSOR_I8] = widen_i8,         [TENSOR_U16] = widen_u16,
	[TENSOR_I16] = widen_i16,    [TENSOR_U32] = widen_u32,       [TENSOR_I32] = widen_i32,
	[TENSOR_U64] = widen_u64,    [TENSOR_I64] = widen_i64,       [TENSOR_F16] = widen_half,
	[TENSOR_BF16] = widen_brain, [TENSOR_F32] = widen_f32,       [TENSOR_F64] = widen_f64,
	[TENSOR_Q4_0] = widen_q4_0,  [TENSOR_Q4_1] = widen_q4_1,     [TENSOR_Q5_0] = widen_q5_0,
	[TENSOR_Q5_1] = widen_q5_1,  [TENSOR_Q8_0] = widen_q8_0,     [TENSOR_Q2_K] = widen_q2_k,
	[TENSOR_Q3_K] = widen_q3_k,  [TENSOR_Q4_K] = widen_q4_k,     [TENSOR_Q5_K] = widen_q5_k,
	[TENSOR_Q6_K] = widen_q6_k,  [TENSOR_IQ4_NL] = widen_iq4_nl,
};

bool blocks_can(enum tensor_type type)
{
	return type < sizeof widens / sizeof *widens && widens[type];
}

void blocks_widen(enum tensor_type type, const uint8_t *block, float *out)
{
	assert(blocks_can(type));
	widens[type](block, out);
}

/* Block i ends at or before where its elements will end, for what stands behind it takes no more
 * room than its elements: so no block is written over before it is read, but by its own elements,
 * and it is copied first. */
static void widen_blocks(enum tensor_type type, float *values, size_t count)
{
	size_t elements = tensor_type_elements(type), size = tensor_type_size(type);
	size_t blocks = count / elements;
	const uint8_t *from = (const uint8_t *)(values + count) - blocks * size;
	uint8_t block[TENSOR_MAX_BLOCK];

	assert(blocks_can(type) && size <= elements * sizeof(float));
	for (size_t i = 0; i < blocks; i++) {
		memcpy(block, from + i * size, size);
		widens[type](block, values + i * elements);
	}
	explicit_bzero(block, sizeof block);
}

void blocks_widen_in_place(enum tensor_type type, float *values, size_t count)
{
	if (type == TENSOR_F16)
		widen_f16_in_place(values, count);
	else if (type == TENSOR_BF16)
		widen_bf16_in_place(values, count);
	else if (type != TENSOR_F32)
		widen_blocks(type, values, count);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/format/widen.h"

#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "safetensors is read as it lies");

static float float_of_bits(uint32_t bits)
{
	float value;

	memcpy(&value, &bits, sizeof value);
	return value;
}

float widen_bf16(uint16_t bits)
{
	return float_of_bits((uint32_t)bits << 16);
}

float widen_f16(uint16_t bits)
{
	uint32_t sign = (uint32_t)(bits & 0x8000) << 16;
	uint32_t exponent = (bits >> 10) & 0x1f;
	uint32_t fraction = bits & 0x3ff;
	float small;

	if (exponent == 31) /* infinity, not a number */
		return float_of_bits(sign | 0x7f800000 | fraction << 13);
	if (exponent > 0)
		return float_of_bits(sign | (exponent + 112) << 23 | fraction << 13);
	small = (float)fraction * 0x1p-24f; /* subnormal there, normal here */
	return sign ? -small : small;
}

uint16_t narrow_f16(float value)
{
	uint32_t bits, sign, size;
	float magic;

	memcpy(&bits, &value, sizeof bits);
	sign = bits >> 16 & 0x8000;
	size = bits & 0x7fffffff;
	if (size >= 0x7f800000)
		return (uint16_t)(sign | 0x7c00 | (size > 0x7f800000 ? 0x200 : 0));
	if (size >= 0x477ff000)
		return (uint16_t)(sign | 0x7c00);
	if (size < 0x38800000) { /* subnormal there: the addition rounds to multiples of 2^-24 */
		magic = float_of_bits(size) + 0.5f;
		memcpy(&bits, &magic, sizeof bits);
		return (uint16_t)(sign | (bits - 0x3f000000));
	}
	size += 0xfff + (size >> 13 & 1); /* half of what is cut off, less to an even one */
	return (uint16_t)(sign | (size - 0x38000000) >> 13);
}

static uint16_t upper_half(const float *values, size_t count, size_t i)
{
	uint16_t bits;

	memcpy(&bits, (const char *)values + 2 * (count + i), sizeof bits);
	return bits;
}

void widen_f16_in_place(float *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		values[i] = widen_f16(upper_half(values, count, i));
}

void widen_bf16_in_place(float *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		values[i] = widen_bf16(upper_half(values, count, i));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/format/finite.h"

#include <stdint.h>
#include <string.h>

enum { BLOCK = 4096 }; /* floats: in the first cache, and so looked at twice for nothing */

static uint32_t exponent_of(const float *value)
{
	uint32_t bits;

	memcpy(&bits, value, sizeof bits);
	return bits & 0x7f800000U;
}

/* By its bits, without a branch, so that a compiler makes vectors of it: -ffast-math or not, a
 * comparison with itself would be another matter. */
static uint32_t count_unfinite(const float *values, size_t count)
{
	uint32_t found = 0;

	for (size_t i = 0; i < count; i++)
		found += exponent_of(&values[i]) == 0x7f800000U;
	return found;
}

size_t finite_check(const float *values, size_t count)
{
	for (size_t at = 0; at < count; at += BLOCK) {
		size_t part = count - at < BLOCK ? count - at : BLOCK;

		if (count_unfinite(values + at, part) == 0)
			continue;
		while (exponent_of(&values[at]) != 0x7f800000U)
			at++;
		return at;
	}
	return count;
}

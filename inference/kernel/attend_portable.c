/* SPDX-License-Identifier: Apache-2.0 */
/* attend_portable.c - attention in plain C, and what does not depend on an instruction set. */
#include "inference/kernel/attend.h"

#include <math.h>

#include "inference/format/widen.h"

#define INLINE static inline
#define UNROLL

/* A name for what is a register, or stands for one: attend_body.h needs no more than that. */
typedef struct sixteen {
	float v[16];
} vec;

#define EACH(result, expression) \
	vec result; \
	for (size_t i = 0; i < 16; i++) \
		result.v[i] = (expression); \
	return result

INLINE vec set(float x)
{
	EACH(r, x);
}

INLINE vec load(const float *from)
{
	EACH(r, from[i]);
}

INLINE vec load_halves(const uint8_t *from)
{
	EACH(r, widen_f16(((const uint16_t *)(const void *)from)[i]));
}

INLINE vec load_bytes(const uint8_t *from)
{
	EACH(r, (float)((const int8_t *)from)[i]);
}

INLINE void store(float *to, vec a)
{
	for (size_t i = 0; i < 16; i++)
		to[i] = a.v[i];
}

INLINE vec add(vec a, vec b)
{
	EACH(r, a.v[i] + b.v[i]);
}

INLINE vec sub(vec a, vec b)
{
	EACH(r, a.v[i] - b.v[i]);
}

INLINE vec mul(vec a, vec b)
{
	EACH(r, a.v[i] * b.v[i]);
}

INLINE vec fma_of(vec a, vec b, vec c)
{
	EACH(r, a.v[i] * b.v[i] + c.v[i]);
}

INLINE vec max_of(vec a, vec b)
{
	EACH(r, a.v[i] > b.v[i] ? a.v[i] : b.v[i]);
}

INLINE float first_of(vec a)
{
	return a.v[0];
}

INLINE float largest(vec a)
{
	float most = a.v[0];

	for (size_t i = 1; i < 16; i++)
		most = a.v[i] > most ? a.v[i] : most;
	return most;
}

INLINE float total_of(vec a)
{
	float sum = 0;

	for (size_t i = 0; i < 16; i++)
		sum += a.v[i];
	return sum;
}

INLINE uint16_t half_of(float x)
{
	return narrow_f16(x);
}

INLINE vec exponential(vec x)
{
	EACH(r, x.v[i] < -87 ? 0 : expf(x.v[i]));
}

enum { ATTEND_AT_ONCE = 4 };

#include "inference/kernel/attend_body.h"

void attend_portable(const struct attend_job *job)
{
	attend(job);
}

void attend_put_portable(uint8_t *block, enum attend_type type, size_t head_size, size_t place,
			 const float *key, const float *value)
{
	put(block, type, head_size, place, key, value);
}

/* ---- of all instruction sets */

const char *attend_type_name(enum attend_type type)
{
	static const char *const names[ATTEND_TYPES] = {"f32", "f16", "q8"};

	return names[type];
}

size_t attend_width(size_t head_size)
{
	return (head_size + VEC - 1) / VEC * VEC;
}

size_t attend_block_bytes(enum attend_type type, size_t head_size)
{
	static const size_t size[ATTEND_TYPES] = {4, 2, 1};
	size_t scales = type == ATTEND_Q8 ? 2 * ATTEND_PAGE * sizeof(float) : 0;

	return (head_size + attend_width(head_size)) * ATTEND_PAGE * size[type] + scales;
}

size_t attend_scratch_floats(size_t head_size)
{
	return (ATTEND_LANES + ATTEND_PAGE) * (attend_width(head_size) + head_size) +
	       ATTEND_LANES * (ATTEND_PAGE + 2);
}

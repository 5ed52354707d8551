/* SPDX-License-Identifier: Apache-2.0 */
/* attend_portable.c - attention in plain C, and what does not depend on an instruction set. */
#include "inference/kernel/attend.h"

#include <math.h>

#include "inference/format/widen.h"

#define INLINE static inline
#define UNROLL

struct vec {
	float v[16];
};

#define EACH(result, expression) \
	struct vec result; \
	for (size_t i = 0; i < 16; i++) \
		result.v[i] = (expression); \
	return result

INLINE struct vec set(float x)
{
	EACH(r, x);
}

INLINE struct vec load(const float *from)
{
	EACH(r, from[i]);
}

INLINE struct vec load_halves(const uint8_t *from)
{
	EACH(r, widen_f16(((const uint16_t *)(const void *)from)[i]));
}

INLINE struct vec load_bytes(const uint8_t *from)
{
	EACH(r, (float)((const int8_t *)from)[i]);
}

INLINE void store(float *to, struct vec a)
{
	for (size_t i = 0; i < 16; i++)
		to[i] = a.v[i];
}

INLINE struct vec add(struct vec a, struct vec b)
{
	EACH(r, a.v[i] + b.v[i]);
}

INLINE struct vec sub(struct vec a, struct vec b)
{
	EACH(r, a.v[i] - b.v[i]);
}

INLINE struct vec mul(struct vec a, struct vec b)
{
	EACH(r, a.v[i] * b.v[i]);
}

INLINE struct vec fma_of(struct vec a, struct vec b, struct vec c)
{
	EACH(r, a.v[i] * b.v[i] + c.v[i]);
}

INLINE struct vec max_of(struct vec a, struct vec b)
{
	EACH(r, a.v[i] > b.v[i] ? a.v[i] : b.v[i]);
}

INLINE float first_of(struct vec a)
{
	return a.v[0];
}

INLINE float largest(struct vec a)
{
	float most = a.v[0];

	for (size_t i = 1; i < 16; i++)
		most = a.v[i] > most ? a.v[i] : most;
	return most;
}

INLINE float total_of(struct vec a)
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

INLINE struct vec exponential(struct vec x)
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

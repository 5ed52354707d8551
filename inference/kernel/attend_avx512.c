/* SPDX-License-Identifier: Apache-2.0 */
/* attend_avx512.c - attention for AVX-512: sixteen floats are one register. */
#include "inference/kernel/attend.h"

#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")

/* A name for what is a register, or stands for one: attend_body.h needs no more than that. */
typedef __m512 vec;

INLINE vec set(float x)
{
	return _mm512_set1_ps(x);
}

INLINE vec load(const float *from)
{
	return _mm512_loadu_ps(from);
}

INLINE vec load_halves(const uint8_t *from)
{
	return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)from));
}

INLINE vec load_bytes(const uint8_t *from)
{
	return _mm512_cvtepi32_ps(
		_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(const void *)from)));
}

INLINE void store(float *to, vec a)
{
	_mm512_storeu_ps(to, a);
}

INLINE vec add(vec a, vec b)
{
	return _mm512_add_ps(a, b);
}

INLINE vec sub(vec a, vec b)
{
	return _mm512_sub_ps(a, b);
}

INLINE vec mul(vec a, vec b)
{
	return _mm512_mul_ps(a, b);
}

INLINE vec fma_of(vec a, vec b, vec c)
{
	return _mm512_fmadd_ps(a, b, c);
}

INLINE vec max_of(vec a, vec b)
{
	return _mm512_max_ps(a, b);
}

INLINE float first_of(vec a)
{
	return _mm512_cvtss_f32(a);
}

INLINE float largest(vec a)
{
	return _mm512_reduce_max_ps(a);
}

INLINE float total_of(vec a)
{
	return _mm512_reduce_add_ps(a);
}

INLINE uint16_t half_of(float x)
{
	return _cvtss_sh(x, _MM_FROUND_TO_NEAREST_INT);
}

INLINE __m512i bits_of(vec a)
{
	return _mm512_castps_si512(a);
}

/* e^x of x <= 0; nothing below -87. With 1.5 * 2^23 added, a float ends in its whole part. */
INLINE vec exponential(vec x)
{
	const vec magic = set(12582912.0f), lead = fma_of(x, set(1.44269504f), magic);
	const vec n = sub(lead, magic);
	vec r = fma_of(n, set(-0.693359375f), x), sum = set(1.0f / 720);

	r = fma_of(n, set(2.12194440e-4f), r);
	sum = fma_of(sum, r, set(1.0f / 120));
	sum = fma_of(sum, r, set(1.0f / 24));
	sum = fma_of(sum, r, set(1.0f / 6));
	sum = fma_of(sum, r, set(0.5f));
	sum = fma_of(sum, r, set(1));
	sum = fma_of(sum, r, set(1));
	sum = _mm512_castsi512_ps(
		_mm512_add_epi32(bits_of(sum), _mm512_slli_epi32(bits_of(lead), 23)));
	return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, set(-87), _CMP_GE_OQ), sum);
}

enum { ATTEND_AT_ONCE = 8 };

#include "inference/kernel/attend_body.h"

void attend_avx512(const struct attend_job *job)
{
	attend(job);
}

void attend_put_avx512(uint8_t *block, enum attend_type type, size_t head_size, size_t place,
		       const float *key, const float *value)
{
	put(block, type, head_size, place, key, value);
}

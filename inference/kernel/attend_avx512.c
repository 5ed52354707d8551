/* SPDX-License-Identifier: Apache-2.0 */
/* attend_avx512.c - attention for AVX-512: sixteen floats are one register. */
#include "inference/kernel/attend.h"

#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")

struct vec {
	__m512 all;
};

INLINE struct vec set(float x)
{
	return (struct vec){_mm512_set1_ps(x)};
}

INLINE struct vec load(const float *from)
{
	return (struct vec){_mm512_loadu_ps(from)};
}

INLINE struct vec load_halves(const uint8_t *from)
{
	const __m256i halves = _mm256_loadu_si256((const __m256i *)(const void *)from);

	return (struct vec){_mm512_cvtph_ps(halves)};
}

INLINE struct vec load_bytes(const uint8_t *from)
{
	const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)from);

	return (struct vec){_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes))};
}

INLINE void store(float *to, struct vec a)
{
	_mm512_storeu_ps(to, a.all);
}

INLINE struct vec add(struct vec a, struct vec b)
{
	return (struct vec){_mm512_add_ps(a.all, b.all)};
}

INLINE struct vec sub(struct vec a, struct vec b)
{
	return (struct vec){_mm512_sub_ps(a.all, b.all)};
}

INLINE struct vec mul(struct vec a, struct vec b)
{
	return (struct vec){_mm512_mul_ps(a.all, b.all)};
}

INLINE struct vec fma_of(struct vec a, struct vec b, struct vec c)
{
	return (struct vec){_mm512_fmadd_ps(a.all, b.all, c.all)};
}

INLINE struct vec max_of(struct vec a, struct vec b)
{
	return (struct vec){_mm512_max_ps(a.all, b.all)};
}

INLINE float first_of(struct vec a)
{
	return _mm512_cvtss_f32(a.all);
}

INLINE float largest(struct vec a)
{
	return _mm512_reduce_max_ps(a.all);
}

INLINE float total_of(struct vec a)
{
	return _mm512_reduce_add_ps(a.all);
}

INLINE uint16_t half_of(float x)
{
	return _cvtss_sh(x, _MM_FROUND_TO_NEAREST_INT);
}

INLINE __m512i bits_of(struct vec a)
{
	return _mm512_castps_si512(a.all);
}

/* e^x of x <= 0; nothing below -87. With 1.5 * 2^23 added, a float ends in its whole part. */
INLINE struct vec exponential(struct vec x)
{
	const struct vec magic = set(12582912.0f), lead = fma_of(x, set(1.44269504f), magic);
	const struct vec n = sub(lead, magic);
	struct vec r = fma_of(n, set(-0.693359375f), x), sum = set(1.0f / 720);

	r = fma_of(n, set(2.12194440e-4f), r);
	sum = fma_of(sum, r, set(1.0f / 120));
	sum = fma_of(sum, r, set(1.0f / 24));
	sum = fma_of(sum, r, set(1.0f / 6));
	sum = fma_of(sum, r, set(0.5f));
	sum = fma_of(sum, r, set(1));
	sum = fma_of(sum, r, set(1));
	sum.all = _mm512_castsi512_ps(
		_mm512_add_epi32(bits_of(sum), _mm512_slli_epi32(bits_of(lead), 23)));
	sum.all = _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x.all, set(-87).all, _CMP_GE_OQ), sum.all);
	return sum;
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

/* SPDX-License-Identifier: Apache-2.0 */
/* attend_avx2.c - attention for AVX2 with FMA and F16C: sixteen floats are two registers. */
#include "inference/kernel/attend.h"

#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")

struct vec {
	__m256 low, high;
};

INLINE struct vec set(float x)
{
	return (struct vec){_mm256_set1_ps(x), _mm256_set1_ps(x)};
}

INLINE struct vec load(const float *from)
{
	return (struct vec){_mm256_loadu_ps(from), _mm256_loadu_ps(from + 8)};
}

INLINE struct vec load_halves(const uint8_t *from)
{
	const __m128i *halves = (const __m128i *)(const void *)from;

	return (struct vec){_mm256_cvtph_ps(_mm_loadu_si128(halves)),
			    _mm256_cvtph_ps(_mm_loadu_si128(halves + 1))};
}

INLINE struct vec load_bytes(const uint8_t *from)
{
	const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)from);

	return (struct vec){_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes)),
			    _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_srli_si128(bytes, 8)))};
}

INLINE void store(float *to, struct vec a)
{
	_mm256_storeu_ps(to, a.low);
	_mm256_storeu_ps(to + 8, a.high);
}

INLINE struct vec add(struct vec a, struct vec b)
{
	return (struct vec){_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)};
}

INLINE struct vec sub(struct vec a, struct vec b)
{
	return (struct vec){_mm256_sub_ps(a.low, b.low), _mm256_sub_ps(a.high, b.high)};
}

INLINE struct vec mul(struct vec a, struct vec b)
{
	return (struct vec){_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)};
}

INLINE struct vec fma_of(struct vec a, struct vec b, struct vec c)
{
	return (struct vec){_mm256_fmadd_ps(a.low, b.low, c.low),
			    _mm256_fmadd_ps(a.high, b.high, c.high)};
}

INLINE struct vec max_of(struct vec a, struct vec b)
{
	return (struct vec){_mm256_max_ps(a.low, b.low), _mm256_max_ps(a.high, b.high)};
}

INLINE float first_of(struct vec a)
{
	return _mm256_cvtss_f32(a.low);
}

/* As AVX-512 folds sixteen: in halves. */
INLINE float largest(struct vec a)
{
	__m256 eight = _mm256_max_ps(a.low, a.high);
	__m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
	__m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));

	return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

INLINE float total_of(struct vec a)
{
	__m256 eight = _mm256_add_ps(a.low, a.high);
	__m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
	__m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));

	return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

INLINE uint16_t half_of(float x)
{
	return _cvtss_sh(x, _MM_FROUND_TO_NEAREST_INT);
}

/* sum * 2^n, of what n has been added to; nothing where x is below -87. */
INLINE __m256 raised(__m256 sum, __m256 lead, __m256 x)
{
	__m256i bits = _mm256_add_epi32(_mm256_castps_si256(sum),
					_mm256_slli_epi32(_mm256_castps_si256(lead), 23));

	return _mm256_and_ps(_mm256_castsi256_ps(bits),
			     _mm256_cmp_ps(x, _mm256_set1_ps(-87), _CMP_GE_OQ));
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
	return (struct vec){raised(sum.low, lead.low, x.low), raised(sum.high, lead.high, x.high)};
}

enum { ATTEND_AT_ONCE = 2 };

#include "inference/kernel/attend_body.h"

void attend_avx2(const struct attend_job *job)
{
	attend(job);
}

void attend_put_avx2(uint8_t *block, enum attend_type type, size_t head_size, size_t place,
		     const float *key, const float *value)
{
	put(block, type, head_size, place, key, value);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attend_body.h - attend.h in terms of sixteen floats, `struct vec`, that who includes this has
 * made of its instruction set, with ATTEND_AT_ONCE: of how many lanes the sums stay in registers.
 */
#ifndef INFERENCE_KERNEL_ATTEND_BODY_H
#define INFERENCE_KERNEL_ATTEND_BODY_H

#include <math.h>
#include <string.h>

enum { VEC = 16, PAIR = ATTEND_PAGE / VEC };

#define NOTHING (-1e30f) /* below any score, and no infinity: its difference to itself is zero */

/* Of one call, in its scratch. */
struct attend_state {
	float *q;      /* [lanes][head_size], scaled */
	float *sums;   /* [lanes][width] */
	float *scores; /* [lanes][ATTEND_PAGE] */
	float *most, *total;
	float *keys, *values; /* of a block, widened */
	size_t width;
};

static struct attend_state begin(const struct attend_job *job)
{
	struct attend_state s = {.width = attend_width(job->head_size)};
	float *at = job->scratch;

	s.sums = at, at += ATTEND_LANES * s.width;
	s.values = at, at += ATTEND_PAGE * s.width;
	s.keys = at, at += ATTEND_PAGE * job->head_size;
	s.scores = at, at += ATTEND_LANES * ATTEND_PAGE;
	s.most = at, at += ATTEND_LANES;
	s.total = at, at += ATTEND_LANES;
	s.q = at;
	for (size_t i = 0; i < job->count; i++) {
		for (size_t k = 0; k < job->head_size; k++)
			s.q[i * job->head_size + k] = job->lanes[i].q[k] * job->scale;
		s.most[i] = NOTHING;
		s.total[i] = 0;
	}
	memset(s.sums, 0, job->count * s.width * sizeof(float));
	return s;
}

/* ---- a block as floats */

INLINE struct vec load_element(enum attend_type type, const uint8_t *from, size_t i)
{
	return type == ATTEND_F16 ? load_halves(from + i * 2) : load_bytes(from + i);
}

static void widen_block(struct attend_state *s, const struct attend_job *job, const uint8_t *block)
{
	const size_t keys = job->head_size * ATTEND_PAGE, values = ATTEND_PAGE * s->width;
	const size_t size = job->type == ATTEND_F16 ? 2 : 1;
	const float *scales = (const float *)(const void *)(block + keys + values);

	if (job->type == ATTEND_F16) {
		for (size_t i = 0; i < keys; i += VEC)
			store(s->keys + i, load_element(ATTEND_F16, block, i));
		for (size_t i = 0; i < values; i += VEC)
			store(s->values + i, load_element(ATTEND_F16, block + keys * size, i));
		return;
	}
	for (size_t i = 0; i < keys; i += VEC)
		store(s->keys + i,
		      mul(load_element(ATTEND_Q8, block, i), load(scales + i % ATTEND_PAGE)));
	for (size_t i = 0; i < values; i += VEC)
		store(s->values + i, mul(load_element(ATTEND_Q8, block + keys, i),
					 set(scales[ATTEND_PAGE + i / s->width])));
}

/* ---- scores */

INLINE void score_tile(const struct attend_state *s, const float *keys, size_t head_size,
		       size_t lane, const size_t n)
{
	const float *q = s->q + lane * head_size;
	struct vec sums[ATTEND_AT_ONCE][PAIR];

	UNROLL for (size_t i = 0; i < n; i++) UNROLL for (size_t j = 0; j < PAIR; j++)
		sums[i][j] = set(0);
	for (size_t k = 0; k < head_size; k++) {
		struct vec key[PAIR];

		UNROLL for (size_t j = 0; j < PAIR; j++)
			key[j] = load(keys + k * ATTEND_PAGE + j * VEC);
		UNROLL for (size_t i = 0; i < n; i++) UNROLL for (size_t j = 0; j < PAIR; j++)
			sums[i][j] = fma_of(set(q[i * head_size + k]), key[j], sums[i][j]);
	}
	UNROLL for (size_t i = 0; i < n; i++) UNROLL for (size_t j = 0; j < PAIR; j++)
		store(s->scores + (lane + i) * ATTEND_PAGE + j * VEC, sums[i][j]);
}

static void score(const struct attend_state *s, const float *keys, const struct attend_job *job)
{
	size_t lane = 0;

	for (; lane + ATTEND_AT_ONCE <= job->count; lane += ATTEND_AT_ONCE)
		score_tile(s, keys, job->head_size, lane, ATTEND_AT_ONCE);
	for (; lane + 2 <= job->count; lane += 2)
		score_tile(s, keys, job->head_size, lane, 2);
	for (; lane < job->count; lane++)
		score_tile(s, keys, job->head_size, lane, 1);
}

/* What tells a lane where a key stands, and what it may not see; positions from `at` on. */
static void place(const struct attend_lane *lane, float *scores, size_t at)
{
	for (size_t j = 0; lane->bias && j < ATTEND_PAGE; j += VEC)
		store(scores + j, add(load(scores + j), load(lane->bias + at + j)));
	for (size_t j = 0; lane->slope != 0 && j < ATTEND_PAGE; j++)
		scores[j] -= lane->slope * ((float)lane->end - 1 - (float)(at + j));
	for (size_t j = 0; at < lane->first && j < ATTEND_PAGE && at + j < lane->first; j++)
		scores[j] = -INFINITY;
	for (size_t j = lane->end > at ? lane->end - at : 0; j < ATTEND_PAGE; j++)
		scores[j] = -INFINITY;
	for (size_t j = 0; lane->pattern && j < ATTEND_PAGE; j++)
		if (at + j >= lane->first && at + j < lane->end)
			lane->pattern[at + j] = scores[j];
}

/* Scores become shares of a whole that may yet grow; what was summed before shrinks with it. */
static void weigh(const struct attend_state *s, size_t i)
{
	float *scores = s->scores + i * ATTEND_PAGE, most;
	struct vec low = load(scores), high = load(scores + VEC);

	most = largest(max_of(low, high));
	if (most > s->most[i]) {
		float shrink = first_of(exponential(set(s->most[i] - most)));

		s->most[i] = most;
		s->total[i] *= shrink;
		for (size_t k = 0; k < s->width; k += VEC)
			store(s->sums + i * s->width + k,
			      mul(load(s->sums + i * s->width + k), set(shrink)));
	}
	low = exponential(sub(low, set(s->most[i])));
	high = exponential(sub(high, set(s->most[i])));
	store(scores, low);
	store(scores + VEC, high);
	s->total[i] += total_of(add(low, high));
}

/* ---- values */

INLINE void value_tile(const struct attend_state *s, const float *values, size_t lane,
		       const size_t n, size_t column, const size_t wide)
{
	const float *scores = s->scores + lane * ATTEND_PAGE;
	struct vec sums[ATTEND_AT_ONCE][PAIR];

	UNROLL for (size_t i = 0; i < n; i++) UNROLL for (size_t j = 0; j < wide; j++)
		sums[i][j] = load(s->sums + (lane + i) * s->width + column + j * VEC);
	for (size_t k = 0; k < ATTEND_PAGE; k++) {
		struct vec value[PAIR];

		UNROLL for (size_t j = 0; j < wide; j++)
			value[j] = load(values + k * s->width + column + j * VEC);
		UNROLL for (size_t i = 0; i < n; i++) UNROLL for (size_t j = 0; j < wide; j++)
			sums[i][j] = fma_of(set(scores[i * ATTEND_PAGE + k]), value[j], sums[i][j]);
	}
	UNROLL for (size_t i = 0; i < n; i++) UNROLL for (size_t j = 0; j < wide; j++)
		store(s->sums + (lane + i) * s->width + column + j * VEC, sums[i][j]);
}

INLINE void value_rows(const struct attend_state *s, const float *values, size_t lane,
		       const size_t n)
{
	size_t column = 0;

	for (; column + PAIR * VEC <= s->width; column += PAIR * VEC)
		value_tile(s, values, lane, n, column, PAIR);
	for (; column < s->width; column += VEC)
		value_tile(s, values, lane, n, column, 1);
}

static void sum_values(const struct attend_state *s, const float *values, size_t count)
{
	size_t lane = 0;

	for (; lane + ATTEND_AT_ONCE <= count; lane += ATTEND_AT_ONCE)
		value_rows(s, values, lane, ATTEND_AT_ONCE);
	for (; lane + 2 <= count; lane += 2)
		value_rows(s, values, lane, 2);
	for (; lane < count; lane++)
		value_rows(s, values, lane, 1);
}

/* ---- all of it */

static void finish(const struct attend_state *s, const struct attend_job *job)
{
	for (size_t i = 0; i < job->count; i++) {
		const struct attend_lane *lane = &job->lanes[i];

		for (size_t k = 0; k < job->head_size; k++)
			lane->out[k] = s->sums[i * s->width + k] / s->total[i];
		for (size_t k = lane->first; lane->pattern && k < lane->end; k++)
			lane->pattern[k] = expf(lane->pattern[k] - s->most[i]) / s->total[i];
	}
}

static void attend(const struct attend_job *job)
{
	struct attend_state s = begin(job);
	size_t first = SIZE_MAX, end = 0;

	for (size_t i = 0; i < job->count; i++) {
		first = job->lanes[i].first < first ? job->lanes[i].first : first;
		end = job->lanes[i].end > end ? job->lanes[i].end : end;
	}
	for (size_t at = first / ATTEND_PAGE * ATTEND_PAGE; at < end; at += ATTEND_PAGE) {
		const uint8_t *block = job->base + job->pages[at / ATTEND_PAGE] * job->page_bytes;
		const float *keys = s.keys, *values = s.values;

		if (job->type == ATTEND_F32) {
			keys = (const float *)(const void *)block;
			values = keys + job->head_size * ATTEND_PAGE;
		} else {
			widen_block(&s, job, block);
		}
		score(&s, keys, job);
		for (size_t i = 0; i < job->count; i++) {
			place(&job->lanes[i], s.scores + i * ATTEND_PAGE, at);
			weigh(&s, i);
		}
		sum_values(&s, values, job->count);
	}
	finish(&s, job);
}

/* ---- into a block */

static float scale_of(const float *x, size_t n)
{
	float most = 0;

	for (size_t i = 0; i < n; i++)
		most = fmaxf(most, fabsf(x[i]));
	return most / 127;
}

INLINE int8_t byte_of(float x, float scale)
{
	return (int8_t)(scale > 0 ? nearbyintf(x / scale) : 0);
}

static void put_bytes(uint8_t *block, size_t head_size, size_t place, const float *key,
		      const float *value)
{
	const size_t keys = head_size * ATTEND_PAGE, width = attend_width(head_size);
	float *scales = (float *)(void *)(block + keys + ATTEND_PAGE * width);
	float of_key = scale_of(key, head_size), of_value = scale_of(value, head_size);
	int8_t *bytes = (int8_t *)block;

	scales[place] = of_key;
	scales[ATTEND_PAGE + place] = of_value;
	for (size_t k = 0; k < head_size; k++) {
		bytes[k * ATTEND_PAGE + place] = byte_of(key[k], of_key);
		bytes[keys + place * width + k] = byte_of(value[k], of_value);
	}
}

static void put(uint8_t *block, enum attend_type type, size_t head_size, size_t place,
		const float *key, const float *value)
{
	const size_t keys = head_size * ATTEND_PAGE, width = attend_width(head_size);

	if (type == ATTEND_Q8) {
		put_bytes(block, head_size, place, key, value);
		return;
	}
	for (size_t k = 0; k < head_size; k++) {
		size_t to = k * ATTEND_PAGE + place, beside = keys + place * width + k;

		if (type == ATTEND_F16) {
			((uint16_t *)(void *)block)[to] = half_of(key[k]);
			((uint16_t *)(void *)block)[beside] = half_of(value[k]);
		} else {
			((float *)(void *)block)[to] = key[k];
			((float *)(void *)block)[beside] = value[k];
		}
	}
}

#endif

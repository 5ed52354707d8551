/* SPDX-License-Identifier: Apache-2.0 */
/* Attention by every table of kernels that this machine has, beside the sums of the textbook. */
#include "tests/unit/test.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inference/kernel/kernels.h"

enum { MOST_HEAD = 128, MOST_POSITIONS = 200, PAGES = 7 };

static uint64_t random_state = 7;

static float next_number(void)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (float)(random_state >> 40) / (1 << 23) - 1;
}

/* Keys and values of one head, as numbers and in blocks whose order is not that of positions. */
static struct scene {
	float keys[MOST_POSITIONS][MOST_HEAD], values[MOST_POSITIONS][MOST_HEAD];
	float q[ATTEND_LANES][MOST_HEAD], out[ATTEND_LANES][MOST_HEAD];
	float bias[MOST_POSITIONS + ATTEND_PAGE], pattern[MOST_POSITIONS];
	uint32_t pages[PAGES];
	uint8_t *blocks;
	float *scratch;
	struct attend_lane lanes[ATTEND_LANES];
	struct attend_job job;
} scene;

static void make(const struct kernels *kernels, enum attend_type type, size_t head_size)
{
	struct scene *s = &scene;
	size_t bytes = attend_block_bytes(type, head_size);

	free(s->blocks);
	free(s->scratch);
	s->blocks = calloc(PAGES, bytes);
	s->scratch = malloc(attend_scratch_floats(head_size) * sizeof(float));
	assert_non_null(s->blocks);
	assert_non_null(s->scratch);
	for (size_t i = 0; i < PAGES; i++)
		s->pages[i] = (uint32_t)(PAGES - 1 - i);
	for (size_t i = 0; i < MOST_POSITIONS; i++) {
		s->bias[i] = next_number();
		for (size_t k = 0; k < head_size; k++) {
			s->keys[i][k] = next_number() * 2;
			s->values[i][k] = next_number();
		}
		kernels->attend_put(s->blocks + s->pages[i / ATTEND_PAGE] * bytes, type, head_size,
				    i % ATTEND_PAGE, s->keys[i], s->values[i]);
	}
	for (size_t i = 0; i < ATTEND_LANES; i++)
		for (size_t k = 0; k < head_size; k++)
			s->q[i][k] = next_number();
	s->job = (struct attend_job){.type = type,
				     .head_size = head_size,
				     .scale = 1 / sqrtf((float)head_size),
				     .lanes = s->lanes,
				     .base = s->blocks,
				     .pages = s->pages,
				     .page_bytes = bytes,
				     .scratch = s->scratch};
}

/* Lanes of a prompt's rows: each sees one position more than the one before it, or a window. */
static void set_lanes(size_t count, size_t end, size_t window, bool is_biased, float slope)
{
	struct scene *s = &scene;

	s->job.count = count;
	for (size_t i = 0; i < count; i++) {
		size_t stop = end + i < MOST_POSITIONS ? end + i : MOST_POSITIONS;

		s->lanes[i] = (struct attend_lane){.q = s->q[i],
						   .out = s->out[i],
						   .first = stop > window ? stop - window : 0,
						   .end = stop,
						   .bias = is_biased ? s->bias : NULL,
						   .slope = slope};
	}
}

static double score(const struct attend_lane *lane, size_t position)
{
	double sum = 0;

	for (size_t k = 0; k < scene.job.head_size; k++)
		sum += (double)lane->q[k] * (double)scene.keys[position][k];
	return sum * (double)scene.job.scale + (lane->bias ? (double)lane->bias[position] : 0) -
	       (double)lane->slope * ((double)lane->end - 1 - (double)position);
}

static void expect(double *out, const struct attend_lane *lane)
{
	double shares[MOST_POSITIONS], most = -INFINITY, total = 0;

	memset(out, 0, MOST_HEAD * sizeof *out);
	for (size_t i = lane->first; i < lane->end; i++) {
		shares[i] = score(lane, i);
		most = fmax(most, shares[i]);
	}
	for (size_t i = lane->first; i < lane->end; i++)
		total += shares[i] = exp(shares[i] - most);
	for (size_t i = lane->first; i < lane->end; i++)
		for (size_t k = 0; k < scene.job.head_size; k++)
			out[k] += shares[i] / total * (double)scene.values[i][k];
}

static void check(const char *name)
{
	static const double most[ATTEND_TYPES] = {2e-6, 1e-3, 2e-2};
	const struct attend_job *job = &scene.job;
	/* A score is a sum of F32, and the scale multiplies what that is off by. */
	const double of_scores = (double)job->scale * (double)job->head_size * FLT_EPSILON;
	const double tolerance = fmax(most[job->type], of_scores);
	double expected[MOST_HEAD];

	for (size_t i = 0; i < scene.job.count; i += 1 + i / 4) {
		const struct attend_lane *lane = &scene.lanes[i];

		expect(expected, lane);
		for (size_t k = 0; k < scene.job.head_size; k++)
			if (!(fabs((double)lane->out[k] - expected[k]) <= tolerance))
				fail_msg("%s %s: head of %zu, lane %zu of %zu, [%zu, %zu): %g, not "
					 "%g",
					 name, attend_type_name(scene.job.type),
					 scene.job.head_size, i, scene.job.count, lane->first,
					 lane->end, (double)lane->out[k], expected[k]);
	}
}

static const size_t heads[] = {1, 2, 5, 8, 16, 17, 48, 64, 80, 128};
static const size_t counts[] = {1, 2, 3, 7, 8, 9, 31, 32};
static const size_t ends[] = {1, 2, 31, 32, 33, 100, 169};

#define COUNT(list) (sizeof(list) / sizeof *(list))

static void each_shape(void (*look)(const struct kernels *kernels))
{
	for (const struct kernels *const *k = kernels_list(); *k; k++)
		for (enum attend_type type = 0; type <= ATTEND_Q8; type++)
			for (size_t h = 0; h < COUNT(heads); h++) {
				make(*k, type, heads[h]);
				for (size_t i = 0; i < COUNT(counts) * COUNT(ends); i++) {
					set_lanes(counts[i % COUNT(counts)],
						  ends[i / COUNT(counts)],
						  i % 3 == 1 ? 37 : MOST_POSITIONS, i % 4 == 1,
						  i % 5 == 2 ? 0.11f : 0);
					look(*k);
				}
			}
}

static void compare(const struct kernels *kernels)
{
	memset(scene.out, 0x7f, sizeof scene.out);
	kernels->attend(&scene.job);
	check(kernels->name);
}

static void attention_is_what_the_textbook_says(void **state)
{
	(void)state;
	each_shape(compare);
}

/* What one lane gets, to the bit, whoever is with it. */
static void compare_alone(const struct kernels *kernels)
{
	static float together[ATTEND_LANES][MOST_HEAD];
	struct attend_job one = scene.job;
	size_t bytes = scene.job.head_size * sizeof(float);

	kernels->attend(&scene.job);
	memcpy(together, scene.out, sizeof together);
	one.count = 1;
	for (size_t i = 0; i < scene.job.count; i += 3) {
		one.lanes = &scene.lanes[i];
		kernels->attend(&one);
		assert_memory_equal(scene.out[i], together[i], bytes);
	}
}

static void a_lane_is_the_same_in_any_company(void **state)
{
	(void)state;
	each_shape(compare_alone);
}

static void avx2_and_avx512_agree_to_the_bit(void **state)
{
	static float before[ATTEND_LANES][MOST_HEAD];
	const struct kernels *const *list = kernels_list();

	(void)state;
	if (!list[1] || !list[2]) /* the last is plain C, which does not fuse */
		skip();
	for (enum attend_type type = 0; type <= ATTEND_Q8; type++) {
		make(&kernels_portable, type, 80);
		set_lanes(9, 150, 120, true, 0.2f);
		list[0]->attend(&scene.job);
		memcpy(before, scene.out, sizeof before);
		for (size_t i = 1; list[i + 1]; i++) {
			list[i]->attend(&scene.job);
			assert_memory_equal(before, scene.out, sizeof before);
		}
	}
}

static void blocks_are_the_same_whoever_fills_them(void **state)
{
	static uint8_t before[2 * 4 * MOST_HEAD * ATTEND_PAGE], after[sizeof before];

	(void)state;
	for (enum attend_type type = 0; type <= ATTEND_Q8; type++)
		for (const struct kernels *const *k = kernels_list(); *k; k++) {
			make(*k, type, 80);
			memset(before, 0, sizeof before);
			memset(after, 0, sizeof after);
			for (size_t i = 0; i < ATTEND_PAGE; i++) {
				kernels_portable.attend_put(before, type, 80, i, scene.keys[i],
							    scene.values[i]);
				(*k)->attend_put(after, type, 80, i, scene.keys[i],
						 scene.values[i]);
			}
			assert_memory_equal(before, after, sizeof before);
		}
}

static void the_pattern_is_what_values_are_weighed_with(void **state)
{
	(void)state;
	for (const struct kernels *const *k = kernels_list(); *k; k++) {
		double total = 0, sum = 0;

		make(*k, ATTEND_F32, 16);
		set_lanes(1, 150, 100, true, 0);
		scene.lanes[0].pattern = scene.pattern;
		memset(scene.pattern, 0, sizeof scene.pattern);
		(*k)->attend(&scene.job);
		for (size_t i = 0; i < MOST_POSITIONS; i++) {
			total += (double)scene.pattern[i];
			sum += (double)scene.pattern[i] * (double)scene.values[i][5];
			assert_true((i >= 50 && i < 150) || scene.pattern[i] == 0);
		}
		assert_true(fabs(total - 1) < 1e-5);
		assert_true(fabs(sum - (double)scene.out[0][5]) < 1e-5);
	}
}

/* Scores that differ by hundreds: the largest takes all, and nothing becomes no number. */
static void far_scores_do_no_harm(void **state)
{
	(void)state;
	for (const struct kernels *const *k = kernels_list(); *k; k++) {
		make(*k, ATTEND_F32, 16);
		scene.job.scale = 400;
		set_lanes(5, 180, MOST_POSITIONS, false, 0);
		compare(*k);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attention_is_what_the_textbook_says),
		cmocka_unit_test(a_lane_is_the_same_in_any_company),
		cmocka_unit_test(avx2_and_avx512_agree_to_the_bit),
		cmocka_unit_test(blocks_are_the_same_whoever_fills_them),
		cmocka_unit_test(the_pattern_is_what_values_are_weighed_with),
		cmocka_unit_test(far_scores_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

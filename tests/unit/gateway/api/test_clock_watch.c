/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/clock_watch.h"

#include "tests/unit/test.h"

#define NOW INT64_C(1790000000000)
#define HOUR INT64_C(3600000)

static void a_clock_that_goes_as_time_goes_has_not_jumped(void **state)
{
	struct clock_watch w = {.offset_ms = 0};

	(void)state;
	assert_false(clock_watch_look(&w, NOW, 1000));
	for (int64_t i = 1; i < 1000; i++) /* led back by half a millisecond a second */
		assert_false(clock_watch_look(&w, NOW + i * 1000 + i / 2, 1000 + i * 1000));
	/* An hour of sleep is an hour of both. */
	assert_false(clock_watch_look(&w, NOW + HOUR, 1000 + HOUR));
	assert_int_equal(atomic_load(&w.jumps), 0);
}

static void a_jump_is_told_with_the_time_there_would_have_been(void **state)
{
	static const int64_t jumps[] = {-HOUR, 365 * 24 * HOUR, CLOCK_WATCH_JUMP_MS,
					-CLOCK_WATCH_JUMP_MS};

	(void)state;
	for (size_t i = 0; i < sizeof jumps / sizeof jumps[0]; i++) {
		struct clock_watch w = {.offset_ms = 0};

		assert_false(clock_watch_look(&w, NOW, 1000));
		assert_true(clock_watch_look(&w, NOW + 500 + jumps[i], 1500));
		assert_true(w.is_due);
		assert_int_equal(w.by_ms, jumps[i]);
		assert_int_equal(w.before_ms, NOW + 500);
		assert_false(clock_watch_look(&w, NOW + 1000 + jumps[i], 2000));
		assert_int_equal(atomic_load(&w.jumps), 1);
		assert_int_equal(atomic_load(&w.last_by_ms), jumps[i]);
	}
}

static void jumps_that_were_not_told_yet_are_told_as_one(void **state)
{
	struct clock_watch w = {.offset_ms = 0};

	(void)state;
	assert_false(clock_watch_look(&w, NOW, 1000));
	assert_true(clock_watch_look(&w, NOW + 1000 - HOUR, 2000));
	assert_true(clock_watch_look(&w, NOW + 2000 + HOUR, 3000));
	assert_int_equal(w.by_ms, HOUR);
	assert_int_equal(w.before_ms, NOW + 2000);
	assert_int_equal(atomic_load(&w.jumps), 2);
	w.is_due = false; /* told */
	assert_true(clock_watch_look(&w, NOW + 3000, 4000));
	assert_int_equal(w.by_ms, -HOUR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clock_that_goes_as_time_goes_has_not_jumped),
		cmocka_unit_test(a_jump_is_told_with_the_time_there_would_have_been),
		cmocka_unit_test(jumps_that_were_not_told_yet_are_told_as_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

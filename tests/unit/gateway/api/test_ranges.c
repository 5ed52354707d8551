/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/download/ranges.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/test.h"

static void ranges_that_touch_become_one(void **state)
{
	static const struct {
		const char *why;
		uint64_t added[4][2]; /* first, length */
		const char *result;
	} rows[] = {
		{"one", {{5, 10}}, "5-15 "},
		{"nothing", {{5, 0}}, ""},
		{"in order", {{0, 5}, {10, 5}}, "0-5 10-15 "},
		{"out of order", {{10, 5}, {0, 5}}, "0-5 10-15 "},
		{"touching", {{0, 5}, {5, 5}}, "0-10 "},
		{"touching from behind", {{5, 5}, {0, 5}}, "0-10 "},
		{"overlapping", {{0, 8}, {5, 5}}, "0-10 "},
		{"within", {{0, 10}, {2, 3}}, "0-10 "},
		{"around", {{2, 3}, {0, 10}}, "0-10 "},
		{"twice", {{2, 3}, {2, 3}}, "2-5 "},
		{"a bridge", {{0, 5}, {10, 5}, {20, 5}, {5, 5}}, "0-15 20-25 "},
		{"over all", {{0, 5}, {10, 5}, {20, 5}, {1, 23}}, "0-25 "},
		{"between", {{0, 5}, {20, 5}, {10, 5}}, "0-5 10-15 20-25 "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct ranges r = {0};
		char text[200] = "";
		size_t size = 0;

		for (size_t k = 0; k < 4; k++)
			ranges_add(&r, rows[i].added[k][0], rows[i].added[k][1]);
		for (size_t k = 0; k < r.count; k++)
			size += (size_t)snprintf(text + size, sizeof text - size, "%llu-%llu ",
						 (unsigned long long)r.items[k].first,
						 (unsigned long long)r.items[k].end);
		if (strcmp(text, rows[i].result) != 0)
			fail_msg("%s: %s", rows[i].why, text);
	}
}

static void a_file_is_whole_when_no_byte_is_missing(void **state)
{
	struct ranges r = {0};

	(void)state;
	assert_true(ranges_cover(&r, 0));
	assert_false(ranges_cover(&r, 10));
	ranges_add(&r, 1, 9);
	assert_false(ranges_cover(&r, 10));
	ranges_add(&r, 0, 1);
	assert_true(ranges_cover(&r, 10));
	assert_false(ranges_cover(&r, 11));
}

static void too_many_gaps_are_said_and_none_is_invented(void **state)
{
	struct ranges r = {0};

	(void)state;
	for (uint64_t i = 0; i < RANGES_MAX; i++)
		ranges_add(&r, 10 * i, 5);
	assert_false(r.has_more);
	ranges_add(&r, 3, 4); /* widens one that is there */
	assert_false(r.has_more);
	assert_int_equal(r.items[0].end, 7);
	ranges_add(&r, 100000, 5);
	assert_true(r.has_more);
	assert_int_equal(r.count, RANGES_MAX);
	assert_int_equal(r.items[RANGES_MAX - 1].end, 10 * (RANGES_MAX - 1) + 5);
	ranges_add(&r, 0, 100000); /* and there is room again */
	assert_int_equal(r.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_that_touch_become_one),
		cmocka_unit_test(a_file_is_whole_when_no_byte_is_missing),
		cmocka_unit_test(too_many_gaps_are_said_and_none_is_invented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

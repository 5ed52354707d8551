/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <string.h>

#include "policy/transparency.h"

enum { K = 5 };

static struct outcome_group group(const char *name, int64_t approved, int64_t denied,
				  int64_t waiting)
{
	return (struct outcome_group){slice_of_string(name), {approved, denied, waiting}};
}

static void groups_that_are_large_enough_stay_as_they_are(void **state)
{
	struct outcome_group groups[] = {group("company", 5, 9, 0), group("university", 70, 8, 5)};
	struct outcome_table t = outcomes_merge(groups, 2, K);

	(void)state;
	assert_int_equal(t.count, 2);
	assert_true(t.has_outcomes);
	assert_slice(t.groups[0].name, "university");
	assert_int_equal(t.groups[1].people[OUTCOME_DENIED], 9);
}

static void a_small_number_takes_another_group_along(void **state)
{
	struct outcome_group groups[] = {group("company", 20, 2, 0), group("hospital", 30, 10, 0),
					 group("university", 70, 8, 5)};
	struct outcome_table t = outcomes_merge(groups, 3, K);

	(void)state;
	assert_int_equal(t.count, 2);
	assert_slice(t.groups[1].name, "other");
	assert_int_equal(t.groups[1].people[OUTCOME_APPROVED], 50);
	assert_int_equal(t.groups[1].people[OUTCOME_DENIED], 12);
}

static void outcomes_are_merged_where_groups_do_not_suffice(void **state)
{
	struct outcome_group groups[] = {group("company", 2, 1, 0), group("hospital", 1, 0, 2)};
	struct outcome_table t = outcomes_merge(groups, 2, K);

	(void)state;
	assert_false(t.has_outcomes);
	assert_false(t.is_withheld);
	assert_int_equal(t.count, 1);
	assert_int_equal(outcome_sum(&t.groups[0]), 6);
}

static void fewer_than_k_people_in_all_are_not_told(void **state)
{
	struct outcome_group groups[] = {group("company", 2, 0, 0), group("hospital", 0, 2, 0)};

	(void)state;
	assert_true(outcomes_merge(groups, 2, K).is_withheld);
	assert_int_equal(outcomes_merge(groups, 0, K).count, 0);
}

/* Of many tables: every number that may be shown is 0 or at least k, and none is lost, so no
 * difference of a total and what is shown tells anything. */
static void whatever_comes_in_nobody_stands_alone(void **state)
{
	uint32_t random = 7;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct outcome_group groups[6];
		int64_t before[OUTCOME_COUNT] = {0}, after[OUTCOME_COUNT] = {0};
		size_t count = 1 + (random >> 16) % 6;
		struct outcome_table t;

		for (size_t i = 0; i < count; i++) {
			groups[i] = group((const char *[]){"a", "b", "c", "d", "e", "f"}[i], 0, 0,
					  0);
			for (size_t o = 0; o < OUTCOME_COUNT; o++) {
				random = random * 1664525 + 1013904223;
				groups[i].people[o] = (random >> 20) % 3 ? (random >> 24) % 12 : 0;
				before[o] += groups[i].people[o];
			}
		}
		t = outcomes_merge(groups, count, K);
		if (t.is_withheld) {
			assert_true(before[0] + before[1] + before[2] < K);
			continue;
		}
		for (size_t i = 0; i < t.count; i++)
			for (size_t o = 0; o < OUTCOME_COUNT; o++) {
				after[o] += t.groups[i].people[o];
				assert_true(!t.has_outcomes || t.groups[i].people[o] == 0 ||
					    t.groups[i].people[o] >= K);
			}
		for (size_t i = 0; i < t.count; i++)
			assert_true(outcome_sum(&t.groups[i]) == 0 ||
				    outcome_sum(&t.groups[i]) >= K);
		assert_memory_equal(before, after, sizeof before);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_that_are_large_enough_stay_as_they_are),
		cmocka_unit_test(a_small_number_takes_another_group_along),
		cmocka_unit_test(outcomes_are_merged_where_groups_do_not_suffice),
		cmocka_unit_test(fewer_than_k_people_in_all_are_not_told),
		cmocka_unit_test(whatever_comes_in_nobody_stands_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

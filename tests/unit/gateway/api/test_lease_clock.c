/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/lease/lease_clock.h"

#include "tests/unit/test.h"

enum { LEASE = 2000, COUNTED = 1800 };

static struct lease_clock held_since(int64_t ms)
{
	struct lease_clock c;

	lease_clock_init(&c, LEASE);
	assert_true(lease_clock_begin(&c, ms, ms + 5));
	return c;
}

static void nothing_may_be_relied_on_before_a_lease(void **state)
{
	struct lease_clock c;

	(void)state;
	lease_clock_init(&c, LEASE);
	assert_int_equal(lease_clock_epoch(&c, 0), 0);
	assert_false(lease_clock_renew(&c, 0, 5));
	assert_false(lease_clock_lapse(&c, 10));
}

static void a_lease_is_counted_from_the_sending_and_ends_before_the_database_says(void **state)
{
	struct lease_clock c = held_since(1000);

	(void)state;
	assert_true(lease_clock_epoch(&c, 1000 + COUNTED - 1) != 0);
	assert_int_equal(lease_clock_epoch(&c, 1000 + COUNTED), 0);
}

static void a_renewal_in_time_carries_the_lease_on(void **state)
{
	struct lease_clock c = held_since(1000);
	uint64_t epoch = lease_clock_epoch(&c, 1001);

	(void)state;
	assert_true(lease_clock_renew(&c, 1500, 1600));
	assert_int_equal(lease_clock_epoch(&c, 1500 + COUNTED - 1), epoch);
	assert_int_equal(lease_clock_epoch(&c, 1500 + COUNTED), 0);
}

static void a_renewal_known_too_late_is_none(void **state)
{
	struct lease_clock c = held_since(1000);

	(void)state;
	assert_false(lease_clock_renew(&c, 1500, 1000 + COUNTED));
	assert_int_equal(lease_clock_epoch(&c, 1000 + COUNTED), 0);
	lease_clock_init(&c, LEASE);
	assert_false(lease_clock_begin(&c, 1000, 1000 + COUNTED));
	assert_int_equal(lease_clock_epoch(&c, 1000 + COUNTED), 0);
}

static void a_lapse_is_told_once(void **state)
{
	struct lease_clock c = held_since(1000);

	(void)state;
	assert_false(lease_clock_lapse(&c, 1000 + COUNTED - 1));
	assert_true(lease_clock_lapse(&c, 1000 + COUNTED));
	assert_false(lease_clock_lapse(&c, 1000 + COUNTED));
	assert_false(lease_clock_renew(&c, 1000 + COUNTED, 1000 + COUNTED + 1));
}

static void what_was_relied_on_before_a_change_is_not_after_it(void **state)
{
	struct lease_clock c = held_since(1000);
	uint64_t before = lease_clock_epoch(&c, 1001), next = lease_clock_next(&c);

	(void)state;
	lease_clock_advance(&c);
	assert_int_equal(lease_clock_epoch(&c, 1001), next);
	assert_true(next != before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_may_be_relied_on_before_a_lease),
		cmocka_unit_test(
			a_lease_is_counted_from_the_sending_and_ends_before_the_database_says),
		cmocka_unit_test(a_renewal_in_time_carries_the_lease_on),
		cmocka_unit_test(a_renewal_known_too_late_is_none),
		cmocka_unit_test(a_lapse_is_told_once),
		cmocka_unit_test(what_was_relied_on_before_a_change_is_not_after_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/running.h"

#include "tests/unit/test.h"

static const uint8_t none[16], license[16] = {1}, other[16] = {2}, model[16] = {3};

static void no_more_than_the_places_there_are(void **state)
{
	struct running *r = running_new(2);
	unsigned first, second, third;

	(void)state;
	assert_ok(running_enter(&first, r, license, model));
	assert_ok(running_enter(&second, r, license, model));
	assert_err(running_enter(&third, r, license, model), ERR_LIMIT);
	running_leave(r, first);
	assert_ok(running_enter(&third, r, license, model));
	running_free(r);
}

static void a_cut_reaches_what_rests_on_the_license_only(void **state)
{
	struct running *r = running_new(3);
	unsigned mine, theirs, open;

	(void)state;
	assert_ok(running_enter(&mine, r, license, model));
	assert_ok(running_enter(&theirs, r, other, model));
	assert_ok(running_enter(&open, r, none, model));
	running_cut_license(r, license);
	assert_true(running_is_cut(r, mine));
	assert_false(running_is_cut(r, theirs));
	assert_false(running_is_cut(r, open));
	running_cut_model(r, other);
	assert_false(running_is_cut(r, open));
	running_cut_model(r, model);
	assert_true(running_is_cut(r, theirs));
	assert_true(running_is_cut(r, open));
	running_free(r);
}

static void who_comes_after_a_cut_is_not_cut(void **state)
{
	struct running *r = running_new(1);
	unsigned place;

	(void)state;
	assert_ok(running_enter(&place, r, license, model));
	running_cut_license(r, license);
	running_leave(r, place);
	assert_ok(running_enter(&place, r, other, model));
	assert_false(running_is_cut(r, place));
	running_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_more_than_the_places_there_are),
		cmocka_unit_test(a_cut_reaches_what_rests_on_the_license_only),
		cmocka_unit_test(who_comes_after_a_cut_is_not_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

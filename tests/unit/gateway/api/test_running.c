/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/infer/running.h"

#include "tests/unit/test.h"

static void no_more_run_than_there_are_places(void **state)
{
	struct running *r = running_new(2);

	(void)state;
	assert_ok(running_enter(r));
	assert_ok(running_enter(r));
	assert_err(running_enter(r), ERR_LIMIT);
	running_leave(r);
	assert_ok(running_enter(r));
	running_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_more_run_than_there_are_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

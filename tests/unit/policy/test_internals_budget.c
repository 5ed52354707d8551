/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include "policy/internals_budget.h"

static void what_is_revealed_adds_up_by_its_precision(void **state)
{
	struct internals_revelation sum = {0};

	(void)state;
	assert_ok(internals_revealed(&sum, S("hook_embed"), 10, INTERNALS_FLOAT32));
	assert_ok(internals_revealed(&sum, S("hook_embed"), 5, INTERNALS_FLOAT16));
	assert_int_equal(sum.scalars, 15);
	assert_int_equal(sum.bits, 10 * 32 + 5 * 16);
	assert_string_equal(internals_precision_name(INTERNALS_FLOAT16), "float16");
}

static void what_cannot_be_counted_may_not_leave(void **state)
{
	struct internals_revelation sum = {0};

	(void)state;
	assert_err(internals_revealed(&sum, S("a"), UINT64_MAX / 16, INTERNALS_FLOAT32), ERR_LIMIT);
	sum = (struct internals_revelation){.bits = UINT64_MAX - 31};
	assert_err(internals_revealed(&sum, S("a"), 1, INTERNALS_FLOAT32), ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_revealed_adds_up_by_its_precision),
		cmocka_unit_test(what_cannot_be_counted_may_not_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

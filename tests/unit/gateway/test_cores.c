/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include "gateway/supervisor/cores.h"

static void engines_at_work_have_all_cores_and_none_twice(void **state)
{
	(void)state;
	for (unsigned cores = 1; cores <= 64; cores++)
		for (unsigned count = 1; count <= 16 && count <= cores; count++) {
			unsigned next = 0;

			for (unsigned i = 0; i < count; i++) {
				struct wire_cores share = cores_share(i, count, cores);

				assert_int_equal(share.first, next);
				assert_true(share.count == cores / count ||
					    share.count == cores / count + 1);
				next += share.count;
			}
			assert_int_equal(next, cores);
		}
}

static void more_engines_than_cores_have_one_each(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 16; i++) {
		struct wire_cores share = cores_share(i, 16, 3);

		assert_int_equal(share.count, 1);
		assert_true(share.first < 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(engines_at_work_have_all_cores_and_none_twice),
		cmocka_unit_test(more_engines_than_cores_have_one_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

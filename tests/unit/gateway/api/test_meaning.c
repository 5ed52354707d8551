/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/meaning.h"

#include "tests/unit/test.h"

static void a_clients_mistake_is_told_in_our_words(void **state)
{
	struct meaning m = meaning_of(ERR_FORMAT, S("\"rights\" must be an array"));

	(void)state;
	assert_int_equal(m.code, CODE_BAD_REQUEST);
	assert_false(m.is_inner);
}

static void what_broke_inside_is_not_told(void **state)
{
	static const enum err kinds[] = {OK, ERR_FORGED, ERR_IO, ERR_INTERNAL};

	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		struct meaning m = meaning_of(kinds[i], S("open \"/var/lib\": no such file"));

		assert_int_equal(m.code, CODE_INTERNAL);
		assert_true(m.is_inner);
	}
}

static void what_the_database_says_is_not_told(void **state)
{
	struct meaning m = meaning_of(
		ERR_FORMAT, S("database: new row for relation \"person\" violates a constraint"));

	(void)state;
	assert_int_equal(m.code, CODE_BAD_REQUEST);
	assert_true(m.is_inner);
	m = meaning_of(ERR_DENIED, S("database: permission denied for table person"));
	assert_int_equal(m.code, CODE_INTERNAL);
	assert_true(m.is_inner);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clients_mistake_is_told_in_our_words),
		cmocka_unit_test(what_broke_inside_is_not_told),
		cmocka_unit_test(what_the_database_says_is_not_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

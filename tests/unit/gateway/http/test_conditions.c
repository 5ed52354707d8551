/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include "gateway/http/conditions.h"

/* clang-format off */
static const struct {
	const char *why;
	const char *if_match, *if_none_match; /* NULL: not sent */
	enum condition is;
} rows[] = {
	{"no condition",                  NULL,              NULL,                    CONDITION_NONE},
	{"the client has it",             NULL,              "\"abc\"",               CONDITION_NOT_MODIFIED},
	{"weak comparison",               NULL,              "W/\"abc\"",             CONDITION_NOT_MODIFIED},
	{"one of several",                NULL,              "\"x\", \"a,b\" ,\"abc\"", CONDITION_NOT_MODIFIED},
	{"any",                           NULL,              " * ",                   CONDITION_NOT_MODIFIED},
	{"another",                       NULL,              "\"abd\"",               CONDITION_NONE},
	{"longer",                        NULL,              "\"abcd\"",              CONDITION_NONE},
	{"without quotes",                NULL,              "abc",                   CONDITION_NONE},
	{"no closing quote",              NULL,              "\"abc",                 CONDITION_NONE},
	{"a quote alone",                 NULL,              "\"",                    CONDITION_NONE},
	{"nothing behind is read",        NULL,              "\"x\" y \"abc\"",       CONDITION_NONE},
	{"empty",                         NULL,              "",                      CONDITION_NONE},
	{"this very file",                "\"abc\"",         NULL,                    CONDITION_NONE},
	{"any file",                      "*",               NULL,                    CONDITION_NONE},
	{"a weak tag is never the same",  "W/\"abc\"",       NULL,                    CONDITION_FAILED},
	{"another file",                  "\"x\"",           NULL,                    CONDITION_FAILED},
	{"no file",                       "",                NULL,                    CONDITION_FAILED},
	{"If-Match speaks first",         "\"x\"",           "\"abc\"",               CONDITION_FAILED},
	{"both",                          "\"abc\"",         "\"abc\"",               CONDITION_NOT_MODIFIED},
};
/* clang-format on */

static struct slice value_of(const char *text)
{
	return text ? slice_of_string(text) : (struct slice){0};
}

static void conditions_are_those_of_the_rfc(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (condition_of(value_of(rows[i].if_match), value_of(rows[i].if_none_match),
				 S("\"abc\"")) != rows[i].is)
			fail_msg("%s", rows[i].why);
}

static void a_range_of_another_file_does_not_count(void **state)
{
	(void)state;
	assert_true(condition_allows_range((struct slice){0}, S("\"abc\"")));
	assert_true(condition_allows_range(S("\"abc\""), S("\"abc\"")));
	assert_false(condition_allows_range(S("\"abd\""), S("\"abc\"")));
	assert_false(condition_allows_range(S("W/\"abc\""), S("\"abc\"")));
	assert_false(condition_allows_range(S("abc"), S("\"abc\"")));
	assert_false(condition_allows_range(S("Sun, 22 Nov 2026 06:00:00 GMT"), S("\"abc\"")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conditions_are_those_of_the_rfc),
		cmocka_unit_test(a_range_of_another_file_does_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

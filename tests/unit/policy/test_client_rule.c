/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/client_rule.h"

#include <string.h>

#include "tests/unit/test.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

enum { END = 1000 };

/* A certificate of A, itself below B, for two organizations. */
static void each_rule_must_fit(void **state)
{
	static const struct {
		const char *rules;
		enum client_fit fit;
		const char *why;
	} rows[] = {
		{"", CLIENT_NOT_NEEDED, "nobody requires one"},
		{A " ", CLIENT_FITS, "its authority"},
		{B " ", CLIENT_FITS, "the authority above"},
		{C " ", CLIENT_MISSING, "another authority"},
		{A " X", CLIENT_FITS, "the first organization"},
		{A " Y Z", CLIENT_FITS, "the second, with a space"},
		{A " Y", CLIENT_MISSING, "a part of a name is another name"},
		{A " x", CLIENT_MISSING, "as it is written"},
		{A " \n" B " X", CLIENT_FITS, "both"},
		{A " \n" C " ", CLIENT_MISSING, "one of two"},
		{C " \n" A " ", CLIENT_MISSING, "one of two, in the other order"},
		{"aa ", CLIENT_MISSING, "what cannot be read fits nothing"},
		{" ", CLIENT_MISSING, "nor does what is empty"},
	};
	uint8_t issuers[64];
	struct client_shown shown = {.issuers = slice_of(issuers, sizeof issuers),
				     .organizations = S("X\nY Z\n"),
				     .until_seconds = END};

	(void)state;
	memset(issuers, 0xaa, 32);
	memset(issuers + 32, 0xbb, 32);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (client_rules_judge(slice_of_string(rows[i].rules), &shown, END) != rows[i].fit)
			fail_msg("%s", rows[i].why);
}

static void a_certificate_counts_until_its_end(void **state)
{
	uint8_t issuer[32];
	struct client_shown shown = {.issuers = slice_of(issuer, sizeof issuer),
				     .until_seconds = END};

	(void)state;
	memset(issuer, 0xaa, sizeof issuer);
	assert_int_equal(client_rules_judge(S(A " "), &shown, END), CLIENT_FITS);
	assert_int_equal(client_rules_judge(S(A " "), &shown, END + 1), CLIENT_MISSING);
}

static void no_certificate_fits_nothing(void **state)
{
	struct client_shown none = {.until_seconds = 0};

	(void)state;
	assert_int_equal(client_rules_judge(S(A " "), &none, END), CLIENT_MISSING);
	assert_int_equal(client_rules_judge(S(""), &none, END), CLIENT_NOT_NEEDED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_must_fit),
		cmocka_unit_test(a_certificate_counts_until_its_end),
		cmocka_unit_test(no_certificate_fits_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

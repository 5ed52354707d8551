/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

#include "policy/country_table.h"

static void assert_country(const struct country_table *t, const char *address, const char *code)
{
	char found[3] = "";

	if (country_table_find(found, t, slice_of_string(address)) != (code[0] != 0) ||
	    strcmp(found, code) != 0)
		fail_msg("%s: \"%s\", \"%s\" expected", address, found, code);
}

static void the_narrowest_network_counts_and_nothing_is_guessed(void **state)
{
	AUTO(country_table_auto) struct country_table *t = NULL;

	(void)state;
	assert_ok(country_table_parse(&t, S("# made by hand\r\n"
					    "10.0.0.0/8,DE\n"
					    "2001:db8::/32,JP\n"
					    "10.1.0.0/16,FR\n"
					    "\n"
					    "10.1.2.0/24,GB\n"
					    "10.1.2.0/24,GB\n"
					    "10.0.0.0/16,IT\n"
					    "10.1.255.255/32,ES\r\n"
					    "255.255.255.255/32,US\n"
					    "ffff::/16,CA")));
	assert_country(t, "9.255.255.255", "");
	assert_country(t, "10.0.0.0", "IT");
	assert_country(t, "10.0.255.255", "IT");
	assert_country(t, "10.1.0.0", "FR");
	assert_country(t, "10.1.2.0", "GB");
	assert_country(t, "10.1.2.255", "GB");
	assert_country(t, "10.1.3.0", "FR");
	assert_country(t, "10.1.255.255", "ES");
	assert_country(t, "10.2.0.0", "DE");
	assert_country(t, "10.255.255.255", "DE");
	assert_country(t, "11.0.0.0", "");
	assert_country(t, "255.255.255.255", "US");
	assert_country(t, "2001:db8:ffff::1", "JP");
	assert_country(t, "2001:db9::", "");
	assert_country(t, "::ffff:10.1.2.3", "GB");
	assert_country(t, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "CA");
	assert_country(t, "::1", "");
	assert_country(t, "localhost", "");
	assert_country(t, "", "");
	assert_country(NULL, "10.1.2.3", "");
}

static void a_table_agrees_with_trying_every_network(void **state)
{
	enum { ROWS = 300 };
	AUTO(country_table_auto) struct country_table *t = NULL;
	static const char *const codes[] = {"DE", "FR", "GB", "JP"};
	struct {
		uint32_t first, prefix;
		const char *code;
	} rows[ROWS];
	char text[ROWS * 32] = "";
	size_t used = 0;
	uint32_t random = 1;

	(void)state;
	for (int i = 0; i < ROWS; i++) {
		random = random * 1664525 + 1013904223;
		rows[i].prefix = 22 + (random >> 8) % 11;
		rows[i].first = 0x0a000000 |
				(random & 0xfff & ~(uint32_t)((1ULL << (32 - rows[i].prefix)) - 1));
		rows[i].code = codes[(rows[i].first + rows[i].prefix) % 4];
		used += (size_t)snprintf(text + used, sizeof text - used, "10.0.%u.%u/%u,%s\n",
					 rows[i].first >> 8 & 255, rows[i].first & 255,
					 rows[i].prefix, rows[i].code);
	}
	assert_ok(country_table_parse(&t, slice_of(text, used)));
	for (uint32_t a = 0x0a000000; a < 0x0a001100; a++) {
		const char *best = "";
		uint32_t longest = 0;
		char address[32];

		for (int i = 0; i < ROWS; i++)
			if (rows[i].prefix > longest &&
			    !((a ^ rows[i].first) >> (32 - rows[i].prefix))) {
				longest = rows[i].prefix;
				best = rows[i].code;
			}
		(void)snprintf(address, sizeof address, "10.0.%u.%u", a >> 8 & 255, a & 255);
		assert_country(t, address, best);
	}
}

static void a_wrong_line_is_named(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"10.0.0.0/8,DE\n10.0.0.0/33,DE", "line 2"},
		{"10.0.0.0,DE", "line 1"},
		{"10.0.0.0/8;DE", "line 1"},
		{"10.0.0.0/8,XX", "no such country"},
		{"10.0.0.0/8,de", "no such country"},
		{"10.0.0.1/8,DE", "bits are set"},
		{"2001:db8::/129,DE", "line 1"},
		{"2001:db8::1/64,DE", "bits are set"},
		{"10.0.0.0/08,DE", "line 1"},
		{"\n10.0.0.0/8,DE\n11.0.0.0/8,FR\n10.0.0.0/8,FR", "lines 2 and 4"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct country_table *t = NULL;

		assert_err(country_table_parse(&t, slice_of_string(rows[i].text)), ERR_FORMAT);
		if (!strstr(failure_text(), rows[i].says))
			fail_msg("%s: %s", rows[i].text, failure_text());
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_narrowest_network_counts_and_nothing_is_guessed),
		cmocka_unit_test(a_table_agrees_with_trying_every_network),
		cmocka_unit_test(a_wrong_line_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges of addresses: how they are written, what they cover. */
#include "policy/address_range.h"
#include "tests/unit/test.h"

static const struct {
	const char *text, *kept; /* NULL: refused */
} ranges[] = {
	{"192.0.2.1", "192.0.2.1/32"},
	{"192.0.2.77/24", "192.0.2.0/24"},
	{"0.0.0.0/0", "0.0.0.0/0"},
	{"2001:DB8::1/32", "2001:db8::/32"},
	{"::1", "::1/128"},
	{"::/0", "::/0"},
	{"::ffff:192.0.2.1", "192.0.2.1/32"},
	{"::ffff:192.0.2.0/120", "192.0.2.0/24"},
	{"192.0.2.0/33", NULL},
	{"192.0.2.0/-1", NULL},
	{"192.0.2.0/", NULL},
	{"192.0.2.0/08", NULL},
	{"192.0.2/24", NULL},
	{"192.0.2.0/24/8", NULL},
	{"2001:db8::/129", NULL},
	{"localhost", NULL},
	{"", NULL},
	{"/8", NULL},
	{"fe80::1%eth0", NULL},
};

static void a_range_is_kept_in_one_way_or_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
		AUTO(buf_free) struct buf kept = buf_new(ADDRESS_RANGE_MAX);
		enum err result = address_range_write(&kept, slice_of_string(ranges[i].text));

		if (!ranges[i].kept)
			assert_err(result, ERR_FORMAT);
		else
			assert_string_equal(buf_string(&kept), ranges[i].kept);
	}
}

static const struct {
	const char *ranges, *address;
	bool covers;
} coverings[] = {
	{"", "192.0.2.1", true},
	{"192.0.2.0/24", "192.0.2.255", true},
	{"192.0.2.0/24", "192.0.3.0", false},
	{"192.0.2.0/24", "::ffff:192.0.2.9", true},
	{"10.0.0.0/8,192.0.2.1/32", "192.0.2.1", true},
	{"10.0.0.0/8,192.0.2.1/32", "192.0.2.2", false},
	{"2001:db8::/32", "2001:db8:1::1", true},
	{"2001:db8::/32", "2001:db9::1", false},
	{"::/0", "192.0.2.1", false}, /* all of IPv6 is not IPv4 */
	{"0.0.0.0/0", "::1", false},
	{"192.0.2.0/24", "nonsense", false},
	{"nonsense", "192.0.2.1", false},
};

static void an_address_is_covered_by_its_range_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof coverings / sizeof coverings[0]; i++)
		if (address_ranges_cover(slice_of_string(coverings[i].ranges),
					 slice_of_string(coverings[i].address)) !=
		    coverings[i].covers)
			fail_msg("\"%s\" and %s", coverings[i].ranges, coverings[i].address);
}

static void a_list_contains_only_what_it_covers_whole(void **state)
{
	(void)state;
	assert_true(address_ranges_contain(S(""), S("10.0.0.0/8")));
	assert_true(address_ranges_contain(S(""), S("")));
	assert_false(address_ranges_contain(S("10.0.0.0/8"), S("")));
	assert_true(address_ranges_contain(S("10.0.0.0/8"), S("10.1.0.0/16,10.2.3.4/32")));
	assert_false(address_ranges_contain(S("10.0.0.0/8"), S("10.1.0.0/16,11.0.0.0/32")));
	assert_false(address_ranges_contain(S("10.1.0.0/16"), S("10.0.0.0/8")));
	assert_false(address_ranges_contain(S("::/0"), S("10.0.0.0/8")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_range_is_kept_in_one_way_or_refused),
		cmocka_unit_test(an_address_is_covered_by_its_range_alone),
		cmocka_unit_test(a_list_contains_only_what_it_covers_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

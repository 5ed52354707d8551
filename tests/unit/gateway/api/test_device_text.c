/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/signin/device_text.h"
#include "tests/unit/test.h"

static void the_language_with_the_most_weight_is_spoken(void **state)
{
	static const struct {
		const char *accepted, *spoken, *why;
	} rows[] = {
		{"", "en", "no header came"},
		{"de", "de", "one of ours"},
		{"de-CH, fr", "de", "a region of it"},
		{"fr-FR, de;q=0.8, en;q=0.7", "de", "the first that we speak"},
		{"de;q=0.5, EN-us;q=0.55", "en", "more weight wins, later or not"},
		{"en, de", "en", "of equals the first"},
		{"de;q=0", "en", "not wanted at all"},
		{"de;q=1.0", "de", "the whole"},
		{"den, x-de", "en", "begins alike, is another"},
		{";;,,;q=,q=0.9", "en", "nothing"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		print_message("%s\n", rows[i].why);
		assert_string_equal(device_text_of(slice_of_string(rows[i].accepted))->tag,
				    rows[i].spoken);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_language_with_the_most_weight_is_spoken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

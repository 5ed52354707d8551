/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include "gateway/console/assets.h"
#include "gateway/console/assets_table.h"

static void the_page_is_there_unless_nothing_is(void **state)
{
	struct asset page;

	(void)state;
	assert_int_equal(assets_find(&page, S("index.html")), assets_count > 0);
	if (!assets_count)
		return;
	assert_string_equal(page.type, "text/html; charset=utf-8");
	assert_false(page.is_hashed);
	assert_true(slice_starts_with(page.in[HTTP_IDENTITY], S("<!doctype html>")));
}

static void whatever_is_hashed_has_a_name_that_says_so(void **state)
{
	(void)state;
	for (size_t i = 0; i < assets_count; i++) {
		struct slice name = slice_of_string(assets_rows[i].name);
		struct asset asset;

		assert_true(assets_find(&asset, name));
		assert_true(asset.in[HTTP_IDENTITY].size > 0);
		assert_int_equal(strlen(asset.tag), 32);
		assert_int_equal(asset.is_hashed, slice_starts_with(name, S("assets/")));
	}
}

static void compressed_bytes_are_fewer(void **state)
{
	(void)state;
	for (size_t i = 0; i < assets_count; i++)
		for (size_t k = HTTP_GZIP; k < HTTP_ENCODINGS; k++)
			assert_true(assets_rows[i].in[k].size < assets_rows[i].in[0].size);
}

static void names_that_are_none_are_not_found(void **state)
{
	static const char *const names[] = {
		"",      "/",          "index.html/",          "/index.html",
		"index", "INDEX.HTML", "assets/../index.html", "assets/"};
	struct asset asset;

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		assert_false(assets_find(&asset, slice_of_string(names[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_page_is_there_unless_nothing_is),
		cmocka_unit_test(whatever_is_hashed_has_a_name_that_says_so),
		cmocka_unit_test(compressed_bytes_are_fewer),
		cmocka_unit_test(names_that_are_none_are_not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

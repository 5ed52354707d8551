/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include "gateway/http/encoding.h"

/* clang-format off */
static const struct {
	const char *why, *accept; /* NULL: not sent */
	bool has_gzip, has_brotli;
	enum http_encoding is;
} rows[] = {
	{"nothing said",              NULL,                            true,  true,  HTTP_IDENTITY},
	{"empty",                     "",                              true,  true,  HTTP_IDENTITY},
	{"a browser",                 "gzip, deflate, br, zstd",       true,  true,  HTTP_BROTLI},
	{"an older client",           "gzip, deflate",                 true,  true,  HTTP_GZIP},
	{"names have no case",        "GZIP",                          true,  true,  HTTP_GZIP},
	{"only what is there",        "br, gzip",                      true,  false, HTTP_GZIP},
	{"nothing is there",          "br, gzip",                      false, false, HTTP_IDENTITY},
	{"one is liked better",       "br;q=0.5, gzip;q=0.8",          true,  true,  HTTP_GZIP},
	{"in thousandths",            "br;q=0.801, gzip;q=0.80",       true,  true,  HTTP_BROTLI},
	{"one is refused",            "br;q=0, gzip",                  true,  true,  HTTP_GZIP},
	{"all is refused",            "*;q=0",                         true,  true,  HTTP_IDENTITY},
	{"anything will do",          "*",                             true,  true,  HTTP_BROTLI},
	{"all others are refused",    "gzip, *;q=0",                   true,  true,  HTTP_GZIP},
	{"identity is liked better",  "identity, gzip;q=0.5",          true,  true,  HTTP_IDENTITY},
	{"identity is refused",       "identity;q=0, gzip;q=0.1",      true,  true,  HTTP_GZIP},
	{"blanks around everything",  " gzip ; q = 0.5 , br ; q=0.4 ", true,  true,  HTTP_GZIP},
	{"a weight that is none",     "br;q=2, gzip",                  true,  true,  HTTP_GZIP},
	{"a weight with letters",     "br;q=0.x, gzip",                true,  true,  HTTP_GZIP},
	{"a parameter that is none",  "br;level=9, gzip",              true,  true,  HTTP_GZIP},
	{"only part of a name",       "gzipped, xbr",                  true,  true,  HTTP_IDENTITY},
	{"commas alone",              ",,,",                           true,  true,  HTTP_IDENTITY},
};
/* clang-format on */

static void the_best_liked_coding_that_is_there_is_sent(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const bool has[HTTP_ENCODINGS] = {true, rows[i].has_gzip, rows[i].has_brotli};
		struct slice accept = rows[i].accept ? slice_of_string(rows[i].accept)
						     : (struct slice){0};

		if (http_encoding_of(accept, has) != rows[i].is)
			fail_msg("%s", rows[i].why);
	}
}

static void identity_has_no_name_in_an_answer(void **state)
{
	(void)state;
	assert_null(http_encoding_name(HTTP_IDENTITY));
	assert_string_equal(http_encoding_name(HTTP_GZIP), "gzip");
	assert_string_equal(http_encoding_name(HTTP_BROTLI), "br");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_best_liked_coding_that_is_there_is_sent),
		cmocka_unit_test(identity_has_no_name_in_an_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

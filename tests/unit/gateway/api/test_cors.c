/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <string.h>

#include "gateway/api/cors.h"

static const struct slice origins = {(const uint8_t *)"https://a.example https://b.example:8443",
				     40};

static const char *headers_of(struct buf *out, struct slice list, const char *method,
			      const char *origin)
{
	const struct http_header header = {S("oRiGiN"), slice_of_string(origin)};
	struct http_request request = {.method = slice_of_string(method),
				       .headers = &header,
				       .header_count = origin ? 1 : 0};

	buf_reset(out);
	cors_write(out, list, &request);
	return buf_string(out);
}

static void only_listed_origins_are_told_that_they_may(void **state)
{
	static const struct {
		const char *origin;
		bool may;
	} rows[] = {
		{"https://a.example", true},
		{"https://b.example:8443", true},
		{"https://b.example", false},
		{"http://a.example", false},
		{"https://a.example/", false},
		{"https://a.example.evil", false},
		{"https://A.example", false},
		{"null", false},
		{"", false},
		{"*", false},
		{"https://a.example https://b.example:8443", false},
		{NULL, false},
	};
	AUTO(buf_free) struct buf out = buf_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *text = headers_of(&out, origins, "GET", rows[i].origin);

		assert_non_null(strstr(text, "Vary: Origin\r\n"));
		assert_int_equal(strstr(text, "Access-Control") != NULL, rows[i].may);
		assert_null(strstr(text, "Access-Control-Allow-Credentials"));
		assert_null(strstr(text, "Access-Control-Allow-Methods"));
	}
}

static void a_preflight_is_told_methods_and_headers(void **state)
{
	AUTO(buf_free) struct buf out = buf_new(4096);
	const char *text = headers_of(&out, origins, "OPTIONS", "https://b.example:8443");

	(void)state;
	assert_non_null(strstr(text, "Access-Control-Allow-Origin: https://b.example:8443\r\n"));
	assert_non_null(
		strstr(text, "Access-Control-Allow-Methods: GET, HEAD, POST, PUT, OPTIONS\r"));
	assert_non_null(strstr(text,
			       "Access-Control-Allow-Headers: Authorization, Range, Content-Type, "
			       "X-Sallyport-Purpose\r"));
	assert_non_null(strstr(text, "X-Repo-Commit"));
	assert_null(strstr(text, "X-Xet-Hash"));
}

static void without_a_list_there_is_nothing(void **state)
{
	AUTO(buf_free) struct buf out = buf_new(4096);

	(void)state;
	assert_string_equal(headers_of(&out, S(""), "OPTIONS", "https://a.example"), "");
	assert_string_equal(headers_of(&out, S(""), "GET", ""), "");
}

static void a_list_that_would_never_match_stops_the_start(void **state)
{
	static const char *const good[] = {"", " ", "https://a", "http://[::1]:80  https://b.c:1"};
	static const char *const bad[] = {
		"*",           "null",        "a.example", "https://a/",          "https://a/b",
		"https://",    "https://A.b", "ftp://a",   "https://a,https://b", "https://a?b=c",
		"https://a\tb"};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_ok(cors_check(slice_of_string(good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_err(cors_check(slice_of_string(bad[i])), ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_listed_origins_are_told_that_they_may),
		cmocka_unit_test(a_preflight_is_told_methods_and_headers),
		cmocka_unit_test(without_a_list_there_is_nothing),
		cmocka_unit_test(a_list_that_would_never_match_stops_the_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Cookies of sessions: how they are written and found, and which pages may send them. */
#include "gateway/api/signin/one_time.h"
#include "gateway/api/signin/session_cookie.h"
#include "tests/unit/test.h"

#define OWN "https://gw.example:8443"

static struct http_request request_of(const char *method, struct http_header *headers, size_t count)
{
	return (struct http_request){.method = slice_of_string(method),
				     .host = S("gw.example:8443"),
				     .headers = headers,
				     .header_count = count};
}

static void a_cookie_reads_as_it_was_written(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(SESSION_COOKIE_MAX);
	struct session_cookie made, read;
	struct digest hash, other;

	(void)state;
	memset(&made, 0x5a, sizeof made);
	session_cookie_write(&text, &made);
	assert_int_equal(text.size, SESSION_COOKIE_MAX);
	assert_ok(session_cookie_read(&read, buf_slice(&text)));
	assert_memory_equal(&made, &read, sizeof made);
	assert_err(session_cookie_read(&read, slice_part(buf_slice(&text), 1, SIZE_MAX)),
		   ERR_FORMAT);
	assert_err(session_cookie_read(&read, S("")), ERR_FORMAT);
	hash = session_cookie_hash(&made);
	made.secret[0] ^= 1;
	other = session_cookie_hash(&made);
	assert_false(digest_equal(&hash, &other));
}

static void a_cookie_is_found_among_others_by_its_whole_name(void **state)
{
	struct http_header headers[] = {
		{S("Cookie"), S("a=1; x__Host-sallyport=no;__Host-sallyport2=no")},
		{S("cookie"), S("b=2;  __Host-sallyport=yes; __Host-sallyport=second")},
	};
	struct http_request request = request_of("GET", headers, 2);

	(void)state;
	assert_slice(session_cookie_find(&request, SESSION_COOKIE), "yes");
	request.header_count = 1;
	assert_null(session_cookie_find(&request, SESSION_COOKIE).data);
}

static void only_pages_of_ours_change_something(void **state)
{
	static const struct {
		const char *method, *origin, *site;
		bool counts;
		const char *why;
	} rows[] = {
		{"POST", OWN, NULL, true, "our own origin"},
		{"POST", "HTTPS://GW.example:8443", NULL, true, "case does not matter"},
		{"POST", NULL, "same-origin", true, "the browser says so"},
		{"POST", NULL, NULL, false, "nobody says where from"},
		{"POST", "null", NULL, false, "a sandboxed page"},
		{"POST", "https://evil.example", NULL, false, "another site"},
		{"POST", "http://gw.example:8443", NULL, false, "without TLS"},
		{"POST", "https://gw.example", NULL, false, "another port"},
		{"POST", OWN ".evil.example", NULL, false, "a longer name"},
		{"POST", OWN, "cross-site", false, "the browser says otherwise"},
		{"POST", OWN, "same-site", false, "a sibling is not us"},
		{"DELETE", NULL, "none", false, "nobody types a DELETE"},
		{"GET", NULL, NULL, true, "reading"},
		{"GET", NULL, "none", true, "an address that was typed"},
		{"GET", NULL, "cross-site", false, "a link from elsewhere"},
		{"GET", "https://evil.example", NULL, false, "a fetch from elsewhere"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct http_header headers[2];
		size_t count = 0;
		struct http_request request;

		if (rows[i].origin)
			headers[count++] = (struct http_header){S("Origin"),
								slice_of_string(rows[i].origin)};
		if (rows[i].site)
			headers[count++] = (struct http_header){S("Sec-Fetch-Site"),
								slice_of_string(rows[i].site)};
		request = request_of(rows[i].method, headers, count);
		if (session_cookie_counts(&request, S(OWN)) != rows[i].counts)
			fail_msg("%s", rows[i].why);
	}
}

static void a_code_is_the_same_however_it_is_typed(void **state)
{
	char code[ONE_TIME_CODE + 1], other[ONE_TIME_CODE + 1];
	struct digest a, b;

	(void)state;
	one_time_make(code);
	one_time_make(other);
	assert_string_not_equal(code, other);
	assert_ok(one_time_hash(&a, slice_of_string(code)));
	for (char *p = code; *p; p++)
		*p = *p == '-' ? ' ' : (char)(*p >= 'A' ? *p + 32 : *p);
	assert_ok(one_time_hash(&b, slice_of_string(code)));
	assert_true(digest_equal(&a, &b));
	assert_err(one_time_hash(&b, slice_part(slice_of_string(code), 1, 99)), ERR_FORMAT);
	assert_err(one_time_hash(&b, S("ILOU0-00000-00000-00000-00000")), ERR_FORMAT);
	assert_err(one_time_hash(&b, S("")), ERR_FORMAT);
}

static void a_user_code_has_eight_consonants(void **state)
{
	char code[ONE_TIME_USER_CODE + 1], read[ONE_TIME_USER_CODE + 1];

	(void)state;
	one_time_user_code(code);
	assert_ok(one_time_read_user_code(read, slice_of_string(code)));
	assert_string_equal(read, code);
	assert_ok(one_time_read_user_code(read, S(" bcdf-ghjk ")));
	assert_string_equal(read, "BCDFGHJK");
	assert_err(one_time_read_user_code(read, S("BCDF-GHJ")), ERR_FORMAT);
	assert_err(one_time_read_user_code(read, S("BCDF-GHJA")), ERR_FORMAT);
	assert_err(one_time_read_user_code(read, S("BCDFGHJKL")), ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cookie_reads_as_it_was_written),
		cmocka_unit_test(a_cookie_is_found_among_others_by_its_whole_name),
		cmocka_unit_test(only_pages_of_ours_change_something),
		cmocka_unit_test(a_code_is_the_same_however_it_is_typed),
		cmocka_unit_test(a_user_code_has_eight_consonants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

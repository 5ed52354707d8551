/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "gateway/courier/address.h"
#include "gateway/courier/call_headers.h"
#include "gateway/courier/credentials.h"
#include "gateway/courier/target.h"

static enum address_kind kind_of(const char *text)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		return address_kind_of((const struct sockaddr *)&v4, sizeof v4);
	assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
	return address_kind_of((const struct sockaddr *)&v6, sizeof v6);
}

static const struct {
	const char *address;
	enum address_kind kind;
} addresses[] = {
	{"1.1.1.1", ADDRESS_PUBLIC},
	{"9.255.255.255", ADDRESS_PUBLIC},
	{"10.0.0.0", ADDRESS_PRIVATE},
	{"10.255.255.255", ADDRESS_PRIVATE},
	{"11.0.0.0", ADDRESS_PUBLIC},
	{"100.63.255.255", ADDRESS_PUBLIC},
	{"100.64.0.1", ADDRESS_PRIVATE},
	{"100.128.0.0", ADDRESS_PUBLIC},
	{"127.0.0.1", ADDRESS_PRIVATE},
	{"127.255.255.254", ADDRESS_PRIVATE},
	{"169.253.255.255", ADDRESS_PUBLIC},
	{"169.254.169.254", ADDRESS_NEVER},
	{"172.15.255.255", ADDRESS_PUBLIC},
	{"172.16.0.1", ADDRESS_PRIVATE},
	{"172.31.255.255", ADDRESS_PRIVATE},
	{"172.32.0.0", ADDRESS_PUBLIC},
	{"192.168.1.1", ADDRESS_PRIVATE},
	{"192.169.0.0", ADDRESS_PUBLIC},
	{"198.19.255.255", ADDRESS_NEVER},
	{"0.0.0.0", ADDRESS_NEVER},
	{"0.1.2.3", ADDRESS_NEVER},
	{"223.255.255.255", ADDRESS_PUBLIC},
	{"224.0.0.1", ADDRESS_NEVER},
	{"255.255.255.255", ADDRESS_NEVER},
	{"2606:4700:4700::1111", ADDRESS_PUBLIC},
	{"::", ADDRESS_NEVER},
	{"::1", ADDRESS_PRIVATE},
	{"::2", ADDRESS_NEVER},
	{"fc00::1", ADDRESS_PRIVATE},
	{"fdff:ffff::1", ADDRESS_PRIVATE},
	{"fe80::1", ADDRESS_NEVER},
	{"fec0::1", ADDRESS_NEVER},
	{"ff02::1", ADDRESS_NEVER},
	{"2001:db8::1", ADDRESS_NEVER},
	{"2001::1", ADDRESS_NEVER},      /* Teredo: the IPv4 behind it is hidden */
	{"2001:200::1", ADDRESS_PUBLIC}, /* just behind 2001::/23 */
	{"::ffff:127.0.0.1", ADDRESS_PRIVATE},
	{"::ffff:169.254.169.254", ADDRESS_NEVER},
	{"::ffff:1.1.1.1", ADDRESS_PUBLIC},
	{"::127.0.0.1", ADDRESS_NEVER}, /* compatible: long gone */
	{"64:ff9b::10.0.0.1", ADDRESS_PRIVATE},
	{"64:ff9b::169.254.169.254", ADDRESS_NEVER},
	{"64:ff9b::1.1.1.1", ADDRESS_PUBLIC},
	{"64:ff9b:1::1", ADDRESS_NEVER}, /* a local translation prefix could be anything */
	{"2002:7f00:1::1", ADDRESS_PRIVATE},
	{"2002:a9fe:a9fe::1", ADDRESS_NEVER},
	{"3fff::1", ADDRESS_NEVER},
	{"4000::1", ADDRESS_NEVER},
};

static void addresses_are_public_private_or_never_right(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++)
		if (kind_of(addresses[i].address) != addresses[i].kind)
			fail_msg("%s: kind %d, %d expected", addresses[i].address,
				 (int)kind_of(addresses[i].address), (int)addresses[i].kind);
}

static void an_address_of_another_family_is_never_right(void **state)
{
	struct sockaddr other = {.sa_family = AF_UNIX};
	struct sockaddr_in cut = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x01010101)};

	(void)state;
	assert_int_equal(address_kind_of(&other, sizeof other), ADDRESS_NEVER);
	assert_int_equal(address_kind_of((const struct sockaddr *)&cut, 4), ADDRESS_NEVER);
}

static void an_address_is_read(void **state)
{
	struct target t;

	(void)state;
	assert_ok(target_parse(&t, S("https://hub.example:8443/a/b?c=d")));
	assert_slice(t.host, "hub.example");
	assert_int_equal(t.port, 8443);
	assert_slice(t.path, "/a/b?c=d");
	assert_ok(target_parse(&t, S("https://[::1]/x")));
	assert_slice(t.host, "[::1]");
	assert_int_equal(t.port, 443);
	assert_ok(target_parse(&t, S("https://hub.example")));
	assert_slice(t.path, "");
}

static void what_two_parsers_could_read_in_two_ways_is_refused(void **state)
{
	static const char *const rows[] = {
		"",
		"http://hub.example/",
		"HTTPS://hub.example/",
		"file:///etc/passwd",
		"https:/hub.example/",
		"https://",
		"https:///path",
		"https://user@hub.example/",
		"https://hub.example@evil.example/",
		"https://hub.example:443@evil.example/",
		"https://hub.example\\@evil.example/",
		"https://hub.example#@evil.example/",
		"https://hub.example/ x",
		"https://hub.example/\r\nHost: evil",
		"https://hub.example/\x7f",
		"https://hub.example/\xc3\xa4",
		"https://hub.example:/",
		"https://hub.example:0/",
		"https://hub.example:65536/",
		"https://hub.example:+1/",
		"https://hub.example:44 3/",
		"https://hub..example/",
		"https://.example/",
		"https://example./",
		"https://-example/",
		"https://ex%61mple/",
		"https://[::1",
		"https://[::1]x/",
		"https://[fe80::1%25eth0]/",
		"https://hub.example?query",
	};
	struct target t;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (target_parse(&t, slice_of_string(rows[i])) == OK)
			fail_msg("\"%s\" was taken", rows[i]);
}

static void an_address_too_long_is_refused(void **state)
{
	char url[TARGET_MAX_URL + 2];
	struct target t;

	(void)state;
	memset(url, 'a', sizeof url);
	memcpy(url, "https://h/", 10);
	assert_ok(target_parse(&t, slice_of(url, TARGET_MAX_URL)));
	assert_err(target_parse(&t, slice_of(url, TARGET_MAX_URL + 1)), ERR_LIMIT);
}

static void only_listed_hosts_are_gone_to(void **state)
{
	static const struct {
		const char *list;
		const char *url;
		bool listed;
	} rows[] = {
		{"", "https://hub.example/", false},
		{" ", "https://hub.example/", false},
		{"hub.example", "https://hub.example/", true},
		{"hub.example", "https://HUB.Example/", true},
		{"hub.example", "https://hub.example:443/", true},
		{"hub.example", "https://hub.example:8443/", false},
		{"hub.example:8443", "https://hub.example:8443/", true},
		{"hub.example:8443", "https://hub.example/", false},
		{"hub.example", "https://hub.example.evil/", false},
		{"hub.example", "https://evilhub.example/", false},
		{"hub.example", "https://cdn.hub.example/", false},
		{"*.hub.example", "https://cdn.hub.example/", true},
		{"*.hub.example", "https://a.b.hub.example/", true},
		{"*.hub.example", "https://hub.example/", false},
		{"*.hub.example", "https://evilhub.example/", false},
		{"*.hub.example:8443", "https://cdn.hub.example/", false},
		{"a.example  *.b.example c.example:1", "https://x.b.example/", true},
		{"a.example  *.b.example c.example:1", "https://c.example:1/", true},
		{"*", "https://hub.example/", false},
		{"[::1]:8443", "https://[::1]:8443/", true},
		{"127.0.0.1", "https://2130706433/", false},
	};
	struct target t;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_ok(target_parse(&t, slice_of_string(rows[i].url)));
		if (target_is_listed(&t, slice_of_string(rows[i].list)) != rows[i].listed)
			fail_msg("list \"%s\", %s", rows[i].list, rows[i].url);
	}
}

static void a_list_with_a_word_that_is_no_host_is_refused(void **state)
{
	(void)state;
	assert_ok(target_check_list(S("")));
	assert_ok(target_check_list(S("hub.example *.b.example:8443  [::1]")));
	assert_err(target_check_list(S("hub.example https://b.example")), ERR_FORMAT);
	assert_err(target_check_list(S("*")), ERR_FORMAT);
	assert_err(target_check_list(S("a.*.example")), ERR_FORMAT);
	assert_err(target_check_list(S("a.example,b.example")), ERR_FORMAT);
}

static void another_port_is_another_place(void **state)
{
	struct target a, b, c;

	(void)state;
	assert_ok(target_parse(&a, S("https://hub.example/x")));
	assert_ok(target_parse(&b, S("https://Hub.example:443/y")));
	assert_ok(target_parse(&c, S("https://hub.example:8443/x")));
	assert_true(target_same_place(&a, &b));
	assert_false(target_same_place(&a, &c));
}

static void headers_that_are_lines_are_taken(void **state)
{
	struct slice lines = S("Content-Type: text/plain\nX-Two:a b\n"), line;

	(void)state;
	assert_ok(call_headers_check(lines));
	assert_ok(call_headers_check(S("")));
	assert_true(call_headers_have(lines, "content-type"));
	assert_false(call_headers_have(lines, "content"));
	assert_true(call_headers_next(&line, &lines));
	assert_slice(line, "Content-Type: text/plain");
	assert_true(call_headers_next(&line, &lines));
	assert_slice(line, "X-Two:a b");
	assert_false(call_headers_next(&line, &lines));
}

static void headers_that_would_change_the_message_are_refused(void **state)
{
	static const char *const rows[] = {
		"X: no end",
		"no colon\n",
		": no name\n",
		"X:\n",
		"X: \n",
		"X Y: a space\n",
		"X: a\r\n",
		"X: a\x01b\n",
		"X: \xc3\xa4\n",
		"X: a\n\nGET / HTTP/1.1\n",
		"Host: evil.example\n",
		"content-length: 5\n",
		"Transfer-Encoding: chunked\n",
		"Connection: close\n",
		"Proxy-Authorization: x\n",
		"Accept-Encoding: gzip\n",
		"X: good\nExpect: 100-continue\n",
	};
	AUTO(buf_free) struct buf many = buf_new(1000);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (call_headers_check(slice_of_string(rows[i])) != ERR_FORMAT)
			fail_msg("\"%s\" was taken", rows[i]);
	for (unsigned i = 0; i <= CALL_HEADERS_MAX; i++)
		buf_write(&many, S("X: y\n"));
	assert_err(call_headers_check(buf_slice(&many)), ERR_LIMIT);
}

static void of_an_answer_the_chosen_headers_are_told_cleaned(void **state)
{
	AUTO(buf_free) struct buf out = buf_new(2 * CALL_HEADER_VALUE_MAX);
	char value[2 * CALL_HEADER_VALUE_MAX];

	(void)state;
	call_headers_keep(&out, S("ETag"),
			  S("\"a\x01"
			    "c\""));
	call_headers_keep(&out, S("Set-Cookie"), S("a=b"));
	call_headers_keep(&out, S("RETRY-AFTER"), S("5"));
	assert_slice(buf_slice(&out), "etag: \"a?c\"\nretry-after: 5\n");
	memset(value, 'v', sizeof value);
	for (unsigned i = 0; i < 10; i++)
		call_headers_keep(&out, S("location"), slice_of(value, sizeof value));
	assert_ok(buf_done(&out)); /* what does not fit is left out whole */
}

static void a_credential_goes_to_its_host_alone(void **state)
{
	static const char text[] =
		"# brokers\n\nb1 broker.example:8443 me:p+w:1\n b2  *.x.org  a:b \n";
	const struct slice file = slice_of_string(text);
	AUTO(buf_free) struct buf out = buf_new(1000);
	struct target broker, other;

	(void)state;
	assert_ok(target_parse(&broker, S("https://broker.example:8443/token")));
	assert_ok(target_parse(&other, S("https://broker.example/token")));
	assert_ok(credentials_check(file));
	assert_ok(credentials_write(&out, file, S("b1"), &broker));
	assert_slice(buf_slice(&out), "Authorization: Basic bWU6cCUyQnclM0Ex");
	assert_err(credentials_write(&out, file, S("b1"), &other), ERR_DENIED);
	assert_err(credentials_write(&out, file, S("b2"), &broker), ERR_DENIED);
	assert_err(credentials_write(&out, file, S("b3"), &broker), ERR_DENIED);
	assert_err(credentials_check(S("b1 broker.example me")), ERR_FORMAT);
	assert_err(credentials_check(S("ok h a:b\nb1 https://x a:b")), ERR_FORMAT);
	assert_err(credentials_check(S("b1 h :b")), ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_public_private_or_never_right),
		cmocka_unit_test(an_address_of_another_family_is_never_right),
		cmocka_unit_test(an_address_is_read),
		cmocka_unit_test(what_two_parsers_could_read_in_two_ways_is_refused),
		cmocka_unit_test(an_address_too_long_is_refused),
		cmocka_unit_test(only_listed_hosts_are_gone_to),
		cmocka_unit_test(a_list_with_a_word_that_is_no_host_is_refused),
		cmocka_unit_test(another_port_is_another_place),
		cmocka_unit_test(a_credential_goes_to_its_host_alone),
		cmocka_unit_test(headers_that_are_lines_are_taken),
		cmocka_unit_test(headers_that_would_change_the_message_are_refused),
		cmocka_unit_test(of_an_answer_the_chosen_headers_are_told_cleaned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

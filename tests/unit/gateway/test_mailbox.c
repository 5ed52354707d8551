/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <string.h>

#include "gateway/courier/mailbox.h"

static void a_mailbox_is_a_name_at_a_host_and_nothing_else(void **state)
{
	static const struct {
		const char *address, *why;
		enum err expected;
	} rows[] = {
		{"a@b", "the shortest", OK},
		{"first.last+tag@sub.example-host.org", "usual", OK},
		{"x!#$%&'*/=?^_`{|}~@example.org", "all that a name may have", OK},
		{"", "nothing", ERR_FORMAT},
		{"someone", "no host", ERR_FORMAT},
		{"@example.org", "no name", ERR_FORMAT},
		{"a@", "an empty host", ERR_FORMAT},
		{"a@b@c", "two hosts", ERR_FORMAT},
		{".a@b", "begins with a dot", ERR_FORMAT},
		{"a.@b", "ends with a dot", ERR_FORMAT},
		{"a..b@c", "two dots", ERR_FORMAT},
		{"a@b..c", "two dots", ERR_FORMAT},
		{"a@-b", "an option?", ERR_FORMAT},
		{"a b@c", "a space", ERR_FORMAT},
		{"a@b\r\nBcc: all@c", "another header", ERR_FORMAT},
		{"a@b\nRCPT TO:<c@d>", "another command", ERR_FORMAT},
		{"<a@b>", "brackets", ERR_FORMAT},
		{"\"a b\"@c", "quotes", ERR_FORMAT},
		{"a@[127.0.0.1]", "an address literal", ERR_FORMAT},
		{"\xc3\xa4@example.org", "not ASCII", ERR_FORMAT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (mailbox_check(slice_of_string(rows[i].address)) != rows[i].expected)
			fail_msg("%s: %s", rows[i].address, rows[i].why);
}

static void one_that_is_too_long_is_none(void **state)
{
	char address[MAILBOX_MAX + 2];

	(void)state;
	memset(address, 'a', sizeof address);
	address[1] = '@';
	assert_ok(mailbox_check(slice_of(address, MAILBOX_MAX)));
	assert_err(mailbox_check(slice_of(address, MAILBOX_MAX + 1)), ERR_FORMAT);
	memset(address, 'a', sizeof address);
	address[65] = '@';
	assert_err(mailbox_check(slice_of(address, 100)), ERR_FORMAT);
}

static void a_message_has_its_headers_and_its_text(void **state)
{
	AUTO(buf_free) struct buf out = buf_new(4096);
	const struct mailbox_message message = {.from = S("gateway@example.org"),
						.to = S("ada@example.org"),
						.subject = S("Access"),
						.id = S("0001"),
						.domain = S("example.org"),
						.text = S("one\r\ntwo\n\n.three"),
						.at_seconds = 1709164799};

	(void)state;
	mailbox_write(&out, &message);
	assert_ok(buf_done(&out));
	assert_string_equal(buf_string(&out), "From: gateway@example.org\r\n"
					      "To: ada@example.org\r\n"
					      "Subject: Access\r\n"
					      "Date: Wed, 28 Feb 2024 23:59:59 +0000\r\n"
					      "Message-ID: <0001@example.org>\r\n"
					      "Auto-Submitted: auto-generated\r\n"
					      "MIME-Version: 1.0\r\n"
					      "Content-Type: text/plain; charset=utf-8\r\n"
					      "Content-Transfer-Encoding: 8bit\r\n"
					      "\r\n"
					      "one\r\ntwo\r\n\r\n.three\r\n");
}

static void no_text_breaks_out_of_its_header_or_line(void **state)
{
	AUTO(buf_free) struct buf out = buf_new(16384);
	AUTO(buf_free) struct buf text = buf_new(4096);
	struct mailbox_message message = {.from = S("a@b"),
					  .to = S("c@d"),
					  .subject = S("News\r\nBcc: all@everywhere\n\nhello"),
					  .id = S("1"),
					  .domain = S("b")};
	struct slice rest, line;

	(void)state;
	for (int i = 0; i < 300; i++)
		buf_write_string(&text, "0123456789");
	message.text = buf_slice(&text);
	mailbox_write(&out, &message);
	assert_ok(buf_done(&out));
	assert_non_null(strstr(buf_string(&out), "Subject: News??Bcc: all@everywhere??hello\r\n"));
	rest = buf_slice(&out);
	while (slice_cut(rest, '\n', &line, &rest))
		assert_true(line.size <= 998 && line.data[line.size - 1] == '\r');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mailbox_is_a_name_at_a_host_and_nothing_else),
		cmocka_unit_test(one_that_is_too_long_is_none),
		cmocka_unit_test(a_message_has_its_headers_and_its_text),
		cmocka_unit_test(no_text_breaks_out_of_its_header_or_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

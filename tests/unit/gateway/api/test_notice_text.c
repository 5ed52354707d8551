/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "gateway/api/notice/notice_text.h"
#include "tests/unit/test.h"

static struct store_message denial(void)
{
	return (struct store_message){
		.id = {1},
		.notice = {.id = {2},
			   .kind = S("request.deny"),
			   .at_ms = 1614265330000,
			   .actor = {3},
			   .person = {4},
			   .request = {5},
			   .model = S("a/b")},
		.person_name = S("ada"),
		.actor_name = S("bob"),
		.recipient = {4},
	};
}

static void a_mail_says_what_whom_and_what_next(void **state)
{
	AUTO(buf_free) struct buf subject = buf_new(NOTICE_TEXT_MAX);
	AUTO(buf_free) struct buf text = buf_new(NOTICE_TEXT_MAX);
	struct store_message m = denial();

	(void)state;
	notice_write_subject(&subject, &m);
	notice_write_text(&text, &m, S("https://gate"));
	assert_ok(buf_done(&text));
	assert_string_equal(buf_string(&subject), "Access to a/b was denied");
	assert_string_equal(
		buf_string(&text),
		"The request of ada for access to a/b was denied.\n\n"
		"Read the reason there. You may appeal: somebody else decides then.\n\n"
		"See:  https://gate/api/v1/access-requests/05000000-0000-0000-0000-000000000000\n"
		"When: 2021-02-25T15:02:10.000Z\n"
		"Who:  bob\n"
		"What: request.deny\n\n"
		"Which of these you get by mail you choose at https://gate/api/v1/notifications\n");
}

static void an_officer_is_told_what_is_theirs_to_do(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(NOTICE_TEXT_MAX);
	struct store_message m = denial();

	(void)state;
	m.notice.kind = S("request.withdraw");
	m.recipient[0] = 9;
	memset(m.notice.actor, 0, STORE_ID);
	m.actor_name = S("");
	notice_write_text(&text, &m, S("https://gate"));
	assert_ok(buf_done(&text));
	assert_non_null(strstr(buf_string(&text), "\n\nNothing is left to decide.\n\n"));
	assert_non_null(strstr(buf_string(&text), "\nWho:  the gateway\n"));
}

/* Signed with the specification's own library in JavaScript (standardwebhooks 1.0.0), for this key
 * and body. */
static void a_post_is_signed_as_standard_webhooks_say(void **state)
{
	AUTO(buf_free) struct buf headers = buf_new(NOTICE_TEXT_MAX);
	AUTO(buf_free) struct buf secret = buf_new(NOTICE_TEXT_MAX);
	struct store_message m = denial();

	(void)state;
	for (uint8_t i = 0; i < STORE_SECRET; i++)
		m.secret[i] = i;
	notice_write_headers(&headers, &m, S("{\"a\":1}"), 1614265330);
	notice_write_secret(&secret, m.secret);
	assert_ok(buf_done(&headers));
	assert_string_equal(buf_string(&secret),
			    "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
	assert_string_equal(buf_string(&headers),
			    "Content-Type: application/json\n"
			    "webhook-id: 01000000-0000-0000-0000-000000000000\n"
			    "webhook-timestamp: 1614265330\n"
			    "webhook-signature: v1,3HXgQ6rDKl+q9a7SOBZpoY5oinx9Qveg0zlcM4eL4zs=\n");
}

static void an_event_has_ids_and_names_and_nothing_else(void **state)
{
	AUTO(buf_free) struct buf event = buf_new(NOTICE_TEXT_MAX);
	struct store_message m = denial();

	(void)state;
	assert_ok(notice_write_event(&event, &m, S("https://gate")));
	assert_string_equal(
		buf_string(&event),
		"{\"data\":{\"actor\":{\"id\":\"03000000-0000-0000-0000-000000000000\","
		"\"name\":\"bob\"},\"href\":\"https://gate/api/v1/access-requests/"
		"05000000-0000-0000-0000-000000000000\",\"model\":\"a/b\","
		"\"notice\":\"02000000-0000-0000-0000-000000000000\","
		"\"person\":{\"id\":\"04000000-0000-0000-0000-000000000000\",\"name\":\"ada\"},"
		"\"request\":\"05000000-0000-0000-0000-000000000000\"},"
		"\"timestamp\":\"2021-02-25T15:02:10.000Z\",\"type\":\"request.deny\"}");
}

static void tries_grow_rarer_and_never_stop_by_themselves(void **state)
{
	(void)state;
	assert_int_equal(notice_wait_ms(0), 5000);
	for (int64_t i = 1; i < 20; i++)
		assert_true(notice_wait_ms(i) <= notice_wait_ms(i + 1));
	assert_int_equal(notice_wait_ms(INT64_MAX), 3 * 3600 * 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mail_says_what_whom_and_what_next),
		cmocka_unit_test(an_officer_is_told_what_is_theirs_to_do),
		cmocka_unit_test(a_post_is_signed_as_standard_webhooks_say),
		cmocka_unit_test(an_event_has_ids_and_names_and_nothing_else),
		cmocka_unit_test(tries_grow_rarer_and_never_stop_by_themselves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

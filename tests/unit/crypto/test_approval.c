/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include "crypto/approval.h"
#include "crypto/json.h"

static const char example[] =
	"{\"gateway\":\"host/log\",\"key\":\"AA==\",\"kind\":\"approver.remove\","
	"\"signed\":\"2026-01-01T00:00:00.000Z\",\"v\":1}";

static enum err parse(const char *text)
{
	AUTO(json_auto) json_t *statement = NULL;
	AUTO(json_auto) json_t *subject = NULL;
	struct approval a;

	return approval_parse(&a, &statement, &subject, slice_of_string(text));
}

static void a_statement_reads_back_as_it_was_written(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(APPROVAL_MAX);
	AUTO(json_auto) json_t *subject = json_object_new();
	AUTO(json_auto) json_t *statement = NULL;
	AUTO(json_auto) json_t *back = NULL;
	struct approval a = {S(APPROVAL_REMOVE), S("host/log"), 1767225600000}, read;

	(void)state;
	json_put_text(subject, "key", S("AA=="));
	assert_ok(approval_write(&text, &a, subject));
	assert_string_equal(buf_string(&text), example);
	assert_ok(approval_parse(&read, &statement, &back, buf_slice(&text)));
	assert_slice(read.kind, APPROVAL_REMOVE);
	assert_slice(read.gateway, "host/log");
	assert_int_equal(read.signed_ms, a.signed_ms);
	assert_true(json_equal(back, subject));
}

static void what_is_not_canonical_or_lacks_something_is_refused(void **state)
{
	static const struct {
		const char *text;
		enum err expected;
	} rows[] = {
		{"{}", ERR_FORMAT},
		{"[]", ERR_FORMAT},
		{"{\"gateway\":\"g\",\"kind\":\"k\",\"signed\":\"2026-01-01T00:00:00.000Z\",\"v\":"
		 "2}",
		 ERR_UNSUPPORTED},
		{"{\"gateway\":\"g\",\"kind\":\"k\",\"signed\":\"2026-01-01T00:00:00Z\",\"v\":1}",
		 ERR_FORMAT}, /* another spelling of the time */
		{"{\"gateway\":\"g\", "
		 "\"kind\":\"k\",\"signed\":\"2026-01-01T00:00:00.000Z\",\"v\":1}",
		 ERR_FORMAT},
		{"{\"kind\":\"k\",\"gateway\":\"g\",\"signed\":\"2026-01-01T00:00:00.000Z\",\"v\":"
		 "1}",
		 ERR_FORMAT},
		{"{\"gateway\":\"g\",\"kind\":\"k\",\"kind\":\"l\",\"signed\":"
		 "\"2026-01-01T00:00:00.000Z\",\"v\":1}",
		 ERR_FORMAT},
		{"{\"gateway\":\"g\",\"kind\":\"k\",\"signed\":\"2026-01-01T00:00:00.000Z\",\"v\":"
		 "1,"
		 "\"x\":1.5}",
		 ERR_UNSUPPORTED},
	};

	(void)state;
	assert_ok(parse(example));
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_err(parse(rows[i].text), rows[i].expected);
}

static void a_subject_cannot_speak_for_the_envelope(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(APPROVAL_MAX);
	AUTO(json_auto) json_t *subject = json_object_new();
	struct approval a = {S("license"), S("host/log"), 0};

	(void)state;
	json_put_text(subject, "kind", S("gate"));
	assert_err(approval_write(&text, &a, subject), ERR_FORMAT);
}

static void it_counts_for_a_week_and_not_before_it_was_signed(void **state)
{
	struct approval a = {.signed_ms = 1000000000000};
	const int64_t week = APPROVAL_SECONDS * 1000LL, ahead = APPROVAL_AHEAD_SECONDS * 1000LL;

	(void)state;
	assert_ok(approval_check_time(&a, a.signed_ms));
	assert_ok(approval_check_time(&a, a.signed_ms + week));
	assert_err(approval_check_time(&a, a.signed_ms + week + 1), ERR_EXPIRED);
	assert_ok(approval_check_time(&a, a.signed_ms - ahead));
	assert_err(approval_check_time(&a, a.signed_ms - ahead - 1), ERR_EXPIRED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_statement_reads_back_as_it_was_written),
		cmocka_unit_test(what_is_not_canonical_or_lacks_something_is_refused),
		cmocka_unit_test(a_subject_cannot_speak_for_the_envelope),
		cmocka_unit_test(it_counts_for_a_week_and_not_before_it_was_signed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Reports: the keeper signs what an appended report.make says, once, and under a name of its own.
 */
#include "tests/unit/gateway/keeper/scene.h"

#include "crypto/note.h"
#include "schema/report/note.h"

#define DIGEST_TEXT "00000000000000000000000000000000000000000000000000000000000000aa"

/* An entry about a tree of this size; the question that goes with it. */
static struct wire_report_sign ask_report(struct scene *s, const char *kind, const char *name,
					  long long size)
{
	struct wire_report_sign ask;

	PAYLOAD(s,
		"{\"report\":{\"csv\":\"" DIGEST_TEXT "\",\"filters\":{\"model\":\"a/b\"},"
		"\"from\":\"2026-01-01T00:00:00.000Z\",\"html\":\"" DIGEST_TEXT "\","
		"\"json\":\"" DIGEST_TEXT "\",\"name\":\"%s\",\"root\":\"" DIGEST_TEXT "\","
		"\"rows\":3,\"size\":%lld,\"to\":\"\"}}",
		name, size);
	append(s, kind);
	memcpy(ask.event, s->entry.id, WIRE_ID);
	return ask;
}

static void the_note_says_what_the_entry_says(void **state)
{
	struct scene *s = *state;
	struct wire_report_sign ask = ask_report(s, "report.make", "downloads", 1);
	AUTO(buf_free) struct buf note = buf_new(NOTE_MAX), vkey = buf_new(NOTE_VKEY_MAX);
	struct note_key log, key;
	char expected[1024], id[TEXT_UUID];
	struct slice text;

	assert_ok(keeper_report_sign(s->keeper, &ask, s->now, &note));
	assert_ok(keeper_write_vkey(s->keeper, &vkey));
	assert_ok(note_key_parse(&log, buf_slice(&vkey)));
	assert_ok(report_key_of(&key, &log));
	assert_ok(note_verify(&text, buf_slice(&note), &key, 1));
	text_uuid(id, ask.event);
	snprintf(expected, sizeof expected,
		 "sallyport report/v1\ndownloads\n2026-01-01T00:00:00.000Z - \n"
		 "{\"model\":\"a/b\"}\n%s\n1\n"
		 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAKo=\nrows 3\njson " DIGEST_TEXT
		 "\ncsv " DIGEST_TEXT "\nhtml " DIGEST_TEXT "\nentry %s\n",
		 log.name, id);
	assert_slice(text, expected);
	assert_err(note_verify(&text, buf_slice(&note), &log, 1), ERR_NOT_FOUND);
}

static void a_note_of_a_report_is_no_checkpoint(void **state)
{
	struct scene *s = *state;
	struct wire_report_sign ask = ask_report(s, "report.make", "downloads", 1);
	AUTO(buf_free) struct buf note = buf_new(NOTE_MAX);
	struct checkpoint checkpoint;
	struct slice text;

	assert_ok(keeper_report_sign(s->keeper, &ask, s->now, &note));
	assert_ok(note_text(&text, buf_slice(&note)));
	assert_int_not_equal(checkpoint_parse(&checkpoint, text), OK);
}

static void an_entry_is_good_for_one_note(void **state)
{
	struct scene *s = *state;
	struct wire_report_sign ask = ask_report(s, "report.make", "downloads", 1);
	AUTO(buf_free) struct buf note = buf_new(NOTE_MAX);

	assert_ok(keeper_report_sign(s->keeper, &ask, s->now, &note));
	assert_err(keeper_report_sign(s->keeper, &ask, s->now, &note), ERR_CONFLICT);
}

static void what_no_entry_tells_is_not_signed(void **state)
{
	struct scene *s = *state;
	AUTO(buf_free) struct buf note = buf_new(NOTE_MAX);
	struct wire_report_sign ask = ask_report(s, "report.make", "downloads", 1 << 20);

	assert_err(keeper_report_sign(s->keeper, &ask, s->now, &note), ERR_DENIED); /* too long */
	ask = ask_report(s, "status.publish", "downloads", 1);
	assert_err(keeper_report_sign(s->keeper, &ask, s->now, &note), ERR_DENIED);
	ask = ask_report(s, "report.make", "down\\nloads", 1);
	assert_err(keeper_report_sign(s->keeper, &ask, s->now, &note), ERR_FORMAT);
	memset(ask.event, 7, WIRE_ID);
	assert_err(keeper_report_sign(s->keeper, &ask, s->now, &note), ERR_NOT_FOUND);
	ask = ask_report(s, "report.make", "downloads", 1);
	s->now.monotonic_ms += RULES_FRESH_MS + 1;
	assert_err(keeper_report_sign(s->keeper, &ask, s->now, &note), ERR_EXPIRED);
	assert_int_equal(note.size, 0);
}

#define WITH_SCENE(test) cmocka_unit_test_setup_teardown(test, scene_new, scene_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SCENE(the_note_says_what_the_entry_says),
		WITH_SCENE(a_note_of_a_report_is_no_checkpoint),
		WITH_SCENE(an_entry_is_good_for_one_note),
		WITH_SCENE(what_no_entry_tells_is_not_signed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Erasure and retention step by step, against a real PostgreSQL: what two people, the law's
 * periods, holds and a clock that jumps let go. */
#include <stdio.h>

#include "crypto/base/clock.h"
#include "schema/store/audit.h"
#include "schema/store/audit_search.h"
#include "schema/store/retention.h"
#include "tests/integration/postgres.h"
#include "tests/unit/test.h"

#define ID(n) "00000000-0000-7000-8000-0000000000" n
#define SUBJECT ID("01")
#define FIRST ID("02")
#define SECOND ID("03")
#define ERASURE ID("0e")

static struct postgres postgres;
static struct store *edge;
static struct arena arena;
static const struct store_periods periods = {12, 10};
static const uint8_t first[STORE_ID] = {[6] = 0x70, [8] = 0x80, [15] = 0x02};
static const uint8_t second[STORE_ID] = {[6] = 0x70, [8] = 0x80, [15] = 0x03};
static const uint8_t subject[STORE_ID] = {[6] = 0x70, [8] = 0x80, [15] = 0x01};
static const uint8_t erasure[STORE_ID] = {[6] = 0x70, [8] = 0x80, [15] = 0x0e};

static void run(const char *sql)
{
	assert_true(postgres_run(&postgres, sql, NULL));
}

static void expect(const char *sql, const char *wanted)
{
	char found[256];

	assert_true(postgres_run(&postgres, sql, found));
	assert_string_equal(found, wanted);
}

static int open_all(void **state)
{
	(void)state;
	postgres_open(&postgres, "test_erasure");
	edge = postgres_connect(&postgres, "sallyport_edge");
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	store_free(edge);
	arena_free(&arena);
	return 0;
}

/* Numbers 0 to 5: a call and a license of the subject, a call of another, a call of the subject
 * of seven months ago, a files' entry of theirs, and what another wrote of them. */
static int make_log(void **state)
{
	(void)state;
	run("SET session_replication_role = replica;"
	    "TRUNCATE person, erasure, legal_hold, audit_kept, audit_event, audit_outbox, "
	    "audit_leaf, audit_entry, audit_checkpoint, audit_reduced, audit_span, audit_day, "
	    "audit_affiliation CASCADE; UPDATE audit_progress SET next = 0;"
	    "UPDATE retention SET next = 0, erased = 0, ran_at = NULL, entry = NULL;"
	    "UPDATE retention_clock SET seen_at = now(), waits_until = '-infinity';"
	    "INSERT INTO person (id, name, email, created_at) VALUES ('" SUBJECT
	    "', 'jane', 'jane@uni.example', now()), ('" FIRST "', 'one', NULL, now()), ('" SECOND
	    "', 'two', NULL, now());"
	    "INSERT INTO audit_event (id, at, kind, actor, actor_name, payload, nonce, leaf) "
	    "SELECT ('00000000-0000-7000-8000-00000000010' || n)::uuid, now() - ago, kind, "
	    "actor::uuid, 'jane', convert_to(payload, 'UTF8'), sha256('n'), '{}' FROM (VALUES "
	    "(0, interval '0', 'infer.generate', '" SUBJECT "', '{\"address\":\"192.0.2.1\"}'),"
	    "(1, interval '0', 'license.issue', '" SUBJECT "', '{}'),"
	    "(2, interval '0', 'infer.generate', '" FIRST "', '{}'),"
	    "(3, interval '7 months', 'infer.generate', '" SUBJECT "', '{}'),"
	    "(4, interval '7 months', 'model.commit', '" SUBJECT "', '{}'),"
	    "(5, interval '11 years', 'request.comment', '" FIRST
	    "', '{\"to\":\"Jane@uni.example\"}')"
	    ") v(n, ago, kind, actor, payload);"
	    "INSERT INTO audit_leaf (seq, event, leaf, leaf_hash) SELECT right(id::text, "
	    "1)::bigint, "
	    "id, '{}', sha256('\\x00'::bytea || '{}') FROM audit_event;"
	    "INSERT INTO audit_checkpoint VALUES (6, sha256('r'), 'note')");
	run("SELECT audit_catch_up(100)");
	return 0;
}

static void ask(const char *override)
{
	struct store_erasure e = {.scope = S("all"),
				  .reason = S("asked for"),
				  .override = slice_of_string(override),
				  .asked_ms = clock_now_ms()};

	memcpy(e.id, erasure, STORE_ID);
	memcpy(e.subject, subject, STORE_ID);
	memcpy(e.asked_by, first, STORE_ID);
	assert_ok(store_erasure_add(edge, &e));
}

/* One step as the job takes it; how many entries went. */
static int64_t step(const char *event)
{
	struct store_event entry = {.at_ms = clock_now_ms(),
				    .kind = S("erasure.run"),
				    .code = S("OK"),
				    .payload = S("{}")};
	struct store_erasure_step s;

	memcpy(entry.id, event, STORE_ID);
	assert_ok(store_begin(edge));
	assert_ok(store_erasure_look(edge, &arena, &s, erasure, &periods));
	if (s.goes)
		assert_ok(store_audit_insert(edge, &entry));
	assert_ok(store_erasure_apply(edge, erasure, s.goes ? entry.id : (const uint8_t[16]){0},
				      &periods));
	assert_ok(store_commit(edge));
	return s.goes;
}

static const char *const payloads_left =
	"SELECT string_agg(right(id::text, 1), '' ORDER BY id) FROM audit_event "
	"WHERE payload IS NOT NULL AND id::text LIKE '%10_'";

static void one_person_erases_nobody(void **state)
{
	(void)state;
	ask("");
	assert_err(store_erasure_confirm(edge, erasure, first, &periods, S("")), ERR_CONFLICT);
	assert_err(store_erasure_confirm(edge, erasure, subject, &periods, S("")), ERR_CONFLICT);
	assert_err(store_erasure_reject(edge, erasure, first, S("no")), ERR_CONFLICT);
	expect(payloads_left, "012345");
	expect("SELECT name FROM person WHERE id = '" SUBJECT "'", "jane");
	assert_false(postgres_run(&postgres,
				  "UPDATE erasure SET decided_by = asked_by, state = 'running', "
				  "terms = '{}', decided_at = now()",
				  NULL));
}

static void without_an_override_the_laws_periods_hold(void **state)
{
	(void)state;
	ask("");
	assert_ok(store_erasure_confirm(edge, erasure, second, &periods, S("")));
	expect("SELECT name || coalesce(email, '') FROM person WHERE id = '" SUBJECT "'",
	       "erased-00000000000070008000000000000001");
	/* Twelve months and ten years are the settings: of these only the comment is old enough. */
	assert_int_equal(step("aaaaaaaaaaaaaaaa"), 1);
	expect(payloads_left, "01234");
	expect("SELECT string_agg(place / 65536 || '', ',' ORDER BY place) FROM audit_kept",
	       "0,1,3");
	expect("SELECT count(*) FROM audit_event WHERE actor_name = 'jane' AND actor = '" SUBJECT
	       "'",
	       "0");
}

static void with_an_override_all_goes_but_what_other_proofs_rest_on(void **state)
{
	struct store_erasure_step s;

	(void)state;
	ask("a court");
	assert_ok(store_erasure_confirm(edge, erasure, second, &periods, S("")));
	assert_ok(store_begin(edge));
	assert_ok(store_erasure_look(edge, &arena, &s, erasure, &periods));
	assert_slice(s.ranges, "[[0,1],[3,3],[5,5]]");
	store_rollback(edge); /* a crash: nothing has happened */
	expect(payloads_left, "012345");
	assert_int_equal(step("bbbbbbbbbbbbbbbb"), 4);
	assert_int_equal(step("cccccccccccccccc"), 0);
	expect(payloads_left, "24");
	expect("SELECT string_agg(DISTINCT encode(uuid_send(erased_by), 'escape'), ',') FROM "
	       "audit_event WHERE payload IS NULL",
	       "bbbbbbbbbbbbbbbb");
	expect("SELECT count(address) || ' ' || count(actor_name) FROM audit_entry "
	       "WHERE place < 6 * 65536 AND place / 65536 IN (0, 1, 3)",
	       "0 0");
}

static void nothing_is_erased_without_an_entry_of_the_same_transaction(void **state)
{
	(void)state;
	assert_false(postgres_run(&postgres, "SELECT audit_erase('" ID("99") "', '{0}')", NULL));
	run("INSERT INTO audit_event (id, at, kind, payload, nonce) VALUES ('" ID(
		"98") "', now(), 'erasure.run', '{}', sha256('n'))");
	assert_false(postgres_run(&postgres, "SELECT audit_erase('" ID("98") "', '{0}')", NULL));
	expect(payloads_left, "012345");
}

static void what_went_is_told_as_ranges_of_entries_and_of_rows(void **state)
{
	(void)state;
	expect("SELECT place_ranges('{}')", "[]");
	expect("SELECT place_ranges(ARRAY[65536 * 3, 65536 * 1, 65536 * 2, 65536 * 9])",
	       "[[1,3],[9,9]]");
	expect("SELECT place_ranges(ARRAY[65536 * 4, 65536 * 5 + 1, 65536 * 5 + 2, 65536 * 5 + 9, "
	       "65536 * 6])",
	       "[[4,4],[[5,0],[5,1]],[[5,8],[5,8]],[6,6]]");
}

static void a_hold_keeps_what_its_time_is_over_for(void **state)
{
	struct store_retention *rules;
	struct store_erasure_step s;
	size_t count;

	(void)state;
	run("UPDATE person SET name = name; INSERT INTO legal_hold (id, kind, person, reason, "
	    "placed_by, placed_at) VALUES ('" ID("50") "', 'person', '" FIRST "', 'case', '" SECOND
						       "', now())");
	assert_ok(store_retention_list(edge, &arena, &rules, &count, &periods));
	assert_int_equal(count, 3);
	assert_ok(store_begin(edge));
	assert_ok(store_retention_look(edge, &arena, &s, S("usage"), &periods));
	assert_int_equal(s.goes, 0); /* seven months are not twelve */
	store_rollback(edge);
	ask("a court");
	assert_ok(store_erasure_confirm(edge, erasure, second, &periods, S("")));
	assert_int_equal(step("dddddddddddddddd"), 3);
	expect(payloads_left, "245"); /* number 5 is by the one who is held */
	expect("SELECT string_agg(place / 65536 || '', ',') FROM audit_kept", "5");
	run("UPDATE legal_hold SET lifted_by = placed_by, lifted_at = now()");
}

static void settings_below_the_law_change_nothing(void **state)
{
	const struct store_periods none = {0, 0};
	struct store_erasure_step s;

	(void)state;
	run("SET session_replication_role = replica; UPDATE audit_event SET at = at - interval "
	    "'5 months'; UPDATE audit_entry SET at = at - interval '5 months'");
	assert_ok(store_begin(edge));
	assert_ok(store_retention_look(edge, &arena, &s, S("usage"), &none));
	assert_int_equal(s.goes, 0); /* the first is five months old: the walk ends there */
	store_rollback(edge);
	run("SET session_replication_role = replica; UPDATE audit_event SET at = at - interval "
	    "'2 months'; UPDATE audit_entry SET at = at - interval '2 months'");
	assert_ok(store_begin(edge));
	assert_ok(store_retention_look(edge, &arena, &s, S("usage"), &none));
	assert_slice(s.ranges, "[[0,0],[2,3]]");
	store_rollback(edge);
}

static void after_the_clock_has_jumped_nothing_goes_for_a_day(void **state)
{
	struct store_erasure_step s;
	bool more;

	(void)state;
	run("SET session_replication_role = replica; UPDATE audit_event SET at = at - interval "
	    "'2 years'; UPDATE audit_entry SET at = at - interval '2 years';"
	    "UPDATE retention_clock SET seen_at = now() - interval '31 days'");
	assert_ok(store_begin(edge));
	assert_ok(store_retention_look(edge, &arena, &s, S("usage"), &periods));
	assert_int_equal(s.goes, 0);
	assert_ok(store_retention_apply(edge, &more, S("usage"), (const uint8_t[16]){0}, &periods));
	assert_false(more);
	assert_ok(store_commit(edge));
	expect("SELECT next FROM retention WHERE rule = 'usage'", "0");
	run("UPDATE retention_clock SET waits_until = now()");
	assert_ok(store_begin(edge));
	assert_ok(store_retention_look(edge, &arena, &s, S("usage"), &periods));
	assert_int_equal(s.goes, 3);
	store_rollback(edge);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(one_person_erases_nobody, make_log),
		cmocka_unit_test_setup(without_an_override_the_laws_periods_hold, make_log),
		cmocka_unit_test_setup(with_an_override_all_goes_but_what_other_proofs_rest_on,
				       make_log),
		cmocka_unit_test_setup(nothing_is_erased_without_an_entry_of_the_same_transaction,
				       make_log),
		cmocka_unit_test(what_went_is_told_as_ranges_of_entries_and_of_rows),
		cmocka_unit_test_setup(a_hold_keeps_what_its_time_is_over_for, make_log),
		cmocka_unit_test_setup(settings_below_the_law_change_nothing, make_log),
		cmocka_unit_test_setup(after_the_clock_has_jumped_nothing_goes_for_a_day, make_log),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}

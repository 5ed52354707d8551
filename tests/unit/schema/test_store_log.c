/* SPDX-License-Identifier: Apache-2.0 */
/* Events as rows, against a real PostgreSQL: written, numbered, found. */
#include <stdio.h>

#include "crypto/merkle.h"
#include "crypto/random.h"
#include "schema/audit/event.h"
#include "schema/store/audit_search.h"
#include "schema/store/log.h"
#include "schema/store/numbering.h"
#include "schema/store/record.h"
#include "tests/integration/postgres.h"
#include "tests/unit/test.h"

#define NOW INT64_C(1790000000000)

static struct postgres postgres;
static struct store *edge, *scribe, *auditor;
static struct arena arena;
static uint8_t alice[16];

static int open_all(void **state)
{
	(void)state;
	postgres_open(&postgres, "test_store_log");
	edge = postgres_connect(&postgres, "sallyport_edge");
	scribe = postgres_connect(&postgres, "sallyport_scribe");
	auditor = postgres_connect(&postgres, "sallyport_auditor");
	random_uuid(alice, NOW);
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	store_free(edge);
	store_free(scribe);
	store_free(auditor);
	arena_free(&arena);
	return 0;
}

static void put_event(enum audit_kind kind, const char *name, uint8_t id[16])
{
	AUTO(audit_event_clear) struct audit_event e;
	struct store_event row;

	audit_event_begin(&e, kind, alice, S("alice"));
	audit_event_text(&e, "model", slice_of_string(name));
	assert_ok(audit_event_end(&e, NOW));
	row = audit_event_row(&e);
	memcpy(id, row.id, 16);
	assert_ok(store_audit_insert(edge, &row));
}

/* All that wait get numbers; `size` had theirs before. */
static void number_all(size_t waiting, uint64_t size)
{
	struct store_link link = {.entries = 0};
	struct store_numbered numbered[8];
	struct store_log_limits limits = {.others = 8, .max_bytes = 1 << 20};
	struct store_numbers numbers = {.entries = numbered, .links = &link, .link_count = 1};
	struct store_taken taken;

	memcpy(link.id, alice, STORE_ID);
	assert_ok(store_begin(scribe));
	assert_ok(store_log_take(scribe, &arena, &taken, &limits));
	assert_int_equal(taken.other_count, waiting);
	assert_int_equal(taken.size, size);
	assert_ok(store_log_links(scribe, &link, 1));
	assert_int_equal(link.entries, size);
	for (size_t i = 0; i < waiting; i++) {
		struct digest hash = merkle_leaf(S("{}"));

		numbered[i] = (struct store_numbered){
			.event = &taken.others[i],
			.leaf = S("{}"),
			.chain = slice_of_string(arena_printf(&arena, "[\"%zu\"]", i))};
		memcpy(numbered[i].leaf_hash, hash.bytes, sizeof hash.bytes);
	}
	link.entries += waiting;
	link.last = (size + waiting - 1) * 65536;
	numbers.first = size;
	numbers.count = waiting;
	if (waiting)
		assert_ok(store_log_put(scribe, &numbers));
	assert_ok(store_commit(scribe));
}

static void events_are_found_once_a_checkpoint_covers_them(void **state)
{
	struct store_checkpoint checkpoint = {.note = S("note")};
	struct store_event event;
	uint8_t ids[5][16];
	uint64_t index;
	bool published;

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		put_event(i == 3 ? AUDIT_MODEL_DISABLE : AUDIT_MODEL_CREATE, i == 2 ? "b" : "a",
			  ids[i]);
	number_all(5, 0);
	number_all(0, 5);
	assert_ok(store_audit_is_published(edge, &published, &index, ids[0]));
	assert_false(published);
	checkpoint.size = 4;
	assert_ok(store_log_checkpoint_add(scribe, &checkpoint));
	assert_ok(store_log_checkpoint_add(scribe, &checkpoint));
	checkpoint.root[0] = 1;
	assert_err(store_log_checkpoint_add(scribe, &checkpoint), ERR_CONFLICT);
	assert_ok(store_audit_is_published(edge, &published, &index, ids[3]));
	assert_true(published);
	assert_int_equal(index, 3);
	assert_ok(store_audit_is_published(edge, &published, &index, ids[4]));
	assert_false(published);

	assert_ok(store_audit_get(auditor, &arena, &event, ids[3]));
	assert_true(event.is_published);
	assert_slice(event.kind, "model.disable");
	assert_ok(store_audit_get(auditor, &arena, &event, ids[4]));
	assert_false(event.is_published);
}

static void what_a_search_shows_is_what_the_leaf_commits_to(void **state)
{
	struct store_audit_query query = {.limit = 1, .filter.kinds = S("model.disable")};
	struct store_audit_page page;
	struct store_event event;

	(void)state;
	assert_ok(store_audit_bounds(auditor, &query.bounds, &query.filter));
	assert_ok(store_audit_find(auditor, &arena, &page, &query));
	assert_int_equal(page.count, 1);
	assert_ok(store_audit_get(auditor, &arena, &event, page.events[0].event.id));
	assert_true(slice_equal(page.events[0].event.payload, event.payload));
	assert_slice(slice_part(event.payload, slice_find(event.payload, '}') + 1, 14),
		     ",\"chain\":[\"3\"]");
}

static void many_events_and_decisions_are_written_at_once(void **state)
{
	enum { COUNT = 40 };
	struct audit_event events[COUNT] = {0};
	struct store_event rows[COUNT];
	struct store_decision decisions[COUNT];
	struct store_record records[COUNT];
	const struct store_record *list[COUNT];
	struct store_decision decision;
	struct store_event found;

	(void)state;
	for (unsigned i = 0; i < COUNT; i++) {
		audit_event_begin(&events[i], AUDIT_INFER_END, i % 2 ? alice : NULL, S("alice"));
		audit_event_number(&events[i], "n", i);
		if (i == 7)
			audit_event_denied(&events[i], "QUOTA_EXCEEDED");
		assert_ok(audit_event_end(&events[i], NOW + i));
		rows[i] = audit_event_row(&events[i]);
		decisions[i] = (struct store_decision){
			.at_ms = NOW + i, .allow = i != 7, .code = rows[i].code, .record = S("{}")};
		memcpy(decisions[i].id, rows[i].id, STORE_ID);
		records[i] = (struct store_record){.decision = i % 3 ? &decisions[i] : NULL,
						   .event = &rows[i]};
		list[i] = &records[i];
	}
	assert_ok(store_record_many(edge, list, COUNT));
	for (unsigned i = 0; i < COUNT; i++) {
		assert_ok(store_audit_get(auditor, &arena, &found, rows[i].id));
		assert_int_equal(found.at_ms, NOW + i);
		assert_int_equal(found.allow, i != 7);
		assert_true(slice_equal(found.payload, rows[i].payload));
		assert_memory_equal(found.actor, rows[i].actor, STORE_ID);
		assert_memory_equal(found.nonce, rows[i].nonce, STORE_NONCE);
		assert_int_equal(store_decision_get(edge, &arena, &decision, rows[i].id),
				 i % 3 ? OK : ERR_NOT_FOUND);
	}
	/* one that is there already: none of them */
	random_uuid(rows[0].id, NOW);
	assert_err(store_record_many(edge, list, COUNT), ERR_CONFLICT);
	assert_err(store_audit_get(auditor, &arena, &found, rows[0].id), ERR_NOT_FOUND);
	for (unsigned i = 0; i < COUNT; i++)
		audit_event_clear(&events[i]);
}

static void a_log_from_before_chains_goes_on_with_them(void **state)
{
	static const char entries[] =
		"INSERT INTO audit_event (id, at, kind, actor, license, payload, nonce, leaf) "
		"SELECT md5('e' || i)::uuid, now(), 'infer.end', md5('a')::uuid, "
		"CASE WHEN i % 2 = 0 THEN md5('l')::uuid END, '{}', sha256('n'), '{\"old\":1}' "
		"FROM generate_series(0, 3) i;"
		"INSERT INTO audit_leaf SELECT i, md5('e' || i)::uuid, '{\"old\":1}', "
		"sha256('\\x00'::bytea || '{\"old\":1}'::bytea) FROM generate_series(0, 2) i;"
		"INSERT INTO audit_outbox (event) VALUES (md5('e3')::uuid);"
		"SELECT audit_catch_up(100)";
	struct postgres old = postgres;
	struct migrate_target target = postgres_target(&old), server = target;
	struct store *s;
	struct store_log_limits limits = {8, 8, 1 << 20};
	struct store_taken taken;
	unsigned applied;
	size_t before = 0;
	char value[256];

	(void)state;
	assert_true(postgres_run(&old, "DROP DATABASE IF EXISTS test_old_log WITH (FORCE)", NULL));
	snprintf(old.database, sizeof old.database, "test_old_log");
	server.database = "postgres";
	assert_ok(migrate_create_database(&server, old.database));
	while (migrations[before].number < 35)
		before++;
	assert_ok(migrate_run_list(&target, migrations, before, &applied));
	assert_true(postgres_run(&old, entries, NULL));
	assert_ok(migrate_run(&target, &applied));
	assert_int_equal(applied, migration_count - before);

	assert_true(postgres_run(&old,
				 "SELECT string_agg(subject || ' ' || entries || ' ' || last, ', ' "
				 "ORDER BY subject) FROM audit_chain",
				 value));
	assert_string_equal(value, "actor 3 131072, license 2 131072");
	assert_true(postgres_run(&old,
				 "SELECT count(*) FROM auditor_row r JOIN auditor_event e USING "
				 "(id, leaf) WHERE r.chain IS NULL",
				 value));
	assert_string_equal(value, "3");
	s = postgres_connect(&old, "sallyport_scribe");
	assert_ok(store_begin(s));
	assert_ok(store_log_take(s, &arena, &taken, &limits));
	assert_int_equal(taken.other_count, 1);
	assert_int_equal(taken.size, 3);
	store_free(s);
}

/* Numbered at once, and then made findable. */
static void enter(const char *payloads)
{
	char sql[2048];

	snprintf(sql, sizeof sql,
		 "WITH fresh AS (INSERT INTO audit_event (id, at, kind, payload, nonce) "
		 "SELECT gen_random_uuid(), '2026-01-01Z', 'infer.end', convert_to(p, 'UTF8'), "
		 "sha256('n') FROM unnest(ARRAY[%s]) WITH ORDINALITY AS u (p, n) ORDER BY n "
		 "RETURNING id) INSERT INTO audit_leaf (seq, event, leaf, leaf_hash) "
		 "SELECT (SELECT coalesce(max(seq), -1) FROM audit_leaf) + row_number() OVER (), "
		 "id, '{}', sha256('\\x00'::bytea || '{}') FROM fresh",
		 payloads);
	assert_true(postgres_run(&postgres, sql, NULL));
	assert_true(postgres_run(&postgres, "SELECT audit_catch_up(100)", NULL));
}

static void what_a_payload_does_not_tell_is_missing_for_it_alone(void **state)
{
	static const struct {
		const char *payloads, *found;
	} steps[] = {
		/* the first of its class; one more; one that is no JSON, and one half of whose
		 * facts is no address, between two that are whole; again one */
		{"'{\"address\":\"192.0.2.1\",\"prompt_tokens\":1}'", "1 192.0.2.1/32"},
		{"'{\"completion_tokens\":2,\"prompt_tokens\":1}'", "3 none"},
		{"'{\"prompt_tokens\":4}', 'no json', "
		 "'{\"address\":\"here\",\"prompt_tokens\":5}', "
		 "'{\"address\":\"2001:db8::1\"}'",
		 "4 none, 0 none, 5 none, 0 2001:db8::1/128"},
		{"'{\"address\":\"192.0.2.9\"}'", "0 192.0.2.9/32"},
	};
	char text[256];

	(void)state;
	assert_true(postgres_run(&postgres, "SELECT audit_catch_up(100)", NULL));
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		char before[256], sql[512];

		assert_true(postgres_run(&postgres, "SELECT next FROM audit_progress", before));
		enter(steps[i].payloads);
		snprintf(sql, sizeof sql,
			 "SELECT string_agg(tokens || ' ' || coalesce(address::text, 'none'), ', ' "
			 "ORDER BY place) FROM audit_entry WHERE place >= %s::bigint * 65536",
			 before);
		assert_true(postgres_run(&postgres, sql, text));
		assert_string_equal(text, steps[i].found);
	}
	assert_true(postgres_run(&postgres,
				 "SELECT count || ' ' || tokens FROM audit_day "
				 "WHERE kind = 'infer.end' AND day = '2026-01-01'",
				 text));
	assert_string_equal(text, "7 13");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_are_found_once_a_checkpoint_covers_them),
		cmocka_unit_test(what_a_search_shows_is_what_the_leaf_commits_to),
		cmocka_unit_test(a_log_from_before_chains_goes_on_with_them),
		cmocka_unit_test(many_events_and_decisions_are_written_at_once),
		cmocka_unit_test(what_a_payload_does_not_tell_is_missing_for_it_alone),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}

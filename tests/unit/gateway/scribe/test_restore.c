/* SPDX-License-Identifier: Apache-2.0 */
/* Leaves that the database lost come back from the files as they were, or nothing is pretended. */
#include <stdio.h>

#include "crypto/base/file.h"
#include "crypto/base/text.h"
#include "schema/store/restore.h"
#include "tests/unit/gateway/scribe/world.h"

enum { LIVED = 321 };

/* As only somebody with the database's files, or with all its rights, can. */
static void damage(struct world *w, const char *sql)
{
	char text[1024];

	snprintf(text, sizeof text,
		 "SET session_replication_role = replica; SET search_path = sallyport; %s", sql);
	assert_true(postgres_run(&w->postgres, text, NULL));
}

static void assert_value(struct world *w, const char *sql, const char *wanted)
{
	char value[256];

	assert_true(postgres_run(&w->postgres, sql, value));
	assert_string_equal(value, wanted);
}

static void put_calls(struct world *w, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		AUTO(audit_event_clear) struct audit_event e;
		struct store_event row;
		uint8_t id[16];

		assert_ok(text_read_uuid(id, S(ALICE)));
		audit_event_begin(&e, AUDIT_INFER_END, id, S("somebody"));
		assert_ok(text_read_uuid(id, S(LICENSE)));
		audit_event_uuid(&e, "license", id);
		assert_ok(audit_event_end(&e, NOW + i));
		row = audit_event_row(&e);
		assert_ok(store_audit_insert(w->edge, &row));
	}
}

/* Acts of Alice and of nobody, under a license and under none; among them a batch of calls. */
static void live(struct world *w)
{
	for (unsigned i = 0; i < 300; i++)
		put_event_of(w, i % 3 ? ALICE : NULL, i % 4 ? LICENSE : NULL);
	publish_all(w);
	put_calls(w, 40);
	w->publisher.pace.since_ms -= NUMBERING_SECOND_MS;
	publish_all(w);
	for (unsigned i = 0; i < 20; i++)
		put_event_of(w, ALICE, LICENSE);
	publish_all(w);
	assert_int_equal(w->publisher.published, LIVED);
}

/* All that the scribe knows of the first LIVED entries, as one number. */
static const char state_of_log[] =
	"SELECT md5((SELECT string_agg(l::text, ',' ORDER BY seq) FROM sallyport.audit_leaf l "
	"WHERE seq < 321) || (SELECT string_agg(c::text, ',' ORDER BY subject) "
	"FROM sallyport.audit_chain c))";

static const struct {
	const char *sql;
	const char *why;
} losses[] = {
	{"DELETE FROM audit_leaf WHERE seq >= 310", "the newest, within a bundle"},
	{"DELETE FROM audit_leaf WHERE seq >= 256", "a whole bundle"},
	{"DELETE FROM audit_leaf WHERE seq >= 200", "with the batch's own"},
	{"DELETE FROM audit_leaf", "all"},
	{"DELETE FROM audit_leaf; DELETE FROM audit_chain", "all, with what is counted"},
	{"DELETE FROM audit_leaf; DELETE FROM audit_checkpoint", "all, with the checkpoints"},
	{"DELETE FROM audit_leaf WHERE seq >= 305; INSERT INTO audit_outbox (event, is_usage) "
	 "SELECT id, false FROM audit_event e WHERE kind = 'license.remind' AND NOT EXISTS "
	 "(SELECT FROM audit_leaf WHERE event = e.id)",
	 "as before they were numbered"},
	{"DELETE FROM audit_leaf WHERE seq IN (0, 7, 255, 256, 300)", "some between others"},
	{"DELETE FROM audit_leaf WHERE seq BETWEEN 3 AND 290", "many between others"},
	{"DELETE FROM audit_chain", "only what is counted"},
};

static void lost_leaves_come_back_as_they_were(void **state)
{
	struct world *w = *state;
	char before[256];

	live(w);
	assert_true(postgres_run(&w->postgres, state_of_log, before));
	for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++) {
		bool is_told = i + 1 < sizeof losses / sizeof losses[0];
		char now[256], said[256];
		uint64_t size = w->publisher.published;

		damage(w, losses[i].sql);
		restart(w);
		publish_all(w);
		assert_true(postgres_run(&w->postgres, state_of_log, now));
		if (strcmp(before, now) != 0)
			fail_msg("%s: the log is not what it was", losses[i].why);
		publish_all(w);
		assert_verifies(w, size + is_told);
		snprintf(said, sizeof said, "%zu", i + is_told);
		assert_value(w,
			     "SELECT count(*) FROM sallyport.audit_event "
			     "WHERE kind = 'log.rebuilt'",
			     said);
		assert_value(w, "SELECT count(*) FROM sallyport.audit_outbox", "0");
	}
}

static void an_erased_entry_gets_its_leaf_back(void **state)
{
	struct world *w = *state;
	char before[256], now[256];

	live(w);
	assert_true(postgres_run(&w->postgres, state_of_log, before));
	damage(w, "UPDATE audit_event SET payload = NULL, nonce = NULL, erased_by = id "
		  "WHERE id IN (SELECT event FROM audit_leaf WHERE seq IN (5, 259, 320)); "
		  "DELETE FROM audit_leaf");
	restart(w);
	publish_all(w);
	assert_true(postgres_run(&w->postgres, state_of_log, now));
	assert_string_equal(before, now);
	assert_verifies(w, LIVED + 1);
}

/* What files cannot give back is not made up. */
static void a_database_that_lost_more_than_leaves_stays_read_only(void **state)
{
	static const struct {
		const char *sql;
		const char *named;
	} rows[] = {
		{"DELETE FROM audit_event WHERE id = (SELECT event FROM audit_leaf WHERE "
		 "seq = 312); DELETE FROM audit_leaf WHERE seq >= 310",
		 "entry 312: its event"},
		{"DELETE FROM audit_leaf WHERE seq >= 290; DELETE FROM audit_row WHERE row = 39",
		 "entry 300: rows of it"},
	};
	struct store_audit_state audit;
	struct world *w = *state;
	bool more;

	live(w);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		AUTO(arena_free) struct arena arena = {NULL};

		damage(w, rows[i].sql);
		restart(w);
		assert_err(publisher_cycle(&w->publisher, &more), ERR_CONFLICT);
		assert_ok(store_audit_state(w->edge, &arena, &audit));
		assert_true(audit.read_only);
		if (!strstr(arena_string(&arena, audit.reason), rows[i].named))
			fail_msg("\"%.*s\" does not name %s", SLICE_PRINT(audit.reason),
				 rows[i].named);
		assert_verifies(w, LIVED); /* what was published stays */
	}
}

static void a_payload_that_was_changed_gives_no_leaf(void **state)
{
	struct world *w = *state;
	bool more;

	live(w);
	damage(w, "UPDATE audit_event SET nonce = sha256(nonce) WHERE id = (SELECT event FROM "
		  "audit_leaf WHERE seq = 315); DELETE FROM audit_leaf WHERE seq >= 310");
	restart(w);
	assert_err(publisher_cycle(&w->publisher, &more), ERR_CONFLICT);
	assert_value(w, "SELECT max(seq) FROM sallyport.audit_leaf", "314");
}

static void files_that_are_not_the_keepers_are_not_believed(void **state)
{
	struct world *w = *state;
	AUTO(buf_free) struct buf bytes = buf_new(1 << 20);
	bool more;

	live(w);
	assert_ok(file_read(&bytes, w->log, "tile/entries/001.p/65"));
	bytes.data[bytes.size - 10] ^= 1;
	assert_ok(file_write_atomic(w->log, "tile/entries/001.p/65", buf_slice(&bytes), 0644));
	damage(w, "DELETE FROM audit_leaf WHERE seq >= 256");
	restart(w);
	assert_err(publisher_cycle(&w->publisher, &more), ERR_CONFLICT);
	assert_value(w, "SELECT max(seq) FROM sallyport.audit_leaf", "255");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(lost_leaves_come_back_as_they_were),
		WORLD_TEST(an_erased_entry_gets_its_leaf_back),
		WORLD_TEST(a_database_that_lost_more_than_leaves_stays_read_only),
		WORLD_TEST(a_payload_that_was_changed_gives_no_leaf),
		WORLD_TEST(files_that_are_not_the_keepers_are_not_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

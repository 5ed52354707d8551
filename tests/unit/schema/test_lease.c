/* SPDX-License-Identifier: Apache-2.0 */
/* Epoch, cuts and leases, against a real PostgreSQL. */
#include <stdio.h>

#include "crypto/base/clock.h"
#include "crypto/random.h"
#include "schema/store/lease.h"
#include "schema/store/license.h"
#include "tests/integration/postgres.h"
#include "tests/unit/test.h"

#define PERSON "00000000-0000-7000-8000-00000000000a"
#define MODEL "00000000-0000-7000-8000-00000000000b"
#define LICENSE "00000000-0000-7000-8000-00000000000c"
#define TOKEN "00000000-0000-7000-8000-00000000000d"

static struct postgres postgres;
static struct store *edge, *other;
static struct arena arena;

static void run(const char *sql)
{
	assert_true(postgres_run(&postgres, sql, NULL));
}

static int open_all(void **state)
{
	(void)state;
	postgres_open(&postgres, "test_lease");
	edge = postgres_connect(&postgres, "sallyport_edge");
	other = postgres_connect(&postgres, "sallyport_edge");
	run("INSERT INTO person (id, name, created_at) VALUES ('" PERSON "', 'someone', now());"
	    "INSERT INTO model (id, name, gate, created_at) VALUES ('" MODEL "', 'a/b', 'no', "
	    "now());"
	    "INSERT INTO license (id, model, person, rights, not_before, expires_at, document, "
	    "signature, issued_at, changed_at) VALUES ('" LICENSE "', '" MODEL "', '" PERSON "', "
	    "'{weights:read}', now(), now() + interval '1 day', '{}', "
	    "decode(repeat('00', 64), 'hex'), now(), now());"
	    "INSERT INTO access_token (credential, person, name, created_at, expires_at) VALUES "
	    "('" TOKEN "', '" PERSON "', 't', now(), now() + interval '1 day')");
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	store_free(edge);
	store_free(other);
	arena_free(&arena);
	return 0;
}

static uint64_t epoch_now(void)
{
	struct store_epoch found;

	assert_ok(store_epoch_read(edge, &arena, &found, 0));
	return found.epoch;
}

static void a_transaction_moves_the_epoch_once_and_only_if_it_commits(void **state)
{
	uint64_t before = epoch_now();

	(void)state;
	run("BEGIN; UPDATE person SET email = 'a@b.c'; UPDATE model SET gate = gate; ROLLBACK");
	assert_int_equal(epoch_now(), before);
	run("BEGIN; UPDATE person SET email = 'a@b.c'; UPDATE model SET gate = gate; COMMIT");
	assert_int_equal(epoch_now(), before + 1);
	run("INSERT INTO decision VALUES ('" TOKEN "', now(), NULL, NULL, NULL, NULL, false, "
	    "'NO_LICENSE', '{}')");
	assert_int_equal(epoch_now(), before + 1);
}

static void a_change_that_is_not_committed_holds_nobody_up(void **state)
{
	uint64_t before = epoch_now();
	static const uint8_t license[STORE_ID] = {[6] = 0x70, [8] = 0x80, [15] = 0x0c};

	(void)state;
	assert_ok(store_begin(other));
	assert_ok(store_license_set_state(other, license, S("active"), S("suspended"), S(""),
					  clock_now_ms()));
	run("UPDATE person SET email = 'c@b.a'"); /* commits while the other one is open */
	assert_int_equal(epoch_now(), before + 1);
	store_rollback(other);
}

static void what_is_withdrawn_is_a_cut_of_its_epoch(void **state)
{
	static const struct {
		const char *sql, *why;
		size_t cuts;
		enum store_cut_kind kind;
		uint8_t last;
	} rows[] = {
		{"UPDATE license SET state = 'suspended'", "suspended", 1, STORE_CUT_LICENSE, 0xc},
		{"UPDATE license SET state = 'active'", "reinstated", 0, STORE_CUT_LICENSE, 0},
		{"UPDATE license SET state = 'closed'", "closed", 1, STORE_CUT_LICENSE, 0xc},
		{"UPDATE license SET state = 'revoked'", "revoked", 1, STORE_CUT_LICENSE, 0xc},
		{"UPDATE license SET state = 'revoked'", "revoked before", 0, STORE_CUT_LICENSE, 0},
		{"UPDATE license SET state = 'expired'", "renewed: the next one holds", 0,
		 STORE_CUT_LICENSE, 0},
		{"UPDATE model SET gate = 'public'", "opened further", 0, STORE_CUT_GATE, 0},
		{"UPDATE model SET gate = 'no'", "closed to strangers", 1, STORE_CUT_GATE, 0xb},
		{"UPDATE model SET gate = 'manual'", "closed to persons", 1, STORE_CUT_GATE, 0xb},
		{"UPDATE model SET gate = 'auto'", "gated as before", 0, STORE_CUT_GATE, 0},
		{"UPDATE model SET state = 'disabled'", "disabled", 1, STORE_CUT_MODEL, 0xb},
		{"UPDATE model SET state = 'active'", "enabled", 0, STORE_CUT_MODEL, 0},
		{"INSERT INTO revision (model, id, title, manifest_sha256, created_at) VALUES "
		 "('" MODEL "', repeat('a', 40), 't', sha256('m'), now())",
		 "new", 0, STORE_CUT_REVISION, 0},
		{"INSERT INTO recall (id, model, revision, reason, recalled_by, at, due_at) VALUES "
		 "('" TOKEN "', '" MODEL "', repeat('a', 40), 'r', '" PERSON "', now(), now());"
		 "UPDATE revision SET recall = '" TOKEN "'",
		 "recalled", 1, STORE_CUT_REVISION, 0xdd},
		{"UPDATE person SET state = 'suspended'", "suspended", 1, STORE_CUT_PERSON, 0xa},
		{"INSERT INTO blocked (id, model, person, reason, added_by, added_at) VALUES "
		 "('" LICENSE "', '" MODEL "', '" PERSON "', 'r', '" PERSON "', now())",
		 "blocked for one model: for its criteria", 0, STORE_CUT_PERSON, 0},
		{"INSERT INTO blocked (id, person, reason, added_by, added_at) VALUES ('" TOKEN
		 "', '" PERSON "', 'r', '" PERSON "', now())",
		 "blocked for all", 1, STORE_CUT_PERSON, 0xa},
		{"UPDATE blocked SET ended_by = '" PERSON "', ended_at = now() WHERE model IS NULL",
		 "blocked no more", 0, STORE_CUT_PERSON, 0},
		{"UPDATE access_token SET revoked_at = now()", "revoked", 1, STORE_CUT_TOKEN, 0xd},
		{"UPDATE access_token SET revoked_at = now()", "revoked before", 0, STORE_CUT_TOKEN,
		 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint64_t before = epoch_now();
		struct store_epoch found;

		run(rows[i].sql);
		assert_ok(store_epoch_read(edge, &arena, &found, before));
		if (found.epoch != before + 1 || found.cut_count != rows[i].cuts)
			fail_msg("%s (%s): %zu cuts", rows[i].sql, rows[i].why, found.cut_count);
		if (found.cut_count) {
			assert_int_equal(found.cuts[0].kind, rows[i].kind);
			assert_int_equal(found.cuts[0].subject[15], rows[i].last);
			assert_false(found.has_more);
		}
	}
}

static void every_table_moves_the_epoch_or_is_known_to_decide_nothing(void **state)
{
	/* A table added later needs the trigger access_changed, or a reason to stand here. */
	char missing[256] = "";

	(void)state;
	assert_true(postgres_run(
		&postgres,
		"SELECT string_agg(c.relname, ' ') FROM pg_class c WHERE c.relkind = 'r' "
		"AND c.relnamespace = 'sallyport'::regnamespace AND NOT EXISTS (SELECT "
		"FROM "
		"pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'access_changed') "
		"AND c.relname NOT IN ("
		"'schema_migration', "                               /* of the program */
		"'access_epoch', 'access_cut', 'edge_lease', "       /* what this is about */
		"'audit_event', 'audit_outbox', 'audit_leaf', "      /* the log is written, */
		"'audit_checkpoint', 'audit_state', 'audit_chain', " /* not decided from */
		"'audit_witness', 'audit_witnessed', 'audit_row', "
		"'decision', 'usage_day', 'access_request_event', " /* history */
		"'closeout', 'renewal', 'license_reminder', 'institution_license', "
		"'license_seat', 'delivery', 'recall', 'recall_duty', 'status_list', "
		"'model_form', "                  /* asked, not decided from */
		"'quota_counter', 'quota_hold', " /* reserved from, each time */
		"'issuer_fetch', "                /* how fetching goes */
		"'notice', 'notice_delivery', 'notice_choice', 'webhook', " /* told, not
									       decided */
		"'session', 'password', 'attempt', 'one_time_code', "       /* sign-in: the */
		"'oidc_login', 'device_login', 'workload', "                /* credential counts */
		"'criteria', 'request_evaluation', " /* weighed when asked for */
		"'transparency_report', 'committee', 'committee_member', "
		"'access_accessor', "
		"'access_recusal', "
		"'access_reviewer', 'access_comment', 'access_delegation', 'access_vote', "
		"'library_card', 'idempotency_key', " /* how requests are decided */
		"'approver', 'model_terms', 'terms_acceptance', 'blob', 'upload', 'adapter_file', "
		"'upload_part', " /* not visible yet */
		"'audit_entry', 'audit_affiliation', 'audit_span', 'audit_day', 'audit_progress', "
		"'audit_day_institution', 'audit_day_person', 'audit_reserve', 'audit_class', "
		"'audit_saved', 'audit_report', " /* searched by */
		"'erasure', 'legal_hold', 'audit_kept', 'retention', "
		"'retention_change', 'retention_clock', "
		"'audit_reduced', "
		"'revision_need', 'model_pin', 'model_unload', 'model_quantize', "
		"'engine_view')", /* in service */
		missing));
	assert_string_equal(missing, "");
}

static const struct store_lease *find_lease(const struct store_lease *leases, size_t count,
					    const uint8_t id[STORE_ID])
{
	for (size_t i = 0; i < count; i++)
		if (memcmp(leases[i].edge, id, STORE_ID) == 0)
			return &leases[i];
	return NULL;
}

static const struct store_lease *look(const uint8_t id[STORE_ID])
{
	struct store_lease *leases;
	uint64_t epoch;
	size_t count;

	assert_ok(store_lease_list(edge, &arena, &leases, &count, &epoch));
	assert_true(epoch > 0);
	return find_lease(leases, count, id);
}

static void a_lease_lives_from_its_renewal_by_the_clock_of_the_database(void **state)
{
	uint8_t id[STORE_ID];

	(void)state;
	random_uuid(id, clock_now_ms());
	assert_err(store_lease_renew(edge, id, 5), ERR_NOT_FOUND);
	assert_ok(store_lease_begin(edge, id, 30000));
	assert_true(look(id)->is_live);
	assert_int_equal(look(id)->epoch, 0);
	assert_ok(store_lease_renew(edge, id, 5));
	assert_int_equal(look(id)->epoch, 5);
	/* time passes */
	run("ALTER TABLE edge_lease DISABLE TRIGGER renewed;"
	    "UPDATE edge_lease SET renewed_at = renewed_at - interval '31 s';"
	    "ALTER TABLE edge_lease ENABLE TRIGGER renewed");
	assert_false(look(id)->is_live);
	assert_ok(store_lease_renew(edge, id, 6));
	assert_true(look(id)->is_live);
	assert_ok(store_lease_end(edge, id));
	assert_null(look(id));
}

static void who_waits_hears_of_a_change_by_another(void **state)
{
	int64_t begin_ms = clock_monotonic_ms();

	(void)state;
	assert_ok(store_epoch_listen(other));
	run("UPDATE person SET email = 'd@b.a'");
	assert_ok(store_epoch_wait(other, -1, 60000));
	assert_true(clock_monotonic_ms() - begin_ms < 60000);
	assert_ok(store_epoch_wait(other, -1, 1)); /* and is not told again */
}

static void the_edge_confirms_but_changes_no_epoch_and_no_clock(void **state)
{
	static const struct {
		const char *sql;
		bool allowed;
	} rows[] = {
		{"SELECT epoch FROM access_epoch", true},
		{"UPDATE access_epoch SET epoch = epoch + 1", false},
		{"DELETE FROM access_epoch", false},
		{"SELECT * FROM access_cut", true},
		{"DELETE FROM access_cut", false},
		{"INSERT INTO access_cut VALUES (1, 'model', '" MODEL "', now())", false},
		{"INSERT INTO edge_lease (edge, epoch, lease_ms) VALUES ('" MODEL "', 0, 2000)",
		 true},
		{"INSERT INTO edge_lease (edge, epoch, lease_ms) VALUES ('" TOKEN "', 0, 60000)",
		 false},
		{"UPDATE edge_lease SET epoch = 1", true},
		{"UPDATE edge_lease SET renewed_at = 'infinity'", false},
		{"UPDATE edge_lease SET lease_ms = 30000", false},
		{"DELETE FROM edge_lease", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		bool done = postgres_run_as(&postgres, "sallyport_edge", rows[i].sql, NULL);

		if (done != rows[i].allowed)
			fail_msg("%s", rows[i].sql);
	}
	assert_false(
		postgres_run_as(&postgres, "sallyport_scribe", "SELECT * FROM edge_lease", NULL));
	assert_false(postgres_run_as(&postgres, "sallyport_auditor", "SELECT * FROM access_epoch",
				     NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_transaction_moves_the_epoch_once_and_only_if_it_commits),
		cmocka_unit_test(a_change_that_is_not_committed_holds_nobody_up),
		cmocka_unit_test(what_is_withdrawn_is_a_cut_of_its_epoch),
		cmocka_unit_test(every_table_moves_the_epoch_or_is_known_to_decide_nothing),
		cmocka_unit_test(a_lease_lives_from_its_renewal_by_the_clock_of_the_database),
		cmocka_unit_test(who_waits_hears_of_a_change_by_another),
		cmocka_unit_test(the_edge_confirms_but_changes_no_epoch_and_no_clock),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}

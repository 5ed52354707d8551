/* SPDX-License-Identifier: Apache-2.0 */
/* What each database role can and cannot do, tried as that role with plain SQL; and migrations. */
#include <stdio.h>

#include "tests/integration/postgres.h"
#include "tests/unit/test.h"

static struct postgres postgres;

#define ID "'00000000-0000-7000-8000-00000000000"

static int open_database(void **state)
{
	(void)state;
	postgres_open(&postgres, "test_roles");
	/* one event in the tree, one in the outbox */
	assert_true(postgres_run(
		&postgres,
		"INSERT INTO audit_event (id, at, kind, payload, nonce, leaf) SELECT i::uuid, "
		"now(), "
		"'model.create', '{}', sha256('x'), '{}' FROM unnest(ARRAY[" ID "1', " ID "2']) i;"
		"INSERT INTO audit_outbox (event) VALUES (" ID "2');"
		"INSERT INTO audit_leaf VALUES (0, " ID "1', '{}', sha256('\\x00'::bytea || '{}'));"
		"INSERT INTO audit_checkpoint VALUES (1, sha256('r'), 'note');"
		"INSERT INTO person (id, name, created_at) VALUES (" ID "9', 'someone', now());"
		"INSERT INTO decision VALUES (" ID "7', now(), NULL, NULL, NULL, NULL, false, "
		"'NO_LICENSE', '{}')",
		NULL));
	return 0;
}

struct row {
	const char *role;
	const char *sql;
	bool allowed;
};

static const struct row rows[] = {
	/* log rows are final, for everyone */
	{"sallyport_edge", "UPDATE audit_event SET code = 'OK'", false},
	{"sallyport_edge", "DELETE FROM audit_event", false},
	{"sallyport_edge", "TRUNCATE audit_event CASCADE", false},
	{"sallyport_edge", "DELETE FROM audit_outbox", false},
	{"sallyport_edge", "UPDATE audit_outbox SET event = " ID "1'", false},
	{"sallyport_edge", "DELETE FROM decision", false},
	{"sallyport_edge", "UPDATE access_request_event SET reason = ''", false},
	{"sallyport_scribe", "UPDATE audit_leaf SET leaf = 'x'", false},
	{"sallyport_scribe", "DELETE FROM audit_leaf", false},
	{"sallyport_scribe", "DELETE FROM audit_checkpoint", false},
	{"sallyport_scribe", "UPDATE audit_checkpoint SET note = 'x'", false},
	{"sallyport_scribe", "UPDATE audit_event SET payload = '[]'", false},
	{"sallyport_owner", "UPDATE audit_event SET code = 'OK'", false},
	{"sallyport_owner", "DELETE FROM audit_event", false},
	/* but a payload may go, with an entry that says so, by the functions of 0031 only */
	{"sallyport_owner", "UPDATE audit_event SET payload = '[]'", false},
	{"sallyport_owner", "UPDATE audit_event SET payload = NULL, nonce = NULL", false},
	{"sallyport_owner",
	 "UPDATE audit_event SET payload = NULL, nonce = NULL, erased_by = " ID "1'", false},
	{"sallyport_edge", "UPDATE audit_event SET payload = NULL, nonce = NULL", false},
	{"sallyport_edge", "SELECT audit_erase(" ID "1', '{0}')", false},
	{"sallyport_edge", "SELECT person_forget(" ID "9')", false},
	{"sallyport_edge", "SELECT person_forget_file(" ID "9')", false},
	{"sallyport_edge", "UPDATE erasure SET state = 'running'", false},
	{"sallyport_edge", "UPDATE retention SET next = 0", false},
	{"sallyport_edge", "DELETE FROM legal_hold", false},
	{"sallyport_edge", "UPDATE legal_hold SET reason = 'x'", false},
	{"sallyport_edge", "DELETE FROM audit_kept", false},
	{"sallyport_scribe", "SELECT audit_erase(" ID "1', '{0}')", false},
	{"sallyport_auditor", "SELECT * FROM erasure", false}, /* what it looks for */
	{"sallyport_auditor", "SELECT * FROM auditor_erasure", true},
	{"sallyport_auditor", "SELECT erasure_confirm(" ID "1', " ID "9', 10, NULL)", false},
	{"sallyport_owner", "TRUNCATE audit_event CASCADE", false},
	{"sallyport_owner", "UPDATE audit_leaf SET seq = seq + 1", false},
	{"sallyport_owner", "DELETE FROM audit_leaf", false},
	{"sallyport_owner", "DELETE FROM audit_checkpoint", false},
	{"sallyport_owner", "UPDATE decision SET allow = true", false},
	{"postgres", "DELETE FROM audit_leaf", false}, /* not by accident, even as superuser */
	/* the outbox: rows go only once they are in the tree, numbers have no gap */
	{"sallyport_scribe", "DELETE FROM audit_outbox", false},
	{"sallyport_scribe",
	 "INSERT INTO audit_leaf VALUES (2, " ID "2', '{}', sha256('\\x00'::bytea || '{}'))",
	 false},
	{"sallyport_scribe",
	 "INSERT INTO audit_leaf VALUES (1, " ID
	 "2', '{}', sha256('\\x00'::bytea || '{}')), (3, " ID
	 "3', '{}', sha256('\\x00'::bytea || '{}'))",
	 false},
	{"sallyport_scribe", "INSERT INTO audit_leaf VALUES (1, " ID "2', '{}', sha256('{}'))",
	 false},
	{"sallyport_scribe",
	 "INSERT INTO audit_leaf VALUES (1, " ID "2', '{}', sha256('\\x00'::bytea || '{}'))", true},
	{"sallyport_scribe", "DELETE FROM audit_outbox", true},
	{"sallyport_edge", "UPDATE model SET open_paths = 'README.md', hidden = true", true},
	{"sallyport_edge", "UPDATE model SET name = 'other'", false},
	{"sallyport_scribe", "UPDATE model SET hidden = false", false},
	/* the edge writes events and does not read them */
	{"sallyport_edge", "SELECT payload FROM audit_event", false},
	{"sallyport_edge", "SELECT nonce FROM audit_event", false},
	{"sallyport_edge", "SELECT * FROM auditor_event", false},
	{"sallyport_edge", "SELECT * FROM audit_outbox", false},
	{"sallyport_edge", "INSERT INTO audit_leaf VALUES (2, " ID "2', '{}', '\\x')", false},
	{"sallyport_edge", "INSERT INTO audit_checkpoint VALUES (9, sha256('r'), 'note')", false},
	{"sallyport_edge", "UPDATE audit_state SET read_only = false", false},
	{"sallyport_edge",
	 "INSERT INTO audit_event (id, at, kind, payload, nonce, leaf) VALUES (" ID
	 "3', now(), 'model.create', '{}', sha256('x'), '{}')",
	 true},
	{"sallyport_edge", "INSERT INTO audit_outbox (event) VALUES (" ID "3')", false},
	{"sallyport_edge", "SELECT seq FROM audit_leaf WHERE event = " ID "1'", true},
	/* business rows: what is signed or identifies is not edited */
	{"sallyport_edge", "UPDATE license SET rights = '{internals:read}'", false},
	{"sallyport_edge", "UPDATE license SET expires_at = now()", false},
	{"sallyport_edge", "UPDATE license SET document = '{}'", false},
	{"sallyport_edge", "DELETE FROM license", false},
	{"sallyport_edge", "UPDATE access_token SET expires_at = now()", false},
	{"sallyport_edge", "DELETE FROM person", false},
	{"sallyport_edge", "UPDATE person SET name = 'other'", false},
	{"sallyport_edge", "UPDATE terms SET body = 'x'", false},
	{"sallyport_edge", "UPDATE issuer SET jwks = '{}'", false},
	{"sallyport_edge", "UPDATE issuer SET pinned = false", false},
	{"sallyport_edge", "UPDATE issuer_keys SET jwks = '{}'", true},
	{"sallyport_edge", "UPDATE identity SET person = person", false},
	{"sallyport_edge", "UPDATE referee SET person = person", false},
	{"sallyport_auditor", "SELECT secret_sha256 FROM referee", false},
	{"sallyport_auditor", "SELECT state FROM auditor_referee", true},
	{"sallyport_edge", "CREATE TABLE mine (a int)", false},
	{"sallyport_edge", "SELECT pg_read_file('/etc/passwd')", false},
	{"sallyport_edge", "SET ROLE sallyport_owner", false},
	{"sallyport_edge", "UPDATE person SET state = 'suspended' WHERE false", true},
	{"sallyport_edge", "UPDATE model_form SET document = NULL", false}, /* what was answered */
	{"sallyport_edge", "DELETE FROM model_form", false},
	/* how people sign in: what proves them is not edited, nor seen by others */
	{"sallyport_edge", "UPDATE session SET secret_sha256 = sha256('x')", false},
	{"sallyport_edge", "DELETE FROM session", false},
	{"sallyport_edge", "UPDATE one_time_code SET person = NULL", false},
	{"sallyport_edge", "UPDATE one_time_code SET expires_at = now()", false},
	{"sallyport_edge", "UPDATE office SET office = 'keys:manage'", false},
	{"sallyport_edge", "UPDATE access_token SET addresses = NULL", false},
	{"sallyport_edge", "UPDATE person_key SET public = sha256('x')", false},
	{"sallyport_scribe", "SELECT * FROM password", false},
	{"sallyport_auditor", "SELECT * FROM password", false},
	{"sallyport_auditor", "SELECT * FROM session", false},
	/* the scribe sees no business */
	{"sallyport_scribe", "SELECT * FROM person", false},
	{"sallyport_scribe", "SELECT * FROM license", false},
	{"sallyport_scribe", "SELECT * FROM access_token", false},
	{"sallyport_scribe", "SELECT actor_name FROM audit_event", false},
	{"sallyport_scribe", "INSERT INTO audit_outbox (event) VALUES (" ID "1')", false},
	{"sallyport_scribe", "UPDATE person SET state = 'active'", false},
	{"sallyport_scribe", "CREATE TEMP TABLE mine (a int)", false},
	/* the auditor sees views, and changes nothing */
	{"sallyport_auditor", "SELECT * FROM auditor_event", true},
	{"sallyport_auditor", "SELECT * FROM auditor_license", true},
	{"sallyport_auditor", "SELECT * FROM auditor_decision", true},
	{"sallyport_auditor", "SELECT * FROM audit_event", false},
	{"sallyport_auditor", "SELECT * FROM person_key", false},
	{"sallyport_auditor", "SELECT * FROM blob", false},
	{"sallyport_auditor", "INSERT INTO audit_outbox (event) VALUES (" ID "1')", false},
	{"sallyport_auditor", "DELETE FROM auditor_checkpoint", false},
};

static void each_role_can_do_what_it_must_and_no_more(void **state)
{
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		bool went = postgres_run_as(&postgres, rows[i].role, rows[i].sql, text);

		if (went != rows[i].allowed)
			fail_msg("%s: %s: %s (%s)", rows[i].role, rows[i].sql,
				 went ? "went through" : "was refused", text);
		/* refused for the reason we mean, not for a slip in the statement */
		if (!went && !strstr(text, "permission denied") && !strstr(text, "final") &&
		    !strstr(text, "not in the tree") && !strstr(text, "gap") &&
		    !strstr(text, "must be") && !strstr(text, "violates"))
			fail_msg("%s: %s: %s", rows[i].role, rows[i].sql, text);
	}
}

static void passwords_are_stored_as_scram_verifiers(void **state)
{
	char text[256];

	(void)state;
	assert_true(postgres_run(&postgres,
				 "SELECT count(*) FROM pg_authid WHERE rolname LIKE 'sallyport%' "
				 "AND rolpassword LIKE 'SCRAM-SHA-256$%'",
				 text));
	assert_string_equal(text, "4");
}

static void migrating_again_does_nothing(void **state)
{
	struct migrate_target target = postgres_target(&postgres);
	unsigned applied = 99;

	(void)state;
	assert_ok(migrate_run(&target, &applied));
	assert_int_equal(applied, 0);
}

static void a_changed_migration_is_refused(void **state)
{
	struct migrate_target target = postgres_target(&postgres);
	struct migration list[64];
	unsigned applied;

	(void)state;
	assert_true(migration_count < 63);
	memcpy(list, migrations, migration_count * sizeof list[0]);
	list[1].sql = S("SELECT 1;");
	assert_err(migrate_run_list(&target, list, migration_count, &applied), ERR_CONFLICT);
	assert_non_null(strstr(failure_text(), "0002_people was changed"));
	/* a program older than the database */
	assert_err(migrate_run_list(&target, migrations, migration_count - 1, &applied),
		   ERR_CONFLICT);
}

static void a_migration_that_fails_leaves_nothing(void **state)
{
	struct migrate_target target = postgres_target(&postgres);
	struct migration list[64];
	unsigned applied;
	char text[256];

	(void)state;
	memcpy(list, migrations, migration_count * sizeof list[0]);
	list[migration_count] = (struct migration){
		999, "0999_broken",
		S("SET LOCAL ROLE sallyport_owner; CREATE TABLE sallyport.half (a int); "
		  "SELECT 1 / 0;")};
	assert_err(migrate_run_list(&target, list, migration_count + 1, &applied), ERR_INTERNAL);
	assert_true(postgres_run(&postgres, "SELECT to_regclass('sallyport.half') IS NULL", text));
	assert_string_equal(text, "t");
	list[migration_count].sql = S("SET LOCAL ROLE sallyport_owner; "
				      "CREATE TABLE sallyport.whole (a int);");
	assert_ok(migrate_run_list(&target, list, migration_count + 1, &applied));
	assert_int_equal(applied, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_role_can_do_what_it_must_and_no_more),
		cmocka_unit_test(passwords_are_stored_as_scram_verifiers),
		cmocka_unit_test(migrating_again_does_nothing),
		cmocka_unit_test(a_changed_migration_is_refused),
		cmocka_unit_test(a_migration_that_fails_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, open_database, NULL);
}

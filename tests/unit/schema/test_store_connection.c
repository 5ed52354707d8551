/* SPDX-License-Identifier: Apache-2.0 */
/* The store's connection against a real PostgreSQL: transactions, losses, passwords. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/random.h"
#include "schema/store/key.h"
#include "schema/store/log.h"
#include "schema/store/person.h"
#include "tests/integration/postgres.h"
#include "tests/unit/test.h"

#define NOW INT64_C(1790000000000)

static struct postgres postgres;
static struct store *edge;
static struct arena arena;
static uint8_t alice[16];

static void make_id(uint8_t id[16])
{
	random_uuid(id, NOW);
}

static int open_all(void **state)
{
	struct store_person person = {.name = S("alice"), .created_ms = NOW};
	static const uint8_t none[16];

	(void)state;
	postgres_open(&postgres, "test_store_connection");
	edge = postgres_connect(&postgres, "sallyport_edge");
	make_id(alice);
	memcpy(person.id, alice, 16);
	assert_ok(store_person_add(edge, &person, none));
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	store_free(edge);
	arena_free(&arena);
	return 0;
}

static void a_transaction_that_is_not_committed_leaves_nothing(void **state)
{
	struct store_key key = {.kind = S("ed25519"), .name = S("k"), .created_ms = NOW};
	struct store_key *list;
	size_t count;

	(void)state;
	make_id(key.id);
	memcpy(key.person, alice, 16);
	{
		AUTO(store_end) struct store *t = edge;

		assert_ok(store_begin(t));
		assert_ok(store_key_enroll(t, &key));
	}
	assert_ok(store_key_list(edge, &arena, &list, &count, alice));
	assert_int_equal(count, 0);
	assert_ok(store_begin(edge));
	assert_ok(store_key_enroll(edge, &key));
	assert_ok(store_commit(edge));
	assert_ok(store_key_list(edge, &arena, &list, &count, alice));
	assert_int_equal(count, 1);
	/* a failure inside leaves only the rollback */
	assert_ok(store_begin(edge));
	assert_err(store_key_enroll(edge, &key), ERR_CONFLICT);
	assert_err(store_key_list(edge, &arena, &list, &count, alice), ERR_INTERNAL);
	assert_err(store_commit(edge), ERR_INTERNAL);
	store_rollback(edge);
	assert_ok(store_key_list(edge, &arena, &list, &count, alice));
}

static void a_lost_connection_fails_one_call_and_is_made_again(void **state)
{
	struct store_person person;

	(void)state;
	assert_true(postgres_run(&postgres,
				 "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
				 "WHERE usename = 'sallyport_edge'",
				 NULL));
	usleep(100 * 1000);
	assert_err(store_person_by_name(edge, &arena, &person, S("alice")), ERR_UNAVAILABLE);
	assert_ok(store_person_by_name(edge, &arena, &person, S("alice")));
	assert_ok(store_begin(edge));
	assert_ok(store_person_by_name(edge, &arena, &person, S("alice")));
	assert_true(postgres_run(&postgres,
				 "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
				 "WHERE usename = 'sallyport_edge'",
				 NULL));
	usleep(100 * 1000);
	assert_err(store_person_by_name(edge, &arena, &person, S("alice")), ERR_UNAVAILABLE);
	assert_err(store_person_by_name(edge, &arena, &person, S("alice")), ERR_UNAVAILABLE);
	assert_err(store_commit(edge), ERR_UNAVAILABLE);
	store_rollback(edge);
	assert_ok(store_person_by_name(edge, &arena, &person, S("alice")));
}

static void a_bad_password_is_refused(void **state)
{
	char path[300];
	struct store_settings settings = {.host = postgres.directory,
					  .port = "5432",
					  .database = postgres.database,
					  .role = "sallyport_edge",
					  .password_file = path,
					  .statement_timeout_ms = 1000};
	struct store *s;
	FILE *f;

	(void)state;
	snprintf(path, sizeof path, "%s/wrong.password", postgres.directory);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("wrong\n", f);
	fclose(f);
	assert_ok(store_new(&s, &settings));
	assert_err(store_connect(s), ERR_UNAVAILABLE);
	store_free(s);
}

/* As on a machine whose disk or network has stopped: the connection is open, and silent. */
static void a_server_that_stands_still_fails_the_call_and_is_left(void **state)
{
	struct store_settings settings = {.host = postgres.directory,
					  .port = "5432",
					  .database = postgres.database,
					  .role = "sallyport_scribe",
					  .password_file = postgres.password_file,
					  .statement_timeout_ms = 100};
	uint64_t size;
	struct store *s;
	char text[256];
	pid_t server;

	(void)state;
	assert_ok(store_new(&s, &settings));
	assert_ok(store_connect(s));
	assert_true(postgres_run(&postgres,
				 "SELECT pid FROM pg_stat_activity WHERE usename = "
				 "'sallyport_scribe' AND datname = current_database()",
				 text));
	server = (pid_t)strtol(text, NULL, 10);
	assert_int_equal(kill(server, SIGSTOP), 0);
	assert_err(store_begin(s) == OK ? store_log_size(s, &size) : OK, ERR_UNAVAILABLE);
	assert_false(store_is_connected(s));
	assert_err(store_commit(s), ERR_UNAVAILABLE); /* nothing of it is believed */
	store_rollback(s);
	assert_int_equal(kill(server, SIGCONT), 0);
	assert_ok(store_connect(s));
	store_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_transaction_that_is_not_committed_leaves_nothing),
		cmocka_unit_test(a_lost_connection_fails_one_call_and_is_made_again),
		cmocka_unit_test(a_bad_password_is_refused),
		cmocka_unit_test(a_server_that_stands_still_fails_the_call_and_is_left),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Signing in, against a real PostgreSQL: what counts once counts once, and somebody is always left
 * who administers persons. */
#include "crypto/random.h"
#include "schema/store/credential.h"
#include "schema/store/signin.h"
#include "tests/integration/postgres.h"
#include "tests/unit/test.h"

#define NOW INT64_C(1790000000000)
#define MINUTE INT64_C(60000)

static struct postgres postgres;
static struct store *edge, *other;
static struct arena arena;
static const uint8_t none[STORE_ID];

static void add_person(uint8_t id[STORE_ID], const char *name, const char *offices)
{
	struct store_person person = {.name = slice_of_string(name),
				      .offices = slice_of_string(offices),
				      .created_ms = NOW};

	random_uuid(id, NOW);
	memcpy(person.id, id, STORE_ID);
	assert_ok(store_person_add(edge, &person, none));
}

static int open_all(void **state)
{
	(void)state;
	postgres_open(&postgres, "test_signin");
	edge = postgres_connect(&postgres, "sallyport_edge");
	other = postgres_connect(&postgres, "sallyport_edge");
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

static void attempts_are_counted_until_their_window_is_over(void **state)
{
	struct store_attempt a[STORE_ATTEMPT_SUBJECTS] = {
		{.subject = {1}}, {.subject = {2}}, {.subject = {3}}};

	(void)state;
	assert_ok(store_attempt(edge, a, NOW, 15 * MINUTE));
	assert_ok(store_attempt(other, a, NOW + MINUTE, 15 * MINUTE));
	assert_int_equal(a[1].count, 2);
	assert_int_equal(a[1].since_ms, NOW);
	assert_ok(store_attempt_was_right(edge, a));
	assert_ok(store_attempt(edge, a, NOW + 2 * MINUTE, 15 * MINUTE));
	assert_int_equal(a[2].count, 2);
	assert_ok(store_attempt(edge, a, NOW + 16 * MINUTE, 15 * MINUTE));
	assert_int_equal(a[0].count, 1);
	assert_int_equal(a[0].since_ms, NOW + 16 * MINUTE);
}

static void a_code_is_good_once_and_the_next_ends_it(void **state)
{
	struct store_code code = {.sha256 = {7},
				  .purpose = S("invitation"),
				  .made_ms = NOW,
				  .expires_ms = NOW + MINUTE};
	struct store_code used;
	uint8_t person[STORE_ID];

	(void)state;
	add_person(person, "invited", "");
	memcpy(code.person, person, STORE_ID);
	assert_ok(store_code_make(edge, &code));
	code.sha256[0] = 8;
	assert_ok(store_code_make(edge, &code));
	assert_err(store_code_use(edge, &arena, &used, (const uint8_t[32]){7}, NOW + 1),
		   ERR_NOT_FOUND);
	assert_err(store_code_use(edge, &arena, &used, code.sha256, NOW + MINUTE), ERR_NOT_FOUND);
	assert_ok(store_code_use(edge, &arena, &used, code.sha256, NOW + 1));
	assert_memory_equal(used.person, person, STORE_ID);
	assert_err(store_code_use(edge, &arena, &used, code.sha256, NOW + 2), ERR_NOT_FOUND);
}

static void a_session_that_is_idle_is_not_touched(void **state)
{
	struct store_credential session = {.kind = STORE_SESSIONS,
					   .name = S("a browser"),
					   .method = S("password"),
					   .address = S("::1"),
					   .created_ms = NOW,
					   .expires_ms = NOW + 600 * MINUTE,
					   .used_ms = NOW};
	struct store_credential found;
	struct store_person person;
	bool alive;

	(void)state;
	add_person(session.person, "browsing", "");
	random_uuid(session.id, NOW);
	session.secret_sha256[5] = 9;
	assert_ok(store_credential_create(edge, &session));
	assert_ok(store_session_touch(edge, &alive, session.id, NOW + 59 * MINUTE, 60 * MINUTE));
	assert_true(alive);
	assert_ok(store_credential_find(edge, &arena, &found, &person, session.id));
	assert_int_equal(found.kind, STORE_SESSIONS);
	assert_int_equal(found.used_ms, NOW + 59 * MINUTE);
	assert_memory_equal(found.secret_sha256, session.secret_sha256, STORE_SECRET_SHA256);
	assert_ok(store_session_touch(edge, &alive, session.id, NOW + 119 * MINUTE, 60 * MINUTE));
	assert_false(alive);
	assert_ok(store_sessions_end(edge, session.person, none, NOW + 5, none));
	assert_ok(store_credential_find(edge, &arena, &found, &person, session.id));
	assert_int_equal(found.revoked_ms, NOW + 5);
}

/* Each sees the other still there while they are removed; the second to commit fails. */
static void two_administrators_cannot_remove_each_other(void **state)
{
	uint8_t one[STORE_ID], two[STORE_ID];

	(void)state;
	add_person(one, "admin-one", "persons:manage");
	add_person(two, "admin-two", "persons:manage");
	assert_ok(store_begin(edge));
	assert_ok(store_begin(other));
	assert_ok(store_office_revoke(edge, one, S("persons:manage"), S("")));
	assert_ok(store_person_set_state(other, two, S("suspended")));
	assert_ok(store_commit(edge));
	assert_err(store_commit(other), ERR_CONFLICT);
	assert_non_null(strstr(failure_text(), "appoint another"));
	store_rollback(other);
	assert_err(store_office_revoke(edge, two, S("persons:manage"), S("")), ERR_CONFLICT);
}

static void an_administrator_with_an_end_or_for_some_models_is_not_one_who_stays(void **state)
{
	struct store_office office = {
		.office = S("persons:manage"), .scope = S("a/*"), .granted_ms = NOW};
	struct store_person last;

	(void)state;
	add_person(office.person, "deputy", "");
	assert_ok(store_office_grant(edge, &office));
	office.scope = S("");
	office.until_ms = NOW + MINUTE;
	assert_ok(store_office_grant(edge, &office));
	assert_ok(store_person_by_name(edge, &arena, &last, S("admin-two")));
	assert_err(store_person_set_state(edge, last.id, S("suspended")), ERR_CONFLICT);
	office.until_ms = 0; /* given anew, without an end */
	assert_ok(store_office_grant(edge, &office));
	assert_ok(store_person_set_state(edge, last.id, S("suspended")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attempts_are_counted_until_their_window_is_over),
		cmocka_unit_test(a_code_is_good_once_and_the_next_ends_it),
		cmocka_unit_test(a_session_that_is_idle_is_not_touched),
		cmocka_unit_test(two_administrators_cannot_remove_each_other),
		cmocka_unit_test(
			an_administrator_with_an_end_or_for_some_models_is_not_one_who_stays),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}

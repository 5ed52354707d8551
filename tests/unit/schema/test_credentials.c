/* SPDX-License-Identifier: Apache-2.0 */
/* Issuers and their keys, identities, referees, and all of it together, against PostgreSQL. */
#include "crypto/random.h"
#include "schema/store/identity.h"
#include "schema/store/person.h"
#include "schema/store/proofs.h"
#include "schema/store/visa.h"
#include "tests/integration/postgres.h"
#include "tests/unit/test.h"

enum { MINUTE = 60 * 1000 };
static const int64_t NOW = 1800000000000;
static const int64_t HOUR = 60 * MINUTE;

static struct postgres postgres;
static struct store *edge;
static struct arena arena;
static uint8_t alice[STORE_ID], bob[STORE_ID];

static void add_person(uint8_t id[STORE_ID], struct slice name)
{
	struct store_person person = {.name = name, .created_ms = NOW};
	static const uint8_t none[STORE_ID];

	random_uuid(id, NOW);
	memcpy(person.id, id, STORE_ID);
	assert_ok(store_person_add(edge, &person, none));
}

static int open_all(void **state)
{
	(void)state;
	postgres_open(&postgres, "test_credentials");
	edge = postgres_connect(&postgres, "sallyport_edge");
	add_person(alice, S("alice"));
	add_person(bob, S("bob"));
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	store_free(edge);
	arena_free(&arena);
	return 0;
}

static void add_issuer(struct slice iss, struct slice jku)
{
	const struct store_issuer issuer = {
		.iss = iss, .jku = jku, .pinned = !jku.size, .jwks = S("{}"), .added_ms = NOW};

	assert_ok(store_issuer_add(edge, &issuer));
}

static void keys_are_fetched_when_due_and_by_one(void **state)
{
	struct store_issuer issuer;
	struct slice *due;
	size_t count;
	bool may, changed;
	struct slice iss = S("https://fetched");

	(void)state;
	add_issuer(iss, S("https://fetched/jwks"));
	assert_ok(store_issuer_get(edge, &arena, &issuer, iss));
	assert_false(issuer.pinned);
	assert_slice(issuer.jwks, "");
	assert_ok(store_issuer_due(edge, &arena, &due, &count, NOW, 10));
	assert_int_equal(count, 1);
	assert_ok(store_issuer_try(edge, iss, NOW, MINUTE, &may));
	assert_true(may);
	assert_ok(store_issuer_try(edge, iss, NOW + MINUTE - 1, MINUTE, &may));
	assert_false(may);
	assert_ok(store_issuer_try(edge, iss, NOW + MINUTE, MINUTE, &may));
	assert_true(may);
	assert_ok(store_issuer_try(edge, iss, NOW - HOUR, MINUTE, &may)); /* the clock went back */
	assert_true(may);
	assert_ok(store_issuer_fetched(edge, iss, S("{1}"), NOW, NOW + HOUR, &changed));
	assert_true(changed);
	assert_ok(store_issuer_fetched(edge, iss, S("{1}"), NOW, NOW + HOUR, &changed));
	assert_false(changed);
	assert_ok(store_issuer_due(edge, &arena, &due, &count, NOW + HOUR - 1, 10));
	assert_int_equal(count, 0);
	assert_ok(store_issuer_failed(edge, iss, S("it is away"), NOW + 2 * HOUR));
	assert_ok(store_issuer_get(edge, &arena, &issuer, iss));
	assert_slice(issuer.jwks, "{1}"); /* the last good ones */
	assert_slice(issuer.error, "it is away");
	assert_int_equal(issuer.fetched_ms, NOW);
}

static void pinned_keys_are_never_fetched(void **state)
{
	struct store_issuer issuer;
	bool may, changed;

	(void)state;
	add_issuer(S("https://pinned"), S(""));
	assert_ok(store_issuer_try(edge, S("https://pinned"), NOW, MINUTE, &may));
	assert_false(may);
	assert_ok(store_issuer_fetched(edge, S("https://pinned"), S("{2}"), NOW, NOW, &changed));
	assert_false(changed);
	assert_ok(store_issuer_get(edge, &arena, &issuer, S("https://pinned")));
	assert_slice(issuer.jwks, "{}");
}

static void a_revoked_kid_stays_revoked(void **state)
{
	struct store_issuer issuer;

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_ok(store_issuer_revoke_kid(edge, S("https://pinned"), S("k,1")));
	assert_ok(store_issuer_revoke_kid(edge, S("https://pinned"), S("k2")));
	assert_ok(store_issuer_get(edge, &arena, &issuer, S("https://pinned")));
	assert_slice(issuer.revoked_kids, "k,1\nk2");
	assert_err(store_issuer_revoke_kid(edge, S("https://none"), S("k")), ERR_NOT_FOUND);
}

static struct store_visa add_visa(const uint8_t person[STORE_ID], struct slice iss,
				  struct slice sub, struct slice jwt)
{
	struct store_visa visa = {.iss = iss,
				  .sub = sub,
				  .type = S("LinkedIdentities"),
				  .value = S("v"),
				  .source = S("s"),
				  .asserted_ms = NOW,
				  .expires_ms = NOW + HOUR,
				  .jwt = jwt,
				  .added_ms = NOW};

	random_uuid(visa.id, NOW);
	memcpy(visa.person, person, STORE_ID);
	assert_ok(store_visa_add(edge, &visa));
	return visa;
}

static struct store_identity identity_of(const uint8_t person[STORE_ID], struct slice how,
					 struct slice sub)
{
	struct store_identity identity = {
		.iss = S("https://pinned"), .sub = sub, .how = how, .bound_ms = NOW};

	memcpy(identity.person, person, STORE_ID);
	if (slice_equal(how, S("admin")))
		memcpy(identity.by_person, bob, STORE_ID);
	return identity;
}

static void identities_are_linked_and_unlinked_with_what_rests_on_them(void **state)
{
	struct store_visa first = add_visa(alice, S("https://pinned"), S("a1"), S("a.b.1"));
	struct store_identity linked = identity_of(alice, S("linked"), S("a2"));
	struct store_identity other = identity_of(bob, S("admin"), S("a2"));
	struct store_proofs proofs;
	struct store_identity *list;
	size_t count;

	(void)state;
	memcpy(linked.by_visa, first.id, STORE_ID);
	assert_ok(store_identity_link(edge, &linked));
	assert_ok(store_identity_link(edge, &linked));
	assert_err(store_identity_add(edge, &other), ERR_CONFLICT);
	other = identity_of(alice, S("admin"), S("a3"));
	assert_ok(store_identity_add(edge, &other));
	assert_err(store_identity_add(edge, &other), ERR_CONFLICT);
	(void)add_visa(alice, S("https://pinned"), S("a2"), S("a.b.2"));
	assert_ok(store_proofs_load(edge, &arena, &proofs, alice));
	assert_int_equal(proofs.visa_count, 2);
	assert_int_equal(proofs.issuer_count, 1);
	assert_ok(store_identity_list(edge, &arena, &list, &count, alice));
	assert_int_equal(count, 3);
	assert_err(store_identity_remove(edge, bob, S("https://pinned"), S("a1")), ERR_NOT_FOUND);
	/* The visa that links goes, so the link goes, so its visa goes. */
	assert_ok(store_identity_remove(edge, alice, S("https://pinned"), S("a1")));
	assert_ok(store_identity_list(edge, &arena, &list, &count, alice));
	assert_int_equal(count, 1);
	assert_slice(list[0].how, "admin");
	assert_ok(store_proofs_load(edge, &arena, &proofs, alice));
	assert_int_equal(proofs.visa_count, 0);
	(void)add_visa(bob, S("https://pinned"), S("a1"), S("a.b.1")); /* free for another */
}

static void a_referee_answers_once_and_in_time(void **state)
{
	struct store_referee referee = {.email = S("r@x.org"),
					.name = S("Prof. R"),
					.asked_ms = NOW,
					.expires_ms = NOW + HOUR},
			     found;
	struct store_proofs proofs;

	(void)state;
	memcpy(referee.person, alice, STORE_ID);
	memcpy(referee.asked_by, alice, STORE_ID);
	for (unsigned i = 0; i < STORE_REFEREES_MAX; i++) {
		random_uuid(referee.id, NOW);
		referee.secret_sha256[0] = (uint8_t)i;
		assert_ok(store_referee_add(edge, &referee));
	}
	referee.secret_sha256[0] = 99;
	assert_err(store_referee_add(edge, &referee), ERR_LIMIT);
	assert_err(store_referee_by_secret(edge, &arena, &found, referee.secret_sha256),
		   ERR_NOT_FOUND);
	referee.secret_sha256[0] = 0;
	assert_ok(store_referee_by_secret(edge, &arena, &found, referee.secret_sha256));
	assert_slice(found.state, "asked");
	assert_slice(found.person_name, "alice");
	assert_ok(store_referee_answer(edge, found.id, S("confirmed"), S("fine"), NOW + 1));
	assert_err(store_referee_answer(edge, found.id, S("declined"), S(""), NOW + 2),
		   ERR_CONFLICT);
	assert_err(store_referee_answer(edge, referee.id, S("declined"), S(""), NOW + HOUR),
		   ERR_CONFLICT);
	assert_ok(store_proofs_load(edge, &arena, &proofs, alice));
	assert_int_equal(proofs.referee_count, STORE_REFEREES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_fetched_when_due_and_by_one),
		cmocka_unit_test(pinned_keys_are_never_fetched),
		cmocka_unit_test(a_revoked_kid_stays_revoked),
		cmocka_unit_test(identities_are_linked_and_unlinked_with_what_rests_on_them),
		cmocka_unit_test(a_referee_answers_once_and_in_time),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}

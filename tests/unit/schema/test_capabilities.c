/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials that stand in an address: what the database lets them be, and how they end. */
#include <stdio.h>

#include "crypto/random.h"
#include "schema/store/credential.h"
#include "schema/store/model.h"
#include "tests/integration/postgres.h"
#include "tests/unit/test.h"

#define NOW INT64_C(1790000000000)
#define DAY INT64_C(86400000)

static struct postgres postgres;
static struct store *edge;
static struct arena arena;
static uint8_t alice[16], model[16];

static void make_id(uint8_t id[16])
{
	random_uuid(id, NOW);
}

static int open_all(void **state)
{
	struct store_person person = {.name = S("alice"), .created_ms = NOW};
	struct store_model m = {.name = S("demo/tiny"), .gate = S("manual"), .created_ms = NOW};
	static const uint8_t none[16];

	(void)state;
	postgres_open(&postgres, "test_capabilities");
	edge = postgres_connect(&postgres, "sallyport_edge");
	make_id(alice);
	make_id(model);
	memcpy(person.id, alice, 16);
	memcpy(m.id, model, 16);
	assert_ok(store_person_add(edge, &person, none));
	assert_ok(store_model_create(edge, &m, alice));
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	store_free(edge);
	arena_free(&arena);
	return 0;
}

/* A capability lives and dies with the token that made it, and is in a list of its own. */
static void a_capability_is_revoked_with_its_maker(void **state)
{
	struct store_credential maker = {
		.name = S("laptop"), .created_ms = NOW, .expires_ms = NOW + DAY};
	struct store_credential c = {.kind = STORE_CAPABILITIES,
				     .name = S("browser"),
				     .rights = S("weights:read"),
				     .created_ms = NOW,
				     .expires_ms = NOW + DAY};
	struct store_credential found, *list;
	struct store_person person;
	size_t count;

	(void)state;
	make_id(maker.id);
	make_id(c.id);
	memcpy(maker.person, alice, 16);
	memcpy(c.person, alice, 16);
	memcpy(c.model, model, 16);
	memcpy(c.made_by, maker.id, 16);
	assert_ok(store_credential_create(edge, &maker));
	assert_ok(store_credential_create(edge, &c));
	assert_ok(store_credential_find(edge, &arena, &found, &person, c.id));
	assert_memory_equal(found.model, model, 16);
	assert_memory_equal(found.made_by, maker.id, 16);
	assert_true(found.model_name.size > 0);
	assert_int_equal(found.revoked_ms, 0);
	assert_ok(store_credential_list(edge, &arena, &list, &count, alice, STORE_CAPABILITIES));
	assert_int_equal(count, 1);
	assert_memory_equal(list[0].id, c.id, 16);
	assert_ok(store_credential_revoke(edge, maker.id, alice, NOW + 5, alice, STORE_TOKENS));
	assert_ok(store_credential_find(edge, &arena, &found, &person, c.id));
	assert_int_equal(found.revoked_ms, NOW + 5);
	assert_err(store_credential_revoke(edge, c.id, alice, NOW + 6, alice, STORE_CAPABILITIES),
		   ERR_NOT_FOUND); /* it is revoked itself, not only said to be */
	make_id(c.id);             /* one that was on its way meanwhile */
	assert_ok(store_credential_create(edge, &c));
	assert_ok(store_credential_find(edge, &arena, &found, &person, c.id));
	assert_int_equal(found.revoked_ms, NOW + 5);
}

/* The database refuses what would be more than a capability may be. */
static void a_capability_is_narrow_and_short(void **state)
{
	struct store_credential good = {.kind = STORE_CAPABILITIES,
					.name = S("browser"),
					.rights = S("weights:read"),
					.created_ms = NOW,
					.expires_ms = NOW + DAY};
	struct store_credential c;

	(void)state;
	make_id(good.made_by);
	memcpy(good.person, alice, 16);
	memcpy(good.model, model, 16);
	c = (struct store_credential){.name = S("maker"), .created_ms = NOW, .expires_ms = NOW + 1};
	memcpy(c.id, good.made_by, 16);
	memcpy(c.person, alice, 16);
	assert_ok(store_credential_create(edge, &c));
	c = good;
	make_id(c.id);
	c.rights = S("infer:generate");
	assert_err(store_credential_create(edge, &c), ERR_FORMAT);
	c.rights = S("");
	assert_err(store_credential_create(edge, &c), ERR_FORMAT);
	c = good;
	c.expires_ms += 1;
	assert_err(store_credential_create(edge, &c), ERR_FORMAT);
	c = good;
	memset(c.made_by, 0, 16);
	assert_err(store_credential_create(edge, &c), ERR_FORMAT);
}

/* "c/..." is where capabilities stand. */
static void a_model_is_not_named_as_an_address_of_ours(void **state)
{
	static const char *const names[] = {"c", "c/m", "api/m", "log/m", "upload/m", "v1/m"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct store_model m = {
			.name = slice_of_string(names[i]), .gate = S("manual"), .created_ms = NOW};

		make_id(m.id);
		assert_err(store_model_create(edge, &m, alice), ERR_FORMAT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_capability_is_revoked_with_its_maker),
		cmocka_unit_test(a_capability_is_narrow_and_short),
		cmocka_unit_test(a_model_is_not_named_as_an_address_of_ours),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}

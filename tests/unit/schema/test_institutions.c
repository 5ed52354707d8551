/* SPDX-License-Identifier: Apache-2.0 */
/* Institutions and memberships, against a real PostgreSQL. */
#include "crypto/random.h"
#include "schema/store/institution.h"
#include "schema/store/person.h"
#include "tests/integration/postgres.h"
#include "tests/unit/test.h"

#define NOW INT64_C(1790000000000)
#define DAY INT64_C(86400000)

static struct postgres postgres;
static struct store *edge;
static struct arena arena;
static uint8_t alice[16], clinic[16];

static int open_all(void **state)
{
	struct store_person person = {.name = S("alice"), .created_ms = NOW};
	struct store_institution institution = {.name = S("University Clinic"),
						.kind = S("hospital"),
						.country = S("DE"),
						.domains = S("clinic.example,uc.example"),
						.created_ms = NOW};
	static const uint8_t none[16];

	(void)state;
	postgres_open(&postgres, "test_institutions");
	edge = postgres_connect(&postgres, "sallyport_edge");
	random_uuid(alice, NOW);
	random_uuid(clinic, NOW);
	memcpy(person.id, alice, 16);
	memcpy(institution.id, clinic, 16);
	assert_ok(store_person_add(edge, &person, none));
	assert_ok(store_institution_add(edge, &institution));
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	store_free(edge);
	arena_free(&arena);
	return 0;
}

static struct store_member membership(struct slice role, int64_t since_ms)
{
	struct store_member member = {.role = role, .since_ms = since_ms};

	memcpy(member.institution, clinic, 16);
	memcpy(member.person, alice, 16);
	return member;
}

static void an_institution_is_found_as_it_was_added(void **state)
{
	struct store_institution found;

	(void)state;
	assert_ok(store_institution_by_name(edge, &arena, &found, S("University Clinic")));
	assert_memory_equal(found.id, clinic, 16);
	assert_ok(store_institution_get(edge, &arena, &found, clinic));
	assert_slice(found.kind, "hospital");
	assert_slice(found.country, "DE");
	assert_slice(found.domains, "clinic.example,uc.example");
	assert_slice(found.state, "active");
}

static void what_is_no_institution_is_refused(void **state)
{
	static const struct {
		const char *name, *kind, *country;
		enum err result;
		const char *why;
	} rows[] = {
		{"University Clinic", "hospital", "DE", ERR_CONFLICT, "the name is taken"},
		{"Elsewhere", "club", "DE", ERR_FORMAT, "a kind that is none"},
		{"Elsewhere", "hospital", "de", ERR_FORMAT, "a country in lower case"},
		{" Elsewhere", "hospital", "DE", ERR_FORMAT, "a space in front"},
		{"", "hospital", "DE", ERR_FORMAT, "no name"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct store_institution one = {.name = slice_of_string(rows[i].name),
						.kind = slice_of_string(rows[i].kind),
						.country = slice_of_string(rows[i].country),
						.created_ms = NOW};

		random_uuid(one.id, NOW);
		assert_err(store_institution_add(edge, &one), rows[i].result);
	}
}

static void a_state_changes_only_from_the_one_it_has(void **state)
{
	(void)state;
	assert_err(store_institution_set_state(edge, clinic, S("suspended"), S("active")),
		   ERR_NOT_FOUND);
	assert_ok(store_institution_set_state(edge, clinic, S("active"), S("suspended")));
	assert_ok(store_institution_set_state(edge, clinic, S("suspended"), S("active")));
}

static void a_membership_ends_and_may_begin_again(void **state)
{
	struct store_member first = membership(S("member"), NOW);
	struct store_member again = membership(S("member"), NOW + DAY);
	struct store_member official = membership(S("official"), NOW);
	struct store_member *list;
	size_t count;

	(void)state;
	assert_ok(store_member_add(edge, &first));
	assert_err(store_member_add(edge, &again), ERR_CONFLICT);
	assert_ok(store_member_add(edge, &official));
	assert_ok(store_member_end(edge, clinic, alice, S("member"), NOW - DAY));
	assert_err(store_member_end(edge, clinic, alice, S("member"), NOW), ERR_NOT_FOUND);
	assert_ok(store_institutions_of(edge, &arena, &list, &count, alice));
	assert_int_equal(count, 1);
	assert_slice(list[0].role, "official");
	assert_slice(list[0].institution_country, "DE");
	assert_ok(store_member_add(edge, &again));
	assert_ok(store_members(edge, &arena, &list, &count, clinic));
	assert_int_equal(count, 3);
	assert_int_equal(list[0].until_ms, 0);
	assert_int_equal(list[2].until_ms, NOW); /* not before it began */
	assert_slice(list[2].person_name, "alice");
}

static void only_who_is_there_becomes_a_member(void **state)
{
	struct store_member stranger = membership(S("member"), NOW);
	struct store_member odd = membership(S("guest"), NOW);

	(void)state;
	random_uuid(stranger.person, NOW);
	assert_err(store_member_add(edge, &stranger), ERR_NOT_FOUND);
	assert_err(store_member_add(edge, &odd), ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_institution_is_found_as_it_was_added),
		cmocka_unit_test(what_is_no_institution_is_refused),
		cmocka_unit_test(a_state_changes_only_from_the_one_it_has),
		cmocka_unit_test(a_membership_ends_and_may_begin_again),
		cmocka_unit_test(only_who_is_there_becomes_a_member),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}

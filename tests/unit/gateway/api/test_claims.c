/* SPDX-License-Identifier: Apache-2.0 */
/* Which visas count at a time, and what claims come of it. */
#include "gateway/api/proof/claims_of.h"
#include "tests/unit/test.h"

enum { NOW = 1800000000, VISAS = 6 };

static struct proof visas[VISAS];
static struct store_member members[2];
static struct store_referee referees[2];
static struct proofs proofs;
static struct arena arena;

static struct proof proof_of(uint8_t number, struct slice type, struct slice value)
{
	struct proof proof = {.id = {number},
			      .is_verified = true,
			      .visa = {.iss = S("https://i"),
				       .sub = S("s"),
				       .type = type,
				       .value = value,
				       .source = S("https://s"),
				       .by = S("so"),
				       .issued_seconds = NOW - 9,
				       .asserted_seconds = NOW - 99,
				       .expires_seconds = NOW + 1000}};

	return proof;
}

/* 0 counts by itself; 1 asks for 0; 2 links; 3 is linked by 2; 4 asks for 1, which has conditions;
 * 5 is not verified. */
static int set_up(void **state)
{
	static const struct visa_clause affiliated[] = {
		{.type = {(const uint8_t *)"AffiliationAndRole", 18},
		 .value = {VISA_MATCH_PATTERN, {(const uint8_t *)"*@x.org", 7}}}};
	static const struct visa_clause granted[] = {
		{.type = {(const uint8_t *)"ControlledAccessGrants", 22},
		 .by = {VISA_MATCH_CONST, {(const uint8_t *)"so", 2}}}};
	static const struct visa_alternative by_affiliation = {affiliated, 1};
	static const struct visa_alternative by_grant = {granted, 1};

	(void)state;
	visas[0] = proof_of(1, S("AffiliationAndRole"), S("faculty@x.org"));
	visas[1] = proof_of(2, S("ControlledAccessGrants"), S("https://a"));
	visas[1].visa.conditions = (struct visa_conditions){&by_affiliation, 1};
	visas[2] = proof_of(3, S("LinkedIdentities"), S("t,https%3A%2F%2Fj"));
	visas[2].visa.expires_seconds = NOW + 500;
	visas[3] = proof_of(4, S("Country"), S("DE"));
	visas[3].linked[0] = 3;
	visas[4] = proof_of(5, S("ResearcherStatus"), S("https://r"));
	visas[4].visa.conditions = (struct visa_conditions){&by_grant, 1};
	visas[5] = proof_of(6, S("ResearcherStatus"), S("https://r"));
	visas[5].is_verified = false;
	visas[5].why_not = S("forged");
	members[0] = (struct store_member){.institution = {7},
					   .institution_name = S("Clinic"),
					   .institution_state = S("active"),
					   .institution_country = S("DE")};
	members[1] = members[0];
	members[1].institution_state = S("suspended");
	members[1].institution_country = S("FR");
	referees[0] = (struct store_referee){.email = S("r@u"), .state = S("confirmed")};
	referees[1] = (struct store_referee){.email = S("q@u"), .state = S("declined")};
	proofs = (struct proofs){visas, VISAS, members, 2, referees, 2};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static void expect_counting(const char *expected, int64_t now)
{
	char found[VISAS + 1] = "";

	proofs_weigh(&proofs, &arena, now);
	for (size_t i = 0; i < VISAS; i++) {
		found[i] = proofs.visas[i].counts ? 'y' : 'n';
		assert_int_equal(proofs.visas[i].counts, proofs.visas[i].why_not.size == 0);
	}
	assert_string_equal(found, expected);
}

static void visas_count_while_what_they_rest_on_does(void **state)
{
	(void)state;
	expect_counting("yyyynn", NOW);
	assert_slice(visas[5].why_not, "forged");
	expect_counting("yynnnn", NOW + 500); /* the link has ended */
	expect_counting("yyyynn", NOW);       /* and the clock went back */
	visas[0].visa.expires_seconds = NOW + 100;
	expect_counting("nnyynn", NOW + 100); /* and so has what the grant asks for */
	expect_counting("nnnnnn", NOW + 1000);
	expect_counting("nnnnnn", NOW - 1000); /* issued in the future */
}

static void a_link_that_is_not_there_holds_nothing(void **state)
{
	(void)state;
	visas[3].linked[0] = 99;
	expect_counting("yyynnn", NOW);
	visas[3].linked[0] = 4; /* by itself */
	expect_counting("yyynnn", NOW);
}

static const struct claim *find(const struct claims *claims, struct slice type)
{
	for (size_t i = 0; i < claims->count; i++)
		if (slice_equal(claims->list[i].type, type))
			return &claims->list[i];
	return NULL;
}

static void claims_are_what_counts_now(void **state)
{
	struct claims claims;

	(void)state;
	proofs_weigh(&proofs, &arena, NOW);
	claims_of_proofs(&claims, &arena, &proofs);
	assert_int_equal(claims.count, 6); /* a membership, a referee, four visas */
	assert_null(find(&claims, S("ResearcherStatus")));
	assert_slice(find(&claims, S("Reference"))->value, "r@u");
	assert_int_equal(find(&claims, S("AffiliationAndRole"))->asserted_seconds, NOW - 99);
	assert_int_equal(find(&claims, S("AffiliationAndRole"))->id[0], 1);
	assert_slice(find(&claims, S("Country"))->source, "Clinic");
	assert_int_equal(claims.list[claims.count - 1].expires_seconds, NOW + 500); /* its link's */
	assert_int_equal(claims.country.source, COUNTRY_CLAIM);
	assert_string_equal(claims.country.code, "DE");
}

static void two_countries_are_none(void **state)
{
	struct claims claims;

	(void)state;
	members[1].institution_state = S("active");
	proofs_weigh(&proofs, &arena, NOW);
	claims_of_proofs(&claims, &arena, &proofs);
	assert_int_equal(claims.country.source, COUNTRY_NONE);
	assert_string_equal(claims.country.code, "");
	proofs = (struct proofs){.visas = visas};
	claims_of_proofs(&claims, &arena, &proofs);
	assert_int_equal(claims.count, 0);
	assert_int_equal(claims.country.source, COUNTRY_NONE);
}

static void a_copy_stands_alone(void **state)
{
	struct arena other = {0};
	struct proofs copy;

	(void)state;
	proofs_copy(&other, &copy, &proofs);
	memset(visas, 0xff, sizeof visas); /* AddressSanitizer sees who still looks at it */
	memset(members, 0xff, sizeof members);
	memset(referees, 0xff, sizeof referees);
	proofs = copy;
	proofs_weigh(&proofs, &other, NOW);
	assert_true(proofs.visas[1].counts);
	assert_slice(proofs.members[0].institution_name, "Clinic");
	assert_slice(proofs.referees[0].email, "r@u");
	arena_free(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(visas_count_while_what_they_rest_on_does, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_link_that_is_not_there_holds_nothing, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(claims_are_what_counts_now, set_up, tear_down),
		cmocka_unit_test_setup_teardown(two_countries_are_none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_copy_stands_alone, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

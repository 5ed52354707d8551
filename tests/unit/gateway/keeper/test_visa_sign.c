/* SPDX-License-Identifier: Apache-2.0 */
/* A license is said as a visa for its own entry, once, shortly, and as long as it is in force. */
#include "crypto/jws.h"
#include "crypto/visa.h"
#include "tests/unit/gateway/keeper/scene.h"

enum { NOW = WALL_MS / 1000 };

#define ISS "https://gate.example"

static void ask_visa(struct scene *s, struct wire_visa_sign *ask, const char *iss, uint64_t entered)
{
	char id[TEXT_UUID], person[TEXT_UUID];

	text_uuid(id, s->license.id);
	text_uuid(person, s->license.person);
	PAYLOAD(s, "{\"expires\":%llu,\"iss\":\"%s\",\"license\":\"%s\",\"person\":\"%s\"}",
		(unsigned long long)entered, iss, id, person);
	append(s, "visa.issue");
	*ask = (struct wire_visa_sign){
		.license = buf_slice(&s->document), .iss = S(ISS), .expires_seconds = entered};
	memcpy(ask->event, s->entry.id, WIRE_ID);
	memcpy(ask->signature, s->signature, SIGN_SIGNATURE);
}

static void expect_refused(struct scene *s, const struct wire_visa_sign *ask, enum err kind)
{
	AUTO(buf_free) struct buf out = buf_new(WIRE_MAX_VISA);

	assert_err(keeper_visa_sign(s->keeper, ask, s->now, &out), kind);
	assert_int_equal(out.size, 0);
}

static void a_license_is_said_as_a_visa_once(void **state)
{
	struct scene *s = *state;
	AUTO(buf_free) struct buf jwks = buf_new(WIRE_MAX_JWKS);
	AUTO(buf_free) struct buf jwt = buf_new(WIRE_MAX_VISA);
	AUTO(jwk_set_auto) struct jwk_set *keys = NULL;
	AUTO(arena_free) struct arena a = {0};
	struct visa_issuer issuer = {.iss = S(ISS), .jku = S(ISS "/.well-known/jwks.json")};
	const struct visa_trust trust = {&issuer, 1, S(""), NOW};
	struct wire_visa_sign ask;
	struct visa visa;
	char person[TEXT_UUID];

	ask_visa(s, &ask, ISS, NOW + 60);
	assert_ok(keeper_visa_sign(s->keeper, &ask, s->now, &jwt));
	assert_ok(keeper_visa_keys(s->keeper, &jwks));
	assert_ok(jwks_parse(&keys, buf_slice(&jwks)));
	issuer.keys = keys;
	assert_ok(visa_verify(&visa, &a, buf_slice(&jwt), &trust));
	text_uuid(person, s->license.person);
	assert_slice(visa.sub, person);
	assert_slice(visa.value, ISS "/org/model");
	assert_slice(visa.by, "dac");
	assert_int_equal(visa.expires_seconds, NOW + 60);
	expect_refused(s, &ask, ERR_CONFLICT);
}

static void a_visa_says_what_its_entry_says(void **state)
{
	struct scene *s = *state;
	struct wire_visa_sign ask;

	ask_visa(s, &ask, ISS, NOW + 60);
	ask.expires_seconds++;
	expect_refused(s, &ask, ERR_DENIED);
	ask_visa(s, &ask, "https://other.example", NOW + 60);
	expect_refused(s, &ask, ERR_DENIED);
	ask_visa(s, &ask, ISS, NOW + 60);
	ask.signature[0] ^= 1;
	expect_refused(s, &ask, ERR_FORGED);
	memset(ask.event, 9, WIRE_ID);
	expect_refused(s, &ask, ERR_NOT_FOUND);
}

static void an_entry_for_one_license_is_none_for_another(void **state)
{
	struct scene *s = *state;
	struct wire_visa_sign ask;

	ask_visa(s, &ask, ISS, NOW + 60);
	issue_license(s, "org/model", S("weights:read")); /* the next one */
	ask.license = buf_slice(&s->document);
	memcpy(ask.signature, s->signature, SIGN_SIGNATURE);
	expect_refused(s, &ask, ERR_DENIED);
}

static void a_visa_is_short_and_ends_with_its_license(void **state)
{
	struct scene *s = *state;
	struct wire_visa_sign ask;

	ask_visa(s, &ask, ISS, NOW + 3601); /* the license has an hour */
	expect_refused(s, &ask, ERR_DENIED);
	ask_visa(s, &ask, ISS, NOW);
	expect_refused(s, &ask, ERR_DENIED);
	ask_visa(s, &ask, ISS, NOW + 60);
	s->now.monotonic_ms += RULES_FRESH_MS + 1;
	expect_refused(s, &ask, ERR_EXPIRED);
	s->now.wall_ms += 3600 * 1000;
	ask_visa(s, &ask, ISS, NOW + 3700);
	expect_refused(s, &ask, ERR_EXPIRED);
}

static void a_license_that_was_revoked_is_no_visa(void **state)
{
	struct scene *s = *state;
	struct wire_visa_sign ask;
	char id[TEXT_UUID];

	text_uuid(id, s->license.id);
	PAYLOAD(s, "{\"license\":\"%s\"}", id);
	append(s, "license.revoke");
	ask_visa(s, &ask, ISS, NOW + 60);
	expect_refused(s, &ask, ERR_DENIED);
	assert_string_equal(keeper_code(s->keeper), "LICENSE_REVOKED");
}

static void the_key_is_the_same_each_time_the_keeper_opens(void **state)
{
	struct scene *s = *state;
	AUTO(buf_free) struct buf first = buf_new(WIRE_MAX_JWKS);
	AUTO(buf_free) struct buf second = buf_new(WIRE_MAX_JWKS);

	assert_ok(keeper_visa_keys(s->keeper, &first));
	keeper_free(s->keeper);
	open_keeper(s);
	assert_ok(keeper_visa_keys(s->keeper, &second));
	assert_true(slice_equal(buf_slice(&first), buf_slice(&second)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_license_is_said_as_a_visa_once, scene_new,
						scene_free),
		cmocka_unit_test_setup_teardown(a_visa_says_what_its_entry_says, scene_new,
						scene_free),
		cmocka_unit_test_setup_teardown(an_entry_for_one_license_is_none_for_another,
						scene_new, scene_free),
		cmocka_unit_test_setup_teardown(a_visa_is_short_and_ends_with_its_license,
						scene_new, scene_free),
		cmocka_unit_test_setup_teardown(a_license_that_was_revoked_is_no_visa, scene_new,
						scene_free),
		cmocka_unit_test_setup_teardown(the_key_is_the_same_each_time_the_keeper_opens,
						scene_new, scene_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

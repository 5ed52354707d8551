/* SPDX-License-Identifier: Apache-2.0 */
/* Identity providers: what an operator may write of one, what one may say of itself. What it says
 * of people is tried with a provider that lies (tests/integration/oidc.test.mjs). */
#include "gateway/api/signin/oidc_provider.h"
#include "tests/unit/test.h"

#define ISSUER "https://idp.example"

static struct arena arena;

static int free_arena(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static void a_provider_is_read_with_its_defaults(void **state)
{
	struct oidc_provider p[OIDC_MAX_PROVIDERS];
	size_t count;

	(void)state;
	assert_ok(oidc_read_providers(p, &count, &arena,
				      S("{\"providers\":[{\"name\":\"campus\",\"issuer\":\"" ISSUER
					"\",\"client_id\":\"us\"}]}")));
	assert_int_equal(count, 1);
	assert_slice(p[0].title, "campus");
	assert_slice(p[0].scope, "openid profile email");
	assert_slice(p[0].name_claim, "preferred_username");
	assert_int_equal(p[0].credential.size, 0);
	assert_false(p[0].registers);
}

static void a_provider_that_is_not_whole_is_refused(void **state)
{
	static const char *const rows[] = {
		"{}",
		"{\"providers\":{}}",
		"{\"providers\":[{\"name\":\"a\",\"client_id\":\"c\"}]}",
		"{\"providers\":[{\"name\":\"a\",\"issuer\":\"http://x\",\"client_id\":\"c\"}]}",
		"{\"providers\":[{\"name\":\"a\",\"issuer\":\"https://\",\"client_id\":\"c\"}]}",
		"{\"providers\":[{\"name\":\"a\",\"issuer\":\"https://x\"}]}",
		"{\"providers\":[{\"name\":\"A/b\",\"issuer\":\"https://x\",\"client_id\":\"c\"}]}",
		"{\"providers\":[{\"name\":\"a\",\"issuer\":\"https://x\",\"client_id\":\"c\","
		"\"scopes\":[\"profile\"]}]}",
		"{\"providers\":[{\"name\":\"a\",\"issuer\":\"https://x\",\"client_id\":\"c\","
		"\"register\":\"everybody\"}]}",
		"{\"providers\":[{\"name\":\"a\",\"issuer\":\"https://x\",\"client_id\":\"c\","
		"\"client_secret\":\"does not belong here\"}]}",
	};
	struct oidc_provider p[OIDC_MAX_PROVIDERS];
	size_t count;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (oidc_read_providers(p, &count, &arena, slice_of_string(rows[i])) == OK)
			fail_msg("%s", rows[i]);
	assert_err(oidc_read_providers(
			   p, &count, &arena,
			   S("{\"providers\":[{\"name\":\"a\",\"issuer\":\"https://x\","
			     "\"client_id\":\"c\"},{\"name\":\"a\",\"issuer\":\"https://y\","
			     "\"client_id\":\"c\"}]}")),
		   ERR_CONFLICT);
}

#define DISCOVERY(issuer, token) \
	"{\"issuer\":\"" issuer "\",\"authorization_endpoint\":\"" ISSUER "/a\"," \
	"\"token_endpoint\":\"" token "\",\"jwks_uri\":\"" ISSUER "/j\",\"more\":[1]}"

static void a_discovery_is_of_the_issuer_that_was_asked(void **state)
{
	struct oidc_discovery d;

	(void)state;
	assert_ok(oidc_read_discovery(&d, &arena, S(DISCOVERY(ISSUER, ISSUER "/t")), S(ISSUER)));
	assert_slice(d.token, ISSUER "/t");
	assert_err(
		oidc_read_discovery(&d, &arena, S(DISCOVERY(ISSUER "/", ISSUER "/t")), S(ISSUER)),
		ERR_DENIED);
	assert_err(oidc_read_discovery(&d, &arena, S(DISCOVERY(ISSUER, "http://idp.example/t")),
				       S(ISSUER)),
		   ERR_FORMAT);
	assert_err(oidc_read_discovery(&d, &arena, S("[]"), S(ISSUER)), ERR_FORMAT);
	assert_err(oidc_read_discovery(&d, &arena, S("{}"), S(ISSUER)), ERR_DENIED);
}

static void a_name_is_made_of_what_is_left(void **state)
{
	static const struct {
		const char *claimed, *name;
	} rows[] = {
		{"ada", "ada"},       {"Ada.L@x.example", "ada.l"}, {"--ada--", "ada"},
		{"@x.example", ""},   {"\xc3\xa5sa b", "sab"},      {"", ""},
		{"../../etc", "etc"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_slice(oidc_person_name(&arena, slice_of_string(rows[i].claimed)),
			     rows[i].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_provider_is_read_with_its_defaults),
		cmocka_unit_test(a_provider_that_is_not_whole_is_refused),
		cmocka_unit_test(a_discovery_is_of_the_issuer_that_was_asked),
		cmocka_unit_test(a_name_is_made_of_what_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, free_arena);
}

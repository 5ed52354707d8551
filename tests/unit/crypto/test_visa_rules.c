/* SPDX-License-Identifier: Apache-2.0 */
/* test_visa_rules.c - what a visa may say, and what must hold beside it. */
#include "crypto/visa.h"
#include "crypto/visa_values.h"
#include "tests/unit/test.h"

static struct visa held(const char *type, const char *value, const char *by)
{
	return (struct visa){.type = slice_of_string(type),
			     .value = slice_of_string(value),
			     .source = S("https://uni.example"),
			     .by = slice_of_string(by)};
}

/* Of these: faculty of x.org by so; two links; a grant that holds under conditions itself. */
static const struct {
	const char *conditions;
	bool hold;
} condition_rows[] = {
	{"[]", true},
	{"[[{'type':'AffiliationAndRole','value':'const:faculty@x.org'}]]", true},
	{"[[{'type':'AffiliationAndRole','value':'const:faculty@X.org'}]]", false},
	{"[[{'type':'AffiliationAndRole','value':'const:faculty@x.org','by':'const:so'}]]", true},
	{"[[{'type':'AffiliationAndRole','value':'const:faculty@x.org','by':'const:dac'}]]", false},
	{"[[{'type':'affiliationandrole','value':'const:faculty@x.org'}]]", false},
	{"[[{'type':'AffiliationAndRole','value':'pattern:*@x.org'}]]", true},
	{"[[{'type':'AffiliationAndRole','value':'pattern:facult?@?.org'}]]", true},
	{"[[{'type':'AffiliationAndRole','value':'pattern:*@?x.org'}]]", false},
	{"[[{'type':'AffiliationAndRole','value':'pattern:faculty'}]]", false},
	{"[[{'type':'AffiliationAndRole','value':'pattern:*o*o*'}]]", false},
	{"[[{'type':'AffiliationAndRole','value':'pattern:'}]]", false},
	{"[[{'type':'AffiliationAndRole','value':'split_pattern:*@x.org'}]]", true},
	{"[[{'type':'LinkedIdentities','value':'const:7,https%3A%2F%2Fa'}]]", false},
	{"[[{'type':'LinkedIdentities','value':'split_pattern:7,https%3A%2F%2Fa'}]]", true},
	{"[[{'type':'LinkedIdentities','value':'split_pattern:8,*'}]]", true},
	{"[[{'type':'LinkedIdentities','value':'split_pattern:7*8'}]]", false},
	{"[[{'type':'LinkedIdentities','source':'pattern:https:*'}]]", true},
	/* AND, in one visa or in several */
	{"[[{'type':'LinkedIdentities','value':'split_pattern:7,*'},"
	 "{'type':'AffiliationAndRole','by':'const:so'}]]",
	 true},
	{"[[{'type':'LinkedIdentities','value':'split_pattern:7,*'},"
	 "{'type':'AffiliationAndRole','by':'const:dac'}]]",
	 false},
	{"[[{'type':'LinkedIdentities','value':'split_pattern:7,*','by':'const:so'}]]", false},
	/* OR */
	{"[[{'type':'AffiliationAndRole','by':'const:dac'}],"
	 "[{'type':'AffiliationAndRole','by':'const:so'}]]",
	 true},
	/* a visa that has conditions proves none */
	{"[[{'type':'ControlledAccessGrants','value':'pattern:*'}]]", false},
};

static void conditions_ask_for_other_visas(void **state)
{
	static const struct visa_alternative some = {NULL, 0};
	struct visa others[] = {
		held("AffiliationAndRole", "faculty@x.org", "so"),
		held("LinkedIdentities", "7,https%3A%2F%2Fa;8,https%3A%2F%2Fb", "system"),
		held("ControlledAccessGrants", "https://a.example/d", "dac"),
	};

	(void)state;
	others[2].conditions = (struct visa_conditions){&some, 1};
	for (size_t i = 0; i < sizeof condition_rows / sizeof *condition_rows; i++) {
		AUTO(arena_free) struct arena a = {0};
		char *text = arena_string(&a, slice_of_string(condition_rows[i].conditions));
		AUTO(json_auto) json_t *list = NULL;
		struct visa_conditions conditions;

		for (char *p = text; *p; p++)
			*p = *p == '\'' ? '"' : *p;
		assert_ok(json_read(&list, slice_of_string(text), VISA_MAX));
		assert_ok(visa_conditions_read(&conditions, &a, list));
		if (visa_conditions_hold(&conditions, others, 3) != condition_rows[i].hold)
			fail_msg("%s", text);
	}
}

static void values_have_the_form_of_their_type(void **state)
{
	static const struct {
		const char *type, *value, *by;
		enum err kind;
	} rows[] = {
		{"AffiliationAndRole", "faculty@cam.ac.uk", "", OK},
		{"AffiliationAndRole", "public.citizen-scientist@no.organization", "self", OK},
		{"AffiliationAndRole", "faculty@gmail.com", "so", ERR_FORMAT},
		{"AffiliationAndRole", "faculty@GMail.com", "so", ERR_FORMAT},
		{"AffiliationAndRole", "faculty", "so", ERR_FORMAT},
		{"AffiliationAndRole", "@cam.ac.uk", "so", ERR_FORMAT},
		{"AffiliationAndRole", "a@b@cam.ac.uk", "so", ERR_FORMAT},
		{"AffiliationAndRole", "faculty@localhost", "so", ERR_FORMAT},
		{"AffiliationAndRole", "faculty@.ac.uk", "so", ERR_FORMAT},
		{"AffiliationAndRole", "faculty@ac.uk.", "so", ERR_FORMAT},
		{"AcceptedTermsAndPolicies", "https://t.example/v1", "self", OK},
		{"AcceptedTermsAndPolicies", "https://t.example/v1", "", ERR_FORMAT},
		{"ResearcherStatus", "https://doi.org/10.1038/s41431-018-0219-y", "peer", OK},
		{"ResearcherStatus", "bona fide", "peer", ERR_FORMAT},
		{"ResearcherStatus", "https://x.example", "me", ERR_FORMAT},
		{"ControlledAccessGrants", "urn:1234", "dac", OK},
		{"ControlledAccessGrants", "https:", "dac", ERR_FORMAT},
		{"ControlledAccessGrants", "https://a b", "dac", ERR_FORMAT},
		{"LinkedIdentities", "10001,https%3A%2F%2Fiss.example", "system", OK},
		{"LinkedIdentities", "a,https:%2F%2Fx;b%2Cc,https:%2F%2Fy", "system", OK},
		{"LinkedIdentities", "a", "system", ERR_FORMAT},
		{"LinkedIdentities", "a,b,c", "system", ERR_FORMAT},
		{"LinkedIdentities", "a,", "system", ERR_FORMAT},
		{"LinkedIdentities", "a,b;", "system", ERR_FORMAT},
		{"LinkedIdentities", "a,b%zz", "system", ERR_FORMAT},
		{"LinkedIdentities", "a,b%00", "system", ERR_FORMAT},
		{"LinkedIdentities", "a,b%2", "system", ERR_FORMAT},
		{"TrainingCertificate", "https://citi.example/course/7", "so", OK},
		{"Country", "DE", "so", OK},
		{"Country", "de", "so", ERR_FORMAT},
		{"Country", "DEU", "so", ERR_FORMAT},
		{"SomethingElse", "https://x.example", "so", ERR_UNSUPPORTED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct visa visa = held(rows[i].type, rows[i].value, rows[i].by);

		if (visa_check_value(&visa) != rows[i].kind)
			fail_msg("%s %s", rows[i].type, rows[i].value);
	}
}

static void linked_identities_are_decoded(void **state)
{
	AUTO(arena_free) struct arena a = {0};
	struct visa_identity links[VISA_LINKS_MAX];
	size_t count;

	(void)state;
	assert_ok(visa_links(links, &count, &a, S("a%2Cb,https%3a%2F%2Fx;c%3B,y")));
	assert_int_equal(count, 2);
	assert_slice(links[0].sub, "a,b");
	assert_slice(links[0].iss, "https://x");
	assert_slice(links[1].sub, "c;");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conditions_ask_for_other_visas),
		cmocka_unit_test(values_have_the_form_of_their_type),
		cmocka_unit_test(linked_identities_are_decoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

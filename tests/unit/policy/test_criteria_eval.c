/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

#include "policy/criteria_record.h"

enum { NOW = 1800000000, DAY = 86400 };

/* S() is no constant for what is static. */
#define TEXT(text) \
	{ \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}

static const struct claim claims[] = {
	{.type = TEXT("AffiliationAndRole"),
	 .value = TEXT("faculty@med.cam.ac.uk"),
	 .source = TEXT("https://cam.ac.uk"),
	 .by = TEXT("so"),
	 .iss = TEXT("https://broker.example"),
	 .asserted_seconds = NOW - 40 * DAY,
	 .expires_seconds = NOW + DAY},
	{.type = TEXT("TrainingCertificate"),
	 .value = TEXT("https://courses.example/ethics"),
	 .iss = TEXT("https://broker.example"),
	 .asserted_seconds = NOW - 100 * DAY,
	 .expires_seconds = NOW + DAY},
	{.type = TEXT("ResearcherStatus"),
	 .value = TEXT("https://doi.org/10.1038/s41431-018-0219-y"),
	 .source = TEXT("https://cam.ac.uk"),
	 .by = TEXT("peer"),
	 .iss = TEXT("https://broker.example"),
	 .asserted_seconds = NOW - DAY,
	 .expires_seconds = NOW}, /* over, this very second */
	{.type = TEXT("Reference"),
	 .value = TEXT("ann@example.org"),
	 .asserted_seconds = NOW - DAY,
	 .expires_seconds = NOW + DAY},
	{.type = TEXT("Reference"),
	 .value = TEXT("Ann@example.org"),
	 .asserted_seconds = NOW - 2 * DAY,
	 .expires_seconds = NOW + DAY},
	{.type = TEXT("Reference"),
	 .value = TEXT("bob@example.org"),
	 .asserted_seconds = NOW - 50 * DAY,
	 .expires_seconds = INT64_MAX}, /* never, as far as JSON can say */
};

static const struct institution_fact cambridge = {TEXT("Cambridge"), TEXT("university"), "GB"};

static struct criteria_facts researcher(void)
{
	return (struct criteria_facts){
		.now_seconds = NOW,
		.claims = {claims, sizeof claims / sizeof claims[0], {"GB", COUNTRY_CLAIM}},
		.institutions = &cambridge,
		.institution_count = 1,
		.uses = use_bit(USE_HMB) | use_bit(USE_NO_FINE_TUNING),
		.rights = right_bit(RIGHT_WEIGHTS_READ),
		.accessors = 2,
	};
}

/* Read into the arena, or the test fails. */
static struct criteria read(struct arena *arena, const char *rules)
{
	struct criteria_faults faults;
	struct criteria c;
	char text[8192];

	(void)snprintf(text, sizeof text, "{\"v\":1,\"name\":\"n\",\"rules\":[%s]}", rules);
	assert_ok(criteria_parse(&c, arena, slice_of_string(text), &faults));
	return c;
}

static struct criteria one_rule(struct arena *arena, const char *condition)
{
	char rule[4096];

	(void)snprintf(rule, sizeof rule,
		       "{\"id\":\"r\",\"effect\":\"approve\",\"text\":\"t\",\"when\":%s}",
		       condition);
	return read(arena, rule);
}

static const struct {
	const char *condition;
	enum truth holds;
} conditions[] = {
	{"{\"claim\":{\"type\":\"AffiliationAndRole\"}}", TRUTH_YES},
	{"{\"claim\":{\"type\":\"AffiliationAndRole\",\"value_pattern\":\"*@*.cam.ac.uk\"}"
	 "}",
	 TRUTH_YES},
	{"{\"claim\":{\"type\":\"AffiliationAndRole\",\"value_pattern\":\"staff@*\"}}", TRUTH_NO},
	{"{\"claim\":{\"type\":\"AffiliationAndRole\",\"by\":[\"so\",\"dac\"]}}", TRUTH_YES},
	{"{\"claim\":{\"type\":\"AffiliationAndRole\",\"by\":\"dac\"}}", TRUTH_NO},
	{"{\"claim\":{\"type\":\"AffiliationAndRole\",\"issuer\":\"https://other\"}}", TRUTH_NO},
	{"{\"claim\":{\"type\":\"AffiliationAndRole\",\"source\":\"https://cam.ac.uk\"}}",
	 TRUTH_YES},
	{"{\"claim\":{\"type\":\"AffiliationAndRole\",\"max_age_days\":40}}", TRUTH_YES},
	{"{\"claim\":{\"type\":\"AffiliationAndRole\",\"max_age_days\":39}}", TRUTH_NO},
	{"{\"claim\":{\"type\":\"ResearcherStatus\"}}", TRUTH_NO}, /* it has expired */
	{"{\"affiliation\":{\"domain\":\"med.cam.ac.uk\"}}", TRUTH_YES},
	{"{\"affiliation\":{\"domain\":\"cam.ac.uk\"}}", TRUTH_NO},
	{"{\"affiliation\":{\"domain\":\"cam.ac.uk\",\"subdomains\":true}}", TRUTH_YES},
	{"{\"affiliation\":{\"domain\":\"am.ac.uk\",\"subdomains\":true}}", TRUTH_NO},
	{"{\"affiliation\":{\"role\":\"student\"}}", TRUTH_NO},
	{"{\"training\":{\"course\":\"https://courses.example/"
	 "ethics\",\"max_age_days\":365}}",
	 TRUTH_YES},
	{"{\"training\":{\"course\":\"https://courses.example/"
	 "ethics\",\"max_age_days\":99}}",
	 TRUTH_NO},
	{"{\"references\":{\"at_least\":2}}", TRUTH_YES},
	{"{\"references\":{\"at_least\":3}}", TRUTH_NO}, /* Ann is one person */
	{"{\"references\":{\"at_least\":2,\"max_age_days\":30}}", TRUTH_NO},
	{"{\"country\":{\"in\":[\"FR\",\"GB\"]}}", TRUTH_YES},
	{"{\"country\":{\"in\":\"FR\"}}", TRUTH_NO},
	{"{\"country\":{\"in\":\"GB\",\"source\":\"table\"}}", TRUTH_UNKNOWN},
	{"{\"not\":{\"country\":{\"in\":\"GB\",\"source\":\"table\"}}}", TRUTH_UNKNOWN},
	{"{\"institution\":{\"kind\":\"university\",\"country\":\"GB\"}}", TRUTH_YES},
	{"{\"institution\":{\"kind\":\"company\"}}", TRUTH_NO},
	{"{\"known\":\"institution\"}", TRUTH_YES},
	{"{\"uses\":{\"within\":\"DUO:0000042\"}}", TRUTH_YES},
	{"{\"uses\":{\"within\":\"DUO:0000007\"}}", TRUTH_NO},
	{"{\"uses\":{\"include\":[\"MDU:no-fine-tuning\"]}}", TRUTH_YES},
	{"{\"uses\":{\"include\":[\"MDU:no-fine-tuning\",\"DUO:0000046\"]}}", TRUTH_NO},
	{"{\"rights\":{\"within\":[\"weights:read\",\"infer:generate\"]}}", TRUTH_YES},
	{"{\"rights\":{\"within\":\"infer:generate\"}}", TRUTH_NO},
	{"{\"rights\":{\"include\":\"weights:read\"}}", TRUTH_YES},
	{"{\"accessors\":{\"at_most\":2}}", TRUTH_YES},
	{"{\"accessors\":{\"at_least\":3}}", TRUTH_NO},
	{"{\"time\":{\"from\":\"2027-01-15T08:00:00Z\"}}", TRUTH_YES},
	{"{\"time\":{\"until\":\"2027-01-15T08:00:00Z\"}}", TRUTH_NO},
	{"{\"blocked\":true}", TRUTH_NO},
	{"{\"library_card\":true}", TRUTH_NO},
	{"{\"terms_signed\":true}", TRUTH_NO},
	{"{\"any\":[{\"country\":{\"in\":\"GB\",\"source\":\"table\"}},{\"blocked\":true}]"
	 "}",
	 TRUTH_UNKNOWN},
	{"{\"any\":[{\"country\":{\"in\":\"GB\",\"source\":\"table\"}},{\"not\":{"
	 "\"blocked\":true}}]}",
	 TRUTH_YES},
	{"{\"all\":[{\"country\":{\"in\":\"GB\",\"source\":\"table\"}},{\"blocked\":true}]"
	 "}",
	 TRUTH_NO},
};

static void conditions_hold_or_not_or_are_unknown(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++) {
		AUTO(arena_free) struct arena arena = {0};
		struct criteria c = one_rule(&arena, conditions[i].condition);
		struct criteria_facts f = researcher();
		struct criteria_verdict v = criteria_evaluate(&c, &f);

		if (v.holds[0] != conditions[i].holds)
			fail_msg("%s: %d", conditions[i].condition, v.holds[0]);
		assert_int_equal(v.outcome,
				 conditions[i].holds == TRUTH_YES ? EFFECT_APPROVE : EFFECT_REFER);
	}
}

static void who_is_nobodys_member_is_of_no_known_kind(void **state)
{
	AUTO(arena_free) struct arena arena = {0};
	struct criteria c = one_rule(&arena, "{\"not\":{\"institution\":{\"kind\":\"company\"}}}");
	struct criteria_facts f = researcher();

	(void)state;
	assert_int_equal(criteria_evaluate(&c, &f).outcome, EFFECT_APPROVE);
	f.institution_count = 0;
	assert_int_equal(criteria_evaluate(&c, &f).outcome, EFFECT_REFER);
}

#define RULE(id, effect, when) \
	"{\"id\":\"" id "\",\"effect\":\"" effect "\",\"text\":\"" id "\",\"when\":" when "}"
#define ALLOW RULE("allow", "approve", "{\"rights\":{\"within\":\"weights:read\"}}")
#define LOOK RULE("look", "refer", "{\"accessors\":{\"at_least\":2}}")
#define DENY RULE("deny", "deny", "{\"blocked\":true}")
#define TABLE RULE("table", "deny", "{\"country\":{\"in\":\"IR\",\"source\":\"table\"}}")

static void deny_beats_refer_beats_approve_in_any_order(void **state)
{
	static const struct {
		const char *rules;
		bool is_blocked;
		int64_t accessors;
		enum effect outcome;
	} rows[] = {
		{ALLOW "," DENY "," LOOK, false, 1, EFFECT_APPROVE},
		{ALLOW "," DENY "," LOOK, false, 2, EFFECT_REFER},
		{ALLOW "," DENY "," LOOK, true, 2, EFFECT_DENY},
		{DENY "," LOOK "," ALLOW, true, 1, EFFECT_DENY},
		{ALLOW "," TABLE, false, 1, EFFECT_REFER}, /* perhaps denied: not approved */
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		AUTO(arena_free) struct arena arena = {0};
		struct criteria c = read(&arena, rows[i].rules);
		struct criteria_facts f = researcher();

		f.is_blocked = rows[i].is_blocked;
		f.accessors = rows[i].accessors;
		assert_int_equal(criteria_evaluate(&c, &f).outcome, rows[i].outcome);
	}
}

static void what_is_missing_comes_from_the_nearest_approve_rule(void **state)
{
	AUTO(arena_free) struct arena arena = {0};
	AUTO(buf_free) struct buf words = buf_new(4096);
	struct criteria c = read(
		&arena,
		RULE("far", "approve",
		     "{\"all\":[{\"library_card\":true},{\"terms_signed\":true},{\"blocked\":true}]"
		     "}") "," RULE("near", "approve",
				   "{\"all\":[{\"known\":\"country\"},{\"not\":{\"uses\":{"
				   "\"include\":"
				   "\"MDU:no-fine-tuning\"}}},{\"any\":[{\"all\":[{\"library_"
				   "card\":true},"
				   "{\"blocked\":true}]},{\"references\":{\"at_least\":3}}]}]}"));
	struct criteria_facts f = researcher();
	struct criteria_verdict v = criteria_evaluate(&c, &f);

	(void)state;
	assert_true(v.has_nearest);
	assert_int_equal(v.nearest, 1);
	assert_int_equal(v.missing_count, 2);
	assert_true(v.missing[0].is_negated);
	condition_describe(&words, v.missing[1].condition, v.missing[1].is_negated);
	assert_slice(buf_slice(&words), "at least 3 confirmed references");
}

static void an_external_rule_counts_as_what_was_answered(void **state)
{
	AUTO(arena_free) struct arena arena = {0};
	struct criteria c = read(&arena, "{\"id\":\"opa\",\"effect\":\"external\",\"text\":\"t\","
					 "\"when\":{\"known\":\"country\"},\"external\":{\"url\":"
					 "\"https://opa/v1/data/x\",\"on_failure\":\"deny\"}}");
	struct criteria_facts f = researcher();
	size_t ask[CRITERIA_MAX_EXTERNAL];

	(void)state;
	assert_int_equal(criteria_to_ask(ask, &c, &f), 1);
	assert_int_equal(criteria_evaluate(&c, &f).outcome, EFFECT_REFER); /* not asked yet */
	f.answer_count = 1;
	f.answers[0] = (struct external_answer){.rule = S("opa"), .is_answered = true};
	for (int e = EFFECT_APPROVE; e <= EFFECT_DENY; e++) {
		f.answers[0].effect = (enum effect)e;
		assert_int_equal(criteria_evaluate(&c, &f).outcome, e);
	}
	f.answers[0].is_answered = false;
	f.answers[0].effect = EFFECT_APPROVE;
	assert_int_equal(criteria_evaluate(&c, &f).outcome, EFFECT_DENY);
	f.claims.country = (struct country){"", COUNTRY_NONE};
	f.answer_count = 0;
	assert_int_equal(criteria_to_ask(ask, &c, &f), 0);
}

/* 64 conditions with a pattern that steps back at each sign, over claims as long as they may be. */
static void an_evaluation_that_costs_too_much_is_referred(void **state)
{
	enum { LONG = 60000, PATTERNS = 60 };
	AUTO(arena_free) struct arena arena = {0};
	AUTO(buf_free) struct buf text = buf_new(CRITERIA_MAX_TEXT);
	struct criteria_facts f = researcher();
	struct criteria_faults faults;
	struct claim claim = claims[0];
	struct criteria_verdict v;
	struct criteria c;
	char *value = arena_alloc(&arena, LONG);

	(void)state;
	memset(value, 'a', LONG);
	claim.value = slice_of(value, LONG);
	f.claims.list = &claim;
	f.claims.count = 1;
	buf_write_string(&text,
			 "{\"v\":1,\"name\":\"n\",\"rules\":[{\"id\":\"r\",\"effect\":\"approve\","
			 "\"text\":\"t\",\"when\":{\"any\":[{\"library_card\":true}");
	for (int i = 0; i < PATTERNS; i++)
		buf_printf(&text,
			   ",{\"claim\":{\"type\":\"AffiliationAndRole\",\"value_pattern\":"
			   "\"*aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa%db\"}}",
			   i);
	buf_write_string(&text, "]}}]}");
	assert_ok(criteria_parse(&c, &arena, buf_slice(&text), &faults));
	f.has_library_card = true;
	v = criteria_evaluate(&c, &f);
	assert_true(v.is_cut_short);
	assert_int_equal(v.outcome, EFFECT_REFER);
}

static void a_record_reads_back_as_the_same_facts(void **state)
{
	AUTO(arena_free) struct arena arena = {0};
	AUTO(buf_free) struct buf first = buf_new(CRITERIA_MAX_RECORD);
	AUTO(buf_free) struct buf again = buf_new(CRITERIA_MAX_RECORD);
	struct criteria c = read(&arena, ALLOW "," DENY "," LOOK);
	struct criteria_facts f = researcher();
	struct criteria_verdict v;
	struct criteria_record record;

	(void)state;
	f.answer_count = 2;
	f.answers[0] = (struct external_answer){
		.rule = S("a"), .is_answered = true, .effect = EFFECT_DENY, .why = S("because")};
	f.answers[1] = (struct external_answer){.rule = S("b"), .why = S("nobody was there")};
	v = criteria_evaluate(&c, &f);
	{
		AUTO(json_auto) json_t *json = criteria_record_write(&c, &f, &v);

		assert_ok(json_write_canonical(&first, json));
	}
	assert_ok(criteria_record_read(&record, &arena, buf_slice(&first)));
	assert_true(record.has_criteria);
	assert_true(digest_equal(&record.criteria, &c.sha256));
	assert_int_equal(record.outcome, v.outcome);
	v = criteria_evaluate(&c, &record.facts);
	{
		AUTO(json_auto) json_t *json = criteria_record_write(&c, &record.facts, &v);

		assert_ok(json_write_canonical(&again, json));
	}
	assert_true(slice_equal(buf_slice(&first), buf_slice(&again)));
}

static void a_request_without_criteria_keeps_its_facts(void **state)
{
	AUTO(arena_free) struct arena arena = {0};
	AUTO(buf_free) struct buf text = buf_new(CRITERIA_MAX_RECORD);
	struct criteria_facts f = researcher();
	AUTO(json_auto) json_t *json = criteria_record_write(NULL, &f, NULL);
	struct criteria_record record;

	(void)state;
	assert_ok(json_write_canonical(&text, json));
	assert_ok(criteria_record_read(&record, &arena, buf_slice(&text)));
	assert_false(record.has_criteria);
	assert_int_equal(record.facts.uses, f.uses);
}

static void facts_are_read_strictly(void **state)
{
	static const char *const changes[][2] = {
		{"\"v\":1", "\"v\":2"},
		{"\"blocked\":false", "\"blocked\":0"},
		{"\"code\":\"GB\"", "\"code\":\"GBR\""},
		{"\"source\":\"claim\"", "\"source\":\"guess\""},
		{"\"source\":\"claim\"", "\"source\":\"none\""},
		{"\"uses\":[\"", "\"uses\":[\"x"},
		{"\"rights\":[\"", "\"rights\":[\"x"},
		{"\"accessors\":2", "\"accessors\":\"2\""},
		{"\"terms_signed\"", "\"terms_singed\""},
		{"\"kind\":\"university\"", "\"kind\":3"},
	};
	struct criteria_facts f = researcher();
	AUTO(json_auto) json_t *json = criteria_facts_write(&f);
	AUTO(buf_free) struct buf text = buf_new(CRITERIA_MAX_RECORD);

	(void)state;
	assert_ok(json_write_canonical(&text, json));
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		AUTO(arena_free) struct arena arena = {0};
		AUTO(json_auto) json_t *changed = NULL;
		AUTO(buf_free) struct buf other = buf_new(CRITERIA_MAX_RECORD);
		const char *whole = buf_string(&text), *at = strstr(whole, changes[i][0]);
		struct criteria_facts read_back;

		assert_non_null(at);
		buf_write(&other, slice_of(whole, (size_t)(at - whole)));
		buf_write_string(&other, changes[i][1]);
		buf_write_string(&other, at + strlen(changes[i][0]));
		assert_ok(json_read(&changed, buf_slice(&other), CRITERIA_MAX_RECORD));
		if (criteria_facts_read(&read_back, &arena, changed) == OK)
			fail_msg("%s was read", changes[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conditions_hold_or_not_or_are_unknown),
		cmocka_unit_test(who_is_nobodys_member_is_of_no_known_kind),
		cmocka_unit_test(deny_beats_refer_beats_approve_in_any_order),
		cmocka_unit_test(what_is_missing_comes_from_the_nearest_approve_rule),
		cmocka_unit_test(an_external_rule_counts_as_what_was_answered),
		cmocka_unit_test(an_evaluation_that_costs_too_much_is_referred),
		cmocka_unit_test(a_record_reads_back_as_the_same_facts),
		cmocka_unit_test(a_request_without_criteria_keeps_its_facts),
		cmocka_unit_test(facts_are_read_strictly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

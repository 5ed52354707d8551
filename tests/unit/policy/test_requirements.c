/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <string.h>

#include "policy/requirements.h"

enum { NOW = 1800000000, DAY = 86400 };

#define RULES \
	"{\"v\":1,\"name\":\"n\",\"rules\":[{\"id\":\"a\",\"effect\":\"approve\",\"text\":\"t\"," \
	"\"when\":{\"all\":[{\"training\":{\"course\":\"c\",\"max_age_days\":30}}," \
	"{\"affiliation\":{\"domain\":\"x.org\"}},{\"terms_signed\":true}]}}," \
	"{\"id\":\"b\",\"effect\":\"approve\",\"text\":\"t\",\"when\":" \
	"{\"claim\":{\"type\":\"ResearcherStatus\"}}}," \
	"{\"id\":\"c\",\"effect\":\"approve\",\"text\":\"t\",\"when\":{\"library_card\":true}}]}"

static struct claim claims[3];

/* Which of the three there are: training, affiliation, status. */
static struct claims some(bool training, bool affiliation, bool status)
{
	struct claims all = {.list = claims};

	if (training)
		claims[all.count++] = (struct claim){.type = S("TrainingCertificate"),
						     .value = S("c"),
						     .asserted_seconds = NOW - DAY,
						     .expires_seconds = NOW + 90 * DAY};
	if (affiliation)
		claims[all.count++] = (struct claim){.type = S("AffiliationAndRole"),
						     .value = S("faculty@x.org"),
						     .expires_seconds = NOW + 90 * DAY};
	if (status)
		claims[all.count++] = (struct claim){.type = S("ResearcherStatus"),
						     .value = S("v"),
						     .expires_seconds = NOW + 90 * DAY};
	return all;
}

static struct slice requirements(struct arena *arena, struct claims all, bool has_card)
{
	struct criteria_facts f = {.now_seconds = NOW,
				   .claims = all,
				   .accessors = 1,
				   .has_library_card = has_card,
				   .terms_are_signed = true};
	struct criteria_faults faults;
	struct criteria_verdict v;
	struct criteria c;
	struct slice text;

	assert_ok(criteria_parse(&c, arena, S(RULES), &faults));
	v = criteria_evaluate(&c, &f);
	assert_ok(requirements_of(&text, arena, &c, &v));
	return text;
}

static enum code check(struct arena *arena, struct slice text, struct claims all, int64_t now)
{
	enum code code;

	assert_ok(requirements_check(&code, arena, text, &all, now));
	return code;
}

static void what_ends_is_named(void **state)
{
	AUTO(arena_free) struct arena arena = {0};
	struct slice text = requirements(&arena, some(true, true, false), false);

	(void)state;
	assert_int_equal(check(&arena, text, some(true, true, false), NOW), CODE_OK_ALLOWED);
	assert_int_equal(check(&arena, text, some(false, true, false), NOW), CODE_TRAINING_EXPIRED);
	assert_int_equal(check(&arena, text, some(true, true, false), NOW + 30 * DAY),
			 CODE_TRAINING_EXPIRED);
	assert_int_equal(check(&arena, text, some(true, false, false), NOW),
			 CODE_AFFILIATION_ENDED);
	assert_int_equal(check(&arena, text, some(true, true, false), NOW + 90 * DAY),
			 CODE_TRAINING_EXPIRED);
}

static void one_rule_that_still_approves_is_enough(void **state)
{
	AUTO(arena_free) struct arena arena = {0};
	struct slice text = requirements(&arena, some(true, true, true), false);

	(void)state;
	assert_int_equal(check(&arena, text, some(false, false, true), NOW), CODE_OK_ALLOWED);
	assert_int_equal(check(&arena, text, some(true, true, false), NOW), CODE_OK_ALLOWED);
	assert_int_equal(check(&arena, text, some(false, false, false), NOW), CODE_VISA_INVALID);
}

static void what_rests_on_no_claim_has_no_requirements(void **state)
{
	AUTO(arena_free) struct arena arena = {0};

	(void)state;
	assert_slice(requirements(&arena, some(true, true, true), true), "");
	assert_slice(requirements(&arena, some(false, false, false), false), "");
	assert_int_equal(check(&arena, S(""), some(false, false, false), NOW), CODE_OK_ALLOWED);
}

static void requirements_that_cannot_be_read_are_no_allowance(void **state)
{
	AUTO(arena_free) struct arena arena = {0};
	struct claims none = some(false, false, false);
	enum code code;

	(void)state;
	assert_err(requirements_check(&code, &arena, S("[[{\"shoe\":1}]]"), &none, NOW),
		   ERR_FORMAT);
	assert_err(requirements_check(&code, &arena, S("nonsense"), &none, NOW), ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_ends_is_named),
		cmocka_unit_test(one_rule_that_still_approves_is_enough),
		cmocka_unit_test(what_rests_on_no_claim_has_no_requirements),
		cmocka_unit_test(requirements_that_cannot_be_read_are_no_allowance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

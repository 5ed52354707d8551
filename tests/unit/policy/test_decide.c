/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <string.h>

#include "policy/decide.h"

enum { NOW = 1000000 };

/* A licensed researcher who asks for what the license grants. */
static struct decision_facts licensed(void)
{
	return (struct decision_facts){
		.now_seconds = NOW,
		.right = RIGHT_WEIGHTS_READ,
		.authenticated = true,
		.credential = CODE_OK_ALLOWED,
		.person = PERSON_ACTIVE,
		.token_scope = ~(right_set)0,
		.model = MODEL_ACTIVE,
		.gate = GATE_MANUAL,
		.license = LICENSE_ACTIVE,
		.license_rights = right_bit(RIGHT_WEIGHTS_READ),
		.license_not_before_seconds = NOW - 10,
		.license_expires_seconds = NOW + 10,
		.terms_current = true,
		.request = REQUEST_APPROVED,
	};
}

static void a_license_allows_what_it_grants(void **state)
{
	struct decision_facts f = licensed();
	struct decision d = decide(&f);

	(void)state;
	assert_true(d.allow);
	assert_int_equal(d.basis, BASIS_LICENSE);
	assert_null(d.need);
}

typedef void change_fn(struct decision_facts *f);

static void disabled(struct decision_facts *f)
{
	f->model = MODEL_IS_DISABLED;
}
static void shredded(struct decision_facts *f)
{
	f->model = MODEL_SHREDDED;
}
static void forged(struct decision_facts *f)
{
	f->authenticated = false;
	f->credential = CODE_CREDENTIAL_BAD_SIGNATURE;
}
static void anonymous(struct decision_facts *f)
{
	f->authenticated = false;
	f->credential = CODE_NOT_AUTHENTICATED;
}
static void suspended(struct decision_facts *f)
{
	f->person = PERSON_SUSPENDED;
}
static void blocked(struct decision_facts *f)
{
	f->person = PERSON_BLOCKED;
}
static void narrow(struct decision_facts *f)
{
	f->token_scope = right_bit(RIGHT_INFER_GENERATE);
}
static void unlicensed(struct decision_facts *f)
{
	f->license = LICENSE_NONE;
	f->request = REQUEST_NONE;
}
static void pending(struct decision_facts *f)
{
	f->license = LICENSE_NONE;
	f->request = REQUEST_SUBMITTED;
}
static void denied(struct decision_facts *f)
{
	f->license = LICENSE_NONE;
	f->request = REQUEST_IS_DENIED;
}
static void revoked(struct decision_facts *f)
{
	f->license = LICENSE_IS_REVOKED;
}
static void on_hold(struct decision_facts *f)
{
	f->license = LICENSE_IS_SUSPENDED;
}
static void over(struct decision_facts *f)
{
	f->now_seconds = f->license_expires_seconds;
}
static void early(struct decision_facts *f)
{
	f->now_seconds = f->license_not_before_seconds - 1;
}
static void old_terms(struct decision_facts *f)
{
	f->terms_current = false;
}
static void other_right(struct decision_facts *f)
{
	f->right = RIGHT_INTERNALS_READ;
}

static void used_up(struct decision_facts *f)
{
	f->quota = (struct quota_fact){.is_used_up = true, .subject = QUOTA_LICENSE};
}

static void no_region(struct decision_facts *f)
{
	f->license_regions = S("DE,FR");
}
static void wrong_region(struct decision_facts *f)
{
	f->license_regions = S("DE,FR");
	f->country = (struct country){"US", COUNTRY_TABLE};
}
static void inference_only(struct decision_facts *f)
{
	f->license_uses = use_bit(USE_INFERENCE_ONLY);
}
static void wrong_purpose(struct decision_facts *f)
{
	f->license_uses = use_bit(USE_HMB);
	decision_say_purpose(f, S("DUO:0000042"));
}
static void odd_purpose(struct decision_facts *f)
{
	decision_say_purpose(f, S("research"));
}
static void bare(struct decision_facts *f)
{
	f->client = CLIENT_MISSING;
	f->gate = GATE_PUBLIC; /* nor what is open to all: they are turned away as themselves */
	f->token_scope = 0;
}
static void untrained(struct decision_facts *f)
{
	f->requirement = CODE_TRAINING_EXPIRED;
}
static void departed(struct decision_facts *f)
{
	f->requirement = CODE_AFFILIATION_ENDED;
}

static void each_flaw_is_refused_with_its_own_code(void **state)
{
	static const struct {
		change_fn *change;
		enum code code;
	} rows[] = {
		{disabled, CODE_MODEL_DISABLED},         {shredded, CODE_MODEL_DISABLED},
		{forged, CODE_CREDENTIAL_BAD_SIGNATURE}, {anonymous, CODE_NOT_AUTHENTICATED},
		{suspended, CODE_SUBJECT_SUSPENDED},     {blocked, CODE_SUBJECT_BLOCKED},
		{bare, CODE_CERTIFICATE_NEEDED},         {narrow, CODE_RIGHT_NOT_GRANTED},
		{unlicensed, CODE_NO_LICENSE},           {pending, CODE_REQUEST_PENDING},
		{denied, CODE_REQUEST_DENIED},           {revoked, CODE_LICENSE_REVOKED},
		{on_hold, CODE_LICENSE_SUSPENDED},       {over, CODE_LICENSE_EXPIRED},
		{early, CODE_LICENSE_NOT_YET_VALID},     {old_terms, CODE_TERMS_OUTDATED},
		{other_right, CODE_RIGHT_NOT_GRANTED},   {used_up, CODE_QUOTA_EXCEEDED},
		{no_region, CODE_LOCATION_NOT_ALLOWED},  {wrong_region, CODE_LOCATION_NOT_ALLOWED},
		{inference_only, CODE_PURPOSE_MISMATCH}, {wrong_purpose, CODE_PURPOSE_MISMATCH},
		{odd_purpose, CODE_PURPOSE_MISMATCH},    {untrained, CODE_TRAINING_EXPIRED},
		{departed, CODE_AFFILIATION_ENDED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct decision_facts f = licensed();
		struct decision d;

		rows[i].change(&f);
		d = decide(&f);
		assert_string_equal(code_name(d.code), code_name(rows[i].code));
		assert_false(d.allow);
		assert_int_equal(d.basis, BASIS_NONE);
		assert_non_null(d.rule);
	}
}

static void old_terms_are_good_until_the_grace_ends(void **state)
{
	struct decision_facts f = licensed();

	(void)state;
	f.terms_current = false;
	f.terms_grace_until_seconds = NOW + 1;
	assert_true(decide(&f).allow);
	f.now_seconds = NOW + 1;
	assert_int_equal(decide(&f).code, CODE_TERMS_OUTDATED);
}

static void open_models_need_a_person_and_public_ones_nobody(void **state)
{
	struct decision_facts f = licensed();

	(void)state;
	unlicensed(&f);
	f.gate = GATE_NO;
	assert_int_equal(decide(&f).basis, BASIS_OPEN);
	anonymous(&f);
	assert_int_equal(decide(&f).code, CODE_NOT_AUTHENTICATED);
	f.gate = GATE_PUBLIC;
	assert_int_equal(decide(&f).basis, BASIS_OPEN);
	f.right = RIGHT_INTERNALS_READ;
	assert_false(decide(&f).allow);
}

static void a_quota_that_is_used_up_is_told_where_nothing_else_is_wrong(void **state)
{
	static const struct {
		change_fn *change;
		enum model_gate gate;
		const char *rule;
	} rows[] = {
		{used_up, GATE_MANUAL, "license.quota"}, {used_up, GATE_NO, "open.quota"},
		{used_up, GATE_PUBLIC, "open.quota"},    {revoked, GATE_MANUAL, "license.revoked"},
		{over, GATE_MANUAL, "license.expired"},  {suspended, GATE_NO, "person.suspended"},
		{anonymous, GATE_NO, "anonymous"},       {anonymous, GATE_PUBLIC, "model.public"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct decision_facts f = licensed();

		f.gate = rows[i].gate;
		used_up(&f);
		rows[i].change(&f);
		assert_string_equal(decide(&f).rule, rows[i].rule);
	}
}

static void a_bad_token_is_refused_even_where_none_is_needed(void **state)
{
	struct decision_facts f = licensed();

	(void)state;
	f.gate = GATE_PUBLIC;
	forged(&f);
	assert_int_equal(decide(&f).code, CODE_CREDENTIAL_BAD_SIGNATURE);
}

static void a_region_of_the_license_is_enough_from_either_source(void **state)
{
	struct decision_facts f = licensed();

	(void)state;
	f.license_regions = S("DE,FR");
	for (int source = COUNTRY_CLAIM; source <= COUNTRY_TABLE; source++) {
		f.country = (struct country){"FR", (enum country_source)source};
		assert_true(decide(&f).allow);
	}
	f.license_regions = S("");
	f.country = (struct country){"", COUNTRY_NONE};
	assert_true(decide(&f).allow);
}

static void a_purpose_lies_within_what_the_license_permits(void **state)
{
	const struct {
		use_set uses;
		const char *purpose;
		bool allow;
	} rows[] = {
		{use_bit(USE_GRU), "DUO:0000042", true},
		{use_bit(USE_GRU), "DUO:0000006", true},
		{use_bit(USE_GRU), " DUO:0000007 ", true},
		{use_bit(USE_HMB), "DUO:0000042", false},
		{use_bit(USE_HMB) | use_bit(USE_POA), "DUO:0000011", true},
		{use_bit(USE_NCU), "DUO:0000042", true}, /* it names no permission */
		{0, "DUO:0000042", true},
		{0, "DUO:0000046", false}, /* no purpose, a modifier */
		{0, "duo:0000042", false},
		{0, "DUO:0000043", true},
		{use_bit(USE_GRU), "DUO:0000043", false},
		{use_bit(USE_GRU) | use_bit(USE_CC), "DUO:0000043", true},
		{use_bit(USE_NO_CLINICAL_DECISIONS), "DUO:0000043", false},
		{use_bit(USE_HMB), "", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct decision_facts f = licensed();

		f.license_uses = rows[i].uses;
		decision_say_purpose(&f, slice_of_string(rows[i].purpose));
		if (decide(&f).allow != rows[i].allow)
			fail_msg("row %zu: %s", i, rows[i].purpose);
	}
}

static void limits_of_use_forbid_rights_that_are_listed(void **state)
{
	static const struct {
		enum use use;
		enum right right;
		bool allow;
	} rows[] = {
		{USE_INFERENCE_ONLY, RIGHT_WEIGHTS_READ, false},
		{USE_INFERENCE_ONLY, RIGHT_INTERNALS_READ, false},
		{USE_INFERENCE_ONLY, RIGHT_ADAPTERS_WRITE, false},
		{USE_INFERENCE_ONLY, RIGHT_INFER_GENERATE, true},
		{USE_NO_FINE_TUNING, RIGHT_ADAPTERS_WRITE, false},
		{USE_NO_FINE_TUNING, RIGHT_WEIGHTS_READ, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct decision_facts f = licensed();

		f.right = rows[i].right;
		f.license_rights = ~(right_set)0;
		f.license_uses = use_bit(rows[i].use);
		assert_int_equal(decide(&f).allow, rows[i].allow);
	}
}

static void names_read_back(void **state)
{
	(void)state;
	for (int i = 0; i < RIGHT_COUNT; i++) {
		enum right r;

		assert_true(right_parse(&r, slice_of_string(right_name((enum right)i))));
		assert_int_equal(r, i);
	}
	for (int i = 0; i < CODE_COUNT; i++) {
		enum code c;

		assert_true(code_parse(&c, slice_of_string(code_name((enum code)i))));
		assert_int_equal(c, i);
		assert_true(code_status(c) >= 200);
	}
	enum right r;
	assert_false(right_parse(&r, S("weights:write")));
}

static void an_open_file_is_for_anybody_who_is_not_turned_away(void **state)
{
	static const struct {
		change_fn *change;
		bool allow;
	} rows[] = {
		{anonymous, true}, {unlicensed, true}, {denied, true},  {revoked, true},
		{over, true},      {disabled, false},  {forged, false}, {suspended, false},
		{blocked, false},  {narrow, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct decision_facts f = licensed();
		struct decision d;

		f.path_is_open = true;
		rows[i].change(&f);
		d = decide(&f);
		assert_int_equal(d.allow, rows[i].allow);
		if (!d.allow)
			continue;
		assert_int_equal(d.basis, BASIS_OPEN);
		assert_string_equal(d.rule, "path.open");
	}
}

static void an_open_file_gives_no_other_right(void **state)
{
	struct decision_facts f = licensed();

	(void)state;
	unlicensed(&f);
	f.path_is_open = true;
	f.right = RIGHT_INFER_GENERATE;
	assert_int_equal(decide(&f).code, CODE_NO_LICENSE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_license_allows_what_it_grants),
		cmocka_unit_test(each_flaw_is_refused_with_its_own_code),
		cmocka_unit_test(old_terms_are_good_until_the_grace_ends),
		cmocka_unit_test(open_models_need_a_person_and_public_ones_nobody),
		cmocka_unit_test(a_quota_that_is_used_up_is_told_where_nothing_else_is_wrong),
		cmocka_unit_test(a_bad_token_is_refused_even_where_none_is_needed),
		cmocka_unit_test(a_region_of_the_license_is_enough_from_either_source),
		cmocka_unit_test(a_purpose_lies_within_what_the_license_permits),
		cmocka_unit_test(limits_of_use_forbid_rights_that_are_listed),
		cmocka_unit_test(names_read_back),
		cmocka_unit_test(an_open_file_is_for_anybody_who_is_not_turned_away),
		cmocka_unit_test(an_open_file_gives_no_other_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto/license.h"

static struct license example(void)
{
	struct license l = {.id = {1},
			    .person = {2},
			    .request = {3},
			    .entry = {4},
			    .model = S("lab/model"),
			    .rights = {S("weights:read"), S("infer:generate")},
			    .right_count = 2,
			    .terms = digest_of(S("")),
			    .not_before_ms = 1767225600000,
			    .expires_ms = 1798761600000,
			    .issued_ms = 1767225600123};

	return l;
}

static void license_is_written_in_its_canonical_form(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(LICENSE_MAX);
	struct license l = example();

	(void)state;
	assert_ok(license_write(&text, &l));
	assert_string_equal(
		buf_string(&text),
		"{\"entry\":\"04000000-0000-0000-0000-000000000000\",\"expires\":"
		"\"2027-01-01T00:00:00.000Z\",\"id\":\"01000000-0000-0000-0000-000000000000\","
		"\"issued\":\"2026-01-01T00:00:00.123Z\",\"model\":\"lab/model\",\"not_before\":"
		"\"2026-01-01T00:00:00.000Z\",\"person\":\"02000000-0000-0000-0000-000000000000\","
		"\"request\":\"03000000-0000-0000-0000-000000000000\",\"rights\":"
		"[\"infer:generate\",\"weights:read\"],\"terms_sha256\":"
		"\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\",\"v\":1}");
}

static void license_reads_back_and_gives_its_rights_only(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(LICENSE_MAX);
	AUTO(arena_free) struct arena a = {0};
	struct license l = example(), back;

	(void)state;
	assert_ok(license_write(&text, &l));
	assert_ok(license_parse(&back, &a, buf_slice(&text)));
	assert_slice(back.model, "lab/model");
	assert_int_equal(back.issued_ms, l.issued_ms);
	assert_true(license_gives(&back, S("weights:read")));
	assert_false(license_gives(&back, S("weights:rea")));
	assert_false(license_gives(&back, S("internals:read")));
	assert_true(license_is_current(&back, back.not_before_ms));
	assert_true(license_is_current(&back, back.expires_ms - 1));
	assert_false(license_is_current(&back, back.not_before_ms - 1));
	assert_false(license_is_current(&back, back.expires_ms));
}

static void license_verifies_with_its_key_and_in_full_only(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(LICENSE_MAX);
	AUTO(arena_free) struct arena a = {0};
	AUTO(sign_key_auto) struct sign_key *key = NULL;
	uint8_t public_key[SIGN_PUBLIC], signature[SIGN_SIGNATURE];
	struct license l = example(), back;

	(void)state;
	assert_ok(sign_key_random(&key));
	sign_key_public(key, public_key);
	assert_ok(license_write(&text, &l));
	sign_make_in(LICENSE_DOMAIN, key, buf_slice(&text), signature);
	assert_ok(license_verify(&back, &a, buf_slice(&text), signature, public_key));
	text.data[text.size - 2] = '2';
	assert_err(license_verify(&back, &a, buf_slice(&text), signature, public_key), ERR_FORGED);
	text.data[text.size - 2] = '1';
	public_key[5] ^= 1;
	assert_err(license_verify(&back, &a, buf_slice(&text), signature, public_key), ERR_FORGED);
}

static void license_with_a_bad_field_is_not_written(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(LICENSE_MAX);
	struct license bad[6];

	(void)state;
	for (size_t i = 0; i < 6; i++)
		bad[i] = example();
	bad[0].model = S("two words");
	bad[1].model = S("");
	bad[2].right_count = 0;
	bad[3].rights[1] = S("weights:read"); /* twice */
	bad[4].expires_ms = bad[4].not_before_ms;
	bad[5].right_count = LICENSE_RIGHTS_MAX + 1;
	for (size_t i = 0; i < 6; i++)
		assert_err(license_write(&text, &bad[i]), ERR_FORMAT);
}

/* The same license in another text: a space, another order, a member more. */
static void other_texts_of_a_license_are_refused(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(LICENSE_MAX);
	AUTO(buf_free) struct buf other = buf_new(LICENSE_MAX);
	AUTO(arena_free) struct arena a = {0};
	struct license l = example(), back;

	(void)state;
	assert_ok(license_write(&text, &l));
	buf_printf(&other, "%s ", buf_string(&text));
	assert_err(license_parse(&back, &a, buf_slice(&other)), ERR_FORMAT);
	buf_reset(&other);
	buf_printf(&other, "{\"a\":1,%s", buf_string(&text) + 1);
	assert_err(license_parse(&back, &a, buf_slice(&other)), ERR_FORMAT);
	assert_err(license_parse(&back, &a, S("{}")), ERR_FORMAT);
	assert_err(license_parse(&back, &a, S("{\"v\":2}")), ERR_UNSUPPORTED);
}

/* All that a license may say beside what it must. */
static struct license full_example(void)
{
	struct license l = example();

	l.has_institution = true;
	l.institution[0] = 5;
	l.limits.list[0] = (struct license_limit){3, LICENSE_CONCURRENT, LICENSE_PER_LICENSE};
	l.limits.list[1] = (struct license_limit){1000, LICENSE_REQUESTS, LICENSE_PER_DAY};
	l.limits.list[2] = (struct license_limit){60, LICENSE_REQUESTS, LICENSE_PER_MINUTE};
	l.limits.count = 3;
	l.regions[0] = S("FR");
	l.regions[1] = S("DE");
	l.region_count = 2;
	l.uses[0] = S("MDU:no-fine-tuning");
	l.uses[1] = S("DUO:0000042");
	l.use_count = 2;
	return l;
}

static void license_says_more_only_where_there_is_something_to_say(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(LICENSE_MAX);
	AUTO(arena_free) struct arena a = {0};
	struct license l = full_example(), back;

	(void)state;
	assert_ok(license_write(&text, &l));
	assert_string_equal(
		buf_string(&text),
		"{\"entry\":\"04000000-0000-0000-0000-000000000000\",\"expires\":"
		"\"2027-01-01T00:00:00.000Z\",\"id\":\"01000000-0000-0000-0000-000000000000\","
		"\"institution\":\"05000000-0000-0000-0000-000000000000\","
		"\"issued\":\"2026-01-01T00:00:00.123Z\",\"limits\":["
		"{\"max\":60,\"measure\":\"requests\",\"per\":\"minute\"},"
		"{\"max\":1000,\"measure\":\"requests\",\"per\":\"day\"},"
		"{\"max\":3,\"measure\":\"concurrent\",\"per\":\"license\"}],"
		"\"model\":\"lab/model\",\"not_before\":"
		"\"2026-01-01T00:00:00.000Z\",\"person\":\"02000000-0000-0000-0000-000000000000\","
		"\"regions\":[\"DE\",\"FR\"],"
		"\"request\":\"03000000-0000-0000-0000-000000000000\",\"rights\":"
		"[\"infer:generate\",\"weights:read\"],\"terms_sha256\":"
		"\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\","
		"\"uses\":[\"DUO:0000042\",\"MDU:no-fine-tuning\"],\"v\":1}");
	assert_ok(license_parse(&back, &a, buf_slice(&text)));
	assert_true(back.has_institution);
	assert_int_equal(back.institution[0], 5);
	assert_int_equal(back.limits.count, 3);
	assert_int_equal(back.limits.list[1].max, 1000);
	assert_slice(back.regions[0], "DE");
	assert_slice(back.uses[1], "MDU:no-fine-tuning");
}

/* A plan is signed with the rest; what says none, as all licenses did, is a standard one. */
static void license_says_its_plan_and_without_one_is_standard(void **state)
{
	AUTO(arena_free) struct arena a = {0};
	struct license l = example(), back;
	enum license_plan plan;

	(void)state;
	for (unsigned i = 0; i < LICENSE_PLAN_COUNT; i++) {
		AUTO(buf_free) struct buf text = buf_new(LICENSE_MAX);

		l.plan = (enum license_plan)i;
		assert_ok(license_write(&text, &l));
		assert_true(!strstr(buf_string(&text), "plan") == (i == LICENSE_STANDARD));
		assert_ok(license_parse(&back, &a, buf_slice(&text)));
		assert_int_equal(back.plan, i);
		assert_ok(license_plan_parse(&plan, slice_of_string(license_plan_name(l.plan))));
		assert_int_equal(plan, i);
	}
	assert_err(license_plan_parse(&plan, S("gold")), ERR_FORMAT);
	assert_int_equal(license_plan_lower(LICENSE_INTERACTIVE, LICENSE_STANDARD),
			 LICENSE_STANDARD);
	assert_int_equal(license_plan_lower(LICENSE_STANDARD, LICENSE_BATCH), LICENSE_BATCH);
	assert_int_equal(license_plan_lower(LICENSE_INTERACTIVE, LICENSE_INTERACTIVE),
			 LICENSE_INTERACTIVE);
}

static void license_with_a_bad_limit_region_or_use_is_not_written(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(LICENSE_MAX);
	struct license bad[9];

	(void)state;
	for (size_t i = 0; i < 9; i++)
		bad[i] = full_example();
	bad[0].limits.list[2].max = 0;
	bad[1].limits.list[2].per = LICENSE_PER_DAY; /* twice a day */
	bad[2].limits.list[0].per = LICENSE_PER_DAY; /* at once, a day */
	bad[3].regions[0] = S("fr");
	bad[4].regions[0] = S("DE"); /* twice */
	bad[5].regions[0] = S("FRA");
	bad[6].uses[0] = S("no-fine-tuning");
	bad[7].uses[0] = S("DUO:0000042"); /* twice */
	bad[8].uses[0] = S("DUO:\"");
	for (size_t i = 0; i < 9; i++)
		assert_err(license_write(&text, &bad[i]), ERR_FORMAT);
}

/* As long as it can be, it is still within what the keeper and the database take. */
static void license_that_says_the_most_has_room(void **state)
{
	static char use[LICENSE_USES_MAX][64], region[LICENSE_REGIONS_MAX][8];
	static char right[LICENSE_RIGHTS_MAX][64], model[LICENSE_MODEL_MAX + 1];
	AUTO(buf_free) struct buf text = buf_new(LICENSE_MAX);
	AUTO(arena_free) struct arena a = {0};
	struct license l = full_example(), back;

	(void)state;
	memset(model, 'm', LICENSE_MODEL_MAX);
	l.model = slice_of_string(model);
	l.right_count = LICENSE_RIGHTS_MAX;
	for (size_t i = 0; i < l.right_count; i++) {
		snprintf(right[i], sizeof right[i], "%040zu", i);
		l.rights[i] = slice_of_string(right[i]);
	}
	l.region_count = LICENSE_REGIONS_MAX;
	for (size_t i = 0; i < l.region_count; i++) {
		snprintf(region[i], sizeof region[i], "%c%c", (char)('A' + i / 26),
			 (char)('A' + i % 26));
		l.regions[i] = slice_of_string(region[i]);
	}
	l.use_count = LICENSE_USES_MAX;
	for (size_t i = 0; i < l.use_count; i++) {
		snprintf(use[i], sizeof use[i], "MDU:%056zu", i);
		l.uses[i] = slice_of_string(use[i]);
	}
	l.limits.count = 0;
	for (unsigned m = 0; m < LICENSE_CONCURRENT; m++)
		for (unsigned p = 0; p < LICENSE_PERIOD_COUNT; p++)
			l.limits.list[l.limits.count++] = (struct license_limit){
				LICENSE_LIMIT_MOST, (enum license_measure)m,
				(enum license_period)p};
	l.limits.list[l.limits.count++] = (struct license_limit){
		LICENSE_LIMIT_MOST, LICENSE_CONCURRENT, LICENSE_PER_LICENSE};
	assert_int_equal(l.limits.count, LICENSE_LIMITS_MAX);
	assert_ok(license_write(&text, &l));
	assert_ok(license_parse(&back, &a, buf_slice(&text)));
	assert_int_equal(back.region_count, LICENSE_REGIONS_MAX);
}

/* What says nothing must not stand there: one license has one text. */
static void empty_lists_in_a_license_are_refused(void **state)
{
	static const char *const more[] = {"\"limits\":[],\"model\"", "\"regions\":[],\"request\"",
					   "\"uses\":[],\"v\"", "\"plan\":\"standard\",\"request\"",
					   "\"plan\":\"gold\",\"request\""};
	static const char *const before[] = {"\"model\"", "\"request\"", "\"v\"", "\"request\"",
					     "\"request\""};
	AUTO(buf_free) struct buf text = buf_new(LICENSE_MAX);
	AUTO(arena_free) struct arena a = {0};
	struct license l = example(), back;

	(void)state;
	assert_ok(license_write(&text, &l));
	for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
		AUTO(buf_free) struct buf other = buf_new(LICENSE_MAX);
		const char *at = strstr(buf_string(&text), before[i]);

		assert_non_null(at);
		buf_printf(&other, "%.*s%s%s", (int)(at - buf_string(&text)), buf_string(&text),
			   more[i], at + strlen(before[i]));
		assert_err(license_parse(&back, &a, buf_slice(&other)), ERR_FORMAT);
	}
}

static void limits_alone_are_read_in_any_order_and_written_in_one(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(1024);
	struct license_limits limits;

	(void)state;
	assert_ok(license_limits_parse(&limits, S("")));
	assert_int_equal(limits.count, 0);
	assert_ok(license_limits_parse(&limits, S("[{\"per\":\"month\",\"measure\":\"bytes\","
						  "\"max\":7},{\"max\":9,\"measure\":"
						  "\"tokens\",\"per\":\"license\"}]")));
	assert_ok(license_limits_write(&text, &limits));
	assert_string_equal(buf_string(&text),
			    "[{\"max\":9,\"measure\":\"tokens\",\"per\":\"license\"},"
			    "{\"max\":7,\"measure\":\"bytes\",\"per\":\"month\"}]");
	assert_err(license_limits_parse(&limits, S("{}")), ERR_FORMAT);
	assert_err(license_limits_parse(&limits, S("[7]")), ERR_FORMAT);
	assert_err(license_limits_parse(&limits, S("[{\"max\":1,\"measure\":\"calls\","
						   "\"per\":\"day\"}]")),
		   ERR_FORMAT);
	assert_err(license_limits_parse(&limits, S("[{\"max\":1,\"measure\":\"tokens\","
						   "\"per\":\"day\",\"more\":1}]")),
		   ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(license_is_written_in_its_canonical_form),
		cmocka_unit_test(license_reads_back_and_gives_its_rights_only),
		cmocka_unit_test(license_verifies_with_its_key_and_in_full_only),
		cmocka_unit_test(license_with_a_bad_field_is_not_written),
		cmocka_unit_test(other_texts_of_a_license_are_refused),
		cmocka_unit_test(license_says_more_only_where_there_is_something_to_say),
		cmocka_unit_test(license_says_its_plan_and_without_one_is_standard),
		cmocka_unit_test(license_with_a_bad_limit_region_or_use_is_not_written),
		cmocka_unit_test(license_that_says_the_most_has_room),
		cmocka_unit_test(empty_lists_in_a_license_are_refused),
		cmocka_unit_test(limits_alone_are_read_in_any_order_and_written_in_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

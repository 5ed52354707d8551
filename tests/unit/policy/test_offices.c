/* SPDX-License-Identifier: Apache-2.0 */
/* Offices: for which models, until when, and who may give them on. */
#include "policy/model_scope.h"
#include "policy/offices.h"
#include "tests/unit/test.h"

#define NOW INT64_C(1790000000000)

static const struct {
	const char *scope, *model;
	bool covers;
	const char *why;
} coverings[] = {
	{"a/b", "a/b", true, "the model itself"},
	{"a/b", "a/bc", false, "a longer name"},
	{"a/b", "a", false, "the namespace alone"},
	{"a/*", "a/b", true, "any of the namespace"},
	{"a/*", "a/", false, "no model at all"},
	{"a/*", "ab/c", false, "another namespace"},
	{"a/*", "a", false, "a model without a namespace"},
	{"a", "a", true, "a model without a namespace"},
	{"a", "a/b", false, "not a namespace"},
	{"", "a/b", false, "nothing covers nothing"},
	{"a/*", "a/*", true, "a scope contains itself"},
	{"a/b", "a/*", false, "one model does not contain its namespace"},
};

static void a_scope_covers_its_models_and_no_other(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof coverings / sizeof coverings[0]; i++)
		if (model_scope_covers(slice_of_string(coverings[i].scope),
				       slice_of_string(coverings[i].model)) != coverings[i].covers)
			fail_msg("%s", coverings[i].why);
}

static void a_scope_is_a_model_or_a_namespace(void **state)
{
	static const char *const bad[] = {"",    "*",     "/b",  "a/",  "a/*/b", "a/b*",
					  "*/b", "a/b/c", "a b", "a,b", "a//",   "a/**"};

	(void)state;
	assert_ok(model_scope_check(S("a/b")));
	assert_ok(model_scope_check(S("a/*")));
	assert_ok(model_scope_check(S("a")));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_err(model_scope_check(slice_of_string(bad[i])), ERR_FORMAT);
}

static void a_list_contains_what_each_part_has_a_cover_for(void **state)
{
	(void)state;
	assert_true(model_scopes_contain(S("a/*,b/c"), S("a/x,b/c")));
	assert_false(model_scopes_contain(S("a/*,b/c"), S("a/x,b/d")));
	assert_true(model_scopes_contain(S(""), S("a/*")));
	assert_true(model_scopes_contain(S(""), S("")));
	assert_false(model_scopes_contain(S("a/*"), S(""))); /* everything is more */
}

static void what_two_lists_share_is_the_narrower_of_each_pair(void **state)
{
	AUTO(buf_free) struct buf met = buf_new(256);

	(void)state;
	model_scopes_meet(&met, S("a/*"), S("a/x,b/*,a/*"));
	model_scopes_meet(&met, S("b/y"), S("a/x,b/*"));
	model_scopes_meet(&met, S("c/z"), S("a/x,b/*"));
	model_scopes_meet(&met, S("c/z"), S(""));
	assert_string_equal(buf_string(&met), "a/x,a/*,b/y,c/z");
}

static const struct slice held = {
	(const uint8_t *)"audit:read a/* 1790000001000\nmodels:manage * 0\n"
			 "requests:decide a/b 0\nweights:read * 0\nnonsense\nkeys:manage *",
	sizeof "audit:read a/* 1790000001000\nmodels:manage * 0\n"
	       "requests:decide a/b 0\nweights:read * 0\nnonsense\nkeys:manage *" -
		1};

static void an_office_holds_where_and_while_its_line_says(void **state)
{
	right_set everywhere = offices_everywhere(held, NOW);
	right_set on_a_b = offices_on(held, S("a/b"), NOW);

	(void)state;
	assert_int_equal(everywhere, right_bit(RIGHT_MODELS_MANAGE));
	assert_int_equal(on_a_b, right_bit(RIGHT_MODELS_MANAGE) | right_bit(RIGHT_AUDIT_READ) |
					 right_bit(RIGHT_REQUESTS_DECIDE) |
					 right_bit(RIGHT_REQUESTS_HANDLE));
	assert_int_equal(offices_on(held, S("a/b"), NOW + 1000),
			 on_a_b & ~right_bit(RIGHT_AUDIT_READ));
	assert_int_equal(offices_on(held, S("b/b"), NOW), everywhere);
	assert_int_equal(offices_somewhere(held, NOW), on_a_b);
	assert_int_equal(offices_somewhere(S(""), NOW), 0);
}

static void nobody_gives_more_than_they_hold(void **state)
{
	static const struct {
		struct office office;
		bool may;
		const char *why;
	} rows[] = {
		{{RIGHT_MODELS_MANAGE, {0}, 0}, true, "as it is held"},
		{{RIGHT_MODELS_MANAGE, {(const uint8_t *)"a/b", 3}, NOW + 5}, true, "less"},
		{{RIGHT_AUDIT_READ, {(const uint8_t *)"a/b", 3}, NOW + 1000}, true, "as long"},
		{{RIGHT_AUDIT_READ, {(const uint8_t *)"a/b", 3}, NOW + 1001}, false, "longer"},
		{{RIGHT_AUDIT_READ, {(const uint8_t *)"a/b", 3}, 0}, false, "without an end"},
		{{RIGHT_AUDIT_READ, {0}, NOW + 5}, false, "everywhere"},
		{{RIGHT_REQUESTS_HANDLE, {(const uint8_t *)"a/b", 3}, 0}, true, "it is implied"},
		{{RIGHT_REQUESTS_DECIDE, {(const uint8_t *)"a/*", 3}, 0}, false, "more models"},
		{{RIGHT_KEYS_MANAGE, {0}, 0}, false, "a line that is broken gives nothing"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (offices_may_give(held, &rows[i].office, NOW) != rows[i].may)
			fail_msg("%s", rows[i].why);
}

static void a_name_is_a_bundle_or_a_right_of_office(void **state)
{
	(void)state;
	assert_int_equal(offices_named(S("handler")), right_bit(RIGHT_REQUESTS_HANDLE));
	assert_int_equal(offices_named(S("audit:read")), offices_named(S("auditor")));
	assert_true(offices_named(S("administrator")) & right_bit(RIGHT_PERSONS_MANAGE));
	assert_int_equal(offices_named(S("weights:read")), 0);
	assert_int_equal(offices_named(S("king")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_scope_covers_its_models_and_no_other),
		cmocka_unit_test(a_scope_is_a_model_or_a_namespace),
		cmocka_unit_test(a_list_contains_what_each_part_has_a_cover_for),
		cmocka_unit_test(what_two_lists_share_is_the_narrower_of_each_pair),
		cmocka_unit_test(an_office_holds_where_and_while_its_line_says),
		cmocka_unit_test(nobody_gives_more_than_they_hold),
		cmocka_unit_test(a_name_is_a_bundle_or_a_right_of_office),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

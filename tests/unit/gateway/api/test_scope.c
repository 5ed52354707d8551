/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/scope.h"

#include "crypto/json.h"
#include "tests/unit/test.h"

static struct arena arena;

static int free_arena(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static json_t *parse(const char *text)
{
	json_t *json;

	assert_ok(json_read(&json, slice_of_string(text), 4096));
	return json;
}

static void a_scope_is_read_as_it_was_sent(void **state)
{
	AUTO(json_auto)
	json_t *body = parse("{\"scope\":{\"rights\":[\"infer:generate\",\"audit:read\"]}}");
	struct scope scope;

	(void)state;
	assert_ok(scope_read(&scope, &arena, body));
	assert_slice(scope.rights, "infer:generate,audit:read");
	assert_int_equal(scope.models.size + scope.addresses.size, 0);
	assert_int_equal(scope_of_list(scope.rights),
			 right_bit(RIGHT_INFER_GENERATE) | right_bit(RIGHT_AUDIT_READ));
}

static void models_and_addresses_narrow_too(void **state)
{
	AUTO(json_auto)
	json_t *body = parse("{\"scope\":{\"models\":[\"a/*\",\"b/c\"],"
			     "\"addresses\":[\"192.0.2.7/24\",\"::1\"]}}");
	struct scope scope;

	(void)state;
	assert_ok(scope_read(&scope, &arena, body));
	assert_int_equal(scope.rights.size, 0);
	assert_slice(scope.models, "a/*,b/c");
	assert_slice(scope.addresses, "192.0.2.0/24,::1/128");
}

static void a_scope_that_says_nothing_is_never_everything(void **state)
{
	static const char *const rows[] = {
		"{\"scope\":{}}",
		"{\"scope\":{\"rights\":[]}}",
		"{\"scope\":{\"rights\":null}}",
		"{\"scope\":{\"rights\":\"infer:generate\"}}",
		"{\"scope\":{\"rights\":[\"weights:sell\"]}}",
		"{\"scope\":{\"rights\":[1]}}",
		"{\"scope\":[]}",
		"{\"scope\":\"infer:generate\"}",
		"{\"scope\":false}",
		"{\"scope\":{\"models\":[]}}",
		"{\"scope\":{\"models\":[\"*\"]}}",
		"{\"scope\":{\"models\":[\"a/b,c\"]}}",
		"{\"scope\":{\"models\":\"a/b\"}}",
		"{\"scope\":{\"models\":null}}",
		"{\"scope\":{\"rights\":[],\"models\":[\"a/b\"]}}",
		"{\"scope\":{\"addresses\":[\"10.0.0.0/40\"]}}",
		"{\"scope\":{\"addresses\":[\"10.0.0.0/8,::/0\"]}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		AUTO(json_auto) json_t *body = parse(rows[i]);
		struct scope scope;

		if (scope_read(&scope, &arena, body) != ERR_FORMAT)
			fail_msg("%s was accepted", rows[i]);
	}
}

static void no_scope_is_a_token_that_is_not_narrowed(void **state)
{
	AUTO(json_auto) json_t *body = parse("{\"scope\":null}");
	struct scope scope;
	struct slice list;

	(void)state;
	assert_ok(scope_read(&scope, &arena, body));
	list = scope.rights;
	assert_int_equal(list.size + scope.models.size + scope.addresses.size, 0);
	assert_true(scope_is_within(list, ~(right_set)0));
	assert_false(scope_is_within(list, ~(right_set)0 ^ right_bit(RIGHT_AUDIT_READ)));
}

static void a_list_is_within_only_if_all_of_it_is(void **state)
{
	right_set own = right_bit(RIGHT_WEIGHTS_READ) | right_bit(RIGHT_INFER_GENERATE);

	(void)state;
	assert_true(scope_is_within(S("weights:read"), own));
	assert_true(scope_is_within(S("infer:generate,weights:read"), own));
	assert_false(scope_is_within(S("weights:read,models:manage"), own));
	assert_false(scope_is_within(S("weights:sell"), own));
	assert_false(scope_is_within(S("weights:read,"), own));
}

static void offices_are_rights_of_office_only(void **state)
{
	AUTO(json_auto) json_t *good = parse("{\"offices\":[\"models:manage\"]}");
	AUTO(json_auto) json_t *bad = parse("{\"offices\":[\"weights:read\"]}");
	struct slice list;

	(void)state;
	assert_ok(scope_read_offices(&list, &arena, good, "offices"));
	assert_slice(list, "models:manage");
	assert_err(scope_read_offices(&list, &arena, bad, "offices"), ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_scope_is_read_as_it_was_sent),
		cmocka_unit_test(models_and_addresses_narrow_too),
		cmocka_unit_test(a_scope_that_says_nothing_is_never_everything),
		cmocka_unit_test(no_scope_is_a_token_that_is_not_narrowed),
		cmocka_unit_test(a_list_is_within_only_if_all_of_it_is),
		cmocka_unit_test(offices_are_rights_of_office_only),
	};

	return cmocka_run_group_tests(tests, NULL, free_arena);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "crypto/json.h"

static void json_refuses_what_is_not_strict(void **state)
{
	const struct {
		struct slice text;
		enum err kind;
		const char *why;
	} rows[] = {
		{S(""), ERR_FORMAT, "nothing"},
		{S("{\"a\":1,\"a\":2}"), ERR_FORMAT, "a name twice"},
		{S("{\"a\":1} x"), ERR_FORMAT, "something behind it"},
		{S("{\"a\":1,}"), ERR_FORMAT, "a trailing comma"},
		{S("{\"a\":\"\xc0\xaf\"}"), ERR_FORMAT, "an overlong form"},
		{S("{\"a\":\"\\ud800\"}"), ERR_FORMAT, "half a surrogate pair"},
		{S("{\"a\":\"\\u0000\"}"), ERR_FORMAT, "a NUL in a string"},
		{S("{\"a\":01}"), ERR_FORMAT, "a leading zero"},
		{S("{\"a\":NaN}"), ERR_FORMAT, "not a number"},
		{S("7"), ERR_FORMAT, "neither object nor array"},
		{S("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"),
		 ERR_LIMIT, "33 levels"},
		{S("{\"a\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		   "aaaaaaaaaaaaaaaaaaaaaaaaa\"}"),
		 ERR_LIMIT, "more than the ceiling"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		AUTO(json_auto) json_t *value = NULL;

		if (json_read(&value, rows[i].text, 80) != rows[i].kind)
			fail_msg("%s: not refused as it should be", rows[i].why);
	}
}

static void json_reads_32_levels_and_brackets_in_strings(void **state)
{
	AUTO(json_auto) json_t *deep = NULL;
	AUTO(json_auto) json_t *text = NULL;

	(void)state;
	assert_ok(json_read(
		&deep, S("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"), 80));
	assert_ok(
		json_read(&text, S("[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[[[\"]"), 80));
}

static void members_have_their_kind_or_the_error_names_them(void **state)
{
	AUTO(json_auto) json_t *value = NULL;
	static const char *const known[] = {"text", "number", "list", "yes", NULL};
	static const char *const fewer[] = {"text", "number", "list", NULL};
	const json_t *list;
	struct slice text;
	int64_t number;
	bool yes;

	(void)state;
	assert_ok(json_read(
		&value, S("{\"text\":\"x\",\"number\":-7,\"list\":[\"a\",1],\"yes\":true}"), 100));
	assert_ok(json_get_text(&text, value, "text"));
	assert_slice(text, "x");
	assert_ok(json_get_int(&number, value, "number"));
	assert_int_equal(number, -7);
	assert_ok(json_get_bool_or(&yes, value, "yes", false));
	assert_true(yes);
	assert_ok(json_get_array(&list, value, "list"));
	assert_ok(json_text_at(&text, list, 0));
	assert_err(json_text_at(&text, list, 1), ERR_FORMAT);
	assert_err(json_get_text(&text, value, "number"), ERR_FORMAT);
	assert_non_null(strstr(failure_text(), "\"number\""));
	assert_err(json_get_text(&text, value, "absent"), ERR_FORMAT);
	assert_ok(json_get_text_or(&text, value, "absent", S("else")));
	assert_slice(text, "else");
	assert_ok(json_only(value, known));
	assert_err(json_only(value, fewer), ERR_FORMAT);
}

/* Order and escapes of RFC 8785 sections 3.2.2.2 and 3.2.3. */
static void canonical_form_is_that_of_rfc_8785(void **state)
{
	AUTO(json_auto) json_t *value = NULL;
	AUTO(buf_free) struct buf out = buf_new(1000);

	(void)state;
	assert_ok(json_read(
		&value,
		S("{ \"\\u20ac\": \"Euro\", \"\\r\": \"CR\", \"\\ufb33\": \"Dalet\", \"1\": [ 1, "
		  "true, null ], \"\\ud83d\\ude00\": \"Smile\", \"\\u0080\": "
		  "\"\\u001f\\b\\/\\\"\\\\\", "
		  "\"\\u00f6\": {} }"),
		1000));
	assert_ok(json_write_canonical(&out, value));
	assert_string_equal(buf_string(&out),
			    "{\"\\r\":\"CR\",\"1\":[1,true,null],\"\xc2\x80\":"
			    "\"\\u001f\\b/\\\"\\\\\",\"\xc3\xb6\":{},\"\xe2\x82\xac\":\"Euro\","
			    "\"\xf0\x9f\x98\x80\":\"Smile\",\"\xef\xac\xb3\":\"Dalet\"}");
}

static void canonical_form_has_no_fractions_and_no_inexact_integers(void **state)
{
	const struct slice texts[] = {S("[1.5]"), S("[1e3]"), S("[9007199254740992]")};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		AUTO(json_auto) json_t *value = NULL;
		AUTO(buf_free) struct buf out = buf_new(1000);

		assert_ok(json_read(&value, texts[i], 100));
		assert_err(json_write_canonical(&out, value), ERR_UNSUPPORTED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_refuses_what_is_not_strict),
		cmocka_unit_test(json_reads_32_levels_and_brackets_in_strings),
		cmocka_unit_test(members_have_their_kind_or_the_error_names_them),
		cmocka_unit_test(canonical_form_is_that_of_rfc_8785),
		cmocka_unit_test(canonical_form_has_no_fractions_and_no_inexact_integers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

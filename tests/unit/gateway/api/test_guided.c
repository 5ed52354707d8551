/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <string.h>

#include "crypto/json.h"
#include "gateway/api/openai/guided.h"

static const struct row {
	const char *body;
	enum wire_grammar kind;
	const char *text;
} rows[] = {
	{"{}", WIRE_GRAMMAR_NONE, ""},
	{"{\"response_format\":null}", WIRE_GRAMMAR_NONE, ""},
	{"{\"response_format\":{\"type\":\"text\"}}", WIRE_GRAMMAR_NONE, ""},
	{"{\"response_format\":{\"type\":\"json_object\"}}", WIRE_GRAMMAR_OBJECT, ""},
	{"{\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a\"}}}",
	 WIRE_GRAMMAR_OBJECT, ""},
	{"{\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a-1_B\","
	 "\"strict\":true,\"schema\":{\"properties\":{\"z\":{},\"a\":{}}}}}}",
	 WIRE_GRAMMAR_STRICT, "{\"properties\":{\"z\":{},\"a\":{}}}"},
	{"{\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a\","
	 "\"strict\":false,\"schema\":true}}}",
	 WIRE_GRAMMAR_SCHEMA, "true"},
	{"{\"guided_json\":\"{\\\"type\\\":\\\"null\\\"}\"}", WIRE_GRAMMAR_STRICT,
	 "{\"type\":\"null\"}"},
	{"{\"guided_choice\":[\"a\",\"b\"]}", WIRE_GRAMMAR_CHOICE, "[\"a\",\"b\"]"},
	{"{\"guided_regex\":\"a+\",\"response_format\":{\"type\":\"text\"}}", WIRE_GRAMMAR_REGEX,
	 "a+"},
	{"{\"structured_outputs\":{\"choice\":[\"a\"]}}", WIRE_GRAMMAR_CHOICE, "[\"a\"]"},
};

static void what_is_asked_for_is_read(void **state)
{
	(void)state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		AUTO(arena_free) struct arena arena = {0};
		AUTO(json_auto) json_t *body = NULL;
		const char *param = NULL;
		struct guided g;

		assert_ok(json_read(&body, slice_of_string(rows[i].body), 1 << 16));
		assert_ok(guided_read(&g, &param, &arena, body));
		assert_int_equal(g.kind, rows[i].kind);
		assert_slice(g.text, rows[i].text);
	}
}

static const struct refusal {
	const char *body;
	enum err result;
	const char *param, *text;
} refusals[] = {
	{"{\"response_format\":\"json_object\"}", ERR_FORMAT, "response_format", "'type' must be"},
	{"{\"response_format\":{\"type\":\"json_schema\"}}", ERR_FORMAT, "response_format",
	 "'json_schema' must be"},
	{"{\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"\"}}}",
	 ERR_FORMAT, "response_format", "'json_schema.name'"},
	{"{\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a\","
	 "\"strict\":"
	 "1}}}",
	 ERR_FORMAT, "response_format", "'json_schema.strict'"},
	{"{\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a\","
	 "\"schema\":"
	 "{\"not\":{}}}}}",
	 ERR_UNSUPPORTED, "response_format", "schema: #/not: "},
	{"{\"guided_regex\":1}", ERR_FORMAT, "guided_regex", "it must be a string"},
	{"{\"guided_regex\":\"a**\"}", ERR_FORMAT, "guided_regex", "nothing to repeat"},
	{"{\"guided_choice\":\"a\"}", ERR_FORMAT, "guided_choice", "choice: "},
	{"{\"guided_regex\":\"a\",\"guided_choice\":[\"a\"]}", ERR_FORMAT, "guided_regex",
	 "an answer can follow one"},
	{"{\"structured_outputs\":[]}", ERR_FORMAT, "structured_outputs", "it must be an object"},
};

static void what_cannot_be_followed_is_refused_by_its_parameter(void **state)
{
	(void)state;

	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		AUTO(arena_free) struct arena arena = {0};
		AUTO(json_auto) json_t *body = NULL;
		const char *param = NULL;
		struct guided g;

		assert_ok(json_read(&body, slice_of_string(refusals[i].body), 1 << 16));
		assert_err(guided_read(&g, &param, &arena, body), refusals[i].result);
		assert_string_equal(param, refusals[i].param);
		if (strncmp(failure_text(), refusals[i].text, strlen(refusals[i].text)) != 0)
			fail_msg("%s: %s", refusals[i].body, failure_text());
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_asked_for_is_read),
		cmocka_unit_test(what_cannot_be_followed_is_refused_by_its_parameter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include "crypto/json.h"

static void assert_place(const char *text, const struct json_step *step, unsigned line,
			 unsigned column)
{
	struct json_place place = json_place_find(slice_of_string(text), step);
	AUTO(json_auto) json_t *value = NULL;

	assert_ok(json_read(&value, slice_of_string(text), 4096));
	if (place.line != line || place.column != column)
		fail_msg("%s: %u:%u, %u:%u expected", text, place.line, place.column, line, column);
}

static const struct json_step a = {.name = "a"}, b = {.name = "b"};
static const struct json_step a_1 = {.up = &a, .index = 1}, a_b = {.up = &a, .name = "b"};
static const struct json_step a_1_b = {.up = &a_1, .name = "b"};

static void a_value_is_found_where_it_begins(void **state)
{
	static const struct {
		const char *text;
		const struct json_step *step;
		unsigned line, column;
	} rows[] = {
		{"{}", NULL, 1, 1},
		{"\n\n  {}", NULL, 3, 3},
		{"{\"a\":1}", &a, 1, 6},
		{"{\n\t\"b\": {\"a\": 2},\n\t\"a\": 1\n}", &a, 3, 7},
		{"{\"b\":[[\"a\",{\"a\":1}],{}],\"a\" : \"x\"}", &a, 1, 31},
		{"{\"b\":-1.5e3,\"a\":null}", &a, 1, 17},
		{"{\"b\":\"} ] , : \\\" \\\\\",\"a\":true}", &a, 1, 26},
		{"{\"a\":[1 , [2]]}", &a_1, 1, 11},
		{"{\"a\":[[1,2,[3]],\n{\"c\":[{}],\"b\" : 7}]}", &a_1_b, 2, 17},
		{"{\"x\":{\"b\":1},\"a\":{\"b\":2}}", &a_b, 1, 23},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_place(rows[i].text, rows[i].step, rows[i].line, rows[i].column);
}

static void columns_count_characters_and_lines_end_at_lf(void **state)
{
	(void)state;
	assert_place("{\"b\":\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\",\"a\":1}", &a, 1, 16);
	assert_place("{\"b\":1,\r\n\"a\":1}", &a, 2, 5);
}

static void a_name_may_be_escaped(void **state)
{
	(void)state;
	assert_place("{\"\\u0061\":1}", &a, 1, 11);
	assert_place("{\"\\u0061\\u0062\":1,\"a\\n\":2,\"a\":3}", &a, 1, 31);
}

static void a_step_that_leads_nowhere_ends_where_the_way_does(void **state)
{
	(void)state;
	assert_place("{ \"a\": 1 }", &b, 1, 1);
	assert_place("{\"a\":\n [1]}", &a_1, 2, 2);
	assert_place("{\"a\":\n 17}", &a_b, 2, 2);
}

static void a_syntax_error_says_where(void **state)
{
	AUTO(json_auto) json_t *value = NULL;
	struct json_place place;

	(void)state;
	assert_err(json_read_at(&value, S("{\"a\":1,\n  \"b\" 2}"), 4096, &place), ERR_FORMAT);
	assert_int_equal(place.line, 2);
	assert_true(place.column >= 5);
	assert_err(json_read_at(&value, S("{}"), 1, &place), ERR_LIMIT);
	assert_int_equal(place.line, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_is_found_where_it_begins),
		cmocka_unit_test(columns_count_characters_and_lines_end_at_lf),
		cmocka_unit_test(a_name_may_be_escaped),
		cmocka_unit_test(a_step_that_leads_nowhere_ends_where_the_way_does),
		cmocka_unit_test(a_syntax_error_says_where),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

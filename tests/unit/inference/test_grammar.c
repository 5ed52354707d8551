/* SPDX-License-Identifier: Apache-2.0 */
/* Grammars by their texts: what each kind takes, and what it refuses to be made of. */
#include <stdio.h>

#include "tests/unit/inference/grammar_scene.h"

struct row {
	const char *source, *text;
	bool taken;
	const char *why;
};

static void check_rows(enum grammar_kind kind, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (kind_takes(kind, rows[i].source, rows[i].text) != rows[i].taken)
			fail_msg("%s: %s with %s", rows[i].why, rows[i].source, rows[i].text);
}

#define CHECK(kind, rows) check_rows(kind, rows, sizeof(rows) / sizeof *(rows))

static void an_object_is_any_json_object(void **state)
{
	static const struct row rows[] = {
		{"", "{}", true, "nothing in it"},
		{"", "{ }", true, "a space in it"},
		{"", "{\"a\":1,\"b\":[true,false,null],\"c\":{\"d\":\"e\"}}", true, "all kinds"},
		{"", "{\n  \"a\": 1,\n  \"b\": [\n    2\n  ]\n}", true, "as it is printed"},
		{"", "[]", false, "an array"},
		{"", "{\"a\":1", false, "half of it"},
		{"", "{\"a\":1,}", false, "a comma too many"},
		{"", "{,}", false, "a comma alone"},
		{"", "{\"a\" :1}", false, "a space before the colon"},
		{"", "{\"a\":  1}", false, "two spaces"},
		{"", "{\n\n\"a\":1}", false, "two newlines"},
		{"", " {}", false, "a space before it"},
		{"", "{} ", false, "a space behind it"},
		{"", "{\"a\":01}", false, "a zero in front"},
		{"", "{\"a\":-0.5e+10}", true, "a number with everything"},
		{"", "{\"a\":1.}", false, "a point without digits"},
		{"", "{\"a\":+1}", false, "a plus"},
		{"", "{\"a\":1e999}", false, "more than any number"},
		{"", "{\"a\":1234567890123456789}", false, "nineteen digits"},
	};
	(void)state;

	CHECK(GRAMMAR_OBJECT, rows);
}

static void a_string_is_json_and_utf8(void **state)
{
	static const struct row rows[] = {
		{"{\"type\":\"string\"}", "\"\"", true, "empty"},
		{"{\"type\":\"string\"}", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"", true,
		 "UTF-8"},
		{"{\"type\":\"string\"}", "\"\xc3\"", false, "half a character"},
		{"{\"type\":\"string\"}", "\"\xed\xa0\x80\"", false, "a surrogate as bytes"},
		{"{\"type\":\"string\"}", "\"\xc0\xaf\"", false, "an overlong form"},
		{"{\"type\":\"string\"}", "\"\xf4\x90\x80\x80\"", false, "beyond Unicode"},
		{"{\"type\":\"string\"}", "\"\n\"", false, "a newline as it is"},
		{"{\"type\":\"string\"}", "\"\\n\\u00e9\\/\"", true, "escapes"},
		{"{\"type\":\"string\"}", "\"\\x\"", false, "no escape of JSON's"},
		{"{\"type\":\"string\"}", "\"\\ud83d\\ude00\"", true, "a pair"},
		{"{\"type\":\"string\"}", "\"\\ud83d\"", false, "half a pair"},
		{"{\"type\":\"string\"}", "\"\\ude00\"", false, "the other half"},
		{"{\"type\":\"string\"}", "\"\\ud83d\\u0041\"", false, "a pair of two kinds"},
		{"{\"type\":\"string\",\"maxLength\":1}", "\"\\ud83d\\ude00\"", true,
		 "a pair is one"},
		{"{\"type\":\"string\",\"maxLength\":1}", "\"\xf0\x9f\x98\x80\"", true,
		 "so are four bytes"},
		{"{\"type\":\"string\",\"maxLength\":1}", "\"ab\"", false, "two"},
		{"{\"type\":\"string\",\"minLength\":2}", "\"a\"", false, "one of two"},
		{"{\"type\":\"string\",\"minLength\":2}", "\"abc\"", true,
		 "three where two will do"},
		{"{\"type\":\"string\",\"minLength\":3,\"maxLength\":3}", "\"abc\"", true, "three"},
	};
	(void)state;

	CHECK(GRAMMAR_SCHEMA, rows);
}

static void members_come_in_the_order_of_the_schema(void **state)
{
#define AB \
	"{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"},\"ab\":{\"type\":" \
	"\"null\"}},\"required\":[\"ab\"]"
	static const struct row open[] = {
		{AB "}", "{\"a\":1,\"ab\":null}", true, "both"},
		{AB "}", "{\"ab\":null}", true, "the one that is required"},
		{AB "}", "{\"a\":1}", false, "the other one alone"},
		{AB "}", "{\"ab\":null,\"a\":1}", false, "another order"},
		{AB "}", "{\"ab\":null,\"abc\":[]}", true, "another name"},
		{AB "}", "{\"ab\":null,\"\":0}", true, "no name"},
		{AB "}", "{\"ab\":null,\"a\":[]}", false, "a name that has a schema"},
		{AB "}", "{\"ab\":null,\"\\u0061\":[]}", false, "the same in disguise"},
		{AB "}", "{\"ab\":null,\"\xc3\xa9\\n\":[]}", true, "an escape that is needed"},
		{AB ",\"additionalProperties\":false}", "{\"ab\":null,\"c\":1}", false,
		 "no others"},
		{AB ",\"additionalProperties\":{\"type\":\"null\"}}", "{\"ab\":null,\"c\":null}",
		 true, "others of a kind"},
		{AB ",\"additionalProperties\":{\"type\":\"null\"}}", "{\"ab\":null,\"c\":1}",
		 false, "others of another kind"},
	};
	static const struct row strict[] = {
		{AB "}", "{\"ab\":null}", true, "what is declared"},
		{AB "}", "{\"ab\":null,\"c\":1}", false, "what is not"},
		{AB ",\"additionalProperties\":true}", "{\"ab\":null,\"c\":1}", true,
		 "what is allowed"},
		{"{\"type\":\"object\"}", "{\"c\":1}", true, "nothing is declared"},
	};
	(void)state;

	CHECK(GRAMMAR_SCHEMA, open);
	CHECK(GRAMMAR_STRICT, strict);
}

/* Each integer of a range that is within the bounds is taken, each other one is not. */
static void check_range(const char *keywords, double low, double high)
{
	AUTO(grammar_auto) struct grammar *whole = NULL;
	AUTO(grammar_auto) struct grammar *any = NULL;
	char source[200], text[40];

	snprintf(source, sizeof source, "{\"type\":\"integer\",%s}", keywords);
	assert_ok(grammar_new(&whole, GRAMMAR_SCHEMA, slice_of_string(source), NULL));
	snprintf(source, sizeof source, "{\"type\":\"number\",%s}", keywords);
	assert_ok(grammar_new(&any, GRAMMAR_SCHEMA, slice_of_string(source), NULL));
	for (int i = -12000; i <= 12000; i++) {
		double value = i / 10.0;

		snprintf(text, sizeof text, "%d", i);
		if (takes(whole, slice_of_string(text)) != (i >= low && i <= high))
			fail_msg("%s: %s", keywords, text);
		snprintf(text, sizeof text, "%.1f", value);
		if (i != 0 && takes(any, slice_of_string(text)) != (value >= low && value <= high))
			fail_msg("%s: %s", keywords, text);
	}
}

static void numbers_keep_within_their_bounds(void **state)
{
	(void)state;

	check_range("\"minimum\":7", 7, 1e9);
	check_range("\"maximum\":-17", -1e9, -17);
	check_range("\"minimum\":-95,\"maximum\":108", -95, 108);
	check_range("\"minimum\":-0.3,\"maximum\":9.9", -0.3, 9.9);
	check_range("\"exclusiveMinimum\":0,\"exclusiveMaximum\":1000", 0.05, 999.95);
	check_range("\"exclusiveMinimum\":-12.5,\"maximum\":-3", -12.45, -3);
	check_range("\"minimum\":1,\"exclusiveMinimum\":1,\"maximum\":2e2", 1.05, 200);
}

static void choices_are_taken_as_they_stand(void **state)
{
	static const struct row rows[] = {
		{"[\"yes\",\"no\",\"no way\"]", "no", true, "one"},
		{"[\"yes\",\"no\",\"no way\"]", "no way", true, "one that begins as another"},
		{"[\"yes\",\"no\",\"no way\"]", "no w", false, "half of one"},
		{"[\"yes\",\"no\",\"no way\"]", "\"no\"", false, "in quotes"},
		{"[\"\xc3\xa9\\n\"]", "\xc3\xa9\n", true, "as the JSON string says"},
	};
	(void)state;

	CHECK(GRAMMAR_CHOICE, rows);
}

static void calls_have_their_prefix_and_suffix(void **state)
{
#define CALLS \
	"\"alternatives\":[{\"prefix\":\"<f>\",\"schema\":{\"type\":\"object\",\"properties\":{" \
	"\"x\":" \
	"{\"type\":\"integer\"}},\"required\":[\"x\"]},\"suffix\":\"</f>\"},{\"prefix\":\"<g>\"," \
	"\"schema\":{\"type\":\"null\"}}]"
	static const struct row rows[] = {
		{"{" CALLS "}", "<f>{\"x\":1}</f>", true, "one"},
		{"{" CALLS "}", "<g>null", true, "the other, which has no suffix"},
		{"{" CALLS "}", "<f>null</f>", false, "the schema of the other"},
		{"{" CALLS "}", "<f>{\"x\":1,\"y\":2}</f>", false, "a parameter that there is not"},
		{"{" CALLS "}", "<g>null<g>null", false, "two where one is allowed"},
		{"{\"max\":3,\"separator\":\";\"," CALLS "}", "<g>null;<f>{\"x\":1}</f>", true,
		 "two"},
		{"{\"max\":2,\"separator\":\";\"," CALLS "}", "<g>null;<g>null;<g>null", false,
		 "three"},
		{"{\"max\":2,\"begin\":\"[\",\"end\":\"]\",\"separator\":\", \"," CALLS "}",
		 "[<g>null, <g>null]", true, "in brackets"},
		{"{\"max\":2,\"begin\":\"[\",\"end\":\"]\"," CALLS "}", "[]", false, "none"},
	};
	(void)state;

	CHECK(GRAMMAR_CALLS, rows);
}

static void expressions_are_matched_whole(void **state)
{
	static const struct row rows[] = {
		{"a|bc*", "bccc", true, "alternatives"},
		{"a|bc*", "ac", false, "precedence"},
		{"(ab){2,3}?", "ababab", true, "three times"},
		{"(ab){2,3}", "ab", false, "once"},
		{"(a?){3}b", "b", true, "an empty thing three times"},
		{"(a*)*b", "aaab", true, "loops within loops"},
		{"[^a-c\\d]+", "xyz\xc3\xa9", true, "all but some"},
		{"[^a-c\\d]+", "x1", false, "one of those"},
		{"\\w+@\\w+\\.com", "ada@mail.com", true, "words"},
		{"\\x41\\u0042\\u{1f600}\\cJ", "AB\xf0\x9f\x98\x80\n", true,
		 "characters by number"},
		{".", "\n", false, "a dot is no newline"},
		{".", "\xe2\x82\xac", true, "a dot is a character, not a byte"},
		{"^ab$", "ab", true, "anchors that say nothing new"},
		{"a^b|c", "ab", false, "a beginning in the middle"},
		{"a{,2}", "a{,2}", true, "a brace that counts nothing"},
		{"(?:a|b)(?<n>c)", "bc", true, "groups of all kinds"},
		{"", "", true, "nothing"},
		{"x{0}", "", true, "none of it"},
	};
	(void)state;

	CHECK(GRAMMAR_REGEX, rows);
}

static void a_pattern_may_match_any_part(void **state)
{
#define PATTERN(p) "{\"type\":\"string\",\"pattern\":\"" p "\"}"
	static const struct row rows[] = {
		{PATTERN("b+"), "\"abc\"", true, "in the middle"},
		{PATTERN("b+"), "\"ac\"", false, "nowhere"},
		{PATTERN("^b"), "\"bc\"", true, "at the beginning"},
		{PATTERN("^b"), "\"ab\"", false, "not there"},
		{PATTERN("b$"), "\"ab\"", true, "at the end"},
		{PATTERN("b$"), "\"ba\"", false, "not there"},
		{PATTERN("^a|b$"), "\"ax\"", true, "either"},
		{PATTERN("^a|b$"), "\"xb\"", true, "or"},
		{PATTERN("^a|b$"), "\"xax\"", false, "neither"},
		{PATTERN("^\\\"$"), "\"\\\"\"", true, "a quote is written as JSON has it"},
		{PATTERN("^\\n$"), "\"\\n\"", true, "so is a newline"},
		{PATTERN("^.$"), "\"\\u0041\"", false, "what needs no escape has none"},
		{"{\"type\":\"string\",\"pattern\":\"^[a-z]+$\",\"minLength\":2,\"maxLength\":3}",
		 "\"abc\"", true, "with a length"},
		{"{\"type\":\"string\",\"pattern\":\"^[a-z]+$\",\"minLength\":2,\"maxLength\":3}",
		 "\"abcd\"", false, "too long"},
		{"{\"type\":\"string\",\"pattern\":\"^[a-z]+$\",\"minLength\":2,\"maxLength\":3}",
		 "\"a\"", false, "too short"},
	};
	(void)state;

	CHECK(GRAMMAR_SCHEMA, rows);
}

/* The kind of the refusal, and how its text begins. */
static const struct refusal {
	enum grammar_kind kind;
	const char *source;
	enum err result;
	const char *text;
} refusals[] = {
	{GRAMMAR_SCHEMA, "{\"type\":", ERR_FORMAT, "schema: "},
	{GRAMMAR_SCHEMA, "[]", ERR_FORMAT, "schema: #: a schema must be"},
	{GRAMMAR_SCHEMA, "{\"type\":\"text\"}", ERR_FORMAT, "schema: #/type: "},
	{GRAMMAR_SCHEMA, "{\"properties\":{\"a/b\":{\"multipleOf\":2}}}", ERR_UNSUPPORTED,
	 "schema: #/properties/a~1b/multipleOf: "},
	{GRAMMAR_SCHEMA, "{\"anyOf\":[{},{\"not\":{}}]}", ERR_UNSUPPORTED,
	 "schema: #/anyOf/1/not: "},
	{GRAMMAR_SCHEMA, "{\"prefixItems\":[{\"format\":\"color\"}]}", ERR_UNSUPPORTED,
	 "schema: #/prefixItems/0/format: "},
	{GRAMMAR_SCHEMA, "{\"$ref\":\"#/$defs/a\"}", ERR_FORMAT, "schema: #/$ref: "},
	{GRAMMAR_SCHEMA, "{\"$ref\":\"http://a.example/b\"}", ERR_UNSUPPORTED, "schema: #/$ref: "},
	{GRAMMAR_SCHEMA, "{\"$ref\":\"#\"}", ERR_UNSUPPORTED, "schema: no answer could ever be"},
	{GRAMMAR_SCHEMA, "{\"anyOf\":[{\"$ref\":\"#\"},{\"type\":\"null\"}]}", ERR_UNSUPPORTED,
	 "schema: something begins with itself"},
	{GRAMMAR_SCHEMA, "false", ERR_UNSUPPORTED, "schema: no answer could ever be"},
	{GRAMMAR_SCHEMA,
	 "{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#\"}},\"required\":"
	 "[\"a\"]}",
	 ERR_UNSUPPORTED, "schema: no answer could ever be"},
	{GRAMMAR_SCHEMA, "{\"type\":\"integer\",\"minimum\":3,\"maximum\":2}", ERR_UNSUPPORTED,
	 "schema: no answer could ever be"},
	{GRAMMAR_SCHEMA, "{\"allOf\":[{\"pattern\":\"a\"},{\"pattern\":\"b\"}]}", ERR_UNSUPPORTED,
	 "schema: #/allOf/1/pattern: "},
	{GRAMMAR_SCHEMA, "{\"pattern\":\"(?=a)\"}", ERR_UNSUPPORTED, "schema: #/pattern: a group"},
	{GRAMMAR_SCHEMA, "{\"pattern\":\"(((a{99}){99}){99}){99}\"}", ERR_LIMIT,
	 "schema: #/pattern: the regular expression is too large"},
	{GRAMMAR_REGEX, "a(b", ERR_FORMAT, "a group that does not end"},
	{GRAMMAR_REGEX, "a)", ERR_FORMAT, "a bracket without its partner"},
	{GRAMMAR_REGEX, "*a", ERR_FORMAT, "nothing to repeat"},
	{GRAMMAR_REGEX, "[b-a]", ERR_FORMAT, "a range without"},
	{GRAMMAR_REGEX, "(a)\\1", ERR_UNSUPPORTED, "an escape that is not known"},
	{GRAMMAR_REGEX, "\\bword", ERR_UNSUPPORTED, "an escape that is not known"},
	{GRAMMAR_CHOICE, "[]", ERR_FORMAT, "choice: "},
	{GRAMMAR_CHOICE, "[1]", ERR_FORMAT, "choice: "},
	{GRAMMAR_CALLS, "{}", ERR_FORMAT, "calls: "},
	{GRAMMAR_CALLS, "{\"alternatives\":[{\"schema\":{\"type\":\"array\",\"contains\":{}}}]}",
	 ERR_UNSUPPORTED, "schema: #/alternatives/0/schema/contains: "},
	{GRAMMAR_NONE, "", ERR_FORMAT, "there is no grammar"},
};

static void what_is_not_understood_is_refused_by_its_place(void **state)
{
	(void)state;

	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		const struct refusal *r = &refusals[i];

		assert_err(grammar_check(r->kind, slice_of_string(r->source)), r->result);
		if (strncmp(failure_text(), r->text, strlen(r->text)) != 0)
			fail_msg("%s: %s", r->source, failure_text());
	}
}

static void depth_ends_before_the_frames_do(void **state)
{
	AUTO(grammar_auto) struct grammar *g = NULL;
	AUTO(grammar_run_auto) struct grammar_run *r = NULL;
	size_t depth = 1;
	(void)state;

	assert_ok(grammar_new(&g, GRAMMAR_OBJECT, S(""), NULL));
	r = grammar_run_new(g);
	assert_true(grammar_run_take(r, S("{\"a\":")));
	while (grammar_run_take(r, S("[")))
		depth++;
	assert_true(depth >= 40 && depth <= GRAMMAR_MAX_DEPTH);
	/* What was begun can still be completed. */
	for (size_t i = 1; i < depth; i++)
		assert_true(grammar_run_take(r, S("]")));
	assert_true(grammar_run_take(r, S("}")));
	assert_true(grammar_run_is_over(r));
}

/* Ways that double at each level: a stack for each would be 2^40 of them. */
static void what_can_be_read_in_many_ways_is_read_at_once(void **state)
{
	static const char *source =
		"{\"$defs\":{\"n\":{\"anyOf\":[{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/"
		"n\"}},"
		"{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/n\"},\"maxItems\":3},{\"type\":"
		"\"integer\"}]}},\"$ref\":\"#/$defs/n\"}";
	char text[81];
	(void)state;

	memset(text, '[', 25);
	memset(text + 25, ']', 25);
	text[50] = '\0';
	assert_true(kind_takes(GRAMMAR_SCHEMA, source, text));
	assert_true(kind_takes(GRAMMAR_SCHEMA, source, "[[1,2,3],[1,[2],3,4,5,6]]"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_object_is_any_json_object),
		cmocka_unit_test(a_string_is_json_and_utf8),
		cmocka_unit_test(members_come_in_the_order_of_the_schema),
		cmocka_unit_test(numbers_keep_within_their_bounds),
		cmocka_unit_test(choices_are_taken_as_they_stand),
		cmocka_unit_test(calls_have_their_prefix_and_suffix),
		cmocka_unit_test(expressions_are_matched_whole),
		cmocka_unit_test(a_pattern_may_match_any_part),
		cmocka_unit_test(what_is_not_understood_is_refused_by_its_place),
		cmocka_unit_test(depth_ends_before_the_frames_do),
		cmocka_unit_test(what_can_be_read_in_many_ways_is_read_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

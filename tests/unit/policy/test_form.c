/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <string.h>

#include "policy/answers.h"
#include "policy/countries.h"

static struct arena arena;

static int forget(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static json_t *json_of(const char *text)
{
	json_t *value = json_loads(text, 0, NULL);

	if (!value)
		fail_msg("no JSON: %s", text);
	return value;
}

static enum err read_form(struct form *out, const char *text)
{
	AUTO(json_auto) json_t *card = json_of(text);

	return form_read(out, &arena, card);
}

/* One of each type, as a card has them. */
static const char everything[] =
	"{\"extra_gated_heading\":\"Before you may\",\"extra_gated_fields\":{"
	"\"Company\":\"text\",\"Country\":\"country\",\"Birth\":\"date_picker\","
	"\"For\":{\"type\":\"select\",\"options\":[\"Research\",{\"label\":\"Something "
	"else\",\"value\":\"other\"}]},\"Note\":{\"type\":\"text\",\"required\":false},"
	"\"I agree\":\"checkbox\"}}";

static void a_form_is_written_as_it_is_read_and_its_fields_keep_their_order(void **state)
{
	AUTO(buf_free) struct buf once = buf_new(FORM_MAX_DOCUMENT);
	AUTO(buf_free) struct buf twice = buf_new(FORM_MAX_DOCUMENT);
	AUTO(json_auto) json_t *document = NULL;
	struct form form, again;

	(void)state;
	assert_ok(read_form(&form, everything));
	assert_int_equal(form.count, 6);
	assert_slice(form.fields[0].label, "Company");
	assert_slice(form.fields[5].label, "I agree");
	assert_int_equal(form.fields[3].type, FORM_SELECT);
	assert_slice(form.fields[3].options[1].value, "other");
	assert_false(form.fields[4].required);
	assert_ok(form_write(&once, &form));
	assert_ok(json_read(&document, buf_slice(&once), FORM_MAX_DOCUMENT));
	assert_ok(form_read(&again, &arena, document));
	assert_ok(form_write(&twice, &again));
	assert_true(slice_equal(buf_slice(&once), buf_slice(&twice)));
}

static void a_form_that_is_not_understood_is_refused_by_the_name_of_its_field(void **state)
{
	static const struct {
		const char *card, *said;
	} rows[] = {
		{"{\"extra_gated_fields\":{\"A\":\"number\"}}", "field \"A\": its type"},
		{"{\"extra_gated_fields\":{\"A\":7}}", "field \"A\": its type"},
		{"{\"extra_gated_fields\":{\"A\":{\"type\":\"select\"}}}", "\"A\": a select has"},
		{"{\"extra_gated_fields\":{\"A\":{\"type\":\"select\",\"options\":[]}}}", "1 to"},
		{"{\"extra_gated_fields\":{\"A\":{\"type\":\"select\",\"options\":[1]}}}",
		 "an option is a text"},
		{"{\"extra_gated_fields\":{\"A\":{\"type\":\"select\",\"options\":[\"x\","
		 "\"x\"]}}}",
		 "\"x\" is there twice"},
		{"{\"extra_gated_fields\":{\"A\":{\"type\":\"text\",\"options\":[\"x\"]}}}",
		 "only a select"},
		{"{\"extra_gated_fields\":{\"A\":{\"type\":\"text\",\"size\":1}}}", "size"},
		{"{\"extra_gated_fields\":{\"\":\"text\"}}", "a label has"},
		{"{\"extra_gated_fields\":[{\"label\":\"A\",\"type\":\"text\"},{\"label\":\"A\","
		 "\"type\":\"text\"}]}",
		 "\"A\" is there twice"},
		{"{\"extra_gated_fields\":\"text\"}", "{label: type}"},
		{"{\"extra_gated_feilds\":{}}", "extra_gated_feilds"},
		{"{\"extra_gated_eu_disallowed\":\"yes\"}", "extra_gated_eu_disallowed"},
		{"{\"extra_gated_prompt\":[]}", "extra_gated_prompt"},
	};
	struct form form;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (read_form(&form, rows[i].card) == OK)
			fail_msg("%s was taken", rows[i].card);
		if (!strstr(failure_text(), rows[i].said))
			fail_msg("%s: %s", rows[i].card, failure_text());
	}
}

static enum err check(struct buf *out, const char *card, const char *answers, const char *country)
{
	AUTO(json_auto) json_t *given = answers ? json_of(answers) : NULL;
	struct form form;

	assert_ok(read_form(&form, card));
	return answers_check(out, &form, given, slice_of_string(country));
}

static void good_answers_are_taken_and_empty_ones_left_out(void **state)
{
	AUTO(buf_free) struct buf out = buf_new(ANSWERS_MAX);

	(void)state;
	assert_ok(check(&out, everything,
			"{\"Company\":\"Fox & Co\",\"Country\":\"DE\",\"Birth\":\"2000-02-29\","
			"\"For\":\"other\",\"Note\":\" \",\"I agree\":\"on\"}",
			""));
	assert_slice(buf_slice(&out), "{\"Birth\":\"2000-02-29\",\"Company\":\"Fox & Co\","
				      "\"Country\":\"DE\",\"For\":\"other\",\"I agree\":true}");
}

/* An answer to the one field "A" of that type, and what is said of it; NULL: it is taken. */
static void each_type_takes_its_own_answers_only(void **state)
{
	static const struct {
		const char *type, *answer, *said;
	} rows[] = {
		{"\"text\"", "{\"A\":\"x\"}", NULL},
		{"\"text\"", "{\"A\":\"\"}", "required"},
		{"\"text\"", "{\"A\":null}", "required"},
		{"\"text\"", "{}", "required"},
		{"\"text\"", NULL, "required"},
		{"\"text\"", "{\"A\":7}", "a text is expected"},
		{"\"text\"", "{\"A\":\"a\\u0007\"}", "control"},
		{"\"text\"", "{\"A\":\"x\",\"B\":\"y\"}", "\"B\": the form of this model has no"},
		{"\"text\"", "{\"a\":\"x\"}", "\"a\": the form"},
		{"\"text\"", "[]", "{label: answer}"},
		{"\"checkbox\"", "{\"A\":true}", NULL},
		{"\"checkbox\"", "{\"A\":\"true\"}", NULL},
		{"\"checkbox\"", "{\"A\":false}", "confirmed"},
		{"\"checkbox\"", "{}", "confirmed"},
		{"\"checkbox\"", "{\"A\":\"yes\"}", "true or false"},
		{"\"checkbox\"", "{\"A\":1}", "true or false"},
		{"{\"type\":\"checkbox\",\"required\":false}", "{\"A\":false}", NULL},
		{"{\"type\":\"checkbox\",\"required\":false}", "{}", NULL},
		{"\"date_picker\"", "{\"A\":\"2026-12-31\"}", NULL},
		{"\"date_picker\"", "{\"A\":\"2025-02-29\"}", "date"},
		{"\"date_picker\"", "{\"A\":\"1900-02-29\"}", "date"},
		{"\"date_picker\"", "{\"A\":\"2026-13-01\"}", "date"},
		{"\"date_picker\"", "{\"A\":\"2026-00-10\"}", "date"},
		{"\"date_picker\"", "{\"A\":\"31.12.2026\"}", "date"},
		{"\"date_picker\"", "{\"A\":\"2026-1-1\"}", "date"},
		{"\"date_picker\"", "{\"A\":\"2026-01-0x\"}", "date"},
		{"\"country\"", "{\"A\":\"CH\"}", NULL},
		{"\"country\"", "{\"A\":\"ch\"}", "ISO"},
		{"\"country\"", "{\"A\":\"UK\"}", "ISO"},
		{"\"country\"", "{\"A\":\"Switzerland\"}", "ISO"},
		{"\"country\"", "{\"A\":\"E \"}", "ISO"},
		{"{\"type\":\"select\",\"options\":[\"x\"]}", "{\"A\":\"x\"}", NULL},
		{"{\"type\":\"select\",\"options\":[\"x\"]}", "{\"A\":\"y\"}", "options"},
		{"\"ip_location\"", "{}", "not known"},
		{"\"ip_location\"", "{\"A\":\"DE\"}", "not for you"},
		{"{\"type\":\"ip_location\",\"required\":false}", "{}", NULL},
	};
	char card[200];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		AUTO(buf_free) struct buf out = buf_new(ANSWERS_MAX);
		enum err result;

		snprintf(card, sizeof card, "{\"extra_gated_fields\":{\"A\":%s}}", rows[i].type);
		result = check(&out, card, rows[i].answer, "");
		if ((result == OK) != (rows[i].said == NULL) ||
		    (result != OK && !strstr(failure_text(), rows[i].said)))
			fail_msg("%s, %s: %s", rows[i].type, rows[i].answer ? rows[i].answer : "-",
				 result == OK ? "taken" : failure_text());
	}
}

static void an_answer_has_a_ceiling(void **state)
{
	AUTO(buf_free) struct buf out = buf_new(ANSWERS_MAX);
	static char answers[ANSWER_MAX + 20];
	size_t used = (size_t)snprintf(answers, sizeof answers, "{\"A\":\"");

	(void)state;
	memset(answers + used, 'x', ANSWER_MAX + 1);
	memcpy(answers + used + ANSWER_MAX + 1, "\"}", 3);
	assert_err(check(&out, "{\"extra_gated_fields\":{\"A\":\"text\"}}", answers, ""),
		   ERR_FORMAT);
	memcpy(answers + used + ANSWER_MAX, "\"}", 3);
	assert_ok(check(&out, "{\"extra_gated_fields\":{\"A\":\"text\"}}", answers, ""));
}

static void the_country_of_an_address_is_filled_in_and_never_guessed(void **state)
{
	AUTO(buf_free) struct buf out = buf_new(ANSWERS_MAX);

	(void)state;
	assert_ok(check(&out, "{\"extra_gated_fields\":{\"geo\":\"ip_location\"}}", NULL, "JP"));
	assert_slice(buf_slice(&out), "{\"geo\":\"JP\"}");
}

static void the_union_is_kept_out_by_address_by_answer_and_where_nothing_is_known(void **state)
{
	static const char card[] = "{\"extra_gated_eu_disallowed\":true,\"extra_gated_fields\":{"
				   "\"C\":\"country\"}}";
	AUTO(buf_free) struct buf out = buf_new(ANSWERS_MAX);

	(void)state;
	assert_err(check(&out, card, "{\"C\":\"JP\"}", "FR"), ERR_DENIED);
	assert_err(check(&out, card, "{\"C\":\"FR\"}", "JP"), ERR_DENIED);
	assert_err(check(&out, card, "{\"C\":\"JP\"}", ""), ERR_DENIED);
	assert_ok(check(&out, card, "{\"C\":\"GB\"}", "JP"));
}

static void countries_are_whole_codes(void **state)
{
	(void)state;
	assert_true(country_is_known(S("AD")) && country_is_known(S("ZW")));
	assert_false(country_is_known(S("D ")) || country_is_known(S("")));
	assert_false(country_is_known(S("XX")) || country_is_known(S("DEU")));
	assert_true(country_is_in_eu(S("IE")));
	assert_false(country_is_in_eu(S("GB")) || country_is_in_eu(S("CH")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_form_is_written_as_it_is_read_and_its_fields_keep_their_order),
		cmocka_unit_test(a_form_that_is_not_understood_is_refused_by_the_name_of_its_field),
		cmocka_unit_test(good_answers_are_taken_and_empty_ones_left_out),
		cmocka_unit_test(each_type_takes_its_own_answers_only),
		cmocka_unit_test(an_answer_has_a_ceiling),
		cmocka_unit_test(the_country_of_an_address_is_filled_in_and_never_guessed),
		cmocka_unit_test(
			the_union_is_kept_out_by_address_by_answer_and_where_nothing_is_known),
		cmocka_unit_test(countries_are_whole_codes),
	};

	return cmocka_run_group_tests(tests, NULL, forget);
}

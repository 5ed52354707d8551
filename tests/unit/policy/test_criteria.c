/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/criteria.h"

static enum err parse(struct criteria *out, struct arena *arena, const char *text,
		      struct criteria_faults *faults)
{
	return criteria_parse(out, arena, slice_of_string(text), faults);
}

/* A document whose only rule, on line 3, approves under this condition, which begins in column 40.
 */
static char *approving(const char *condition)
{
	static char text[4096];

	(void)snprintf(text, sizeof text,
		       "{\"v\":1,\"name\":\"test\",\n \"rules\":[\n"
		       "  {\"id\":\"r\",\"effect\":\"approve\",\"when\":%s,\"text\":\"why\"}]}",
		       condition);
	return text;
}

static const char whole[] =
	"{\n"
	"  \"v\": 1, \"name\": \"Bona fide researchers\", \"decides\": true, \"default\": "
	"\"deny\",\n"
	"  \"rules\": [\n"
	"    {\"id\": \"embargo\", \"effect\": \"deny\",\n"
	"     \"when\": {\"country\": {\"in\": [\"KP\", \"IR\"]}}, \"text\": \"no\"},\n"
	"    {\"id\": \"company\", \"effect\": \"refer\",\n"
	"     \"when\": {\"institution\": {\"kind\": \"company\"}}, \"text\": \"look\"},\n"
	"    {\"id\": \"ask\", \"effect\": \"external\",\n"
	"     \"when\": {\"uses\": {\"include\": \"MDU:no-fine-tuning\"}}, \"text\": \"opa\",\n"
	"     \"external\": {\"url\": \"https://opa.example.org/v1/data/x\", \"timeout_seconds\": "
	"5}},\n"
	"    {\"id\": \"good\", \"effect\": \"approve\", \"text\": \"yes\", \"when\": {\"all\": [\n"
	"      {\"claim\": {\"type\": \"ResearcherStatus\", \"value_pattern\": \"https://*\"}},\n"
	"      {\"training\": {\"course\": \"https://c.example/1\", \"max_age_days\": 365}},\n"
	"      {\"any\": [{\"affiliation\": {\"domain\": \"cam.ac.uk\", \"subdomains\": true}},\n"
	"               {\"references\": {\"at_least\": 2}}, {\"library_card\": true}]},\n"
	"      {\"not\": {\"blocked\": true}}, {\"known\": \"country\"}, {\"terms_signed\": "
	"true},\n"
	"      {\"uses\": {\"within\": [\"DUO:0000042\"]}}, {\"rights\": {\"within\": "
	"\"weights:read\"}},\n"
	"      {\"accessors\": {\"at_most\": 5}}, {\"time\": {\"until\": "
	"\"2030-01-01T00:00:00Z\"}}]}}\n"
	"  ]\n"
	"}\n";

static void a_document_is_read_whole(void **state)
{
	AUTO(arena_free) struct arena arena = {0};
	struct criteria_faults faults;
	struct criteria c;

	(void)state;
	assert_ok(parse(&c, &arena, whole, &faults));
	assert_slice(c.name, "Bona fide researchers");
	assert_true(c.decides);
	assert_int_equal(c.fallback, EFFECT_DENY);
	assert_int_equal(c.rule_count, 4);
	assert_slice(c.rules[2].url, "https://opa.example.org/v1/data/x");
	assert_int_equal(c.rules[2].timeout_seconds, 5);
	assert_int_equal(c.rules[2].on_failure, EFFECT_REFER);
	assert_int_equal(c.rules[3].when.part_count, 10);
	assert_int_equal(c.condition_count, 18);
}

static void the_same_criteria_have_the_same_hash_however_they_are_written(void **state)
{
	AUTO(arena_free) struct arena arena = {0};
	struct criteria_faults faults;
	struct criteria a, b;

	(void)state;
	assert_ok(parse(&a, &arena, whole, &faults));
	assert_ok(criteria_parse(&b, &arena, a.document, &faults));
	assert_true(digest_equal(&a.sha256, &b.sha256));
	assert_ok(criteria_load(&b, &arena, a.document));
	assert_true(digest_equal(&a.sha256, &b.sha256));
	assert_err(criteria_load(&b, &arena, S("{\"v\":1}")), ERR_FORMAT);
	assert_false(slice_equal(a.document, slice_of_string(whole)));
}

/* A document with a mark where its fault is: the mark is taken out before it is read. */
struct bad {
	const char *text, *says;
};

static struct json_place take_mark(char *text)
{
	char *mark = strchr(text, '^');
	struct json_place place = {1, 1};

	assert_non_null(mark);
	for (const char *c = text; c < mark; c++) {
		place.line += *c == '\n';
		place.column = *c == '\n' ? 1 : place.column + 1;
	}
	memmove(mark, mark + 1, strlen(mark));
	return place;
}

static void assert_fault(const struct bad *row)
{
	AUTO(arena_free) struct arena arena = {0};
	char *text = arena_string(&arena, slice_of_string(row->text));
	struct json_place place = take_mark(text);
	struct criteria_faults faults;
	struct criteria c;

	if (parse(&c, &arena, text, &faults) == OK)
		fail_msg("accepted: %s", text);
	for (size_t i = 0; i < faults.count; i++)
		if (strstr(faults.list[i].text, row->says) &&
		    faults.list[i].place.line == place.line &&
		    faults.list[i].place.column == place.column)
			return;
	fail_msg("%s: no \"%s\"; first is %s", row->text, row->says, failure_text());
}

static void what_is_wrong_in_a_condition_is_said_with_its_place(void **state)
{
	static const struct bad rows[] = {
		{"{\"shoe_size\":^{\"at_least\":4}}", "unknown fact \"shoe_size\""},
		{"{\"claim\":{\"type\":^\"Nobility\"}}", "is no type of claim"},
		{"{\"claim\":^{\"value\":\"x\"}}", "\"type\" is missing"},
		{"{\"claim\":{\"type\":\"Country\",\"colour\":^\"x\"}}", "\"colour\" is not known"},
		{"{\"claim\":{\"type\":\"Country\",\"value\":\"x\",\"value_pattern\":^\"y\"}}",
		 "one of the two"},
		{"{\"claim\":{\"type\":\"Country\",\"by\":^\"me\"}}", "is not in GA4GH's list"},
		{"{\"country\":{\"in\":[\"DE\",^\"XX\"]}}", "\"XX\" is an unknown code"},
		{"{\"country\":{\"in\":[\"DE\",^\"DE\"]}}", "stands there twice"},
		{"{\"country\":{\"in\":\"DE\",\"source\":^\"guess\"}}", "is no source"},
		{"{\"country\":^{}}", "which countries"},
		{"{\"country\":^[\"DE\"]}", "an object is expected"},
		{"{\"uses\":{\"include\":^\"DUO:9999999\"}}", "is an unknown code"},
		{"{\"uses\":^{\"within\":\"MDU:no-distillation\"}}", "is no permission"},
		{"{\"uses\":^{\"within\":\"DUO:0000042\",\"include\":\"DUO:0000042\"}}", "either"},
		{"{\"rights\":{\"include\":^\"persons:manage\"}}", "is no right on a model"},
		{"{\"affiliation\":{\"domain\":^\"Cam.ac.uk\"}}", "lower case"},
		{"{\"affiliation\":^{\"subdomains\":true}}", "a \"domain\" or a \"role\""},
		{"{\"training\":{\"course\":\"c\",\"max_age_days\":^0}}", "from 1 to 36500"},
		{"{\"institution\":{\"kind\":^\"castle\"}}", "is no kind"},
		{"{\"known\":^\"age\"}", "\"country\" or \"institution\""},
		{"{\"accessors\":^{\"at_least\":1}}", "every request names"},
		{"{\"accessors\":^{\"at_least\":5,\"at_most\":3}}", "no number"},
		{"{\"time\":{\"from\":^\"tomorrow\"}}", "a time as"},
		{"{\"time\":^{\"from\":\"2030-01-01T00:00:00Z\",\"until\":\"2029-01-01T00:00:00Z\"}"
		 "}",
		 "ends before it begins"},
		{"{\"blocked\":^false}", "for the opposite write"},
		{"{\"all\":^[]}", "a list of 1 to"},
		{"^{\"blocked\":true,\"known\":\"country\"}", "one member"},
		{"^[]", "one member"},
		{"{\"all\":[{\"blocked\":true},{\"nott\":^3}]}", "unknown fact \"nott\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_fault(&(struct bad){approving(rows[i].text), rows[i].says});
}

static void what_is_wrong_in_a_document_is_said_with_its_place(void **state)
{
#define RULE(id, effect, when) \
	"{\"id\":\"" id "\",\"effect\":\"" effect "\",\"when\":" when ",\"text\":\"t\"}"
#define DOCUMENT(rules) "{\"v\":1,\"name\":\"n\",\"rules\":[\n" rules "]}"
#define BLOCKED "{\"blocked\":true}"
	static const struct bad rows[] = {
		{"^[]", "criteria are an object"},
		{"{\"v\":1,\n\"v^\":2}", "duplicate"},
		{"{\"v\":1,\n  oop^s}", "JSON: line 2"},
		{"{\"v\":^2}", "\"v\" must be 1"},
		{"^{\"v\":1}", "\"rules\" must be"},
		{"{\"v\":1,\"rules\":^[]}", "\"rules\" must be"},
		{"{\"v\":1,\"default\":^\"approve\"}", "the default is refer or deny"},
		{"{\"v\":1,\"decides\":^\"yes\"}", "true or false"},
		{"{\"v\":1,\"names\":^\"n\"}", "\"names\" is not known"},
		{DOCUMENT("^3"), "a rule is an object"},
		{DOCUMENT(RULE("a", "approve", BLOCKED) ",\n{\"id\":^\"a\",\"effect\":\"deny\","
							"\"text\":\"t\",\"when\":" BLOCKED "}"),
		 "duplicate id \"a\""},
		{DOCUMENT("{\"id\":^\"A b\",\"effect\":\"deny\"}"), "an id is made of"},
		{DOCUMENT("{\"id\":\"a\",\"effect\":^\"allow\"}"), "unknown effect \"allow\""},
		{DOCUMENT("^{\"id\":\"a\",\"effect\":\"deny\",\"text\":\"t\"}"),
		 "\"when\" is missing"},
		{DOCUMENT("{\"id\":\"a\",\"effect\":\"deny\",\"text\":^\" \",\"when\":" BLOCKED
			  "}"),
		 "a text of 1 to"},
		{DOCUMENT("^" RULE("a", "external", BLOCKED)), "\"external\" must be an object"},
		{DOCUMENT("{\"id\":\"a\",\"effect\":\"external\",\"text\":\"t\",\"when\":" BLOCKED
			  ",\n\"external\":{\"url\":^\"http://x/\"}}"),
		 "begin with https://"},
		{DOCUMENT("{\"id\":\"a\",\"effect\":\"external\",\"text\":\"t\",\"when\":" BLOCKED
			  ",\n\"external\":{\"url\":\"https://x/\",\"on_failure\":^\"approve\"}}"),
		 "refer or deny"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_fault(&rows[i]);
}

#define APPROVE(when) RULE("yes", "approve", when)
#define DE "{\"country\":{\"in\":\"DE\"}}"
#define DE_FR "{\"country\":{\"in\":[\"DE\",\"FR\"]}}"
#define IR "{\"country\":{\"in\":\"IR\"}}"
#define NOT(condition) "{\"not\":" condition "}"
#define ALL(a, b) "{\"all\":[" a "," b "]}"
#define ANY(a, b) "{\"any\":[" a "," b "]}"

static void what_can_never_matter_or_always_does_is_a_fault(void **state)
{
	static const struct bad rows[] = {
		{DOCUMENT(APPROVE("^" ALL(DE, IR))), "contradictory"},
		{DOCUMENT(APPROVE("^" ALL(BLOCKED, NOT(BLOCKED)))), "contradictory"},
		{DOCUMENT(APPROVE("^" ALL(DE, NOT(DE_FR)))), "contradictory"},
		{DOCUMENT(APPROVE("^" ALL(DE, NOT("{\"known\":\"country\"}")))), "contradictory"},
		{DOCUMENT(APPROVE("^" ALL("{\"accessors\":{\"at_most\":2}}",
					  "{\"accessors\":{\"at_least\":3}}"))),
		 "contradictory"},
		{DOCUMENT(APPROVE("^" ALL("{\"uses\":{\"within\":\"DUO:0000006\"}}",
					  "{\"uses\":{\"include\":\"DUO:0000011\"}}"))),
		 "contradictory"},
		{DOCUMENT(RULE("no", "deny", "^" ANY(BLOCKED, NOT(BLOCKED)))),
		 "everybody would be denied"},
		{DOCUMENT(RULE("no", "deny",
			       "^" ANY("{\"time\":{\"until\":\"2026-01-01T00:00:00Z\"}}",
				       "{\"time\":{\"from\":\"2026-01-01T00:00:00Z\"}}"))),
		 "everybody would be denied"},
		{DOCUMENT(RULE("no", "refer", "^" ANY(BLOCKED, NOT(BLOCKED)))),
		 "let the default refer"},
		{DOCUMENT(APPROVE("^" ANY(BLOCKED, NOT(BLOCKED)))), "everybody would be approved"},
		{DOCUMENT(RULE("no", "deny", DE_FR) ",\n" APPROVE("^" DE)), "unreachable"},
		{DOCUMENT(APPROVE("^" DE) ",\n" RULE("no", "deny", DE_FR)), "unreachable"},
		{DOCUMENT(RULE("a", "deny", DE) ",\n" RULE("b", "refer", BLOCKED) ",\n" APPROVE(
			 "^" ALL(ANY(DE, BLOCKED), "{\"terms_signed\":true}"))),
		 "unreachable"},
		{DOCUMENT(APPROVE(DE_FR) ",\n" RULE("more", "approve", "^" DE)), "unreachable"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_fault(&rows[i]);
}

static void what_can_matter_is_no_fault(void **state)
{
	static const char *const rows[] = {
		DOCUMENT(RULE("no", "deny", DE) ",\n" APPROVE(DE_FR)),
		DOCUMENT(APPROVE(DE) ",\n" RULE("more", "approve", DE_FR)),
		DOCUMENT(APPROVE(
			"{\"all\":[{\"country\":{\"in\":\"DE\",\"source\":\"claim\"}},{\"not\":"
			"{\"country\":{\"in\":\"DE\",\"source\":\"table\"}}}]}")),
		DOCUMENT(APPROVE(
			"{\"all\":[{\"training\":{\"course\":\"a\"}},{\"training\":{\"course\":"
			"\"b\"}}]}")),
		DOCUMENT(APPROVE(
			"{\"all\":[{\"uses\":{\"within\":\"DUO:0000042\"}},{\"uses\":{\"include\":"
			"\"DUO:0000006\"}}]}")),
		DOCUMENT(APPROVE(
			"{\"all\":[{\"uses\":{\"within\":\"DUO:0000042\"}},{\"uses\":{\"include\":"
			"\"MDU:no-fine-tuning\"}}]}")),
		DOCUMENT(
			APPROVE("{\"training\":{\"course\":\"a\",\"max_age_days\":30}}") ",\n" RULE(
				"old", "approve", "{\"training\":{\"course\":\"a\"}}")),
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		AUTO(arena_free) struct arena arena = {0};
		struct criteria_faults faults;
		struct criteria c;

		assert_ok(parse(&c, &arena, rows[i], &faults));
	}
}

/* --- bombs -------------------------------------------------------------------------------- */

static enum err parse_buf(const struct buf *text)
{
	AUTO(arena_free) struct arena arena = {0};
	struct criteria_faults faults;
	struct criteria c;

	return criteria_parse(&c, &arena, buf_slice(text), &faults);
}

static void begin(struct buf *text)
{
	buf_reset(text);
	buf_write_string(text,
			 "{\"v\":1,\"name\":\"n\",\"rules\":[{\"id\":\"a\",\"effect\":\"approve\","
			 "\"text\":\"t\",\"when\":");
}

static void policy_bombs_are_refused(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(1024 * 1024);

	(void)state;
	begin(&text); /* deep */
	for (int i = 0; i < CRITERIA_MAX_DEPTH; i++)
		buf_write_string(&text, "{\"not\":");
	buf_write_string(&text, BLOCKED "}}}}}}}}}]}");
	assert_err(parse_buf(&text), ERR_FORMAT);
	begin(&text); /* wide */
	buf_write_string(&text, "{\"all\":[" BLOCKED);
	for (int i = 0; i < CRITERIA_MAX_CONDITIONS; i++)
		buf_write_string(&text, "," BLOCKED);
	buf_write_string(&text, "]}}]}");
	assert_err(parse_buf(&text), ERR_FORMAT);
	begin(&text); /* long */
	for (int i = 0; i < CRITERIA_MAX_TEXT; i++)
		buf_write_string(&text, " ");
	assert_err(parse_buf(&text), ERR_LIMIT);
	buf_reset(&text); /* many rules */
	buf_write_string(&text, "{\"v\":1,\"name\":\"n\",\"rules\":[0");
	for (int i = 0; i < CRITERIA_MAX_RULES; i++)
		buf_write_string(&text, ",0");
	buf_write_string(&text, "]}");
	assert_err(parse_buf(&text), ERR_FORMAT);
}

/* Pigeons in holes: hard for every search of this kind. It is refused, not searched for hours. */
static void criteria_too_intricate_to_be_checked_are_refused(void **state)
{
	enum { HOLES = 7 };
	AUTO(buf_free) struct buf text = buf_new(256 * 1024);

	(void)state;
	begin(&text);
	buf_write_string(&text, "{\"all\":[");
	for (int pigeon = 0; pigeon <= HOLES; pigeon++) {
		buf_printf(&text, "%s{\"any\":[", pigeon ? "," : "");
		for (int hole = 0; hole < HOLES; hole++)
			buf_printf(&text, "%s{\"training\":{\"course\":\"%d-%d\"}}",
				   hole ? "," : "", pigeon, hole);
		buf_write_string(&text, "]}");
	}
	for (int hole = 0; hole < HOLES; hole++)
		for (int p = 0; p <= HOLES; p++)
			for (int q = 0; q < p; q++)
				buf_printf(
					&text,
					",{\"not\":{\"all\":[{\"training\":{\"course\":\"%d-%d\"}},"
					"{\"training\":{\"course\":\"%d-%d\"}}]}}",
					p, hole, q, hole);
	buf_write_string(&text, "]}}]}");
	assert_err(parse_buf(&text), ERR_FORMAT);
	assert_non_null(strstr(failure_text(), "too intricate"));
}

static void conditions_are_told_in_words(void **state)
{
	AUTO(arena_free) struct arena arena = {0};
	AUTO(buf_free) struct buf words = buf_new(4096);
	struct criteria_faults faults;
	struct criteria c;

	(void)state;
	assert_ok(parse(&c, &arena, whole, &faults));
	condition_describe(&words, &c.rules[3].when.parts[1], false);
	assert_slice(buf_slice(&words), "a training certificate for https://c.example/1, "
					"established within the last 365 days");
	buf_reset(&words);
	condition_describe(&words, &c.rules[0].when, true);
	assert_slice(buf_slice(&words), "not: a country among KP or IR");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_document_is_read_whole),
		cmocka_unit_test(the_same_criteria_have_the_same_hash_however_they_are_written),
		cmocka_unit_test(what_is_wrong_in_a_condition_is_said_with_its_place),
		cmocka_unit_test(what_is_wrong_in_a_document_is_said_with_its_place),
		cmocka_unit_test(what_can_never_matter_or_always_does_is_a_fault),
		cmocka_unit_test(what_can_matter_is_no_fault),
		cmocka_unit_test(policy_bombs_are_refused),
		cmocka_unit_test(criteria_too_intricate_to_be_checked_are_refused),
		cmocka_unit_test(conditions_are_told_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

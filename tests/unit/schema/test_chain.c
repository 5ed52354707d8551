/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/json.h"
#include "schema/audit/chain_check.h"
#include "tests/unit/test.h"

static void a_chain_says_number_and_predecessor(void **state)
{
	static const struct {
		struct audit_chain chain;
		const char *text;
	} rows[] = {
		{{{0, 0}, {0, 0}}, ""},
		{{{1, 0}, {0, 0}}, "{\"actor\":{\"n\":1,\"prev\":null}}"},
		{{{0, 0}, {2, 0}}, "{\"license\":{\"n\":2,\"prev\":0}}"},
		{{{7, 41 * 65536}, {3, 9 * 65536 + 1 + 12}},
		 "{\"actor\":{\"n\":7,\"prev\":41},\"license\":{\"n\":3,\"prev\":[9,12]}}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		AUTO(buf_free) struct buf text = buf_new(AUDIT_MAX_CHAIN);

		audit_chain_write(&text, &rows[i].chain);
		assert_slice(buf_slice(&text), rows[i].text);
	}
}

static void a_chain_goes_where_canonical_json_has_it(void **state)
{
	static const struct {
		const char *payload, *joined;
	} rows[] = {
		{"{}", "{\"chain\":{}}"},
		{"{\"actor\":{\"id\":\"\"}}", "{\"actor\":{\"id\":\"\"},\"chain\":{}}"},
		{"{\"actor\":1,\"code\":2}", "{\"actor\":1,\"chain\":{},\"code\":2}"},
		{"{\"model\":\"m\"}", "{\"chain\":{},\"model\":\"m\"}"},
		{"{\"a\":\"},\\\"chain\\\":{\",\"b\":[{\"chain\":1}],\"d\":1}",
		 "{\"a\":\"},\\\"chain\\\":{\",\"b\":[{\"chain\":1}],\"chain\":{},\"d\":1}"},
		{"{\"chai\":1,\"chainz\":2}", "{\"chai\":1,\"chain\":{},\"chainz\":2}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		AUTO(buf_free) struct buf joined = buf_new(256);
		AUTO(buf_free) struct buf canonical = buf_new(256);
		AUTO(json_auto) json_t *value = NULL;

		assert_ok(audit_chain_join(&joined, slice_of_string(rows[i].payload), S("{}")));
		assert_slice(buf_slice(&joined), rows[i].joined);
		assert_ok(json_read(&value, buf_slice(&joined), 256));
		assert_ok(json_write_canonical(&canonical, value));
		assert_slice(buf_slice(&canonical), rows[i].joined);
	}
}

static void what_has_no_place_for_a_chain_is_refused(void **state)
{
	static const char *const payloads[] = {
		"",
		"[]",
		"{",
		"{\"a\"",
		"{\"a\":1",
		"{\"a\":\"",
		"{\"chain\":1}",
		"{\"a",
		"{\"a\":1,x}",
		"{\"a\":1}}",
		"{\"a\":1,\"chain\":{}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++) {
		AUTO(buf_free) struct buf joined = buf_new(256);

		assert_err(audit_chain_join(&joined, slice_of_string(payloads[i]), S("{}")),
			   ERR_FORMAT);
	}
}

#define OURS "11111111-0000-7000-8000-000000000001"
#define AT(index) ((uint64_t)(index)*65536)
#define ROW(index, row) (AT(index) + 1 + (row))
#define OTHER "22222222-0000-7000-8000-000000000002"

struct given {
	uint64_t place;
	const char *id, *chain;
};

static enum err walk_all(struct audit_walk *walk, const struct given *given, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		AUTO(json_auto) json_t *payload = NULL;
		AUTO(buf_free) struct buf text = buf_new(1024);

		buf_printf(&text, "{%s%s\"license\":\"%s\"}", given[i].chain,
			   *given[i].chain ? "," : "", given[i].id);
		assert_ok(json_read(&payload, buf_slice(&text), 1024));
		TRY(audit_walk_step(walk, given[i].place, payload));
	}
	return OK;
}

#define LINK(n, prev) "\"chain\":{\"license\":{\"n\":" n ",\"prev\":" prev "}}"

static void a_whole_chain_is_walked(void **state)
{
	const struct given given[] = {{AT(0), OURS, LINK("1", "null")},
				      {AT(4), OURS, LINK("2", "0")},
				      {AT(9), OURS, LINK("3", "4")}};
	struct audit_walk walk = {.subject = AUDIT_SUBJECT_LICENSE, .id = S(OURS)};

	(void)state;
	assert_ok(walk_all(&walk, given, 3));
	assert_int_equal(walk.count, 3);
	assert_int_equal(walk.last, audit_place(9));
}

static void rows_of_batches_are_walked(void **state)
{
	const struct given given[] = {{AT(0), OURS, LINK("1", "null")},
				      {ROW(4, 0), OURS, LINK("2", "0")},
				      {ROW(4, 7), OURS, LINK("3", "[4,0]")},
				      {AT(6), OURS, LINK("4", "[4,7]")}};
	struct audit_walk walk = {.subject = AUDIT_SUBJECT_LICENSE, .id = S(OURS)};

	(void)state;
	assert_ok(walk_all(&walk, given, 4));
	assert_int_equal(walk.count, 4);
}

static void entries_from_before_there_were_chains_are_counted(void **state)
{
	const struct given given[] = {
		{AT(3), OURS, ""}, {AT(5), OURS, ""}, {AT(6), OURS, LINK("3", "5")}};
	struct audit_walk walk = {.subject = AUDIT_SUBJECT_LICENSE, .id = S(OURS)};

	(void)state;
	assert_ok(walk_all(&walk, given, 3));
	assert_int_equal(walk.bare, 2);
}

static void what_is_left_out_is_noticed(void **state)
{
	static const struct {
		const char *why;
		struct given given[3];
		enum err expected;
	} rows[] = {
		{"the first is missing", {{AT(4), OURS, LINK("2", "0")}}, ERR_FORGED},
		{"one is missing",
		 {{AT(0), OURS, LINK("1", "null")}, {AT(9), OURS, LINK("3", "4")}},
		 ERR_FORGED},
		{"another stands in its place",
		 {{AT(0), OURS, LINK("1", "null")},
		  {AT(3), OURS, LINK("2", "0")},
		  {AT(9), OURS, LINK("3", "4")}},
		 ERR_FORGED},
		{"one comes twice",
		 {{AT(0), OURS, LINK("1", "null")}, {AT(0), OURS, LINK("1", "null")}},
		 ERR_FORGED},
		{"one of somebody else", {{AT(0), OTHER, LINK("1", "null")}}, ERR_FORGED},
		{"a chain that stops",
		 {{AT(0), OURS, LINK("1", "null")}, {AT(4), OURS, ""}},
		 ERR_FORGED},
		{"an older one is missing",
		 {{AT(3), OURS, ""}, {AT(6), OURS, LINK("3", "5")}},
		 ERR_FORGED},
		{"the second without a predecessor",
		 {{AT(4), OURS, LINK("2", "null")}},
		 ERR_FORMAT},
		{"the first with one", {{AT(4), OURS, LINK("1", "3")}}, ERR_FORMAT},
		{"a row is missing",
		 {{ROW(4, 0), OURS, LINK("1", "null")}, {ROW(4, 2), OURS, LINK("3", "[4,1]")}},
		 ERR_FORGED},
		{"another row stands in its place",
		 {{ROW(4, 1), OURS, LINK("1", "null")}, {ROW(4, 2), OURS, LINK("2", "[4,0]")}},
		 ERR_FORGED},
		{"an entry in place of its row",
		 {{ROW(4, 0), OURS, LINK("1", "null")}, {AT(6), OURS, LINK("2", "4")}},
		 ERR_FORGED},
		{"rows the wrong way round",
		 {{ROW(4, 1), OURS, LINK("1", "null")}, {ROW(4, 0), OURS, LINK("2", "[4,1]")}},
		 ERR_FORGED},
		{"no row", {{AT(4), OURS, LINK("2", "[1]")}}, ERR_FORMAT},
		{"a row behind the last", {{AT(4), OURS, LINK("2", "[1,65535]")}}, ERR_FORMAT},
		{"a row of none", {{AT(4), OURS, LINK("2", "[-1,1]")}}, ERR_FORMAT},
		{"number none", {{AT(4), OURS, LINK("0", "null")}}, ERR_FORMAT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct audit_walk walk = {.subject = AUDIT_SUBJECT_LICENSE, .id = S(OURS)};
		size_t count = 0;

		while (count < 3 && rows[i].given[count].id)
			count++;
		if (walk_all(&walk, rows[i].given, count) != rows[i].expected)
			fail_msg("%s: %s", rows[i].why, failure_text());
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_chain_says_number_and_predecessor),
		cmocka_unit_test(a_chain_goes_where_canonical_json_has_it),
		cmocka_unit_test(what_has_no_place_for_a_chain_is_refused),
		cmocka_unit_test(a_whole_chain_is_walked),
		cmocka_unit_test(rows_of_batches_are_walked),
		cmocka_unit_test(entries_from_before_there_were_chains_are_counted),
		cmocka_unit_test(what_is_left_out_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

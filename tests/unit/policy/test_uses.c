/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <string.h>

#include "policy/uses.h"

static use_set set_of(const char *list)
{
	use_set set;

	assert_ok(uses_parse(&set, slice_of_string(list)));
	return set;
}

static void codes_are_read_exactly_as_they_are_written(void **state)
{
	static const char *const wrong[] = {"DUO:0000041",  "duo:0000042",  "GRU", "DUO:0000042 ",
					    "DUO:0000042,", "MDU:anything", ","};
	use_set set;

	(void)state;
	for (int i = 0; i < USE_COUNT; i++) {
		enum use use;

		assert_true(use_parse(&use, slice_of_string(use_code((enum use)i))));
		assert_int_equal(use, i);
		assert_int_equal(use_is_ours(use), use_acronym(use)[0] == '\0');
	}
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(uses_parse(&set, slice_of_string(wrong[i])), ERR_FORMAT);
	assert_int_equal(set_of(""), 0);
}

static void a_list_is_written_in_the_order_of_the_table_and_once(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(USES_MAX_TEXT);

	(void)state;
	uses_write(&text, set_of("MDU:no-fine-tuning,DUO:0000042,DUO:0000042"));
	assert_true(slice_equal(buf_slice(&text), S("DUO:0000042,MDU:no-fine-tuning")));
}

static void all_uses_fit_into_their_text(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(USES_MAX_TEXT);

	(void)state;
	uses_write(&text, ((use_set)1 << USE_COUNT) - 1);
	assert_ok(buf_done(&text));
}

static void declared_uses_are_weighed_against_what_the_model_says(void **state)
{
	static const struct {
		const char *declared, *permitted, *required;
		enum uses_verdict verdict;
		const char *why;
	} rows[] = {
		{"", "DUO:0000042", "", USES_UNKNOWN, "nothing is declared"},
		{"DUO:0000042", "", "", USES_UNKNOWN, "the model says nothing"},
		{"DUO:0000042", "DUO:0000042", "", USES_MATCH, "the same"},
		{"DUO:0000006", "DUO:0000042", "", USES_MATCH, "health is research"},
		{"DUO:0000042", "DUO:0000006", "", USES_MISMATCH, "research is not all health"},
		{"DUO:0000007", "DUO:0000006", "", USES_MATCH, "a disease is health"},
		{"DUO:0000011", "DUO:0000006", "", USES_MISMATCH, "ancestry is not"},
		{"DUO:0000011", "DUO:0000042", "DUO:0000044", USES_MISMATCH, "and may be excluded"},
		{"DUO:0000042", "DUO:0000004", "", USES_MATCH, "no restriction covers all"},
		{"DUO:0000042", "DUO:0000042", "DUO:0000046", USES_PARTIAL, "not undertaken"},
		{"DUO:0000042,DUO:0000046", "DUO:0000042", "DUO:0000046", USES_MATCH, "undertaken"},
		{"DUO:0000042,DUO:0000018", "DUO:0000042", "DUO:0000046", USES_MATCH, "in a wider"},
		{"DUO:0000042,DUO:0000045", "DUO:0000042", "DUO:0000018", USES_PARTIAL, "a half"},
		{"DUO:0000046", "DUO:0000042", "DUO:0000046", USES_PARTIAL, "what for?"},
		{"MDU:inference-only", "", "MDU:no-fine-tuning", USES_MATCH, "who only runs it"},
		{"MDU:no-fine-tuning", "", "MDU:inference-only", USES_PARTIAL, "not the other way"},
		{"DUO:0000043", "", "MDU:no-clinical-decisions", USES_MISMATCH, "care excluded"},
		{"DUO:0000021", "DUO:0000006", "", USES_PARTIAL, "a modifier is no purpose"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct uses_match m = uses_compare(set_of(rows[i].declared),
						   set_of(rows[i].permitted),
						   set_of(rows[i].required));

		if (m.verdict != rows[i].verdict)
			fail_msg("%s: %s, not %s", rows[i].why, uses_verdict_name(m.verdict),
				 uses_verdict_name(rows[i].verdict));
	}
}

static void each_finding_has_its_sentence(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(1024);
	struct uses_match m = uses_compare(set_of("DUO:0000006,DUO:0000043"), set_of("DUO:0000042"),
					   set_of("MDU:no-clinical-decisions"));

	(void)state;
	uses_explain(&text, &m, USE_HMB);
	assert_true(
		slice_equal(buf_slice(&text),
			    S("DUO:0000006 (health, medical or biomedical research) is permitted "
			      "by DUO:0000042 (general research use)")));
	buf_reset(&text);
	uses_explain(&text, &m, USE_CC);
	assert_true(
		slice_equal(buf_slice(&text),
			    S("DUO:0000043 (use in clinical care) was declared, and is excluded "
			      "by MDU:no-clinical-decisions (no decision about a patient rests on "
			      "it)")));
	buf_reset(&text);
	uses_explain(&text, &m, USE_NRES);
	assert_int_equal(text.size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_are_read_exactly_as_they_are_written),
		cmocka_unit_test(a_list_is_written_in_the_order_of_the_table_and_once),
		cmocka_unit_test(all_uses_fit_into_their_text),
		cmocka_unit_test(declared_uses_are_weighed_against_what_the_model_says),
		cmocka_unit_test(each_finding_has_its_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

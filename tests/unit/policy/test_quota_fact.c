/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <string.h>

#include "policy/quota.h"

static void every_quota_reads_back_as_it_was_written(void **state)
{
	(void)state;
	for (int i = 0; i < QUOTA_SUBJECT_COUNT * LICENSE_MEASURE_COUNT * LICENSE_PERIOD_COUNT;
	     i++) {
		struct quota_fact again,
			fact = {
				.is_used_up = true,
				.subject = (enum quota_subject)(i % QUOTA_SUBJECT_COUNT),
				.measure = (enum license_measure)(i / QUOTA_SUBJECT_COUNT %
								  LICENSE_MEASURE_COUNT),
				.per = (enum license_period)(i / QUOTA_SUBJECT_COUNT /
							     LICENSE_MEASURE_COUNT),
			};
		char text[QUOTA_TEXT];

		if (fact.measure == LICENSE_CONCURRENT)
			fact.per = LICENSE_PER_LICENSE;
		quota_fact_write(text, &fact);
		assert_true(quota_fact_parse(&again, slice_of_string(text)));
		assert_memory_equal(&again, &fact, sizeof fact);
	}
}

static void none_is_an_empty_text_and_nonsense_is_none(void **state)
{
	static const char *const bad[] = {"license",
					  "license ",
					  "license tokens/year",
					  "nobody tokens/day",
					  "license seconds/day",
					  "license tokens/day ",
					  " tokens/day"};
	struct quota_fact fact = {.is_used_up = false};
	char text[QUOTA_TEXT];

	(void)state;
	quota_fact_write(text, &fact);
	assert_string_equal(text, "");
	assert_true(quota_fact_parse(&fact, S("")));
	assert_false(fact.is_used_up);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(quota_fact_parse(&fact, slice_of_string(bad[i])));
}

static void what_runs_now_and_what_counts_a_minute_pass_soon(void **state)
{
	struct quota_fact fact = {.measure = LICENSE_TOKENS, .per = LICENSE_PER_MINUTE};

	(void)state;
	assert_true(quota_passes_soon(&fact));
	fact.per = LICENSE_PER_DAY;
	assert_false(quota_passes_soon(&fact));
	fact.per = LICENSE_PER_LICENSE;
	assert_false(quota_passes_soon(&fact));
	fact.measure = LICENSE_CONCURRENT;
	assert_true(quota_passes_soon(&fact));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_quota_reads_back_as_it_was_written),
		cmocka_unit_test(none_is_an_empty_text_and_nonsense_is_none),
		cmocka_unit_test(what_runs_now_and_what_counts_a_minute_pass_soon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <string.h>

#include "gateway/api/request/agreement.h"

static struct arena arena;

static int end(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static const struct store_request request = {
	.rights = {(const uint8_t *)"infer:generate,weights:read", 27},
	.uses = {(const uint8_t *)"DUO:0000042", 11},
};

struct said {
	const char *vote, *rights;
	int64_t days;
	const char *conditions;
};

static enum err agree(struct agreement *out, const struct said *said, size_t count)
{
	struct store_vote votes[4] = {{.round = 1}};

	for (size_t i = 0; i < count; i++) {
		votes[i].vote = slice_of_string(said[i].vote);
		votes[i].rights = slice_of_string(said[i].rights);
		votes[i].days = said[i].days;
		votes[i].conditions = slice_of_string(said[i].conditions);
	}
	return agreement_of(out, &arena, &request, votes, count);
}

static void assert_slice_is(struct slice found, const char *wanted)
{
	if (!slice_equal(found, slice_of_string(wanted)))
		fail_msg("\"%.*s\", not \"%s\"", SLICE_PRINT(found), wanted);
}

#define LIMIT(max, per) "{\"max\":" max ",\"measure\":\"requests\",\"per\":\"" per "\"}"

static const struct {
	struct said said[3];
	size_t count;
	const char *rights;
	int64_t days;
	const char *limits, *regions, *uses, *why;
} agreements[] = {
	{{{"approve", "", 0, ""}},
	 1,
	 "infer:generate,weights:read",
	 0,
	 "",
	 "",
	 "DUO:0000042",
	 "who says nothing grants what is asked for"},
	{{{"approve", "weights:read", 9, ""}, {"approve", "", 5, ""}},
	 2,
	 "weights:read",
	 5,
	 "",
	 "",
	 "DUO:0000042",
	 "fewer rights, fewer days"},
	{{{"approve", "", 9, ""}, {"deny", "weights:read", 1, ""}},
	 2,
	 "infer:generate,weights:read",
	 9,
	 "",
	 "",
	 "DUO:0000042",
	 "who denies grants nothing"},
	{{{"approve", "", 0, "{\"regions\":[\"DE\",\"FI\"]}"},
	  {"approve", "", 0, "{\"regions\":[\"FI\",\"SE\"]}"},
	  {"approve", "", 0, ""}},
	 3,
	 "infer:generate,weights:read",
	 0,
	 "",
	 "FI",
	 "DUO:0000042",
	 "regions in common, with who names none"},
	{{{"approve", "", 0, "{\"limits\":[" LIMIT("9", "day") "]}"},
	  {"approve", "", 0, "{\"limits\":[" LIMIT("5", "day") "," LIMIT("2", "minute") "]}"}},
	 2,
	 "infer:generate,weights:read",
	 0,
	 "[" LIMIT("2", "minute") "," LIMIT("5", "day") "]",
	 "",
	 "DUO:0000042",
	 "of each limit the smallest"},
	{{{"approve", "", 0, "{\"uses\":[\"MDU:no-fine-tuning\"]}"}},
	 1,
	 "infer:generate,weights:read",
	 0,
	 "",
	 "",
	 "DUO:0000042,MDU:no-fine-tuning",
	 "restrictions add up"},
};

static void the_license_is_the_narrowest_of_what_each_grants(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof agreements / sizeof agreements[0]; i++) {
		struct agreement a;

		if (agree(&a, agreements[i].said, agreements[i].count) != OK)
			fail_msg("%s: %s", agreements[i].why, failure_text());
		assert_slice_is(a.rights, agreements[i].rights);
		assert_int_equal(a.days, agreements[i].days);
		assert_slice_is(a.limits, agreements[i].limits);
		assert_slice_is(a.regions, agreements[i].regions);
		assert_slice_is(a.uses, agreements[i].uses);
	}
}

static void the_plan_is_the_one_that_waits_longest_and_silence_is_standard(void **state)
{
	static const char fast[] = "{\"plan\":\"interactive\"}", slow[] = "{\"plan\":\"batch\"}";
	static const struct {
		const char *said[3];
		const char *plan;
	} rows[] = {
		{{""}, "standard"},          {{fast}, "interactive"},       {{slow}, "batch"},
		{{fast, ""}, "standard"},    {{"", fast}, "standard"},      {{slow, ""}, "batch"},
		{{fast, slow, ""}, "batch"}, {{fast, fast}, "interactive"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct said said[3];
		struct agreement a;
		size_t count = 0;

		for (; count < 3 && rows[i].said[count]; count++)
			said[count] = (struct said){"approve", "", 0, rows[i].said[count]};
		assert_ok(agree(&a, said, count));
		assert_slice_is(a.plan, rows[i].plan);
	}
}

static void where_nothing_is_left_nothing_is_agreed_on(void **state)
{
	static const struct said rights[] = {{"approve", "weights:read", 0, ""},
					     {"approve", "infer:generate", 0, ""}};
	static const struct said regions[] = {{"approve", "", 0, "{\"regions\":[\"DE\"]}"},
					      {"approve", "", 0, "{\"regions\":[\"SE\"]}"}};
	struct agreement a;

	(void)state;
	assert_err(agree(&a, rights, 2), ERR_CONFLICT);
	assert_err(agree(&a, regions, 2), ERR_CONFLICT);
}

static void conditions_that_cannot_be_meant_are_refused(void **state)
{
	static const char *const wrong[] = {
		"{\"regions\":[]}",
		"{\"regions\":[\"Germany\"]}",
		"{\"regions\":\"DE\"}",
		"{\"regions\":[1]}",
		"{\"uses\":[\"GRU\"]}",
		"{\"uses\":{}}",
		"{\"limits\":[" LIMIT("0", "day") "]}",
		"{\"limits\":{}}",
		"{\"limits\":[" LIMIT("1", "day") "," LIMIT("2", "day") "]}",
	};

	(void)state;
	assert_ok(agreement_check_conditions(S("")));
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		if (agreement_check_conditions(slice_of_string(wrong[i])) == OK)
			fail_msg("taken: %s", wrong[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_license_is_the_narrowest_of_what_each_grants),
		cmocka_unit_test(the_plan_is_the_one_that_waits_longest_and_silence_is_standard),
		cmocka_unit_test(where_nothing_is_left_nothing_is_agreed_on),
		cmocka_unit_test(conditions_that_cannot_be_meant_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, end);
}

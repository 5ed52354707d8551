/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <string.h>

#include "policy/votes.h"

static void votes_come_to_what_the_rule_says(void **state)
{
	static const struct {
		unsigned needed;
		bool any_denial;
		unsigned approve, deny;
		enum vote_outcome outcome;
		const char *why;
	} rows[] = {
		{1, false, 0, 0, VOTE_OPEN, "nobody has voted"},
		{1, false, 1, 0, VOTE_APPROVED, "one is enough"},
		{1, false, 0, 1, VOTE_DENIED, "either way"},
		{2, false, 1, 0, VOTE_OPEN, "one of two"},
		{2, false, 1, 1, VOTE_OPEN, "one each"},
		{2, false, 2, 1, VOTE_APPROVED, "two against one"},
		{2, false, 1, 2, VOTE_DENIED, "and the other way"},
		{2, true, 0, 1, VOTE_DENIED, "any denial"},
		{2, true, 1, 1, VOTE_DENIED, "whatever the others say"},
		{2, true, 2, 0, VOTE_APPROVED, "nobody denies"},
		{3, false, 3, 3, VOTE_DENIED, "both cannot come out: the denial does"},
		{0, false, 0, 0, VOTE_OPEN, "a rule of none is a rule of one"},
		{0, false, 1, 0, VOTE_APPROVED, "and not of nobody"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct vote_rule rule = {rows[i].needed, rows[i].any_denial};

		if (votes_count(rule, (struct votes){rows[i].approve, rows[i].deny}) !=
		    rows[i].outcome)
			fail_msg("%s", rows[i].why);
	}
}

/* Whatever order they vote in, no later vote is needed to know the outcome, and it comes once. */
static void every_order_of_votes_ends_in_one_outcome(void **state)
{
	(void)state;
	for (unsigned needed = 1; needed <= 3; needed++) {
		for (unsigned order = 0; order < 1u << 5; order++) {
			struct vote_rule rule = {needed, false};
			struct votes votes = {0, 0};
			enum vote_outcome outcome = VOTE_OPEN;

			for (unsigned i = 0; i < 5 && outcome == VOTE_OPEN; i++) {
				if (order & 1u << i)
					votes.approve++;
				else
					votes.deny++;
				outcome = votes_count(rule, votes);
			}
			assert_int_not_equal(outcome, VOTE_OPEN);
			assert_int_equal(outcome == VOTE_APPROVED, votes.approve == needed);
			assert_int_equal(outcome == VOTE_DENIED, votes.deny == needed);
		}
	}
}

static void the_first_conflict_forbids_and_what_is_not_known_too(void **state)
{
	(void)state;
	assert_int_equal(vote_conflict_of(S("")), VOTE_CONFLICT_COUNT);
	assert_int_equal(vote_conflict_of(S("lead")), VOTE_CONFLICT_LEAD);
	assert_int_equal(vote_conflict_of(S("same_institution,accessor")), VOTE_CONFLICT_ACCESSOR);
	assert_int_equal(vote_conflict_of(S("handled,")), VOTE_CONFLICT_REQUESTER);
	assert_int_equal(vote_conflict_of(S("friend")), VOTE_CONFLICT_REQUESTER);
	for (int i = 0; i < VOTE_CONFLICT_COUNT; i++) {
		enum vote_conflict one = (enum vote_conflict)i;

		assert_int_equal(vote_conflict_of(slice_of_string(vote_conflict_name(one))), i);
		assert_true(strlen(vote_conflict_sentence(one)) > 20);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(votes_come_to_what_the_rule_says),
		cmocka_unit_test(every_order_of_votes_ends_in_one_outcome),
		cmocka_unit_test(the_first_conflict_forbids_and_what_is_not_known_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

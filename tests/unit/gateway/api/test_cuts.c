/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/lease/cuts.h"

#include "crypto/base/clock.h"
#include "tests/unit/test.h"

static const struct cut_basis licensed = {
	.license = {1}, .model = {2}, .person = {3}, .token = {4}, .revision = {5}};
static const struct cut_basis open_to_all = {.model = {2}, .revision = {5}};
static const struct cut_basis another = {
	.license = {11}, .model = {12}, .person = {13}, .token = {14}};

static void count(void *context)
{
	++*(int *)context;
}

static struct cut_entry entry_on(const struct cut_basis *basis, int *told)
{
	return (struct cut_entry){.basis = *basis, .on_cut = count, .context = told};
}

static void a_cut_reaches_what_rests_on_it_and_nothing_else(void **state)
{
	static const struct {
		struct store_cut cut;
		bool licensed, open;
	} rows[] = {
		{{STORE_CUT_LICENSE, {1}}, true, false},   {{STORE_CUT_LICENSE, {2}}, false, false},
		{{STORE_CUT_MODEL, {2}}, true, true},      {{STORE_CUT_GATE, {2}}, false, true},
		{{STORE_CUT_PERSON, {3}}, true, false},    {{STORE_CUT_TOKEN, {4}}, true, false},
		{{STORE_CUT_PERSON, {4}}, false, false},   {{STORE_CUT_REVISION, {5}}, true, true},
		{{STORE_CUT_REVISION, {1}}, false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct cuts *c = cuts_new();
		int told[3] = {0};
		struct cut_entry one = entry_on(&licensed, &told[0]);
		struct cut_entry two = entry_on(&open_to_all, &told[1]);
		struct cut_entry three = entry_on(&another, &told[2]);

		assert_ok(cuts_enter(c, &one, 5));
		assert_ok(cuts_enter(c, &two, 5));
		assert_ok(cuts_enter(c, &three, 5));
		cuts_apply(c, &rows[i].cut, 6);
		cuts_apply(c, &rows[i].cut, 7); /* told once */
		assert_int_equal(told[0], rows[i].licensed);
		assert_int_equal(told[1], rows[i].open);
		assert_int_equal(told[2], 0);
		assert_int_equal(atomic_load(&one.is_cut), rows[i].licensed);
		cuts_leave(c, &two);
		cuts_leave(c, &one);
		cuts_leave(c, &three);
		assert_int_equal(cuts_count(c), 0);
		cuts_free(c);
	}
}

static void what_was_decided_before_a_cut_does_not_begin_after_it(void **state)
{
	struct cuts *c = cuts_new();
	struct cut_entry late = entry_on(&licensed, NULL), other = entry_on(&another, NULL);
	const struct store_cut cut = {STORE_CUT_LICENSE, {1}};

	(void)state;
	cuts_apply(c, &cut, 6);
	assert_err(cuts_enter(c, &late, 5), ERR_UNAVAILABLE);
	assert_int_equal(cuts_count(c), 0);
	cuts_leave(c, &late); /* it never entered */
	assert_ok(cuts_enter(c, &other, 5));
	assert_ok(cuts_enter(c, &late, 6)); /* the decision knew of it: reinstated, say */
	cuts_leave(c, &late);
	cuts_leave(c, &other);
	cuts_free(c);
}

static void what_rests_on_no_lease_does_not_begin(void **state)
{
	struct cuts *c = cuts_new();
	struct cut_entry e = entry_on(&licensed, NULL);

	(void)state;
	assert_err(cuts_enter(c, &e, 0), ERR_UNAVAILABLE);
	cuts_free(c);
}

static void a_lapse_ends_all_and_forgets_nothing_of_before(void **state)
{
	struct cuts *c = cuts_new();
	int told = 0;
	struct cut_entry one = entry_on(&licensed, &told), two = entry_on(&open_to_all, &told);

	(void)state;
	assert_ok(cuts_enter(c, &one, 5));
	assert_ok(cuts_enter(c, &two, 5));
	cuts_apply_all(c, 6);
	assert_int_equal(told, 2);
	cuts_leave(c, &one);
	cuts_leave(c, &two);
	assert_err(cuts_enter(c, &one, 5), ERR_UNAVAILABLE);
	assert_ok(cuts_enter(c, &one, 6));
	cuts_leave(c, &one);
	cuts_free(c);
}

static void a_decision_older_than_what_is_remembered_is_refused(void **state)
{
	struct cuts *c = cuts_new();
	struct cut_entry e = entry_on(&another, NULL);
	const struct store_cut cut = {STORE_CUT_LICENSE, {1}};

	(void)state;
	for (uint64_t i = 0; i < CUTS_REMEMBERED; i++)
		cuts_apply(c, &cut, 10 + i);
	assert_ok(cuts_enter(c, &e, 5));
	cuts_leave(c, &e);
	cuts_apply(c, &cut, 10 + CUTS_REMEMBERED); /* the one of epoch 10 is forgotten */
	assert_err(cuts_enter(c, &e, 9), ERR_UNAVAILABLE);
	assert_ok(cuts_enter(c, &e, 10));
	cuts_leave(c, &e);
	cuts_free(c);
}

/* The wall clock may be set, forth and back: neither gives more time than the license had. */
static void what_has_a_date_ends_at_it_whatever_becomes_of_the_clock(void **state)
{
	struct cuts *c = cuts_new();
	int64_t now_ms = clock_now_ms(), monotonic_ms = clock_monotonic_ms();
	int told[2] = {0};
	struct cut_entry dated = entry_on(&licensed, &told[0]);
	struct cut_entry undated = entry_on(&open_to_all, &told[1]);
	struct cut_entry past = entry_on(&another, NULL);

	(void)state;
	dated.until_ms = now_ms + 60000;
	past.until_ms = now_ms;
	assert_err(cuts_enter(c, &past, 5), ERR_EXPIRED);
	assert_ok(cuts_enter(c, &dated, 5));
	assert_ok(cuts_enter(c, &undated, 5));
	cuts_expire(c, now_ms + 59000, monotonic_ms + 59000);
	assert_int_equal(told[0], 0);
	cuts_expire(c, now_ms - 3600000, monotonic_ms + 61000);
	assert_int_equal(told[0], 1);
	cuts_leave(c, &dated);
	assert_ok(cuts_enter(c, &dated, 5));
	cuts_expire(c, now_ms + 60000, monotonic_ms);
	assert_int_equal(told[0], 2);
	assert_int_equal(told[1], 0);
	cuts_leave(c, &dated);
	cuts_leave(c, &undated);
	cuts_free(c);
}

static void a_look_tells_what_runs_and_how_much_there_is(void **state)
{
	struct cuts *c = cuts_new();
	struct cut_entry one = entry_on(&licensed, NULL), two = entry_on(&another, NULL);
	struct cut_view seen[2];

	(void)state;
	two.what = CUT_GENERATION;
	assert_ok(cuts_enter(c, &one, 5));
	assert_ok(cuts_enter(c, &two, 5));
	assert_int_equal(cuts_look(c, seen, 1), 2);
	assert_int_equal(cuts_look(c, seen, 2), 2);
	assert_int_equal(seen[0].what, CUT_GENERATION);
	assert_int_equal(seen[1].basis.license[0], 1);
	cuts_leave(c, &one);
	cuts_leave(c, &two);
	cuts_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cut_reaches_what_rests_on_it_and_nothing_else),
		cmocka_unit_test(what_was_decided_before_a_cut_does_not_begin_after_it),
		cmocka_unit_test(what_rests_on_no_lease_does_not_begin),
		cmocka_unit_test(a_lapse_ends_all_and_forgets_nothing_of_before),
		cmocka_unit_test(a_decision_older_than_what_is_remembered_is_refused),
		cmocka_unit_test(what_has_a_date_ends_at_it_whatever_becomes_of_the_clock),
		cmocka_unit_test(a_look_tells_what_runs_and_how_much_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/slots/budget.h"
#include "tests/unit/test.h"

enum { NOW = 1000 };

#define FREE \
	{ \
		.use = BUDGET_FREE \
	}
#define LEAVING(b) \
	{ \
		.use = BUDGET_LEAVING, .bytes = (b) \
	}
#define HELD(b) \
	{ \
		.use = BUDGET_HELD, .bytes = (b) \
	}
#define IDLE(b, used) \
	{ \
		.use = BUDGET_IDLE, .bytes = (b), .used_ms = (used) \
	}
#define PINNED(b) \
	{ \
		.use = BUDGET_IDLE, .bytes = (b), .is_pinned = true \
	}

struct row {
	const char *why;
	struct budget_row rows[3];
	size_t promises;
	uint64_t promise, least, most;
	enum budget_verdict verdict;
	size_t row;
	uint64_t bytes;
};

/* clang-format off */
static const struct row rows[] = {
	{"all it can use", {FREE, FREE, FREE}, 0, 0, 10, 40, BUDGET_TAKE, 0, 40},
	{"at most what one may have", {FREE, FREE, FREE}, 0, 0, 10, 90, BUDGET_TAKE, 0, 60},
	{"what is left", {HELD(60), HELD(25), FREE}, 0, 0, 10, 40, BUDGET_TAKE, 2, 15},
	{"more than one may have", {FREE, FREE, FREE}, 0, 0, 61, 90, BUDGET_SMALL, 0, 60},
	{"the oldest goes", {IDLE(50, 7), IDLE(40, 5), FREE}, 0, 0, 20, 20, BUDGET_EVICT, 1, 10},
	{"for the place", {IDLE(5, 7), IDLE(5, 9), HELD(5)}, 0, 0, 20, 20, BUDGET_EVICT, 0, 85},
	{"nothing goes in vain", {IDLE(20, 7), HELD(70), FREE}, 0, 0, 40, 40, BUDGET_WAIT, 0, 10},
	{"what leaves is enough", {IDLE(40, 7), LEAVING(50), FREE}, 0, 0, 40, 40, BUDGET_WAIT, 0, 10},
	{"what leaves is not", {HELD(40), LEAVING(45), FREE}, 0, 0, 60, 60, BUDGET_WAIT, 0, 15},
	{"what leaves and one more", {IDLE(45, 7), LEAVING(45), FREE}, 0, 0, 60, 60, BUDGET_EVICT, 0, 10},
	{"it has just been loaded", {{BUDGET_IDLE, false, 90, 5, NOW + 1}, FREE, FREE}, 0, 0, 20, 20,
	 BUDGET_WAIT, 0, 10},
	{"the next oldest instead", {{BUDGET_IDLE, false, 45, 5, NOW + 1}, IDLE(45, 6), FREE}, 0, 0, 20, 20,
	 BUDGET_EVICT, 1, 10},
	{"pinned ones stay", {PINNED(50), PINNED(40), FREE}, 0, 0, 20, 20, BUDGET_TAKEN, 0, 10},
	{"pinned in all places", {PINNED(1), PINNED(1), PINNED(1)}, 0, 0, 20, 20, BUDGET_TAKEN, 0, 97},
	{"promised memory", {FREE, FREE, FREE}, 1, 50, 60, 60, BUDGET_TAKEN, 0, 50},
	{"beside what is promised", {FREE, FREE, FREE}, 1, 50, 20, 60, BUDGET_TAKE, 0, 50},
	{"a promised place", {FREE, HELD(10), HELD(10)}, 1, 10, 20, 20, BUDGET_WAIT, 0, 70},
};
/* clang-format on */

static void a_plan_is_what_the_rows_allow(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *r = &rows[i];
		struct budget b = {.limit = 100, .each = 60, .count = 3};
		struct budget_plan plan;

		b.promises = r->promises;
		b.promise = r->promise;
		for (size_t k = 0; k < 3; k++)
			b.rows[k] = r->rows[k];
		plan = budget_plan(&b, r->least, r->most, NOW);
		if (plan.verdict != r->verdict || plan.row != r->row || plan.bytes != r->bytes)
			fail_msg("%s: verdict %d row %zu bytes %llu", r->why, plan.verdict,
				 plan.row, (unsigned long long)plan.bytes);
	}
}

static void a_limit_that_was_lowered_leaves_nothing(void **state)
{
	struct budget b = {.limit = 10, .each = 60, .count = 1, .rows = {HELD(50)}};

	(void)state;
	assert_int_equal(budget_free(&b), 0);
	assert_int_equal(budget_plan(&b, 5, 5, NOW).verdict, BUDGET_WAIT);
}

/* Two models that are asked for in turn: each stays twice as long as it took to load. */
static void a_model_stays_longer_than_its_load_took(void **state)
{
	(void)state;
	assert_int_equal(budget_kept_ms(100, 400), 1000);
	assert_int_equal(budget_kept_ms(0, 0), 0);
	assert_int_equal(budget_kept_ms(0, 50000), 50000 + BUDGET_KEPT_MOST_MS);
}

static void a_process_that_starts_again_is_waited_for(void **state)
{
	struct budget b = {.count = 2, .rows = {HELD(5), LEAVING(5)}};

	(void)state;
	assert_true(budget_is_starting(&b));
	b.promises = 1;
	assert_false(budget_is_starting(&b));
	b.promises = 0;
	b.rows[1] = (struct budget_row)FREE;
	assert_false(budget_is_starting(&b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plan_is_what_the_rows_allow),
		cmocka_unit_test(a_limit_that_was_lowered_leaves_nothing),
		cmocka_unit_test(a_model_stays_longer_than_its_load_took),
		cmocka_unit_test(a_process_that_starts_again_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

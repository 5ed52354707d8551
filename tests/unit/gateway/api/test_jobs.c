/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs of two edges in one program, against a real PostgreSQL. */
#include <stdatomic.h>
#include <stdlib.h>

#include "gateway/api/jobs.h"
#include "tests/integration/postgres.h"
#include "tests/unit/test.h"

static struct postgres postgres;
static atomic_int runs, others, open_transactions;
static _Atomic(const void *) runner;

static enum err count_run(struct route_context *context, struct arena *arena, int64_t now_ms)
{
	(void)arena_alloc(arena, 100);
	atomic_store(&runner, context); /* before the count, which is waited for */
	if (now_ms > 0)
		atomic_fetch_add(&runs, 1);
	return OK;
}

/* Leaves a transaction open, as a job does that returns early. */
static enum err break_off(struct route_context *context, struct arena *arena, int64_t now_ms)
{
	(void)arena, (void)now_ms;
	atomic_fetch_add(&open_transactions, store_is_in_transaction(context->store));
	TRY(store_begin(context->store));
	atomic_fetch_add(&others, 1);
	return failure(ERR_INTERNAL, "it does not work out");
}

static const struct job list[] = {{"count_run", 0, count_run}, {"break_off", 0, break_off}};

static struct route_context *context_new(void)
{
	struct route_context *context = calloc(1, sizeof *context);

	assert_non_null(context);
	context->store = postgres_connect(&postgres, "sallyport_edge");
	return context;
}

static void wait_for(atomic_int *count, int more)
{
	int until = atomic_load(count) + more;

	while (atomic_load(count) < until)
		;
}

static int open_database(void **state)
{
	(void)state;
	postgres_open(&postgres, "test_jobs");
	return 0;
}

static void a_job_is_run_again_when_it_is_due_though_another_fails(void **state)
{
	struct jobs *jobs;

	(void)state;
	assert_ok(jobs_start(&jobs, context_new(), list, 2));
	wait_for(&runs, 2);
	wait_for(&others, 1);
	jobs_stop(jobs);
	assert_int_equal(atomic_load(&open_transactions), 0);
}

static void a_job_that_is_not_due_waits(void **state)
{
	static const struct job patient[] = {{"count_run", 3600, count_run},
					     {"break_off", 0, break_off}};
	int before = atomic_load(&runs);
	struct jobs *jobs;

	(void)state;
	assert_ok(jobs_start(&jobs, context_new(), patient, 2));
	wait_for(&others, 2);
	jobs_stop(jobs);
	assert_int_equal(atomic_load(&runs), before + 1);
}

static void one_edge_works_and_the_other_takes_over(void **state)
{
	struct route_context *first = context_new(), *second = context_new();
	struct jobs *one, *two;

	(void)state;
	assert_ok(jobs_start(&one, first, list, 1));
	wait_for(&runs, 1);
	assert_ok(jobs_start(&two, second, list, 1));
	wait_for(&runs, 3);
	assert_ptr_equal(atomic_load(&runner), first);
	jobs_stop(one);
	wait_for(&runs, 1);
	assert_ptr_equal(atomic_load(&runner), second);
	jobs_stop(two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_job_is_run_again_when_it_is_due_though_another_fails),
		cmocka_unit_test(a_job_that_is_not_due_waits),
		cmocka_unit_test(one_edge_works_and_the_other_takes_over),
	};

	return cmocka_run_group_tests(tests, open_database, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Leases of two edges in one program, against a real PostgreSQL. */
#include <stdatomic.h>
#include <stdio.h>

#include "crypto/base/clock.h"
#include "gateway/api/lease/lease.h"
#include "tests/integration/postgres.h"
#include "tests/unit/test.h"

#define PERSON "00000000-0000-7000-8000-00000000000a"

enum { LEASE_MS = 1000, PATIENT_MS = 30000 };

struct edge {
	struct lease *lease;
	atomic_int cuts, lapses;
	_Atomic uint64_t epoch; /* of the last cut */
};

static struct postgres postgres;
static struct store *store;

static void on_cut(void *context, const struct store_cut *cut, uint64_t epoch)
{
	struct edge *edge = context;

	if (cut->kind == STORE_CUT_PERSON && cut->subject[15] == 0x0a)
		atomic_fetch_add(&edge->cuts, 1);
	atomic_store(&edge->epoch, epoch);
}

static void on_lapse(void *context, uint64_t epoch)
{
	struct edge *edge = context;

	(void)epoch;
	atomic_fetch_add(&edge->lapses, 1);
}

static void start(struct edge *edge, int64_t lease_ms)
{
	const struct lease_options options = {
		.lease_ms = lease_ms, .cut = on_cut, .lapse = on_lapse, .context = edge};

	*edge = (struct edge){.lease = NULL};
	assert_ok(
		lease_start(&edge->lease, postgres_connect(&postgres, "sallyport_edge"), &options));
	assert_true(lease_epoch(edge->lease) != 0);
	assert_int_equal(atomic_load(&edge->lapses), 1); /* nothing of before runs */
}

static void run(const char *sql)
{
	assert_true(postgres_run(&postgres, sql, NULL));
}

static void suspend(void)
{
	run("UPDATE person SET state = 'suspended'");
}

static int open_database(void **state)
{
	(void)state;
	postgres_open(&postgres, "test_lease_edges");
	store = postgres_connect(&postgres, "sallyport_edge");
	return 0;
}

static int close_database(void **state)
{
	(void)state;
	store_free(store);
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	run("DELETE FROM edge_lease; DELETE FROM person;"
	    "INSERT INTO person (id, name, created_at) VALUES ('" PERSON "', 'someone', now())");
	return 0;
}

static void who_waits_has_waited_for_every_edge(void **state)
{
	struct edge one, two;
	struct lease_cut cut;
	uint64_t before;

	(void)state;
	start(&one, PATIENT_MS);
	start(&two, PATIENT_MS);
	before = lease_epoch(one.lease);
	suspend();
	lease_wait_cut(&cut, one.lease, store);
	assert_int_equal(cut.edges, 2);
	assert_int_equal(cut.confirmed, 2);
	assert_int_equal(cut.lapsed, 0);
	assert_int_equal(atomic_load(&one.cuts), 1);
	assert_int_equal(atomic_load(&two.cuts), 1);
	assert_int_equal(atomic_load(&two.lapses), 1);
	assert_true(lease_epoch(one.lease) > before);
	assert_true(lease_epoch(one.lease) >= atomic_load(&one.epoch));
	lease_stop(one.lease);
	lease_stop(two.lease);
}

/* In the open transaction of `lock`: nobody else can write that row. */
static void hold_only_lease(struct store *lock)
{
	AUTO(arena_free) struct arena arena = {0};
	struct store_lease *leases;
	uint64_t epoch;
	size_t count;

	assert_ok(store_lease_list(store, &arena, &leases, &count, &epoch));
	assert_int_equal(count, 1);
	assert_ok(store_lease_renew(lock, leases[0].edge, epoch));
}

static void an_edge_that_cannot_renew_ends_its_streams_before_it_is_given_up(void **state)
{
	struct store *lock = postgres_connect(&postgres, "sallyport_edge");
	struct edge silent, asked;
	struct lease_cut cut;

	(void)state;
	start(&silent, LEASE_MS);
	/* Whatever it writes from now on waits: another one holds its row. */
	assert_ok(store_begin(lock));
	hold_only_lease(lock);
	start(&asked, PATIENT_MS);
	suspend();
	lease_wait_cut(&cut, asked.lease, store);
	assert_int_equal(cut.edges, 2);
	assert_int_equal(cut.confirmed, 1);
	assert_int_equal(cut.lapsed, 1);
	assert_int_equal(lease_epoch(silent.lease), 0);
	assert_int_equal(atomic_load(&silent.lapses), 2);
	store_free(lock);                      /* rolls back */
	while (lease_epoch(silent.lease) == 0) /* it begins anew */
		;
	lease_stop(asked.lease);
	lease_stop(silent.lease);
}

static void an_edge_that_has_left_is_not_waited_for(void **state)
{
	struct edge left, asked;
	struct lease_cut cut;

	(void)state;
	start(&left, PATIENT_MS);
	start(&asked, PATIENT_MS);
	lease_stop(left.lease);
	suspend();
	lease_wait_cut(&cut, asked.lease, store);
	assert_int_equal(cut.edges, 1);
	assert_int_equal(cut.confirmed, 1);
	lease_stop(asked.lease);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(who_waits_has_waited_for_every_edge, set_up),
		cmocka_unit_test_setup(
			an_edge_that_cannot_renew_ends_its_streams_before_it_is_given_up, set_up),
		cmocka_unit_test_setup(an_edge_that_has_left_is_not_waited_for, set_up),
	};

	return cmocka_run_group_tests(tests, open_database, close_database);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Limits and counters, against a real PostgreSQL: all or none, exact, whoever dies, whatever the
 * clock does. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "crypto/base/clock.h"
#include "crypto/random.h"
#include "schema/store/lease.h"
#include "schema/store/quota.h"
#include "tests/integration/postgres.h"
#include "tests/unit/test.h"

enum { HOLD_MS = 60000, LEASE_MS = 30000, THREADS = 8, CALLS = 25 };

static struct postgres postgres;
static struct store *edge;
static struct arena arena;
static uint8_t lease[STORE_ID];

static void run(const char *sql)
{
	assert_true(postgres_run(&postgres, sql, NULL));
}

static int open_all(void **state)
{
	(void)state;
	postgres_open(&postgres, "test_quota");
	edge = postgres_connect(&postgres, "sallyport_edge");
	random_uuid(lease, clock_now_ms());
	assert_ok(store_lease_begin(edge, lease, LEASE_MS));
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	store_free(edge);
	arena_free(&arena);
	return 0;
}

/* Each test counts for itself. */
static int fresh(void **state)
{
	(void)state;
	run("TRUNCATE quota_counter, quota_hold, quota_limit");
	assert_ok(store_lease_renew(edge, lease, 1));
	return 0;
}

static struct store_quota quota(const char *kind, const char *measure, const char *per, int64_t max,
				int64_t amount)
{
	return (struct store_quota){.limit = {.subject_kind = slice_of_string(kind),
					      .subject = {1},
					      .measure = slice_of_string(measure),
					      .per = slice_of_string(per),
					      .max = max},
				    .amount = amount};
}

/* True: reserved. */
static bool reserve_as(struct store *s, const uint8_t holder[STORE_ID], uint8_t hold[STORE_ID],
		       struct store_quota *quotas, size_t count, bool *has_stale)
{
	random_uuid(hold, clock_now_ms());
	*has_stale = false;
	assert_ok(store_quota_reserve(s, hold, holder, HOLD_MS, quotas, count, has_stale));
	for (size_t i = 0; i < count; i++)
		if (quotas[i].is_over)
			return false;
	return true;
}

static bool reserve(uint8_t hold[STORE_ID], struct store_quota *quotas, size_t count)
{
	bool has_stale, reserved = reserve_as(edge, lease, hold, quotas, count, &has_stale);

	assert_false(has_stale);
	return reserved;
}

static int64_t used(const char *kind, const char *measure, const char *per)
{
	struct store_quota q = quota(kind, measure, per, 1, 0);

	assert_ok(store_quota_look(edge, &q, 1));
	return q.used;
}

static void settle(const uint8_t hold[STORE_ID], uint64_t requests, uint64_t tokens)
{
	assert_ok(store_quota_settle(
		edge, hold, &(struct store_spent){.requests = requests, .tokens = tokens}));
}

static void all_counters_are_raised_or_none(void **state)
{
	struct store_quota both[] = {
		quota("license", "requests", "day", 10, 1),
		quota("person", "tokens", "month", 100, 60),
	};
	uint8_t hold[STORE_ID];

	(void)state;
	assert_true(reserve(hold, both, 2));
	assert_int_equal(both[0].used, 1);
	assert_int_equal(both[1].used, 60);
	assert_true(both[0].ends_ms > clock_now_ms());
	assert_false(reserve(hold, both, 2)); /* of the second there are only 40 left */
	assert_false(both[0].is_over);
	assert_true(both[1].is_over);
	assert_int_equal(used("license", "requests", "day"), 1);
	assert_int_equal(used("person", "tokens", "month"), 60);
	both[1].amount = 40;
	assert_true(reserve(hold, both, 2));
}

static void the_last_one_fits_and_the_next_does_not(void **state)
{
	struct store_quota one = quota("license", "requests", "license", 3, 1);
	uint8_t hold[STORE_ID];

	(void)state;
	for (int i = 1; i <= 3; i++) {
		assert_true(reserve(hold, &one, 1));
		assert_int_equal(one.used, i);
		assert_int_equal(one.ends_ms, 0);
	}
	assert_false(reserve(hold, &one, 1));
	assert_int_equal(one.used, 3);
}

static void what_was_not_used_comes_back_once(void **state)
{
	struct store_quota three[] = {
		quota("license", "concurrent", "license", 5, 1),
		quota("license", "requests", "day", 10, 1),
		quota("license", "tokens", "day", 1000, 400),
	};
	uint8_t hold[STORE_ID];

	(void)state;
	assert_true(reserve(hold, three, 3));
	settle(hold, 1, 57);
	settle(hold, 1, 57); /* an answer was lost, and it is tried again */
	assert_int_equal(used("license", "concurrent", "license"), 0);
	assert_int_equal(used("license", "requests", "day"), 1);
	assert_int_equal(used("license", "tokens", "day"), 57);
	assert_true(reserve(hold, three, 3));
	settle(hold, 0, 0); /* it came to nothing */
	assert_int_equal(used("license", "requests", "day"), 1);
	assert_true(reserve(hold, three, 3));
	settle(hold, 1, 410); /* more than was thought counts too */
	assert_int_equal(used("license", "tokens", "day"), 467);
}

static void a_window_that_turns_begins_at_nothing(void **state)
{
	struct store_quota minute = quota("license", "requests", "minute", 2, 1);
	uint8_t old[STORE_ID], hold[STORE_ID];

	(void)state;
	assert_true(reserve(old, &minute, 1));
	assert_true(reserve(hold, &minute, 1));
	run("UPDATE quota_counter SET window_start = window_start - interval '1 minute';"
	    "UPDATE quota_hold SET items = jsonb_set(items, '{0,w}', to_jsonb("
	    "(items #>> '{0,w}')::timestamptz - interval '1 minute'))");
	assert_int_equal(used("license", "requests", "minute"), 0);
	assert_true(reserve(hold, &minute, 1));
	assert_int_equal(minute.used, 1);
	settle(old, 0, 0); /* belongs to the minute before */
	assert_int_equal(used("license", "requests", "minute"), 1);
}

static void a_clock_set_back_gives_no_window_twice(void **state)
{
	static const struct {
		const char *per, *before, *now, *window, *why;
	} rows[] = {
		{"minute", "2026-05-01 10:00Z", "2026-05-01 10:00:59Z", "2026-05-01 10:00Z",
		 "same"},
		{"minute", "2026-05-01 10:00Z", "2026-05-01 10:01Z", "2026-05-01 10:01Z", "turned"},
		{"minute", "2026-05-01 10:01Z", "2026-05-01 10:00:30Z", "2026-05-01 10:01Z",
		 "back"},
		{"minute", "2026-05-01 12:00Z", "2026-05-01 10:00Z", "2026-05-01 10:00Z",
		 "far back"},
		{"day", "2026-05-02Z", "2026-05-01 23:59Z", "2026-05-02Z", "a day back"},
		{"day", "2026-05-02 00:00Z", "2026-05-02 23:59+00", "2026-05-02Z", "same day"},
		{"day", "2026-06-02Z", "2026-05-01 23:59Z", "2026-05-01Z", "a month back"},
		{"month", "2026-02-01Z", "2026-01-31 23:59Z", "2026-02-01Z", "a month back"},
		{"month", "2026-02-01Z", "2026-03-01Z", "2026-03-01Z", "turned"},
		{"license", "-infinity", "2026-03-01Z", "-infinity", "never turns"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char sql[400], value[256] = "";

		snprintf(sql, sizeof sql,
			 "SET timezone = 'America/New_York';"
			 "SELECT quota_window('%s', '%s', '%s') = '%s'::timestamptz",
			 rows[i].per, rows[i].before, rows[i].now, rows[i].window);
		assert_true(postgres_run(&postgres, sql, value));
		if (strcmp(value, "t") != 0)
			fail_msg("%s of %s at %s: %s", rows[i].per, rows[i].before, rows[i].now,
				 rows[i].why);
	}
}

static void a_clock_set_far_back_keeps_what_was_used(void **state)
{
	struct store_quota minute = quota("license", "requests", "minute", 2, 1);
	uint8_t hold[STORE_ID];

	(void)state;
	assert_true(reserve(hold, &minute, 1));
	assert_true(reserve(hold, &minute, 1));
	run("UPDATE quota_counter SET window_start = window_start + interval '1 year'");
	assert_false(reserve(hold, &minute, 1));
	assert_true(minute.ends_ms < clock_now_ms() + 61000); /* and not in a year */
}

static void a_dead_edge_gives_back_what_it_held(void **state)
{
	struct store_quota both[] = {
		quota("license", "concurrent", "license", 2, 1),
		quota("license", "tokens", "day", 100, 50),
	};
	uint8_t dead[STORE_ID], holds[2][STORE_ID], mine[STORE_ID];
	bool has_stale;
	int64_t count;

	(void)state;
	random_uuid(dead, clock_now_ms());
	assert_ok(store_lease_begin(edge, dead, LEASE_MS));
	assert_true(reserve_as(edge, dead, holds[0], both, 2, &has_stale));
	assert_true(reserve_as(edge, dead, holds[1], both, 2, &has_stale));
	assert_false(reserve_as(edge, lease, mine, both, 2, &has_stale));
	assert_false(has_stale); /* its lease holds */
	assert_ok(store_quota_reclaim(edge, 10, &count));
	assert_int_equal(count, 0);

	run("ALTER TABLE edge_lease DISABLE TRIGGER renewed;"
	    "UPDATE edge_lease SET renewed_at = renewed_at - interval '31 s' WHERE epoch = 0;"
	    "ALTER TABLE edge_lease ENABLE TRIGGER renewed");
	assert_false(reserve_as(edge, lease, mine, both, 2, &has_stale));
	assert_true(has_stale);
	assert_ok(store_quota_reclaim(edge, 10, &count));
	assert_int_equal(count, 2);
	assert_true(reserve_as(edge, lease, mine, both, 2, &has_stale));
	/* it was not dead, only silent: what it really used counts, and nothing runs */
	settle(holds[0], 1, 7);
	assert_int_equal(used("license", "tokens", "day"), 57);
	assert_int_equal(used("license", "concurrent", "license"), 1);
	assert_ok(store_quota_reclaim(edge, 10, &count));
	assert_int_equal(count, 0); /* nothing comes back twice */
	assert_ok(store_lease_end(edge, dead));
}

static void a_hold_nobody_settles_ends_with_its_time(void **state)
{
	struct store_quota one = quota("license", "concurrent", "license", 1, 1);
	uint8_t hold[STORE_ID];
	int64_t count;

	(void)state;
	assert_true(reserve(hold, &one, 1));
	run("UPDATE quota_hold SET until = now() - interval '1 s'");
	assert_ok(store_quota_reclaim(edge, 10, &count));
	assert_int_equal(count, 1);
	assert_true(reserve(hold, &one, 1));
}

struct crowd {
	pthread_t thread;
	struct store *store;
	bool is_reversed; /* asks for its counters in the other order */
	bool settles;
	unsigned allowed;
};

static void *crowd_run(void *argument)
{
	struct crowd *c = argument;

	for (int i = 0; i < CALLS; i++) {
		struct store_quota two[] = {
			quota("license", "requests", "day", 40, 1),
			quota("person", "requests", "day", 1000000, 1),
		};
		uint8_t hold[STORE_ID];
		bool has_stale;

		if (c->is_reversed) {
			struct store_quota first = two[0];

			two[0] = two[1];
			two[1] = first;
		}
		if (!reserve_as(c->store, lease, hold, two, 2, &has_stale))
			continue;
		c->allowed++;
		if (c->settles)
			assert_ok(store_quota_settle(c->store, hold,
						     &(struct store_spent){.requests = 1}));
	}
	return NULL;
}

static void a_crowd_gets_exactly_what_is_there_and_nobody_deadlocks(void **state)
{
	struct crowd crowd[THREADS];
	unsigned allowed = 0;

	(void)state;
	for (int i = 0; i < THREADS; i++) {
		crowd[i] = (struct crowd){.store = postgres_connect(&postgres, "sallyport_edge"),
					  .is_reversed = i % 2,
					  .settles = i % 3 == 0};
		assert_int_equal(pthread_create(&crowd[i].thread, NULL, crowd_run, &crowd[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(crowd[i].thread, NULL);
		store_free(crowd[i].store);
		allowed += crowd[i].allowed;
	}
	assert_int_equal(allowed, 40);
	assert_int_equal(used("license", "requests", "day"), 40);
	assert_int_equal(used("person", "requests", "day"), 40);
}

static void limits_of_a_person_come_with_those_of_their_institutions(void **state)
{
	static const uint8_t person[STORE_ID] = {[6] = 0x70, [8] = 0x80, [15] = 0x0a};
	static const uint8_t institution[STORE_ID] = {[6] = 0x70, [8] = 0x80, [15] = 0x0e};
	const struct store_limit limits[] = {
		{.measure = S("requests"), .per = S("day"), .max = 5},
		{.measure = S("concurrent"), .per = S("license"), .max = 2},
	};
	struct store_limit *found;
	size_t count;

	(void)state;
	run("INSERT INTO person (id, name, created_at) VALUES "
	    "('00000000-0000-7000-8000-00000000000a', 'someone', now());"
	    "INSERT INTO institution (id, name, kind, created_at) VALUES "
	    "('00000000-0000-7000-8000-00000000000e', 'Somewhere', 'university', now());"
	    "INSERT INTO member VALUES ('00000000-0000-7000-8000-00000000000e', "
	    "'00000000-0000-7000-8000-00000000000a', 'member', now())");
	assert_ok(store_limit_set(edge, S("person"), person, limits, 2));
	assert_ok(store_limit_set(edge, S("institution"), institution, limits, 1));
	assert_ok(store_limit_of_person(edge, &arena, &found, &count, person));
	assert_int_equal(count, 3);
	assert_ok(store_limit_set(edge, S("person"), person, limits, 0));
	assert_ok(store_limit_of_person(edge, &arena, &found, &count, person));
	assert_int_equal(count, 1);
	assert_slice(found[0].subject_kind, "institution");
	assert_int_equal(found[0].max, 5);
	run("UPDATE member SET until = now()");
	assert_ok(store_limit_of_person(edge, &arena, &found, &count, person));
	assert_int_equal(count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(all_counters_are_raised_or_none, fresh),
		cmocka_unit_test_setup(the_last_one_fits_and_the_next_does_not, fresh),
		cmocka_unit_test_setup(what_was_not_used_comes_back_once, fresh),
		cmocka_unit_test_setup(a_window_that_turns_begins_at_nothing, fresh),
		cmocka_unit_test_setup(a_clock_set_back_gives_no_window_twice, fresh),
		cmocka_unit_test_setup(a_clock_set_far_back_keeps_what_was_used, fresh),
		cmocka_unit_test_setup(a_dead_edge_gives_back_what_it_held, fresh),
		cmocka_unit_test_setup(a_hold_nobody_settles_ends_with_its_time, fresh),
		cmocka_unit_test_setup(a_crowd_gets_exactly_what_is_there_and_nobody_deadlocks,
				       fresh),
		cmocka_unit_test_setup(limits_of_a_person_come_with_those_of_their_institutions,
				       fresh),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}

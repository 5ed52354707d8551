/* SPDX-License-Identifier: Apache-2.0 */
/* Many threads write to one recorder, with a real PostgreSQL. */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "gateway/api/recorder.h"
#include "schema/audit/event.h"
#include "tests/integration/postgres.h"
#include "tests/unit/test.h"

#define NOW INT64_C(1790000000000)

enum { THREADS = 24, EACH = 20 };

static struct postgres postgres;

static int open_all(void **state)
{
	(void)state;
	postgres_open(&postgres, "test_recorder");
	return 0;
}

static struct recorder *open_impatient(unsigned timeout_ms)
{
	struct store_settings settings = {
		.host = postgres.directory,
		.port = "5432",
		.database = postgres.database,
		.role = "sallyport_edge",
		.password_file = postgres.password_file,
		.statement_timeout_ms = timeout_ms,
	};
	struct store *stores[RECORDER_CONNECTIONS];

	for (size_t i = 0; i < RECORDER_CONNECTIONS; i++)
		assert_ok(store_new(&stores[i], &settings));
	return recorder_new(stores);
}

static struct recorder *open_recorder(void)
{
	return open_impatient(5000);
}

struct writer {
	pthread_t thread;
	struct recorder *recorder;
	unsigned number;
	unsigned written, refused, unavailable;
};

static enum err write_one(struct recorder *r, bool is_bad)
{
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct store_event row;

	audit_event_begin(&event, AUDIT_INFER_END, NULL, S("a test"));
	assert_ok(audit_event_end(&event, NOW));
	row = audit_event_row(&event);
	if (is_bad)
		row.code = S("not a code");
	return recorder_write(r, &(struct store_record){.event = &row});
}

/* With a decision, in one transaction. */
static enum err write_decided(struct recorder *r, struct slice code)
{
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct store_decision decision = {
		.at_ms = NOW, .allow = true, .code = code, .record = S("{}")};
	struct store_event row;

	audit_event_begin(&event, AUDIT_INFER_GENERATE, NULL, S("a test"));
	assert_ok(audit_event_end(&event, NOW));
	row = audit_event_row(&event);
	memcpy(decision.id, event.id, sizeof decision.id);
	return recorder_write(r, &(struct store_record){.decision = &decision, .event = &row});
}

static void *write_decisions(void *context)
{
	struct writer *w = context;

	for (unsigned i = 0; i < EACH; i++) {
		enum err result = write_decided(w->recorder,
						w->number == 5 ? S("no code") : S("OK"));

		w->written += result == OK;
		w->refused += result == ERR_FORMAT;
	}
	return NULL;
}

static void *write_many(void *context)
{
	struct writer *w = context;

	for (unsigned i = 0; i < EACH; i++) {
		enum err result = write_one(w->recorder, w->number == 3 && i % 4 == 0);

		w->written += result == OK;
		w->refused += result == ERR_FORMAT;
		w->unavailable += result == ERR_UNAVAILABLE;
	}
	return NULL;
}

static atomic_uint refused;

static void *write_once(void *context)
{
	struct writer *w = context;
	enum err result = write_one(w->recorder, false);

	w->written = result == OK;
	atomic_fetch_add(&refused, result == ERR_UNAVAILABLE);
	return NULL;
}

static void run_as(void *(*work)(void *), struct writer *writers, size_t count, struct recorder *r)
{
	for (unsigned i = 0; i < count; i++) {
		writers[i] = (struct writer){.recorder = r, .number = i};
		assert_int_equal(pthread_create(&writers[i].thread, NULL, work, &writers[i]), 0);
	}
}

static void run(struct writer *writers, struct recorder *r)
{
	run_as(write_many, writers, THREADS, r);
}

static unsigned join(struct writer *writers)
{
	unsigned written = 0;

	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(writers[i].thread, NULL);
		written += writers[i].written;
	}
	return written;
}

static unsigned stored(void)
{
	uint64_t count;
	char value[256];

	assert_true(postgres_run(&postgres,
				 "SELECT count(*) FROM audit_event JOIN audit_outbox "
				 "ON event = audit_event.id",
				 value));
	assert_true(slice_to_u64(slice_of_string(value), UINT32_MAX, &count));
	return (unsigned)count;
}

static void what_is_refused_fails_alone(void **state)
{
	AUTO(recorder_auto)
	struct recorder *r = open_recorder();
	struct writer writers[THREADS];
	unsigned before = stored();

	(void)state;
	run(writers, r);
	assert_int_equal(join(writers), THREADS * EACH - EACH / 4);
	assert_int_equal(writers[3].refused, EACH / 4);
	assert_int_equal(stored() - before, THREADS * EACH - EACH / 4);
}

/* No OK without its row, though some rows may be there whose writers were not told so. */
static void a_lost_connection_fails_those_in_it_and_the_next_try_anew(void **state)
{
	AUTO(recorder_auto)
	struct recorder *r = open_recorder();
	struct writer writers[THREADS];
	unsigned before = stored(), written;

	(void)state;
	assert_ok(write_one(r, false));
	assert_true(postgres_run(&postgres,
				 "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
				 "WHERE usename = 'sallyport_edge'",
				 NULL));
	usleep(100 * 1000);
	assert_err(write_one(r, false), ERR_UNAVAILABLE);
	run(writers, r);
	written = join(writers);
	assert_int_equal(written, THREADS * EACH - EACH / 4);
	assert_int_equal(stored() - before, written + 1);
}

static unsigned count_of(const char *sql)
{
	uint64_t count;
	char value[256];

	assert_true(postgres_run(&postgres, sql, value));
	assert_true(slice_to_u64(slice_of_string(value), UINT32_MAX, &count));
	return (unsigned)count;
}

static void a_decision_and_its_event_stand_or_fall_together(void **state)
{
	static const char both[] = "SELECT count(*) FROM decision JOIN audit_event USING (id)";
	AUTO(recorder_auto) struct recorder *r = open_recorder();
	struct writer writers[THREADS];
	unsigned before = stored();

	(void)state;
	run_as(write_decisions, writers, THREADS, r);
	assert_int_equal(join(writers), (THREADS - 1) * EACH);
	assert_int_equal(writers[5].refused, EACH);
	assert_int_equal(count_of(both), (THREADS - 1) * EACH);
	assert_int_equal(stored() - before, (THREADS - 1) * EACH);
}

static void what_is_written_waits_in_the_outbox_once(void **state)
{
	(void)state;
	assert_int_equal(count_of("SELECT count(*) FROM audit_event"), stored());
	assert_int_equal(count_of("SELECT count(*) FROM audit_outbox"), stored());
}

static enum err write_used(struct recorder *r, uint8_t model)
{
	AUTO(audit_event_clear) struct audit_event event = {0};
	const struct store_usage usage = {.person = {[15] = 1},
					  .model = {[15] = model},
					  .right = S("infer:generate"),
					  .calls = 1,
					  .prompt_tokens = 10,
					  .completion_tokens = 2};
	struct store_event row;

	audit_event_begin(&event, AUDIT_INFER_END, NULL, S("a test"));
	assert_ok(audit_event_end(&event, NOW));
	row = audit_event_row(&event);
	return recorder_write(r, &(struct store_record){.event = &row, .usage = &usage});
}

static void *write_uses(void *context)
{
	struct writer *w = context;

	for (unsigned i = 0; i < EACH; i++) {
		enum err result = write_used(w->recorder, w->number == 5 ? 9 : w->number % 2 + 1);

		w->written += result == OK;
		w->refused += result == ERR_NOT_FOUND;
	}
	return NULL;
}

/* Of a model that is not there: neither sum nor event. */
static void sums_of_use_are_added_with_their_events(void **state)
{
	AUTO(recorder_auto) struct recorder *r = open_recorder();
	struct writer writers[THREADS];
	unsigned before = stored();

	(void)state;
	assert_true(postgres_run(&postgres,
				 "INSERT INTO person (id, name, created_at) VALUES "
				 "('00000000-0000-0000-0000-000000000001', 'someone', now());"
				 "INSERT INTO model (id, name, gate, created_at) VALUES "
				 "('00000000-0000-0000-0000-000000000001', 'a/b', 'no', now()), "
				 "('00000000-0000-0000-0000-000000000002', 'a/c', 'no', now())",
				 NULL));
	run_as(write_uses, writers, THREADS, r);
	assert_int_equal(join(writers), (THREADS - 1) * EACH);
	assert_int_equal(writers[5].refused, EACH);
	assert_int_equal(stored() - before, (THREADS - 1) * EACH);
	assert_int_equal(count_of("SELECT sum(calls) FROM usage_day"), (THREADS - 1) * EACH);
	assert_int_equal(count_of("SELECT sum(prompt_tokens) FROM usage_day"),
			 (THREADS - 1) * EACH * 10);
	assert_int_equal(count_of("SELECT count(*) FROM usage_day"), 2);
}

/* Until a row stands in the table "enough". */
static void *hold_the_log(void *context)
{
	(void)context;
	assert_true(postgres_run(&postgres,
				 "DO $$ BEGIN LOCK TABLE audit_event IN EXCLUSIVE MODE; "
				 "WHILE NOT EXISTS (SELECT FROM enough) LOOP "
				 "PERFORM pg_sleep(0.01); END LOOP; END $$",
				 NULL));
	return NULL;
}

static void await_locks(const char *which, unsigned count)
{
	char sql[160];

	snprintf(sql, sizeof sql,
		 "SELECT count(*) FROM pg_locks WHERE relation = 'audit_event'::regclass AND %s",
		 which);
	while (count_of(sql) != count)
		usleep(1000);
}

static pthread_t begin_hold(void)
{
	pthread_t holder;

	assert_true(postgres_run(
		&postgres, "DROP TABLE IF EXISTS enough; CREATE TABLE enough (one int)", NULL));
	assert_int_equal(pthread_create(&holder, NULL, hold_the_log, NULL), 0);
	await_locks("mode = 'ExclusiveLock' AND granted", 1);
	return holder;
}

static void end_hold(pthread_t holder)
{
	assert_true(postgres_run(&postgres, "INSERT INTO enough VALUES (1)", NULL));
	pthread_join(holder, NULL);
}

static void what_cannot_wait_is_refused_and_what_waits_is_written(void **state)
{
	enum { OVER = 5, CROWD = RECORDER_MAX + OVER };
	static struct writer first[RECORDER_CONNECTIONS], crowd[CROWD];
	AUTO(recorder_auto) struct recorder *r = open_recorder();
	pthread_t holder = begin_hold();
	unsigned written = 0;

	(void)state;
	for (unsigned i = 0; i < RECORDER_CONNECTIONS; i++) {
		run_as(write_once, &first[i], 1, r);
		await_locks("NOT granted", i + 1);
	}
	atomic_store(&refused, 0);
	run_as(write_once, crowd, CROWD, r);
	while (atomic_load(&refused) < OVER)
		usleep(1000);
	end_hold(holder);
	for (unsigned i = 0; i < RECORDER_CONNECTIONS; i++)
		pthread_join(first[i].thread, NULL);
	for (unsigned i = 0; i < CROWD; i++) {
		pthread_join(crowd[i].thread, NULL);
		written += crowd[i].written;
	}
	assert_int_equal(written, RECORDER_MAX);
	assert_int_equal(atomic_load(&refused), OVER);
}

/* An event of a call and its ticket, as a caller keeps them until it awaits them. */
struct started {
	struct audit_event event;
	struct store_event row;
	struct store_record record;
	struct recorder_ticket ticket;
};

static void start(struct started *s, struct recorder *r, bool is_bad)
{
	*s = (struct started){0};
	audit_event_begin(&s->event, AUDIT_INFER_GENERATE, NULL, S("a test"));
	assert_ok(audit_event_end(&s->event, NOW));
	s->row = audit_event_row(&s->event);
	if (is_bad)
		s->row.code = S("not a code");
	s->record = (struct store_record){.event = &s->row};
	recorder_start(r, &s->ticket, &s->record);
}

static enum err await(struct started *s, struct recorder *r)
{
	enum err result = recorder_await(r, &s->ticket);

	audit_event_clear(&s->event);
	return result;
}

static enum err linger_one(struct recorder *r)
{
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct store_event row;

	audit_event_begin(&event, AUDIT_INFER_END, NULL, S("a test"));
	assert_ok(audit_event_end(&event, NOW));
	row = audit_event_row(&event);
	return recorder_linger(r, &(struct store_record){.event = &row});
}

/* As calls do it: a first entry while an engine works, more or less, and a last one. */
static void *write_calls(void *context)
{
	struct writer *w = context;

	for (unsigned i = 0; i < EACH; i++) {
		struct started s;
		enum err result;

		start(&s, w->recorder, w->number == 3 && i % 4 == 0);
		usleep(1000 * (w->number % 4));
		result = await(&s, w->recorder);
		assert_true(recorder_is_done(w->recorder, &s.ticket));
		w->written += result == OK;
		w->refused += result == ERR_FORMAT;
		w->unavailable += w->number % 2 ? linger_one(w->recorder) != OK
						: write_one(w->recorder, false) != OK;
	}
	return NULL;
}

static void calls_leave_all_their_entries_and_a_bad_one_fails_alone(void **state)
{
	AUTO(recorder_auto) struct recorder *r = open_recorder();
	struct writer writers[THREADS];
	unsigned before = stored(), unavailable = 0;

	(void)state;
	run_as(write_calls, writers, THREADS, r);
	assert_int_equal(join(writers), THREADS * EACH - EACH / 4);
	assert_int_equal(writers[3].refused, EACH / 4);
	for (unsigned i = 0; i < THREADS; i++)
		unavailable += writers[i].unavailable;
	assert_int_equal(unavailable, 0);
	assert_int_equal(stored() - before, 2 * THREADS * EACH - EACH / 4);
}

/* Nobody else is there who would commit them. */
static void what_one_thread_starts_it_finds_durable(void **state)
{
	enum { STARTED = 10 };
	AUTO(recorder_auto) struct recorder *r = open_recorder();
	struct started s[STARTED];
	unsigned before = stored();

	(void)state;
	for (unsigned i = 0; i < STARTED; i++)
		start(&s[i], r, false);
	for (unsigned i = 0; i < STARTED; i++)
		assert_ok(await(&s[i], r));
	assert_ok(linger_one(r));
	assert_int_equal(stored() - before, STARTED + 1);
}

/* While no connection is free: neither a start nor what others wait for is in the way. */
static void who_starts_does_not_wait_for_the_database(void **state)
{
	enum { STARTED = RECORDER_MAX };
	static struct writer busy[RECORDER_CONNECTIONS];
	static struct started s[STARTED], over;
	AUTO(recorder_auto) struct recorder *r = open_recorder();
	unsigned before = stored();
	pthread_t holder = begin_hold();

	(void)state;
	for (unsigned i = 0; i < RECORDER_CONNECTIONS; i++) {
		run_as(write_once, &busy[i], 1, r);
		await_locks("NOT granted", i + 1);
	}
	for (unsigned i = 0; i < STARTED; i++)
		start(&s[i], r, false);
	start(&over, r, false);
	assert_false(recorder_is_done(r, &s[0].ticket));
	assert_err(await(&over, r), ERR_UNAVAILABLE);
	end_hold(holder);
	for (unsigned i = 0; i < STARTED; i++)
		assert_ok(await(&s[i], r));
	for (unsigned i = 0; i < RECORDER_CONNECTIONS; i++)
		pthread_join(busy[i].thread, NULL);
	assert_int_equal(stored() - before, STARTED + RECORDER_CONNECTIONS);
}

static void what_the_database_does_not_take_in_time_fails(void **state)
{
	AUTO(recorder_auto) struct recorder *r = open_impatient(100);
	pthread_t holder = begin_hold();
	enum err result = write_one(r, false);

	(void)state;
	end_hold(holder);
	assert_err(result, ERR_TIMEOUT);
	assert_ok(write_one(r, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_refused_fails_alone),
		cmocka_unit_test(a_lost_connection_fails_those_in_it_and_the_next_try_anew),
		cmocka_unit_test(a_decision_and_its_event_stand_or_fall_together),
		cmocka_unit_test(sums_of_use_are_added_with_their_events),
		cmocka_unit_test(what_cannot_wait_is_refused_and_what_waits_is_written),
		cmocka_unit_test(calls_leave_all_their_entries_and_a_bad_one_fails_alone),
		cmocka_unit_test(what_one_thread_starts_it_finds_durable),
		cmocka_unit_test(who_starts_does_not_wait_for_the_database),
		cmocka_unit_test(what_the_database_does_not_take_in_time_fails),
		cmocka_unit_test(what_is_written_waits_in_the_outbox_once),
	};

	return cmocka_run_group_tests(tests, open_all, NULL);
}

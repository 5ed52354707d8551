/* SPDX-License-Identifier: Apache-2.0 */
/* Many threads write to one recorder, with a real PostgreSQL. */
#include <pthread.h>
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

static void run(struct writer *writers, struct recorder *r)
{
	for (unsigned i = 0; i < THREADS; i++) {
		writers[i] = (struct writer){.recorder = r, .number = i};
		assert_int_equal(pthread_create(&writers[i].thread, NULL, write_many, &writers[i]),
				 0);
	}
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
	struct recorder *r = recorder_new(postgres_connect(&postgres, "sallyport_edge"));
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
	struct recorder *r = recorder_new(postgres_connect(&postgres, "sallyport_edge"));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_refused_fails_alone),
		cmocka_unit_test(a_lost_connection_fails_those_in_it_and_the_next_try_anew),
	};

	return cmocka_run_group_tests(tests, open_all, NULL);
}

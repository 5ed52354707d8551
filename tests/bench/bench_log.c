/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_log HOST PORT DATABASE [SECONDS] [PASSWORD_FILE]: durable events a second by 1, 16, 64 and
 * 256 threads at once, each with one synchronous INSERT of its own and a connection of its own,
 * beside the recorder, which commits many together; in turn, in one run. Events are made before the
 * clock runs (but for their ids): what is timed is the writing. bench_log.py starts it.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "crypto/base/clock.h"
#include "crypto/random.h"
#include "gateway/api/recorder.h"
#include "schema/audit/event.h"

enum { MAX_THREADS = 256, MAX_TIMES = 1 << 20 };

struct bench {
	struct store_settings settings;
	struct recorder *recorder;  /* NULL: each by itself */
	pthread_mutex_t connecting; /* one at a time: a password costs the server time */
	atomic_uint ready;
	atomic_bool stop;
	atomic_size_t count;
	uint32_t micros[MAX_TIMES];
};

static void check(enum err result)
{
	if (result == OK)
		return;
	fprintf(stderr, "%s\n", failure_text());
	exit(1);
}

/* As a call's infer.end: some 400 bytes. */
static void make_event(struct audit_event *event)
{
	uint8_t id[AUDIT_ID];

	random_uuid(id, clock_now_ms());
	audit_event_begin(event, AUDIT_INFER_END, id, S("a researcher"));
	audit_event_uuid(event, "license", id);
	audit_event_uuid(event, "call", id);
	audit_event_text(event, "model", S("bench/model"));
	audit_event_text(event, "right", S("infer:generate"));
	audit_event_text(event, "finish", S("stop"));
	audit_event_number(event, "prompt_tokens", 100);
	audit_event_number(event, "completion_tokens", 100);
	check(audit_event_end(event, clock_now_ms()));
}

static void *work(void *context)
{
	struct bench *b = context;
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct store *own = NULL;

	if (!b->recorder) {
		pthread_mutex_lock(&b->connecting);
		check(store_new(&own, &b->settings));
		check(store_connect(own));
		pthread_mutex_unlock(&b->connecting);
	}
	atomic_fetch_add(&b->ready, 1);
	make_event(&event);
	while (!atomic_load(&b->stop)) {
		struct store_event row;
		int64_t begun;
		size_t at;

		random_uuid(event.id, clock_now_ms()); /* all else is the same each time */
		row = audit_event_row(&event);
		begun = clock_monotonic_us();
		check(own ? store_audit_insert(own, &row)
			  : recorder_write(b->recorder, &(struct store_record){.event = &row}));
		at = atomic_fetch_add(&b->count, 1);
		if (at < MAX_TIMES)
			b->micros[at] = (uint32_t)(clock_monotonic_us() - begun);
	}
	store_free(own);
	return NULL;
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Events a second; the 99th percentile goes to *p99. */
static double measure(struct bench *b, unsigned threads, double seconds, double *p99)
{
	static pthread_t handles[MAX_THREADS];
	struct timespec pause = {(time_t)seconds,
				 (long)((seconds - (double)(time_t)seconds) * 1e9)};
	int64_t begun;
	size_t count;

	atomic_store(&b->stop, false);
	atomic_store(&b->ready, 0);
	for (unsigned i = 0; i < threads; i++)
		if (pthread_create(&handles[i], NULL, work, b) != 0)
			exit(1);
	while (atomic_load(&b->ready) < threads)
		nanosleep(&(struct timespec){0, 10000000}, NULL);
	nanosleep(&(struct timespec){0, 500000000}, NULL); /* statements are prepared */
	atomic_store(&b->count, 0);
	begun = clock_monotonic_us();
	nanosleep(&pause, NULL);
	count = atomic_load(&b->count);
	seconds = (double)(clock_monotonic_us() - begun) / 1e6;
	atomic_store(&b->stop, true);
	for (unsigned i = 0; i < threads; i++)
		pthread_join(handles[i], NULL);
	qsort(b->micros, count < MAX_TIMES ? count : MAX_TIMES, sizeof b->micros[0], by_size);
	*p99 = count ? b->micros[count * 99 / 100] / 1000.0 : 0;
	return (double)count / seconds;
}

int main(int argc, char **argv)
{
	static const unsigned threads[] = {1, 16, 64, 256};
	static struct bench b;
	double seconds = argc > 4 ? strtod(argv[4], NULL) : 3;
	struct store *stores[RECORDER_CONNECTIONS];
	struct recorder *recorder;

	if (argc < 4)
		return 2;
	b.settings = (struct store_settings){.host = argv[1],
					     .port = argv[2],
					     .database = argv[3],
					     .role = "sallyport_edge",
					     .password_file = argc > 5 ? argv[5] : NULL,
					     .statement_timeout_ms = 60000};
	pthread_mutex_init(&b.connecting, NULL);
	for (size_t i = 0; i < RECORDER_CONNECTIONS; i++)
		check(store_new(&stores[i], &b.settings));
	recorder = recorder_new(stores);
	for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++) {
		double alone_p99, together_p99, alone, together;

		b.recorder = NULL;
		alone = measure(&b, threads[i], seconds, &alone_p99);
		b.recorder = recorder;
		together = measure(&b, threads[i], seconds, &together_p99);
		printf("{\"measure\": \"durable\", \"writers\": %u, \"alone_per_second\": %.0f, "
		       "\"together_per_second\": %.0f, \"ratio\": %.2f, \"alone_p99_ms\": %.1f, "
		       "\"together_p99_ms\": %.1f}\n",
		       threads[i], alone, together, together / alone, alone_p99, together_p99);
		fflush(stdout);
	}
	recorder_free(recorder);
	return 0;
}

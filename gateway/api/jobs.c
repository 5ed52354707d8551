/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/jobs.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

#include "crypto/base/clock.h"
#include "crypto/base/log.h"
#include "schema/store/turn.h"

enum { JOBS_TICK_MS = 500, JOBS_MAX = 64 };

#define JOB_ROW(function, period) {#function, period, function},
static const struct job table[] = {JOBS(JOB_ROW)};
#undef JOB_ROW

_Static_assert(sizeof table / sizeof table[0] <= JOBS_MAX, "more jobs than there is room for");

struct jobs {
	struct route_context *context;
	struct arena arena;
	const struct job *table;
	size_t count;
	int64_t due_ms[JOBS_MAX]; /* by the monotonic clock; 0: at once */
	bool is_mine;
	bool is_stopping; /* under the lock */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
};

const struct job *jobs_table(size_t *count)
{
	*count = sizeof table / sizeof table[0];
	return table;
}

/* Of this edge's machine, whosever turn it is. */
static void watch_clock(struct jobs *j)
{
	if (clock_watch_run(&j->context->api->clock, j->context) != OK)
		log_warn("clock.untold", "reason=\"%s\"", failure_text());
}

/* Is it this edge's turn? Away with the connection goes the turn. */
static bool take_turn(struct jobs *j)
{
	bool is_mine = false;

	if (store_turn_take(j->context->store, STORE_TURN_JOBS, &is_mine) != OK)
		is_mine = false; /* the lease tells of a database that is away */
	if (is_mine && !j->is_mine)
		log_info("jobs.begun", "jobs=%zu", j->count);
	j->is_mine = is_mine;
	return is_mine;
}

static void run_one(struct jobs *j, size_t i)
{
	const struct job *job = &j->table[i];
	enum err result = job->run(j->context, &j->arena, clock_now_ms());

	if (result != OK)
		log_warn("job.failed", "job=%s reason=\"%s\"", job->name, failure_text());
	store_rollback(j->context->store); /* nothing, if it has ended what it began */
	arena_reset(&j->arena);
	j->due_ms[i] = clock_monotonic_ms() + (int64_t)job->period_seconds * 1000;
}

static bool is_stopping(struct jobs *j)
{
	bool stopping;

	pthread_mutex_lock(&j->lock);
	stopping = j->is_stopping;
	pthread_mutex_unlock(&j->lock);
	return stopping;
}

static void run_due(struct jobs *j)
{
	for (size_t i = 0; i < j->count && !is_stopping(j); i++)
		if (clock_monotonic_ms() >= j->due_ms[i] && take_turn(j))
			run_one(j, i);
}

static void rest(struct jobs *j)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += JOBS_TICK_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	pthread_mutex_lock(&j->lock);
	if (!j->is_stopping)
		pthread_cond_timedwait(&j->changed, &j->lock, &until);
	pthread_mutex_unlock(&j->lock);
}

static void *work(void *jobs)
{
	struct jobs *j = jobs;

	while (!is_stopping(j)) {
		if (j->context->api)
			watch_clock(j);
		run_due(j);
		rest(j);
	}
	return NULL;
}

enum err jobs_start(struct jobs **out, struct route_context *context, const struct job *list,
		    size_t count)
{
	struct jobs *j = calloc(1, sizeof *j);
	pthread_condattr_t by_monotonic_clock;

	assert(j && count <= JOBS_MAX);
	j->context = context;
	j->table = list;
	j->count = count;
	pthread_mutex_init(&j->lock, NULL);
	pthread_condattr_init(&by_monotonic_clock);
	pthread_condattr_setclock(&by_monotonic_clock, CLOCK_MONOTONIC);
	pthread_cond_init(&j->changed, &by_monotonic_clock);
	pthread_condattr_destroy(&by_monotonic_clock);
	if (pthread_create(&j->thread, NULL, work, j) != 0) {
		free(j);
		return failure(ERR_INTERNAL, "the thread for jobs cannot be started");
	}
	*out = j;
	return OK;
}

void jobs_stop(struct jobs *j)
{
	if (!j)
		return;
	pthread_mutex_lock(&j->lock);
	j->is_stopping = true;
	pthread_cond_signal(&j->changed);
	pthread_mutex_unlock(&j->lock);
	pthread_join(j->thread, NULL);
	pthread_cond_destroy(&j->changed);
	pthread_mutex_destroy(&j->lock);
	arena_free(&j->arena);
	api_worker_free(j->context);
	free(j);
}

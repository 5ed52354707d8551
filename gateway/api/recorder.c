/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/recorder.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/base/clock.h"

enum {
	COMPANY_SHARE = 6, /* of the time of a commit, to wait for who was just answered, */
	COMPANY_MAX_US = 1500,
	DOUBT_ROUNDS = 8, /* that do not wait, after one for which few came */
};

struct waiter {
	enum err result;
	char why[FAILURE_MAX_TEXT]; /* if not OK */
};

/*
 * Those who are committed together. There is no thread for it: the first one for whom a
 * connection is free leads, and commits for all. A round is open (who comes joins it), then under
 * way, then done; the last one to leave frees it. Everything here is under the recorder's lock,
 * but for rows and waiters while it is under way.
 */
struct round {
	const struct store_record *records[RECORDER_MAX];
	struct waiter *waiters[RECORDER_MAX]; /* on the stacks of those who wait */
	size_t count, inside;
	bool has_leader, is_done;
	pthread_cond_t changed;
};

struct recorder {
	pthread_mutex_t lock;
	struct store *idle[RECORDER_CONNECTIONS]; /* connections nobody uses */
	size_t idle_count;
	struct round *open; /* NULL: nobody waits */
	/* Who was answered last and may be back at once. */
	size_t expected;
	int64_t expected_until_us;
	pthread_cond_t company; /* all of them have come */
	int64_t commit_us;      /* that a commit takes, lately */
	unsigned doubt;
};

struct recorder *recorder_new(struct store *const stores[RECORDER_CONNECTIONS])
{
	struct recorder *r = calloc(1, sizeof *r);
	pthread_condattr_t attributes;

	assert(r);
	for (; r->idle_count < RECORDER_CONNECTIONS; r->idle_count++)
		r->idle[r->idle_count] = stores[r->idle_count];
	pthread_mutex_init(&r->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&r->company, &attributes);
	pthread_condattr_destroy(&attributes);
	return r;
}

void recorder_free(struct recorder *r)
{
	if (!r)
		return;
	assert(!r->open && r->idle_count == RECORDER_CONNECTIONS);
	while (r->idle_count)
		store_free(r->idle[--r->idle_count]);
	pthread_cond_destroy(&r->company);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

static struct round *round_new(void)
{
	struct round *o = calloc(1, sizeof *o);

	assert(o);
	pthread_cond_init(&o->changed, NULL);
	return o;
}

static void leave(struct round *o)
{
	if (--o->inside)
		return;
	pthread_cond_destroy(&o->changed);
	free(o);
}

/* Would other rows, or fewer, fare better? After a lost connection nobody can know what was
 * committed, so all of the round fail. */
static bool is_of_a_row(enum err result)
{
	return result != OK && result != ERR_UNAVAILABLE && result != ERR_TIMEOUT &&
	       result != ERR_DENIED;
}

/* What is refused is halved until the bad row is alone: some two commits for each halving. */
static void commit(struct store *store, struct round *o, size_t from, size_t count)
{
	enum err result = store_record_many(store, &o->records[from], count);

	if (count > 1 && is_of_a_row(result)) {
		commit(store, o, from, count / 2);
		commit(store, o, from + count / 2, count - count / 2);
		return;
	}
	for (size_t i = from; i < from + count; i++) {
		o->waiters[i]->result = result;
		if (result != OK)
			snprintf(o->waiters[i]->why, FAILURE_MAX_TEXT, "%s", failure_text());
	}
}

/*
 * Those of the last round come back in the moment in which the next one would begin. Without them
 * it is a small one, and they wait for all of it: two crowds that take turns, each at half the
 * rate. So who leads waits for them, for a small part of what a commit takes anyway; not where
 * they do not come back.
 */
static void await_company(struct recorder *r)
{
	const struct timespec until = {.tv_sec = r->expected_until_us / 1000000,
				       .tv_nsec = r->expected_until_us % 1000000 * 1000};
	size_t expected = r->expected;

	if (!expected || clock_monotonic_us() >= r->expected_until_us)
		return;
	if (r->doubt) {
		r->doubt--;
		return;
	}
	while (r->expected && pthread_cond_timedwait(&r->company, &r->lock, &until) == 0)
		;
	if (r->expected > expected / 2)
		r->doubt = DOUBT_ROUNDS;
}

static void expect(struct recorder *r, size_t count, int64_t begun_us)
{
	int64_t now = clock_monotonic_us();

	r->commit_us = (3 * r->commit_us + now - begun_us) / 4;
	r->expected = count;
	r->expected_until_us = now + (r->commit_us < COMPANY_SHARE * COMPANY_MAX_US
					      ? r->commit_us / COMPANY_SHARE
					      : COMPANY_MAX_US);
}

/* Under the lock when it begins and when it ends. Those who wake find the lock free. */
static void lead(struct recorder *r, struct round *o)
{
	struct store *store = r->idle[--r->idle_count];
	int64_t begun_us;

	o->has_leader = true;
	await_company(r);
	r->open = NULL;
	pthread_mutex_unlock(&r->lock);
	begun_us = clock_monotonic_us();
	commit(store, o, 0, o->count);
	pthread_mutex_lock(&r->lock);
	o->is_done = true;
	r->idle[r->idle_count++] = store;
	expect(r, o->count, begun_us);
	if (r->open && !r->open->has_leader)
		pthread_cond_signal(&r->open->changed);
	pthread_mutex_unlock(&r->lock);
	pthread_cond_broadcast(&o->changed);
	pthread_mutex_lock(&r->lock);
}

static void join(struct recorder *r, struct waiter *self, const struct store_record *record)
{
	struct round *o = r->open;

	o->records[o->count] = record;
	o->waiters[o->count++] = self;
	o->inside++;
	if (r->expected && --r->expected == 0)
		pthread_cond_signal(&r->company);
	while (!o->is_done && (o->has_leader || !r->idle_count))
		pthread_cond_wait(&o->changed, &r->lock);
	if (!o->is_done)
		lead(r, o);
	leave(o);
}

enum err recorder_write(struct recorder *r, const struct store_record *record)
{
	struct waiter self = {.result = ERR_UNAVAILABLE, .why = "too many calls wait for the log"};

	pthread_mutex_lock(&r->lock);
	if (!r->open)
		r->open = round_new();
	if (r->open->count < RECORDER_MAX)
		join(r, &self, record);
	pthread_mutex_unlock(&r->lock);
	return self.result == OK ? OK : failure(self.result, "%s", self.why);
}

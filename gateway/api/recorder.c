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
	/* How the time that callers leave is followed: nine of ten leave as much. */
	LEEWAY_RISE = 72,
	LEEWAY_FALL = 8,
	LEEWAY_RISE_US = 10,
};

/*
 * Those who are committed together. There is no thread for it: the first one in need for whom a
 * connection is free leads, and commits for all. A round is open (who comes joins it), then under
 * way, then done; the last one to leave frees it. Everything here is under the recorder's lock,
 * but for records and tickets while it is under way.
 */
struct recorder_round {
	const struct store_record *records[RECORDER_MAX];
	struct recorder_ticket *tickets[RECORDER_MAX]; /* of those inside */
	size_t count, inside;
	size_t pressed; /* of them those who wait for nothing else: answered, they may be back */
	int64_t due_us; /* when the first of them has waited long enough */
	bool has_leader, is_done;
	pthread_cond_t changed;  /* for who needs it */
	pthread_cond_t lingered; /* for who lingers: woken with them when it is done */
};

struct recorder {
	pthread_mutex_t lock;
	struct store *idle[RECORDER_CONNECTIONS]; /* connections nobody uses */
	size_t idle_count;
	struct recorder_round *open; /* NULL: nobody waits */
	/* Who was answered last and may be back at once. */
	size_t expected;
	int64_t expected_until_us;
	pthread_cond_t company; /* all of them have come */
	int64_t commit_us;      /* that a commit takes, lately */
	unsigned doubt;
	int64_t leeway_us; /* that those who start rows leave until they await them, most of them */
};

static void condition_init(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &attributes);
	pthread_condattr_destroy(&attributes);
}

struct recorder *recorder_new(struct store *const stores[RECORDER_CONNECTIONS])
{
	struct recorder *r = calloc(1, sizeof *r);

	assert(r);
	for (; r->idle_count < RECORDER_CONNECTIONS; r->idle_count++)
		r->idle[r->idle_count] = stores[r->idle_count];
	pthread_mutex_init(&r->lock, NULL);
	condition_init(&r->company);
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

static struct recorder_round *round_new(void)
{
	struct recorder_round *o = calloc(1, sizeof *o);

	assert(o);
	o->due_us = INT64_MAX;
	pthread_cond_init(&o->changed, NULL);
	condition_init(&o->lingered);
	return o;
}

static void leave(struct recorder_round *o)
{
	if (--o->inside)
		return;
	pthread_cond_destroy(&o->changed);
	pthread_cond_destroy(&o->lingered);
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
static void commit(struct store *store, struct recorder_round *o, size_t from, size_t count)
{
	enum err result = store_record_many(store, &o->records[from], count);

	if (count > 1 && is_of_a_row(result)) {
		commit(store, o, from, count / 2);
		commit(store, o, from + count / 2, count - count / 2);
		return;
	}
	for (size_t i = from; i < from + count; i++) {
		o->tickets[i]->result = result;
		if (result != OK)
			snprintf(o->tickets[i]->why, FAILURE_MAX_TEXT, "%s", failure_text());
	}
}

static struct timespec time_of(int64_t us)
{
	return (struct timespec){.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
}

/*
 * Those of the last round come back in the moment in which the next one would begin. Without them
 * it is a small one, and they wait for all of it: two crowds that take turns, each at half the
 * rate. So who leads waits for them, for a small part of what a commit takes anyway; not where
 * they do not come back.
 */
static void await_company(struct recorder *r)
{
	const struct timespec until = time_of(r->expected_until_us);
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
static void lead(struct recorder *r, struct recorder_round *o)
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
	expect(r, o->pressed, begun_us);
	if (r->open && !r->open->has_leader)
		pthread_cond_signal(&r->open->changed);
	pthread_mutex_unlock(&r->lock);
	pthread_cond_broadcast(&o->changed);
	pthread_cond_broadcast(&o->lingered);
	pthread_mutex_lock(&r->lock);
}

/* False: too many wait, as the ticket says. */
static bool join(struct recorder *r, struct recorder_ticket *t, const struct store_record *record,
		 int64_t patience_us)
{
	int64_t now = clock_monotonic_us();
	struct recorder_round *o;

	*t = (struct recorder_ticket){.started_us = now,
				      .result = ERR_UNAVAILABLE,
				      .why = "too many calls wait for the log"};
	if (!r->open)
		r->open = round_new();
	o = r->open;
	if (o->count == RECORDER_MAX)
		return false;
	o->records[o->count] = record;
	o->tickets[o->count++] = t;
	o->inside++;
	t->round = o;
	if (now + patience_us < o->due_us) {
		o->due_us = now + patience_us;
		pthread_cond_signal(&o->lingered);
	}
	return true;
}

/* Who needs it now: leads, or waits for who does. */
static void press(struct recorder *r, struct recorder_round *o)
{
	while (!o->is_done && (o->has_leader || !r->idle_count))
		pthread_cond_wait(&o->changed, &r->lock);
	if (!o->is_done)
		lead(r, o);
}

static void linger(struct recorder *r, struct recorder_round *o)
{
	while (!o->is_done && !o->has_leader && clock_monotonic_us() < o->due_us) {
		const struct timespec until = time_of(o->due_us);

		pthread_cond_timedwait(&o->lingered, &r->lock, &until);
	}
	press(r, o);
}

static enum err result_of(const struct recorder_ticket *t)
{
	return t->result == OK ? OK : failure(t->result, "%s", t->why);
}

enum err recorder_write(struct recorder *r, const struct store_record *record)
{
	struct recorder_ticket t;

	pthread_mutex_lock(&r->lock);
	if (join(r, &t, record, 0)) {
		t.round->pressed++;
		if (r->expected && --r->expected == 0)
			pthread_cond_signal(&r->company);
		press(r, t.round);
		leave(t.round);
	}
	pthread_mutex_unlock(&r->lock);
	return result_of(&t);
}

enum err recorder_linger(struct recorder *r, const struct store_record *record)
{
	struct recorder_ticket t;

	pthread_mutex_lock(&r->lock);
	if (join(r, &t, record, RECORDER_LINGER_US)) {
		linger(r, t.round);
		leave(t.round);
	}
	pthread_mutex_unlock(&r->lock);
	return result_of(&t);
}

/* So long that most are durable when they are needed. */
static int64_t patience_us(const struct recorder *r)
{
	int64_t us = r->leeway_us / 2 - r->commit_us;

	if (us < 0)
		return 0;
	return us < RECORDER_GATHER_US ? us : RECORDER_GATHER_US;
}

void recorder_start(struct recorder *r, struct recorder_ticket *ticket,
		    const struct store_record *record)
{
	struct recorder_round *o;

	pthread_mutex_lock(&r->lock);
	if (join(r, ticket, record, patience_us(r))) {
		o = ticket->round;
		if (!o->has_leader && r->idle_count && clock_monotonic_us() >= o->due_us)
			lead(r, o);
	}
	pthread_mutex_unlock(&r->lock);
}

static void learn_leeway(struct recorder *r, int64_t us)
{
	r->leeway_us += us > r->leeway_us ? r->leeway_us / LEEWAY_RISE + LEEWAY_RISE_US
					  : -r->leeway_us / LEEWAY_FALL;
}

enum err recorder_await(struct recorder *r, struct recorder_ticket *ticket)
{
	pthread_mutex_lock(&r->lock);
	if (ticket->round) {
		learn_leeway(r, clock_monotonic_us() - ticket->started_us);
		press(r, ticket->round);
		leave(ticket->round);
		ticket->round = NULL;
	}
	pthread_mutex_unlock(&r->lock);
	return result_of(ticket);
}

bool recorder_is_done(struct recorder *r, const struct recorder_ticket *ticket)
{
	bool is_done;

	pthread_mutex_lock(&r->lock);
	is_done = !ticket->round || ticket->round->is_done;
	pthread_mutex_unlock(&r->lock);
	return is_done;
}

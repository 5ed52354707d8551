/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/recorder.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * There is no thread for this: of those who wait, the first one commits for all that stand in the
 * line when it begins, and hands its office to the first one behind them.
 */
struct waiter {
	const struct store_record *record;
	struct waiter *next;
	pthread_cond_t changed;
	bool is_leader; /* it is this one's turn to commit */
	bool is_done;
	enum err result;
	char why[FAILURE_MAX_TEXT];
};

struct recorder {
	struct store *store; /* the leader's */
	pthread_mutex_t lock;
	struct waiter *first, **end; /* the line; all of it under the lock */
	bool has_leader;
};

struct recorder *recorder_new(struct store *store)
{
	struct recorder *r = calloc(1, sizeof *r);

	assert(r);
	r->store = store;
	r->end = &r->first;
	pthread_mutex_init(&r->lock, NULL);
	return r;
}

void recorder_free(struct recorder *r)
{
	if (!r)
		return;
	store_free(r->store);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

static void note_result(struct waiter *w, enum err result)
{
	w->result = result;
	if (result != OK)
		snprintf(w->why, sizeof w->why, "%s", failure_text());
}

/* A lost connection fails all of them: nobody can know what was committed. */
static void commit(struct store *store, struct waiter *const *waiters, size_t count)
{
	struct store_record records[RECORDER_MAX];
	enum err result;

	for (size_t i = 0; i < count; i++)
		records[i] = *waiters[i]->record;
	result = store_record_many(store, records, count);
	for (size_t i = 0; i < count; i++) {
		if (count > 1 && result != OK && result != ERR_UNAVAILABLE)
			note_result(waiters[i], store_record_many(store, &records[i], 1));
		else
			note_result(waiters[i], result);
	}
}

/* Out of the line with the first RECORDER_MAX. */
static size_t take(struct recorder *r, struct waiter **out)
{
	size_t count = 0;

	while (r->first && count < RECORDER_MAX) {
		out[count++] = r->first;
		r->first = r->first->next;
	}
	if (!r->first)
		r->end = &r->first;
	return count;
}

/* Under the lock, but for the commit itself. A waiter may be gone as soon as it is done and the
 * lock is free. */
static void lead(struct recorder *r, const struct waiter *self)
{
	struct waiter *waiters[RECORDER_MAX];
	size_t count = take(r, waiters);

	pthread_mutex_unlock(&r->lock);
	commit(r->store, waiters, count);
	pthread_mutex_lock(&r->lock);
	for (size_t i = 0; i < count; i++) {
		waiters[i]->is_done = true;
		if (waiters[i] != self)
			pthread_cond_signal(&waiters[i]->changed);
	}
	r->has_leader = r->first != NULL;
	if (r->first) {
		r->first->is_leader = true;
		pthread_cond_signal(&r->first->changed);
	}
}

enum err recorder_write(struct recorder *r, const struct store_record *record)
{
	struct waiter self = {.record = record};

	pthread_cond_init(&self.changed, NULL);
	pthread_mutex_lock(&r->lock);
	*r->end = &self;
	r->end = &self.next;
	self.is_leader = !r->has_leader;
	r->has_leader = true;
	while (!self.is_done && !self.is_leader)
		pthread_cond_wait(&self.changed, &r->lock);
	if (!self.is_done)
		lead(r, &self); /* it stands first, so it is in its own transaction */
	pthread_mutex_unlock(&r->lock);
	pthread_cond_destroy(&self.changed);
	return self.result == OK ? OK : failure(self.result, "%s", self.why);
}

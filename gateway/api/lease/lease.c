/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/lease/lease.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "crypto/base/clock.h"
#include "crypto/base/file.h"
#include "crypto/base/log.h"
#include "crypto/random.h"
#include "gateway/api/lease/lease_clock.h"

enum {
	RENEW_PARTS = 4, /* a lease is renewed so often while it lasts */
	RETRY_MS = 100,  /* the database is away */
	TICK_MS = 250,
	STOP_MS = 500,
	WAIT_FIRST_MS = 2, /* between looks at the others' leases: doubling */
	WAIT_MOST_MS = 32,
	WAIT_SPARE_MS = 500,
	MAX_LEASE_MS = 30000, /* of any edge (the table's CHECK) */
};

/*
 * Two threads. The follower speaks with the database, which may hold it up for as long as it
 * likes; the watcher waits for the end of the lease and for nothing else.
 */
struct lease {
	struct lease_options options;
	struct store *store; /* the follower's */
	struct arena arena;  /* the follower's */
	uint8_t edge[STORE_ID];
	uint64_t seen;     /* the database's epoch whose cuts are made; the follower's */
	bool is_listening; /* the follower's */
	int wake_fd;
	atomic_bool is_stopping;
	pthread_mutex_t lock; /* of all changes of clock, and for the options' functions */
	pthread_cond_t changed;
	struct lease_clock clock;
	bool is_followed; /* the follower runs */
	pthread_t follower, watcher;
};

const uint8_t *lease_edge(const struct lease *l)
{
	return l->edge;
}

uint64_t lease_epoch(const struct lease *l)
{
	return lease_clock_epoch(&l->clock, clock_monotonic_ms());
}

/* Under the lock. */
static void lapse(struct lease *l, const char *why)
{
	lease_clock_drop(&l->clock);
	log_warn("lease.lapsed", "reason=\"%s\"", why);
	l->options.lapse(l->options.context, lease_clock_next(&l->clock));
}

static enum err drop(struct lease *l, const char *why)
{
	pthread_mutex_lock(&l->lock);
	if (l->clock.is_held)
		lapse(l, why);
	pthread_mutex_unlock(&l->lock);
	return failure(ERR_UNAVAILABLE, "%s", why);
}

/* Cuts first, then the new epoch: whoever decides under it knows of them. */
static void apply(struct lease *l, const struct store_epoch *found)
{
	uint64_t next;

	pthread_mutex_lock(&l->lock);
	next = lease_clock_next(&l->clock);
	if (found->has_more)
		l->options.lapse(l->options.context, next);
	for (size_t i = 0; i < found->cut_count && !found->has_more; i++)
		l->options.cut(l->options.context, &found->cuts[i], next);
	lease_clock_advance(&l->clock);
	l->seen = found->epoch;
	pthread_mutex_unlock(&l->lock);
}

/* Confirm what is seen. Sent is measured before: the database may take it at once. */
static enum err confirm(struct lease *l, bool (*take)(struct lease_clock *, int64_t, int64_t))
{
	int64_t sent_ms = clock_monotonic_ms();
	bool in_time;

	TRY(store_lease_renew(l->store, l->edge, l->seen));
	pthread_mutex_lock(&l->lock);
	in_time = take(&l->clock, sent_ms, clock_monotonic_ms());
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
	return in_time ? OK : drop(l, "the database took a renewal too late");
}

/*
 * A lease that confirms nothing is written first. Who withdraws something after that waits for it;
 * what was withdrawn before, the epoch read after it knows, and nothing of before runs any more.
 */
static enum err begin(struct lease *l)
{
	struct store_epoch found;

	TRY(store_lease_begin(l->store, l->edge, l->options.lease_ms));
	TRY(store_epoch_read(l->store, &l->arena, &found, INT64_MAX));
	pthread_mutex_lock(&l->lock);
	l->options.lapse(l->options.context, lease_clock_next(&l->clock));
	lease_clock_advance(&l->clock);
	l->seen = found.epoch;
	pthread_mutex_unlock(&l->lock);
	TRY(confirm(l, lease_clock_begin));
	log_info("lease.begun", "epoch=%llu", (unsigned long long)l->seen);
	return OK;
}

static enum err renew(struct lease *l)
{
	struct store_epoch found;
	enum err result;

	TRY(store_epoch_read(l->store, &l->arena, &found, l->seen));
	if (found.epoch < l->seen)
		return drop(l, "the database is older than it was");
	if (found.epoch > l->seen)
		apply(l, &found);
	result = confirm(l, lease_clock_renew);
	return result == ERR_NOT_FOUND ? drop(l, "the lease is gone from the database") : result;
}

static bool is_held(struct lease *l)
{
	bool held;

	pthread_mutex_lock(&l->lock);
	held = l->clock.is_held;
	pthread_mutex_unlock(&l->lock);
	return held;
}

static enum err follow_once(struct lease *l)
{
	enum err result;

	arena_free(&l->arena);
	if (!store_is_connected(l->store) || !l->is_listening)
		TRY(store_epoch_listen(l->store));
	l->is_listening = true;
	result = is_held(l) ? renew(l) : begin(l);
	l->is_listening = store_is_connected(l->store);
	TRY(result);
	return store_epoch_wait(l->store, l->wake_fd, (int)l->options.lease_ms / RENEW_PARTS);
}

static void pause_ms(struct lease *l, int ms)
{
	struct pollfd polled = {.fd = l->wake_fd, .events = POLLIN};

	(void)poll(&polled, 1, ms);
}

static void *follow(void *argument)
{
	struct lease *l = argument;

	while (!atomic_load(&l->is_stopping)) {
		if (follow_once(l) == OK)
			continue;
		l->is_listening = false;
		log_debug("lease.waits", "reason=\"%s\"", failure_text());
		pause_ms(l, RETRY_MS);
	}
	if (store_is_connected(l->store) && store_lease_end(l->store, l->edge) != OK)
		log_debug("lease.kept", "reason=\"%s\"", failure_text());
	pthread_mutex_lock(&l->lock);
	l->is_followed = false;
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

static struct timespec at(int64_t ms)
{
	return (struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
}

/* Under the lock: until the lease ends, or the next tick. */
static void rest(struct lease *l, int64_t now_ms)
{
	int64_t until_ms = atomic_load(&l->clock.until_ms);
	struct timespec until;

	if (!l->clock.is_held || until_ms > now_ms + TICK_MS)
		until_ms = now_ms + TICK_MS;
	until = at(until_ms);
	pthread_cond_timedwait(&l->changed, &l->lock, &until);
}

static void *watch(void *argument)
{
	struct lease *l = argument;

	pthread_mutex_lock(&l->lock);
	while (!atomic_load(&l->is_stopping)) {
		int64_t now_ms = clock_monotonic_ms();

		if (l->options.tick)
			l->options.tick(l->options.context);
		if (lease_clock_lapse(&l->clock, now_ms))
			lapse(l, "it could not be renewed in time");
		else
			rest(l, now_ms);
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

static void init_lock(struct lease *l)
{
	pthread_condattr_t attributes;

	pthread_mutex_init(&l->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&l->changed, &attributes);
	pthread_condattr_destroy(&attributes);
}

static void lease_free(struct lease *l)
{
	store_free(l->store);
	arena_free(&l->arena);
	file_close(&l->wake_fd);
	pthread_cond_destroy(&l->changed);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

/* The first lease is worth waiting for: until it is there, everything is refused. */
static void await_first(struct lease *l)
{
	struct timespec until = at(clock_monotonic_ms() + l->options.lease_ms);

	pthread_mutex_lock(&l->lock);
	while (!l->clock.is_held)
		if (pthread_cond_timedwait(&l->changed, &l->lock, &until) == ETIMEDOUT)
			break;
	pthread_mutex_unlock(&l->lock);
}

enum err lease_start(struct lease **out, struct store *store, const struct lease_options *options)
{
	struct lease *l = calloc(1, sizeof *l);

	assert(l);
	l->options = *options;
	l->store = store;
	random_uuid(l->edge, clock_now_ms());
	lease_clock_init(&l->clock, options->lease_ms);
	init_lock(l);
	l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->wake_fd < 0 || pthread_create(&l->watcher, NULL, watch, l) != 0) {
		lease_free(l);
		return failure_errno("edge: no thread for the lease");
	}
	l->is_followed = pthread_create(&l->follower, NULL, follow, l) == 0;
	if (!l->is_followed) {
		lease_stop(l);
		return failure_errno("edge: no thread for the lease");
	}
	await_first(l);
	*out = l;
	return OK;
}

/* True if it has ended; a database that hangs may hold it up. */
static bool await_follower(struct lease *l)
{
	struct timespec until = at(clock_monotonic_ms() + STOP_MS);
	bool is_over;

	pthread_mutex_lock(&l->lock);
	while (l->is_followed)
		if (pthread_cond_timedwait(&l->changed, &l->lock, &until) == ETIMEDOUT)
			break;
	is_over = !l->is_followed;
	pthread_mutex_unlock(&l->lock);
	return is_over;
}

void lease_stop(struct lease *l)
{
	bool had_follower;

	if (!l)
		return;
	had_follower = l->is_followed;
	pthread_mutex_lock(&l->lock);
	atomic_store(&l->is_stopping, true);
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
	(void)!eventfd_write(l->wake_fd, 1);
	pthread_join(l->watcher, NULL);
	if (!await_follower(l)) {
		pthread_detach(l->follower); /* the process ends anyway, and what it uses stays */
		return;
	}
	if (had_follower)
		pthread_join(l->follower, NULL);
	lease_free(l);
}

/* The leases that were live at the first look, and have not confirmed yet. */
struct waiting {
	struct arena arena;
	uint64_t epoch;
	struct store_lease *pending;
	size_t count;
};

static const struct store_lease *find(const struct store_lease *leases, size_t count,
				      const uint8_t edge[STORE_ID])
{
	for (size_t i = 0; i < count; i++)
		if (memcmp(leases[i].edge, edge, STORE_ID) == 0)
			return &leases[i];
	return NULL;
}

static enum err look_first(struct waiting *w, struct lease_cut *out, struct store *store)
{
	struct store_lease *leases;
	size_t count;

	TRY(store_lease_list(store, &w->arena, &leases, &count, &w->epoch));
	w->pending = leases;
	w->count = 0;
	for (size_t i = 0; i < count; i++) {
		if (!leases[i].is_live)
			continue;
		out->edges++;
		if (leases[i].epoch >= w->epoch)
			out->confirmed++;
		else
			w->pending[w->count++] = leases[i];
	}
	return OK;
}

/* One that is gone was given back, after its edge's last stream. */
static enum err look_again(struct waiting *w, struct lease_cut *out, struct store *store)
{
	struct store_lease *leases;
	size_t count, left = 0;
	uint64_t now;

	TRY(store_lease_list(store, &w->arena, &leases, &count, &now));
	for (size_t i = 0; i < w->count; i++) {
		const struct store_lease *lease = find(leases, count, w->pending[i].edge);

		if (!lease || lease->epoch >= w->epoch)
			out->confirmed++;
		else if (!lease->is_live)
			out->lapsed++;
		else
			w->pending[left++] = w->pending[i];
	}
	w->count = left;
	return OK;
}

void lease_wait_cut(struct lease_cut *out, struct lease *l, struct store *store)
{
	struct waiting w = {.count = 0};
	int64_t begun_ms = clock_monotonic_ms(), now_ms = begun_ms;
	int64_t deadline_ms = begun_ms + MAX_LEASE_MS + WAIT_SPARE_MS;
	bool has_looked = false;

	assert(!store_is_in_transaction(store));
	*out = (struct lease_cut){0};
	for (int pause = WAIT_FIRST_MS; now_ms < deadline_ms; now_ms = clock_monotonic_ms()) {
		enum err result = has_looked ? look_again(&w, out, store)
					     : look_first(&w, out, store);

		has_looked |= result == OK;
		if (result == OK && w.count == 0)
			break;
		/* No edge can renew without the database; ours stand for all of them. */
		if (result != OK && now_ms >= begun_ms + l->options.lease_ms + WAIT_SPARE_MS)
			break;
		poll(NULL, 0, pause);
		pause = pause < WAIT_MOST_MS ? 2 * pause : WAIT_MOST_MS;
	}
	out->lapsed += (unsigned)w.count;
	out->took_ms = clock_monotonic_ms() - begun_ms;
	arena_free(&w.arena);
}

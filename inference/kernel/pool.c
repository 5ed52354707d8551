/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* CPU_SET */
#include "inference/kernel/pool.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "inference/kernel/kernels.h"

enum {
	LOOKS = 4000, /* for the next loop, before sleep: some tens of microseconds */
	PARTS = 8,    /* a worker, of a loop that is shared */
	LINE = 64,
};

struct worker {
	struct pool *pool;
	pthread_t thread;
	unsigned number;
};

/* What a worker begins with. Part by part it takes what lies next to what it had, so that memory is
 * read in one line; then it helps the others. */
struct section {
	_Alignas(LINE) atomic_size_t next;
	size_t end;
};

struct pool {
	pthread_mutex_t mutex;
	pthread_cond_t begin;
	pthread_cond_t end;
	pthread_cond_t lent;
	bool closing;      /* under the mutex */
	unsigned sleepers; /* under the mutex: workers that wait for `begin` */
	bool is_awaited;   /* under the mutex: the caller waits for `end` */

	atomic_uint_least64_t round; /* counts the loops; written under the mutex, when the loop
				      * stands below */
	atomic_uint running;
	atomic_uint active;               /* threads that work; the others wait for `lent` */
	atomic_uint_least64_t lent_round; /* the last round before that was said */
	atomic_bool is_under_way;         /* a step */

	/* The loop. */
	pool_part_fn *part;
	void *context;
	size_t size; /* of a part */
	unsigned sharers;

	unsigned threads;
	unsigned started; /* workers[1 .. started] are alive */
	struct worker workers[POOL_MAX_THREADS];
	struct section sections[POOL_MAX_THREADS]; /* of `sharers` */
};

static void run_section(struct pool *p, struct section *s, unsigned worker)
{
	for (;;) {
		size_t first = atomic_fetch_add_explicit(&s->next, p->size, memory_order_relaxed);

		if (first >= s->end)
			return;
		p->part(p->context, worker, first,
			s->end - first < p->size ? s->end : first + p->size);
	}
}

static void run_parts(struct pool *p, unsigned worker)
{
	for (unsigned i = 0; i < p->sharers; i++)
		run_section(p, &p->sections[(worker + i) % p->sharers], worker);
}

static bool is_active(struct pool *p, unsigned number)
{
	return number < atomic_load_explicit(&p->active, memory_order_acquire);
}

/* Is there a loop that this worker has a part in? Then *done is its round, and it lasts until the
 * worker says that it is through. The round is read first: whoever sees a round sees who was active
 * in it, or what was said later, and then also that the round was over by then. */
static bool is_new(struct pool *p, unsigned number, uint64_t *done)
{
	uint64_t round = atomic_load_explicit(&p->round, memory_order_acquire);

	if (round == *done || !is_active(p, number) ||
	    round <= atomic_load_explicit(&p->lent_round, memory_order_relaxed))
		return false;
	*done = round;
	return true;
}

/* False: it is over. */
static bool await_round(struct pool *p, unsigned number, uint64_t *done)
{
	bool found = false;

	for (unsigned i = 0; i < LOOKS && is_active(p, number); i++) {
		if (is_new(p, number, done))
			return true;
		if (!atomic_load_explicit(&p->is_under_way, memory_order_relaxed))
			break;
		kernels_pause();
	}
	pthread_mutex_lock(&p->mutex);
	while (!p->closing && !(found = is_new(p, number, done))) {
		bool sleeps = is_active(p, number);

		p->sleepers += sleeps;
		pthread_cond_wait(sleeps ? &p->begin : &p->lent, &p->mutex);
		p->sleepers -= sleeps;
	}
	pthread_mutex_unlock(&p->mutex);
	return found;
}

static void *work(void *argument)
{
	struct worker *w = argument;
	struct pool *p = w->pool;

	for (uint64_t done = 0; await_round(p, w->number, &done);) {
		run_parts(p, w->number);
		if (atomic_fetch_sub_explicit(&p->running, 1, memory_order_acq_rel) > 1)
			continue;
		pthread_mutex_lock(&p->mutex);
		if (p->is_awaited)
			pthread_cond_signal(&p->end);
		pthread_mutex_unlock(&p->mutex);
	}
	return NULL;
}

/* Each on a core of its own, behind the `first`. The caller's thread stays free to move: it has
 * other work, too. */
static void pin_workers(struct pool *p, unsigned first, unsigned threads)
{
	unsigned next = 1;
	cpu_set_t all, one;

	if (sched_getaffinity(0, sizeof all, &all) != 0 || (unsigned)CPU_COUNT(&all) < p->threads)
		return;
	for (unsigned core = 0, seen = 0; core < CPU_SETSIZE && next < threads; core++) {
		if (!CPU_ISSET(core, &all) || seen++ <= first)
			continue;
		CPU_ZERO(&one);
		CPU_SET(core, &one);
		/* A wish: without it the loop is as right, and slower. */
		(void)pthread_setaffinity_np(p->workers[next++].thread, sizeof one, &one);
	}
}

static unsigned cores(void)
{
	cpu_set_t all;

	return sched_getaffinity(0, sizeof all, &all) == 0 ? (unsigned)CPU_COUNT(&all) : 0;
}

enum err pool_new(struct pool **out, unsigned threads)
{
	AUTO(pool_auto) struct pool *p = NULL;

	if (threads == 0 || threads > POOL_MAX_THREADS)
		return failure(ERR_FORMAT, "engine: %u threads, 1 to %d can be had", threads,
			       POOL_MAX_THREADS);
	p = aligned_alloc(LINE, sizeof *p);
	assert(p);
	memset(p, 0, sizeof *p);
	p->threads = threads;
	pthread_mutex_init(&p->mutex, NULL);
	pthread_cond_init(&p->begin, NULL);
	pthread_cond_init(&p->end, NULL);
	pthread_cond_init(&p->lent, NULL);
	atomic_store(&p->active, threads);
	for (unsigned i = 1; i < threads; i++) {
		p->workers[i] = (struct worker){.pool = p, .number = i};
		if (pthread_create(&p->workers[i].thread, NULL, work, &p->workers[i]) != 0)
			return failure(ERR_IO, "engine: thread %u cannot be started", i);
		p->started = i;
	}
	if (threads == cores())
		pin_workers(p, 0, threads);
	*out = p;
	p = NULL; /* given away */
	return OK;
}

void pool_free(struct pool *p)
{
	if (!p)
		return;
	pool_step(p, false);
	pthread_mutex_lock(&p->mutex);
	p->closing = true;
	pthread_cond_broadcast(&p->begin);
	pthread_cond_broadcast(&p->lent);
	pthread_mutex_unlock(&p->mutex);
	for (unsigned i = 1; i <= p->started; i++)
		pthread_join(p->workers[i].thread, NULL);
	pthread_cond_destroy(&p->begin);
	pthread_cond_destroy(&p->end);
	pthread_cond_destroy(&p->lent);
	pthread_mutex_destroy(&p->mutex);
	free(p);
}

unsigned pool_threads(const struct pool *p)
{
	return p->threads;
}

void pool_step(struct pool *p, bool is_under_way)
{
	atomic_store_explicit(&p->is_under_way, is_under_way, memory_order_relaxed);
}

static unsigned active_threads(const struct pool *p)
{
	return atomic_load_explicit(&p->active, memory_order_relaxed);
}

void pool_lend(struct pool *p, unsigned first, unsigned threads)
{
	assert(threads > 0 && threads <= p->threads);
	pthread_mutex_lock(&p->mutex);
	atomic_store_explicit(&p->lent_round, atomic_load_explicit(&p->round, memory_order_relaxed),
			      memory_order_relaxed);
	atomic_store_explicit(&p->active, threads, memory_order_release);
	pthread_cond_broadcast(&p->begin); /* who is active no more waits elsewhere */
	pthread_cond_broadcast(&p->lent);
	pthread_mutex_unlock(&p->mutex);
	pin_workers(p, first, threads);
}

static void begin_round(struct pool *p)
{
	atomic_store_explicit(&p->running, active_threads(p) - 1, memory_order_relaxed);
	pthread_mutex_lock(&p->mutex);
	atomic_fetch_add_explicit(&p->round, 1, memory_order_release);
	if (p->sleepers > 0)
		pthread_cond_broadcast(&p->begin);
	pthread_mutex_unlock(&p->mutex);
}

static void await_end(struct pool *p)
{
	for (unsigned i = 0; i < LOOKS; i++) {
		if (atomic_load_explicit(&p->running, memory_order_acquire) == 0)
			return;
		kernels_pause();
	}
	pthread_mutex_lock(&p->mutex);
	p->is_awaited = true;
	while (atomic_load_explicit(&p->running, memory_order_acquire) > 0)
		pthread_cond_wait(&p->end, &p->mutex);
	p->is_awaited = false;
	pthread_mutex_unlock(&p->mutex);
}

/* As many parts for each worker, but for the last ones, which may find less. */
static void set_sections(struct pool *p, size_t count, size_t size)
{
	size_t parts = (count + size - 1) / size;

	p->sharers = active_threads(p);
	for (size_t i = 0; i < p->sharers; i++) {
		size_t end = (i + 1) * parts / p->sharers * size;

		atomic_store_explicit(&p->sections[i].next, i * parts / p->sharers * size,
				      memory_order_relaxed);
		p->sections[i].end = end < count ? end : count;
	}
}

static void run(struct pool *p, size_t count, size_t size, pool_part_fn *part, void *context)
{
	if (active_threads(p) == 1 || count <= size) {
		if (count > 0)
			part(context, 0, 0, count);
		return;
	}
	p->part = part;
	p->context = context;
	p->size = size;
	set_sections(p, count, size);
	begin_round(p);
	run_parts(p, 0);
	await_end(p);
}

void pool_run(struct pool *p, size_t count, pool_part_fn *part, void *context)
{
	run(p, count, (count + active_threads(p) - 1) / active_threads(p), part, context);
}

void pool_share(struct pool *p, size_t count, size_t grain, pool_part_fn *part, void *context)
{
	size_t parts = (size_t)active_threads(p) * PARTS;
	size_t size = (count + parts - 1) / parts;

	size = (size + grain - 1) / grain * grain;
	run(p, count, size, part, context);
}

/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* CPU_SET */
#include "inference/kernel/pool.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "inference/kernel/kernels.h"

enum {
	LOOKS = 4000, /* for the next loop, before sleep: some tens of microseconds */
	PARTS = 4,    /* a worker, of a loop that is shared */
};

struct worker {
	struct pool *pool;
	pthread_t thread;
	unsigned number;
};

struct pool {
	pthread_mutex_t mutex;
	pthread_cond_t begin;
	pthread_cond_t end;
	bool closing;      /* under the mutex */
	unsigned sleepers; /* under the mutex: workers that wait for `begin` */
	bool is_awaited;   /* under the mutex: the caller waits for `end` */

	atomic_uint_least64_t round; /* counts the loops; written under the mutex, when the loop
				      * stands below */
	atomic_uint running;
	atomic_bool is_under_way; /* a step */

	/* The loop. */
	pool_part_fn *part;
	void *context;
	size_t count;
	size_t size; /* of a part */
	atomic_size_t next;

	unsigned threads;
	unsigned started; /* workers[1 .. started] are alive */
	struct worker workers[POOL_MAX_THREADS];
};

static void run_parts(struct pool *p, unsigned worker)
{
	for (;;) {
		size_t first = atomic_fetch_add_explicit(&p->next, p->size, memory_order_relaxed);

		if (first >= p->count)
			return;
		p->part(p->context, worker, first,
			p->count - first < p->size ? p->count : first + p->size);
	}
}

static bool is_new(struct pool *p, uint64_t done)
{
	return atomic_load_explicit(&p->round, memory_order_acquire) != done;
}

/* False: it is over. */
static bool await_round(struct pool *p, uint64_t done)
{
	bool is_closing;

	for (unsigned i = 0; i < LOOKS && !is_new(p, done); i++) {
		if (!atomic_load_explicit(&p->is_under_way, memory_order_relaxed))
			break;
		kernels_pause();
	}
	if (is_new(p, done))
		return true;
	pthread_mutex_lock(&p->mutex);
	p->sleepers++;
	while (!is_new(p, done) && !p->closing)
		pthread_cond_wait(&p->begin, &p->mutex);
	p->sleepers--;
	is_closing = p->closing;
	pthread_mutex_unlock(&p->mutex);
	return !is_closing;
}

static void *work(void *argument)
{
	struct worker *w = argument;
	struct pool *p = w->pool;

	for (uint64_t done = 0; await_round(p, done); done++) {
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

/* The caller's thread stays free to move: it has other work, too. */
static void pin_workers(struct pool *p)
{
	unsigned next = 1;
	cpu_set_t all, one;

	if (sched_getaffinity(0, sizeof all, &all) != 0 || (unsigned)CPU_COUNT(&all) != p->threads)
		return;
	for (int core = 0, seen = 0; core < CPU_SETSIZE && next < p->threads; core++) {
		if (!CPU_ISSET(core, &all) || seen++ == 0)
			continue;
		CPU_ZERO(&one);
		CPU_SET(core, &one);
		/* A wish: without it the loop is as right, and slower. */
		(void)pthread_setaffinity_np(p->workers[next++].thread, sizeof one, &one);
	}
}

enum err pool_new(struct pool **out, unsigned threads)
{
	AUTO(pool_auto) struct pool *p = NULL;

	if (threads == 0 || threads > POOL_MAX_THREADS)
		return failure(ERR_FORMAT, "engine: %u threads, 1 to %d can be had", threads,
			       POOL_MAX_THREADS);
	p = calloc(1, sizeof *p);
	assert(p);
	p->threads = threads;
	pthread_mutex_init(&p->mutex, NULL);
	pthread_cond_init(&p->begin, NULL);
	pthread_cond_init(&p->end, NULL);
	for (unsigned i = 1; i < threads; i++) {
		p->workers[i] = (struct worker){.pool = p, .number = i};
		if (pthread_create(&p->workers[i].thread, NULL, work, &p->workers[i]) != 0)
			return failure(ERR_IO, "engine: thread %u cannot be started", i);
		p->started = i;
	}
	pin_workers(p);
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
	pthread_mutex_unlock(&p->mutex);
	for (unsigned i = 1; i <= p->started; i++)
		pthread_join(p->workers[i].thread, NULL);
	pthread_cond_destroy(&p->begin);
	pthread_cond_destroy(&p->end);
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

static void begin_round(struct pool *p)
{
	atomic_store_explicit(&p->next, 0, memory_order_relaxed);
	atomic_store_explicit(&p->running, p->threads - 1, memory_order_relaxed);
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

static void run(struct pool *p, size_t count, size_t size, pool_part_fn *part, void *context)
{
	if (p->threads == 1 || count <= size) {
		if (count > 0)
			part(context, 0, 0, count);
		return;
	}
	p->part = part;
	p->context = context;
	p->count = count;
	p->size = size;
	begin_round(p);
	run_parts(p, 0);
	await_end(p);
}

void pool_run(struct pool *p, size_t count, pool_part_fn *part, void *context)
{
	run(p, count, (count + p->threads - 1) / p->threads, part, context);
}

void pool_share(struct pool *p, size_t count, size_t grain, pool_part_fn *part, void *context)
{
	size_t parts = (size_t)p->threads * PARTS;
	size_t size = (count + parts - 1) / parts;

	size = (size + grain - 1) / grain * grain;
	run(p, count, size, part, context);
}

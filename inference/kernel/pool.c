/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/kernel/pool.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

struct worker {
	struct pool *pool;
	pthread_t thread;
	unsigned number;
};

struct pool {
	pthread_mutex_t mutex;
	pthread_cond_t begin;
	pthread_cond_t end;
	/* Under the mutex: */
	uint64_t round; /* counts the loops; a worker has done those up to its own count */
	unsigned running;
	bool closing;
	pool_part_fn *part;
	void *context;
	size_t count;

	unsigned threads;
	unsigned started; /* workers[1 .. started] are alive */
	struct worker workers[POOL_MAX_THREADS];
};

static void run_part(pool_part_fn *part, void *context, size_t count, unsigned worker,
		     unsigned threads)
{
	size_t first = count * worker / threads;
	size_t last = count * (worker + 1) / threads;

	if (first < last)
		part(context, worker, first, last);
}

static void *work(void *argument)
{
	struct worker *w = argument;
	struct pool *p = w->pool;
	uint64_t done = 0;

	pthread_mutex_lock(&p->mutex);
	for (;;) {
		pool_part_fn *part;
		void *context;
		size_t count;

		while (p->round == done && !p->closing)
			pthread_cond_wait(&p->begin, &p->mutex);
		if (p->closing)
			break;
		done = p->round;
		part = p->part;
		context = p->context;
		count = p->count;
		pthread_mutex_unlock(&p->mutex);
		run_part(part, context, count, w->number, p->threads);
		pthread_mutex_lock(&p->mutex);
		if (--p->running == 0)
			pthread_cond_signal(&p->end);
	}
	pthread_mutex_unlock(&p->mutex);
	return NULL;
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
	*out = p;
	p = NULL; /* given away */
	return OK;
}

void pool_free(struct pool *p)
{
	if (!p)
		return;
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

void pool_run(struct pool *p, size_t count, pool_part_fn *part, void *context)
{
	if (p->threads == 1 || count < 2) {
		if (count > 0)
			part(context, 0, 0, count);
		return;
	}
	pthread_mutex_lock(&p->mutex);
	p->part = part;
	p->context = context;
	p->count = count;
	p->running = p->threads - 1;
	p->round++;
	pthread_cond_broadcast(&p->begin);
	pthread_mutex_unlock(&p->mutex);
	run_part(part, context, count, 0, p->threads);
	pthread_mutex_lock(&p->mutex);
	while (p->running > 0)
		pthread_cond_wait(&p->end, &p->mutex);
	pthread_mutex_unlock(&p->mutex);
}

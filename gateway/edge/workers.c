/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/edge/workers.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>

#include "crypto/base/clock.h"

struct workers {
	struct edge_shared *edge;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct exchange *first, *last; /* linked by next_job */
	bool is_stopping;
	unsigned ready;  /* have made their context */
	unsigned failed; /* could not */
	unsigned started;
	pthread_t threads[];
};

static struct exchange *take(struct workers *workers)
{
	struct exchange *x;

	pthread_mutex_lock(&workers->lock);
	while (!workers->first && !workers->is_stopping)
		pthread_cond_wait(&workers->changed, &workers->lock);
	x = workers->first;
	if (x) {
		workers->first = x->next_job;
		if (!workers->first)
			workers->last = NULL;
	}
	pthread_mutex_unlock(&workers->lock);
	return x;
}

static void report(struct workers *workers, bool good)
{
	pthread_mutex_lock(&workers->lock);
	if (good)
		workers->ready++;
	else
		workers->failed++;
	pthread_cond_broadcast(&workers->changed);
	pthread_mutex_unlock(&workers->lock);
}

static void *work(void *argument)
{
	struct workers *workers = argument;
	const struct edge_options *options = &workers->edge->options;
	struct route_context *context = NULL;
	bool good = true;

	if (options->worker_new) {
		context = options->worker_new(options->shared);
		good = context != NULL;
	}
	report(workers, good);
	for (struct exchange *x = good ? take(workers) : NULL; x; x = take(workers))
		exchange_run(x, context);
	if (good && options->worker_free)
		options->worker_free(context);
	return NULL;
}

/* Signals are the business of the thread that called edge_run(). */
static bool start_thread(struct workers *workers)
{
	sigset_t all, before;
	int failed;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&workers->threads[workers->started], NULL, work, workers);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	workers->started += !failed;
	return !failed;
}

enum err workers_start(struct workers **out, struct edge_shared *edge)
{
	unsigned wanted = edge->options.workers;
	struct workers *workers = calloc(1, sizeof *workers + wanted * sizeof(pthread_t));

	assert(workers);
	workers->edge = edge;
	pthread_mutex_init(&workers->lock, NULL);
	pthread_cond_init(&workers->changed, NULL);
	while (workers->started < wanted && start_thread(workers))
		;
	pthread_mutex_lock(&workers->lock);
	while (workers->ready + workers->failed < workers->started)
		pthread_cond_wait(&workers->changed, &workers->lock);
	pthread_mutex_unlock(&workers->lock);
	if (workers->ready < wanted) {
		unsigned ready = workers->ready;

		workers_stop(workers);
		return failure(ERR_UNAVAILABLE, "edge: only %u of %u workers could start", ready,
			       wanted);
	}
	*out = workers;
	return OK;
}

void workers_submit(struct workers *workers, struct exchange *x)
{
	x->queued_ms = clock_monotonic_ms();
	x->next_job = NULL;
	pthread_mutex_lock(&workers->lock);
	if (workers->last)
		workers->last->next_job = x;
	else
		workers->first = x;
	workers->last = x;
	pthread_cond_signal(&workers->changed);
	pthread_mutex_unlock(&workers->lock);
}

void workers_stop(struct workers *workers)
{
	if (!workers)
		return;
	pthread_mutex_lock(&workers->lock);
	workers->is_stopping = true;
	pthread_cond_broadcast(&workers->changed);
	pthread_mutex_unlock(&workers->lock);
	for (unsigned i = 0; i < workers->started; i++)
		pthread_join(workers->threads[i], NULL);
	pthread_cond_destroy(&workers->changed);
	pthread_mutex_destroy(&workers->lock);
	free(workers);
}

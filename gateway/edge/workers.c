/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/edge/workers.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>

#include "crypto/base/clock.h"

enum {
	KICK = 32, /* so many wait for the end of a round before somebody is woken for them */
	RING = 32, /* so many answers wait for the end of a queue before the loop is told */
};

struct worker {
	struct workers *all;
	pthread_t thread;
	pthread_cond_t woken;
	bool is_idle;
	struct worker *next_idle;
	unsigned unrung; /* answers in the mailbox that the loop was not told of; its own */
};

struct workers {
	struct edge_shared *edge;
	pthread_mutex_t lock;
	pthread_cond_t reported;
	struct exchange *first, *last; /* linked by next_job */
	struct worker *idle;           /* who slept last stands first */
	unsigned waking;               /* woken, and not yet running */
	unsigned quick; /* workers in a quick route: they will be back without having waited */
	bool is_stopping;
	unsigned ready;  /* have made their context */
	unsigned failed; /* could not */
	unsigned started;
	unsigned
		unkicked; /* submitted since the last look for somebody to run it; the loop's own */
	struct worker workers[];
};

/* Is somebody to be woken? There is something to run, nobody who will come back for it by
 * themselves, and nobody on their way. Under the lock; wake() goes outside of it. */
static struct worker *choose(struct workers *workers)
{
	struct worker *w = workers->idle;

	if (!workers->first || workers->quick || workers->waking || !w)
		return NULL;
	workers->idle = w->next_idle;
	workers->waking++;
	w->is_idle = false;
	return w;
}

static void wake(struct worker *w)
{
	if (w)
		pthread_cond_signal(&w->woken);
}

static void sleep_until_woken(struct workers *workers, struct worker *w)
{
	w->is_idle = true;
	w->next_idle = workers->idle;
	workers->idle = w;
	while (w->is_idle)
		pthread_cond_wait(&w->woken, &workers->lock);
	workers->waking--;
}

/* Under the lock, which is let go while the loop is told of answers. */
static void ring(struct workers *workers, struct worker *w)
{
	if (!w->unrung)
		return;
	w->unrung = 0;
	pthread_mutex_unlock(&workers->lock);
	mailbox_ring(&workers->edge->mailbox);
	pthread_mutex_lock(&workers->lock);
}

/* NULL: the end. */
static struct exchange *take(struct workers *workers, struct worker *w)
{
	struct worker *other = NULL;
	struct exchange *x;

	pthread_mutex_lock(&workers->lock);
	if (w->unrung >= RING || !workers->first || !workers->first->is_quick)
		ring(workers, w);
	while (!workers->first && !workers->is_stopping)
		sleep_until_woken(workers, w);
	x = workers->first;
	if (x) {
		workers->first = x->next_job;
		if (!workers->first)
			workers->last = NULL;
		workers->quick += x->is_quick;
		other = choose(workers);
	}
	pthread_mutex_unlock(&workers->lock);
	wake(other);
	return x;
}

void workers_may_wait(struct workers *workers)
{
	struct worker *other;

	pthread_mutex_lock(&workers->lock);
	workers->quick--;
	other = choose(workers);
	pthread_mutex_unlock(&workers->lock);
	wake(other);
	mailbox_ring(&workers->edge->mailbox);
}

static void run(struct workers *workers, struct worker *w, struct exchange *x,
		struct route_context *context)
{
	if (!exchange_run(x, context)) /* it has told the loop itself */
		return;
	w->unrung++;
	pthread_mutex_lock(&workers->lock);
	workers->quick--;
	pthread_mutex_unlock(&workers->lock);
}

static void report(struct workers *workers, bool good)
{
	pthread_mutex_lock(&workers->lock);
	if (good)
		workers->ready++;
	else
		workers->failed++;
	pthread_cond_broadcast(&workers->reported);
	pthread_mutex_unlock(&workers->lock);
}

static void *work(void *argument)
{
	struct worker *w = argument;
	struct workers *workers = w->all;
	const struct edge_options *options = &workers->edge->options;
	struct route_context *context = NULL;
	bool good = true;

	if (options->worker_new) {
		context = options->worker_new(options->shared);
		good = context != NULL;
	}
	report(workers, good);
	for (struct exchange *x = good ? take(workers, w) : NULL; x; x = take(workers, w))
		run(workers, w, x, context);
	if (good && options->worker_free)
		options->worker_free(context);
	return NULL;
}

/* Signals are the business of the thread that called edge_run(). */
static bool start_thread(struct workers *workers)
{
	struct worker *w = &workers->workers[workers->started];
	sigset_t all, before;
	int failed;

	w->all = workers;
	pthread_cond_init(&w->woken, NULL);

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&w->thread, NULL, work, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	workers->started += !failed;
	return !failed;
}

enum err workers_start(struct workers **out, struct edge_shared *edge)
{
	unsigned wanted = edge->options.workers;
	struct workers *workers = calloc(1, sizeof *workers + wanted * sizeof(struct worker));

	assert(workers);
	workers->edge = edge;
	edge->workers = workers;
	pthread_mutex_init(&workers->lock, NULL);
	pthread_cond_init(&workers->reported, NULL);
	while (workers->started < wanted && start_thread(workers))
		;
	pthread_mutex_lock(&workers->lock);
	while (workers->ready + workers->failed < workers->started)
		pthread_cond_wait(&workers->reported, &workers->lock);
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
	const struct edge_options *options = &workers->edge->options;

	x->queued_ms = clock_monotonic_ms();
	x->is_quick = !x->is_done_job && options->is_quick && options->is_quick(x->match.route);
	x->next_job = NULL;
	pthread_mutex_lock(&workers->lock);
	if (workers->last)
		workers->last->next_job = x;
	else
		workers->first = x;
	workers->last = x;
	pthread_mutex_unlock(&workers->lock);
	if (++workers->unkicked >= KICK || !x->is_quick)
		workers_kick(workers);
}

void workers_kick(struct workers *workers)
{
	struct worker *w;

	if (!workers->unkicked)
		return;
	workers->unkicked = 0;
	pthread_mutex_lock(&workers->lock);
	w = choose(workers);
	pthread_mutex_unlock(&workers->lock);
	wake(w);
}

/* Everybody who sleeps. */
static void wake_all(struct workers *workers)
{
	pthread_mutex_lock(&workers->lock);
	workers->is_stopping = true;
	for (struct worker *w; (w = workers->idle) != NULL;) {
		workers->idle = w->next_idle;
		workers->waking++;
		w->is_idle = false;
		pthread_cond_signal(&w->woken);
	}
	pthread_mutex_unlock(&workers->lock);
}

void workers_stop(struct workers *workers)
{
	if (!workers)
		return;
	wake_all(workers);
	for (unsigned i = 0; i < workers->started; i++) {
		pthread_join(workers->workers[i].thread, NULL);
		pthread_cond_destroy(&workers->workers[i].woken);
	}
	pthread_cond_destroy(&workers->reported);
	pthread_mutex_destroy(&workers->lock);
	free(workers);
}

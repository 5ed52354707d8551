/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/model/loader.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "inference/model/region.h"

enum { FIRST_STRETCHES = 256 };

/* Some rows of a matrix, or a vector (or table) whole. */
struct stretch {
	struct place_matrix matrix;
	float *floats; /* NULL: a matrix */
	size_t first, last;
};

struct loader {
	struct stretch *list;
	size_t count, room;
};

/* What a thread of a run met first. */
struct trouble {
	enum err kind;
	size_t stretch;
	char why[FAILURE_MAX_TEXT];
};

struct run {
	const struct loader *loader;
	const struct loader_options *options;
	struct region rooms;
	atomic_size_t next;
	atomic_size_t failed; /* the first stretch that did; those before it are gone on with */
	struct trouble troubles[POOL_MAX_THREADS];
};

struct loader *loader_new(void)
{
	struct loader *l = calloc(1, sizeof *l);

	assert(l);
	return l;
}

void loader_free(struct loader *l)
{
	if (!l)
		return;
	free(l->list);
	free(l);
}

static void add(struct loader *l, const struct stretch *s)
{
	if (l->count == l->room) {
		l->room = l->room ? 2 * l->room : FIRST_STRETCHES;
		l->list = reallocarray(l->list, l->room, sizeof *l->list);
		assert(l->list);
	}
	l->list[l->count++] = *s;
}

void loader_add_matrix(struct loader *l, const struct place_matrix *m)
{
	size_t rows = (size_t)m->tensor->shape[0], step = place_stretch(m->tensor);

	for (size_t i = 0; i < rows; i += step)
		add(l, &(struct stretch){.matrix = *m,
					 .first = i,
					 .last = rows - i < step ? rows : i + step});
}

void loader_add_floats(struct loader *l, const struct tensor *t, enum family_layout layout,
		       float *out)
{
	add(l, &(struct stretch){.matrix = {.tensor = t, .layout = layout}, .floats = out});
}

size_t loader_beside(size_t room, unsigned threads)
{
	return region_round(room) * threads;
}

static enum err load(const struct run *r, unsigned worker, const struct stretch *s)
{
	size_t room = region_round(r->options->room);
	const struct placing placing = {r->options->weights, r->options->config,
					(char *)r->rooms.start + worker * room, room};

	if (s->floats)
		return place_floats(&placing, s->matrix.tensor, s->matrix.layout, s->floats);
	return place_rows(&placing, &s->matrix, s->first, s->last);
}

static void note_trouble(struct run *r, unsigned worker, enum err kind, size_t stretch)
{
	struct trouble *t = &r->troubles[worker];
	size_t before = atomic_load(&r->failed);

	*t = (struct trouble){.kind = kind, .stretch = stretch};
	snprintf(t->why, sizeof t->why, "%s", failure_text());
	while (stretch < before && !atomic_compare_exchange_weak(&r->failed, &before, stretch))
		;
}

static bool is_over(const struct run *r)
{
	size_t next = atomic_load(&r->next);

	return next >= r->loader->count || next >= atomic_load(&r->failed);
}

static bool has_core(const struct run *r, unsigned worker)
{
	unsigned lent = r->options->lent ? atomic_load(r->options->lent) : 0;

	return worker == 0 || lent == 0 || worker < lent;
}

/* The caller is never without one: somebody must go on. */
static void await_core(const struct run *r, unsigned worker)
{
	const struct timespec pause = {.tv_nsec = 1000 * 1000};

	while (!has_core(r, worker) && !is_over(r))
		nanosleep(&pause, NULL);
}

/* Stretches are taken in their order: when one has failed, those before it are under way. */
static void load_some(void *context, unsigned worker, size_t first, size_t last)
{
	struct run *r = context;

	(void)first;
	(void)last;
	for (;;) {
		enum err result;
		size_t i;

		await_core(r, worker);
		i = atomic_fetch_add(&r->next, 1);
		if (i >= r->loader->count || i >= atomic_load(&r->failed))
			return;
		result = load(r, worker, &r->loader->list[i]);
		if (result != OK) {
			note_trouble(r, worker, result, i);
			return;
		}
	}
}

static enum err result_of(const struct run *r)
{
	const struct trouble *first = NULL;

	for (unsigned i = 0; i < POOL_MAX_THREADS; i++)
		if (r->troubles[i].kind != OK &&
		    (!first || r->troubles[i].stretch < first->stretch))
			first = &r->troubles[i];
	return first ? failure(first->kind, "%s", first->why) : OK;
}

static enum err run(struct run *r)
{
	const struct loader_options *o = r->options;
	bool is_alone = !o->pool || !weights_are_shared(o->weights);
	unsigned threads = is_alone ? 1 : pool_threads(o->pool);
	AUTO(region_close) struct region rooms = {0};

	TRY(region_open(&rooms, loader_beside(o->room, threads), o->strict));
	r->rooms = rooms;
	atomic_init(&r->failed, SIZE_MAX);
	if (is_alone)
		load_some(r, 0, 0, 1);
	else
		pool_run(o->pool, threads, load_some, r);
	return result_of(r);
}

enum err loader_run(struct loader *l, const struct loader_options *options)
{
	struct run *r = calloc(1, sizeof *r);
	enum err result;

	assert(r);
	r->loader = l;
	r->options = options;
	result = run(r);
	free(r);
	return result;
}

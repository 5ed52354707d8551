/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/keep.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

enum { WAYS = 4 };

struct entry {
	const struct keep_kind *kind; /* NULL: the place is free */
	struct slice key;             /* in the arena */
	void *thing;                  /* in the arena */
	struct keep_stamp stamp;
	uint64_t used; /* the tick of its last use */
	size_t bytes;
	struct arena arena;
};

struct keep {
	pthread_mutex_t lock;
	struct keep_limits limits;
	uint64_t tick;
	size_t hand; /* where making room goes on */
	struct keep_usage usage;
	struct entry entries[];
};

struct keep *keep_new(const struct keep_limits *limits)
{
	struct keep *k = calloc(1, sizeof *k + limits->entries * sizeof k->entries[0]);

	assert(k && limits->entries >= WAYS && (limits->entries & (limits->entries - 1)) == 0);
	k->limits = *limits;
	pthread_mutex_init(&k->lock, NULL);
	return k;
}

static void forget(struct keep *k, struct entry *e)
{
	if (!e->kind)
		return;
	arena_free(&e->arena);
	k->usage.bytes -= e->bytes;
	k->usage.entries--;
	*e = (struct entry){.kind = NULL};
}

void keep_free(struct keep *k)
{
	if (!k)
		return;
	for (size_t i = 0; i < k->limits.entries; i++)
		forget(k, &k->entries[i]);
	pthread_mutex_destroy(&k->lock);
	free(k);
}

/* FNV-1a. Whoever makes keys collide on purpose only has four of them remembered instead of all. */
static size_t place_of(const struct keep *k, const struct keep_kind *kind, struct slice key)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (const char *p = kind->name; *p; p++)
		hash = (hash ^ (uint8_t)*p) * 0x100000001b3;
	for (size_t i = 0; i < key.size; i++)
		hash = (hash ^ key.data[i]) * 0x100000001b3;
	hash ^= hash >> 32;
	return (size_t)hash & (k->limits.entries - 1) & ~(size_t)(WAYS - 1);
}

static bool stamp_equal(struct keep_stamp x, struct keep_stamp y)
{
	return x.a == y.a && x.b == y.b;
}

static struct entry *find(struct keep *k, const struct keep_kind *kind, struct slice key)
{
	struct entry *set = &k->entries[place_of(k, kind, key)];

	for (struct entry *e = set; e < set + WAYS; e++)
		if (e->kind == kind && slice_equal(e->key, key))
			return e;
	return NULL;
}

/* The place of this key; else a free one; else the one used least lately. */
static struct entry *choose(struct keep *k, const struct keep_kind *kind, struct slice key)
{
	struct entry *set = &k->entries[place_of(k, kind, key)], *best = find(k, kind, key);

	if (best)
		return best;
	best = set;
	for (struct entry *e = set; e < set + WAYS; e++)
		if (e->used < best->used) /* a free one was never used */
			best = e;
	return best;
}

/* Once around at most: nothing is larger than all of the room. */
static void make_room(struct keep *k, size_t bytes)
{
	for (size_t i = 0; i < k->limits.entries && k->usage.bytes + bytes > k->limits.bytes; i++)
		forget(k, &k->entries[k->hand++ & (k->limits.entries - 1)]);
}

/* Thing and key in an arena of just their size. */
static struct entry entry_new(const struct keep_kind *kind, struct slice key,
			      struct keep_stamp stamp, const void *thing, size_t size)
{
	struct entry e = {.kind = kind, .stamp = stamp, .bytes = size};

	arena_begin(&e.arena, size);
	e.key = arena_copy(&e.arena, key);
	e.thing = arena_alloc(&e.arena, kind->size);
	kind->copy(&e.arena, e.thing, thing);
	return e;
}

/* What it will take: copied once only to be measured. */
static size_t measure(const struct keep_kind *kind, struct slice key, const void *thing)
{
	AUTO(arena_free) struct arena arena = {0};

	arena_copy(&arena, key);
	kind->copy(&arena, arena_alloc(&arena, kind->size), thing);
	return arena_used(&arena);
}

void keep_put(struct keep *k, const struct keep_kind *kind, struct slice key,
	      struct keep_stamp stamp, const void *thing)
{
	size_t size;
	struct entry fresh, *place;

	if (key.size > KEEP_MAX_KEY)
		return;
	size = measure(kind, key, thing);
	if (size > k->limits.entry_bytes || size > k->limits.bytes)
		return;
	fresh = entry_new(kind, key, stamp, thing, size);
	pthread_mutex_lock(&k->lock);
	place = choose(k, kind, key);
	forget(k, place);
	make_room(k, size);
	fresh.used = ++k->tick;
	*place = fresh;
	k->usage.entries++;
	k->usage.bytes += size;
	pthread_mutex_unlock(&k->lock);
}

bool keep_get(struct keep *k, struct arena *arena, void *out, const struct keep_kind *kind,
	      struct slice key, struct keep_stamp stamp)
{
	struct entry *e = NULL;

	if (key.size > KEEP_MAX_KEY)
		return false;
	pthread_mutex_lock(&k->lock);
	e = find(k, kind, key);
	if (e && !stamp_equal(e->stamp, stamp))
		e = NULL;
	if (e) {
		e->used = ++k->tick;
		kind->copy(arena, out, e->thing);
	}
	k->usage.found += e != NULL;
	k->usage.missed += e == NULL;
	pthread_mutex_unlock(&k->lock);
	return e != NULL;
}

struct keep_usage keep_usage_of(struct keep *k)
{
	struct keep_usage usage;

	pthread_mutex_lock(&k->lock);
	usage = k->usage;
	pthread_mutex_unlock(&k->lock);
	return usage;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/edge/pool.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct slot {
	struct feed *feed; /* NULL: free, or being filled for a feed that has ended */
	bool is_filling;
};

struct pool {
	uint32_t count;
	uint32_t free_count;
	uint32_t *free; /* a stack: the one used last is warm */
	struct slot *slots;
	struct feed *feeds;
	struct feed *idlest, *busiest; /* of those that hold something */
	struct feed *first_waiting, *last_waiting;
};

struct pool *pool_new(uint32_t segments)
{
	struct pool *p = calloc(1, sizeof *p);

	assert(p);
	p->count = p->free_count = segments;
	p->free = calloc(segments, sizeof *p->free);
	p->slots = calloc(segments, sizeof *p->slots);
	assert(p->free && p->slots);
	for (uint32_t i = 0; i < segments; i++)
		p->free[i] = segments - 1 - i;
	return p;
}

void pool_free(struct pool *p)
{
	if (!p)
		return;
	assert(!p->feeds);
	free(p->free);
	free(p->slots);
	free(p);
}

uint32_t pool_free_count(const struct pool *p)
{
	return p->free_count;
}

struct feed *pool_first_feed(struct pool *p)
{
	return p->feeds;
}

bool pool_is_waited_for(const struct pool *p)
{
	return p->first_waiting != NULL;
}

static void put_free(struct pool *p, uint32_t segment)
{
	p->slots[segment] = (struct slot){.feed = NULL};
	p->free[p->free_count++] = segment;
}

static void stop_holding(struct feed *f)
{
	struct pool *p = f->pool;

	if (!f->is_holding)
		return;
	f->is_holding = false;
	if (f->held_before)
		f->held_before->held_after = f->held_after;
	else
		p->idlest = f->held_after;
	if (f->held_after)
		f->held_after->held_before = f->held_before;
	else
		p->busiest = f->held_before;
}

/* It just got or used something: from now on it is the busiest; if there is anything to hold. */
static void refresh(struct feed *f, int64_t now_ms)
{
	struct pool *p = f->pool;

	stop_holding(f);
	f->used_ms = now_ms;
	if (f->count == 0 || !f->segments[0].is_ready)
		return;
	f->is_holding = true;
	f->held_before = p->busiest;
	f->held_after = NULL;
	if (p->busiest)
		p->busiest->held_after = f;
	else
		p->idlest = f;
	p->busiest = f;
}

static void wait_in_line(struct feed *f)
{
	struct pool *p = f->pool;

	if (f->is_waiting)
		return;
	f->is_waiting = true;
	f->next_waiting = NULL;
	if (p->last_waiting)
		p->last_waiting->next_waiting = f;
	else
		p->first_waiting = f;
	p->last_waiting = f;
}

static void leave_line(struct feed *f)
{
	struct pool *p = f->pool;
	struct feed **link = &p->first_waiting, *before = NULL;

	if (!f->is_waiting)
		return;
	f->is_waiting = false;
	while (*link != f) {
		before = *link;
		link = &before->next_waiting;
	}
	*link = f->next_waiting;
	if (p->last_waiting == f)
		p->last_waiting = before;
}

void feed_begin(struct feed *f, struct pool *p, uint64_t transfer, uint64_t offset, uint64_t length,
		void *owner)
{
	*f = (struct feed){.pool = p,
			   .owner = owner,
			   .transfer = transfer,
			   .at = offset,
			   .next = offset,
			   .end = offset + length,
			   .following = p->feeds};
	if (p->feeds)
		p->feeds->previous = f;
	p->feeds = f;
}

/* A segment that is being filled comes back with its answer. */
static void give_back(struct pool *p, uint32_t segment)
{
	if (p->slots[segment].is_filling)
		p->slots[segment].feed = NULL;
	else
		put_free(p, segment);
}

void feed_end(struct feed *f)
{
	struct pool *p = f->pool;

	if (!p)
		return;
	leave_line(f);
	stop_holding(f);
	for (unsigned i = 0; i < f->count; i++)
		give_back(p, f->segments[i].index);
	f->count = 0;
	if (f->following)
		f->following->previous = f->previous;
	if (f->previous)
		f->previous->following = f->following;
	else
		p->feeds = f->following;
	f->pool = NULL;
}

/* The last segment of a feed, unless it is being filled: what is before it stays in order. */
static bool rob(struct feed *f)
{
	const struct feed_segment *last = &f->segments[f->count - 1];

	if (!last->is_ready)
		return false;
	f->next = last->offset > f->at ? last->offset : f->at;
	put_free(f->pool, last->index);
	f->count--;
	if (f->count == 0)
		stop_holding(f);
	return true;
}

/* From the feed that has used nothing for the longest time. */
static bool steal(struct pool *p, int64_t now_ms)
{
	for (struct feed *f = p->idlest; f && now_ms - f->used_ms >= POOL_PATIENCE_MS;
	     f = f->held_after)
		if (rob(f))
			return true;
	return false;
}

/* Free segments to a feed that wants to read ahead: a share, so that others find some, too. */
static unsigned share(const struct pool *p)
{
	uint32_t some = p->first_waiting ? 1 : p->free_count / 4;

	return some < 1 ? 1 : some < FEED_AHEAD ? some : FEED_AHEAD;
}

/* To the end of a chunk, so that from there on all fills are whole chunks. When segments are few,
 * one chunk: it is encrypted at once, and the segment is free again. */
static uint32_t fill_length(const struct feed *f)
{
	uint64_t most = f->pool->free_count < f->pool->count / 4 ? POOL_CHUNK : POOL_SEGMENT;
	uint64_t end = f->next - f->next % POOL_CHUNK + most;

	return (uint32_t)((end < f->end ? end : f->end) - f->next);
}

static void fill(struct feed *f, struct pool_fill *out)
{
	struct pool *p = f->pool;
	uint32_t segment = p->free[--p->free_count];

	*out = (struct pool_fill){.transfer = f->transfer,
				  .offset = f->next,
				  .segment = segment,
				  .length = fill_length(f)};
	p->slots[segment] = (struct slot){.feed = f, .is_filling = true};
	f->segments[f->count++] = (struct feed_segment){
		.index = segment, .size = out->length, .offset = f->next};
	f->next += out->length;
}

bool feed_ask(struct feed *f, struct pool_fill *out, int64_t now_ms)
{
	struct pool *p = f->pool;
	unsigned most = share(p);

	if (f->count <= most / 2)
		f->is_full = false;
	else if (f->count >= most)
		f->is_full = true;
	if (f->next == f->end || f->has_failed || f->is_waiting || f->is_full)
		return false;
	if (p->first_waiting || (p->free_count == 0 && !steal(p, now_ms))) {
		wait_in_line(f);
		return false;
	}
	fill(f, out);
	return true;
}

bool pool_serve(struct pool *p, struct pool_fill *out, int64_t now_ms)
{
	struct feed *f = p->first_waiting;

	if (!f || (p->free_count == 0 && !steal(p, now_ms)))
		return false;
	leave_line(f);
	fill(f, out);
	return true;
}

bool pool_filled(struct pool *p, struct feed **out, uint32_t segment, bool is_good, int64_t now_ms)
{
	struct feed *f;
	unsigned i = 0;

	if (segment >= p->count || !p->slots[segment].is_filling)
		return false;
	*out = f = p->slots[segment].feed;
	p->slots[segment].is_filling = false;
	if (!f) {
		put_free(p, segment);
		return true;
	}
	while (f->segments[i].index != segment)
		i++;
	f->segments[i].is_ready = true;
	f->has_failed = f->has_failed || !is_good;
	refresh(f, now_ms);
	return true;
}

size_t feed_ready(const struct feed *f, size_t *position)
{
	const struct feed_segment *first = &f->segments[0];

	if (f->count == 0 || !first->is_ready || f->has_failed)
		return 0;
	*position = (size_t)first->index * POOL_SEGMENT + (size_t)(f->at - first->offset);
	return (size_t)(first->offset + first->size - f->at);
}

void feed_take(struct feed *f, size_t size, int64_t now_ms)
{
	struct feed_segment *first = &f->segments[0];

	assert(f->count && first->is_ready && size <= first->offset + first->size - f->at);
	f->at += size;
	if (f->at == first->offset + first->size) {
		put_free(f->pool, first->index);
		f->count--;
		memmove(first, first + 1, f->count * sizeof *first);
	}
	refresh(f, now_ms);
}

uint64_t feed_left(const struct feed *f)
{
	return f->end - f->at;
}

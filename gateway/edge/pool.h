/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.h - who has which segment of a ring's memory. A feed is an answer that is fed from it: it
 * asks for segments ahead of what it gives out, and gives each back when it is used up. When there
 * is no free one, a feed that has none waits its turn, or takes one from the feed that has used
 * nothing for the longest time: its client does not read, and what it loses is filled again later.
 * Pure: no sockets, and time is an argument.
 *
 *     FREE --feed_ask--> FILLING --pool_filled--> READY --feed_take, stolen, feed_end--> FREE
 */
#ifndef GATEWAY_EDGE_POOL_H
#define GATEWAY_EDGE_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	POOL_SEGMENT = 512 * 1024,
	POOL_CHUNK = 64 * 1024, /* fills end at a multiple of it: no chunk is opened twice */
	POOL_PATIENCE_MS = 5,   /* what a feed has is its own for so long */
	FEED_AHEAD = 4,         /* segments of one feed */
};

struct pool;

struct feed_segment {
	uint32_t index;
	uint32_t size;
	uint64_t offset; /* in the file */
	bool is_ready;
};

/* Lives in its owner; only pool.c touches it. */
struct feed {
	struct pool *pool; /* NULL: it has not begun, or has ended */
	void *owner;
	uint64_t transfer;
	uint64_t at;   /* the next byte to give out */
	uint64_t next; /* the next byte to ask for */
	uint64_t end;
	struct feed_segment segments[FEED_AHEAD]; /* in the order of the file */
	unsigned count;
	bool is_full;    /* has all it may: asks again when half of that is used */
	bool has_failed; /* what it needs could not be filled */
	bool is_waiting;
	bool is_holding;                       /* has something to lose */
	int64_t used_ms;                       /* when it last gave something out */
	struct feed *previous, *following;     /* all feeds of the pool */
	struct feed *held_before, *held_after; /* those that are holding, the longest idle first */
	struct feed *next_waiting;
};

/* What to ask of the porter. */
struct pool_fill {
	uint64_t transfer;
	uint64_t offset;
	uint32_t segment;
	uint32_t length;
};

struct pool *pool_new(uint32_t segments);
void pool_free(struct pool *p); /* no feed may be left; NULL is fine */
uint32_t pool_free_count(const struct pool *p);
struct feed *pool_first_feed(struct pool *p); /* any of those that have begun; NULL: none has */

void feed_begin(struct feed *f, struct pool *p, uint64_t transfer, uint64_t offset, uint64_t length,
		void *owner);
void feed_end(struct feed *f); /* gives all back; one that did not begin is fine */

/* The next segment for it. False: it has enough for now, there is no more of the file, or it waits
 * for its turn. */
bool feed_ask(struct feed *f, struct pool_fill *out, int64_t now_ms);

/* The next segment for the feed that waits longest. False: none waits, or there is none for it. */
bool pool_serve(struct pool *p, struct pool_fill *out, int64_t now_ms);
bool pool_is_waited_for(const struct pool *p);

/* The answer to a fill. *out: the feed it is for; NULL if that has ended meanwhile. False: there
 * was no such fill. */
bool pool_filled(struct pool *p, struct feed **out, uint32_t segment, bool is_good, int64_t now_ms);

/* What can be given out now: where in the pool's memory, and how much. 0: nothing yet. */
size_t feed_ready(const struct feed *f, size_t *position);
void feed_take(struct feed *f, size_t size, int64_t now_ms); /* at most what is ready */
uint64_t feed_left(const struct feed *f);                    /* of the file, not yet taken */

#endif

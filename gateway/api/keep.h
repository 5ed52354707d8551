/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keep.h - a bounded memory of things that are dear to find out, for all workers. What is kept is
 * kept under a stamp and found only under the same stamp, so what has become untrue needs no
 * removal: its stamp has passed, and its place is taken by whatever comes next.
 *
 * Things are copied in and out, deep, by a function of the caller's; nothing is shared. A full
 * memory forgets: a key has four places, and of these the one used least lately is given away.
 */
#ifndef GATEWAY_API_KEEP_H
#define GATEWAY_API_KEEP_H

#include "crypto/base/arena.h"
#include "crypto/base/err.h"

struct keep;

struct keep_limits {
	size_t entries;     /* a power of two, at least 4 */
	size_t bytes;       /* of all things and keys together */
	size_t entry_bytes; /* a larger one is not kept */
};

struct keep_stamp {
	uint64_t a, b;
};

/* Copy *from to *to, and what it points at into the arena. */
typedef void keep_copy_fn(struct arena *arena, void *to, const void *from);

/* A kind of thing: its size, and how it is copied. The name stands before the key, so kinds may
 * share a memory. */
struct keep_kind {
	const char *name;
	size_t size;
	keep_copy_fn *copy;
};

enum { KEEP_MAX_KEY = 1024 }; /* longer ones are neither kept nor found */

struct keep *keep_new(const struct keep_limits *limits);
void keep_free(struct keep *k); /* NULL is fine */
AUTO_POINTER(keep)

/* Any thread. */
void keep_put(struct keep *k, const struct keep_kind *kind, struct slice key,
	      struct keep_stamp stamp, const void *thing);
bool keep_get(struct keep *k, struct arena *arena, void *out, const struct keep_kind *kind,
	      struct slice key, struct keep_stamp stamp);

struct keep_usage {
	size_t entries, bytes; /* of any stamp */
	uint64_t found, missed;
};
struct keep_usage keep_usage_of(struct keep *k);

#endif

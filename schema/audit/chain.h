/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chain.h - the member "chain" of a committed payload: which entry of its actor and of its license
 * this is, and where the one before stands.
 *
 *     "chain":{"actor":{"n":7,"prev":41},"license":{"n":1,"prev":null}}
 *
 * Where the one before is a row of a batch, "prev" is [INDEX,ROW].
 *
 * The scribe makes it when it gives the number. It is stored beside the payload, not in it, so that
 * it outlives an erasure; who shows or checks a payload joins the two, which gives the very bytes
 * the leaf commits to.
 */
#ifndef SCHEMA_AUDIT_CHAIN_H
#define SCHEMA_AUDIT_CHAIN_H

#include "crypto/base/buf.h"

enum {
	AUDIT_MAX_CHAIN = 512,
	AUDIT_MAX_JOINED = 96 * 1024, /* a payload with its chain: what the wire takes */
};

/* Of one subject. */
struct audit_link {
	uint64_t number;   /* from 1; 0: the event has no such subject */
	uint64_t previous; /* place of entry number - 1; nothing if this is the first */
};

/* Where an entry stands, in the order of the log: index * 65536, and for a row of the batch that is
 * entry `index`, 1 + its number more. */
enum { AUDIT_PLACES = 65536 };

static inline uint64_t audit_place(uint64_t index)
{
	return index * AUDIT_PLACES;
}

static inline uint64_t audit_place_of_row(uint64_t index, uint32_t row)
{
	return index * AUDIT_PLACES + 1 + row;
}

/* As canonical JSON: INDEX, or [INDEX,ROW]. */
void audit_place_write(struct buf *out, uint64_t place);

struct audit_chain {
	struct audit_link actor, license;
};

/* Canonical JSON; nothing if it has neither. */
void audit_chain_write(struct buf *out, const struct audit_chain *chain);

/* The payload (canonical JSON, an object) with the member "chain" in its place; an empty chain: the
 * payload as it is. ERR_FORMAT: no object, or it has a chain of its own. */
RESULT audit_chain_join(struct buf *out, struct slice payload, struct slice chain);

#endif

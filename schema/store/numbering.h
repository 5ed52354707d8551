/* SPDX-License-Identifier: Apache-2.0 */
/*
 * numbering.h - how committed events get their numbers, many in one transaction:
 *
 *     store_begin; store_log_take; store_log_links; store_log_put; store_commit
 *
 * From the take on, which takes a lock, nobody else numbers. Role sallyport_scribe.
 */
#ifndef SCHEMA_STORE_NUMBERING_H
#define SCHEMA_STORE_NUMBERING_H

#include "schema/store/audit.h"

/* An event that waits in the outbox. */
struct store_waiting {
	int64_t place; /* in the outbox */
	uint8_t event[STORE_ID];
	int64_t at_ms;
	struct slice kind;
	uint8_t actor[STORE_ID];   /* may be none */
	uint8_t license[STORE_ID]; /* may be none */
	uint8_t nonce[STORE_NONCE];
	struct slice payload;
};

/* The oldest, at most `limit` of them with `max_bytes` of payloads (but at least one); *size: the
 * leaves in the tree so far. */
RESULT store_log_take(struct store *s, struct arena *arena, struct store_waiting **out,
		      size_t *count, uint64_t *size, size_t limit, size_t max_bytes);

/* How many entries a subject has, and the last one's index. */
struct store_link {
	bool is_license; /* else an actor */
	uint8_t id[STORE_ID];
	uint64_t entries, last;
};

/* Fill in entries and last of those that have any; the others keep what they have. */
RESULT store_log_links(struct store *s, struct store_link *links, size_t count);

struct store_numbered {
	const struct store_waiting *event;
	struct slice leaf;
	uint8_t leaf_hash[32];
	struct slice chain; /* may be empty */
};

/* Leaves from number `first` on, and what the links are now; the events leave the outbox. */
RESULT store_log_put(struct store *s, uint64_t first, const struct store_numbered *numbered,
		     size_t count, const struct store_link *links, size_t link_count);

#endif

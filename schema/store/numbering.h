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
	int64_t place; /* in the outbox; 0: it does not stand there */
	uint8_t event[STORE_ID];
	int64_t at_ms;
	struct slice kind;
	uint8_t actor[STORE_ID];   /* may be none */
	uint8_t license[STORE_ID]; /* may be none */
	uint8_t nonce[STORE_NONCE];
	struct slice payload;
};

struct store_log_limits {
	size_t others, usage; /* events of single calls, and all others */
	size_t max_bytes;     /* of payloads, of each of the two; one event is always taken */
};

struct store_taken {
	uint64_t size; /* leaves in the tree so far */
	struct store_waiting *others, *usage;
	size_t other_count, usage_count;
};

/* The oldest of each. */
RESULT store_log_take(struct store *s, struct arena *arena, struct store_taken *out,
		      const struct store_log_limits *limits);

/* How many entries a subject has, and the last one's place (schema/audit/chain.h). */
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

struct store_numbers {
	uint64_t first;
	const struct store_numbered *entries; /* from number `first` on */
	size_t count;
	const struct store_numbered *rows; /* of the last of these; none: it is no batch */
	size_t row_count;
	const struct store_link *links; /* as they are now */
	size_t link_count;
};

/* Entries, rows and links; the events leave the outbox. A batch's event is written with it. */
RESULT store_log_put(struct store *s, const struct store_numbers *numbers);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * restore.h - what of a lost leaf is still in the database: its event, the rows of a batch, the
 * place of the entry before. And putting the leaf back. Role sallyport_scribe.
 */
#ifndef SCHEMA_STORE_RESTORE_H
#define SCHEMA_STORE_RESTORE_H

#include "schema/store/numbering.h"

/* What the database has of an entry whose leaf is known from elsewhere. */
struct store_remains {
	struct store_waiting event; /* payload empty: it was erased */
	bool is_there;              /* the event is */
	bool has_leaf;              /* nothing is missing */
};

/* Of entries [first, first + count), whose events are these; in their order. */
RESULT store_restore_remains(struct store *s, struct arena *arena, struct store_remains *out,
			     uint8_t (*events)[STORE_ID], size_t count, uint64_t first);

/* The first number in [from, to) that has no leaf. ERR_NOT_FOUND: each has one. */
RESULT store_restore_gap(struct store *s, uint64_t *number, uint64_t from, uint64_t to);

/* Actor and license of the rows of batch `number`, in their order; and their leaves' hashes. */
struct store_restore_row {
	uint8_t actor[STORE_ID], license[STORE_ID];
	uint8_t leaf_hash[32];
};
RESULT store_restore_rows(struct store *s, struct arena *arena, struct store_restore_row **out,
			  size_t *count, uint64_t number);

/* As they were before that place: counted, however long that takes; in a transaction of its own.
 * All of one kind. */
RESULT store_restore_counts(struct store *s, struct store_link *links, size_t count,
			    uint64_t place);

/* Inside of a transaction: leaves with their numbers, links that are not behind, nothing of it
 * waits in the outbox any more. */
RESULT store_restore_put(struct store *s, const struct store_numbered *entries,
			 const uint64_t *numbers, size_t count, const struct store_link *links,
			 size_t link_count);

/* Are there leaves, and no links at all? Then count them anew. */
RESULT store_restore_links(struct store *s);

/* The one event that says so (log.rebuilt); inside of the transaction. */
RESULT store_restore_event(struct store *s, const struct store_event *event);

#endif

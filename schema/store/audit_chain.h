/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit_chain.h - all entries of one actor or of one license, in the order of the tree, for whoever
 * wants to know that none is left out. Found by audit_entry (audit_search.h takes in what is new).
 * Role sallyport_auditor.
 */
#ifndef SCHEMA_STORE_AUDIT_CHAIN_H
#define SCHEMA_STORE_AUDIT_CHAIN_H

#include "schema/store/audit_search.h"

struct store_audit_subject {
	bool is_license; /* else an actor */
	uint8_t id[STORE_ID];
};

/* Of the first `size` entries of the tree: how many there are, and the place of the last one. */
struct store_audit_head {
	uint64_t count;
	uint64_t last; /* if there are any; a place (schema/audit/chain.h) */
};

RESULT store_audit_head(struct store *s, struct store_audit_head *out,
			const struct store_audit_subject *subject, uint64_t size);

/* The newest published checkpoint of at most `size` entries. ERR_NOT_FOUND. */
RESULT store_audit_checkpoint(struct store *s, struct arena *arena, struct slice *note,
			      uint64_t *out, uint64_t size);

struct store_chained {
	int64_t place;
	struct slice chain;
	struct store_event event; /* id, index, row, leaf, payload, nonce, and how it was erased */
	uint8_t erased_by[STORE_ID]; /* the event that says so */
};

/* The next ones behind a place (-1: from the first), of the first `size` entries; `limit` is 1 to
 * STORE_AUDIT_MAX_EXPORT. */
RESULT store_audit_chained(struct store *s, struct arena *arena, struct store_chained **out,
			   size_t *count, const struct store_audit_subject *subject, int64_t behind,
			   uint64_t size, unsigned limit);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - the scribe's side of the log: the leaves, the checkpoints. How events become leaves is
 * numbering.h. Role sallyport_scribe.
 */
#ifndef SCHEMA_STORE_LOG_H
#define SCHEMA_STORE_LOG_H

#include "schema/store/audit.h"

enum { STORE_LOG_BATCH = 256, STORE_LOG_OVERHEAD = 80 };

struct store_leaf {
	uint64_t index;
	uint8_t event[STORE_ID];
	struct slice leaf;
	uint8_t leaf_hash[32];
	uint8_t nonce[STORE_NONCE]; /* nonce and payload: store_log_entries only */
	struct slice payload;       /* with its chain */
};

struct store_checkpoint {
	uint64_t size;
	uint8_t root[32];
	struct slice note;
};

RESULT store_log_size(struct store *s, uint64_t *size);

/* Leaves [first, first + count) with what the keeper needs, at most STORE_LOG_BATCH, as many as
 * there are, and no more than `max_bytes` of leaves and payloads together (but at least one). */
RESULT store_log_entries(struct store *s, struct arena *arena, struct store_leaf **out,
			 size_t *count, uint64_t first, size_t limit, size_t max_bytes);

/* Leaves and their hashes only. */
RESULT store_log_leaves(struct store *s, struct arena *arena, struct store_leaf **out,
			size_t *count, uint64_t first, size_t limit);

/* Inserting the same checkpoint again is fine; another one of the same size is ERR_CONFLICT. */
RESULT store_log_checkpoint_add(struct store *s, const struct store_checkpoint *checkpoint);

/* The newest. ERR_NOT_FOUND: none yet. */
RESULT store_log_checkpoint_last(struct store *s, struct arena *arena,
				 struct store_checkpoint *out);

/* Index of an event, if numbered. ERR_NOT_FOUND: not yet. */
RESULT store_log_index(struct store *s, uint64_t *index, const uint8_t event[STORE_ID]);

RESULT store_log_set_read_only(struct store *s, struct slice reason);
RESULT store_log_set_writable(struct store *s);

/* Of the disk of the log's files: why nothing should need an entry now; empty: nothing is wrong. */
RESULT store_log_set_full(struct store *s, struct slice why);

/* Lifts the halt that witnesses have caused (witness.h): an operator's act. */
RESULT store_log_resume(struct store *s);

#endif

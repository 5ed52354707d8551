/* SPDX-License-Identifier: Apache-2.0 */
/*
 * publisher.h - takes what is in the outbox to a published checkpoint, in an order in which a
 * crash at any point loses nothing and doubles nothing:
 *
 *   NUMBER      rows of the outbox get the next numbers in the tree (one transaction)
 *   APPEND      the keeper appends them to its own tree and signs a checkpoint of that
 *   TILES       tiles and entry bundles are written
 *   CHECKPOINT  log/checkpoint is replaced
 *   RECORD      the checkpoint is inserted into audit_checkpoint: now it is published
 *
 * After any failure the next cycle begins by comparing database, keeper and files anew. Leaves that
 * the database has lost are put back from the files (restore.h). If the keeper then still has more
 * than the database, or another tree, the log is read-only until a person has looked: the database
 * was restored from a backup, or tampered with.
 */
#ifndef GATEWAY_SCRIBE_PUBLISHER_H
#define GATEWAY_SCRIBE_PUBLISHER_H

#include "crypto/base/buf.h"
#include "gateway/scribe/numbering.h"
#include "gateway/scribe/room.h"
#include "gateway/scribe/tiles.h"

/* How the keeper is reached: by its channel in the process, by a function in tests. */
struct publisher_keeper {
	enum err (*state)(void *context, uint64_t *size, struct digest *root);
	/* LOG_APPEND of entries from number `first` on, which is the keeper's size; of none: sign
	 * the tree as it is. *note: a checkpoint of *size leaves. */
	enum err (*append)(void *context, uint64_t first, const struct store_leaf *leaves,
			   size_t count, uint64_t *size, struct buf *note);
	void *context;
};

enum publisher_step {
	PUBLISHER_NUMBER,
	PUBLISHER_APPEND,
	PUBLISHER_TILES,
	PUBLISHER_CHECKPOINT,
	PUBLISHER_RECORD,
};

/* Asked before each step; an error ends the cycle there. For crash tests; NULL otherwise. */
typedef enum err publisher_step_fn(void *context, enum publisher_step step);

struct publisher {
	struct store *store;
	struct publisher_keeper keeper;
	struct tiles tiles;
	struct room room;
	struct numbering_pace pace;
	publisher_step_fn *before_step;
	void *before_context;
	bool is_reconciled;
	bool is_read_only;
	uint64_t appended;  /* the keeper's size, once reconciled */
	uint64_t published; /* of the newest recorded checkpoint */
	/* Of the leaves there were at first, of how many is known that none is missing. */
	uint64_t looked_at, look_until;
};

/* Store, keeper and directory are borrowed. */
void publisher_init(struct publisher *p, struct store *s, const struct publisher_keeper *keeper,
		    int directory);

/* One round: at most NUMBERING_BATCH entries. *more: there is work left. ERR_CONFLICT: the log is
 * read-only (and recorded as such). Anything else: try again later. */
RESULT publisher_cycle(struct publisher *p, bool *more);

/* ERR_NOT_FOUND: the event is not published yet. */
RESULT publisher_find(struct publisher *p, const uint8_t event[STORE_ID], uint64_t *index);

/* The keeper is a fresh process, or was away: compare before the next append. */
void publisher_forget(struct publisher *p);

#endif

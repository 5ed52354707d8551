/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lease.h - what edges rely on: the epoch that every change of who may do what moves, the cuts
 * that withdrawals leave, and the leases by which edges confirm them (0009_lease.sql).
 */
#ifndef SCHEMA_STORE_LEASE_H
#define SCHEMA_STORE_LEASE_H

#include "schema/store/store.h"

/* clang-format off */
#define STORE_CUTS(X) \
	X(LICENSE, "license") /* revoked, suspended, closed */ \
	X(MODEL,   "model")   /* disabled or shredded */ \
	X(GATE,    "gate")    /* of a model, narrowed: whoever has no license */ \
	X(PERSON,  "person")  /* suspended */ \
	X(TOKEN,   "token")   /* revoked */ \
	X(REVISION, "revision") /* recalled: subject as of revision_subject of 0017 */ \
	X(ADAPTER, "adapter") /* deleted, or published no longer */
/* clang-format on */

#define STORE_CUT_ENUM(kind, name) STORE_CUT_##kind,
enum store_cut_kind { STORE_CUTS(STORE_CUT_ENUM) STORE_CUT_COUNT };
#undef STORE_CUT_ENUM

struct store_cut {
	enum store_cut_kind kind;
	uint8_t subject[STORE_ID];
};

/* What has happened since `after`. */
struct store_epoch {
	uint64_t epoch;
	struct store_cut *cuts; /* all of epochs after+1 to epoch, and perhaps later ones */
	size_t cut_count;
	bool has_more; /* more than STORE_MAX_ROWS: whatever runs may be cut */
};

/* The epoch and the cuts behind `after`; they are in the arena. */
RESULT store_epoch_read(struct store *s, struct arena *arena, struct store_epoch *out,
			uint64_t after);

/* A lease begins (confirming nothing: epoch 0), is renewed by confirming an epoch, and is given
 * back. Lapsed leases that nobody renewed for an hour are swept by lease_begin.
 * renew: ERR_NOT_FOUND: it was never begun, or swept. */
RESULT store_lease_begin(struct store *s, const uint8_t edge[STORE_ID], int64_t lease_ms);
RESULT store_lease_renew(struct store *s, const uint8_t edge[STORE_ID], uint64_t epoch);
RESULT store_lease_end(struct store *s, const uint8_t edge[STORE_ID]);

struct store_lease {
	uint8_t edge[STORE_ID];
	uint64_t epoch; /* confirmed */
	bool is_live;   /* by the database's clock */
};

/* All leases, live or not, and the epoch now. */
RESULT store_lease_list(struct store *s, struct arena *arena, struct store_lease **out,
			size_t *count, uint64_t *epoch);

/* Be told of changes of the epoch on this connection. Forgotten when the connection is lost. */
RESULT store_epoch_listen(struct store *s);

/* Until the database tells of a change, wake_fd is readable, or time is up. ERR_UNAVAILABLE: the
 * connection is lost. Not inside a transaction. */
RESULT store_epoch_wait(struct store *s, int wake_fd, int timeout_ms);

#endif

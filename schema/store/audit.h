/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit.h - events of the log as rows. Inserting is the edge's, reading is the auditor's (role
 * sallyport_auditor, a connection of its own). Events are built by schema/audit.
 */
#ifndef SCHEMA_STORE_AUDIT_H
#define SCHEMA_STORE_AUDIT_H

#include "schema/store/store.h"

enum { STORE_NONCE = 32, STORE_AUDIT_MAX_PAGE = 200 };

struct store_event {
	uint8_t id[STORE_ID];
	bool is_published;
	uint64_t index; /* in the tree, if published */
	int64_t at_ms;
	struct slice kind;
	uint8_t actor[STORE_ID];
	struct slice actor_name;
	struct slice model;
	uint8_t license[STORE_ID];
	struct slice right;
	bool allow;
	struct slice code;
	struct slice payload; /* canonical JSON; once it has a number, with its chain */
	uint8_t nonce[STORE_NONCE];
	struct slice leaf; /* canonical JSON, by the scribe; empty until it has a number */
	bool is_row;       /* it has no entry of its own: `index` is its batch's */
	uint32_t row;
	bool is_erased;     /* payload and nonce are gone; out only, as what follows */
	uint64_t erased_by; /* the number of the entry that says so; UINT64_MAX: it has none yet */
};

/* The event, and with it its outbox row (by a trigger of the database), in the current
 * transaction (or in one of its own). */
RESULT store_audit_insert(struct store *s, const struct store_event *event);

/* How far an event is, for the edge: *published, and its index if so. */
RESULT store_audit_is_published(struct store *s, bool *published, uint64_t *index,
				const uint8_t id[STORE_ID]);

struct store_audit_state {
	bool read_only;
	bool is_full; /* there is no room on a disk that entries need */
	struct slice reason;
};

/* May the gateway write? The scribe says. */
RESULT store_audit_state(struct store *s, struct arena *arena, struct store_audit_state *out);

/* Auditor: one event, published or not. ERR_NOT_FOUND. */
RESULT store_audit_get(struct store *s, struct arena *arena, struct store_event *out,
		       const uint8_t id[STORE_ID]);

/* Auditor: the model.commit entry that made this revision, published or not. ERR_NOT_FOUND. */
RESULT store_audit_commit(struct store *s, struct arena *arena, struct store_event *out,
			  struct slice model, struct slice revision);

/* Auditor: a decision. */
struct store_decision;
RESULT store_audit_decision(struct store *s, struct arena *arena, struct store_decision *out,
			    const uint8_t id[STORE_ID]);

#endif

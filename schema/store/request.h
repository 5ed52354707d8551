/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.h - access requests and their history. The history (access_request_event) is what
 * happened, in order; the request is what it amounts to. The closed list of steps (submitted ->
 * approved, denied -> appealed, ...) is a constraint of the history.
 */
#ifndef SCHEMA_STORE_REQUEST_H
#define SCHEMA_STORE_REQUEST_H

#include "schema/store/terms.h"

enum { STORE_SIGNATURE = 64 };

struct store_request {
	uint8_t id[STORE_ID];
	uint8_t model[STORE_ID];
	uint8_t person[STORE_ID];
	struct slice model_name;  /* out only */
	struct slice person_name; /* out only */
	struct slice state;
	struct slice intended_use;
	struct slice rights; /* comma-separated */
	bool has_terms;
	uint8_t terms_sha256[STORE_SHA256];
	uint8_t terms_key[STORE_ID]; /* none: not signed */
	uint8_t terms_signature[STORE_SIGNATURE];
	struct slice reason;          /* of the last step; may be empty */
	uint8_t decided_by[STORE_ID]; /* none: nobody yet, or the published criteria */
	struct slice decided_by_name; /* out only */
	int64_t created_ms;
	int64_t changed_ms;
	struct slice uses;             /* comma-separated codes of policy/uses.h */
	uint8_t lead[STORE_ID];        /* none: nobody is named */
	uint8_t institution[STORE_ID]; /* none: none is named */
	uint8_t official[STORE_ID];    /* who has countersigned it */
	int64_t countersigned_ms;
	int64_t round;      /* submissions and appeals so far: votes belong to one */
	int64_t waiting_ms; /* since when a decision is awaited; 0: it is not */
};

/* Insert it as a draft or (state empty) submitted; `detail` is for the history. ERR_CONFLICT: the
 * person has an open request for this model. */
RESULT store_request_create(struct store *s, const struct store_request *request,
			    struct slice detail);

/* Hold it, if it is as it was last changed then, until the transaction ends. ERR_CONFLICT: it was
 * changed since. */
RESULT store_request_hold(struct store *s, const uint8_t id[STORE_ID], int64_t changed_ms);

/* What its owner may change of a draft or a returned one: use, rights, terms, uses, lead,
 * institution. ERR_CONFLICT: it is neither. */
RESULT store_request_save(struct store *s, const struct store_request *request);

/* How the declared uses match (JSON), and the rest that only those who look at one need. */
struct store_request_more {
	struct slice advice; /* empty: none yet */
	struct slice lead_name, institution_name, official_name;
	int64_t reminded_ms, escalated_ms; /* in this round */
	bool has_card;                     /* somebody vouches for the requester */
	int64_t ahead;                     /* of the same model, waiting longer */
};

RESULT store_request_more(struct store *s, struct arena *arena, struct store_request_more *out,
			  const uint8_t id[STORE_ID]);
/* Is a license that it led to in force (or suspended: it may be again)? */
RESULT store_request_is_licensed(struct store *s, bool *out, const uint8_t id[STORE_ID]);
RESULT store_request_advise(struct store *s, const uint8_t id[STORE_ID], struct slice advice);

/* What happened without a change of state: ERR_CONFLICT if it is not in `state` any more. Holds
 * the request until the transaction ends. */
struct store_request_note {
	uint8_t request[STORE_ID];
	struct slice state; /* that the caller saw */
	struct slice act;   /* of the constraint access_request_act */
	struct slice reason;
	struct slice detail;     /* JSON, may be empty */
	uint8_t actor[STORE_ID]; /* none: the gateway */
	int64_t now_ms;
};

RESULT store_request_note(struct store *s, const struct store_request_note *note);

/* In a transaction: nobody else changes it before its end. Gives what it is now. */
RESULT store_request_lock(struct store *s, struct arena *arena, struct store_request *out,
			  const uint8_t id[STORE_ID]);

struct store_transition {
	uint8_t request[STORE_ID];
	struct slice from; /* the state the caller saw; submitted or appealed, ... */
	struct slice to;
	struct slice reason;
	uint8_t actor[STORE_ID]; /* none: the published criteria */
	int64_t now_ms;
	struct slice detail; /* for the history: JSON, may be empty */
};

/*
 * Submitted and appealed begin a round. ERR_NOT_FOUND: no such request. ERR_CONFLICT: it is not in
 * state `from`, the step is not in the list, or too few have voted for it. ERR_DENIED: the actor
 * may not decide it, being in conflict (approved, denied and returned are decisions; they set
 * decided_by).
 */
RESULT store_request_transition(struct store *s, const struct store_transition *transition);

RESULT store_request_get(struct store *s, struct arena *arena, struct store_request *out,
			 const uint8_t id[STORE_ID]);

/* What is looked for, among what the viewer may see: their own, those they are named in or invited
 * to, and by office those of the models it covers. */
struct store_request_question {
	uint8_t viewer[STORE_ID]; /* none: sees all */
	bool by_office;           /* the viewer's offices count */
	bool mine;                /* only where the viewer is the requester */
	bool assigned;            /* only what awaits the viewer's vote */
	struct slice state;       /* empty: any */
	struct slice model;       /* name; empty: any */
	struct slice text;        /* part of the use, or of the requester's or model's name */
	bool by_waiting;          /* longest waiting first; else newest first */
	int64_t after_ms;         /* behind the item of this time and id; 0: begin */
	uint8_t after[STORE_ID];
	size_t limit;
};

RESULT store_request_find(struct store *s, struct arena *arena, struct store_request **out,
			  size_t *count, const struct store_request_question *question);

struct store_request_count {
	struct slice state;
	int64_t count;
};

/* How many there are in each state, of what the question asks for (but for its state and place). */
RESULT store_request_counts(struct store *s, struct arena *arena, struct store_request_count **out,
			    size_t *count, const struct store_request_question *question);

struct store_request_event {
	int64_t at_ms;
	uint8_t actor[STORE_ID];
	struct slice actor_name;
	struct slice act, from, to, reason, detail;
};

RESULT store_request_history(struct store *s, struct arena *arena, struct store_request_event **out,
			     size_t *count, const uint8_t id[STORE_ID]);

#endif

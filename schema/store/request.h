/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.h - access requests and their history. The closed list of steps (submitted ->
 * approved, denied -> appealed, ...) is a constraint of access_request_event.
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
};

/* Insert it as `submitted`. ERR_CONFLICT: the person has an open request for this model. */
RESULT store_request_create(struct store *s, const struct store_request *request);

struct store_transition {
	uint8_t request[STORE_ID];
	struct slice from; /* the state the caller saw; submitted or appealed, ... */
	struct slice to;
	struct slice reason;
	uint8_t actor[STORE_ID]; /* none: the published criteria */
	int64_t now_ms;
};

/*
 * ERR_NOT_FOUND: no such request. ERR_CONFLICT: it is not in state `from`, or the step is not in
 * the list. ERR_DENIED: the actor decides their own request (approved, denied and returned are
 * decisions; they set decided_by).
 */
RESULT store_request_transition(struct store *s, const struct store_transition *transition);

RESULT store_request_get(struct store *s, struct arena *arena, struct store_request *out,
			 const uint8_t id[STORE_ID]);

/* Newest first; `person` none: everybody's; `state` empty: any. */
RESULT store_request_list(struct store *s, struct arena *arena, struct store_request **out,
			  size_t *count, const uint8_t person[STORE_ID], struct slice state);

struct store_request_event {
	int64_t at_ms;
	uint8_t actor[STORE_ID];
	struct slice actor_name;
	struct slice from, to, reason;
};

RESULT store_request_history(struct store *s, struct arena *arena, struct store_request_event **out,
			     size_t *count, const uint8_t id[STORE_ID]);

#endif

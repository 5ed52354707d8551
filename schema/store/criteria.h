/* SPDX-License-Identifier: Apache-2.0 */
/*
 * criteria.h - the published criteria of models: drafted, proposed by one person, made active by
 * another (or staged, to be active from a day on), retired by what follows. And whom they know as
 * blocked.
 */
#ifndef SCHEMA_STORE_CRITERIA_H
#define SCHEMA_STORE_CRITERIA_H

#include "schema/store/terms.h"

struct store_criteria {
	uint8_t model[STORE_ID];
	struct slice model_name; /* out only */
	uint8_t sha256[STORE_SHA256];
	struct slice document; /* canonical JSON */
	struct slice state;    /* draft, proposed, staged, active, retired */
	uint8_t drafted_by[STORE_ID];
	int64_t drafted_ms;
	uint8_t proposed_by[STORE_ID]; /* none: never proposed */
	int64_t proposed_ms;
	uint8_t staged_by[STORE_ID]; /* none: never staged */
	int64_t staged_ms, starts_ms;
	uint8_t activated_by[STORE_ID]; /* none: never active */
	int64_t activated_ms;
	int64_t retired_ms; /* 0: never */
};

/* As a draft; of model, sha256, document, drafted_*. *is_new is false if the model has this version
 * already, whatever its state. */
RESULT store_criteria_draft(struct store *s, bool *is_new, const struct store_criteria *criteria);

/* From draft or retired. ERR_NOT_FOUND; ERR_CONFLICT: it is proposed or active already. */
RESULT store_criteria_propose(struct store *s, const uint8_t model[STORE_ID],
			      const uint8_t sha256[STORE_SHA256], const uint8_t by[STORE_ID],
			      int64_t now_ms);

/* What a step from proposed on needs. */
struct store_criteria_step {
	const uint8_t *model, *sha256, *by;
	int64_t now_ms;
	int64_t starts_ms; /* to stage */
	/* Only if these are the active ones now (STORE_SHA256 bytes; all zero: if there are none);
	 * NULL: whatever is. */
	const uint8_t *replaces;
};

/* Make what is proposed or staged active, and retire what was, in the current transaction.
 * ERR_NOT_FOUND; ERR_CONFLICT: it is neither, or others are active than `replaces` says;
 * ERR_DENIED: by whoever proposed it. */
RESULT store_criteria_activate(struct store *s, const struct store_criteria_step *step);

/* The same from starts_ms on; until then nothing else of the model can be staged (ERR_CONFLICT). */
RESULT store_criteria_stage(struct store *s, const struct store_criteria_step *step);

/* What is staged and due becomes active, as whoever staged it wanted, in the current transaction.
 * ERR_CONFLICT: it is staged no more. */
RESULT store_criteria_start(struct store *s, const struct store_criteria *due, int64_t now_ms);

/* All that are staged and due, of models that are not shredded. */
RESULT store_criteria_due(struct store *s, struct arena *arena, struct store_criteria **out,
			  size_t *count, int64_t now_ms);

/* What is proposed or staged is a draft again. ERR_NOT_FOUND; ERR_CONFLICT: it is neither. */
RESULT store_criteria_withdraw(struct store *s, const uint8_t model[STORE_ID],
			       const uint8_t sha256[STORE_SHA256]);

/* ERR_NOT_FOUND: none is staged. */
RESULT store_criteria_staged(struct store *s, struct arena *arena, struct store_criteria *out,
			     const uint8_t model[STORE_ID]);

/* ERR_NOT_FOUND: the model has no active criteria. */
RESULT store_criteria_active(struct store *s, struct arena *arena, struct store_criteria *out,
			     const uint8_t model[STORE_ID]);
RESULT store_criteria_get(struct store *s, struct arena *arena, struct store_criteria *out,
			  const uint8_t model[STORE_ID], const uint8_t sha256[STORE_SHA256]);

/* All versions of a model (at most 1000), newest draft first, or the active ones of all models that
 * are not hidden, by name (`model` none). */
RESULT store_criteria_list(struct store *s, struct arena *arena, struct store_criteria **out,
			   size_t *count, const uint8_t model[STORE_ID]);

struct store_evaluation {
	uint8_t request[STORE_ID];
	int64_t at_ms;
	uint8_t model[STORE_ID];
	struct slice model_name, person_name; /* out only */
	uint8_t person[STORE_ID];             /* out only */
	struct slice request_state;           /* out only: as it is now */
	uint8_t license[STORE_ID];            /* out only: the newest of the request, or none */
	struct slice license_state;           /* out only: "" if there is none */
	bool has_criteria;
	uint8_t criteria[STORE_SHA256];
	struct slice outcome; /* none, approve, refer, deny */
	struct slice record;  /* JSON */
};

/* Numbered after those that the request has. */
RESULT store_evaluation_add(struct store *s, const struct store_evaluation *evaluation);

/* The newest of a request. ERR_NOT_FOUND. */
RESULT store_evaluation_get(struct store *s, struct arena *arena, struct store_evaluation *out,
			    const uint8_t request[STORE_ID]);

/* The newest of each request for the model, oldest first: at most `limit`, behind that of
 * after_request (none: from the first). */
struct store_evaluation_question {
	uint8_t model[STORE_ID];
	uint8_t after_request[STORE_ID];
	size_t limit;
};
RESULT store_evaluation_page(struct store *s, struct arena *arena, struct store_evaluation **out,
			     size_t *count, const struct store_evaluation_question *question);

struct store_blocked {
	uint8_t id[STORE_ID];
	uint8_t model[STORE_ID]; /* none: all models */
	struct slice model_name; /* out only */
	uint8_t person[STORE_ID];
	struct slice person_name; /* out only */
	struct slice reason;
	uint8_t added_by[STORE_ID];
	int64_t added_ms;
};

/* ERR_CONFLICT: they are blocked there already. ERR_NOT_FOUND: no such person. */
RESULT store_blocked_add(struct store *s, const struct store_blocked *blocked);
/* ERR_NOT_FOUND: not on that model's list now. */
RESULT store_blocked_end(struct store *s, const uint8_t id[STORE_ID], const uint8_t model[STORE_ID],
			 const uint8_t by[STORE_ID], int64_t now_ms);
/* Who is blocked for the model now, those blocked everywhere too, newest first. */
RESULT store_blocked_list(struct store *s, struct arena *arena, struct store_blocked **out,
			  size_t *count, const uint8_t model[STORE_ID]);
RESULT store_blocked_is(struct store *s, bool *out, const uint8_t model[STORE_ID],
			const uint8_t person[STORE_ID]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deliberation.h - what a committee does with a request: who stands how to it, votes, recusals,
 * comments, invited reviewers, delegations. Who may vote is enforced by the trigger of access_vote
 * too, whatever its caller has checked.
 */
#ifndef SCHEMA_STORE_DELIBERATION_H
#define SCHEMA_STORE_DELIBERATION_H

#include "schema/store/request.h"

/* How a person stands to a request. */
struct store_standing {
	struct slice conflicts; /* names of policy/votes.h, comma-separated */
	bool is_accessor, has_accepted;
	bool is_lead;
	bool is_reviewer;
	bool is_official; /* may countersign: of an institution the requester belongs to */
	bool is_named;    /* the committee's list has them, or there is none */
	uint8_t delegated[STORE_ID]; /* the seat they may vote from in another's place; or none */
	bool has_delegation;         /* to them, whether it gives a seat now or not */
	struct slice vote;           /* of this round: approve, deny or empty */
};

RESULT store_standing_get(struct store *s, struct arena *arena, struct store_standing *out,
			  const uint8_t request[STORE_ID], const uint8_t person[STORE_ID]);

/* The names of policy/votes.h, comma-separated: empty, if they may vote. */
RESULT store_conflicts(struct store *s, struct arena *arena, struct slice *out,
		       const uint8_t request[STORE_ID], const uint8_t person[STORE_ID]);

struct store_vote {
	uint8_t request[STORE_ID];
	int64_t round;
	uint8_t seat[STORE_ID];              /* whose vote it is */
	uint8_t person[STORE_ID];            /* who cast it */
	struct slice seat_name, person_name; /* out only */
	struct slice vote;                   /* approve, deny */
	struct slice reason;
	struct slice rights;     /* comma-separated; empty: all that are asked for */
	int64_t days;            /* 0: as usual */
	struct slice conditions; /* JSON; may be empty */
	struct slice approvals;  /* JSON: {"approvals":[{"key_id","statement","sig"}]}, or empty */
	int64_t at_ms;
	bool counts; /* out only: who cast it is not in conflict now */
};

/* Cast it, or change it. ERR_DENIED: in conflict. ERR_CONFLICT: no decision is awaited in that
 * round, or the person has voted from another seat. */
RESULT store_vote_put(struct store *s, const struct store_vote *vote);

/* By round and time; of `round` only, unless it is 0. */
RESULT store_vote_list(struct store *s, struct arena *arena, struct store_vote **out, size_t *count,
		       const uint8_t request[STORE_ID], int64_t round);

/* Who may decide a request by office: everybody whom its model's rule names, or, if it names
 * nobody, who holds the office for it. */
struct store_decider {
	uint8_t person[STORE_ID];
	struct slice name;
	struct slice conflicts; /* names of policy/votes.h, comma-separated */
	struct slice vote;      /* of this round, from their seat: approve, deny or empty */
	struct slice cast_by;   /* by whom, if there is one */
};

/* By name, 100 of them. */
RESULT store_decider_list(struct store *s, struct arena *arena, struct store_decider **out,
			  size_t *count, const uint8_t request[STORE_ID]);

/* Declare a conflict; a vote of this round is taken back. ERR_CONFLICT: declared already. */
RESULT store_recuse(struct store *s, const uint8_t request[STORE_ID],
		    const uint8_t person[STORE_ID], struct slice reason, int64_t now_ms);

struct store_comment {
	uint8_t id[STORE_ID];
	uint8_t request[STORE_ID];
	uint8_t person[STORE_ID];
	struct slice person_name; /* out only */
	struct slice audience;    /* requester (all who see it), committee */
	struct slice text;
	int64_t at_ms;
};

RESULT store_comment_add(struct store *s, const struct store_comment *comment);
RESULT store_comment_list(struct store *s, struct arena *arena, struct store_comment **out,
			  size_t *count, const uint8_t request[STORE_ID]);

/* ERR_CONFLICT: invited already. */
RESULT store_reviewer_add(struct store *s, const uint8_t request[STORE_ID],
			  const uint8_t person[STORE_ID], const uint8_t invited_by[STORE_ID],
			  int64_t now_ms);
RESULT store_reviewer_list(struct store *s, struct arena *arena, struct slice *names,
			   const uint8_t request[STORE_ID]); /* comma-separated */

struct store_delegation {
	uint8_t id[STORE_ID];
	uint8_t person[STORE_ID];
	uint8_t delegate[STORE_ID];
	struct slice person_name, delegate_name; /* out only */
	uint8_t request[STORE_ID];               /* none: not for one request only */
	uint8_t model[STORE_ID];                 /* none: not for one model only */
	struct slice model_name;                 /* out only */
	struct slice reason;
	int64_t created_ms, until_ms, ended_ms; /* ended_ms 0: not before until */
};

RESULT store_delegation_add(struct store *s, const struct store_delegation *delegation);
RESULT store_delegation_list(struct store *s, struct arena *arena, struct store_delegation **out,
			     size_t *count, const uint8_t person[STORE_ID]); /* by or to them */

/* ERR_NOT_FOUND: no such one of this person that still holds. */
RESULT store_delegation_end(struct store *s, const uint8_t id[STORE_ID],
			    const uint8_t person[STORE_ID], int64_t now_ms);

#endif

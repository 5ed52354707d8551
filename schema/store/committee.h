/* SPDX-License-Identifier: Apache-2.0 */
/*
 * committee.h - how the requests for a model are decided: how many must agree, who is in conflict,
 * how long a request may wait, and which uses the model is for. A model without a row has one
 * decider, whoever holds the office.
 */
#ifndef SCHEMA_STORE_COMMITTEE_H
#define SCHEMA_STORE_COMMITTEE_H

#include "schema/store/store.h"

enum { STORE_COMMITTEE_MAX = 100 };

struct store_committee {
	uint8_t model[STORE_ID];
	int64_t needed; /* deciders that must agree */
	bool any_denial_denies;
	bool not_same_institution; /* as the requester */
	bool handlers_differ;      /* who has returned a request does not decide it */
	bool needs_card;           /* a library card, or the official's signature */
	int64_t remind_days;       /* 0: never */
	int64_t escalate_days;     /* 0: never */
	uint8_t escalate_to[STORE_ID];
	struct slice escalate_to_name; /* out only */
	struct slice permitted_uses;   /* comma-separated codes of policy/uses.h */
	struct slice required_uses;
	struct slice members; /* names, comma-separated, sorted; empty: all with the office */
	int64_t member_count; /* out only */
	int64_t changed_ms;   /* 0: the default, nobody has set it */
	uint8_t changed_by[STORE_ID];
};

/* The default, if there is no row. */
RESULT store_committee_get(struct store *s, struct arena *arena, struct store_committee *out,
			   const uint8_t model[STORE_ID]);

/* All of it; `members` replaces the list. ERR_NOT_FOUND: a member is no person. */
RESULT store_committee_set(struct store *s, const struct store_committee *committee);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * votes.h - how a committee decides an access request: who may vote on it, and what the votes
 * amount to. Pure: the same votes under the same rule give the same outcome, whoever replays them.
 */
#ifndef POLICY_VOTES_H
#define POLICY_VOTES_H

#include <stdint.h>

#include "crypto/base/slice.h"

enum { VOTES_MAX = 100 }; /* seats of a committee */

/* What a model's committee is held to. */
struct vote_rule {
	unsigned needed;        /* so many agree: M of M-of-N; at least 1 */
	bool any_denial_denies; /* one denial is enough; with needed == 1 it always is */
};

struct votes {
	unsigned approve, deny;
};

enum vote_outcome { VOTE_OPEN, VOTE_APPROVED, VOTE_DENIED };

/* At most one of the two can come out: votes are counted one at a time, and the first outcome
 * ends the count. Where both would (a rule changed meanwhile), the denial does. */
enum vote_outcome votes_count(struct vote_rule rule, struct votes votes);

/* Why somebody may not vote on a request, most general first: facts of the database (the function
 * access_conflicts of migration 0014 gives these names), judged here. */
/* clang-format off */
#define VOTE_CONFLICTS(X) \
	X(REQUESTER,        "requester",        "nobody decides their own request") \
	X(ACCESSOR,         "accessor",         "who would get access by a request does not decide it") \
	X(LEAD,             "lead",             "the lead of a project does not decide its request") \
	X(OFFICIAL,         "official",         "who signed a request for its institution does not decide it") \
	X(RECUSED,          "recused",          "you have declared a conflict of interest in this request") \
	X(DENIED_BEFORE,    "denied_before",    "whoever denied a request does not decide its appeal") \
	X(SAME_INSTITUTION, "same_institution", "the rule of this model: nobody decides a request from their own institution") \
	X(HANDLED,          "handled",          "the rule of this model: whoever handled a request does not decide it")
/* clang-format on */

#define VOTE_ENUM(name, text, sentence) VOTE_CONFLICT_##name,
enum vote_conflict { VOTE_CONFLICTS(VOTE_ENUM) VOTE_CONFLICT_COUNT };
#undef VOTE_ENUM

const char *vote_conflict_name(enum vote_conflict conflict);
const char *vote_conflict_sentence(enum vote_conflict conflict);

/* The first conflict of a comma-separated list of names; VOTE_CONFLICT_COUNT: none. A name that is
 * not in the list counts as the requester's own: what is not understood forbids. */
enum vote_conflict vote_conflict_of(struct slice list);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agreement.h - what all who approve a request agree on. Each may narrow what is granted; the
 * license is the narrowest: the rights that all of them grant, the shortest time, of each limit the
 * smallest, the regions that all of them name, the plan that waits longest (who
 * names none says standard). Restrictions of use add up. Pure.
 */
#ifndef GATEWAY_API_REQUEST_AGREEMENT_H
#define GATEWAY_API_REQUEST_AGREEMENT_H

#include "crypto/base/arena.h"
#include "schema/store/deliberation.h"

enum { AGREEMENT_MAX_CONDITIONS = 16 * 1024 };

struct agreement {
	struct slice rights;  /* comma-separated, at least one */
	int64_t days;         /* 0: nobody has said */
	struct slice limits;  /* JSON of crypto/license_limits.h; empty: none */
	struct slice regions; /* comma-separated; empty: everywhere */
	struct slice uses;    /* comma-separated codes: those declared, and those that were added */
	struct slice plan;    /* a name of crypto/license.h */
};

/* The first look at what a vote brings: {"limits","plan","regions","uses"} as canonical JSON. */
RESULT agreement_check_conditions(struct slice conditions);

/* Of the votes only those that approve count. Texts live in the arena, or are the request's.
 * ERR_CONFLICT: nothing is left that all of them grant. */
RESULT agreement_of(struct agreement *out, struct arena *arena, const struct store_request *request,
		    const struct store_vote *votes, size_t count);

#endif

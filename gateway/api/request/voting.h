/* SPDX-License-Identifier: Apache-2.0 */
/*
 * voting.h - a request is decided: a decider votes, and the vote that decides it carries it out.
 * Votes are counted under a lock on the request, together with the step they lead to: of deciders
 * who race, each is counted, and exactly one decides.
 *
 * May be called several times in one exchange, once for each request.
 */
#ifndef GATEWAY_API_REQUEST_VOTING_H
#define GATEWAY_API_REQUEST_VOTING_H

#include "gateway/api/request/request.h"
#include "policy/votes.h"
#include "schema/store/committee.h"

/* What a decider says. Texts are borrowed from the body. */
struct ballot {
	bool approves;
	struct slice reason;     /* must be there to deny */
	struct slice rights;     /* granted: comma-separated; empty: all that are asked for */
	int64_t days;            /* of the license; 0: as usual */
	struct slice conditions; /* JSON text of "limits", "plan", "regions", "uses"; or empty */
	struct slice approvals;  /* JSON text {"approvals":[...]}: signed statements; empty: none */
};

/* From {"reason","rights","expires_days","limits","plan","regions","uses","approval" or
 * "approvals"}. */
RESULT ballot_read(struct ballot *out, struct exchange *x, const struct store_request *request,
		   const json_t *body, bool approves);

/* What it came to. */
struct outcome {
	struct slice state; /* that the request is in now */
	struct votes votes; /* with this one */
	struct vote_rule rule;
	struct issue *issues; /* licenses: the requester's first, then those of accessors */
	size_t issue_count;
	struct slice left_out;   /* accessors who have not accepted the terms: names */
	uint8_t entry[STORE_ID]; /* of the log */
};

/* ERR_DENIED: they may not vote on it. ERR_CONFLICT: it awaits no decision, waits for its
 * institution's signature, or the votes leave nothing to grant. */
RESULT vote_on(struct outcome *out, struct exchange *x, struct route_context *context,
	       const struct request_view *view, const struct ballot *ballot);

/* What it would come to now: nothing is signed, nothing written. The licenses are drawn up. */
RESULT vote_preview(struct outcome *out, struct exchange *x, struct route_context *context,
		    const struct request_view *view, const struct ballot *ballot);

/* {"id","state","votes":{...}}, and of an approval "license" and "licenses". */
json_t *outcome_describe(struct arena *arena, const struct store_request *request,
			 const struct outcome *outcome);

/* The license that this body of an approval would give the requester, if it alone decided, and who
 * would have the same: nothing is signed, nothing written. */
RESULT request_grant(struct issue *out, struct exchange *x, struct route_context *context,
		     const struct store_request *request, const json_t *body);

/* May they decide? For whoever wants to know before, and to say so. */
RESULT vote_check(const struct request_view *view);

#endif

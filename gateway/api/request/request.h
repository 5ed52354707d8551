/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.h - what all routes on access requests share: who stands how to one, how one is shown,
 * and how an act on one reaches its history and the log, in one transaction.
 */
#ifndef GATEWAY_API_REQUEST_REQUEST_H
#define GATEWAY_API_REQUEST_REQUEST_H

#include "gateway/api/license/issue.h"
#include "schema/store/deliberation.h"

/* A request, and how the asker stands to it. */
struct request_view {
	struct store_request row;
	struct store_standing standing;
	bool is_own;
	bool may_handle;        /* returns, comments, invites */
	bool may_decide;        /* has a seat: by office, or by delegation */
	uint8_t seat[STORE_ID]; /* if so */
	bool sees_committee;    /* votes, and what the committee says to itself */
};

/* The request of that id. ERR_NOT_FOUND also where it is none of the asker's business. */
RESULT request_see(struct request_view *out, struct exchange *x, struct route_context *context,
		   const uint8_t id[STORE_ID]);

/* The one of the address; false: it has answered. */
bool request_find(struct request_view *out, struct exchange *x, struct route_context *context);

/* The same, for acts of those who decide or handle: whoever has no such office, nor acts for
 * somebody who has, is told so, whether there is such a request or not. */
bool request_find_as(struct request_view *out, struct exchange *x, struct route_context *context,
		     enum right right);

json_t *request_describe(struct arena *arena, const struct store_request *request);

/* ["a","b"] of "a,b"; [] of "". */
json_t *request_describe_list(struct slice list);

/* Something that happens to a request. */
struct request_act {
	const struct store_request *request;
	enum audit_kind kind; /* request.*: what stands behind the point is the history's act */
	struct slice to;      /* the state it comes to; empty: it stays in its own */
	struct slice reason;
	const json_t *detail; /* NULL: nothing more to say; borrowed */
	/* Whom the act concerns, and is told to; NULL: who has made the request. */
	const uint8_t *concerns;
	struct slice concerns_name;
	bool by_gateway; /* nobody acts: the model's gate, or the clock */
};

/* Into an open transaction: the step or note of the history. */
RESULT request_act_store(struct exchange *x, struct store *store, const struct request_act *act);

/* Its entry, to which more may be added before api_finish: request, requester, model, person (whom
 * it concerns), from, to, round, reason, detail. With the entries before it, it tells what the
 * request is then. `x` NULL: a job.
 */
void request_act_entry(struct audit_event *event, struct exchange *x,
		       const struct request_act *act);

/* Both, as a transaction by themselves, published. */
RESULT request_act_do(struct exchange *x, struct route_context *context,
		      const struct request_act *act);

/* The license an approval gives: to be made by issue_license. */
struct issue request_license(const struct store_request *request, struct slice rights,
			     int64_t days);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * authorize.h - who asks, and may they? Runs before every route: reads the access token, finds
 * the person, and checks the right the route declares. Rights of office are checked here and
 * done; rights on a model are decided by policy/decide.h over the facts of the database.
 */
#ifndef GATEWAY_API_AUTHORIZE_H
#define GATEWAY_API_AUTHORIZE_H

#include "gateway/api/identify.h"
#include "policy/claims.h"
#include "policy/decide.h"

/* A decision on a model, with what it rested on. */
struct grant {
	struct principal *who;
	enum right right;
	struct slice path;         /* of the file that is asked for; empty: of none */
	struct slice open_pattern; /* of the model's open paths: opens it; empty: none does */
	struct store_access access;
	const struct store_license *license; /* that allows it, or the newest; NULL: none */
	struct decision_facts facts;
	struct claims claims; /* that were looked at; none where nothing rests on any */
	struct decision decision;
	int64_t now_ms;
};

/* For edge_options.before. Leaves a struct principal as the subject of the exchange. */
bool authorize_route(struct exchange *x, struct route_context *context);

/* For edge_options.answering: what may have changed who may do what is seen by the next request. */
void authorize_answering(const struct route *route, void *shared);

const struct principal *authorize_principal(const struct exchange *x);

/* Is it a known, active person, whatever their token is narrowed to? False: it has answered. */
bool authorize_person(struct exchange *x);

/*
 * Load model, revision ("" is main) and file ("" for none), and decide. NULL: it has answered
 * (no such model, denied, database away). A denial is recorded and logged. The grant lives in the
 * exchange's arena. An allowance is not recorded yet: that is part of the act that uses it.
 */
struct grant *authorize_model(struct exchange *x, struct route_context *context, enum right right,
			      struct slice model, struct slice revision, struct slice path);

/* The same, without answering or recording a denial. ERR_NOT_FOUND: no such model. */
RESULT authorize_weigh(struct grant *out, struct exchange *x, struct route_context *context,
		       enum right right, struct slice model, struct slice revision,
		       struct slice path);

/* A denial of a known person is recorded, and an entry of the log; of an anonymous call only a
 * count. A transaction of its own; the answer names the entry. */
RESULT authorize_log_denial(struct route_context *context, struct exchange *x,
			    const struct grant *grant);

/* Insert the decision record (in the current transaction); its id is the request's id. */
RESULT authorize_record(struct store *store, struct exchange *x, const struct grant *grant);

/* The decision and its event, durable when it returns (class B: together with those of others). Not
 * inside a transaction. */
RESULT authorize_log(struct exchange *x, struct route_context *context, const struct grant *grant,
		     struct audit_event *event);

/* The same in two steps (recorder.h). Entry and event stay where they are until authorize_await. */
struct authorize_entry {
	struct buf text;
	struct store_decision decision;
	struct store_event event;
	struct store_record record;
	struct recorder_ticket ticket;
	int64_t waited_us;
};
RESULT authorize_start(struct authorize_entry *e, struct exchange *x, struct route_context *context,
		       const struct grant *grant, struct audit_event *event);
RESULT authorize_await(struct authorize_entry *e, struct route_context *context); /* and clears */

/* The decision alone, likewise. */
RESULT authorize_note(struct exchange *x, struct route_context *context, const struct grant *grant);

/* The record as JSON: decision, facts, what is missing. For the database and for `explain`. */
json_t *authorize_describe(struct exchange *x, const struct grant *grant);

#endif

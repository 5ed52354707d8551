/* SPDX-License-Identifier: Apache-2.0 */
/*
 * identify.h - who asks: the credential of a request, what it says, and whose it is. Whether they
 * may is authorize.h.
 */
#ifndef GATEWAY_API_IDENTIFY_H
#define GATEWAY_API_IDENTIFY_H

#include "gateway/api/api.h"
#include "gateway/api/facts.h"
#include "policy/client_rule.h"
#include "policy/codes.h"
#include "policy/offices.h"

/* Who asks. */
struct principal {
	struct facts_mark mark; /* taken before anything was read for this request */
	bool authenticated;
	enum code credential; /* CODE_OK_ALLOWED, CODE_NOT_AUTHENTICATED, or what is wrong */
	const char *why; /* what is wrong with it, if there is more to say than its code does */
	uint8_t credential_id[STORE_ID];
	struct slice credential_name; /* that its owner gave the token */
	int64_t credential_created_ms;
	int64_t expires_ms;
	bool is_session;            /* the credential is a cookie */
	struct slice models;        /* it is good for, as scopes; empty: for any */
	struct slice addresses;     /* it is good from, as ranges; empty: from anywhere */
	bool is_capability;         /* the credential stood in the address: only for these: */
	uint8_t made_by[STORE_ID];  /* the token it ends with */
	struct slice only_model;    /* its name */
	struct slice only_revision; /* empty: any */
	struct store_person person; /* if authenticated */
	enum client_fit client;     /* this connection's certificate, for this person */
	int64_t now_ms;             /* when it was asked */
	right_set offices;          /* that the person holds now, everywhere */
	right_set scope;            /* what the token may be used for */
};

/* Fills in *who, whose mark is set. Fails only where it cannot be known. */
RESULT identify(struct principal *who, struct exchange *x, struct route_context *context);

/* Does the certificate of this connection fit what these rules (store_person) require? */
enum client_fit identify_client(const struct exchange *x, struct slice rules, int64_t now_seconds);

/* Does the credential stand in the address (/c/<capability>/...), not in a header? */
bool identify_by_path(const struct exchange *x);

/* Does the person hold this office everywhere (and does the token's scope cover it)? */
bool principal_holds(const struct principal *who, enum right office);

/* Does the person hold it for this model? Whoever acts on one model, or on a request or license
 * for it, asks this. */
bool principal_holds_on(const struct principal *who, enum right office, struct slice model);

/* For at least one model: may come in, and is asked about the model later. */
bool principal_holds_somewhere(const struct principal *who, enum right office);

/* For every model of this scope? And may they give this office to somebody else? */
bool principal_covers(const struct principal *who, enum right office, struct slice scope);
bool principal_may_give(const struct principal *who, const struct office *office);

/* For which: scopes (policy/model_scope.h), comma-separated, in the arena; for lists, of those who
 * do not hold it everywhere. "": for none. */
struct slice principal_models(const struct principal *who, enum right office, struct arena *arena);

/* Does the credential stand for the person wholly, narrowed to nothing? What changes how they sign
 * in asks this. */
bool principal_is_whole(const struct principal *who);

/* The entry of what a capability did names it: "capability". */
void principal_tell(const struct principal *who, struct audit_event *event);

/* Is this the person with that id? Never true of an anonymous caller. */
bool principal_is(const struct principal *who, const uint8_t person[STORE_ID]);

#endif

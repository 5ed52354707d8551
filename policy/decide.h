/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide.h - the access decision: a pure function of recorded facts. The same facts give the
 * same decision, today and in a replay; it reads no clock, no database and no configuration.
 *
 * The rules stand in one table in decide.c, in the order in which they are tried; the first that
 * speaks decides, and what no rule allows is denied.
 */
#ifndef POLICY_DECIDE_H
#define POLICY_DECIDE_H

#include <stdint.h>

#include "policy/claims.h"
#include "policy/client_rule.h"
#include "policy/codes.h"
#include "policy/quota.h"
#include "policy/rights.h"
#include "policy/uses.h"

enum person_state { PERSON_ACTIVE, PERSON_SUSPENDED, PERSON_BLOCKED };
enum model_state { MODEL_ACTIVE, MODEL_IS_DISABLED, MODEL_SHREDDED };
enum model_gate { GATE_MANUAL, GATE_AUTO, GATE_NO, GATE_PUBLIC };
enum license_state {
	LICENSE_NONE,
	LICENSE_PREPARING,
	LICENSE_ACTIVE,
	LICENSE_IS_SUSPENDED,
	LICENSE_IS_EXPIRED,
	LICENSE_IS_REVOKED,
};
enum request_state {
	REQUEST_NONE,
	REQUEST_SUBMITTED,
	REQUEST_RETURNED,
	REQUEST_APPROVED,
	REQUEST_IS_DENIED,
	REQUEST_WITHDRAWN,
	REQUEST_APPEALED,
	REQUEST_CLOSED,
};

/* What a call says it is for: a code of DUO, in the header X-Sallyport-Purpose. */
enum purpose_kind { PURPOSE_NOT_SAID, PURPOSE_SAID, PURPOSE_IS_NO_CODE };

enum { DECISION_MAX_REGIONS = 1000 }; /* bytes of license_regions */

/* What is known when a person asks for a right on a model. */
struct decision_facts {
	int64_t now_seconds;
	enum right right;
	bool authenticated;       /* a token was sent, verified and not revoked */
	enum code credential;     /* CODE_OK_ALLOWED, or why the token was not accepted */
	enum person_state person; /* meaningful if authenticated */
	enum client_fit client;   /* the connection's certificate: as their institutions require? */
	right_set token_scope;    /* rights the token may use; all bits if it is not narrowed */
	enum model_state model;
	enum model_gate gate;
	enum license_state license;
	right_set license_rights;
	int64_t license_not_before_seconds;
	int64_t license_expires_seconds;
	bool path_is_open;  /* the file asked for is one of the model's open paths */
	bool terms_current; /* the license names the terms the model has today */
	enum request_state request;
	int64_t terms_grace_until_seconds; /* older terms are good until then; 0: not at all */
	struct quota_fact quota;           /* asked for once everything else allows it */
	/* Where the call comes from: looked up only if the license names regions. */
	struct country country;
	struct slice license_regions; /* comma-separated country codes; empty: everywhere */
	use_set license_uses;         /* 0: as the terms say */
	enum purpose_kind purpose_kind;
	enum use purpose; /* if it is said */
	/* CODE_OK_ALLOWED: what the license rests on still holds. Else which kind of it ended. */
	enum code requirement;
};

enum decision_basis { BASIS_NONE, BASIS_LICENSE, BASIS_OPEN };

struct decision {
	bool allow;
	enum code code;
	enum decision_basis basis; /* what an allowance rests on */
	const char *rule;          /* name of the rule that decided; static */
	const char *need; /* what is missing, in words; NULL if nothing would help; static */
	const char *href; /* where to get it (a path of our API); NULL if nowhere; static */
};

struct decision decide(const struct decision_facts *facts);

/* The rules by name, in the order in which they are tried; NULL behind the last. */
const char *decision_rule(size_t index);

/* What a call's X-Sallyport-Purpose says; empty: nothing. A permission of DUO, or clinical care. */
void decision_say_purpose(struct decision_facts *facts, struct slice header);

const char *model_gate_name(enum model_gate gate); /* "manual", "auto", "no", "public" */
bool model_gate_parse(enum model_gate *out, struct slice text);
const char *decision_basis_name(enum decision_basis basis); /* "none", "license", "open" */

#endif

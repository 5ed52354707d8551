/* SPDX-License-Identifier: Apache-2.0 */
/* issuer.h - the allow-list of visa issuers, and their keys: pinned, or fetched from their jku. */
#ifndef SCHEMA_STORE_ISSUER_H
#define SCHEMA_STORE_ISSUER_H

#include "schema/store/store.h"

enum { STORE_ISSUER_KIDS_MAX = 64 };

struct store_issuer {
	struct slice iss;
	struct slice jku; /* may be empty if pinned */
	bool pinned;
	struct slice jwks;              /* the JWK set, JSON; empty: not fetched yet */
	struct slice revoked_kids;      /* one a line; may be empty */
	struct slice token_endpoint;    /* where passports are had; may be empty */
	struct slice client_credential; /* its name in the courier's file; may be empty */
	int64_t added_ms;
	uint8_t added_by[STORE_ID];
	int64_t fetched_ms, tried_ms, next_ms; /* of fetched keys; 0: not yet, never */
	struct slice error;                    /* of the last try; empty: it went well */
};

/* Of one that is not pinned the keys are due at once; its jwks is not read. ERR_CONFLICT. */
RESULT store_issuer_add(struct store *s, const struct store_issuer *issuer);
/* In the current transaction: removed and added anew, since what is listed is never edited; revoked
 * keys stay revoked, and fetched ones stay until they are fetched anew. ERR_NOT_FOUND. */
RESULT store_issuer_change(struct store *s, const struct store_issuer *issuer);

/* What rests on an issuer now. */
struct store_issuer_impact {
	int64_t visas, persons; /* visas that have not expired, and whose they are */
	int64_t licenses;       /* in force, of these persons, that rest on claims */
	int64_t requests;       /* open ones of these persons */
	struct slice models;    /* whose active criteria name it, one a line; at most 100 */
};
RESULT store_issuer_impact(struct store *s, struct arena *arena, struct store_issuer_impact *out,
			   struct slice iss, int64_t now_ms);

RESULT store_issuer_get(struct store *s, struct arena *arena, struct store_issuer *out,
			struct slice iss);
RESULT store_issuer_list(struct store *s, struct arena *arena, struct store_issuer **out,
			 size_t *count);
RESULT store_issuer_remove(struct store *s, struct slice iss); /* ERR_NOT_FOUND */

/* For good. ERR_NOT_FOUND: no such issuer. ERR_LIMIT: STORE_ISSUER_KIDS_MAX are revoked. Twice is
 * fine. */
RESULT store_issuer_revoke_kid(struct store *s, struct slice iss, struct slice kid);

/* Those whose keys are due, at most `most`. */
RESULT store_issuer_due(struct store *s, struct arena *arena, struct slice **out, size_t *count,
			int64_t now_ms, size_t most);

/* May they be fetched now? Only one asker is told so in `least_ms`; the try is noted. */
RESULT store_issuer_try(struct store *s, struct slice iss, int64_t now_ms, int64_t least_ms,
			bool *may);

/* How the try ended: the keys, which are stored where they differ (*changed), or an error. */
RESULT store_issuer_fetched(struct store *s, struct slice iss, struct slice jwks, int64_t now_ms,
			    int64_t next_ms, bool *changed);
RESULT store_issuer_failed(struct store *s, struct slice iss, struct slice error, int64_t next_ms);

#endif

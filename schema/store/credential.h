/* SPDX-License-Identifier: Apache-2.0 */
/* credential.h - what is known of an access token besides what it says itself. */
#ifndef SCHEMA_STORE_CREDENTIAL_H
#define SCHEMA_STORE_CREDENTIAL_H

#include "schema/store/person.h"

/* Tokens stand in a header, capabilities in an address, sessions in a cookie; each has a list of
 * its own. */
enum store_credential_kind { STORE_TOKENS, STORE_CAPABILITIES, STORE_SESSIONS };

enum { STORE_SECRET_SHA256 = 32 };

struct store_credential {
	uint8_t id[STORE_ID];
	enum store_credential_kind kind;
	uint8_t person[STORE_ID];
	struct slice name;
	struct slice rights;    /* the scope, comma-separated; empty: all that the person has */
	struct slice models;    /* names or "ns/<star>", comma-separated; empty: any */
	struct slice addresses; /* ranges it is good from, comma-separated; empty: anywhere */
	int64_t created_ms;
	int64_t expires_ms;
	int64_t revoked_ms;        /* 0: not revoked; of a capability, also when its maker was */
	uint8_t made_by[STORE_ID]; /* of a capability: the token that made it; else none */
	uint8_t model[STORE_ID];   /* and the one model it is for, with its name when read */
	struct slice model_name;
	struct slice revision;                      /* and the one revision; empty: any */
	uint8_t secret_sha256[STORE_SECRET_SHA256]; /* of a session: of what its cookie holds, */
	int64_t used_ms;                            /* when it was used last, to a minute, */
	struct slice method;                        /* how it began: password, code, oidc:NAME, */
	struct slice address;                       /* and from where */
};

/* Of a session with what it is besides. */
RESULT store_credential_create(struct store *s, const struct store_credential *credential);

/* The credential and its person with offices, in one round trip; revoked and expired ones and
 * suspended persons too: that is for the caller to decide. ERR_NOT_FOUND. */
RESULT store_credential_find(struct store *s, struct arena *arena, struct store_credential *out,
			     struct store_person *person, const uint8_t id[STORE_ID]);

/* What store_credential_find gave, in memory of one's own. */
struct store_holder {
	struct store_credential credential;
	struct store_person person;
};
void store_holder_copy(struct arena *arena, struct store_holder *to,
		       const struct store_holder *from);

RESULT store_credential_list(struct store *s, struct arena *arena, struct store_credential **out,
			     size_t *count, const uint8_t person[STORE_ID],
			     enum store_credential_kind kind);

/* ERR_NOT_FOUND unless it is of that kind, belongs to `person` and is not revoked yet. `person`
 * none: anybody's. What a revoked token has made counts as revoked, too. */
RESULT store_credential_revoke(struct store *s, const uint8_t id[STORE_ID],
			       const uint8_t person[STORE_ID], int64_t now_ms,
			       const uint8_t revoked_by[STORE_ID], enum store_credential_kind kind);

#endif

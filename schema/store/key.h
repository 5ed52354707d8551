/* SPDX-License-Identifier: Apache-2.0 */
/* key.h - public keys that persons have enrolled. */
#ifndef SCHEMA_STORE_KEY_H
#define SCHEMA_STORE_KEY_H

#include "schema/store/store.h"

enum { STORE_PUBLIC_KEY = 32, STORE_PUBLIC_P256 = 65 };

struct store_key {
	uint8_t id[STORE_ID];
	uint8_t person[STORE_ID];
	struct slice kind;                 /* ed25519, age-x25519, p256 */
	uint8_t public[STORE_PUBLIC_P256]; /* 32 bytes of it, but of p256 all */
	struct slice name;
	int64_t created_ms;
	int64_t revoked_ms; /* 0: it counts */
};

/* Its public part, in the size of its kind; lives as long as the key. */
struct slice store_key_public(const struct store_key *key);

/* ERR_CONFLICT: this key is enrolled already, by whomever. */
RESULT store_key_enroll(struct store *s, const struct store_key *key);
RESULT store_key_list(struct store *s, struct arena *arena, struct store_key **out, size_t *count,
		      const uint8_t person[STORE_ID]);

/* The key of this id, if this person's and not revoked; ERR_NOT_FOUND otherwise. */
RESULT store_key_get(struct store *s, struct arena *arena, struct store_key *out,
		     const uint8_t id[STORE_ID], const uint8_t person[STORE_ID]);

/* For good: it is never enrolled again. `person` none: anybody's. ERR_NOT_FOUND. */
RESULT store_key_revoke(struct store *s, const uint8_t id[STORE_ID], const uint8_t person[STORE_ID],
			int64_t now_ms, const uint8_t revoked_by[STORE_ID]);

/* The key of this id, whoever's, revoked or not; ERR_NOT_FOUND. */
RESULT store_key_find(struct store *s, struct arena *arena, struct store_key *out,
		      const uint8_t id[STORE_ID]);
RESULT store_key_by_public(struct store *s, struct arena *arena, struct store_key *out,
			   struct slice public_key);

#endif

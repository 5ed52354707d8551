/* SPDX-License-Identifier: Apache-2.0 */
/*
 * passport.h - GA4GH passports (AAI OIDC Profile 1.2): the visas of one person, bundled and signed
 * by a broker. The broker's signature says who bundled them, and nothing of what they say: each
 * visa is verified by itself.
 */
#ifndef CRYPTO_PASSPORT_H
#define CRYPTO_PASSPORT_H

#include "crypto/visa.h"

enum { PASSPORT_MAX = 192 * 1024, PASSPORT_VISAS_MAX = 64 };

struct passport {
	struct slice iss, sub; /* of the broker */
	int64_t expires_seconds;
	struct slice visas[PASSPORT_VISAS_MAX]; /* JWTs, unverified */
	size_t visa_count;
};

/* Is it one, by its header? Never decide on it. */
bool passport_is_one(struct slice jwt);

/* As visa_verify; the broker is among the listed issuers. Texts go to the arena. ERR_LIMIT: too
 * long, or too many visas. */
RESULT passport_verify(struct passport *out, struct arena *a, struct slice jwt,
		       const struct visa_trust *trust);

/* Whose it says it is, without any check. */
RESULT passport_peek_issuer(struct slice *iss, struct slice *kid, struct arena *a,
			    struct slice jwt);

#endif

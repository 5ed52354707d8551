/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jws.h - compact JSON Web Signatures (RFC 7515 section 7.1), read and verified. ES256 and
 * RS256 only: "none", HS256 and the rest are refused before any key is touched.
 */
#ifndef CRYPTO_JWS_H
#define CRYPTO_JWS_H

#include "crypto/base/arena.h"
#include "crypto/jwk.h"

enum { JWS_SIGNATURE_MAX = JWK_RSA_MAX_BITS / 8 };

/* What stands in it, not yet believed. Texts live in the arena. */
struct jws {
	enum jose_algorithm algorithm;
	struct slice kid; /* these three are empty if absent */
	struct slice jku;
	struct slice type;
	struct slice payload; /* decoded */
	struct slice covered; /* header.payload as signed */
	struct slice signature;
};

/* ERR_FORMAT: not a compact JWS. ERR_UNSUPPORTED: an algorithm or a "crit" header that is not
 * for us. ERR_LIMIT: longer than max_bytes. */
RESULT jws_parse(struct jws *out, struct arena *a, struct slice text, size_t max_bytes);

/* With the key of its kid, or the set's only key if it names none. ERR_NOT_FOUND: no such key.
 * ERR_DENIED: the key is for the other algorithm. ERR_FORGED: it does not verify. */
RESULT jws_verify(const struct jws *jws, const struct jwk_set *keys);

#endif

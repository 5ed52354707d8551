/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jwk.h - public keys of visa issuers (RFC 7517): P-256 for ES256, RSA of 2048 to 8192 bits for
 * RS256. The algorithm is a property of the key and is fixed when it is read; a token's header
 * can only agree with it.
 */
#ifndef CRYPTO_JWK_H
#define CRYPTO_JWK_H

#include "crypto/base/err.h"
#include "crypto/base/slice.h"

enum { JWKS_MAX = 64 * 1024, JWKS_KEYS_MAX = 32, JWK_RSA_MIN_BITS = 2048, JWK_RSA_MAX_BITS = 8192 };

#define JOSE_ALGORITHMS(X) \
	X(JOSE_ES256, "ES256") \
	X(JOSE_RS256, "RS256")

#define JOSE_ENUM(kind, name) kind,
enum jose_algorithm { JOSE_ALGORITHMS(JOSE_ENUM) };
#undef JOSE_ENUM

const char *jose_algorithm_name(enum jose_algorithm algorithm);

struct jwk_set;

/* {"keys":[...]} or one bare key. Keys for other algorithms or uses are left out; a set with
 * no key for us is ERR_UNSUPPORTED; a weak or broken key of ours is ERR_FORMAT. */
RESULT jwks_parse(struct jwk_set **out, struct slice text);
void jwk_set_free(struct jwk_set *set); /* NULL is fine */
/* A key that was revoked: what it signed is not signed any more. */
void jwk_set_remove(struct jwk_set *set, struct slice kid);
size_t jwk_set_count(const struct jwk_set *set);

AUTO_POINTER(jwk_set)

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jose_sign.h - makes keys and compact JWS: for visas of our own (a license exported), the
 * demo's issuer and tests.
 */
#ifndef CRYPTO_JOSE_SIGN_H
#define CRYPTO_JOSE_SIGN_H

#include "crypto/base/buf.h"
#include "crypto/jwk.h"
#include "crypto/secret.h"
#include "crypto/visa.h"

enum { JOSE_KID_MAX = 64 };

struct jose_key;

/* kid: printable ASCII, at most JOSE_KID_MAX. RSA keys are of 2048 bits. */
RESULT jose_key_new(struct jose_key **out, enum jose_algorithm algorithm, struct slice kid);

/* The P-256 key that follows from a secret seed of 32 bytes, always the same one; its kid is its
 * RFC 7638 thumbprint. FIPS 186-4 B.4.1: 48 bytes of HKDF, so that no scalar is likelier. */
RESULT jose_key_derive(struct jose_key **out, struct slice seed);
RESULT jose_key_parse(struct jose_key **out, struct slice private_jwk);
void jose_key_free(struct jose_key *k); /* NULL is fine */

RESULT jose_key_write_public(struct buf *out, const struct jose_key *k); /* a JWK set of one */
RESULT jose_key_private(struct secret **out, const struct jose_key *k);  /* a JWK; P-256 only */

/* header.payload.signature; jku is left out if empty. */
RESULT jose_sign(struct buf *out, const struct jose_key *k, struct slice type, struct slice jku,
		 struct slice payload);

/* A visa with these claims (jti is left out if empty). */
RESULT visa_mint(struct buf *out, const struct jose_key *k, struct slice jku,
		 const struct visa *visa);

AUTO_POINTER(jose_key)

#endif

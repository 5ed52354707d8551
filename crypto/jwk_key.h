/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jwk_key.h - inside of jwk.c, jws.c, p256.c and jose_sign.c: a JSON Web Key as an OpenSSL key.
 */
#ifndef CRYPTO_JWK_KEY_H
#define CRYPTO_JWK_KEY_H

#include <openssl/evp.h>

#include "crypto/json.h"
#include "crypto/jwk.h"

enum {
	JWK_KID_MAX = 256,
	JWK_P256 = 32,
	JWK_POINT = 1 + 2 * JWK_P256,
	JWK_RSA_BYTES = JWK_RSA_MAX_BITS / 8,
};

struct jwk {
	uint8_t kid[JWK_KID_MAX];
	size_t kid_size;
	enum jose_algorithm algorithm;
	EVP_PKEY *key;
};

bool jose_algorithm_of(enum jose_algorithm *out, struct slice name);

/* With a kid the key that bears it; without one the only key of the set. ERR_NOT_FOUND. */
RESULT jwk_set_find(const struct jwk **out, const struct jwk_set *set, struct slice kid);

/* The public half: a point that is on P-256, or an RSA key within the bounds of jwk.h. */
RESULT jwk_read_public(EVP_PKEY **out, const json_t *jwk, enum jose_algorithm algorithm);

/* 04 || x || y, checked to be on the curve. */
RESULT jwk_of_point(EVP_PKEY **out, const uint8_t point[JWK_POINT]);

/* With the private half `d`; P-256 only, which is all that we store. */
RESULT jwk_read_private(EVP_PKEY **out, const json_t *jwk);

/* The key pair whose private number is 1 + (48 bytes mod (n - 1)). */
RESULT jwk_make_p256(EVP_PKEY **out, const uint8_t bytes[48]);

/* A signature of SHA-256 of `covered`, as JOSE writes it: r || s, or RSASSA-PKCS1-v1_5. ERR_FORGED:
 * it does not verify. */
RESULT jwk_verify(EVP_PKEY *key, enum jose_algorithm algorithm, struct slice covered,
		  struct slice signature);

#endif

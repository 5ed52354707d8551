/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sign.h - Ed25519 keys and the making of signatures; checking is in verify.h. The seed lives
 * in secret memory.
 */
#ifndef CRYPTO_SIGN_H
#define CRYPTO_SIGN_H

#include "crypto/secret.h"
#include "crypto/verify.h"

enum { SIGN_SEED = 32 };

struct sign_key;

RESULT sign_key_random(struct sign_key **out);
RESULT sign_key_from_seed(struct sign_key **out, struct slice seed); /* 32 bytes, copied */
void sign_key_free(struct sign_key *k);                              /* NULL is fine */

void sign_key_public(const struct sign_key *k, uint8_t out[SIGN_PUBLIC]);
struct slice sign_key_seed(const struct sign_key *k); /* secret! borrowed, for storing it sealed */

void sign_make(const struct sign_key *k, struct slice message, uint8_t out[SIGN_SIGNATURE]);

/* Signs domain || message: see verify.h. */
void sign_make_in(struct slice domain, const struct sign_key *k, struct slice message,
		  uint8_t out[SIGN_SIGNATURE]);

AUTO_POINTER(sign_key)

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.h - the access token: a signed credential of 124 characters that every Hugging Face
 * and OpenAI client takes for one of its own.
 *
 *     "hf_" base62(version u8 = 1, key id 4, credential 16, flags u8, expiry u32, signature 64)
 *
 * The 90 bytes are one big-endian number in 121 digits (0-9 A-Z a-z); the signature is Ed25519
 * over "sallyport/token/v1\n" and the 26 bytes before it. A text has one reading and a token one
 * text.
 */
#ifndef CRYPTO_TOKEN_H
#define CRYPTO_TOKEN_H

#include "crypto/base/buf.h"
#include "crypto/sign.h"

enum { TOKEN_KEY_ID = 4, TOKEN_CREDENTIAL = 16, TOKEN_DIGITS = 121, TOKEN_TEXT = 3 + 121 };

/* Flags. A capability is good in an address (/c/<capability>/...) and nowhere else. */
enum { TOKEN_CAPABILITY = 1 };

struct token {
	uint8_t key_id[TOKEN_KEY_ID];
	uint8_t credential[TOKEN_CREDENTIAL];
	uint8_t flags;
	int64_t expires_seconds;
};

struct token_key {
	uint8_t id[TOKEN_KEY_ID];
	uint8_t public_key[SIGN_PUBLIC];
};

/* The id of a key is the start of SHA-256("sallyport/token-key/v1\n" || public key). */
struct token_key token_key_of(const uint8_t public_key[SIGN_PUBLIC]);

/* ERR_FORMAT: not a token. ERR_NOT_FOUND: signed by a key not in `keys`. ERR_FORGED: the
 * signature does not verify. ERR_EXPIRED: it was good once. Nothing in *out unless OK. */
RESULT token_verify(struct token *out, struct slice text, const struct token_key *keys,
		    size_t count, int64_t now_seconds);

/* [crypto_sign] The key id in *token is set by the key, whatever stands there. */
RESULT token_mint(struct buf *out, const struct sign_key *key, const struct token *token);

#endif

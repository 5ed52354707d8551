/* SPDX-License-Identifier: Apache-2.0 */
/*
 * digest.h - SHA-256 and what is made of it: HMAC (RFC 2104) and HKDF (RFC 5869). For big
 * files use bulk.h, whose SHA-256 is several times faster.
 */
#ifndef CRYPTO_DIGEST_H
#define CRYPTO_DIGEST_H

#include <sodium/crypto_hash_sha256.h>

#include "crypto/base/err.h"
#include "crypto/base/slice.h"

enum { DIGEST_SIZE = 32, DIGEST_HKDF_MAX = 255 * 32 };

struct digest {
	uint8_t bytes[DIGEST_SIZE];
};

struct digest_state {
	crypto_hash_sha256_state inner;
};

struct digest digest_of(struct slice bytes);
bool digest_equal(const struct digest *a, const struct digest *b); /* constant time */

/* Constant time for any two runs of the same size; the sizes themselves are not secret. */
bool digest_equal_bytes(struct slice a, struct slice b);

/* HMAC-SHA256 over a, then b. */
struct digest digest_hmac(struct slice key, struct slice a, struct slice b);

/* HKDF-SHA256; `size` is at most DIGEST_HKDF_MAX; an empty salt is 32 zero bytes. */
void digest_hkdf(void *out, size_t size, struct slice ikm, struct slice salt, struct slice info);

void digest_begin(struct digest_state *s);
void digest_update(struct digest_state *s, struct slice bytes);
struct digest digest_end(struct digest_state *s);

static inline struct slice digest_slice(const struct digest *d) /* borrowed */
{
	return slice_of(d->bytes, DIGEST_SIZE);
}

#endif

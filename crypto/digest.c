/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/digest.h"

#include <assert.h>

#include <sodium/crypto_auth_hmacsha256.h>
#include <sodium/utils.h>

static const uint8_t no_bytes[1];

/* libsodium wants a pointer even for nothing. */
static const uint8_t *data_of(struct slice s)
{
	return s.data ? s.data : no_bytes;
}

void digest_begin(struct digest_state *s)
{
	crypto_hash_sha256_init(&s->inner);
}

void digest_update(struct digest_state *s, struct slice bytes)
{
	crypto_hash_sha256_update(&s->inner, data_of(bytes), bytes.size);
}

struct digest digest_end(struct digest_state *s)
{
	struct digest d;

	crypto_hash_sha256_final(&s->inner, d.bytes);
	return d;
}

struct digest digest_of(struct slice bytes)
{
	struct digest d;

	crypto_hash_sha256(d.bytes, data_of(bytes), bytes.size);
	return d;
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
	return sodium_memcmp(a->bytes, b->bytes, DIGEST_SIZE) == 0;
}

bool digest_equal_bytes(struct slice a, struct slice b)
{
	return a.size == b.size && sodium_memcmp(data_of(a), data_of(b), a.size) == 0;
}

struct digest digest_hmac(struct slice key, struct slice a, struct slice b)
{
	crypto_auth_hmacsha256_state state;
	struct digest d;

	crypto_auth_hmacsha256_init(&state, data_of(key), key.size);
	crypto_auth_hmacsha256_update(&state, data_of(a), a.size);
	crypto_auth_hmacsha256_update(&state, data_of(b), b.size);
	crypto_auth_hmacsha256_final(&state, d.bytes);
	sodium_memzero(&state, sizeof state);
	return d;
}

/* RFC 5869: T(i) = HMAC(PRK, T(i-1) || info || i). */
void digest_hkdf(void *out, size_t size, struct slice ikm, struct slice salt, struct slice info)
{
	struct digest prk = digest_hmac(salt, ikm, S(""));
	crypto_auth_hmacsha256_state state;
	struct digest block;
	uint8_t *at = out;

	assert(size <= DIGEST_HKDF_MAX);
	for (uint8_t i = 1; size > 0; i++) {
		size_t part = size < DIGEST_SIZE ? size : DIGEST_SIZE;

		crypto_auth_hmacsha256_init(&state, prk.bytes, DIGEST_SIZE);
		if (i > 1)
			crypto_auth_hmacsha256_update(&state, block.bytes, DIGEST_SIZE);
		crypto_auth_hmacsha256_update(&state, data_of(info), info.size);
		crypto_auth_hmacsha256_update(&state, &i, 1);
		crypto_auth_hmacsha256_final(&state, block.bytes);
		memcpy(at, block.bytes, part);
		at += part;
		size -= part;
	}
	sodium_memzero(&state, sizeof state);
	sodium_memzero(&prk, sizeof prk);
	sodium_memzero(&block, sizeof block);
}

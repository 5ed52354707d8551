/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/sign.h"

#include <assert.h>
#include <stdlib.h>

#include <sodium/crypto_sign.h>

#include "crypto/base/buf.h"
#include "crypto/random.h"

enum { SIGN_MESSAGE_MAX = 16 * 1024 * 1024 };

struct sign_key {
	struct secret *pair; /* libsodium's form: seed || public key */
};

enum err sign_key_from_seed(struct sign_key **out, struct slice seed)
{
	uint8_t public_key[SIGN_PUBLIC];
	struct secret *pair = NULL;

	if (seed.size != SIGN_SEED)
		return failure(ERR_FORMAT, "signing key: a seed of %zu bytes, %d expected",
			       seed.size, SIGN_SEED);
	TRY(secret_new(&pair, crypto_sign_SECRETKEYBYTES));
	crypto_sign_seed_keypair(public_key, secret_bytes(pair), seed.data);
	*out = calloc(1, sizeof **out);
	assert(*out);
	(*out)->pair = pair;
	return OK;
}

enum err sign_key_random(struct sign_key **out)
{
	AUTO(secret_auto) struct secret *seed = NULL;

	TRY(secret_random(&seed, SIGN_SEED));
	return sign_key_from_seed(out, secret_slice(seed));
}

void sign_key_free(struct sign_key *k)
{
	if (!k)
		return;
	secret_free(k->pair);
	free(k);
}

struct slice sign_key_seed(const struct sign_key *k)
{
	return slice_part(secret_slice(k->pair), 0, SIGN_SEED);
}

void sign_key_public(const struct sign_key *k, uint8_t out[SIGN_PUBLIC])
{
	memcpy(out, secret_slice(k->pair).data + SIGN_SEED, SIGN_PUBLIC);
}

void sign_make(const struct sign_key *k, struct slice message, uint8_t out[SIGN_SIGNATURE])
{
	crypto_sign_detached(out, NULL, message.data, message.size, secret_slice(k->pair).data);
}

void sign_make_in(struct slice domain, const struct sign_key *k, struct slice message,
		  uint8_t out[SIGN_SIGNATURE])
{
	AUTO(buf_free) struct buf whole = buf_new(SIGN_MESSAGE_MAX);

	buf_write(&whole, domain);
	buf_write(&whole, message);
	assert(!whole.overflow); /* what we sign is ours */
	sign_make(k, buf_slice(&whole), out);
}

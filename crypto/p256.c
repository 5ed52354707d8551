/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/p256.h"

#include <assert.h>

#include <openssl/bn.h>
#include <openssl/ec.h>

#include "crypto/jwk_key.h"

enum { P256_NUMBER = 32 };

static void key_free(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static void group_free(EC_GROUP **group)
{
	EC_GROUP_free(*group);
}

static void number_free(BIGNUM **number)
{
	BN_free(*number);
}

enum err p256_check_public(struct slice public_key)
{
	AUTO(key_free) EVP_PKEY *key = NULL;

	if (public_key.size != P256_PUBLIC)
		return failure(ERR_FORMAT,
			       "a P-256 key is an uncompressed point of %d bytes, this has %zu",
			       P256_PUBLIC, public_key.size);
	/* OpenSSL takes the hybrid forms 06 and 07, too: one key would have three names. */
	if (public_key.data[0] != POINT_CONVERSION_UNCOMPRESSED)
		return failure(ERR_FORMAT,
			       "a P-256 key begins with 04 (an uncompressed point), this with %02x",
			       public_key.data[0]);
	if (jwk_of_point(&key, public_key.data) != OK)
		return failure(ERR_FORMAT, "a P-256 key is a point on the curve, this is none");
	return OK;
}

bool p256_is_valid(const uint8_t public_key[P256_PUBLIC], struct slice message,
		   const uint8_t signature[P256_SIGNATURE])
{
	AUTO(key_free) EVP_PKEY *key = NULL;

	return public_key[0] == POINT_CONVERSION_UNCOMPRESSED &&
	       jwk_of_point(&key, public_key) == OK &&
	       jwk_verify(key, JOSE_ES256, message, slice_of(signature, P256_SIGNATURE)) == OK;
}

void p256_normalize(uint8_t signature[P256_SIGNATURE])
{
	AUTO(group_free) EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	AUTO(number_free) BIGNUM *s = BN_bin2bn(signature + P256_NUMBER, P256_NUMBER, NULL);
	AUTO(number_free) BIGNUM *other = BN_new();
	bool done;

	assert(group && s && other);
	done = BN_sub(other, EC_GROUP_get0_order(group), s) == 1;
	assert(done);
	if (BN_is_negative(other) || BN_cmp(s, other) <= 0)
		return; /* out of range: it does not verify anyway */
	done = BN_bn2binpad(other, signature + P256_NUMBER, P256_NUMBER) == P256_NUMBER;
	assert(done);
}

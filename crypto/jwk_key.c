/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/jwk_key.h"

#include <assert.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/param_build.h>

#include "crypto/base/text.h"

enum { JWK_DER_MAX = 80, JWK_ES256_SIGNATURE = 64 };

static void builder_free(OSSL_PARAM_BLD **b)
{
	OSSL_PARAM_BLD_free(*b);
}

static void params_free(OSSL_PARAM **p)
{
	OSSL_PARAM_free(*p);
}

static void number_free(BIGNUM **n)
{
	BN_clear_free(*n);
}

static void context_free(EVP_PKEY_CTX **c)
{
	EVP_PKEY_CTX_free(*c);
}

static void key_free(EVP_PKEY **k)
{
	EVP_PKEY_free(*k);
}

static enum err member_bytes(struct buf *out, const json_t *jwk, const char *name)
{
	struct slice text;

	TRY(json_get_text(&text, jwk, name));
	if (text_read_base64(out, text, TEXT_BASE64_URL_RAW) != OK)
		return failure(ERR_FORMAT, "JWK: \"%s\" is not base64url of at most %zu bytes",
			       name, out->limit);
	return OK;
}

/* Exactly 32 bytes (RFC 7518 section 6.2.1.2). */
static enum err coordinate(uint8_t out[JWK_P256], const json_t *jwk, const char *name)
{
	AUTO(buf_free) struct buf bytes = buf_new(JWK_P256);

	TRY(member_bytes(&bytes, jwk, name));
	if (bytes.size != JWK_P256)
		return failure(ERR_FORMAT, "JWK: \"%s\" has %zu bytes, %d expected", name,
			       bytes.size, JWK_P256);
	memcpy(out, bytes.data, JWK_P256);
	OPENSSL_cleanse(bytes.data, bytes.size);
	return OK;
}

static enum err make_key(EVP_PKEY **out, OSSL_PARAM_BLD *builder, const char *type, int selection)
{
	AUTO(params_free) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
	AUTO(context_free) EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	AUTO(context_free) EVP_PKEY_CTX *checker = NULL;
	AUTO(key_free) EVP_PKEY *key = NULL;

	if (!params || !context || EVP_PKEY_fromdata_init(context) != 1)
		return failure(ERR_INTERNAL, "OpenSSL gives no %s keys", type);
	if (EVP_PKEY_fromdata(context, &key, selection, params) != 1)
		return failure(ERR_FORMAT, "JWK: the numbers make no %s key", type);
	checker = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	if (!checker || EVP_PKEY_public_check(checker) != 1)
		return failure(ERR_FORMAT, "JWK: not a valid %s public key", type);
	*out = key;
	key = NULL; /* given away */
	return OK;
}

static enum err push_point(OSSL_PARAM_BLD *builder, const uint8_t point[JWK_POINT])
{
	if (OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) != 1 ||
	    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, JWK_POINT) !=
		    1)
		return failure(ERR_INTERNAL, "OpenSSL takes no point");
	return OK;
}

static enum err read_point(uint8_t point[JWK_POINT], const json_t *jwk)
{
	point[0] = POINT_CONVERSION_UNCOMPRESSED;
	TRY(coordinate(point + 1, jwk, "x"));
	return coordinate(point + 1 + JWK_P256, jwk, "y");
}

enum err jwk_of_point(EVP_PKEY **out, const uint8_t point[JWK_POINT])
{
	AUTO(builder_free) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();

	assert(builder);
	TRY(push_point(builder, point));
	return make_key(out, builder, "EC", EVP_PKEY_PUBLIC_KEY);
}

static enum err read_p256(EVP_PKEY **out, const json_t *jwk)
{
	uint8_t point[JWK_POINT];

	TRY(read_point(point, jwk));
	return jwk_of_point(out, point);
}

/* Bounds: a modulus of 2048 to 8192 bits, an odd exponent from 3 to 2^32 (bigger ones only cost
 * the verifier time). */
static enum err check_rsa(const BIGNUM *n, const BIGNUM *e)
{
	int bits = BN_num_bits(n);

	if (bits < JWK_RSA_MIN_BITS || bits > JWK_RSA_MAX_BITS)
		return failure(ERR_FORMAT, "JWK: an RSA key of %d bits, %d to %d are accepted",
			       bits, JWK_RSA_MIN_BITS, JWK_RSA_MAX_BITS);
	if (!BN_is_odd(e) || BN_is_one(e) || BN_num_bits(e) > 33)
		return failure(ERR_FORMAT, "JWK: an RSA exponent that is not in use");
	return OK;
}

static enum err read_rsa(EVP_PKEY **out, const json_t *jwk)
{
	AUTO(builder_free) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	AUTO(buf_free) struct buf n_bytes = buf_new(JWK_RSA_BYTES);
	AUTO(buf_free) struct buf e_bytes = buf_new(8);
	AUTO(number_free) BIGNUM *n = NULL;
	AUTO(number_free) BIGNUM *e = NULL;

	assert(builder);
	TRY(member_bytes(&n_bytes, jwk, "n"));
	TRY(member_bytes(&e_bytes, jwk, "e"));
	n = BN_bin2bn(n_bytes.data, (int)n_bytes.size, NULL);
	e = BN_bin2bn(e_bytes.data, (int)e_bytes.size, NULL);
	assert(n && e);
	TRY(check_rsa(n, e));
	if (OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) != 1 ||
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) != 1)
		return failure(ERR_INTERNAL, "OpenSSL takes no RSA numbers");
	return make_key(out, builder, "RSA", EVP_PKEY_PUBLIC_KEY);
}

enum err jwk_read_public(EVP_PKEY **out, const json_t *jwk, enum jose_algorithm algorithm)
{
	switch (algorithm) {
	case JOSE_ES256:
		return read_p256(out, jwk);
	case JOSE_RS256:
		return read_rsa(out, jwk);
	}
	return failure(ERR_INTERNAL, "JWK: no such algorithm");
}

enum err jwk_read_private(EVP_PKEY **out, const json_t *jwk)
{
	AUTO(builder_free) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	AUTO(number_free) BIGNUM *d = NULL;
	uint8_t point[JWK_POINT];
	uint8_t scalar[JWK_P256];

	assert(builder);
	TRY(read_point(point, jwk));
	TRY(push_point(builder, point));
	TRY(coordinate(scalar, jwk, "d"));
	d = BN_bin2bn(scalar, sizeof scalar, NULL);
	OPENSSL_cleanse(scalar, sizeof scalar);
	assert(d);
	if (OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, d) != 1)
		return failure(ERR_INTERNAL, "OpenSSL takes no private number");
	return make_key(out, builder, "EC", EVP_PKEY_KEYPAIR);
}

static void group_free(EC_GROUP **g)
{
	EC_GROUP_free(*g);
}

static void point_free(EC_POINT **p)
{
	EC_POINT_free(*p);
}

static void numbers_free(BN_CTX **c)
{
	BN_CTX_free(*c);
}

/* d = 1 + (bytes mod (n - 1)) */
static bool make_scalar(BIGNUM *d, const EC_GROUP *group, const uint8_t bytes[48], BN_CTX *numbers)
{
	AUTO(number_free) BIGNUM *wide = BN_bin2bn(bytes, 48, NULL);
	AUTO(number_free) BIGNUM *top = BN_dup(EC_GROUP_get0_order(group));

	return wide && top && BN_sub_word(top, 1) == 1 && BN_mod(d, wide, top, numbers) == 1 &&
	       BN_add_word(d, 1) == 1;
}

enum err jwk_make_p256(EVP_PKEY **out, const uint8_t bytes[48])
{
	AUTO(group_free) EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	AUTO(point_free) EC_POINT *point = group ? EC_POINT_new(group) : NULL;
	AUTO(numbers_free) BN_CTX *numbers = BN_CTX_new();
	AUTO(builder_free) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	AUTO(number_free) BIGNUM *d = BN_secure_new();
	uint8_t public_key[JWK_POINT];

	if (!point || !numbers || !builder || !d || !make_scalar(d, group, bytes, numbers) ||
	    EC_POINT_mul(group, point, d, NULL, NULL, numbers) != 1 ||
	    EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, public_key,
			       sizeof public_key, numbers) != sizeof public_key ||
	    OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) != 1 ||
	    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, public_key,
					     sizeof public_key) != 1 ||
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, d) != 1)
		return failure(ERR_INTERNAL, "OpenSSL makes no P-256 key of a number");
	return make_key(out, builder, "EC", EVP_PKEY_KEYPAIR);
}

static void signature_free(ECDSA_SIG **s)
{
	ECDSA_SIG_free(*s);
}

/* JOSE writes r || s, OpenSSL reads DER. */
static enum err to_der(uint8_t out[JWK_DER_MAX], size_t *size, struct slice raw)
{
	AUTO(signature_free) ECDSA_SIG *signature = ECDSA_SIG_new();
	BIGNUM *r, *s;
	int written;

	if (raw.size != JWK_ES256_SIGNATURE)
		return failure(ERR_FORGED, "JWS: an ES256 signature has %d bytes, not %zu",
			       JWK_ES256_SIGNATURE, raw.size);
	r = BN_bin2bn(raw.data, 32, NULL);
	s = BN_bin2bn(raw.data + 32, 32, NULL);
	assert(signature && r && s);
	ECDSA_SIG_set0(signature, r, s); /* takes r and s over */
	written = i2d_ECDSA_SIG(signature, NULL);
	assert(written > 0 && written <= JWK_DER_MAX);
	i2d_ECDSA_SIG(signature, &out);
	*size = (size_t)written;
	return OK;
}

static void digest_free(EVP_MD_CTX **c)
{
	EVP_MD_CTX_free(*c);
}

/* SHA-256 with ECDSA or RSASSA-PKCS1-v1_5, as the key's kind has it. */
static enum err verify_with(EVP_PKEY *key, struct slice covered, const uint8_t *signature,
			    size_t size)
{
	AUTO(digest_free) EVP_MD_CTX *context = EVP_MD_CTX_new();

	if (!context ||
	    EVP_DigestVerifyInit_ex(context, NULL, "SHA256", NULL, NULL, key, NULL) != 1)
		return failure(ERR_INTERNAL, "OpenSSL verifies no signatures");
	if (EVP_DigestVerify(context, signature, size, covered.data, covered.size) != 1)
		return failure(ERR_FORGED, "JWS: the signature does not verify");
	return OK;
}

enum err jwk_verify(EVP_PKEY *key, enum jose_algorithm algorithm, struct slice covered,
		    struct slice signature)
{
	uint8_t der[JWK_DER_MAX];
	size_t size = 0;

	switch (algorithm) {
	case JOSE_ES256:
		TRY(to_der(der, &size, signature));
		return verify_with(key, covered, der, size);
	case JOSE_RS256:
		return verify_with(key, covered, signature.data, signature.size);
	}
	return failure(ERR_INTERNAL, "JWS: no such algorithm");
}

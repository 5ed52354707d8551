/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/jose_sign.h"

#include <assert.h>
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>

#include "crypto/base/text.h"
#include "crypto/digest.h"
#include "crypto/jwk_key.h"

enum {
	JOSE_RSA_BITS = 2048,
	JOSE_SIGNATURE_MAX = 512,
	JOSE_JWK_MAX = 2048,
	JOSE_HEADER_MAX = 1024,
	JOSE_SEED_WIDE = 48,
};

struct jose_key {
	enum jose_algorithm algorithm;
	char kid[JOSE_KID_MAX + 1];
	EVP_PKEY *key;
};

static enum err set_kid(struct jose_key *k, struct slice kid)
{
	if (kid.size == 0 || kid.size > JOSE_KID_MAX)
		return failure(ERR_LIMIT, "JWK: a kid has 1 to %d characters", JOSE_KID_MAX);
	for (size_t i = 0; i < kid.size; i++)
		if (kid.data[i] <= ' ' || kid.data[i] > '~')
			return failure(ERR_FORMAT, "JWK: a kid is printable ASCII");
	memcpy(k->kid, kid.data, kid.size);
	return OK;
}

static struct jose_key *key_alloc(enum jose_algorithm algorithm)
{
	struct jose_key *k = calloc(1, sizeof *k);

	assert(k);
	k->algorithm = algorithm;
	return k;
}

enum err jose_key_new(struct jose_key **out, enum jose_algorithm algorithm, struct slice kid)
{
	AUTO(jose_key_auto) struct jose_key *k = key_alloc(algorithm);

	TRY(set_kid(k, kid));
	switch (algorithm) {
	case JOSE_ES256:
		k->key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
		break;
	case JOSE_RS256:
		k->key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)JOSE_RSA_BITS);
		break;
	}
	if (!k->key)
		return failure(ERR_INTERNAL, "OpenSSL makes no %s key",
			       jose_algorithm_name(algorithm));
	*out = k;
	k = NULL; /* given away */
	return OK;
}

enum err jose_key_parse(struct jose_key **out, struct slice private_jwk)
{
	AUTO(jose_key_auto) struct jose_key *k = key_alloc(JOSE_ES256);
	AUTO(json_auto) json_t *jwk = NULL;
	struct slice kty, kid;

	TRY(json_read(&jwk, private_jwk, JOSE_JWK_MAX));
	TRY(json_get_text(&kty, jwk, "kty"));
	if (!slice_equal(kty, S("EC")))
		return failure(ERR_UNSUPPORTED, "JWK: a private key here is a P-256 key");
	TRY(json_get_text(&kid, jwk, "kid"));
	TRY(set_kid(k, kid));
	TRY(jwk_read_private(&k->key, jwk));
	*out = k;
	k = NULL; /* given away */
	return OK;
}

void jose_key_free(struct jose_key *k)
{
	if (!k)
		return;
	EVP_PKEY_free(k->key);
	free(k);
}

/* One number of the key as base64url; `size` 0 for as many bytes as it needs. */
static enum err write_number(struct buf *out, const struct jose_key *k, const char *param,
			     size_t size)
{
	uint8_t bytes[JWK_RSA_BYTES];
	BIGNUM *number = NULL;

	if (EVP_PKEY_get_bn_param(k->key, param, &number) != 1)
		return failure(ERR_INTERNAL, "OpenSSL does not show \"%s\" of the key", param);
	if (size == 0)
		size = (size_t)BN_num_bytes(number);
	assert(size <= sizeof bytes);
	BN_bn2binpad(number, bytes, (int)size);
	BN_clear_free(number);
	text_write_base64(out, slice_of(bytes, size), TEXT_BASE64_URL_RAW);
	secret_wipe(bytes, sizeof bytes);
	return buf_done(out);
}

/* The members of the public key, without the braces. */
static enum err write_members(struct buf *out, const struct jose_key *k)
{
	buf_printf(out, "\"alg\":\"%s\",\"kid\":", jose_algorithm_name(k->algorithm));
	json_write_string(out, slice_of_string(k->kid));
	switch (k->algorithm) {
	case JOSE_ES256:
		buf_write_string(out, ",\"kty\":\"EC\",\"crv\":\"P-256\",\"use\":\"sig\",\"x\":\"");
		TRY(write_number(out, k, OSSL_PKEY_PARAM_EC_PUB_X, JWK_P256));
		buf_write_string(out, "\",\"y\":\"");
		TRY(write_number(out, k, OSSL_PKEY_PARAM_EC_PUB_Y, JWK_P256));
		break;
	case JOSE_RS256:
		buf_write_string(out, ",\"kty\":\"RSA\",\"use\":\"sig\",\"n\":\"");
		TRY(write_number(out, k, OSSL_PKEY_PARAM_RSA_N, 0));
		buf_write_string(out, "\",\"e\":\"");
		TRY(write_number(out, k, OSSL_PKEY_PARAM_RSA_E, 0));
		break;
	}
	buf_write_u8(out, '"');
	return buf_done(out);
}

enum err jose_key_write_public(struct buf *out, const struct jose_key *k)
{
	buf_write_string(out, "{\"keys\":[{");
	TRY(write_members(out, k));
	buf_write_string(out, "}]}");
	return buf_done(out);
}

/* RFC 7638: SHA-256 of the members that make the key, sorted. */
static enum err name_by_thumbprint(struct jose_key *k)
{
	AUTO(buf_free) struct buf members = buf_new(JOSE_JWK_MAX);
	AUTO(buf_free) struct buf kid = buf_new(JOSE_KID_MAX);
	struct digest digest;

	buf_write_string(&members, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"");
	TRY(write_number(&members, k, OSSL_PKEY_PARAM_EC_PUB_X, JWK_P256));
	buf_write_string(&members, "\",\"y\":\"");
	TRY(write_number(&members, k, OSSL_PKEY_PARAM_EC_PUB_Y, JWK_P256));
	buf_write_string(&members, "\"}");
	TRY(buf_done(&members));
	digest = digest_of(buf_slice(&members));
	text_write_base64(&kid, digest_slice(&digest), TEXT_BASE64_URL_RAW);
	TRY(buf_done(&kid));
	return set_kid(k, buf_slice(&kid));
}

enum err jose_key_derive(struct jose_key **out, struct slice seed)
{
	AUTO(jose_key_auto) struct jose_key *k = key_alloc(JOSE_ES256);
	uint8_t bytes[JOSE_SEED_WIDE];
	enum err result;

	digest_hkdf(bytes, sizeof bytes, seed, S(""), S("sallyport/visa-key/v1"));
	result = jwk_make_p256(&k->key, bytes);
	secret_wipe(bytes, sizeof bytes);
	TRY(result);
	TRY(name_by_thumbprint(k));
	*out = k;
	k = NULL; /* given away */
	return OK;
}

static void wipe_buf(struct buf *b)
{
	if (b->data)
		secret_wipe(b->data, b->capacity);
	buf_free(b);
}

enum err jose_key_private(struct secret **out, const struct jose_key *k)
{
	AUTO(wipe_buf) struct buf text = buf_new(JOSE_JWK_MAX);

	if (k->algorithm != JOSE_ES256)
		return failure(ERR_UNSUPPORTED, "JWK: only P-256 keys are stored");
	buf_reserve(&text, JOSE_JWK_MAX); /* so that it never moves and leaves a copy behind */
	buf_write_u8(&text, '{');
	TRY(write_members(&text, k));
	buf_write_string(&text, ",\"d\":\"");
	TRY(write_number(&text, k, OSSL_PKEY_PARAM_PRIV_KEY, JWK_P256));
	buf_write_string(&text, "\"}");
	TRY(buf_done(&text));
	return secret_from(out, text.data, text.size);
}

static enum err write_header(struct buf *out, const struct jose_key *k, struct slice type,
			     struct slice jku)
{
	AUTO(json_auto) json_t *header = json_object_new();

	json_put_text(header, "alg", slice_of_string(jose_algorithm_name(k->algorithm)));
	json_put_text(header, "kid", slice_of_string(k->kid));
	if (type.size)
		json_put_text(header, "typ", type);
	if (jku.size)
		json_put_text(header, "jku", jku);
	return json_write_canonical(out, header);
}

static void signature_free(ECDSA_SIG **s)
{
	ECDSA_SIG_free(*s);
}

static enum err write_raw_signature(struct buf *out, const uint8_t *der, size_t size)
{
	AUTO(signature_free) ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &der, (long)size);
	uint8_t raw[2 * JWK_P256];

	if (!signature || BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw, JWK_P256) < 0 ||
	    BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw + JWK_P256, JWK_P256) < 0)
		return failure(ERR_INTERNAL, "OpenSSL made no ECDSA signature");
	text_write_base64(out, slice_of(raw, sizeof raw), TEXT_BASE64_URL_RAW);
	return buf_done(out);
}

static void digest_free(EVP_MD_CTX **c)
{
	EVP_MD_CTX_free(*c);
}

static enum err write_signature(struct buf *out, const struct jose_key *k, struct slice covered)
{
	AUTO(digest_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t signature[JOSE_SIGNATURE_MAX];
	size_t size = sizeof signature;

	if (!context ||
	    EVP_DigestSignInit_ex(context, NULL, "SHA256", NULL, NULL, k->key, NULL) != 1 ||
	    EVP_DigestSign(context, signature, &size, covered.data, covered.size) != 1)
		return failure(ERR_INTERNAL, "OpenSSL could not sign");
	if (k->algorithm == JOSE_ES256)
		return write_raw_signature(out, signature, size);
	text_write_base64(out, slice_of(signature, size), TEXT_BASE64_URL_RAW);
	return buf_done(out);
}

enum err jose_sign(struct buf *out, const struct jose_key *k, struct slice type, struct slice jku,
		   struct slice payload)
{
	AUTO(buf_free) struct buf header = buf_new(JOSE_HEADER_MAX);
	AUTO(buf_free) struct buf covered = buf_new(2 * VISA_MAX);

	TRY(write_header(&header, k, type, jku));
	text_write_base64(&covered, buf_slice(&header), TEXT_BASE64_URL_RAW);
	buf_write_u8(&covered, '.');
	text_write_base64(&covered, payload, TEXT_BASE64_URL_RAW);
	TRY(buf_done(&covered));
	buf_write(out, buf_slice(&covered));
	buf_write_u8(out, '.');
	return write_signature(out, k, buf_slice(&covered));
}

enum err visa_mint(struct buf *out, const struct jose_key *k, struct slice jku,
		   const struct visa *visa)
{
	AUTO(json_auto) json_t *claims = json_object_new();
	AUTO(buf_free) struct buf payload = buf_new(VISA_MAX);
	json_t *statement = json_object_new();

	json_put(claims, "ga4gh_visa_v1", statement);
	json_put_text(statement, "type", visa->type);
	json_put_text(statement, "value", visa->value);
	json_put_text(statement, "source", visa->source);
	json_put_int(statement, "asserted", visa->asserted_seconds);
	if (visa->by.size)
		json_put_text(statement, "by", visa->by);
	json_put_text(claims, "iss", visa->iss);
	json_put_text(claims, "sub", visa->sub);
	if (visa->jti.size)
		json_put_text(claims, "jti", visa->jti);
	json_put_int(claims, "iat", visa->issued_seconds);
	json_put_int(claims, "exp", visa->expires_seconds);
	TRY(json_write_canonical(&payload, claims));
	return jose_sign(out, k, S("vnd.ga4gh.visa+jwt"), jku, buf_slice(&payload));
}

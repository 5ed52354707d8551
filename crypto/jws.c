/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/jws.h"

#include <assert.h>

#include <openssl/ecdsa.h>
#include <openssl/evp.h>

#include "crypto/base/text.h"
#include "crypto/jwk_key.h"

enum { JWS_HEADER_MAX = 4096, JWS_TEXT_MAX = 512, JWS_DER_MAX = 80, JWS_ES256_SIGNATURE = 64 };

static enum err decode(struct slice *out, struct arena *a, struct slice text, size_t max,
		       const char *part)
{
	AUTO(buf_free) struct buf bytes = buf_new(max);

	if (text_read_base64(&bytes, text, TEXT_BASE64_URL_RAW) != OK)
		return failure(ERR_FORMAT, "JWS: the %s is not base64url of at most %zu bytes",
			       part, max);
	*out = arena_copy(a, buf_slice(&bytes));
	return OK;
}

static enum err header_text(struct slice *out, struct arena *a, const json_t *header,
			    const char *name)
{
	struct slice text;

	TRY(json_get_text_or(&text, header, name, S("")));
	if (text.size > JWS_TEXT_MAX)
		return failure(ERR_LIMIT, "JWS: the header's \"%s\" has more than %d bytes", name,
			       JWS_TEXT_MAX);
	*out = arena_copy(a, text);
	return OK;
}

/* Here "none", HS256 and all others end, before there is a key. */
static enum err read_algorithm(enum jose_algorithm *out, const json_t *header)
{
	struct slice name;

	TRY(json_get_text(&name, header, "alg"));
	if (!jose_algorithm_of(out, name))
		return failure(ERR_UNSUPPORTED,
			       "JWS: the algorithm \"%.*s\" is not accepted; sign "
			       "with ES256 or RS256",
			       name.size < 32 ? (int)name.size : 32, (const char *)name.data);
	return OK;
}

static enum err read_header(struct jws *out, struct arena *a, struct slice text)
{
	AUTO(json_auto) json_t *header = NULL;
	struct slice bytes;

	TRY(decode(&bytes, a, text, JWS_HEADER_MAX, "header"));
	TRY(json_read(&header, bytes, JWS_HEADER_MAX));
	TRY(read_algorithm(&out->algorithm, header));
	if (json_object_get(header, "crit") || json_object_get(header, "b64"))
		return failure(ERR_UNSUPPORTED, "JWS: \"crit\" extensions are not understood here");
	TRY(header_text(&out->kid, a, header, "kid"));
	TRY(header_text(&out->jku, a, header, "jku"));
	return header_text(&out->type, a, header, "typ");
}

enum err jws_parse(struct jws *out, struct arena *a, struct slice text, size_t max_bytes)
{
	struct slice header, payload, signature;

	if (text.size > max_bytes)
		return failure(ERR_LIMIT, "JWS: %zu bytes, at most %zu are read", text.size,
			       max_bytes);
	if (!slice_cut(text, '.', &header, &signature) ||
	    !slice_cut(signature, '.', &payload, &signature))
		return failure(ERR_FORMAT, "JWS: three parts with dots between are expected");
	TRY(read_header(out, a, header));
	TRY(decode(&out->payload, a, payload, max_bytes, "payload"));
	TRY(decode(&out->signature, a, signature, JWS_SIGNATURE_MAX, "signature"));
	out->covered = slice_of(text.data, header.size + 1 + payload.size);
	return OK;
}

static void signature_free(ECDSA_SIG **s)
{
	ECDSA_SIG_free(*s);
}

/* JOSE writes r || s, OpenSSL reads DER. */
static enum err to_der(uint8_t out[JWS_DER_MAX], size_t *size, struct slice raw)
{
	AUTO(signature_free) ECDSA_SIG *signature = ECDSA_SIG_new();
	BIGNUM *r, *s;
	int written;

	if (raw.size != JWS_ES256_SIGNATURE)
		return failure(ERR_FORGED, "JWS: an ES256 signature has %d bytes, not %zu",
			       JWS_ES256_SIGNATURE, raw.size);
	r = BN_bin2bn(raw.data, 32, NULL);
	s = BN_bin2bn(raw.data + 32, 32, NULL);
	assert(signature && r && s);
	ECDSA_SIG_set0(signature, r, s); /* takes r and s over */
	written = i2d_ECDSA_SIG(signature, NULL);
	assert(written > 0 && written <= JWS_DER_MAX);
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

enum err jws_verify(const struct jws *jws, const struct jwk_set *keys)
{
	uint8_t der[JWS_DER_MAX];
	const struct jwk *key;
	size_t size = 0;

	TRY(jwk_set_find(&key, keys, jws->kid));
	if (key->algorithm != jws->algorithm)
		return failure(ERR_DENIED, "JWS: it says %s, but its key is for %s",
			       jose_algorithm_name(jws->algorithm),
			       jose_algorithm_name(key->algorithm));
	switch (key->algorithm) {
	case JOSE_ES256:
		TRY(to_der(der, &size, jws->signature));
		return verify_with(key->key, jws->covered, der, size);
	case JOSE_RS256:
		return verify_with(key->key, jws->covered, jws->signature.data,
				   jws->signature.size);
	}
	return failure(ERR_INTERNAL, "JWS: no such algorithm");
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/jws.h"

#include "crypto/base/text.h"
#include "crypto/jwk_key.h"

enum { JWS_HEADER_MAX = 4096, JWS_TEXT_MAX = 512 };

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

enum err jws_verify(const struct jws *jws, const struct jwk_set *keys)
{
	const struct jwk *key;

	TRY(jwk_set_find(&key, keys, jws->kid));
	if (key->algorithm != jws->algorithm)
		return failure(ERR_DENIED, "JWS: it says %s, but its key is for %s",
			       jose_algorithm_name(jws->algorithm),
			       jose_algorithm_name(key->algorithm));
	return jwk_verify(key->key, key->algorithm, jws->covered, jws->signature);
}

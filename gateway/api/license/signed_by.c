/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/license/signed_by.h"

#include "crypto/base/text.h"
#include "crypto/json.h"
#include "crypto/p256.h"
#include "crypto/verify.h"
#include "schema/store/key.h"

enum { SIGNED_BY_MAX = 1024, SIGNED_BY_DER = 0x30 };

static bool is_signing(const struct store_key *key)
{
	return slice_equal(key->kind, S("ed25519")) || slice_equal(key->kind, S("p256"));
}

/* OpenSSL and the tools around it write ECDSA signatures as DER; it is worth telling them. */
static enum err read_signature(uint8_t out[STORE_SIGNATURE], const struct store_key *key,
			       struct slice text)
{
	AUTO(buf_free) struct buf bytes = buf_new(SIGNED_BY_MAX);
	struct slice signature;

	TRY(text_read_base64(&bytes, text, TEXT_BASE64));
	signature = buf_slice(&bytes);
	if (slice_equal(key->kind, S("p256")) && signature.size > STORE_SIGNATURE &&
	    signature.data[0] == SIGNED_BY_DER)
		return failure(ERR_FORMAT,
			       "\"sig\" looks like DER (%zu bytes); WebCrypto's %d bytes r || s "
			       "are expected",
			       signature.size, STORE_SIGNATURE);
	if (signature.size != STORE_SIGNATURE)
		return failure(ERR_FORMAT, "\"sig\" has %zu bytes, %d expected", signature.size,
			       STORE_SIGNATURE);
	memcpy(out, signature.data, STORE_SIGNATURE);
	return OK;
}

static bool is_valid(const struct store_key *key, struct slice signed_text,
		     const uint8_t signature[STORE_SIGNATURE])
{
	if (slice_equal(key->kind, S("p256")))
		return p256_is_valid(key->public, signed_text, signature);
	return sign_is_valid(key->public, signed_text, signature);
}

enum err signed_by_read(struct signed_by *out, struct exchange *x, struct route_context *context,
			const json_t *object, struct slice signed_text, const char *what)
{
	struct store_key key;
	struct slice id, text;
	enum err found;

	TRY(json_get_text(&id, object, "key_id"));
	TRY(json_get_text(&text, object, "sig"));
	TRY(text_read_uuid(out->key, id));
	found = store_key_get(context->store, exchange_arena(x), &key, out->key,
			      authorize_principal(x)->person.id);
	if (found == ERR_NOT_FOUND || (found == OK && !is_signing(&key)))
		return failure(ERR_FORMAT,
			       "\"key_id\" is no Ed25519 or P-256 key that you have enrolled");
	TRY(found);
	TRY(read_signature(out->signature, &key, text));
	if (!is_valid(&key, signed_text, out->signature))
		return failure(ERR_FORMAT, "the signature of the %s does not verify", what);
	if (slice_equal(key.kind, S("p256")))
		p256_normalize(out->signature);
	return OK;
}

enum err signed_by_any(bool *out, struct exchange *x, struct route_context *context)
{
	struct store_key *keys;
	size_t count;

	TRY(store_key_list(context->store, exchange_arena(x), &keys, &count,
			   authorize_principal(x)->person.id));
	*out = false;
	for (size_t i = 0; i < count; i++)
		*out |= !keys[i].revoked_ms && is_signing(&keys[i]);
	return OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/license/attest.h"

#include "crypto/base/text.h"
#include "crypto/json.h"
#include "crypto/verify.h"
#include "schema/store/key.h"

/* Has the person a key to sign with? */
static enum err has_key(bool *out, struct exchange *x, struct route_context *context)
{
	struct store_key *keys;
	size_t count;

	TRY(store_key_list(context->store, exchange_arena(x), &keys, &count,
			   authorize_principal(x)->person.id));
	*out = false;
	for (size_t i = 0; i < count; i++)
		*out |= slice_equal(keys[i].kind, S("ed25519"));
	return OK;
}

static enum err check_signature(struct attestation *a, struct exchange *x,
				struct route_context *context, const json_t *object,
				struct slice statement)
{
	AUTO(buf_free) struct buf signature = buf_new(128);
	struct store_key key;
	struct slice id, text;
	enum err found;

	TRY(json_get_text(&id, object, "key_id"));
	TRY(json_get_text(&text, object, "sig"));
	TRY(text_read_uuid(a->key, id));
	TRY(text_read_base64(&signature, text, TEXT_BASE64));
	found = store_key_get(context->store, exchange_arena(x), &key, a->key,
			      authorize_principal(x)->person.id);
	if (found == ERR_NOT_FOUND || (found == OK && !slice_equal(key.kind, S("ed25519"))))
		return failure(ERR_FORMAT, "\"key_id\" is no Ed25519 key that you have enrolled");
	TRY(found);
	if (signature.size != SIGN_SIGNATURE ||
	    !sign_is_valid(key.public, statement, signature.data))
		return failure(ERR_FORMAT, "the signature of the attestation does not verify");
	memcpy(a->signature, signature.data, SIGN_SIGNATURE);
	return OK;
}

enum err attest_read(struct attestation *out, struct exchange *x, struct route_context *context,
		     const json_t *body, struct slice domain, json_t *statement)
{
	AUTO(buf_free) struct buf text = buf_new(4 * ATTEST_MAX_TEXT);
	const json_t *object = json_object_get(body, "signature");
	bool must_sign;

	*out = (struct attestation){0};
	TRY(json_get_text(&out->text, body, "attestation"));
	if (slice_trim(out->text).size == 0 || out->text.size > ATTEST_MAX_TEXT)
		return failure(ERR_FORMAT,
			       "\"attestation\" must say in 1 to %d bytes what was done",
			       ATTEST_MAX_TEXT);
	json_put_text(statement, "attestation", out->text);
	buf_write(&text, domain);
	TRY(json_write_canonical(&text, statement));
	TRY(buf_done(&text));
	if (json_has(body, "signature"))
		return check_signature(out, x, context, object, buf_slice(&text));
	TRY(has_key(&must_sign, x, context));
	return must_sign ? failure(ERR_FORMAT, "\"signature\" is missing: you have a key enrolled")
			 : OK;
}

void attest_tell(const struct attestation *a, struct audit_event *event)
{
	audit_event_text(event, "attestation", a->text);
	if (store_id_is_none(a->key))
		return;
	audit_event_uuid(event, "key", a->key);
	audit_event_hex(event, "signature", slice_of(a->signature, SIGN_SIGNATURE));
}

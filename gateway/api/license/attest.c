/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/license/attest.h"

#include "crypto/json.h"
#include "gateway/api/license/signed_by.h"

enum err attest_read(struct attestation *out, struct exchange *x, struct route_context *context,
		     const json_t *body, struct slice domain, json_t *statement)
{
	AUTO(buf_free) struct buf text = buf_new(4 * ATTEST_MAX_TEXT);
	struct signed_by by;
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
	if (!json_has(body, "signature")) {
		TRY(signed_by_any(&must_sign, x, context));
		return must_sign ? failure(ERR_FORMAT,
					   "\"signature\" is missing: you have a key enrolled")
				 : OK;
	}
	TRY(signed_by_read(&by, x, context, json_object_get(body, "signature"), buf_slice(&text),
			   "attestation"));
	memcpy(out->key, by.key, STORE_ID);
	memcpy(out->signature, by.signature, STORE_SIGNATURE);
	return OK;
}

void attest_tell(const struct attestation *a, struct audit_event *event)
{
	audit_event_text(event, "attestation", a->text);
	if (store_id_is_none(a->key))
		return;
	audit_event_uuid(event, "key", a->key);
	audit_event_hex(event, "signature", slice_of(a->signature, STORE_SIGNATURE));
}

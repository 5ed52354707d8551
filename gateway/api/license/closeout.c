/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A holder is done with a license: why, and what they attest of the copies they had. To the keeper
 * it is as good as a revocation. Signed is "sallyport/close/v1\n" and canonical JSON
 * {"attestation","license","model","reason"}.
 */
#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "gateway/api/lease/withdraw.h"
#include "gateway/api/license/attest.h"
#include "gateway/api/license/licensing.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "schema/store/institution_license.h"
#include "schema/store/renewal.h"

static enum err read_reason(struct slice *out, const json_t *body)
{
	static const char *const reasons[] = {"PROJECT_COMPLETED", "MOVED_INSTITUTION",
					      "TRANSFERRED", "SUPERSEDED"};

	TRY(json_get_text(out, body, "reason"));
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (slice_equal(*out, slice_of_string(reasons[i])))
			return OK;
	return failure(ERR_FORMAT, "\"reason\" is PROJECT_COMPLETED, MOVED_INSTITUTION, "
				   "TRANSFERRED or SUPERSEDED");
}

static enum err read_closeout(struct store_closeout *out, struct attestation *attested,
			      struct exchange *x, struct route_context *context,
			      const struct store_license *l, const json_t *body)
{
	AUTO(json_auto) json_t *statement = json_object_new();

	if (!principal_is(authorize_principal(x), l->person))
		return failure(ERR_DENIED, "only its holder closes a license; an administrator may "
					   "revoke it");
	if (slice_equal(l->state, S("revoked")) || slice_equal(l->state, S("closed")))
		return failure(ERR_CONFLICT, "the license is %.*s already", SLICE_PRINT(l->state));
	*out = (struct store_closeout){.at_ms = clock_now_ms()};
	TRY(read_reason(&out->reason, body));
	json_put_text(statement, "license", slice_of_string(api_uuid(exchange_arena(x), l->id)));
	json_put_text(statement, "model", l->model_name);
	json_put_text(statement, "reason", out->reason);
	TRY(attest_read(attested, x, context, body, S("sallyport/close/v1\n"), statement));
	out->attestation = attested->text;
	memcpy(out->license, l->id, STORE_ID);
	memcpy(out->person, l->person, STORE_ID);
	memcpy(out->key, attested->key, STORE_ID);
	memcpy(out->signature, attested->signature, STORE_SIGNATURE);
	return OK;
}

static enum err close_license(struct exchange *x, struct route_context *context,
			      const struct store_license *l, const struct store_closeout *closeout,
			      const struct attestation *attested)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_LICENSE_CLOSE, who->person.id, who->person.name);
	licensing_tell(&event, l);
	audit_event_text(&event, "reason", closeout->reason);
	attest_tell(attested, &event);
	TRY(store_begin(store));
	TRY(store_license_set_state(store, l->id, l->state, S("closed"), closeout->reason,
				    closeout->at_ms));
	TRY(store_closeout_add(store, closeout));
	TRY(store_seat_free_license(store, l->id));
	return api_finish(x, context, &event);
}

void license_close(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = NULL;
	struct store_license license;
	struct store_closeout closeout;
	struct attestation attested;
	json_t *answer;
	enum err result;

	if (!licensing_find(&license, x, context))
		return;
	body = api_body(x);
	if (!body)
		return;
	result = read_closeout(&closeout, &attested, x, context, &license, body);
	if (result == OK)
		result = close_license(x, context, &license, &closeout, &attested);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_object_new();
	json_put_text(answer, "id", slice_of_string(api_uuid(exchange_arena(x), license.id)));
	json_put_text(answer, "state", S("closed"));
	json_put_text(answer, "reason", closeout.reason);
	json_put_bool(answer, "signed", !store_id_is_none(closeout.key));
	withdraw_wait(x, context, answer);
	reply_json(x, 200, answer);
}

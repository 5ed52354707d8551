/* SPDX-License-Identifier: Apache-2.0 */
/* Administration of models: terms, emergency stop. */
#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/digest.h"
#include "crypto/json.h"
#include "gateway/api/hub/hub.h"
#include "gateway/api/lease/withdraw.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"

static enum err add_terms(struct exchange *x, struct route_context *context,
			  const struct digest *digest)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_TERMS_ADD, who->person.id, who->person.name);
	audit_event_hex(&event, "terms_sha256", slice_of(digest->bytes, DIGEST_SIZE));
	audit_event_number(&event, "size", (int64_t)exchange_body(x).size);
	TRY(store_begin(store));
	TRY(store_terms_add(store, digest->bytes, exchange_body(x), clock_now_ms(),
			    who->person.id));
	return api_finish(x, context, &event);
}

void terms_add(struct exchange *x, struct route_context *context)
{
	struct slice text = exchange_body(x);
	struct digest digest = digest_of(text);
	json_t *answer;
	enum err result;

	if (slice_trim(text).size == 0 || !slice_is_utf8(text)) {
		reply_code(x, CODE_BAD_REQUEST, "the body must be the text of the terms, in UTF-8",
			   NULL);
		return;
	}
	result = add_terms(x, context, &digest);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_object_new();
	json_put_text(
		answer, "sha256",
		slice_of_string(api_hex(exchange_arena(x), slice_of(digest.bytes, DIGEST_SIZE))));
	reply_json(x, 201, answer);
}

void terms_get(struct exchange *x, struct route_context *context)
{
	uint8_t sha256[DIGEST_SIZE];
	struct slice text;
	enum err result = text_read_hex(sha256, sizeof sha256, exchange_param(x, "sha256"));

	if (result == OK)
		result = store_terms_get(context->store, exchange_arena(x), &text, sha256);
	if (result == OK)
		reply_text(x, 200, "text/markdown; charset=utf-8", text);
	else
		reply_failure(x, result);
}

enum err hub_set_model_state(struct exchange *x, struct route_context *context,
			     const struct store_model *model, enum audit_kind kind,
			     struct slice state, struct slice reason)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	if (slice_equal(model->state, S("shredded")))
		return failure(ERR_CONFLICT, "the model is shredded");
	audit_event_begin(&event, kind, who->person.id, who->person.name);
	audit_event_text(&event, "model", model->name);
	audit_event_text(&event, "reason", reason);
	TRY(store_begin(store));
	TRY(store_model_set_state(store, model->id, state, reason));
	/* From its commit on it stands: edges end transfers, generations, engines with the model.
	 */
	return api_finish(x, context, &event);
}

static void change(struct exchange *x, struct route_context *context, enum audit_kind kind,
		   struct slice state)
{
	AUTO(json_auto) json_t *body = NULL;
	struct store_model model;
	struct slice reason;
	json_t *answer;
	enum err result;

	if (!hub_find_model(&model, x, context))
		return;
	body = api_body_or_none(x);
	if (!body)
		return;
	result = api_reason(&reason, body);
	if (result == OK)
		result = hub_set_model_state(x, context, &model, kind, state, reason);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_object_new();
	json_put_text(answer, "model", model.name);
	json_put_text(answer, "state", state);
	if (kind == AUDIT_MODEL_DISABLE)
		withdraw_wait(x, context, answer);
	reply_json(x, 200, answer);
}

void model_disable(struct exchange *x, struct route_context *context)
{
	change(x, context, AUDIT_MODEL_DISABLE, S("disabled"));
}

void model_enable(struct exchange *x, struct route_context *context)
{
	change(x, context, AUDIT_MODEL_ENABLE, S("active"));
}

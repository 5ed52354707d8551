/* SPDX-License-Identifier: Apache-2.0 */
/* "May I, and if not, what is missing?" - decisions before the act, and those that were taken. */
#include "crypto/json.h"
#include "gateway/api/adapter/adapter_use.h"
#include "gateway/api/authorize.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "schema/store/decision.h"

/* Of "ns/name:adapter" the decision is that of its base; whether the adapter may be used besides
 * stands beside it. ERR_NOT_FOUND: it is not there for this person. */
static enum err explain_adapter(json_t *answer, struct exchange *x, struct route_context *context,
				const struct grant *grant, struct slice name)
{
	struct store_adapter adapter;
	enum err result;

	if (name.size == 0)
		return OK;
	result = adapter_choose(&adapter, x, context, grant, name);
	if (result == ERR_DENIED) {
		json_t *told = json_object_new();

		json_put_bool(told, "usable", false);
		json_put_text(told, "obstacle", slice_of_string(failure_text()));
		json_put(answer, "adapter", told);
		json_put_bool(answer, "allow", false);
		return OK;
	}
	TRY(result);
	json_put(answer, "adapter", adapter_describe(x, &adapter));
	return OK;
}

void decision_explain(struct exchange *x, struct route_context *context)
{
	struct slice adapter, model = adapter_split(&adapter, api_query(x, "model"));
	struct slice name = api_query(x, "right");
	AUTO(json_auto) json_t *answer = NULL;
	struct slice path = api_query(x, "path");
	struct grant grant;
	enum right right;
	enum err result;

	if (!right_parse(&right, name) || right_is_office(right)) {
		reply_code(x, CODE_BAD_REQUEST,
			   "\"right\" must name a right on a model, as weights:read", "right");
		return;
	}
	if (!slice_is_utf8(model) || !slice_is_utf8(path)) {
		reply_code(x, CODE_BAD_REQUEST, "\"model\" and \"path\" must be UTF-8", NULL);
		return;
	}
	result = authorize_weigh(&grant, x, context, right, model, S(""), path);
	if (result == ERR_NOT_FOUND)
		result = failure(ERR_NOT_FOUND, "model %.*s does not exist", SLICE_PRINT(model));
	if (result == OK)
		result = authorize_note(x, context, &grant);
	if (result == OK) {
		answer = authorize_describe(x, &grant);
		if (grant.license)
			json_put_text(answer, "plan", grant.license->plan);
		result = explain_adapter(answer, x, context, &grant, adapter);
	}
	if (result == OK)
		reply_json(x, 200, json_incref(answer));
	else
		reply_failure(x, result);
}

void decision_get(struct exchange *x, struct route_context *context)
{
	const struct principal *who = authorize_principal(x);
	struct store_decision decision;
	uint8_t id[STORE_ID];
	enum err result = api_param_uuid(id, x, "id");

	if (result == OK)
		result = store_decision_get(context->store, exchange_arena(x), &decision, id);
	if (result == OK && !principal_holds_on(who, RIGHT_AUDIT_READ, decision.model) &&
	    !principal_holds_on(who, RIGHT_LICENSES_MANAGE, decision.model) &&
	    !principal_is(who, decision.person))
		result = failure(ERR_NOT_FOUND, "no such decision");
	if (result == OK)
		reply_text(x, 200, "application/json", decision.record);
	else
		reply_failure(x, result);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* "May I, and if not, what is missing?" - decisions before the act, and those that were taken. */
#include "crypto/json.h"
#include "gateway/api/authorize.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "schema/store/decision.h"

void decision_explain(struct exchange *x, struct route_context *context)
{
	struct slice model = api_query(x, "model"), name = api_query(x, "right");
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
		result = authorize_record(context->store, x, &grant);
	if (result == OK)
		reply_json(x, 200, authorize_describe(x, &grant));
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

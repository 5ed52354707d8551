/* SPDX-License-Identifier: Apache-2.0 */
/* Is it alive, can it do its work, and how is it spoken to? */
#include "crypto/json.h"
#include "gateway/api/api.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "schema/api/openapi.h"

void health(struct exchange *x, struct route_context *context)
{
	json_t *answer = json_object_new();

	(void)context;
	json_put_text(answer, "status", S("ok"));
	reply_json(x, 200, answer);
}

static struct slice word(bool good)
{
	return good ? S("up") : S("down");
}

void ready(struct exchange *x, struct route_context *context)
{
	struct store_audit_state state = {0};
	bool database = store_audit_state(context->store, exchange_arena(x), &state) == OK;
	bool keeper = rpc_generation(context->api->rpc, ROLE_KEEPER, 0) != 0;
	bool scribe = rpc_generation(context->api->rpc, ROLE_SCRIBE, 0) != 0;
	bool good = database && keeper && scribe && !state.read_only;
	json_t *answer = json_object_new();

	json_put_bool(answer, "ready", good);
	json_put_text(answer, "database", word(database));
	json_put_text(answer, "keeper", word(keeper));
	json_put_text(answer, "scribe", word(scribe));
	json_put_bool(answer, "read_only", state.read_only);
	if (state.reason.size)
		json_put_text(answer, "reason", state.reason);
	reply_json(x, good ? 200 : 503, answer);
}

void openapi(struct exchange *x, struct route_context *context)
{
	(void)context;
	reply_text(x, 200, "application/json", openapi_text());
}

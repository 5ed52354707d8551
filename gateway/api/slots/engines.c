/* SPDX-License-Identifier: Apache-2.0 */
/* GET /api/v1/engines: what is in service, what is on its way, and what memory is left. */
#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/api/slots/slots.h"
#include "schema/store/service.h"

enum {
	VIEW_MAX = 64 * 1024,
	VIEW_FRESH_MS = 20 * 1000, /* an edge that has not told for so long is not there */
};

/* What another edge has told: an array of ours, but from the database. */
static void add_view(json_t *engines, const struct store_engine_view *view)
{
	AUTO(json_auto) json_t *told = NULL;

	if (json_read(&told, view->engines, VIEW_MAX) != OK || !json_is_array(told))
		return;
	for (size_t i = 0; i < json_array_size(told); i++)
		json_push(engines, json_incref(json_array_get(told, i)));
}

static enum err add_others(json_t *engines, struct exchange *x, struct route_context *context)
{
	struct store_engine_view *views;
	size_t count;

	TRY(store_engine_view_list(context->store, exchange_arena(x), &views, &count,
				   clock_now_ms() - VIEW_FRESH_MS));
	for (size_t i = 0; i < count; i++)
		if (views[i].edge != context->api->index)
			add_view(engines, &views[i]);
	return OK;
}

void engines_list(struct exchange *x, struct route_context *context)
{
	struct api *api = context->api;
	json_t *engines = slots_describe(api->slots, api->rpc, exchange_arena(x));
	json_t *answer;
	enum err result = OK;

	if (api->settings->edges > 1)
		result = add_others(engines, x, context);
	if (result != OK) {
		json_free(engines);
		reply_failure(x, result);
		return;
	}
	answer = json_object_new();
	json_put(answer, "engines", engines);
	json_put_int(answer, "edge", api->index);
	json_put_int(answer, "edges", api->settings->edges);
	json_put(answer, "memory", slots_describe_memory(api->slots, api->rpc));
	reply_json(x, 200, answer);
}

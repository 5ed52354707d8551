/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person did, for that person: each entry of which they are the actor, so that a receipt can
 * be fetched for every download and every call. Nobody needs to be an auditor for it, it is no
 * query of the log, and nothing of others is in it.
 */
#include <inttypes.h>

#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "gateway/api/authorize.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"

enum { RECEIPTS_PAGE = 50 };

static enum err read_time(int64_t *out, struct exchange *x, const char *name)
{
	struct slice text = api_query(x, name);

	*out = 0;
	return text.size ? clock_parse(out, text) : OK;
}

static enum err read_query(struct store_own_query *out, struct exchange *x)
{
	struct slice limit = api_query(x, "limit"), cursor = api_query(x, "cursor");
	uint64_t number = RECEIPTS_PAGE;

	*out = (struct store_own_query){.before = UINT64_MAX};
	memcpy(out->person, authorize_principal(x)->person.id, STORE_ID);
	TRY(read_time(&out->from_ms, x, "from"));
	TRY(read_time(&out->to_ms, x, "to"));
	if (limit.size && (!slice_to_u64(limit, STORE_AUDIT_MAX_PAGE, &number) || number == 0))
		return failure(ERR_FORMAT, "\"limit\" is 1 to %d", STORE_AUDIT_MAX_PAGE);
	out->limit = (unsigned)number;
	if (cursor.size && !slice_to_u64(cursor, INT64_MAX, &out->before))
		return failure(ERR_FORMAT, "\"cursor\" is not one that an answer gave");
	return OK;
}

static enum err find(struct store_event **out, size_t *count, struct exchange *x,
		     struct route_context *context, const struct store_own_query *query)
{
	struct store *auditor = api_auditor_take(context->api);
	enum err result = store_audit_own(auditor, exchange_arena(x), out, count, query);

	api_auditor_return(context->api, auditor);
	return result;
}

static json_t *describe(struct arena *arena, const struct store_event *e)
{
	const char *id = api_uuid(arena, e->id);
	json_t *one = json_object_new();

	json_put_text(one, "id", slice_of_string(id));
	json_put_int(one, "index", (int64_t)e->index);
	json_put_text(one, "at", slice_of_string(api_time(arena, e->at_ms)));
	json_put_text(one, "kind", e->kind);
	json_put_text(one, "model", e->model);
	json_put_text(one, "right", e->right);
	json_put_text(one, "decision", e->allow ? S("allow") : S("deny"));
	json_put_text(one, "code", e->code);
	json_put_text(one, "receipt",
		      slice_of_string(arena_printf(arena, "/api/v1/receipts/%s", id)));
	return one;
}

/* Index of the last one where there may be more. */
static json_t *describe_next(struct arena *arena, const struct store_event *events, size_t count,
			     unsigned limit)
{
	if (count < limit)
		return json_null();
	return json_string(arena_printf(arena, "%" PRIu64, events[count - 1].index));
}

void receipt_list(struct exchange *x, struct route_context *context)
{
	struct store_event *events = NULL;
	struct store_own_query query;
	struct arena *arena = exchange_arena(x);
	size_t count = 0;
	json_t *answer, *list;
	enum err result = read_query(&query, x);

	if (result == OK)
		result = find(&events, &count, x, context, &query);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < count; i++)
		json_push(list, describe(arena, &events[i]));
	answer = json_object_new();
	json_put(answer, "receipts", list);
	json_put(answer, "next", describe_next(arena, events, count, query.limit));
	reply_json(x, 200, answer);
}

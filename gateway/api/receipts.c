/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person did, for that person: each entry of which they are the actor, so that a receipt can
 * be fetched for every download and every call. Nobody needs to be an auditor for it, it is no
 * query of the log, and nothing of others is in it.
 */
#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "gateway/api/audit/filters.h"
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

static enum err read_query(struct store_audit_query *out, struct exchange *x)
{
	struct slice limit = api_query(x, "limit");
	uint64_t number = RECEIPTS_PAGE;

	*out = (struct store_audit_query){.is_forward = false};
	out->filter.actor = slice_of_string(
		api_uuid(exchange_arena(x), authorize_principal(x)->person.id));
	TRY(read_time(&out->filter.from_ms, x, "from"));
	TRY(read_time(&out->filter.to_ms, x, "to"));
	if (limit.size && (!slice_to_u64(limit, STORE_AUDIT_MAX_PAGE, &number) || number == 0))
		return failure(ERR_FORMAT, "\"limit\" is 1 to %d", STORE_AUDIT_MAX_PAGE);
	out->limit = (unsigned)number;
	return audit_cursor_read(out, api_query(x, "cursor"));
}

static enum err find(struct store_audit_page *out, struct exchange *x,
		     struct route_context *context, struct store_audit_query *query)
{
	struct store *auditor = api_auditor_take(context->api);
	enum err result = store_audit_bounds(auditor, &query->bounds, &query->filter);

	if (result == OK)
		result = store_audit_find(auditor, exchange_arena(x), out, query);
	api_auditor_return(context->api, auditor);
	return audit_in_time(result);
}

static json_t *describe(struct arena *arena, const struct store_event *e)
{
	const char *id = api_uuid(arena, e->id);
	json_t *one = json_object_new();

	json_put_text(one, "id", slice_of_string(id));
	json_put_int(one, "index", (int64_t)e->index);
	if (e->is_row)
		json_put_int(one, "row", e->row);
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

void receipt_list(struct exchange *x, struct route_context *context)
{
	struct store_audit_page page = {.count = 0};
	struct store_audit_query query;
	struct arena *arena = exchange_arena(x);
	json_t *answer, *list;
	enum err result = read_query(&query, x);

	if (result == OK)
		result = find(&page, x, context, &query);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < page.count; i++)
		json_push(list, describe(arena, &page.events[i].event));
	answer = json_object_new();
	json_put(answer, "receipts", list);
	json_put(answer, "next",
		 page.has_more ? json_string(audit_cursor(arena, page.cursor)) : json_null());
	if (query.bounds.is_behind_by)
		json_put_int(answer, "behind", (int64_t)query.bounds.is_behind_by);
	reply_json(x, 200, answer);
}

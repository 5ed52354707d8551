/* SPDX-License-Identifier: Apache-2.0 */
/* GET /api/v1/audit/events: a page of the log, for auditors. */
#include "crypto/json.h"
#include "gateway/api/audit/filters.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"

enum { EVENTS_PAGE = 50 };

static enum err find(struct store_audit_page *out, struct exchange *x,
		     struct route_context *context, const struct store_audit_query *query)
{
	struct store *auditor = api_auditor_take(context->api);
	enum err result = store_audit_find(auditor, exchange_arena(x), out, query);

	api_auditor_return(context->api, auditor);
	return audit_in_time(result);
}

static enum err read_page(struct store_audit_page *out, struct audit_asked *asked,
			  struct exchange *x, struct route_context *context)
{
	static const char *const own[] = {"limit", "cursor", "order", "saved", NULL};

	TRY(audit_asked_read(asked, x, context, own));
	TRY(audit_asked_count(&asked->query.limit, asked, "limit", EVENTS_PAGE,
			      STORE_AUDIT_MAX_PAGE));
	TRY(find(out, x, context, &asked->query));
	return audit_log_read(x, context, "events", (int64_t)out->count, S(""));
}

void audit_events(struct exchange *x, struct route_context *context)
{
	AUTO(audit_asked_clear) struct audit_asked asked = {.given = NULL};
	struct store_audit_page page;
	json_t *answer, *list;
	enum err result = read_page(&page, &asked, x, context);

	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < page.count; i++)
		json_push(list, audit_describe(exchange_arena(x), &page.events[i]));
	answer = json_object_new();
	json_put(answer, "events", list);
	if (page.has_more)
		json_put_text(answer, "next",
			      slice_of_string(audit_cursor(exchange_arena(x), page.cursor)));
	else
		json_put(answer, "next", json_null());
	if (asked.query.bounds.is_behind_by)
		json_put_int(answer, "behind", (int64_t)asked.query.bounds.is_behind_by);
	reply_json(x, 200, answer);
}

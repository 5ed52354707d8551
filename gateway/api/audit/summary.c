/* SPDX-License-Identifier: Apache-2.0 */
/* GET /api/v1/audit/summary: counts of events, tokens and bytes by day, model, person ... */
#include "crypto/json.h"
#include "gateway/api/audit/filters.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"

enum { SUMMARY_GROUPS = 1000 };

struct summary {
	struct store_audit_group *groups;
	size_t count;
};

static enum err count_groups(struct summary *out, struct exchange *x, struct route_context *context,
			     const struct store_audit_query *query, enum store_audit_by by)
{
	struct store *auditor = api_auditor_take(context->api);
	enum err result = store_audit_summary(auditor, exchange_arena(x), &out->groups, &out->count,
					      query, by);

	api_auditor_return(context->api, auditor);
	return audit_in_time(result);
}

static enum err read_summary(struct summary *out, struct audit_asked *asked, struct exchange *x,
			     struct route_context *context)
{
	static const char *const own[] = {"by", "limit", "saved", NULL};
	enum store_audit_by by;

	TRY(audit_asked_read(asked, x, context, own));
	if (!store_audit_by_of(&by, audit_asked_text(asked, "by")))
		return failure(ERR_FORMAT, "\"by\" is day, hour, model, institution, region, "
					   "person, license, right, kind, decision or code");
	TRY(audit_asked_count(&asked->query.limit, asked, "limit", SUMMARY_GROUPS,
			      STORE_AUDIT_MAX_GROUPS));
	TRY(count_groups(out, x, context, &asked->query, by));
	return audit_log_read(x, context, "summary", (int64_t)out->count, S(""));
}

static json_t *describe(const struct store_audit_group *group)
{
	json_t *one = json_object_new();

	if (group->key.size)
		json_put_text(one, "key", group->key);
	else
		json_put(one, "key", json_null());
	if (group->id.size)
		json_put_text(one, "id", group->id);
	json_put_int(one, "count", group->count);
	json_put_int(one, "tokens", group->tokens);
	json_put_int(one, "bytes", group->bytes);
	return one;
}

void audit_summary(struct exchange *x, struct route_context *context)
{
	AUTO(audit_asked_clear) struct audit_asked asked = {.given = NULL};
	struct summary summary = {.count = 0};
	enum err result = read_summary(&summary, &asked, x, context);
	json_t *answer, *list;

	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < summary.count; i++)
		json_push(list, describe(&summary.groups[i]));
	answer = json_object_new();
	json_put_text(answer, "by", audit_asked_text(&asked, "by"));
	json_put(answer, "groups", list);
	json_put_bool(answer, "truncated", summary.count == asked.query.limit);
	json_put_int(answer, "size", (int64_t)asked.query.bounds.published);
	if (asked.query.bounds.is_behind_by)
		json_put_int(answer, "behind", (int64_t)asked.query.bounds.is_behind_by);
	reply_json(x, 200, answer);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long what is kept is changed by two people: POST /api/v1/audit/retention asks for it,
 * .../{id}/confirm and .../{id}/reject are another person's word. Each is an entry. From the first
 * change on the settings say nothing any more; the law's least holds whatever is said.
 */
#include "schema/store/retention_change.h"
#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "crypto/random.h"
#include "gateway/api/authorize.h"
#include "gateway/api/erasure/erase_step.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"

enum { USAGE_MONTHS_LEAST = 6, RECORD_YEARS_LEAST = 10, USAGE_MOST = 1200, RECORD_MOST = 100 };

static void put_act(json_t *one, struct arena *arena, const char *name, struct slice by, int64_t ms)
{
	json_t *act = json_object_new();

	json_put_text(act, "by", by);
	json_put_text(act, "at", slice_of_string(api_time(arena, ms)));
	json_put(one, name, act);
}

static json_t *describe(struct arena *arena, const struct store_retention_change *c)
{
	json_t *one = json_object_new();

	json_put_text(one, "id", slice_of_string(api_uuid(arena, c->id)));
	json_put_text(one, "state", c->state);
	json_put_int(one, "usage_months", c->periods.usage_months);
	json_put_int(one, "record_years", c->periods.record_years);
	json_put_text(one, "reason", c->reason);
	put_act(one, arena, "asked", c->asked_by_name, c->asked_ms);
	if (c->decided_ms)
		put_act(one, arena, "decided", c->decided_by_name, c->decided_ms);
	if (c->decision_reason.size)
		json_put_text(one, "decision_reason", c->decision_reason);
	return one;
}

enum err retention_changes(json_t **out, struct route_context *context, struct arena *arena)
{
	struct store_retention_change *list;
	size_t count;

	TRY(store_retention_change_list(context->store, arena, &list, &count));
	*out = json_array_new();
	for (size_t i = 0; i < count; i++)
		json_push(*out, describe(arena, &list[i]));
	return OK;
}

static void begin_entry(struct audit_event *event, struct exchange *x, enum audit_kind kind,
			const struct store_retention_change *c)
{
	const struct principal *who = authorize_principal(x);

	audit_event_begin(event, kind, who->person.id, who->person.name);
	audit_event_uuid(event, "change", c->id);
	audit_event_number(event, "usage_months", c->periods.usage_months);
	audit_event_number(event, "record_years", c->periods.record_years);
}

static enum err read_period(int64_t *out, const json_t *body, const char *name, int64_t least,
			    int64_t most)
{
	if (!json_has(body, name))
		return OK;
	TRY(json_get_int(out, body, name));
	if (*out < least || *out > most)
		return failure(ERR_FORMAT, "\"%s\" is from %lld (the law's least) to %lld", name,
			       (long long)least, (long long)most);
	return OK;
}

/* What is not said stays as it is. */
static enum err read_change(struct store_retention_change *c, struct route_context *context,
			    const json_t *body)
{
	static const char *const names[] = {"usage_months", "record_years", "reason", NULL};

	TRY(json_only(body, names));
	TRY(erase_periods(&c->periods, context));
	TRY(read_period(&c->periods.usage_months, body, "usage_months", USAGE_MONTHS_LEAST,
			USAGE_MOST));
	TRY(read_period(&c->periods.record_years, body, "record_years", RECORD_YEARS_LEAST,
			RECORD_MOST));
	TRY(json_get_text(&c->reason, body, "reason"));
	if (c->reason.size == 0 || c->reason.size > API_MAX_REASON)
		return failure(ERR_FORMAT, "\"reason\" has 1 to %d bytes", API_MAX_REASON);
	return OK;
}

static enum err ask(struct store_retention_change *c, struct exchange *x,
		    struct route_context *context, const json_t *body)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	TRY(read_change(c, context, body));
	c->asked_ms = clock_now_ms();
	random_uuid(c->id, c->asked_ms);
	memcpy(c->asked_by, authorize_principal(x)->person.id, STORE_ID);
	begin_entry(&event, x, AUDIT_RETENTION_ASK, c);
	audit_event_text(&event, "reason", c->reason);
	TRY(store_begin(store));
	if (store_retention_change_add(store, c) == ERR_CONFLICT)
		return failure(ERR_CONFLICT, "another change waits for its confirmation");
	return api_finish(x, context, &event);
}

static enum err settle(struct store_retention_change *c, struct exchange *x,
		       struct route_context *context, const json_t *body, bool confirmed)
{
	static const char *const names[] = {"reason", NULL};
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct slice reason;

	TRY(json_only(body, names));
	TRY(api_reason(&reason, body));
	if (!confirmed && reason.size == 0)
		return failure(ERR_FORMAT, "\"reason\" is missing: say why it stays as it is");
	TRY(api_param_uuid(c->id, x, "id"));
	TRY(store_retention_change_get(store, exchange_arena(x), c, c->id));
	begin_entry(&event, x, confirmed ? AUDIT_RETENTION_CONFIRM : AUDIT_RETENTION_REJECT, c);
	if (reason.size)
		audit_event_text(&event, "reason", reason);
	TRY(store_begin(store));
	TRY(store_retention_change_decide(store, c->id, authorize_principal(x)->person.id,
					  confirmed, reason));
	return api_finish(x, context, &event);
}

/* As it is now. */
static void reply_change(struct exchange *x, struct route_context *context, unsigned status,
			 const uint8_t id[STORE_ID], enum err result)
{
	struct store_retention_change c;

	if (result == OK)
		result = store_retention_change_get(context->store, exchange_arena(x), &c, id);
	if (result == OK)
		reply_json(x, status, describe(exchange_arena(x), &c));
	else
		reply_failure(x, result);
}

void retention_ask(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct store_retention_change c = {.asked_ms = 0};

	if (body)
		reply_change(x, context, 201, c.id, ask(&c, x, context, body));
}

void retention_confirm(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body_or_none(x);
	struct store_retention_change c = {.asked_ms = 0};

	if (body)
		reply_change(x, context, 200, c.id, settle(&c, x, context, body, true));
}

void retention_reject(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body_or_none(x);
	struct store_retention_change c = {.asked_ms = 0};

	if (body)
		reply_change(x, context, 200, c.id, settle(&c, x, context, body, false));
}

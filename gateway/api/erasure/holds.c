/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Legal holds: POST and GET /api/v1/audit/holds, POST .../{id}/lift. While one stands, nothing of
 * its person, license or model is erased, neither by request nor by time.
 */
#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "crypto/random.h"
#include "gateway/api/authorize.h"
#include "gateway/api/erasure/erase_step.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "schema/store/model.h"
#include "schema/store/retention.h"

static json_t *describe(struct arena *arena, const struct store_hold *h)
{
	json_t *one = json_object_new();

	json_put_text(one, "id", slice_of_string(api_uuid(arena, h->id)));
	json_put_text(one, "on", h->kind);
	json_put_text(one, "target", slice_of_string(api_uuid(arena, h->target)));
	if (h->target_name.size)
		json_put_text(one, "name", h->target_name);
	json_put_text(one, "reason", h->reason);
	json_put_text(one, "by", h->placed_by_name);
	json_put_text(one, "placed", slice_of_string(api_time(arena, h->placed_ms)));
	if (h->lifted_ms) {
		json_put_text(one, "lifted", slice_of_string(api_time(arena, h->lifted_ms)));
		json_put_text(one, "lifted_by", h->lifted_by_name);
		json_put_text(one, "lift_reason", h->lift_reason);
	}
	return one;
}

static enum err find_target(struct store_hold *h, struct exchange *x, struct route_context *context,
			    struct slice target)
{
	struct arena *arena = exchange_arena(x);
	struct store_person person;
	struct store_model model;

	if (slice_equal(h->kind, S("license")))
		return text_read_uuid(h->target, target);
	if (slice_equal(h->kind, S("model"))) {
		TRY(store_model_get(context->store, arena, &model, target));
		memcpy(h->target, model.id, STORE_ID);
		return OK;
	}
	if (!slice_equal(h->kind, S("person")))
		return failure(ERR_FORMAT, "\"on\" is \"person\", \"license\" or \"model\"");
	if (text_read_uuid(h->target, target) == OK)
		return store_person_by_id(context->store, arena, &person, h->target);
	TRY(store_person_by_name(context->store, arena, &person, target));
	memcpy(h->target, person.id, STORE_ID);
	return OK;
}

static enum err read_hold(struct store_hold *h, struct exchange *x, struct route_context *context,
			  const json_t *body)
{
	static const char *const names[] = {"on", "target", "reason", NULL};
	struct slice target;

	TRY(json_only(body, names));
	TRY(json_get_text(&h->kind, body, "on"));
	TRY(json_get_text(&target, body, "target"));
	TRY(json_get_text(&h->reason, body, "reason"));
	if (h->reason.size == 0 || h->reason.size > API_MAX_REASON)
		return failure(ERR_FORMAT, "\"reason\" has 1 to %d bytes", API_MAX_REASON);
	return find_target(h, x, context, target);
}

static void begin_entry(struct audit_event *event, struct exchange *x, enum audit_kind kind,
			const struct store_hold *h, struct slice reason)
{
	const struct principal *who = authorize_principal(x);

	audit_event_begin(event, kind, who->person.id, who->person.name);
	audit_event_uuid(event, "hold", h->id);
	audit_event_text(event, "on", h->kind);
	audit_event_uuid(event, "target", h->target);
	audit_event_text(event, "reason", reason);
}

static enum err place(struct store_hold *h, struct exchange *x, struct route_context *context,
		      const json_t *body)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	enum err added;

	TRY(read_hold(h, x, context, body));
	h->placed_ms = clock_now_ms();
	random_uuid(h->id, h->placed_ms);
	memcpy(h->placed_by, authorize_principal(x)->person.id, STORE_ID);
	begin_entry(&event, x, AUDIT_HOLD_PLACE, h, h->reason);
	TRY(store_begin(store));
	added = store_hold_add(store, h);
	if (added == ERR_CONFLICT)
		return failure(ERR_CONFLICT, "a hold is on this already");
	TRY(added);
	return api_finish(x, context, &event);
}

static void reply_hold(struct exchange *x, struct route_context *context, unsigned status,
		       const uint8_t id[STORE_ID])
{
	struct store_hold h;
	enum err result = store_hold_get(context->store, exchange_arena(x), &h, id);

	if (result == OK)
		reply_json(x, status, describe(exchange_arena(x), &h));
	else
		reply_failure(x, result);
}

void hold_place(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct store_hold h = {.placed_ms = 0};
	enum err result;

	if (!body)
		return;
	result = place(&h, x, context, body);
	if (result == OK)
		reply_hold(x, context, 201, h.id);
	else
		reply_failure(x, result);
}

void hold_list(struct exchange *x, struct route_context *context)
{
	struct store_hold *list;
	json_t *answer;
	size_t count;
	enum err result = store_hold_list(context->store, exchange_arena(x), &list, &count);

	if (result == OK)
		result = erase_look(x, context, "holds", count);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_array_new();
	for (size_t i = 0; i < count; i++)
		json_push(answer, describe(exchange_arena(x), &list[i]));
	reply_list(x, "holds", answer);
}

static enum err lift(uint8_t id[STORE_ID], struct exchange *x, struct route_context *context,
		     const json_t *body)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct store_hold h;
	struct slice reason;

	TRY(api_reason(&reason, body));
	if (reason.size == 0)
		return failure(ERR_FORMAT, "\"reason\" is missing: say why the hold ends");
	TRY(api_param_uuid(id, x, "id"));
	TRY(store_hold_get(context->store, exchange_arena(x), &h, id));
	begin_entry(&event, x, AUDIT_HOLD_LIFT, &h, reason);
	TRY(store_begin(store));
	TRY(store_hold_lift(store, id, authorize_principal(x)->person.id, clock_now_ms(), reason));
	return api_finish(x, context, &event);
}

void hold_lift(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	uint8_t id[STORE_ID];
	enum err result;

	if (!body)
		return;
	result = lift(id, x, context, body);
	if (result == OK)
		reply_hold(x, context, 200, id);
	else
		reply_failure(x, result);
}

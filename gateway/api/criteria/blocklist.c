/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom the criteria of a model know as blocked: a license that somebody has for it stays, and
 * ending it is an act of its own. And who is blocked for all models: no license of theirs counts
 * until the entry has ended (decide.c), and what runs for them ends before the answer (a trigger
 * cuts it).
 */
#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "crypto/random.h"
#include "gateway/api/hub/hub.h"
#include "gateway/api/lease/withdraw.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "schema/store/criteria.h"

static json_t *describe(struct arena *arena, const struct store_blocked *b)
{
	json_t *one = json_object_new();

	json_put_text(one, "id", slice_of_string(api_uuid(arena, b->id)));
	json_put(one, "model",
		 b->model_name.size
			 ? json_stringn((const char *)b->model_name.data, b->model_name.size)
			 : json_null());
	json_put_text(one, "person", slice_of_string(api_uuid(arena, b->person)));
	json_put_text(one, "person_name", b->person_name);
	json_put_text(one, "reason", b->reason);
	json_put_text(one, "added_by", slice_of_string(api_uuid(arena, b->added_by)));
	json_put_text(one, "added", slice_of_string(api_time(arena, b->added_ms)));
	return one;
}

/* For all models where none is named. */
static const struct store_model all_models;

static void list(struct exchange *x, struct route_context *context, const struct store_model *model)
{
	struct store_blocked *rows;
	size_t count;
	json_t *list;
	enum err result = store_blocked_list(context->store, exchange_arena(x), &rows, &count,
					     model->id);

	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < count; i++)
		json_push(list, describe(exchange_arena(x), &rows[i]));
	reply_list(x, "blocked", list);
}

void blocklist_get(struct exchange *x, struct route_context *context)
{
	struct store_model model;

	if (hub_find_model(&model, x, context))
		list(x, context, &model);
}

void blocked_list(struct exchange *x, struct route_context *context)
{
	list(x, context, &all_models);
}

/* By id or by name. */
static enum err find_person(uint8_t out[STORE_ID], struct exchange *x,
			    struct route_context *context, const json_t *body)
{
	struct store_person person;
	struct slice said;

	TRY(json_get_text(&said, body, "person"));
	if (text_read_uuid(out, said) == OK)
		return OK;
	TRY(store_person_by_name(context->store, exchange_arena(x), &person, said));
	memcpy(out, person.id, STORE_ID);
	return OK;
}

static enum err read_entry(struct store_blocked *out, struct exchange *x,
			   struct route_context *context, const json_t *body,
			   const struct store_model *model)
{
	*out = (struct store_blocked){.model_name = model->name, .added_ms = clock_now_ms()};
	TRY(find_person(out->person, x, context, body));
	TRY(api_reason(&out->reason, body));
	if (slice_trim(out->reason).size == 0)
		return failure(ERR_FORMAT, "\"reason\" is missing");
	random_uuid(out->id, out->added_ms);
	memcpy(out->model, model->id, STORE_ID);
	memcpy(out->added_by, authorize_principal(x)->person.id, STORE_ID);
	if (store_id_is_none(out->model) && principal_is(authorize_principal(x), out->person))
		return failure(ERR_CONFLICT, "nobody does this to themselves; ask another "
					     "administrator");
	return OK;
}

static enum err write_entry(const struct store_blocked *row, struct exchange *x,
			    struct route_context *context)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	enum err result;

	audit_event_begin(&event, AUDIT_POLICY_BLOCK, who->person.id, who->person.name);
	audit_event_uuid(&event, "entry", row->id);
	if (row->model_name.size)
		audit_event_text(&event, "model", row->model_name);
	audit_event_uuid(&event, "person", row->person);
	audit_event_text(&event, "reason", row->reason);
	TRY(store_begin(store));
	result = store_blocked_add(store, row);
	if (result == ERR_CONFLICT)
		return failure(ERR_CONFLICT, "this person is on the blocklist already");
	TRY(result);
	return api_finish(x, context, &event);
}

static void add(struct exchange *x, struct route_context *context, const struct store_model *model)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct store_blocked row;
	json_t *answer;
	enum err result;

	if (!body)
		return;
	result = read_entry(&row, x, context, body, model);
	if (result == OK)
		result = write_entry(&row, x, context);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = describe(exchange_arena(x), &row);
	if (store_id_is_none(row.model))
		withdraw_wait(x, context, answer);
	reply_json(x, 201, answer);
}

void blocklist_add(struct exchange *x, struct route_context *context)
{
	struct store_model model;

	if (hub_find_model(&model, x, context))
		add(x, context, &model);
}

void blocked_add(struct exchange *x, struct route_context *context)
{
	add(x, context, &all_models);
}

static enum err end_entry(const uint8_t id[STORE_ID], struct exchange *x,
			  struct route_context *context, const struct store_model *model)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_POLICY_UNBLOCK, who->person.id, who->person.name);
	audit_event_uuid(&event, "entry", id);
	if (model->name.size)
		audit_event_text(&event, "model", model->name);
	TRY(store_begin(store));
	TRY(store_blocked_end(store, id, model->id, who->person.id, clock_now_ms()));
	return api_finish(x, context, &event);
}

static void end(struct exchange *x, struct route_context *context, const struct store_model *model)
{
	uint8_t id[STORE_ID];
	enum err result = api_param_uuid(id, x, "id");

	if (result == OK)
		result = end_entry(id, x, context, model);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	if (store_id_is_none(model->id)) /* good again, whichever edge they ask */
		withdraw_wait(x, context, NULL);
	reply_empty(x, 204);
}

void blocklist_end(struct exchange *x, struct route_context *context)
{
	struct store_model model;

	if (hub_find_model(&model, x, context))
		end(x, context, &model);
}

void blocked_end(struct exchange *x, struct route_context *context)
{
	end(x, context, &all_models);
}

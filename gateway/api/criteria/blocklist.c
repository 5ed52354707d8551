/* SPDX-License-Identifier: Apache-2.0 */
/* Whom the criteria of a model know as blocked. A license that somebody has stays: ending it is an
 * act of its own. */
#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "crypto/random.h"
#include "gateway/api/hub/hub.h"
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

void blocklist_get(struct exchange *x, struct route_context *context)
{
	struct store_blocked *rows;
	struct store_model model;
	size_t count;
	json_t *list;
	enum err result;

	if (!hub_find_model(&model, x, context))
		return;
	result = store_blocked_list(context->store, exchange_arena(x), &rows, &count, model.id);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < count; i++)
		json_push(list, describe(exchange_arena(x), &rows[i]));
	reply_list(x, "blocked", list);
}

static enum err read_entry(struct store_blocked *out, struct exchange *x, const json_t *body,
			   const struct store_model *model)
{
	struct slice person;

	*out = (struct store_blocked){.model_name = model->name, .added_ms = clock_now_ms()};
	TRY(json_get_text(&person, body, "person"));
	if (text_read_uuid(out->person, person) != OK)
		return failure(ERR_FORMAT, "\"person\" must be the id of a person");
	TRY(api_reason(&out->reason, body));
	if (slice_trim(out->reason).size == 0)
		return failure(ERR_FORMAT, "\"reason\" is missing");
	random_uuid(out->id, out->added_ms);
	memcpy(out->model, model->id, STORE_ID);
	memcpy(out->added_by, authorize_principal(x)->person.id, STORE_ID);
	return OK;
}

static enum err add(const struct store_blocked *row, struct exchange *x,
		    struct route_context *context)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_POLICY_BLOCK, who->person.id, who->person.name);
	audit_event_uuid(&event, "entry", row->id);
	audit_event_text(&event, "model", row->model_name);
	audit_event_uuid(&event, "person", row->person);
	audit_event_text(&event, "reason", row->reason);
	TRY(store_begin(store));
	TRY(store_blocked_add(store, row));
	return api_finish(x, context, &event);
}

void blocklist_add(struct exchange *x, struct route_context *context)
{
	struct store_blocked row;
	struct store_model model;
	enum err result;

	if (!hub_find_model(&model, x, context))
		return;
	AUTO(json_auto) json_t *body = api_body(x);
	if (!body)
		return;
	result = read_entry(&row, x, body, &model);
	if (result == OK)
		result = add(&row, x, context);
	if (result == OK)
		reply_json(x, 201, describe(exchange_arena(x), &row));
	else if (result == ERR_CONFLICT)
		reply_code(x, CODE_CONFLICT, "this person is on the blocklist already", NULL);
	else
		reply_failure(x, result);
}

static enum err end(const uint8_t id[STORE_ID], struct exchange *x, struct route_context *context,
		    const struct store_model *model)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_POLICY_UNBLOCK, who->person.id, who->person.name);
	audit_event_uuid(&event, "entry", id);
	audit_event_text(&event, "model", model->name);
	TRY(store_begin(store));
	TRY(store_blocked_end(store, id, model->id, who->person.id, clock_now_ms()));
	return api_finish(x, context, &event);
}

void blocklist_end(struct exchange *x, struct route_context *context)
{
	uint8_t id[STORE_ID];
	struct store_model model;
	enum err result;

	if (!hub_find_model(&model, x, context))
		return;
	result = api_param_uuid(id, x, "id");
	if (result == OK)
		result = end(id, x, context, &model);
	if (result == OK)
		reply_empty(x, 204);
	else
		reply_failure(x, result);
}

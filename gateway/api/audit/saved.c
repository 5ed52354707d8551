/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filters that auditors save by a name and share: POST and GET /api/v1/audit/saved, DELETE
 * /api/v1/audit/saved/{name}. Any auditor may run one (?saved=NAME, narrowed to what they may
 * see); who saved it, or an auditor of everything, may remove it.
 */
#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "gateway/api/audit/filters.h"
#include "gateway/api/authorize.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "schema/store/audit_saved.h"

static bool is_name(struct slice name)
{
	for (size_t i = 0; i < name.size; i++) {
		uint8_t c = name.data[i];
		bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
				 (c >= '0' && c <= '9');

		if (!is_letter && (i == 0 || (c != '.' && c != '_' && c != '-')))
			return false;
	}
	return name.size > 0 && name.size <= FILTERS_MAX_SAVED_NAME;
}

static enum err read_body(struct store_audit_saved *out, struct buf *text, struct exchange *x,
			  const json_t *body)
{
	static const char *const names[] = {"name", "filters", NULL};
	const json_t *filters;

	TRY(json_only(body, names));
	TRY(json_get_text(&out->name, body, "name"));
	TRY(json_get_object(&filters, body, "filters"));
	if (!is_name(out->name))
		return failure(ERR_FORMAT,
			       "\"name\" is 1 to %d letters, digits and \"._-\", and begins with "
			       "a letter or digit",
			       FILTERS_MAX_SAVED_NAME);
	TRY(audit_filters_check(exchange_arena(x), filters));
	TRY(json_write_canonical(text, filters));
	TRY(buf_done(text));
	out->filters = buf_slice(text);
	out->created_at_ms = clock_now_ms();
	memcpy(out->owner, authorize_principal(x)->person.id, STORE_ID);
	return OK;
}

static enum err log_change(struct exchange *x, struct route_context *context, const char *what,
			   struct slice name)
{
	const struct principal *who = authorize_principal(x);
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_AUDIT_QUERY, who->person.id, who->person.name);
	audit_event_text(&event, "read", slice_of_string(what));
	audit_event_text(&event, "name", name);
	return api_log(context->store, &event);
}

static enum err save(struct exchange *x, struct route_context *context, const json_t *body)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(buf_free) struct buf text = buf_new(API_MAX_JSON);
	struct store_audit_saved saved = {.created_at_ms = 0};

	TRY(read_body(&saved, &text, x, body));
	TRY(store_begin(store));
	TRY(store_audit_saved_add(store, &saved));
	TRY(log_change(x, context, "saved.add", saved.name));
	return store_commit(store);
}

void audit_saved_add(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	enum err result;

	if (!body)
		return;
	result = save(x, context, body);
	if (result == OK)
		reply_json(x, 201, json_incref(body));
	else if (result == ERR_CONFLICT)
		reply_code(x, CODE_CONFLICT, "filters of this name are saved already", "name");
	else
		reply_failure(x, result);
}

static json_t *describe(struct arena *arena, const struct store_audit_saved *saved)
{
	AUTO(json_auto) json_t *filters = NULL;
	json_t *one = json_object_new();

	json_put_text(one, "name", saved->name);
	if (json_read(&filters, saved->filters, API_MAX_JSON) == OK)
		json_put(one, "filters", json_incref(filters));
	json_put_text(one, "by", saved->owner_name);
	json_put_text(one, "created", slice_of_string(api_time(arena, saved->created_at_ms)));
	return one;
}

void audit_saved_list(struct exchange *x, struct route_context *context)
{
	struct store_audit_saved *list;
	size_t count;
	json_t *answer;
	enum err result = store_audit_saved_list(context->store, exchange_arena(x), &list, &count);

	if (result == OK)
		result = audit_log_read(x, context, "saved", (int64_t)count, S(""));
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_array_new();
	for (size_t i = 0; i < count; i++)
		json_push(answer, describe(exchange_arena(x), &list[i]));
	reply_list(x, "saved", answer);
}

static enum err forget(struct exchange *x, struct route_context *context)
{
	AUTO(store_end) struct store *store = context->store;
	const struct principal *who = authorize_principal(x);
	struct store_audit_saved saved;
	struct slice name = exchange_param(x, "name");

	if (!is_name(name))
		return failure(ERR_NOT_FOUND, "there is no such saved filter");
	TRY(store_begin(store));
	TRY(store_audit_saved_get(store, exchange_arena(x), &saved, name));
	if (!principal_is(who, saved.owner) && !principal_holds(who, RIGHT_AUDIT_READ))
		return failure(ERR_DENIED, "this was saved by somebody else");
	TRY(store_audit_saved_remove(store, name));
	TRY(log_change(x, context, "saved.remove", name));
	return store_commit(store);
}

void audit_saved_remove(struct exchange *x, struct route_context *context)
{
	enum err result = forget(x, context);

	if (result == OK)
		reply_empty(x, 204);
	else
		reply_failure(x, result);
}

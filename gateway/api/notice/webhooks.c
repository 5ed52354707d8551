/* SPDX-License-Identifier: Apache-2.0 */
/* Endpoints that want to hear (webhooks), and what persons want by mail. */
#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "crypto/random.h"
#include "gateway/api/authorize.h"
#include "gateway/api/notice/notice_kinds.h"
#include "gateway/api/notice/notice_text.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/courier/target.h"
#include "policy/model_scope.h"

enum { WEBHOOK_MAX_KINDS = 64, WEBHOOK_MAX_URL = 1000, CHOICES_MAX = 100 };

static json_t *describe_list(struct slice list)
{
	json_t *array = json_array_new();
	bool more = list.size > 0;

	while (more) {
		struct slice one;

		more = slice_cut(list, ',', &one, &list);
		json_push_text(array, one);
	}
	return array;
}

static json_t *describe(struct arena *arena, const struct store_webhook *w)
{
	json_t *one = json_object_new();

	json_put_text(one, "id", slice_of_string(api_uuid(arena, w->id)));
	json_put_text(one, "url", w->url);
	json_put(one, "kinds", describe_list(w->kinds));
	if (w->model.size)
		json_put_text(one, "model", w->model);
	json_put_text(one, "state", w->state);
	if (w->failing_ms)
		json_put_text(one, "failing_since",
			      slice_of_string(api_time(arena, w->failing_ms)));
	json_put_text(one, "created", slice_of_string(api_time(arena, w->created_ms)));
	return one;
}

static enum err read_kinds(struct slice *out, struct arena *arena, const json_t *body)
{
	AUTO(buf_free) struct buf list = buf_new(8 * 1024);
	const json_t *array;

	TRY(json_get_array(&array, body, "kinds"));
	if (json_array_size(array) < 1 || json_array_size(array) > WEBHOOK_MAX_KINDS)
		return failure(ERR_FORMAT,
			       "\"kinds\" names 1 to %d kinds of events, as "
			       "\"request.submit\", \"license.*\" or \"*\"",
			       WEBHOOK_MAX_KINDS);
	for (size_t i = 0; i < json_array_size(array); i++) {
		struct slice one;

		TRY(json_text_at(&one, array, i));
		TRY(notice_pattern_check(one));
		buf_write_string(&list, i ? "," : "");
		buf_write(&list, one);
	}
	TRY(buf_done(&list));
	*out = arena_copy(arena, buf_slice(&list));
	return OK;
}

/* What the courier would refuse each time is refused here. */
static enum err check_url(struct slice url, const struct settings *s)
{
	struct target target;

	if (url.size > WEBHOOK_MAX_URL)
		return failure(ERR_FORMAT, "\"url\" has at most %d bytes", WEBHOOK_MAX_URL);
	TRY(target_parse(&target, url));
	if (target_is_listed(&target, slice_of_string(s->courier_allow)))
		return OK;
	return failure(ERR_FORMAT,
		       "%.*s:%u is not a host the gateway may call; an operator adds it to "
		       "courier.allow",
		       SLICE_PRINT(target.host), target.port);
}

static enum err read_webhook(struct store_webhook *out, struct exchange *x,
			     struct route_context *context, const json_t *body)
{
	*out = (struct store_webhook){.state = S("active"), .created_ms = clock_now_ms()};
	TRY(json_get_text(&out->url, body, "url"));
	TRY(check_url(out->url, context->api->settings));
	TRY(read_kinds(&out->kinds, exchange_arena(x), body));
	TRY(json_get_text_or(&out->model, body, "model", S("")));
	if (out->model.size)
		TRY(model_scope_check(out->model));
	random_uuid(out->id, out->created_ms);
	random_bytes(out->secret, sizeof out->secret);
	memcpy(out->created_by, authorize_principal(x)->person.id, STORE_ID);
	return OK;
}

static enum err add(struct exchange *x, struct route_context *context,
		    const struct store_webhook *w)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_WEBHOOK_CREATE, who->person.id, who->person.name);
	audit_event_uuid(&event, "webhook", w->id);
	audit_event_text(&event, "url", w->url);
	audit_event_text(&event, "kinds", w->kinds);
	audit_event_text(&event, "scope", w->model);
	TRY(store_begin(store));
	TRY(store_webhook_add(store, w));
	return api_finish(x, context, &event);
}

void webhook_create(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	AUTO(buf_free) struct buf secret = buf_new(100);
	struct store_webhook webhook;
	json_t *answer;
	enum err result;

	if (!body)
		return;
	result = read_webhook(&webhook, x, context, body);
	if (result == OK)
		result = add(x, context, &webhook);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	notice_write_secret(&secret, webhook.secret);
	answer = describe(exchange_arena(x), &webhook);
	json_put_text(answer, "secret", buf_slice(&secret)); /* shown once */
	exchange_header(x, "Cache-Control", "no-store");
	reply_json(x, 201, answer);
}

void webhook_list(struct exchange *x, struct route_context *context)
{
	struct store_webhook *webhooks;
	size_t count;
	json_t *list;
	enum err result = store_webhook_list(context->store, exchange_arena(x), &webhooks, &count);

	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < count; i++)
		json_push(list, describe(exchange_arena(x), &webhooks[i]));
	reply_list(x, "webhooks", list);
}

static json_t *describe_log(struct arena *arena, const struct store_sent *sent, size_t count)
{
	json_t *list = json_array_new();

	for (size_t i = 0; i < count; i++) {
		json_t *one = json_object_new();

		json_put_text(one, "id", slice_of_string(api_uuid(arena, sent[i].id)));
		json_put_text(one, "type", sent[i].kind);
		json_put_text(one, "state", sent[i].state);
		json_put_int(one, "attempts", sent[i].attempts);
		json_put_int(one, "status", sent[i].status);
		json_put_text(one, "problem", sent[i].problem);
		json_put_text(one, "changed", slice_of_string(api_time(arena, sent[i].changed_ms)));
		if (sent[i].next_ms)
			json_put_text(one, "next",
				      slice_of_string(api_time(arena, sent[i].next_ms)));
		json_push(list, one);
	}
	return list;
}

void webhook_get(struct exchange *x, struct route_context *context)
{
	struct arena *arena = exchange_arena(x);
	struct store_webhook webhook;
	struct store_sent *sent;
	uint8_t id[STORE_ID];
	size_t count;
	json_t *answer;
	enum err result = api_param_uuid(id, x, "id");

	if (result == OK)
		result = store_webhook_get(context->store, arena, &webhook, id);
	if (result == OK)
		result = store_webhook_log(context->store, arena, &sent, &count, id);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = describe(arena, &webhook);
	json_put(answer, "deliveries", describe_log(arena, sent, count));
	reply_json(x, 200, answer);
}

static enum err remove_webhook(struct exchange *x, struct route_context *context)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	uint8_t id[STORE_ID];

	TRY(api_param_uuid(id, x, "id"));
	audit_event_begin(&event, AUDIT_WEBHOOK_REMOVE, who->person.id, who->person.name);
	audit_event_uuid(&event, "webhook", id);
	TRY(store_begin(store));
	TRY(store_webhook_remove(store, id));
	return api_finish(x, context, &event);
}

void webhook_remove(struct exchange *x, struct route_context *context)
{
	enum err result = remove_webhook(x, context);

	if (result == OK)
		reply_empty(x, 204);
	else
		reply_failure(x, result);
}

/* --- what a person wants by mail ---------------------------------------------------------- */

static void reply_choices(struct exchange *x, struct route_context *context)
{
	struct store_choice *choices;
	size_t count;
	json_t *list;
	enum err result = store_choice_list(context->store, exchange_arena(x), &choices, &count,
					    authorize_principal(x)->person.id);

	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < count; i++) {
		json_t *one = json_object_new();

		json_put_text(one, "kind", choices[i].kind);
		json_put_bool(one, "mail", choices[i].mail);
		json_push(list, one);
	}
	reply_list(x, "choices", list);
}

void notifications_get(struct exchange *x, struct route_context *context)
{
	reply_choices(x, context);
}

static enum err read_choices(struct store_choice **out, size_t *count, struct arena *arena,
			     const json_t *body)
{
	const json_t *array;

	TRY(json_get_array(&array, body, "choices"));
	*count = json_array_size(array);
	if (*count > CHOICES_MAX)
		return failure(ERR_FORMAT, "\"choices\" are at most %d", CHOICES_MAX);
	*out = arena_alloc(arena, (*count + 1) * sizeof **out);
	for (size_t i = 0; i < *count; i++) {
		const json_t *one = json_array_get(array, i);

		if (!json_is_object(one))
			return failure(ERR_FORMAT, "a choice is {\"kind\",\"mail\"}");
		TRY(json_get_text(&(*out)[i].kind, one, "kind"));
		TRY(notice_pattern_check((*out)[i].kind));
		(*out)[i].mail = true;
		TRY(json_get_bool_or(&(*out)[i].mail, one, "mail", true));
	}
	return OK;
}

static enum err set_choices(struct exchange *x, struct route_context *context, const json_t *body)
{
	AUTO(store_end) struct store *store = context->store;
	struct store_choice *choices = NULL;
	size_t count = 0;

	TRY(read_choices(&choices, &count, exchange_arena(x), body));
	TRY(store_begin(store));
	TRY(store_choice_set(store, authorize_principal(x)->person.id, choices, count));
	return store_commit(store);
}

void notifications_set(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	enum err result;

	if (!body)
		return;
	result = set_choices(x, context, body);
	if (result == OK)
		reply_choices(x, context);
	else
		reply_failure(x, result);
}

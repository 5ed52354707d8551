/* SPDX-License-Identifier: Apache-2.0 */
/* Approvers: who they are, and how they come and go. The keeper's journal decides; the rows of the
 * database say the same to those who look. */
#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "gateway/api/license/approvals.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "schema/store/approver.h"

static json_t *describe(struct arena *arena, const struct store_approver *a)
{
	json_t *one = json_object_new();

	json_put_text(one, "key_id", slice_of_string(api_uuid(arena, a->key.id)));
	json_put_text(one, "person", slice_of_string(api_uuid(arena, a->key.person)));
	json_put_text(one, "person_name", a->person_name);
	json_put_text(one, "name", a->key.name);
	json_put_text(one, "public",
		      slice_of_string(api_base64(arena, slice_of(a->key.public, WIRE_PUBLIC))));
	json_put_text(one, "state", a->removed_ms ? S("removed") : S("active"));
	json_put_text(one, "enrolled", slice_of_string(api_time(arena, a->enrolled_ms)));
	if (a->removed_ms)
		json_put_text(one, "removed", slice_of_string(api_time(arena, a->removed_ms)));
	return one;
}

static json_t *describe_state(const struct approvals_state *state)
{
	json_t *answer = json_object_new();

	json_put_text(answer, "mode", state->persons ? S("signed") : S("token"));
	json_put_text(answer, "gateway", slice_of_string(state->gateway));
	json_put_int(answer, "persons", state->persons);
	json_put_int(answer, "needed", state->needed);
	json_put_int(answer, "needed_for_changes", state->floor);
	if (state->persons == 0)
		json_put_text(answer, "note",
			      S("no approver is enrolled: a token with the office is enough to "
				"have licenses signed; the operator enrolls the first approver on "
				"the machine (sallyport approver first)"));
	return answer;
}

void approver_list(struct exchange *x, struct route_context *context)
{
	struct arena *arena = exchange_arena(x);
	struct approvals_state state;
	struct store_approver *rows;
	size_t count = 0;
	json_t *answer, *list;
	enum err result = approvals_state(&state, arena, context->api, api_query(x, "model"));

	if (result == OK)
		result = store_approver_list(context->store, arena, &rows, &count);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = describe_state(&state);
	list = json_array_new();
	for (size_t i = 0; i < count; i++)
		json_push(list, describe(arena, &rows[i]));
	json_put(answer, "approvers", list);
	reply_json(x, 200, answer);
}

/* Which key is to come or go: the body names its public part, as its owner told it. */
static enum err find_key(struct store_key *out, struct exchange *x, struct route_context *context,
			 const json_t *body)
{
	AUTO(buf_free) struct buf public_key = buf_new(2 * STORE_PUBLIC_P256);
	struct slice text;
	enum err found;

	TRY(json_get_text(&text, body, "key"));
	TRY(text_read_base64(&public_key, text, TEXT_BASE64));
	found = store_key_by_public(context->store, exchange_arena(x), out, buf_slice(&public_key));
	if (found == ERR_NOT_FOUND)
		return failure(ERR_NOT_FOUND, "this key is not enrolled; its owner enrolls it "
					      "first (sallyport key enroll)");
	TRY(found);
	if (!slice_equal(out->kind, S("ed25519")))
		return failure(
			ERR_FORMAT,
			"an approver's key is an Ed25519 key (sallyport key enroll), this is "
			"one of kind %.*s",
			SLICE_PRINT(out->kind));
	return OK;
}

static void begin(struct audit_event *event, struct exchange *x, enum audit_kind kind,
		  const struct store_key *key)
{
	const struct principal *who = authorize_principal(x);

	audit_event_begin(event, kind, who->person.id, who->person.name);
	audit_event_text(
		event, "key",
		slice_of_string(api_base64(exchange_arena(x), slice_of(key->public, WIRE_PUBLIC))));
	audit_event_uuid(event, "person", key->person);
}

static enum err enroll(struct exchange *x, struct route_context *context, const json_t *body,
		       const struct store_key *key)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	begin(&event, x, AUDIT_APPROVER_ENROLL, key);
	TRY(approvals_join(&event, x, context, body));
	TRY(store_begin(store));
	TRY(store_approver_enroll(store, key->id, clock_now_ms()));
	return api_finish(x, context, &event);
}

static enum err expel(struct exchange *x, struct route_context *context, const json_t *body,
		      const struct store_key *key)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	begin(&event, x, AUDIT_APPROVER_REMOVE, key);
	TRY(approvals_join(&event, x, context, body));
	TRY(store_begin(store));
	TRY(store_approver_remove(store, key->id, clock_now_ms()));
	return api_finish(x, context, &event);
}

static void reply_state(struct exchange *x, struct route_context *context, unsigned status,
			struct slice model)
{
	struct approvals_state state;
	enum err result = approvals_state(&state, exchange_arena(x), context->api, model);

	if (result == OK)
		reply_json(x, status, describe_state(&state));
	else
		reply_failure(x, result);
}

/* The person is named as well, since that is what approvers have signed. */
static enum err check_person(const struct store_key *key, const json_t *body)
{
	uint8_t person[STORE_ID];
	struct slice text;

	TRY(json_get_text(&text, body, "person"));
	TRY(text_read_uuid(person, text));
	if (memcmp(person, key->person, STORE_ID) != 0)
		return failure(ERR_FORMAT, "\"person\" is not who enrolled this key");
	return OK;
}

void approver_enroll(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct store_key key;
	enum err result;

	if (!body)
		return;
	result = find_key(&key, x, context, body);
	if (result == OK)
		result = check_person(&key, body);
	if (result == OK)
		result = enroll(x, context, body, &key);
	if (result == OK)
		reply_state(x, context, 201, S(""));
	else
		reply_failure(x, result);
}

void approver_remove(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct store_key key;
	enum err result;

	if (!body)
		return;
	result = find_key(&key, x, context, body);
	if (result == OK)
		result = expel(x, context, body, &key);
	if (result == OK)
		reply_state(x, context, 200, S(""));
	else
		reply_failure(x, result);
}

static enum err rule(struct slice *model, struct exchange *x, struct route_context *context,
		     const json_t *body)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	int64_t needed;

	TRY(json_get_text_or(model, body, "model", S("")));
	TRY(json_get_int(&needed, body, "needed"));
	audit_event_begin(&event, AUDIT_APPROVER_RULE, who->person.id, who->person.name);
	audit_event_text(&event, "model", *model);
	audit_event_number(&event, "needed", needed);
	TRY(approvals_join(&event, x, context, body));
	TRY(store_begin(store));
	return api_finish(x, context, &event);
}

void approver_rule(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct slice model;
	enum err result;

	if (!body)
		return;
	result = rule(&model, x, context, body);
	if (result == OK)
		reply_state(x, context, 200, model);
	else
		reply_failure(x, result);
}

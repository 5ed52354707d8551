/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Offices: who holds which, for which models, until when. Given by those who administer persons,
 * and only what they hold themselves, for no more models and no longer. An administrator of a
 * namespace gives offices in it.
 */
#include "gateway/api/person/office.h"

#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "gateway/api/authorize.h"
#include "gateway/api/lease/withdraw.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "policy/model_scope.h"
#include "policy/offices.h"

static void put_or_null(json_t *object, const char *name, struct slice text)
{
	if (text.size)
		json_put_text(object, name, text);
	else
		json_put(object, name, json_null());
}

static json_t *describe(struct arena *arena, struct slice right, struct slice scope,
			int64_t until_ms)
{
	json_t *one = json_object_new();

	json_put_text(one, "office", right);
	put_or_null(one, "scope", scope);
	put_or_null(one, "until", until_ms ? slice_of_string(api_time(arena, until_ms)) : S(""));
	return one;
}

json_t *office_describe_held(struct arena *arena, struct slice held)
{
	json_t *list = json_array_new();
	struct office office;

	while (offices_next(&office, &held))
		json_push(list, describe(arena, slice_of_string(right_name(office.right)),
					 office.scope, office.until_ms));
	return list;
}

/* What is given or taken: these rights, with one scope and one end. */
struct change {
	uint8_t person[STORE_ID];
	right_set rights;
	struct slice scope; /* empty: everywhere */
	int64_t until_ms;   /* 0: no end */
};

static enum err add_named(struct change *change, struct slice name)
{
	right_set rights = offices_named(name);

	if (!rights)
		return failure(ERR_FORMAT,
			       "\"%.*s\" is no office; there are handler, decider, administrator, "
			       "auditor, operator, and the rights of office",
			       SLICE_PRINT(slice_part(name, 0, 40)));
	change->rights |= rights;
	return OK;
}

static enum err read_until(int64_t *out, const json_t *body, int64_t now_ms)
{
	struct slice text;

	*out = 0;
	TRY(json_get_text_or(&text, body, "until", S("")));
	if (!text.size)
		return OK;
	TRY(clock_parse(out, text));
	if (*out <= now_ms)
		return failure(ERR_FORMAT, "\"until\" has passed already");
	return OK;
}

static enum err read_grant(struct change *out, struct exchange *x, const json_t *body)
{
	const json_t *offices;

	*out = (struct change){0};
	TRY(api_param_uuid(out->person, x, "id"));
	TRY(json_get_array(&offices, body, "offices"));
	for (size_t i = 0; i < json_array_size(offices); i++) {
		struct slice name;

		TRY(json_text_at(&name, offices, i));
		TRY(add_named(out, name));
	}
	if (!out->rights)
		return failure(ERR_FORMAT, "\"offices\" names none");
	TRY(json_get_text_or(&out->scope, body, "scope", S("")));
	if (out->scope.size)
		TRY(model_scope_check(out->scope));
	return read_until(&out->until_ms, body, authorize_principal(x)->now_ms);
}

/* Persons are administered everywhere, or where this change is about. */
static enum err check_reach(const struct principal *who, const struct change *change)
{
	if (principal_holds(who, RIGHT_PERSONS_MANAGE) ||
	    (change->scope.size && principal_covers(who, RIGHT_PERSONS_MANAGE, change->scope)))
		return OK;
	return failure(ERR_DENIED, "you administer persons for some models only: give a \"scope\" "
				   "within these");
}

static enum err check_gift(const struct principal *who, const struct change *change)
{
	TRY(check_reach(who, change));
	for (int r = 0; r < RIGHT_COUNT; r++) {
		struct office office = {.right = (enum right)r,
					.scope = change->scope,
					.until_ms = change->until_ms};

		if ((change->rights & right_bit(office.right)) && !principal_may_give(who, &office))
			return failure(ERR_DENIED,
				       "\"%s\": you can only give offices that you hold yourself, "
				       "for no more models and no longer",
				       right_name(office.right));
	}
	return OK;
}

static const char *names_of(struct arena *arena, right_set rights)
{
	AUTO(buf_free) struct buf text = buf_new(1024);

	for (int r = 0; r < RIGHT_COUNT; r++)
		if (rights & right_bit((enum right)r))
			buf_printf(&text, "%s%s", text.size ? "," : "", right_name((enum right)r));
	return arena_string(arena, buf_slice(&text));
}

static void begin_event(struct audit_event *event, enum audit_kind kind, struct exchange *x,
			const struct change *change)
{
	const struct principal *who = authorize_principal(x);

	audit_event_begin(event, kind, who->person.id, who->person.name);
	audit_event_uuid(event, "person", change->person);
	audit_event_text(event, "offices",
			 slice_of_string(names_of(exchange_arena(x), change->rights)));
	if (change->scope.size)
		audit_event_text(event, "scope", change->scope);
	if (change->until_ms)
		audit_event_number(event, "until", change->until_ms / 1000);
}

static enum err grant_all(struct exchange *x, struct route_context *context,
			  const struct change *change)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct store_office row = {
		.scope = change->scope, .until_ms = change->until_ms, .granted_ms = who->now_ms};

	memcpy(row.person, change->person, STORE_ID);
	memcpy(row.granted_by, who->person.id, STORE_ID);
	begin_event(&event, AUDIT_OFFICE_GRANT, x, change);
	TRY(store_begin(store));
	for (int r = 0; r < RIGHT_COUNT; r++) {
		row.office = slice_of_string(right_name((enum right)r));
		if (change->rights & right_bit((enum right)r))
			TRY(store_office_grant(store, &row));
	}
	return api_finish(x, context, &event);
}

/* Of a bundle, what they hold of it. */
static enum err revoke_all(struct exchange *x, struct route_context *context, struct change *change)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	right_set gone = 0;

	TRY(store_begin(store));
	for (int r = 0; r < RIGHT_COUNT; r++) {
		enum err result = OK;

		if (!(change->rights & right_bit((enum right)r)))
			continue;
		result = store_office_revoke(store, change->person,
					     slice_of_string(right_name((enum right)r)),
					     change->scope);
		if (result == OK)
			gone |= right_bit((enum right)r);
		else if (result != ERR_NOT_FOUND)
			return result;
	}
	if (!gone)
		return failure(ERR_NOT_FOUND, "this person does not hold that office%s",
			       change->scope.size ? " for these models" : " everywhere");
	change->rights = gone;
	begin_event(&event, AUDIT_OFFICE_REVOKE, x, change);
	return api_finish(x, context, &event);
}

static void reply_offices(struct exchange *x, struct route_context *context, unsigned status,
			  const uint8_t person[STORE_ID])
{
	struct arena *arena = exchange_arena(x);
	struct store_person found;
	enum err result = store_person_by_id(context->store, arena, &found, person);
	json_t *answer;

	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_object_new();
	json_put_text(answer, "id", slice_of_string(api_uuid(arena, found.id)));
	json_put_text(answer, "name", found.name);
	json_put(answer, "held", office_describe_held(arena, found.held));
	reply_json(x, status, answer);
}

void office_grant(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct change change;
	enum err result;

	if (!body)
		return;
	result = read_grant(&change, x, body);
	if (result == OK)
		result = check_gift(authorize_principal(x), &change);
	if (result == OK)
		result = grant_all(x, context, &change);
	if (result == OK)
		reply_offices(x, context, 201, change.person);
	else
		reply_failure(x, result);
}

void office_revoke(struct exchange *x, struct route_context *context)
{
	struct change change = {.scope = api_query(x, "scope")};
	enum err result = api_param_uuid(change.person, x, "id");

	if (result == OK)
		result = add_named(&change, api_query(x, "office"));
	if (result == OK && change.scope.size)
		result = model_scope_check(change.scope);
	if (result == OK)
		result = check_reach(authorize_principal(x), &change);
	if (result == OK)
		result = revoke_all(x, context, &change);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	withdraw_wait(x, context, NULL);
	reply_empty(x, 204);
}

void office_list(struct exchange *x, struct route_context *context)
{
	static const uint8_t everybody[STORE_ID];
	struct arena *arena = exchange_arena(x);
	struct store_office *offices;
	size_t count;
	json_t *list;
	enum err result = store_office_list(context->store, arena, &offices, &count, everybody);

	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < count; i++) {
		json_t *one = describe(arena, offices[i].office, offices[i].scope,
				       offices[i].until_ms);

		json_put_text(one, "person", offices[i].person_name);
		json_put_text(one, "person_id",
			      slice_of_string(api_uuid(arena, offices[i].person)));
		json_put_text(one, "granted",
			      slice_of_string(api_time(arena, offices[i].granted_ms)));
		json_push(list, one);
	}
	reply_list(x, "offices", list);
}

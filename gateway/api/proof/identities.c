/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which subjects of which issuers are which persons. A visa that is presented binds its own, a
 * LinkedIdentities visa those it names (intake.h); here an administrator says so, and takes it
 * back, each time with a reason in the log. The person sees theirs.
 */
#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "gateway/api/authorize.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "schema/store/identity.h"
#include "schema/store/person.h"

enum { IDENTITY_TEXT_MAX = 255 };

static json_t *describe(struct arena *arena, const struct store_identity *identity)
{
	static const uint8_t none[STORE_ID];
	json_t *one = json_object_new();

	json_put_text(one, "iss", identity->iss);
	json_put_text(one, "sub", identity->sub);
	json_put_text(one, "how", identity->how);
	if (memcmp(identity->by_visa, none, STORE_ID) != 0)
		json_put_text(one, "visa", slice_of_string(api_uuid(arena, identity->by_visa)));
	if (memcmp(identity->by_person, none, STORE_ID) != 0)
		json_put_text(one, "by", slice_of_string(api_uuid(arena, identity->by_person)));
	json_put_text(one, "reason", identity->reason);
	json_put_text(one, "since", slice_of_string(api_time(arena, identity->bound_ms)));
	return one;
}

void identity_list(struct exchange *x, struct route_context *context)
{
	const struct principal *who = authorize_principal(x);
	struct store_identity *identities;
	struct store_person owner;
	uint8_t person[STORE_ID];
	size_t count;
	json_t *list;
	enum err result = api_param_uuid(person, x, "id");

	if (result == OK && !principal_is(who, person) &&
	    !principal_holds(who, RIGHT_PERSONS_MANAGE))
		result = failure(ERR_NOT_FOUND, "there is no such person");
	if (result == OK)
		result = store_person_by_id(context->store, exchange_arena(x), &owner, person);
	if (result == OK)
		result = store_identity_list(context->store, exchange_arena(x), &identities, &count,
					     person);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < count; i++)
		json_push(list, describe(exchange_arena(x), &identities[i]));
	reply_list(x, "identities", list);
}

static enum err check_text(struct slice text, const char *name)
{
	if (text.size == 0 || text.size > IDENTITY_TEXT_MAX)
		return failure(ERR_FORMAT, "\"%s\" has 1 to %d bytes", name, IDENTITY_TEXT_MAX);
	return OK;
}

static enum err read_identity(struct store_identity *out, struct exchange *x, const json_t *body)
{
	TRY(api_param_uuid(out->person, x, "id"));
	TRY(json_get_text(&out->iss, body, "iss"));
	TRY(json_get_text(&out->sub, body, "sub"));
	TRY(check_text(out->iss, "iss"));
	TRY(check_text(out->sub, "sub"));
	TRY(api_reason(&out->reason, body));
	if (out->reason.size == 0)
		return failure(ERR_FORMAT, "\"reason\" says how you know that it is theirs");
	out->how = S("admin");
	out->bound_ms = clock_now_ms();
	memcpy(out->by_person, authorize_principal(x)->person.id, STORE_ID);
	return OK;
}

static void begin_event(struct audit_event *event, enum audit_kind kind, const struct exchange *x,
			const struct store_identity *identity)
{
	const struct principal *who = authorize_principal(x);

	audit_event_begin(event, kind, who->person.id, who->person.name);
	audit_event_uuid(event, "person", identity->person);
	audit_event_text(event, "iss", identity->iss);
	audit_event_text(event, "sub", identity->sub);
	audit_event_text(event, "reason", identity->reason);
}

static enum err link(struct exchange *x, struct route_context *context,
		     const struct store_identity *identity)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	begin_event(&event, AUDIT_IDENTITY_LINK, x, identity);
	TRY(store_begin(store));
	TRY(store_identity_add(store, identity));
	return api_finish(x, context, &event);
}

void identity_add(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct store_identity identity = {0};
	enum err result;

	if (!body)
		return;
	result = read_identity(&identity, x, body);
	if (result == OK)
		result = link(x, context, &identity);
	if (result == OK)
		reply_json(x, 201, describe(exchange_arena(x), &identity));
	else
		reply_failure(x, result);
}

static enum err unlink_identity(struct exchange *x, struct route_context *context,
				const struct store_identity *identity)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	begin_event(&event, AUDIT_IDENTITY_UNLINK, x, identity);
	TRY(store_begin(store));
	TRY(store_identity_remove(store, identity->person, identity->iss, identity->sub));
	return api_finish(x, context, &event);
}

/* DELETE .../identities?iss=&sub=&reason= */
void identity_remove(struct exchange *x, struct route_context *context)
{
	struct store_identity identity = {.iss = api_query(x, "iss"),
					  .sub = api_query(x, "sub"),
					  .reason = api_query(x, "reason")};
	enum err result = api_param_uuid(identity.person, x, "id");

	if (result == OK)
		result = check_text(identity.iss, "iss");
	if (result == OK)
		result = check_text(identity.sub, "sub");
	if (result == OK)
		result = unlink_identity(x, context, &identity);
	if (result == OK)
		reply_empty(x, 204);
	else
		reply_failure(x, result);
}

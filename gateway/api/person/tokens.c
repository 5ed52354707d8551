/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Access tokens. A token that is narrowed (to rights, models or addresses) makes only tokens that
 * are at least as narrow and end no later; one that is not stands for its person, and makes any.
 */
#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "crypto/random.h"
#include "gateway/api/person/mint.h"
#include "gateway/api/person/token.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "policy/address_range.h"
#include "policy/model_scope.h"

static const int64_t day_ms = 24 * 3600 * 1000;

struct store_credential token_new(const uint8_t person[STORE_ID], struct slice name, int64_t days)
{
	int64_t now = clock_now_ms();
	struct store_credential c = {
		.name = name, .created_ms = now, .expires_ms = (now / 1000) * 1000 + days * day_ms};

	memcpy(c.person, person, STORE_ID);
	random_uuid(c.id, now);
	return c;
}

void token_narrow(struct store_credential *c, const struct scope *scope)
{
	c->rights = scope->rights;
	c->models = scope->models;
	c->addresses = scope->addresses;
}

enum err token_check_within(const struct principal *who, const struct scope *scope)
{
	if (!scope_is_within(scope->rights, who->scope) ||
	    !model_scopes_contain(who->models, scope->models) ||
	    !address_ranges_contain(who->addresses, scope->addresses))
		return failure(ERR_DENIED,
			       "this token is narrowed; it can only create tokens with a scope "
			       "within its own");
	return OK;
}

void token_event(struct audit_event *event, const uint8_t actor[STORE_ID], struct slice actor_name,
		 const struct store_credential *c)
{
	audit_event_begin(event, AUDIT_TOKEN_CREATE, actor, actor_name);
	audit_event_uuid(event, "credential", c->id);
	audit_event_uuid(event, "person", c->person);
	audit_event_text(event, "name", c->name);
	audit_event_text(event, "rights", c->rights);
	if (c->models.size)
		audit_event_text(event, "models", c->models);
	if (c->addresses.size)
		audit_event_text(event, "addresses", c->addresses);
	audit_event_number(event, "expires", c->expires_ms / 1000);
}

enum err token_make(const char **token, struct exchange *x, struct route_context *context,
		    struct audit_event *event, const struct store_credential *c)
{
	AUTO(store_end) struct store *store = context->store;

	if (!store_is_in_transaction(store))
		TRY(store_begin(store));
	TRY(store_credential_create(store, c));
	TRY(api_finish(x, context, event));
	return mint_token(token, exchange_arena(x), context->api, event->id, c);
}

static enum err read_wish(struct store_credential *out, struct scope *scope, struct exchange *x,
			  const json_t *body, const uint8_t person[STORE_ID])
{
	struct slice name;
	int64_t days;

	TRY(json_get_text(&name, body, "name"));
	if (name.size == 0 || name.size > 100)
		return failure(ERR_FORMAT, "\"name\" has 1 to 100 bytes");
	TRY(json_get_int_or(&days, body, "expires_days", API_TOKEN_DAYS));
	if (days < 1 || days > API_MAX_DAYS)
		return failure(ERR_FORMAT, "\"expires_days\" is 1 to %d", API_MAX_DAYS);
	TRY(scope_read(scope, exchange_arena(x), body));
	*out = token_new(person, name, days);
	token_narrow(out, scope);
	return OK;
}

enum err token_check_equal(const struct principal *who, const struct store_person *owner,
			   struct slice rights)
{
	struct slice held = owner->held;
	struct office office;

	while (offices_next(&office, &held)) {
		bool is_in = rights.size == 0 || (offices_with_implied(scope_of_list(rights)) &
						  right_bit(office.right));

		if (is_in && !principal_may_give(who, &office))
			return failure(ERR_DENIED,
				       "%.*s holds \"%s\", which you do not hold in this way: name "
				       "the \"rights\" of the token without it",
				       SLICE_PRINT(owner->name), right_name(office.right));
	}
	return OK;
}

static void reply_token(struct exchange *x, const struct store_credential *c, const char *token)
{
	struct arena *arena = exchange_arena(x);
	json_t *answer = json_object_new();

	json_put_text(answer, "id", slice_of_string(api_uuid(arena, c->id)));
	json_put_text(answer, "token", slice_of_string(token));
	json_put_text(answer, "expires", slice_of_string(api_time(arena, c->expires_ms)));
	exchange_header(x, "Cache-Control", "no-store");
	reply_json(x, 201, answer);
}

static enum err make(const char **token, struct exchange *x, struct route_context *context,
		     const struct store_credential *c)
{
	const struct principal *who = authorize_principal(x);
	AUTO(audit_event_clear) struct audit_event event = {0};

	token_event(&event, who->person.id, who->person.name, c);
	audit_event_uuid(&event, "made_with", who->credential_id);
	return token_make(token, x, context, &event, c);
}

void token_create(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	const struct principal *who = authorize_principal(x);
	struct store_credential c;
	struct scope scope;
	const char *token;
	enum err result;

	if (!body)
		return;
	result = read_wish(&c, &scope, x, body, who->person.id);
	if (result == OK)
		result = token_check_within(who, &scope);
	if (result == OK && !principal_is_whole(who) && c.expires_ms > who->expires_ms)
		c.expires_ms = who->expires_ms;
	if (result == OK)
		result = make(&token, x, context, &c);
	if (result == OK)
		reply_token(x, &c, token);
	else
		reply_failure(x, result);
}

void token_create_for(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	const struct principal *who = authorize_principal(x);
	struct store_person owner;
	struct store_credential c;
	struct scope scope;
	uint8_t id[STORE_ID];
	const char *token;
	enum err result;

	if (!body)
		return;
	result = api_param_uuid(id, x, "id");
	if (result == OK)
		result = store_person_by_id(context->store, exchange_arena(x), &owner, id);
	if (result == OK)
		result = read_wish(&c, &scope, x, body, id);
	if (result == OK)
		result = token_check_equal(who, &owner, scope.rights);
	if (result == OK)
		result = make(&token, x, context, &c);
	if (result == OK)
		reply_token(x, &c, token);
	else
		reply_failure(x, result);
}

static json_t *describe(struct arena *arena, const struct store_credential *c)
{
	json_t *one = json_object_new();

	json_put_text(one, "id", slice_of_string(api_uuid(arena, c->id)));
	json_put_text(one, "name", c->name);
	json_put_text(one, "rights", c->rights);
	json_put_text(one, "models", c->models);
	json_put_text(one, "addresses", c->addresses);
	json_put_text(one, "created", slice_of_string(api_time(arena, c->created_ms)));
	json_put_text(one, "expires", slice_of_string(api_time(arena, c->expires_ms)));
	json_put_bool(one, "revoked", c->revoked_ms != 0);
	return one;
}

static void list_tokens(struct exchange *x, struct route_context *context,
			const uint8_t person[STORE_ID])
{
	struct arena *arena = exchange_arena(x);
	struct store_credential *tokens;
	size_t count;
	json_t *list;
	enum err result = store_credential_list(context->store, arena, &tokens, &count, person,
						STORE_TOKENS);

	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < count; i++)
		json_push(list, describe(arena, &tokens[i]));
	reply_list(x, "tokens", list);
}

void token_list(struct exchange *x, struct route_context *context)
{
	list_tokens(x, context, authorize_principal(x)->person.id);
}

void token_list_of(struct exchange *x, struct route_context *context)
{
	uint8_t id[STORE_ID];
	enum err result = api_param_uuid(id, x, "id");

	if (result == OK)
		list_tokens(x, context, id);
	else
		reply_failure(x, result);
}

void token_revoke(struct exchange *x, struct route_context *context)
{
	mint_revoke(x, context, STORE_TOKENS);
}

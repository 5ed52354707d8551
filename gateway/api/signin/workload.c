/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Machines without a secret of ours: a CI job comes with an id token of its platform, and gets a
 * short and narrow token as the person that an administrator has named for it (RFC 8693). Only
 * issuers that stand in a rule are ever asked for their keys.
 */
#include "schema/store/workload.h"
#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "crypto/random.h"
#include "gateway/api/person/token.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/api/signin/device.h"
#include "gateway/api/signin/oidc.h"
#include "gateway/api/signin/signin.h"

enum { WORKLOAD_MAX_TEXT = 500, WORKLOAD_MINUTES = 60, WORKLOAD_MAX_MINUTES = 1440 };

static json_t *describe(struct arena *arena, const struct store_workload *w)
{
	json_t *one = json_object_new();

	json_put_text(one, "id", slice_of_string(api_uuid(arena, w->id)));
	json_put_text(one, "name", w->name);
	json_put_text(one, "issuer", w->iss);
	json_put_text(one, "audience", w->audience);
	json_put_text(one, "subject", w->subject);
	json_put_text(one, "person", w->person_name);
	json_put_text(one, "rights", w->rights);
	json_put_text(one, "models", w->models);
	json_put_int(one, "minutes", w->minutes);
	return one;
}

void workload_list(struct exchange *x, struct route_context *context)
{
	struct arena *arena = exchange_arena(x);
	struct store_workload *found;
	size_t count;
	json_t *list;
	enum err result = store_workload_list(context->store, arena, &found, &count, S(""));

	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < count; i++)
		json_push(list, describe(arena, &found[i]));
	reply_list(x, "workloads", list);
}

static enum err take(struct slice *out, const json_t *body, const char *name)
{
	TRY(json_get_text(out, body, name));
	if (out->size == 0 || out->size > WORKLOAD_MAX_TEXT)
		return failure(ERR_FORMAT, "\"%s\" has 1 to %d bytes", name, WORKLOAD_MAX_TEXT);
	return OK;
}

static enum err read_rule(struct store_workload *out, struct scope *scope, struct exchange *x,
			  const json_t *body)
{
	const struct principal *who = authorize_principal(x);
	struct slice person;

	*out = (struct store_workload){.created_ms = who->now_ms};
	TRY(take(&out->name, body, "name"));
	TRY(take(&out->iss, body, "issuer"));
	TRY(take(&out->audience, body, "audience"));
	TRY(take(&out->subject, body, "subject"));
	TRY(json_get_text(&person, body, "person"));
	TRY(text_read_uuid(out->person, person));
	TRY(json_get_int_or(&out->minutes, body, "minutes", WORKLOAD_MINUTES));
	TRY(scope_read(scope, exchange_arena(x), body));
	if (!slice_starts_with(out->iss, S("https://")))
		return failure(ERR_FORMAT, "\"issuer\" is an https:// address");
	if (slice_equal(out->subject, S("*")))
		return failure(ERR_FORMAT, "\"subject\" says at least how it begins");
	if (out->minutes < 1 || out->minutes > WORKLOAD_MAX_MINUTES)
		return failure(ERR_FORMAT, "\"minutes\" is 1 to %d", WORKLOAD_MAX_MINUTES);
	if (!scope->rights.size || scope->addresses.size)
		return failure(ERR_FORMAT, "\"scope\" names the rights, and perhaps models");
	out->rights = scope->rights;
	out->models = scope->models;
	random_uuid(out->id, out->created_ms);
	memcpy(out->created_by, who->person.id, STORE_ID);
	return OK;
}

/* It is a credential of that person: made by who holds as much, and may give it. */
static enum err check_rule(struct store_workload *w, const struct scope *scope, struct exchange *x,
			   struct route_context *context)
{
	const struct principal *who = authorize_principal(x);
	struct store_person owner;

	TRY(store_person_by_id(context->store, exchange_arena(x), &owner, w->person));
	TRY(token_check_equal(who, &owner, scope->rights));
	TRY(token_check_within(who, scope));
	w->person_name = owner.name;
	return OK;
}

static enum err add(struct exchange *x, struct route_context *context,
		    const struct store_workload *w)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_WORKLOAD_ADD, who->person.id, who->person.name);
	audit_event_uuid(&event, "workload", w->id);
	audit_event_uuid(&event, "person", w->person);
	audit_event_text(&event, "iss", w->iss);
	audit_event_text(&event, "audience", w->audience);
	audit_event_text(&event, "subject", w->subject);
	audit_event_text(&event, "rights", w->rights);
	audit_event_text(&event, "models", w->models);
	TRY(store_begin(store));
	TRY(store_workload_add(store, w));
	return api_finish(x, context, &event);
}

void workload_add(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct store_workload w;
	struct scope scope;
	enum err result;

	if (!body)
		return;
	result = read_rule(&w, &scope, x, body);
	if (result == OK)
		result = check_rule(&w, &scope, x, context);
	if (result == OK)
		result = add(x, context, &w);
	if (result == OK)
		reply_json(x, 201, describe(exchange_arena(x), &w));
	else
		reply_failure(x, result);
}

static enum err drop(struct exchange *x, struct route_context *context, const uint8_t id[STORE_ID])
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_WORKLOAD_REMOVE, who->person.id, who->person.name);
	audit_event_uuid(&event, "workload", id);
	TRY(store_begin(store));
	TRY(store_workload_remove(store, id));
	return api_finish(x, context, &event);
}

void workload_remove(struct exchange *x, struct route_context *context)
{
	uint8_t id[STORE_ID];
	enum err result = api_param_uuid(id, x, "id");

	if (result == OK)
		result = drop(x, context, id);
	if (result == OK)
		reply_empty(x, 204);
	else
		reply_failure(x, result);
}

/* --- the exchange -------------------------------------------------------------------------------
 */

static bool matches(struct slice rule, struct slice sub)
{
	if (slice_ends_with(rule, S("*")))
		return slice_starts_with(sub, slice_part(rule, 0, rule.size - 1));
	return slice_equal(rule, sub);
}

/* The rule that speaks for this token, which verifies; ERR_DENIED: none does, or why it does not
 * verify. */
static enum err find_rule(struct store_workload *out, struct oidc_claims *claims,
			  struct exchange *x, struct route_context *context, struct slice jwt)
{
	struct arena *arena = exchange_arena(x);
	struct oidc_expected expected = {.now_seconds = clock_now_seconds()};
	struct oidc_discovery discovery;
	struct store_workload *rules;
	enum err result = ERR_DENIED;
	size_t count;

	TRY(oidc_peek_issuer(&expected.issuer, arena, jwt));
	TRY(store_workload_list(context->store, arena, &rules, &count, expected.issuer));
	if (count == 0 || !expected.issuer.size)
		return failure(ERR_DENIED, "no rule here is for tokens of this issuer");
	TRY(oidc_discover(&discovery, context, arena, expected.issuer));
	for (size_t i = 0; i < count; i++) {
		expected.audience = rules[i].audience;
		result = oidc_verify(claims, context, arena, discovery.jwks, jwt, &expected, S(""));
		*out = rules[i];
		if (result == OK && matches(rules[i].subject, claims->sub))
			return OK;
	}
	return result == OK ? failure(ERR_DENIED, "no rule here is for this subject") : result;
}

static enum err make(const char **token, struct store_credential *c, struct exchange *x,
		     struct route_context *context, const struct store_workload *w,
		     const struct oidc_claims *claims)
{
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct store_person person;

	TRY(store_person_by_id(context->store, exchange_arena(x), &person, w->person));
	if (!slice_equal(person.state, S("active")))
		return failure(ERR_DENIED, "the person of this rule is suspended");
	*c = token_new(person.id, slice_part(w->name, 0, 100), 1);
	c->expires_ms = (c->created_ms / 1000 + w->minutes * 60) * 1000;
	c->rights = w->rights;
	c->models = w->models;
	token_event(&event, person.id, person.name, c);
	audit_event_uuid(&event, "workload", w->id);
	audit_event_text(&event, "iss", w->iss);
	audit_event_text(&event, "sub", claims->sub);
	return token_make(token, x, context, &event, c);
}

void workload_exchange(struct exchange *x, struct route_context *context, struct slice jwt)
{
	struct store_attempt attempts[STORE_ATTEMPT_SUBJECTS];
	struct store_workload rule;
	struct store_credential c;
	struct oidc_claims claims;
	const char *token;
	enum err result;

	if (!signin_may_try(attempts, x, context, S("workload")))
		return;
	result = find_rule(&rule, &claims, x, context, jwt);
	if (result == OK)
		result = make(&token, &c, x, context, &rule, &claims);
	if (result == OK)
		result = store_attempt_was_right(context->store, attempts);
	if (result == OK)
		oauth_reply_token(x, token, &c);
	else if (result == ERR_UNAVAILABLE || result == ERR_TIMEOUT || result == ERR_INTERNAL)
		reply_failure(x, result);
	else
		oauth_refuse(x, "invalid_grant", failure_text());
}

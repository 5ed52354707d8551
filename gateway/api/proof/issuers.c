/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The issuers whose visas count: with pinned keys, or with the address (jku) they are fetched
 * from. A key can be revoked, whatever its issuer still publishes.
 */
#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "crypto/jwk.h"
#include "gateway/api/authorize.h"
#include "gateway/api/proof/jwks.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "schema/store/issuer.h"

enum { ISSUER_KID_MAX = 256 };

typedef enum err write_fn(struct store *store, const struct store_issuer *issuer);

static enum err write_issuer(struct exchange *x, struct route_context *context,
			     enum audit_kind kind, write_fn *writes,
			     const struct store_issuer *issuer)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, kind, who->person.id, who->person.name);
	audit_event_text(&event, "iss", issuer->iss);
	audit_event_text(&event, "jku", issuer->jku);
	audit_event_text(&event, "jwks", issuer->jwks);
	if (issuer->token_endpoint.size) {
		audit_event_text(&event, "token_endpoint", issuer->token_endpoint);
		audit_event_text(&event, "client_credential", issuer->client_credential);
	}
	TRY(store_begin(store));
	TRY(writes(store, issuer));
	return api_finish(x, context, &event);
}

static enum err read_keys(struct store_issuer *out, struct exchange *x, const json_t *body)
{
	AUTO(jwk_set_auto) struct jwk_set *keys = NULL;
	AUTO(buf_free) struct buf text = buf_new(JWKS_MAX);
	const json_t *jwks;

	out->pinned = json_has(body, "jwks");
	if (!out->pinned) {
		if (slice_starts_with(out->jku, S("https://")))
			return OK;
		return failure(ERR_FORMAT, "an issuer has its keys in \"jwks\", or publishes them "
					   "at the https address \"jku\"");
	}
	TRY(json_get_object(&jwks, body, "jwks"));
	TRY(json_write_canonical(&text, jwks));
	TRY(jwks_parse(&keys, buf_slice(&text)));
	out->jwks = arena_copy(exchange_arena(x), buf_slice(&text));
	return OK;
}

static enum err read_broker(struct store_issuer *out, const json_t *body)
{
	TRY(json_get_text_or(&out->token_endpoint, body, "token_endpoint", S("")));
	TRY(json_get_text_or(&out->client_credential, body, "client_credential", S("")));
	if (out->token_endpoint.size && !slice_starts_with(out->token_endpoint, S("https://")))
		return failure(ERR_FORMAT, "\"token_endpoint\" is an https address");
	if (out->client_credential.size && !out->token_endpoint.size)
		return failure(ERR_FORMAT, "\"client_credential\" is for a \"token_endpoint\"");
	return OK;
}

static enum err read_issuer(struct store_issuer *out, struct exchange *x, const json_t *body)
{
	TRY(json_get_text(&out->iss, body, "iss"));
	TRY(json_get_text_or(&out->jku, body, "jku", S("")));
	TRY(read_keys(out, x, body));
	TRY(read_broker(out, body));
	out->added_ms = clock_now_ms();
	memcpy(out->added_by, authorize_principal(x)->person.id, STORE_ID);
	return OK;
}

static void put_time(json_t *one, struct arena *arena, const char *name, int64_t ms)
{
	if (ms)
		json_put_text(one, name, slice_of_string(api_time(arena, ms)));
	else
		json_put(one, name, json_null());
}

static json_t *describe_lines(struct slice lines)
{
	json_t *list = json_array_new();
	bool more = lines.size > 0;

	while (more) {
		struct slice line;

		more = slice_cut(lines, '\n', &line, &lines);
		json_push_text(list, line);
	}
	return list;
}

/* Of the keys that are here: who revokes one must know its name. */
static json_t *describe_keys(struct slice jwks)
{
	AUTO(json_auto) json_t *set = NULL;
	json_t *list = json_array_new();
	const json_t *keys, *key;
	size_t i;

	if (jwks.size == 0 || json_read(&set, jwks, JWKS_MAX) != OK ||
	    json_get_array(&keys, set, "keys") != OK)
		return list;
	json_array_foreach(keys, i, key)
	{
		struct slice kid;

		if (json_get_text(&kid, key, "kid") == OK)
			json_push_text(list, kid);
	}
	return list;
}

static json_t *describe(struct arena *arena, const struct store_issuer *issuer)
{
	json_t *one = json_object_new();

	json_put_text(one, "iss", issuer->iss);
	json_put_text(one, "jku", issuer->jku);
	json_put_text(one, "keys", issuer->pinned ? S("pinned") : S("fetched"));
	json_put(one, "kids", describe_keys(issuer->jwks));
	json_put(one, "revoked_kids", describe_lines(issuer->revoked_kids));
	json_put_text(one, "added", slice_of_string(api_time(arena, issuer->added_ms)));
	if (issuer->token_endpoint.size)
		json_put_text(one, "token_endpoint", issuer->token_endpoint);
	if (issuer->pinned)
		return one;
	put_time(one, arena, "fetched_at", issuer->fetched_ms);
	put_time(one, arena, "next", issuer->next_ms);
	put_time(one, arena, "tried_at", issuer->tried_ms);
	json_put_text(one, "error", issuer->error);
	return one;
}

/* As it is in the database by now; `status` of the answer. */
static void reply_issuer(struct exchange *x, struct route_context *context, unsigned status,
			 struct slice iss)
{
	struct store_issuer issuer;
	enum err result = store_issuer_get(context->store, exchange_arena(x), &issuer, iss);

	if (result == OK)
		reply_json(x, status, describe(exchange_arena(x), &issuer));
	else
		reply_failure(x, result);
}

/* Keys that cannot be had now do not undo the listing: the answer and the list say why. */
static void take_issuer(struct exchange *x, struct route_context *context, enum audit_kind kind,
			write_fn *writes, unsigned status)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct store_issuer issuer = {0};
	enum err result;

	if (!body)
		return;
	result = read_issuer(&issuer, x, body);
	if (result == OK)
		result = write_issuer(x, context, kind, writes, &issuer);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	if (!issuer.pinned && jwks_fetch(context, exchange_arena(x), issuer.iss) != OK)
		store_rollback(context->store);
	reply_issuer(x, context, status, issuer.iss);
}

void issuer_add(struct exchange *x, struct route_context *context)
{
	take_issuer(x, context, AUDIT_ISSUER_ADD, store_issuer_add, 201);
}

void issuer_change(struct exchange *x, struct route_context *context)
{
	take_issuer(x, context, AUDIT_ISSUER_CHANGE, store_issuer_change, 200);
}

/* What would no longer count, and for whom. */
void issuer_impact(struct exchange *x, struct route_context *context)
{
	struct store_issuer_impact impact;
	struct store_issuer issuer;
	struct slice iss = api_query(x, "iss");
	json_t *answer;
	enum err result = store_issuer_get(context->store, exchange_arena(x), &issuer, iss);

	if (result == OK)
		result = store_issuer_impact(context->store, exchange_arena(x), &impact, iss,
					     clock_now_ms());
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_object_new();
	json_put_text(answer, "iss", issuer.iss);
	json_put_int(answer, "visas", impact.visas);
	json_put_int(answer, "persons", impact.persons);
	json_put_int(answer, "licenses", impact.licenses);
	json_put_int(answer, "requests", impact.requests);
	json_put(answer, "models", describe_lines(impact.models));
	reply_json(x, 200, answer);
}

void issuer_list(struct exchange *x, struct route_context *context)
{
	struct store_issuer *issuers;
	size_t count;
	json_t *list;
	enum err result = store_issuer_list(context->store, exchange_arena(x), &issuers, &count);

	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < count; i++)
		json_push(list, describe(exchange_arena(x), &issuers[i]));
	reply_list(x, "issuers", list);
}

void issuer_remove(struct exchange *x, struct route_context *context)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct slice iss = api_query(x, "iss");
	enum err result;

	audit_event_begin(&event, AUDIT_ISSUER_REMOVE, who->person.id, who->person.name);
	audit_event_text(&event, "iss", iss);
	result = store_begin(store);
	if (result == OK)
		result = store_issuer_remove(store, iss);
	if (result == OK)
		result = api_finish(x, context, &event);
	if (result == OK)
		reply_empty(x, 204);
	else
		reply_failure(x, result);
}

/* POST /api/v1/issuers/refresh {"iss"} */
void issuer_refresh(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct slice iss;
	enum err result;

	if (!body)
		return;
	result = json_get_text(&iss, body, "iss");
	if (result == OK)
		result = jwks_fetch(context, exchange_arena(x), iss);
	if (result == OK)
		reply_issuer(x, context, 200, iss);
	else if (result == ERR_UNAVAILABLE || result == ERR_TIMEOUT)
		reply_code(x, CODE_CONFLICT, failure_text(), NULL); /* theirs, not ours */
	else
		reply_failure(x, result);
}

static enum err revoke(struct exchange *x, struct route_context *context, const json_t *body,
		       struct slice iss)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct slice kid, reason;

	TRY(json_get_text(&kid, body, "kid"));
	TRY(api_reason(&reason, body));
	if (kid.size == 0 || kid.size > ISSUER_KID_MAX || slice_find(kid, '\n') != kid.size)
		return failure(ERR_FORMAT, "\"kid\" names the key that is revoked");
	audit_event_begin(&event, AUDIT_ISSUER_REVOKE, who->person.id, who->person.name);
	audit_event_text(&event, "iss", iss);
	audit_event_text(&event, "kid", kid);
	audit_event_text(&event, "reason", reason);
	TRY(store_begin(store));
	TRY(store_issuer_revoke_kid(store, iss, kid));
	return api_finish(x, context, &event);
}

/* POST /api/v1/issuers/revoke-key {"iss","kid","reason"} */
void issuer_revoke_key(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct slice iss;
	enum err result;

	if (!body)
		return;
	result = json_get_text(&iss, body, "iss");
	if (result == OK)
		result = revoke(x, context, body, iss);
	if (result == OK)
		reply_issuer(x, context, 200, iss);
	else
		reply_failure(x, result);
}

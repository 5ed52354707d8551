/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Visas, and the issuers whose visas count. A visa is verified against the pinned keys of an
 * allow-listed issuer; an address in it (jku) is compared, never fetched. (iss, sub) binds to the
 * person who posts the first one, for good.
 */
#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "crypto/random.h"
#include "crypto/visa.h"
#include "gateway/api/authorize.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "schema/store/issuer.h"

static enum err add_issuer(struct exchange *x, struct route_context *context,
			   const struct store_issuer *issuer)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_ISSUER_ADD, who->person.id, who->person.name);
	audit_event_text(&event, "iss", issuer->iss);
	audit_event_text(&event, "jku", issuer->jku);
	audit_event_text(&event, "jwks", issuer->jwks);
	TRY(store_begin(store));
	TRY(store_issuer_add(store, issuer));
	return api_finish(x, context, &event);
}

static enum err read_issuer(struct store_issuer *out, struct exchange *x, const json_t *body)
{
	AUTO(jwk_set_auto) struct jwk_set *keys = NULL;
	AUTO(buf_free) struct buf text = buf_new(JWKS_MAX);
	const json_t *jwks;

	TRY(json_get_text(&out->iss, body, "iss"));
	TRY(json_get_text_or(&out->jku, body, "jku", S("")));
	TRY(json_get_object(&jwks, body, "jwks"));
	TRY(json_write_canonical(&text, jwks));
	TRY(jwks_parse(&keys, buf_slice(&text)));
	out->jwks = arena_copy(exchange_arena(x), buf_slice(&text));
	out->added_ms = clock_now_ms();
	memcpy(out->added_by, authorize_principal(x)->person.id, STORE_ID);
	return OK;
}

void issuer_add(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct store_issuer issuer = {0};
	json_t *answer;
	enum err result;

	if (!body)
		return;
	result = read_issuer(&issuer, x, body);
	if (result == OK)
		result = add_issuer(x, context, &issuer);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_object_new();
	json_put_text(answer, "iss", issuer.iss);
	json_put_text(answer, "jku", issuer.jku);
	reply_json(x, 201, answer);
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
	for (size_t i = 0; i < count; i++) {
		json_t *one = json_object_new();

		json_put_text(one, "iss", issuers[i].iss);
		json_put_text(one, "jku", issuers[i].jku);
		json_put_text(one, "added",
			      slice_of_string(api_time(exchange_arena(x), issuers[i].added_ms)));
		json_push(list, one);
	}
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

static enum err verify(struct visa *out, struct exchange *x, struct route_context *context,
		       struct slice jwt)
{
	AUTO(jwk_set_auto) struct jwk_set *keys = NULL;
	struct store_issuer issuer;
	struct visa_issuer listed;
	struct slice iss, jku;
	enum err known;

	TRY(visa_peek_issuer(&iss, &jku, exchange_arena(x), jwt));
	known = store_issuer_get(context->store, exchange_arena(x), &issuer, iss);
	if (known == ERR_NOT_FOUND) /* let visa_verify say so, in its words */
		return visa_verify(out, exchange_arena(x), jwt, NULL, 0, clock_now_seconds());
	TRY(known);
	TRY(jwks_parse(&keys, issuer.jwks));
	listed = (struct visa_issuer){.iss = issuer.iss, .jku = issuer.jku, .keys = keys};
	return visa_verify(out, exchange_arena(x), jwt, &listed, 1, clock_now_seconds());
}

static enum err add_visa(struct exchange *x, struct route_context *context,
			 const struct store_visa *row)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_VISA_ADD, who->person.id, who->person.name);
	audit_event_uuid(&event, "visa", row->id);
	audit_event_text(&event, "iss", row->iss);
	audit_event_text(&event, "sub", row->sub);
	audit_event_text(&event, "type", row->type);
	audit_event_text(&event, "value", row->value);
	TRY(store_begin(store));
	TRY(store_visa_add(store, row));
	return api_finish(x, context, &event);
}

/* A refusal is an entry too: who tried what, and why not. The visa itself is not kept. */
static enum err log_refusal(struct exchange *x, struct route_context *context, const char *why)
{
	const struct principal *who = authorize_principal(x);
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_VISA_REFUSE, who->person.id, who->person.name);
	audit_event_text(&event, "reason", slice_of_string(why));
	audit_event_denied(&event, code_name(CODE_VISA_INVALID));
	TRY(api_log(context->store, &event));
	return api_publish(context->api, event.id);
}

static json_t *describe_visa(struct arena *arena, const struct store_visa *v)
{
	json_t *one = json_object_new();

	json_put_text(one, "id", slice_of_string(api_uuid(arena, v->id)));
	json_put_text(one, "iss", v->iss);
	json_put_text(one, "sub", v->sub);
	json_put_text(one, "type", v->type);
	json_put_text(one, "value", v->value);
	json_put_text(one, "source", v->source);
	json_put_text(one, "by", v->by);
	json_put_text(one, "asserted", slice_of_string(api_time(arena, v->asserted_ms)));
	json_put_text(one, "expires", slice_of_string(api_time(arena, v->expires_ms)));
	return one;
}

static struct store_visa row_of(const struct exchange *x, const struct visa *v, struct slice jwt)
{
	struct store_visa row = {
		.iss = v->iss,
		.sub = v->sub,
		.type = v->type,
		.value = v->value,
		.source = v->source,
		.by = v->by,
		.asserted_ms = v->asserted_seconds * 1000,
		.expires_ms = v->expires_seconds * 1000,
		.jwt = jwt,
		.added_ms = clock_now_ms(),
	};

	random_uuid(row.id, row.added_ms);
	memcpy(row.person, authorize_principal(x)->person.id, STORE_ID);
	return row;
}

/* A passing trouble of ours is no fault of the visa. */
static bool is_refusal(enum err kind)
{
	return kind != ERR_UNAVAILABLE && kind != ERR_TIMEOUT && kind != ERR_CLOSED &&
	       kind != ERR_IO && kind != ERR_INTERNAL;
}

void visa_add(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct slice jwt;
	struct visa visa;
	struct store_visa row = {0};
	const char *why;
	enum err result;

	if (!body)
		return;
	if (json_get_text(&jwt, body, "visa") != OK) {
		reply_failure(x, ERR_FORMAT);
		return;
	}
	result = verify(&visa, x, context, jwt);
	if (result == OK) {
		row = row_of(x, &visa, jwt);
		result = add_visa(x, context, &row);
	}
	if (result == OK) {
		reply_json(x, 201, describe_visa(exchange_arena(x), &row));
		return;
	}
	why = arena_string(exchange_arena(x), slice_of_string(failure_text()));
	if (is_refusal(result)) {
		enum err logged = log_refusal(x, context, why);

		if (logged == OK) {
			reply_code(x, CODE_VISA_INVALID, why, "visa");
			return;
		}
		result = logged;
	}
	reply_failure(x, result);
}

void visa_list(struct exchange *x, struct route_context *context)
{
	struct store_visa *visas;
	size_t count;
	json_t *list;
	enum err result = store_visa_list(context->store, exchange_arena(x), &visas, &count,
					  authorize_principal(x)->person.id);

	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < count; i++)
		json_push(list, describe_visa(exchange_arena(x), &visas[i]));
	reply_list(x, "visas", list);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Visas and passports that people present, and those they have: what was taken, what counts now,
 * and why not. How one comes in stands in intake.h, what counts in proofs.h.
 */
#include "gateway/api/proof/visas.h"

#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "crypto/passport.h"
#include "gateway/api/outbound/outbound_call.h"
#include "gateway/api/proof/intake.h"
#include "gateway/api/proof/proofs.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/http/url.h"
#include "schema/store/issuer.h"

#define PASSPORT_TOKEN_TYPE "urn:ga4gh:params:oauth:token-type:passport"

enum { EXCHANGE_TOKEN_MAX = 16 * 1024, EXCHANGE_ANSWER_MAX = PASSPORT_MAX + 16 * 1024 };

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

static void reply_refusal(struct exchange *x, struct route_context *context, enum err kind,
			  const char *param)
{
	const char *why = arena_string(exchange_arena(x), slice_of_string(failure_text()));

	if (intake_is_refusal(kind)) {
		kind = log_refusal(x, context, why);
		if (kind == OK) {
			reply_code(x, CODE_VISA_INVALID, why, param);
			return;
		}
	}
	reply_failure(x, kind);
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

/* Taken is not yet counting: its conditions may not be met. */
static void put_standing(json_t *one, const struct proofs *proofs, const uint8_t id[STORE_ID])
{
	struct slice why = S("it is no longer bound to this person");
	bool counts = false;

	for (size_t i = 0; i < proofs->visa_count; i++)
		if (memcmp(proofs->visas[i].id, id, STORE_ID) == 0) {
			counts = proofs->visas[i].counts;
			why = proofs->visas[i].why_not;
		}
	json_put_bool(one, "counts", counts);
	if (!counts)
		json_put_text(one, "why_not", why);
}

static enum err my_proofs(struct proofs *out, struct exchange *x, struct route_context *context)
{
	return proofs_of(out, context, exchange_arena(x), authorize_principal(x)->person.id,
			 clock_now_seconds());
}

void visa_add(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct store_visa row;
	struct proofs proofs;
	struct slice jwt;
	json_t *answer;
	enum err result;

	if (!body)
		return;
	if (json_get_text(&jwt, body, "visa") != OK) {
		reply_failure(x, ERR_FORMAT);
		return;
	}
	result = intake_visa(&row, x, context, jwt, true);
	if (result != OK) {
		reply_refusal(x, context, result, "visa");
		return;
	}
	answer = describe_visa(exchange_arena(x), &row);
	if (my_proofs(&proofs, x, context) == OK)
		put_standing(answer, &proofs, row.id);
	reply_json(x, 201, answer);
}

enum err visas_describe(json_t **out, struct exchange *x, struct route_context *context,
			const uint8_t person[STORE_ID])
{
	struct arena *arena = exchange_arena(x);
	struct store_visa *visas;
	struct proofs proofs;
	size_t count;

	TRY(store_visa_list(context->store, arena, &visas, &count, person));
	TRY(proofs_of(&proofs, context, arena, person, clock_now_seconds()));
	*out = json_array_new();
	for (size_t i = 0; i < count; i++) {
		json_t *one = describe_visa(arena, &visas[i]);

		put_standing(one, &proofs, visas[i].id);
		json_push(*out, one);
	}
	return OK;
}

void visa_list(struct exchange *x, struct route_context *context)
{
	json_t *list;
	enum err result = visas_describe(&list, x, context, authorize_principal(x)->person.id);

	if (result == OK)
		reply_list(x, "visas", list);
	else
		reply_failure(x, result);
}

/* One visa of a passport: what became of it. A trouble of ours ends the whole. */
static enum err take_one(json_t *list, bool *taken, struct exchange *x,
			 struct route_context *context, struct slice jwt)
{
	struct store_visa row;
	enum err result = intake_visa(&row, x, context, jwt, false);
	json_t *one;

	*taken = result == OK;
	if (result != OK && !intake_is_refusal(result))
		return result;
	one = *taken ? describe_visa(exchange_arena(x), &row) : json_object_new();
	json_put_bool(one, "taken", *taken);
	if (!*taken)
		json_put_text(one, "why_not", slice_of_string(failure_text()));
	json_push(list, one);
	return OK;
}

static enum err log_passport(struct exchange *x, struct route_context *context,
			     const struct passport *passport, size_t taken)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_PASSPORT_ADD, who->person.id, who->person.name);
	audit_event_text(&event, "iss", passport->iss);
	audit_event_text(&event, "sub", passport->sub);
	audit_event_number(&event, "visas", (int64_t)passport->visa_count);
	audit_event_number(&event, "taken", (int64_t)taken);
	TRY(store_begin(store));
	return api_finish(x, context, &event);
}

static enum err take_passport(json_t *answer, struct exchange *x, struct route_context *context,
			      const struct passport *passport)
{
	json_t *list = json_array_new();
	size_t taken = 0;

	json_put(answer, "visas", list);
	for (size_t i = 0; i < passport->visa_count; i++) {
		bool is_taken;

		TRY(take_one(list, &is_taken, x, context, passport->visas[i]));
		taken += is_taken;
	}
	json_put_text(answer, "iss", passport->iss);
	json_put_text(answer, "sub", passport->sub);
	json_put_int(answer, "taken", (int64_t)taken);
	return log_passport(x, context, passport, taken);
}

/* Which of those that were taken count. */
static void put_all_standings(json_t *answer, const struct proofs *proofs)
{
	const json_t *list = json_object_get(answer, "visas");

	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *one = json_array_get(list, i);
		uint8_t id[STORE_ID];
		struct slice text;

		if (json_get_text(&text, one, "id") == OK && text_read_uuid(id, text) == OK)
			put_standing(one, proofs, id);
	}
}

static void add_passport(struct exchange *x, struct route_context *context, struct slice jwt)
{
	struct passport *passport = arena_alloc(exchange_arena(x), sizeof *passport);
	json_t *answer = json_object_new();
	struct proofs proofs;
	enum err result = intake_passport(passport, x, context, jwt);

	if (result != OK) {
		json_free(answer);
		reply_refusal(x, context, result, "passport");
		return;
	}
	result = take_passport(answer, x, context, passport);
	if (result == OK)
		result = my_proofs(&proofs, x, context);
	if (result != OK) {
		json_free(answer);
		reply_failure(x, result);
		return;
	}
	put_all_standings(answer, &proofs);
	reply_json(x, 200, answer);
}

/* POST /api/v1/passports {"passport"} */
void passport_add(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct slice jwt;

	if (!body)
		return;
	if (json_get_text(&jwt, body, "passport") == OK)
		add_passport(x, context, jwt);
	else
		reply_failure(x, ERR_FORMAT);
}

static void write_field(struct buf *out, const char *name, struct slice value)
{
	if (out->size)
		buf_write_u8(out, '&');
	buf_write_string(out, name);
	buf_write_u8(out, '=');
	url_write_component(out, value);
}

static enum err read_exchanged(struct slice *out, struct arena *arena,
			       const struct outbound_answer *answer)
{
	AUTO(json_auto) json_t *body = NULL;
	struct slice type, error;

	if (json_read(&body, answer->body, EXCHANGE_ANSWER_MAX) != OK)
		return failure(ERR_DENIED, "the broker's answer (%u) is no JSON object",
			       answer->status);
	if (answer->status != 200) {
		TRY(json_get_text_or(&error, body, "error", S("no reason is told")));
		return failure(ERR_DENIED, "the broker refuses (%u): %.*s", answer->status,
			       SLICE_PRINT(slice_part(error, 0, 100)));
	}
	TRY(json_get_text_or(&type, body, "issued_token_type", S("")));
	if (!slice_equal(type, S(PASSPORT_TOKEN_TYPE)))
		return failure(ERR_DENIED, "what the broker gives is no passport");
	TRY(json_get_text(out, body, "access_token"));
	*out = arena_copy(arena, *out);
	return OK;
}

/* RFC 8693, as GA4GH AAI 1.2 section "Passport-Scoped Access Token" has it: the person's access
 * token at the broker against a passport. */
static enum err exchange_token(struct slice *passport, struct exchange *x,
			       struct route_context *context, const struct store_issuer *broker,
			       struct slice token)
{
	AUTO(buf_free) struct buf form = buf_new(4 * EXCHANGE_TOKEN_MAX);
	struct outbound_request ask = {
		.method = WIRE_METHOD_POST,
		.url = broker->token_endpoint,
		.headers = S("Content-Type: application/x-www-form-urlencoded\n"
			     "Accept: application/json\n"),
		.credential = broker->client_credential,
		.most = EXCHANGE_ANSWER_MAX,
		.client = x,
	};
	struct outbound_answer answer;

	write_field(&form, "grant_type", S("urn:ietf:params:oauth:grant-type:token-exchange"));
	write_field(&form, "requested_token_type", S(PASSPORT_TOKEN_TYPE));
	write_field(&form, "subject_token_type",
		    S("urn:ietf:params:oauth:token-type:access_token"));
	write_field(&form, "subject_token", token);
	TRY(buf_done(&form));
	ask.body = buf_slice(&form);
	TRY(outbound_call(&answer, context, exchange_arena(x), &ask));
	return read_exchanged(passport, exchange_arena(x), &answer);
}

/* POST /api/v1/passports/exchange {"iss","token"} */
void passport_exchange(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct store_issuer broker;
	struct slice iss, token, jwt;
	enum err result;

	if (!body)
		return;
	result = json_get_text(&iss, body, "iss");
	if (result == OK)
		result = json_get_text(&token, body, "token");
	if (result == OK && token.size > EXCHANGE_TOKEN_MAX)
		result = failure(ERR_LIMIT, "\"token\" has at most %d bytes", EXCHANGE_TOKEN_MAX);
	if (result == OK)
		result = store_issuer_get(context->store, exchange_arena(x), &broker, iss);
	if (result == OK && !broker.token_endpoint.size)
		result = failure(ERR_CONFLICT, "this issuer is listed without a token endpoint");
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	result = exchange_token(&jwt, x, context, &broker, token);
	if (result == OK)
		add_passport(x, context, jwt);
	else
		reply_refusal(x, context, result, "token");
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client certificate that an institution gives its members. Where it is required, nothing of
 * theirs counts without it: identify.c holds the connection's against it at each request.
 */
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "gateway/api/authorize.h"
#include "gateway/api/lease/withdraw.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "schema/store/institution.h"

enum { ORGANIZATION_MAX = 200 };

static json_t *describe(struct arena *arena, const struct store_institution_certificate *c)
{
	json_t *one = json_object_new();

	json_put_text(one, "institution", slice_of_string(api_uuid(arena, c->institution)));
	json_put_text(one, "issuer_sha256",
		      slice_of_string(api_hex(arena, slice_of(c->issuer_sha256, STORE_SHA256))));
	json_put_text(one, "organization", c->organization);
	json_put_bool(one, "required", c->required);
	return one;
}

static bool is_one_line(struct slice text)
{
	for (size_t i = 0; i < text.size; i++)
		if (text.data[i] < ' ' || text.data[i] == 0x7f)
			return false;
	return true;
}

static enum err read_certificate(struct store_institution_certificate *out, struct exchange *x,
				 struct route_context *context, const json_t *body)
{
	const struct principal *who = authorize_principal(x);
	struct slice issuer;

	out->set_ms = who->now_ms;
	memcpy(out->set_by, who->person.id, STORE_ID);
	TRY(json_get_text(&issuer, body, "issuer_sha256"));
	TRY(json_get_text_or(&out->organization, body, "organization", S("")));
	TRY(json_get_bool_or(&out->required, body, "required", false));
	if (text_read_hex(out->issuer_sha256, STORE_SHA256, issuer) != OK)
		return failure(ERR_FORMAT,
			       "\"issuer_sha256\" is a SHA-256 of 64 hexadecimal digits");
	if (out->organization.size > ORGANIZATION_MAX || !is_one_line(out->organization))
		return failure(ERR_FORMAT, "\"organization\" is a line of at most %d bytes",
			       ORGANIZATION_MAX);
	if (!client_authorities_have(&context->api->client_authorities,
				     slice_of(out->issuer_sha256, STORE_SHA256)))
		return failure(ERR_CONFLICT, "this authority is not in gateway.client_ca; let the "
					     "operator add it first");
	return OK;
}

/* In the act's transaction: the caller, who has perhaps locked themselves out with it, is told
 * instead. */
static enum err check_caller(struct store *store, struct exchange *x)
{
	const struct principal *who = authorize_principal(x);
	struct store_person person;

	TRY(store_person_by_id(store, exchange_arena(x), &person, who->person.id));
	if (identify_client(x, person.client_rules, who->now_ms / 1000) != CLIENT_MISSING)
		return OK;
	return failure(ERR_CONFLICT, "you are a member and have not come with such a certificate: "
				     "this would lock you out");
}

static void begin_event(struct audit_event *event, enum audit_kind kind, struct exchange *x,
			const uint8_t institution[STORE_ID])
{
	const struct principal *who = authorize_principal(x);

	audit_event_begin(event, kind, who->person.id, who->person.name);
	audit_event_uuid(event, "institution", institution);
}

static enum err set(struct exchange *x, struct route_context *context,
		    const struct store_institution_certificate *c)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	begin_event(&event, AUDIT_INSTITUTION_CERTIFICATE, x, c->institution);
	audit_event_text(&event, "issuer_sha256",
			 slice_of_string(api_hex(exchange_arena(x),
						 slice_of(c->issuer_sha256, STORE_SHA256))));
	audit_event_text(&event, "organization", c->organization);
	audit_event_text(&event, "required", c->required ? S("yes") : S("no"));
	TRY(store_begin(store));
	TRY(store_institution_certificate_set(store, c));
	TRY(check_caller(store, x));
	return api_finish(x, context, &event);
}

/* The institution of the address. */
static enum err find(uint8_t id[STORE_ID], struct exchange *x, struct route_context *context)
{
	struct store_institution institution;

	TRY(api_param_uuid(id, x, "id"));
	return store_institution_get(context->store, exchange_arena(x), &institution, id);
}

void institution_certificate_set(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct store_institution_certificate certificate = {.set_ms = 0};
	json_t *answer;
	enum err result;

	if (!body)
		return;
	result = find(certificate.institution, x, context);
	if (result == OK)
		result = read_certificate(&certificate, x, context, body);
	if (result == OK)
		result = set(x, context, &certificate);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = describe(exchange_arena(x), &certificate);
	withdraw_wait(x, context, answer);
	reply_json(x, 200, answer);
}

void institution_certificate_get(struct exchange *x, struct route_context *context)
{
	struct store_institution_certificate certificate;
	uint8_t id[STORE_ID];
	enum err result = find(id, x, context);

	if (result == OK)
		result = store_institution_certificate_get(context->store, exchange_arena(x),
							   &certificate, id);
	if (result == OK)
		reply_json(x, 200, describe(exchange_arena(x), &certificate));
	else
		reply_failure(x, result);
}

static enum err take_back(struct exchange *x, struct route_context *context)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	uint8_t id[STORE_ID];

	TRY(find(id, x, context));
	begin_event(&event, AUDIT_INSTITUTION_UNCERTIFY, x, id);
	TRY(store_begin(store));
	TRY(store_institution_certificate_remove(store, id));
	return api_finish(x, context, &event);
}

void institution_certificate_remove(struct exchange *x, struct route_context *context)
{
	enum err result = take_back(x, context);

	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	withdraw_wait(x, context, NULL);
	reply_empty(x, 204);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A license as a GA4GH visa, for other gateways: the keeper signs it against its entry, with a key
 * that is published at /.well-known/jwks.json. It lives an hour unless less or more (a day at most)
 * is asked for, and never longer than the license: nobody can take it back.
 */
#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "gateway/api/authorize.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"

enum { VISA_LIFE_SECONDS = 3600, VISA_LIFE_MOST_SECONDS = 86400, VISA_KEYS_AGE_SECONDS = 300 };

/* GET /.well-known/jwks.json */
void our_keys(struct exchange *x, struct route_context *context)
{
	struct api_keys keys;
	enum err result = api_keys_get(&keys, context->api);

	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	exchange_header(x, "Cache-Control", "public, max-age=%d", VISA_KEYS_AGE_SECONDS);
	reply_text(x, 200, "application/jwk-set+json", slice_of_string(keys.visa_jwks));
}

/* Its holder's, and in force. */
static enum err find(struct store_license *out, struct exchange *x, struct route_context *context)
{
	int64_t now_ms = clock_now_ms();
	uint8_t id[STORE_ID];

	TRY(api_param_uuid(id, x, "id"));
	TRY(store_license_get(context->store, exchange_arena(x), out, id));
	if (!principal_is(authorize_principal(x), out->person))
		return failure(ERR_NOT_FOUND, "no such license");
	if (!slice_equal(out->state, S("active")) || now_ms < out->not_before_ms ||
	    now_ms >= out->expires_ms)
		return failure(ERR_CONFLICT, "the license is not in force");
	return OK;
}

static enum err read_end(int64_t *expires_seconds, const json_t *body,
			 const struct store_license *license)
{
	int64_t life, last = license->expires_ms / 1000;

	TRY(json_get_int_or(&life, body, "seconds", VISA_LIFE_SECONDS));
	if (life < 1 || life > VISA_LIFE_MOST_SECONDS)
		return failure(ERR_FORMAT, "\"seconds\" is 1 to %d", VISA_LIFE_MOST_SECONDS);
	*expires_seconds = clock_now_seconds() + life;
	if (*expires_seconds > last)
		*expires_seconds = last;
	return OK;
}

static enum err ask_keeper(const char **visa, struct exchange *x, struct api *api,
			   const uint8_t event[WIRE_ID], const struct store_license *license,
			   int64_t expires_seconds)
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct wire_visa_sign ask = {.license = license->document,
				     .iss = slice_of_string(api->settings->external_url),
				     .expires_seconds = (uint64_t)expires_seconds};
	struct wire_visa_signed made;

	memcpy(ask.event, event, WIRE_ID);
	memcpy(ask.signature, license->signature, WIRE_SIGNATURE);
	wire_write_visa_sign(&body, &ask);
	TRY(api_ask_keeper(&reply, api, WIRE_VISA_SIGN, buf_slice(&body)));
	TRY(wire_read_visa_signed(&made, buf_slice(&reply.body)));
	*visa = arena_string(exchange_arena(x), made.visa);
	return OK;
}

static enum err issue(const char **visa, struct exchange *x, struct route_context *context,
		      const struct store_license *license, int64_t expires_seconds)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_VISA_ISSUE, who->person.id, who->person.name);
	audit_event_uuid(&event, "license", license->id);
	audit_event_text(&event, "model", license->model_name);
	audit_event_uuid(&event, "person", license->person);
	audit_event_text(&event, "iss", slice_of_string(context->api->settings->external_url));
	audit_event_number(&event, "expires", expires_seconds);
	TRY(store_begin(store));
	TRY(api_finish(x, context, &event));
	return ask_keeper(visa, x, context->api, event.id, license, expires_seconds);
}

static void reply_visa(struct exchange *x, const char *visa, int64_t expires_seconds)
{
	json_t *answer = json_object_new();

	json_put_text(answer, "visa", slice_of_string(visa));
	json_put_text(answer, "expires",
		      slice_of_string(api_time(exchange_arena(x), expires_seconds * 1000)));
	exchange_header(x, "Cache-Control", "no-store");
	reply_json(x, 201, answer);
}

/* POST /api/v1/licenses/{id}/visa {"seconds"} */
void license_visa(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = NULL;
	struct store_license license;
	int64_t expires_seconds = 0;
	const char *visa;
	enum err result = find(&license, x, context);

	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	body = api_body_or_none(x);
	if (!body)
		return;
	result = read_end(&expires_seconds, body, &license);
	if (result == OK)
		result = issue(&visa, x, context, &license, expires_seconds);
	if (result == OK)
		reply_visa(x, visa, expires_seconds);
	else
		reply_failure(x, result);
}

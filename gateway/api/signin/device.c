/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device without a browser gets a token (RFC 8628, as `hf auth login` does it): it shows a code,
 * its person types it where they are signed in and says what the token may do, and the device,
 * which asks every few seconds, gets it once. The page is plain HTML and needs no script.
 */
#include "gateway/api/signin/device.h"

#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "crypto/random.h"
#include "gateway/api/person/token.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/api/signin/one_time.h"
#include "gateway/api/signin/signin.h"
#include "gateway/http/url.h"

enum {
	DEVICE_SECRET = 32,
	DEVICE_SECONDS = 900,
	DEVICE_INTERVAL = 5,
	DEVICE_MAX_CLIENT = 64,
	DEVICE_DAYS = 90, /* of a token whose approval says nothing else */
};

#define DEVICE_GRANT "urn:ietf:params:oauth:grant-type:device_code"
#define EXCHANGE_GRANT "urn:ietf:params:oauth:grant-type:token-exchange"

void oauth_refuse(struct exchange *x, const char *error, const char *description)
{
	json_t *body = json_object_new();

	json_put_text(body, "error", slice_of_string(error));
	json_put_text(body, "error_description", slice_of_string(description));
	exchange_header(x, "Cache-Control", "no-store");
	reply_json(x, 400, body);
}

enum err oauth_field(struct slice *out, struct exchange *x, const json_t *json, const char *name)
{
	enum err result;

	if (json)
		return json_get_text_or(out, json, name, S(""));
	result = url_form_find(out, exchange_arena(x), exchange_body(x), name);
	if (result == ERR_NOT_FOUND)
		*out = S("");
	return result == ERR_NOT_FOUND ? OK : result;
}

static bool is_json(struct exchange *x)
{
	return slice_starts_with(http_header(exchange_request(x), "Content-Type"),
				 S("application/json"));
}

/* --- the device begins ------------------------------------------------------------------------ */

/* What the page will show of it: visible ASCII. */
static struct slice client_name(struct exchange *x, struct slice client)
{
	char *name = arena_string(
		exchange_arena(x),
		slice_part(client.size ? client : S("a device"), 0, DEVICE_MAX_CLIENT));

	for (char *p = name; *p; p++)
		if (*p < 0x20 || *p > 0x7e)
			*p = '?';
	return slice_of_string(name);
}

static enum err begin(struct store_device *device, struct slice *secret, struct exchange *x,
		      struct route_context *context)
{
	AUTO(buf_free) struct buf text = buf_new(2 * DEVICE_SECRET);
	char *user_code = arena_alloc(exchange_arena(x), ONE_TIME_USER_CODE + 1);
	int64_t now_ms = clock_now_ms();
	uint8_t bytes[DEVICE_SECRET];
	struct slice client;
	struct digest hash;

	TRY(oauth_field(&client, x, NULL, "client_id"));
	random_bytes(bytes, sizeof bytes);
	text_write_base64(&text, slice_of(bytes, sizeof bytes), TEXT_BASE64_URL_RAW);
	*secret = arena_copy(exchange_arena(x), buf_slice(&text));
	hash = digest_of(*secret);
	one_time_user_code(user_code);
	*device = (struct store_device){
		.user_code = slice_of_string(user_code),
		.client = client_name(x, client),
		.address = exchange_client_address(x),
		.expires_ms = now_ms + DEVICE_SECONDS * 1000,
		.interval_seconds = DEVICE_INTERVAL,
	};
	memcpy(device->device_sha256, hash.bytes, DIGEST_SIZE);
	return store_device_begin(context->store, device, now_ms);
}

void device_begin(struct exchange *x, struct route_context *context)
{
	struct arena *arena = exchange_arena(x);
	const char *url = context->api->settings->external_url;
	struct store_device device;
	struct slice secret;
	const char *shown;
	json_t *answer;
	enum err result = begin(&device, &secret, x, context);

	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	shown = arena_printf(arena, "%.4s-%.4s", (const char *)device.user_code.data,
			     (const char *)device.user_code.data + 4);
	answer = json_object_new();
	json_put_text(answer, "device_code", secret);
	json_put_text(answer, "user_code", slice_of_string(shown));
	json_put_text(answer, "verification_uri",
		      slice_of_string(arena_printf(arena, "%s/device", url)));
	json_put_text(answer, "verification_uri_complete",
		      slice_of_string(arena_printf(arena, "%s/device?user_code=%s", url, shown)));
	json_put_int(answer, "expires_in", DEVICE_SECONDS);
	json_put_int(answer, "interval", DEVICE_INTERVAL);
	exchange_header(x, "Cache-Control", "no-store");
	reply_json(x, 200, answer);
}

/* --- its person decides -------------------------------------------------------------------------
 */

enum err device_find(struct store_device *out, struct exchange *x, struct route_context *context,
		     struct slice typed)
{
	char *code = arena_alloc(exchange_arena(x), ONE_TIME_USER_CODE + 1);

	TRY(one_time_read_user_code(code, typed));
	return store_device_by_user_code(context->store, exchange_arena(x), out,
					 slice_of_string(code), clock_now_ms());
}

enum err device_decide(struct exchange *x, struct route_context *context,
		       struct store_device *device, bool approves)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	device->state = approves ? S("approved") : S("denied");
	memcpy(device->person, who->person.id, STORE_ID);
	audit_event_begin(&event, approves ? AUDIT_DEVICE_APPROVE : AUDIT_DEVICE_DENY,
			  who->person.id, who->person.name);
	audit_event_text(&event, "client", device->client);
	audit_event_text(&event, "address", device->address);
	audit_event_text(&event, "rights", device->rights);
	TRY(store_begin(store));
	TRY(store_device_decide(store, device, who->now_ms));
	return api_finish(x, context, &event);
}

void device_narrow(struct store_device *device, const struct principal *who,
		   const struct scope *scope, int64_t days)
{
	device->rights = scope->rights;
	device->models = scope->models;
	device->addresses = scope->addresses;
	device->token_expires_ms = (who->now_ms / 1000 + days * 24 * 3600) * 1000;
	if (!principal_is_whole(who) && device->token_expires_ms > who->expires_ms)
		device->token_expires_ms = who->expires_ms;
}

static enum err read_approval(struct store_device *device, bool *denies, struct exchange *x,
			      struct route_context *context, const json_t *body)
{
	const struct principal *who = authorize_principal(x);
	struct scope scope;
	struct slice code;
	int64_t days;

	TRY(json_get_text(&code, body, "user_code"));
	TRY(json_get_bool_or(denies, body, "deny", false));
	TRY(json_get_int_or(&days, body, "expires_days", DEVICE_DAYS));
	if (days < 1 || days > API_MAX_DAYS)
		return failure(ERR_FORMAT, "\"expires_days\" is 1 to %d", API_MAX_DAYS);
	TRY(scope_read(&scope, exchange_arena(x), body));
	if (!*denies)
		TRY(token_check_within(who, &scope));
	TRY(device_find(device, x, context, code));
	device_narrow(device, who, &scope, days);
	return OK;
}

void device_approve(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct store_attempt attempts[STORE_ATTEMPT_SUBJECTS];
	struct store_device device;
	json_t *answer;
	bool denies;
	enum err result;

	if (!body || !signin_may_try(attempts, x, context, authorize_principal(x)->person.name))
		return;
	result = read_approval(&device, &denies, x, context, body);
	if (result == OK)
		result = device_decide(x, context, &device, !denies);
	if (result == OK)
		result = store_attempt_was_right(context->store, attempts);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_object_new();
	json_put_text(answer, "state", device.state);
	json_put_text(answer, "client", device.client);
	json_put_text(answer, "address", device.address);
	reply_json(x, 200, answer);
}

/* --- the device gets its token
 * -------------------------------------------------------------------- */

static enum err make_token(const char **token, struct store_credential *c, struct exchange *x,
			   struct route_context *context, const struct store_device *device)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct store_person person;

	TRY(store_begin(store));
	TRY(store_device_take(store, device->device_sha256));
	TRY(store_person_by_id(store, exchange_arena(x), &person, device->person));
	if (!slice_equal(person.state, S("active")))
		return failure(ERR_DENIED, "this person is suspended; ask an administrator");
	*c = token_new(person.id, device->client, 1);
	c->expires_ms = device->token_expires_ms;
	c->rights = device->rights;
	c->models = device->models;
	c->addresses = device->addresses;
	token_event(&event, person.id, person.name, c);
	audit_event_text(&event, "device_address", exchange_client_address(x));
	return token_make(token, x, context, &event, c);
}

void oauth_reply_token(struct exchange *x, const char *token, const struct store_credential *c)
{
	json_t *answer = json_object_new();

	json_put_text(answer, "access_token", slice_of_string(token));
	json_put_text(answer, "token_type", S("bearer"));
	json_put_int(answer, "expires_in", (c->expires_ms - clock_now_ms()) / 1000);
	exchange_header(x, "Cache-Control", "no-store");
	reply_json(x, 200, answer);
}

static void hand_over(struct exchange *x, struct route_context *context,
		      const struct store_device *device)
{
	struct store_credential c;
	const char *token;
	enum err result = make_token(&token, &c, x, context, device);

	if (result == OK)
		oauth_reply_token(x, token, &c);
	else if (result == ERR_NOT_FOUND || result == ERR_DENIED)
		oauth_refuse(x, "access_denied", failure_text());
	else
		reply_failure(x, result);
}

static void poll(struct exchange *x, struct route_context *context, struct slice secret)
{
	struct digest hash = digest_of(secret);
	struct store_device device;
	int64_t now_ms = clock_now_ms();
	bool soon;
	enum err result = store_device_poll(context->store, exchange_arena(x), &device, &soon,
					    hash.bytes, now_ms);

	if (result == ERR_NOT_FOUND)
		oauth_refuse(x, "expired_token", "this code is over, or none of ours; begin anew");
	else if (result != OK)
		reply_failure(x, result);
	else if (device.expires_ms <= now_ms)
		oauth_refuse(x, "expired_token", "nobody approved this device in time");
	else if (slice_equal(device.state, S("denied")))
		oauth_refuse(x, "access_denied", "this device was turned away");
	else if (slice_equal(device.state, S("taken")))
		oauth_refuse(x, "invalid_grant", "the token of this code was taken already");
	else if (soon)
		oauth_refuse(x, "slow_down", "ask less often");
	else if (slice_equal(device.state, S("pending")))
		oauth_refuse(x, "authorization_pending", "nobody has approved this device yet");
	else
		hand_over(x, context, &device);
}

void oauth_token(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *json = NULL;
	struct slice grant, secret, subject;
	enum err result = OK;

	if (is_json(x))
		result = json_read(&json, exchange_body(x), API_MAX_JSON);
	if (result == OK)
		result = oauth_field(&grant, x, json, "grant_type");
	if (result == OK)
		result = oauth_field(&secret, x, json, "device_code");
	if (result == OK)
		result = oauth_field(&subject, x, json, "subject_token");
	if (result != OK)
		oauth_refuse(x, "invalid_request", failure_text());
	else if (slice_equal(grant, S(DEVICE_GRANT)))
		poll(x, context, secret);
	else if (slice_equal(grant, S(EXCHANGE_GRANT)))
		workload_exchange(x, context, subject);
	else
		oauth_refuse(x, "unsupported_grant_type",
			     "only " DEVICE_GRANT " and " EXCHANGE_GRANT " are known here");
}

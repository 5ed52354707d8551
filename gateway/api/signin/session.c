/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/signin/session.h"

#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "crypto/random.h"
#include "gateway/api/authorize.h"
#include "gateway/api/lease/withdraw.h"
#include "gateway/api/person/mint.h"
#include "gateway/api/person/office.h"
#include "gateway/api/recall.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/api/signin/session_cookie.h"
#include "schema/store/signin.h"

enum { SESSION_USE_MS = 60000, SESSION_MAX_NAME = 100 };

static const int64_t minute_ms = 60 * 1000;

static bool is_good(const struct store_credential *session, const struct session_cookie *cookie,
		    int64_t now_ms)
{
	struct digest hash = session_cookie_hash(cookie);

	return session->kind == STORE_SESSIONS && !session->revoked_ms &&
	       now_ms < session->expires_ms &&
	       digest_equal_bytes(digest_slice(&hash),
				  slice_of(session->secret_sha256, STORE_SECRET_SHA256));
}

/* That it is used is written down once a minute; what this edge remembers of it may be older, so
 * the database says whether it was idle for too long. */
static enum err use(bool *found, struct store_holder *holder, struct exchange *x,
		    struct route_context *context, int64_t now_ms)
{
	struct api *api = context->api;

	if (now_ms - holder->credential.used_ms < SESSION_USE_MS)
		return OK;
	exchange_may_wait(x);
	TRY(store_session_touch(context->store, found, holder->credential.id, now_ms,
				api->settings->signin_idle_minutes * minute_ms));
	holder->credential.used_ms = now_ms;
	if (*found && slice_equal(holder->person.state, S("active")))
		facts_keep_holder(api->facts, holder, authorize_principal(x)->mark);
	return OK;
}

enum err session_find(bool *found, struct store_holder *out, struct exchange *x,
		      struct route_context *context, struct slice value, int64_t now_ms)
{
	struct session_cookie cookie;
	enum err result;

	*found = false;
	if (session_cookie_read(&cookie, value) != OK)
		return OK;
	result = recall_holder(out, x, context, cookie.id);
	if (result == ERR_NOT_FOUND)
		return OK;
	TRY(result);
	*found = is_good(&out->credential, &cookie, now_ms);
	return *found ? use(found, out, x, context, now_ms) : OK;
}

/* What its owner will know it by: the browser's own words, made harmless. */
static struct slice name_of(struct exchange *x)
{
	struct slice agent = slice_part(http_header(exchange_request(x), "User-Agent"), 0,
					SESSION_MAX_NAME);
	char *name = arena_string(exchange_arena(x), agent.size ? agent : S("a browser"));

	for (char *p = name; *p; p++)
		if (*p < 0x20 || *p > 0x7e)
			*p = '?';
	return slice_of_string(name);
}

static void send_cookie(struct exchange *x, const struct session_cookie *cookie)
{
	AUTO(buf_free) struct buf value = buf_new(SESSION_COOKIE_MAX);

	session_cookie_write(&value, cookie);
	exchange_header(x, "Set-Cookie",
			SESSION_COOKIE "=%s; Path=/; Secure; HttpOnly; SameSite=Lax",
			buf_string(&value));
	exchange_header(x, "Cache-Control", "no-store");
}

enum err session_begin(struct store_credential *out, struct exchange *x,
		       struct route_context *context, const struct store_person *person,
		       struct slice method)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct session_cookie cookie;
	int64_t now_ms = clock_now_ms();
	struct digest hash;

	random_bytes(&cookie, sizeof cookie);
	random_uuid(cookie.id, now_ms);
	hash = session_cookie_hash(&cookie);
	*out = (struct store_credential){
		.kind = STORE_SESSIONS,
		.name = name_of(x),
		.created_ms = now_ms,
		.expires_ms = now_ms + context->api->settings->signin_hours * 60 * minute_ms,
		.used_ms = now_ms,
		.method = method,
		.address = exchange_client_address(x),
	};
	memcpy(out->id, cookie.id, STORE_ID);
	memcpy(out->person, person->id, STORE_ID);
	memcpy(out->secret_sha256, hash.bytes, DIGEST_SIZE);
	audit_event_begin(&event, AUDIT_SESSION_START, person->id, person->name);
	audit_event_uuid(&event, "session", out->id);
	audit_event_text(&event, "method", method);
	audit_event_text(&event, "address", out->address);
	if (!store_is_in_transaction(store))
		TRY(store_begin(store));
	TRY(store_credential_create(store, out));
	TRY(api_finish(x, context, &event));
	send_cookie(x, &cookie);
	explicit_bzero(&cookie, sizeof cookie);
	return OK;
}

json_t *session_describe(struct arena *arena, const struct store_credential *c)
{
	json_t *one = json_object_new();

	json_put_text(one, "id", slice_of_string(api_uuid(arena, c->id)));
	json_put_text(one, "name", c->name);
	json_put_text(one, "method", c->method);
	json_put_text(one, "address", c->address);
	json_put_text(one, "created", slice_of_string(api_time(arena, c->created_ms)));
	json_put_text(one, "used", slice_of_string(api_time(arena, c->used_ms)));
	json_put_text(one, "expires", slice_of_string(api_time(arena, c->expires_ms)));
	json_put_bool(one, "ended", c->revoked_ms != 0);
	return one;
}

static json_t *describe_person(struct arena *arena, const struct store_person *person)
{
	json_t *one = json_object_new();

	json_put_text(one, "id", slice_of_string(api_uuid(arena, person->id)));
	json_put_text(one, "name", person->name);
	json_put_text(one, "email", person->email);
	json_put(one, "held", office_describe_held(arena, person->held));
	return one;
}

void session_reply(struct exchange *x, const struct store_credential *session,
		   const struct store_person *person)
{
	json_t *answer = session_describe(exchange_arena(x), session);

	json_put(answer, "person", describe_person(exchange_arena(x), person));
	reply_json(x, 201, answer);
}

/* Who am I, by whatever credential. */
void session_current(struct exchange *x, struct route_context *context)
{
	const struct principal *who = authorize_principal(x);
	struct arena *arena = exchange_arena(x);
	json_t *answer;

	(void)context;
	if (!authorize_person(x))
		return;
	answer = json_object_new();
	json_put_text(answer, "id", slice_of_string(api_uuid(arena, who->credential_id)));
	json_put_text(answer, "kind", who->is_session ? S("session") : S("token"));
	json_put_text(answer, "name", who->credential_name);
	json_put_text(answer, "expires", slice_of_string(api_time(arena, who->expires_ms)));
	json_put(answer, "person", describe_person(arena, &who->person));
	exchange_header(x, "Cache-Control", "no-store");
	reply_json(x, 200, answer);
}

void session_list(struct exchange *x, struct route_context *context)
{
	const struct principal *who = authorize_principal(x);
	struct arena *arena = exchange_arena(x);
	struct store_credential *sessions;
	size_t count;
	json_t *list;
	enum err result = store_credential_list(context->store, arena, &sessions, &count,
						who->person.id, STORE_SESSIONS);

	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < count; i++) {
		json_t *one = session_describe(arena, &sessions[i]);

		json_put_bool(one, "is_this",
			      memcmp(sessions[i].id, who->credential_id, STORE_ID) == 0);
		json_push(list, one);
	}
	reply_list(x, "sessions", list);
}

void session_revoke(struct exchange *x, struct route_context *context)
{
	mint_revoke(x, context, STORE_SESSIONS);
}

static enum err sign_out(struct exchange *x, struct route_context *context)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	if (!who->is_session)
		return failure(ERR_FORMAT, "this is no session but a token; DELETE /api/v1/tokens/"
					   "{id} ends one");
	audit_event_begin(&event, AUDIT_SESSION_END, who->person.id, who->person.name);
	audit_event_uuid(&event, "session", who->credential_id);
	TRY(store_begin(store));
	TRY(store_credential_revoke(store, who->credential_id, who->person.id, who->now_ms,
				    who->person.id, STORE_SESSIONS));
	return api_finish(x, context, &event);
}

void session_end(struct exchange *x, struct route_context *context)
{
	enum err result;

	if (!authorize_person(x))
		return;
	result = sign_out(x, context);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	exchange_header(x, "Set-Cookie",
			SESSION_COOKIE "=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
	withdraw_wait(x, context, NULL);
	reply_empty(x, 204);
}

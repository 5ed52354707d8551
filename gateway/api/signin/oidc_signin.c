/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing in at an identity provider: the code flow with PKCE. A person is who the provider's
 * subject is bound to, (iss, sub) and nothing else: never by e-mail or name. It is bound when
 * somebody comes with an invitation, by an administrator, or, where the provider's settings say
 * so, to a person made then.
 */
#include "crypto/base/clock.h"
#include "crypto/base/log.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "crypto/random.h"
#include "gateway/api/authorize.h"
#include "gateway/api/outbound/outbound_call.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/api/signin/oidc.h"
#include "gateway/api/signin/one_time.h"
#include "gateway/api/signin/session.h"
#include "gateway/api/signin/session_cookie.h"
#include "gateway/api/signin/signin.h"
#include "gateway/http/url.h"
#include "schema/store/identity.h"
#include "schema/store/login.h"

#define LOGIN_COOKIE "__Host-sallyport-login"

enum { RANDOM = 32, LOGIN_SECONDS = 600, BACK_MAX = 500, ANSWER_MAX = 64 * 1024, TRIES = 5 };

void oidc_list(struct exchange *x, struct route_context *context)
{
	const struct oidc *o = context->api->oidc;
	json_t *list = json_array_new();

	for (size_t i = 0; i < oidc_count(o); i++) {
		const struct oidc_provider *p = oidc_at(o, i);
		json_t *one = json_object_new();

		json_put_text(one, "name", p->name);
		json_put_text(one, "title", p->title);
		json_put_text(
			one, "start",
			slice_of_string(arena_printf(exchange_arena(x), "/api/v1/oidc/%.*s/start",
						     SLICE_PRINT(p->name))));
		json_push(list, one);
	}
	reply_list(x, "providers", list);
}

static const struct oidc_provider *provider_of(struct exchange *x, struct route_context *context)
{
	const struct oidc_provider *p = oidc_find(context->api->oidc,
						  exchange_param(x, "provider"));

	if (!p)
		reply_code(x, CODE_NOT_FOUND, "there is no such identity provider here", NULL);
	return p;
}

static struct slice random_text(struct arena *arena)
{
	AUTO(buf_free) struct buf text = buf_new(2 * RANDOM);
	uint8_t bytes[RANDOM];

	random_bytes(bytes, sizeof bytes);
	text_write_base64(&text, slice_of(bytes, sizeof bytes), TEXT_BASE64_URL_RAW);
	return arena_copy(arena, buf_slice(&text));
}

static const char *callback_of(struct exchange *x, const struct route_context *context,
			       const struct oidc_provider *p)
{
	return arena_printf(exchange_arena(x), "%s/api/v1/oidc/%.*s/callback",
			    context->api->settings->external_url, SLICE_PRINT(p->name));
}

/* --- there ---------------------------------------------------------------------------------- */

/* A path of ours, for the browser to go on at: not another host's ("//host"). */
static bool is_path_of_ours(struct slice back)
{
	if (back.size == 0 || back.size > BACK_MAX || back.data[0] != '/')
		return false;
	for (size_t i = 0; i < back.size; i++)
		if (back.data[i] <= ' ' || back.data[i] > '~' || back.data[i] == '\\')
			return false;
	return back.size == 1 || back.data[1] != '/';
}

static enum err read_start(struct store_oidc_login *out, struct exchange *x)
{
	struct slice code = api_query(x, "code");
	struct digest digest;

	out->back = api_query(x, "back");
	if (!out->back.size)
		out->back = S("/");
	if (!is_path_of_ours(out->back))
		return failure(ERR_FORMAT, "\"back\" is a path of this gateway");
	out->has_code = code.size > 0;
	if (!out->has_code)
		return OK;
	TRY(one_time_hash(&digest, code));
	memcpy(out->code_sha256, digest.bytes, STORE_SHA256_BYTES);
	return OK;
}

static void put(struct buf *out, const char *name, struct slice value)
{
	buf_printf(out, "%s%s=", out->size ? "&" : "", name);
	url_write_component(out, value);
}

static void put_challenge(struct buf *query, struct slice verifier)
{
	AUTO(buf_free) struct buf challenge = buf_new(2 * DIGEST_SIZE);
	struct digest digest = digest_of(verifier);

	text_write_base64(&challenge, digest_slice(&digest), TEXT_BASE64_URL_RAW);
	put(query, "code_challenge", buf_slice(&challenge));
	put(query, "code_challenge_method", S("S256"));
}

static enum err write_address(struct buf *out, struct exchange *x,
			      const struct route_context *context, const struct oidc_provider *p,
			      struct slice endpoint, struct slice state,
			      const struct store_oidc_login *login)
{
	AUTO(buf_free) struct buf query = buf_new(4096);
	bool has_query = slice_find(endpoint, '?') < endpoint.size;

	put(&query, "response_type", S("code"));
	put(&query, "client_id", p->client_id);
	put(&query, "redirect_uri", slice_of_string(callback_of(x, context, p)));
	put(&query, "scope", p->scope);
	put(&query, "state", state);
	put(&query, "nonce", login->nonce);
	put_challenge(&query, login->verifier);
	buf_write(out, endpoint);
	buf_write(out, has_query ? S("&") : S("?"));
	buf_write(out, buf_slice(&query));
	TRY(buf_done(&query));
	return buf_done(out);
}

static enum err start(struct buf *address, struct exchange *x, struct route_context *context,
		      const struct oidc_provider *p)
{
	struct arena *arena = exchange_arena(x);
	struct store_oidc_login login = {.provider = p->name};
	int64_t now_ms = clock_now_ms();
	struct slice state = random_text(arena);
	struct digest hash = digest_of(state);
	struct oidc_discovery discovery;

	TRY(read_start(&login, x));
	TRY(oidc_discover(&discovery, context, arena, p->issuer));
	memcpy(login.state_sha256, hash.bytes, STORE_SHA256_BYTES);
	login.nonce = random_text(arena);
	login.verifier = random_text(arena);
	login.expires_ms = now_ms + LOGIN_SECONDS * 1000;
	TRY(store_oidc_begin(context->store, &login, now_ms));
	TRY(write_address(address, x, context, p, discovery.authorization, state, &login));
	exchange_header(x, "Set-Cookie",
			LOGIN_COOKIE "=%.*s; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=%d",
			SLICE_PRINT(state), LOGIN_SECONDS);
	return OK;
}

static void redirect(struct exchange *x, struct slice address)
{
	exchange_header_text(x, "Location", address);
	exchange_header(x, "Cache-Control", "no-store");
	exchange_header(x, "Referrer-Policy", "no-referrer");
	reply_empty(x, 303);
}

/* What goes wrong there is not the browser's fault, nor quite ours. */
static void reply_provider_failure(struct exchange *x, enum err kind)
{
	log_warn("oidc.failed", "reason=\"%s\"", failure_text());
	if (kind == ERR_DENIED || kind == ERR_FORGED || kind == ERR_EXPIRED ||
	    kind == ERR_UNSUPPORTED || kind == ERR_NOT_FOUND || kind == ERR_LIMIT)
		reply_code(x, CODE_NOT_AUTHENTICATED, failure_text(), NULL);
	else
		reply_failure(x, kind);
}

void oidc_start(struct exchange *x, struct route_context *context)
{
	AUTO(buf_free) struct buf address = buf_new(8192);
	const struct oidc_provider *p = provider_of(x, context);
	enum err result;

	if (!p)
		return;
	result = start(&address, x, context, p);
	if (result == OK)
		redirect(x, arena_copy(exchange_arena(x), buf_slice(&address)));
	else
		reply_provider_failure(x, result);
}

/* --- and back ------------------------------------------------------------------------------- */

/* It must be this browser that went there: who comes with a state that somebody else began would
 * be signed in as them. */
static enum err take_login(struct store_oidc_login *out, struct exchange *x,
			   struct route_context *context, const struct oidc_provider *p)
{
	struct slice state = api_query(x, "state"), iss = api_query(x, "iss");
	struct slice cookie = session_cookie_find(exchange_request(x), LOGIN_COOKIE);
	struct digest hash = digest_of(state);

	if (!state.size || !cookie.data || !slice_equal(state, cookie))
		return failure(ERR_DENIED, "this browser began no sign-in, or another one since; "
					   "begin anew");
	exchange_header(x, "Set-Cookie",
			LOGIN_COOKIE "=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
	TRY(store_oidc_end(context->store, exchange_arena(x), out, hash.bytes, p->name,
			   clock_now_ms()));
	if (iss.size && !slice_equal(iss, p->issuer)) /* RFC 9207 */
		return failure(ERR_DENIED, "the answer comes from another identity provider");
	if (api_query(x, "error").size)
		return failure(ERR_DENIED, "the identity provider did not sign you in (%.*s)",
			       SLICE_PRINT(slice_part(api_query(x, "error"), 0, 64)));
	if (!api_query(x, "code").size)
		return failure(ERR_FORMAT, "the identity provider sent no code");
	return OK;
}

static enum err read_tokens(struct slice *id_token, struct slice *access_token, struct arena *arena,
			    const struct outbound_answer *answer)
{
	AUTO(json_auto) json_t *object = NULL;

	if (answer->status != 200)
		return failure(ERR_DENIED,
			       "the identity provider does not take the code it gave "
			       "(%u)",
			       answer->status);
	TRY(json_read(&object, answer->body, ANSWER_MAX));
	TRY(json_get_text(id_token, object, "id_token"));
	TRY(json_get_text_or(access_token, object, "access_token", S("")));
	*id_token = arena_copy(arena, *id_token);
	*access_token = arena_copy(arena, *access_token);
	return OK;
}

/* The code for the id token, at the provider's token endpoint. */
static enum err exchange_code(struct slice *id_token, struct slice *access_token,
			      struct exchange *x, struct route_context *context,
			      const struct oidc_provider *p, struct slice endpoint,
			      const struct store_oidc_login *login)
{
	AUTO(buf_free) struct buf form = buf_new(16 * 1024);
	struct outbound_request ask = {
		.method = WIRE_METHOD_POST,
		.url = endpoint,
		.credential = p->credential,
		.headers = S("Content-Type: application/x-www-form-urlencoded\n"
			     "Accept: application/json\n"),
		.most = ANSWER_MAX,
		.timeout_ms = OIDC_CALL_MS,
		.client = x,
	};
	struct outbound_answer answer;

	put(&form, "grant_type", S("authorization_code"));
	put(&form, "code", api_query(x, "code"));
	put(&form, "redirect_uri", slice_of_string(callback_of(x, context, p)));
	put(&form, "code_verifier", login->verifier);
	if (!p->credential.size)
		put(&form, "client_id", p->client_id);
	TRY(buf_done(&form));
	ask.body = buf_slice(&form);
	TRY(outbound_call(&answer, context, exchange_arena(x), &ask));
	return read_tokens(id_token, access_token, exchange_arena(x), &answer);
}

static enum err learn_who(struct oidc_claims *out, struct exchange *x,
			  struct route_context *context, const struct oidc_provider *p,
			  const struct store_oidc_login *login)
{
	struct arena *arena = exchange_arena(x);
	struct oidc_discovery discovery;
	struct slice id_token, access_token;
	struct oidc_expected expected = {
		.issuer = p->issuer, .audience = p->client_id, .nonce = login->nonce};

	TRY(oidc_discover(&discovery, context, arena, p->issuer));
	TRY(exchange_code(&id_token, &access_token, x, context, p, discovery.token, login));
	expected.access_token = access_token;
	expected.now_seconds = clock_now_seconds();
	return oidc_verify(out, context, arena, discovery.jwks, id_token, &expected, p->name_claim);
}

/* --- who that is here ------------------------------------------------------------------------ */

static enum err bind(struct route_context *context, const struct oidc_provider *p,
		     const struct oidc_claims *claims, const struct store_person *person)
{
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct store_identity identity = {.iss = p->issuer,
					  .sub = claims->sub,
					  .how = S("login"),
					  .bound_ms = clock_now_ms()};

	memcpy(identity.person, person->id, STORE_ID);
	TRY(store_identity_add(context->store, &identity));
	audit_event_begin(&event, AUDIT_IDENTITY_LINK, person->id, person->name);
	audit_event_uuid(&event, "person", person->id);
	audit_event_text(&event, "iss", p->issuer);
	audit_event_text(&event, "sub", claims->sub);
	audit_event_text(&event, "how", S("login"));
	return api_log(context->store, &event);
}

/* A name that is free: the provider's, or with a few letters behind it. */
static enum err choose_name(struct slice *out, struct exchange *x, struct route_context *context,
			    const struct oidc_claims *claims)
{
	struct arena *arena = exchange_arena(x);
	struct slice base = oidc_person_name(arena, claims->name);

	*out = base.size ? base : S("person");
	for (int i = 0; i < TRIES; i++) {
		char code[ONE_TIME_USER_CODE + 1];
		struct store_person other;
		enum err result = store_person_by_name(context->store, arena, &other, *out);

		if (result != OK)
			return result == ERR_NOT_FOUND ? OK : result;
		one_time_user_code(code);
		for (char *c = code; *c; c++)
			*c = (char)(*c - 'A' + 'a');
		*out = slice_of_string(
			arena_printf(arena, "%.*s-%.4s", base.size ? (int)base.size : 6,
				     base.size ? (const char *)base.data : "person", code));
	}
	return failure(ERR_CONFLICT, "no name is free for this person");
}

static enum err register_person(struct store_person *out, struct exchange *x,
				struct route_context *context, const struct oidc_provider *p,
				const struct oidc_claims *claims)
{
	static const uint8_t nobody[STORE_ID];
	AUTO(audit_event_clear) struct audit_event event = {0};

	*out = (struct store_person){
		.state = S("active"), .email = claims->email, .created_ms = clock_now_ms()};
	TRY(choose_name(&out->name, x, context, claims));
	random_uuid(out->id, out->created_ms);
	TRY(store_person_add(context->store, out, nobody));
	audit_event_begin(&event, AUDIT_PERSON_ADD, NULL, S("gateway"));
	audit_event_uuid(&event, "person", out->id);
	audit_event_text(&event, "name", out->name);
	audit_event_text(&event, "provider", p->name);
	TRY(api_log(context->store, &event));
	return bind(context, p, claims, out);
}

static enum err accept_invitation(struct store_person *out, struct exchange *x,
				  struct route_context *context, const struct oidc_provider *p,
				  const struct oidc_claims *claims,
				  const struct store_oidc_login *login)
{
	struct store_code code;

	TRY(store_code_use(context->store, exchange_arena(x), &code, login->code_sha256,
			   clock_now_ms()));
	TRY(store_person_by_id(context->store, exchange_arena(x), out, code.person));
	return bind(context, p, claims, out);
}

/* In the open transaction. */
static enum err find_person(struct store_person *out, struct exchange *x,
			    struct route_context *context, const struct oidc_provider *p,
			    const struct oidc_claims *claims, const struct store_oidc_login *login)
{
	uint8_t owner[STORE_ID];

	TRY(store_identity_owner(context->store, owner, p->issuer, claims->sub));
	if (login->has_code) {
		if (!store_id_is_none(owner))
			return failure(ERR_CONFLICT, "who you are there is a person here already; "
						     "sign in without the invitation");
		return accept_invitation(out, x, context, p, claims, login);
	}
	if (!store_id_is_none(owner))
		return store_person_by_id(context->store, exchange_arena(x), out, owner);
	if (p->registers)
		return register_person(out, x, context, p, claims);
	return failure(ERR_DENIED,
		       "nobody here is known by this sign-in; ask an administrator for "
		       "an invitation (you are \"%.*s\" there)",
		       SLICE_PRINT(claims->sub));
}

static enum err begin_session(struct exchange *x, struct route_context *context,
			      const struct oidc_provider *p, const struct oidc_claims *claims,
			      const struct store_oidc_login *login)
{
	AUTO(store_end) struct store *store = context->store;
	struct store_credential session;
	struct store_person person;

	TRY(store_begin(store));
	TRY(find_person(&person, x, context, p, claims, login));
	if (!slice_equal(person.state, S("active")))
		return failure(ERR_DENIED, "this person is suspended; ask an administrator");
	return session_begin(&session, x, context, &person,
			     slice_of_string(arena_printf(exchange_arena(x), "oidc:%.*s",
							  SLICE_PRINT(p->name))));
}

void oidc_callback(struct exchange *x, struct route_context *context)
{
	const struct oidc_provider *p = provider_of(x, context);
	struct store_oidc_login login;
	struct oidc_claims claims;
	enum err result;

	if (!p)
		return;
	result = api_may_log(x, context);
	if (result == OK)
		result = take_login(&login, x, context, p);
	if (result == OK)
		result = learn_who(&claims, x, context, p, &login);
	if (result == OK)
		result = begin_session(x, context, p, &claims, &login);
	if (result == OK)
		redirect(x, login.back);
	else
		reply_provider_failure(x, result);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing in with a name and a password, or with a code that is good once and sets the password;
 * how often may be tried; who invites whom. A password or a code stands in no log.
 */
#include "gateway/api/signin/signin.h"

#include "crypto/base/clock.h"
#include "crypto/base/log.h"
#include "crypto/json.h"
#include "crypto/password.h"
#include "gateway/api/lease/withdraw.h"
#include "gateway/api/person/token.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/api/signin/one_time.h"
#include "gateway/api/signin/session.h"
#include "gateway/api/signin/session_cookie.h"
#include "policy/address_range.h"
#include "schema/store/signin.h"

enum { ADDRESS, ACCOUNT, ACCOUNT_FROM_ADDRESS };

/* An account from many addresses may be tried more often: else anybody could lock anybody out. */
static const int64_t most[STORE_ATTEMPT_SUBJECTS] = {
	[ADDRESS] = 50, [ACCOUNT] = 100, [ACCOUNT_FROM_ADDRESS] = 10};

static const int64_t window_ms = 15 * 60 * 1000;
static const int64_t day_ms = 24 * 3600 * 1000;

static void count_as(struct store_attempt *attempt, const char *what, struct slice one,
		     struct slice other)
{
	struct digest_state state;
	struct digest hash;

	digest_begin(&state);
	digest_update(&state, slice_of_string(what));
	digest_update(&state, one);
	digest_update(&state, S("\n"));
	digest_update(&state, other);
	hash = digest_end(&state);
	memcpy(attempt->subject, hash.bytes, STORE_ATTEMPT_SUBJECT);
}

/* Who has one IPv6 address has 2^64 of them; an IPv4 address inside one is that address. */
static struct slice network_of(struct exchange *x)
{
	AUTO(buf_free) struct buf range = buf_new(2 * ADDRESS_RANGE_MAX);
	struct slice address = exchange_client_address(x);
	bool is_v6 = slice_find(address, ':') < address.size;
	bool is_mapped = slice_starts_with(address, S("::ffff:"));
	const char *text = arena_printf(exchange_arena(x), "%.*s%s", SLICE_PRINT(address),
					is_v6 && !is_mapped ? "/64" : "");

	if (address_range_write(&range, slice_of_string(text)) != OK)
		return address;
	return arena_copy(exchange_arena(x), buf_slice(&range));
}

bool signin_may_try(struct store_attempt attempts[STORE_ATTEMPT_SUBJECTS], struct exchange *x,
		    struct route_context *context, struct slice account)
{
	int64_t now_ms = clock_now_ms();
	struct slice network = network_of(x);
	enum err result;

	count_as(&attempts[ADDRESS], "address ", network, S(""));
	count_as(&attempts[ACCOUNT], "account ", account, S(""));
	count_as(&attempts[ACCOUNT_FROM_ADDRESS], "both ", account, network);
	result = store_attempt(context->store, attempts, now_ms, window_ms);
	if (result != OK) {
		reply_failure(x, result);
		return false;
	}
	for (size_t i = 0; i < STORE_ATTEMPT_SUBJECTS; i++) {
		int64_t wait_ms = attempts[i].since_ms + window_ms - now_ms;

		if (attempts[i].count <= most[i])
			continue;
		log_warn("signin.throttled", "address=%.*s",
			 SLICE_PRINT(exchange_client_address(x)));
		reply_later(x,
			    i == ADDRESS ? "too many attempts to sign in from your address; wait"
					 : "too many attempts to sign in to this account; wait",
			    wait_ms / 1000 + 1);
		return false;
	}
	return true;
}

/* Passwords are hashed a few at a time. False: it has answered. */
static bool begin_hashing(struct exchange *x, struct route_context *context)
{
	if (hashing_enter(&context->api->hashing))
		return true;
	reply_later(x, "many people are signing in at this moment; try again", 2);
	return false;
}

/* A known account: the auditor sees that somebody tried. */
static enum err log_refusal(struct exchange *x, struct route_context *context,
			    const struct store_person *person, const char *why)
{
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_SESSION_REFUSE, NULL, S("gateway"));
	audit_event_uuid(&event, "person", person->id);
	audit_event_text(&event, "address", exchange_client_address(x));
	audit_event_text(&event, "why", slice_of_string(why));
	return api_log(context->store, &event);
}

static void refuse_password(struct exchange *x, struct route_context *context,
			    const struct store_person *person, bool is_known)
{
	enum err result = is_known ? log_refusal(x, context, person, "password") : OK;

	if (result == OK)
		reply_code(x, CODE_NOT_AUTHENTICATED, "the name or the password is wrong", NULL);
	else
		reply_failure(x, result);
}

static void begin_session(struct exchange *x, struct route_context *context,
			  const struct store_person *person, struct slice method)
{
	struct store_credential session;
	enum err result = session_begin(&session, x, context, person, method);

	if (result == OK)
		session_reply(x, &session, person);
	else
		reply_failure(x, result);
}

static void sign_in_by_password(struct exchange *x, struct route_context *context,
				struct slice name, struct slice password)
{
	struct store_attempt attempts[STORE_ATTEMPT_SUBJECTS];
	struct store_person person;
	struct slice hash = S("");
	enum err found;
	bool is_right;

	if (!signin_may_try(attempts, x, context, name))
		return;
	found = store_password_find(context->store, exchange_arena(x), &person, &hash, name);
	if (found != OK && found != ERR_NOT_FOUND) {
		reply_failure(x, found);
		return;
	}
	if (!begin_hashing(x, context))
		return;
	is_right = password_verify(hash, password);
	hashing_leave(&context->api->hashing);
	if (!is_right) {
		refuse_password(x, context, &person, found == OK);
	} else if (!slice_equal(person.state, S("active"))) {
		reply_code(x, CODE_SUBJECT_SUSPENDED, NULL, NULL);
	} else {
		enum err result = store_attempt_was_right(context->store, attempts);

		if (result == OK)
			begin_session(x, context, &person, S("password"));
		else
			reply_failure(x, result);
	}
}

/* Sets the password and logs it, in the open transaction; what sessions the person has end. */
static enum err set_password(struct route_context *context, const struct store_person *person,
			     const char *hash)
{
	static const uint8_t none[STORE_ID];
	AUTO(audit_event_clear) struct audit_event event = {0};
	int64_t now_ms = clock_now_ms();

	audit_event_begin(&event, AUDIT_PASSWORD_SET, person->id, person->name);
	audit_event_uuid(&event, "person", person->id);
	TRY(store_password_set(context->store, person->id, slice_of_string(hash), now_ms));
	TRY(store_sessions_end(context->store, person->id, none, now_ms, person->id));
	return api_log(context->store, &event);
}

/* The code is spent, the password set and the session begun together, or not at all. */
static enum err redeem(struct store_credential *session, struct store_person *person,
		       struct exchange *x, struct route_context *context, const struct digest *code,
		       const char *hash)
{
	AUTO(store_end) struct store *store = context->store;
	struct store_code used;

	TRY(store_begin(store));
	TRY(store_code_use(store, exchange_arena(x), &used, code->bytes, clock_now_ms()));
	TRY(store_person_by_id(store, exchange_arena(x), person, used.person));
	if (!slice_equal(person->state, S("active")))
		return failure(ERR_DENIED, "this person is suspended; ask an administrator");
	TRY(set_password(context, person, hash));
	return session_begin(session, x, context, person, S("code"));
}

static void sign_in_by_code(struct exchange *x, struct route_context *context, struct slice code,
			    struct slice password)
{
	struct store_attempt attempts[STORE_ATTEMPT_SUBJECTS];
	struct store_credential session;
	struct store_person person;
	char hash[PASSWORD_HASH];
	struct digest digest;
	enum err result;

	if (!signin_may_try(attempts, x, context, S("")))
		return;
	result = password_check(password);
	if (result == OK)
		result = one_time_hash(&digest, code);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	if (!begin_hashing(x, context))
		return;
	result = password_hash(hash, password);
	hashing_leave(&context->api->hashing);
	if (result == OK)
		result = redeem(&session, &person, x, context, &digest, hash);
	if (result == OK)
		result = store_attempt_was_right(context->store, attempts);
	if (result == OK)
		session_reply(x, &session, &person);
	else if (result == ERR_NOT_FOUND)
		reply_code(x, CODE_NOT_AUTHENTICATED, failure_text(), NULL);
	else
		reply_failure(x, result);
}

bool signin_page_is_ours(struct exchange *x, struct route_context *context)
{
	struct slice own = slice_of_string(context->api->settings->external_url);

	if (page_of(exchange_request(x), own) != PAGE_FOREIGN)
		return true;
	reply_code(x, CODE_LOCATION_NOT_ALLOWED, "a page of another site sent this", NULL);
	return false;
}

void session_create(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = NULL;
	struct slice name = S(""), code = S(""), password;
	enum err result;

	if (!signin_page_is_ours(x, context))
		return;
	body = api_body(x);
	if (!body)
		return;
	result = json_get_text(&password, body, "password");
	if (result == OK)
		result = json_get_text_or(&code, body, "code", S(""));
	if (result == OK && !code.size)
		result = json_get_text(&name, body, "name");
	if (result != OK)
		reply_failure(x, result);
	else if (!context->api->settings->signin_passwords)
		reply_code(x, CODE_UNSUPPORTED,
			   "this gateway keeps no passwords; sign in with your "
			   "institution",
			   NULL);
	else if (code.size)
		sign_in_by_code(x, context, code, password);
	else
		sign_in_by_password(x, context, name, password);
}

/* --- changing it -------------------------------------------------------------------------- */

/* Whoever has a password gives it once more: a session left open is not enough. */
static enum err check_old(struct slice hash, struct slice old)
{
	if (hash.size && !password_verify(hash, old))
		return failure(ERR_DENIED, "\"current\" is not your password");
	return OK;
}

static enum err change(struct exchange *x, struct route_context *context, const char *hash)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_PASSWORD_SET, who->person.id, who->person.name);
	audit_event_uuid(&event, "person", who->person.id);
	TRY(store_begin(store));
	TRY(store_password_set(store, who->person.id, slice_of_string(hash), who->now_ms));
	TRY(store_sessions_end(store, who->person.id, who->credential_id, who->now_ms,
			       who->person.id));
	return api_finish(x, context, &event);
}

void password_change(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	const struct principal *who = authorize_principal(x);
	struct store_attempt attempts[STORE_ATTEMPT_SUBJECTS];
	struct slice fresh, old = S(""), hash;
	char text[PASSWORD_HASH];
	enum err result;

	if (!body)
		return;
	result = principal_is_whole(who) ? OK
					 : failure(ERR_DENIED, "a narrowed token changes no "
							       "password; sign in");
	if (result == OK)
		result = json_get_text(&fresh, body, "password");
	if (result == OK)
		result = json_get_text_or(&old, body, "current", S(""));
	if (result == OK)
		result = password_check(fresh);
	if (result == OK)
		result = store_password_of(context->store, exchange_arena(x), &hash,
					   who->person.id);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	if (!signin_may_try(attempts, x, context, who->person.name) || !begin_hashing(x, context))
		return;
	result = check_old(hash, old);
	if (result == OK)
		result = password_hash(text, fresh);
	hashing_leave(&context->api->hashing);
	if (result == OK)
		result = change(x, context, text);
	if (result == OK)
		result = store_attempt_was_right(context->store, attempts);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	withdraw_wait(x, context, NULL);
	reply_empty(x, 204);
}

/* --- invitations -------------------------------------------------------------------------- */

static enum err make_code(struct store_code *code, struct exchange *x,
			  struct route_context *context, const struct store_person *person,
			  const char *text)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct digest hash;

	TRY(one_time_hash(&hash, slice_of_string(text)));
	*code = (struct store_code){.purpose = S("invitation"),
				    .made_ms = who->now_ms,
				    .expires_ms = who->now_ms + ONE_TIME_DAYS * day_ms};
	memcpy(code->sha256, hash.bytes, STORE_CODE_SHA256);
	memcpy(code->person, person->id, STORE_ID);
	memcpy(code->made_by, who->person.id, STORE_ID);
	audit_event_begin(&event, AUDIT_PERSON_INVITE, who->person.id, who->person.name);
	audit_event_uuid(&event, "person", person->id);
	audit_event_number(&event, "expires", code->expires_ms / 1000);
	TRY(store_begin(store));
	TRY(store_code_make(store, code));
	return api_finish(x, context, &event);
}

void person_invite(struct exchange *x, struct route_context *context)
{
	struct arena *arena = exchange_arena(x);
	char text[ONE_TIME_CODE + 1];
	struct store_person person;
	struct store_code code;
	uint8_t id[STORE_ID];
	json_t *answer;
	enum err result = api_param_uuid(id, x, "id");

	one_time_make(text);
	if (result == OK)
		result = store_person_by_id(context->store, arena, &person, id);
	if (result == OK)
		result = token_check_equal(authorize_principal(x), &person, S(""));
	if (result == OK)
		result = make_code(&code, x, context, &person, text);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_object_new();
	json_put_text(answer, "person", slice_of_string(api_uuid(arena, person.id)));
	json_put_text(answer, "code", slice_of_string(text));
	json_put_text(answer, "expires", slice_of_string(api_time(arena, code.expires_ms)));
	exchange_header(x, "Cache-Control", "no-store");
	explicit_bzero(text, sizeof text);
	reply_json(x, 201, answer);
}

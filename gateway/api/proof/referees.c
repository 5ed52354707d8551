/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Referees: somebody is named who can vouch for a person, gets a link that is good once, and
 * confirms or declines by it. The person names; the link is shown to an administrator who is not
 * the person, once, and of it only a hash is kept. A confirmed reference is a claim (claims_of.h).
 */
#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/digest.h"
#include "crypto/json.h"
#include "crypto/random.h"
#include "gateway/api/authorize.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "schema/store/person.h"
#include "schema/store/referee.h"

enum {
	REFEREE_SECRET = 32,
	REFEREE_SECRET_TEXT = 43, /* base64url */
	REFEREE_DAYS = 30,
	REFEREE_NAME_MAX = 200,
	REFEREE_EMAIL_MAX = 254,
	REFEREE_NOTE_MAX = 2000,
};

static const int64_t DAY_MS = 86400000;

/* The text goes into the link, its hash into the row. */
static const char *make_secret(struct arena *arena, uint8_t sha256[32])
{
	AUTO(buf_free) struct buf text = buf_new(REFEREE_SECRET_TEXT);
	uint8_t secret[REFEREE_SECRET];
	struct digest digest;

	random_bytes(secret, sizeof secret);
	text_write_base64(&text, slice_of(secret, sizeof secret), TEXT_BASE64_URL_RAW);
	explicit_bzero(secret, sizeof secret);
	digest = digest_of(buf_slice(&text));
	memcpy(sha256, digest.bytes, DIGEST_SIZE);
	return arena_string(arena, buf_slice(&text));
}

static bool is_email(struct slice email)
{
	size_t at = slice_find(email, '@');

	for (size_t i = 0; i < email.size; i++)
		if (email.data[i] <= ' ' || email.data[i] == 0x7f)
			return false;
	return at > 0 && at + 1 < email.size && email.size >= 3 && email.size <= REFEREE_EMAIL_MAX;
}

static json_t *describe(struct arena *arena, const struct store_referee *r)
{
	json_t *one = json_object_new();

	json_put_text(one, "id", slice_of_string(api_uuid(arena, r->id)));
	json_put_text(one, "name", r->name);
	json_put_text(one, "email", r->email);
	json_put_text(one, "state",
		      slice_equal(r->state, S("asked")) && r->expires_ms <= clock_now_ms()
			      ? S("lapsed")
			      : r->state);
	json_put_text(one, "asked", slice_of_string(api_time(arena, r->asked_ms)));
	json_put_text(one, "expires", slice_of_string(api_time(arena, r->expires_ms)));
	if (r->answered_ms)
		json_put_text(one, "answered", slice_of_string(api_time(arena, r->answered_ms)));
	return one;
}

/* Whoever could vouch for themselves by it does not see it. */
static bool may_have_link(const struct exchange *x, const uint8_t person[STORE_ID])
{
	const struct principal *who = authorize_principal(x);

	return principal_holds(who, RIGHT_PERSONS_MANAGE) && !principal_is(who, person);
}

static void put_link(json_t *one, struct exchange *x, const struct route_context *context,
		     const char *secret)
{
	json_put_text(one, "link",
		      slice_of_string(arena_printf(exchange_arena(x), "%s/api/v1/references/%s",
						   context->api->settings->external_url, secret)));
	exchange_header(x, "Cache-Control", "no-store");
}

static enum err read_referee(struct store_referee *out, struct exchange *x, const json_t *body)
{
	TRY(api_param_uuid(out->person, x, "id"));
	TRY(json_get_text(&out->name, body, "name"));
	TRY(json_get_text(&out->email, body, "email"));
	if (out->name.size == 0 || out->name.size > REFEREE_NAME_MAX)
		return failure(ERR_FORMAT, "\"name\" has 1 to %d bytes", REFEREE_NAME_MAX);
	if (!is_email(out->email))
		return failure(ERR_FORMAT, "\"email\" is the referee's address");
	out->state = S("asked");
	out->asked_ms = clock_now_ms();
	out->expires_ms = out->asked_ms + REFEREE_DAYS * DAY_MS;
	random_uuid(out->id, out->asked_ms);
	memcpy(out->asked_by, authorize_principal(x)->person.id, STORE_ID);
	return OK;
}

static void begin_event(struct audit_event *event, const struct exchange *x,
			const struct store_referee *r, struct slice act)
{
	const struct principal *who = authorize_principal(x);

	audit_event_begin(event, AUDIT_REFEREE_ASK, who->person.id, who->person.name);
	audit_event_uuid(event, "referee", r->id);
	audit_event_uuid(event, "person", r->person);
	audit_event_text(event, "email", r->email);
	audit_event_text(event, "act", act);
}

static enum err add(struct exchange *x, struct route_context *context,
		    const struct store_referee *referee)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	begin_event(&event, x, referee, S("named"));
	TRY(store_begin(store));
	TRY(store_referee_add(store, referee));
	return api_finish(x, context, &event);
}

static bool may_ask(const struct exchange *x, const uint8_t person[STORE_ID])
{
	const struct principal *who = authorize_principal(x);

	return principal_is(who, person) || principal_holds(who, RIGHT_PERSONS_MANAGE);
}

/* POST /api/v1/persons/{id}/referees {"name","email"} */
void referee_add(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct store_referee referee = {0};
	const char *secret;
	json_t *answer;
	enum err result;

	if (!body)
		return;
	result = read_referee(&referee, x, body);
	if (result == OK && !may_ask(x, referee.person))
		result = failure(ERR_NOT_FOUND, "there is no such person");
	secret = make_secret(exchange_arena(x), referee.secret_sha256);
	if (result == OK)
		result = add(x, context, &referee);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = describe(exchange_arena(x), &referee);
	if (may_have_link(x, referee.person))
		put_link(answer, x, context, secret);
	reply_json(x, 201, answer);
}

/* GET /api/v1/persons/{id}/referees: what they wrote is for those who decide. */
void referee_list(struct exchange *x, struct route_context *context)
{
	const struct principal *who = authorize_principal(x);
	bool decides = principal_holds(who, RIGHT_REQUESTS_DECIDE) ||
		       principal_holds(who, RIGHT_PERSONS_MANAGE);
	struct store_referee *referees;
	struct store_person owner;
	uint8_t person[STORE_ID];
	size_t count;
	json_t *list;
	enum err result = api_param_uuid(person, x, "id");

	if (result == OK && !decides && !principal_is(who, person))
		result = failure(ERR_NOT_FOUND, "there is no such person");
	if (result == OK)
		result = store_person_by_id(context->store, exchange_arena(x), &owner, person);
	if (result == OK)
		result = store_referee_list(context->store, exchange_arena(x), &referees, &count,
					    person);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < count; i++) {
		json_t *one = describe(exchange_arena(x), &referees[i]);

		if (decides && !principal_is(who, person))
			json_put_text(one, "note", referees[i].note);
		json_push(list, one);
	}
	reply_list(x, "referees", list);
}

static enum err renew_link(struct exchange *x, struct route_context *context,
			   struct store_referee *referee)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	int64_t now_ms = clock_now_ms();

	referee->expires_ms = now_ms + REFEREE_DAYS * DAY_MS;
	begin_event(&event, x, referee, S("link"));
	TRY(store_begin(store));
	TRY(store_referee_renew(store, referee));
	return api_finish(x, context, &event);
}

/* POST /api/v1/referees/{id}/link: another link, to be sent; the one before is good no more. */
void referee_link(struct exchange *x, struct route_context *context)
{
	struct store_referee referee;
	const char *secret;
	uint8_t id[STORE_ID];
	json_t *answer;
	enum err result = api_param_uuid(id, x, "id");

	if (result == OK)
		result = store_referee_get(context->store, exchange_arena(x), &referee, id);
	if (result == OK && !may_have_link(x, referee.person))
		result = failure(ERR_DENIED, "the link of your own referee is another "
					     "administrator's to send");
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	secret = make_secret(exchange_arena(x), referee.secret_sha256);
	result = renew_link(x, context, &referee);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = describe(exchange_arena(x), &referee);
	put_link(answer, x, context, secret);
	reply_json(x, 200, answer);
}

/* One that was used, has lapsed or never was: the same words. */
static enum err find_by_link(struct store_referee *out, struct exchange *x,
			     struct route_context *context)
{
	struct slice secret = exchange_param(x, "secret");
	struct digest digest = digest_of(secret);
	enum err result = ERR_NOT_FOUND;

	exchange_header(x, "Cache-Control", "no-store");
	exchange_header(x, "Referrer-Policy", "no-referrer");
	if (secret.size == REFEREE_SECRET_TEXT)
		result = store_referee_by_secret(context->store, exchange_arena(x), out,
						 digest.bytes);
	if (result == OK &&
	    (!slice_equal(out->state, S("asked")) || out->expires_ms <= clock_now_ms()))
		result = ERR_NOT_FOUND;
	if (result == ERR_NOT_FOUND)
		return failure(ERR_NOT_FOUND,
			       "this link is not good, or not any more; it can be used once");
	return result;
}

/* GET /api/v1/references/{secret} */
void reference_get(struct exchange *x, struct route_context *context)
{
	struct store_referee referee;
	json_t *answer;
	enum err result = find_by_link(&referee, x, context);

	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_object_new();
	json_put_text(answer, "person", referee.person_name);
	json_put_text(answer, "referee", referee.name);
	json_put_text(answer, "asked",
		      slice_of_string(api_time(exchange_arena(x), referee.asked_ms)));
	json_put_text(answer, "expires",
		      slice_of_string(api_time(exchange_arena(x), referee.expires_ms)));
	reply_json(x, 200, answer);
}

static enum err read_answer(struct slice *state, struct slice *note, const json_t *body)
{
	struct slice answer;

	TRY(json_get_text(&answer, body, "answer"));
	TRY(json_get_text_or(note, body, "note", S("")));
	if (note->size > REFEREE_NOTE_MAX)
		return failure(ERR_FORMAT, "\"note\" has at most %d bytes", REFEREE_NOTE_MAX);
	*state = slice_equal(answer, S("confirm")) ? S("confirmed") : S("declined");
	if (!slice_equal(answer, S("confirm")) && !slice_equal(answer, S("decline")))
		return failure(ERR_FORMAT, "\"answer\" is confirm or decline");
	return OK;
}

/* Whoever has the link is the referee: nobody else's word stands behind it. */
static enum err take_answer(struct exchange *x, struct route_context *context,
			    const struct store_referee *referee, struct slice state,
			    struct slice note)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_REFEREE_ANSWER, NULL, S("referee"));
	audit_event_uuid(&event, "referee", referee->id);
	audit_event_uuid(&event, "person", referee->person);
	audit_event_text(&event, "email", referee->email);
	audit_event_text(&event, "answer", state);
	audit_event_text(&event, "note", note);
	TRY(store_begin(store));
	TRY(store_referee_answer(store, referee->id, state, note, clock_now_ms()));
	return api_finish(x, context, &event);
}

/* POST /api/v1/references/{secret} {"answer":"confirm"|"decline","note"} */
void reference_answer(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct store_referee referee;
	struct slice state, note;
	json_t *answer;
	enum err result;

	if (!body)
		return;
	result = read_answer(&state, &note, body);
	if (result == OK)
		result = find_by_link(&referee, x, context);
	if (result == OK)
		result = take_answer(x, context, &referee, state, note);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_object_new();
	json_put_text(answer, "state", state);
	reply_json(x, 200, answer);
}

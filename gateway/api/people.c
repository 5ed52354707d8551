/* SPDX-License-Identifier: Apache-2.0 */
/* Persons, their access tokens, and the public keys they sign with. */
#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "crypto/random.h"
#include "gateway/api/authorize.h"
#include "gateway/api/mint.h"
#include "gateway/api/office.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/api/scope.h"
#include "schema/store/key.h"

static const int64_t day_ms = 24 * 3600 * 1000;

/* The entry the keeper asks for before it signs. */
static void token_event(struct audit_event *event, const struct principal *who,
			const struct store_credential *credential)
{
	audit_event_begin(event, AUDIT_TOKEN_CREATE, who->person.id, who->person.name);
	audit_event_uuid(event, "credential", credential->id);
	audit_event_uuid(event, "person", credential->person);
	audit_event_text(event, "name", credential->name);
	audit_event_text(event, "rights", credential->rights);
	audit_event_number(event, "expires", credential->expires_ms / 1000);
}

static struct store_credential new_credential(const uint8_t person[STORE_ID], struct slice name,
					      int64_t days)
{
	int64_t now = clock_now_ms();
	struct store_credential c = {
		.name = name, .created_ms = now, .expires_ms = (now / 1000) * 1000 + days * day_ms};

	memcpy(c.person, person, STORE_ID);
	random_uuid(c.id, now);
	return c;
}

/* Person, first token and both entries in one transaction. */
static enum err add_person(struct exchange *x, struct route_context *context,
			   const struct store_person *person,
			   const struct store_credential *credential, uint8_t token_entry[WIRE_ID])
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event added = {0};
	AUTO(audit_event_clear) struct audit_event token = {0};

	audit_event_begin(&added, AUDIT_PERSON_ADD, who->person.id, who->person.name);
	audit_event_uuid(&added, "person", person->id);
	audit_event_text(&added, "name", person->name);
	audit_event_text(&added, "offices", person->offices);
	token_event(&token, who, credential);
	TRY(store_begin(store));
	TRY(store_person_add(store, person, who->person.id));
	TRY(store_credential_create(store, credential));
	TRY(api_log(store, &added));
	TRY(api_finish(x, context, &token));
	memcpy(token_entry, token.id, WIRE_ID);
	return OK;
}

static enum err create_token(const char **token, struct exchange *x, struct route_context *context,
			     const struct store_credential *credential)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	token_event(&event, authorize_principal(x), credential);
	TRY(store_begin(store));
	TRY(store_credential_create(store, credential));
	TRY(api_finish(x, context, &event));
	return mint_token(token, exchange_arena(x), context->api, event.id, credential);
}

/* A person's first token. Their entry may be lost on a keeper that was just replaced: the person is
 * there already and could never get a token, so another one is made. */
static enum err first_token(const char **token, struct exchange *x, struct route_context *context,
			    const uint8_t entry[WIRE_ID], struct store_credential *credential)
{
	enum err result = mint_token(token, exchange_arena(x), context->api, entry, credential);

	if (result != ERR_UNAVAILABLE)
		return result;
	*credential = new_credential(credential->person, credential->name, API_TOKEN_DAYS);
	return create_token(token, x, context, credential);
}

static void reply_token(struct exchange *x, const struct store_credential *credential,
			const char *token, const struct store_person *person)
{
	struct arena *arena = exchange_arena(x);
	json_t *answer = json_object_new();

	json_put_text(answer, "id",
		      slice_of_string(api_uuid(arena, person ? person->id : credential->id)));
	if (person) {
		json_put_text(answer, "name", person->name);
		json_put_text(answer, "token_id", slice_of_string(api_uuid(arena, credential->id)));
	}
	json_put_text(answer, "token", slice_of_string(token));
	json_put_text(answer, "expires", slice_of_string(api_time(arena, credential->expires_ms)));
	exchange_header(x, "Cache-Control", "no-store");
	reply_json(x, 201, answer);
}

static bool is_letter_or_digit(uint8_t byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
}

/* The database checks the same; this one says it. */
static bool is_name(struct slice name)
{
	for (size_t i = 0; i < name.size; i++)
		if (!is_letter_or_digit(name.data[i]) &&
		    slice_find(S("._@-"), name.data[i]) == sizeof "._@-" - 1)
			return false;
	return name.size >= 1 && name.size <= 64 && is_letter_or_digit(name.data[0]) &&
	       is_letter_or_digit(name.data[name.size - 1]);
}

/* Nobody gives an office they do not hold (with the token they use). */
static enum err check_person(const struct exchange *x, const struct store_person *person)
{
	const struct principal *who = authorize_principal(x);

	if (!is_name(person->name))
		return failure(ERR_FORMAT, "\"name\" has 1 to 64 of a-z 0-9 . _ @ -, the first and "
					   "the last a letter or a digit");
	if (person->offices.size && !scope_is_within(person->offices, who->offices & who->scope))
		return failure(ERR_DENIED,
			       "\"offices\": you can only give offices that you hold yourself");
	return OK;
}

void person_add(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct store_person person = {.state = S("active"), .created_ms = clock_now_ms()};
	struct store_credential credential;
	uint8_t entry[WIRE_ID];
	const char *token;
	enum err result;

	if (!body)
		return;
	result = json_get_text(&person.name, body, "name");
	if (result == OK)
		result = json_get_text_or(&person.email, body, "email", S(""));
	if (result == OK)
		result = scope_read_offices(&person.offices, exchange_arena(x), body, "offices");
	if (result == OK)
		result = check_person(x, &person);
	if (result == OK) {
		random_uuid(person.id, person.created_ms);
		credential = new_credential(person.id, S("first"), API_TOKEN_DAYS);
		result = add_person(x, context, &person, &credential, entry);
	}
	if (result == OK)
		result = first_token(&token, x, context, entry, &credential);
	if (result == OK)
		reply_token(x, &credential, token, &person);
	else if (result == ERR_CONFLICT)
		reply_code(x, CODE_CONFLICT,
			   arena_printf(exchange_arena(x), "a person named \"%.*s\" exists already",
					SLICE_PRINT(person.name)),
			   NULL);
	else
		reply_failure(x, result);
}

void person_list(struct exchange *x, struct route_context *context)
{
	struct arena *arena = exchange_arena(x);
	struct store_person *people;
	size_t count;
	json_t *list;
	enum err result = store_person_list(context->store, arena, &people, &count);

	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < count; i++) {
		json_t *one = json_object_new();

		json_put_text(one, "id", slice_of_string(api_uuid(arena, people[i].id)));
		json_put_text(one, "name", people[i].name);
		json_put_text(one, "email", people[i].email);
		json_put_text(one, "state", people[i].state);
		json_put_text(one, "offices", people[i].offices);
		json_put(one, "held", office_describe_held(arena, people[i].held));
		json_push(list, one);
	}
	reply_list(x, "persons", list);
}

static enum err read_token_request(struct store_credential *out, struct exchange *x,
				   const json_t *body)
{
	const struct principal *who = authorize_principal(x);
	struct slice name, rights;
	int64_t days;

	TRY(json_get_text(&name, body, "name"));
	TRY(json_get_int_or(&days, body, "expires_days", API_TOKEN_DAYS));
	if (days < 1 || days > API_MAX_DAYS)
		return failure(ERR_FORMAT, "\"expires_days\" is 1 to %d", API_MAX_DAYS);
	TRY(scope_read(&rights, exchange_arena(x), body));
	if (name.size == 0 || name.size > 100)
		return failure(ERR_FORMAT, "\"name\" has 1 to 100 bytes");
	if (!scope_is_within(rights, who->scope)) /* a narrow token makes no wider one */
		return failure(ERR_DENIED,
			       "this token is narrowed; it can only create tokens with a scope "
			       "within its own");
	*out = new_credential(who->person.id, name, days);
	out->rights = rights;
	return OK;
}

void token_create(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct store_credential credential;
	const char *token;
	enum err result;

	if (!body)
		return;
	result = read_token_request(&credential, x, body);
	if (result == OK)
		result = create_token(&token, x, context, &credential);
	if (result == OK)
		reply_token(x, &credential, token, NULL);
	else
		reply_failure(x, result);
}

void token_list(struct exchange *x, struct route_context *context)
{
	struct arena *arena = exchange_arena(x);
	struct store_credential *tokens;
	size_t count;
	json_t *list;
	enum err result = store_credential_list(context->store, arena, &tokens, &count,
						authorize_principal(x)->person.id, STORE_TOKENS);

	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < count; i++) {
		json_t *one = json_object_new();

		json_put_text(one, "id", slice_of_string(api_uuid(arena, tokens[i].id)));
		json_put_text(one, "name", tokens[i].name);
		json_put_text(one, "rights", tokens[i].rights);
		json_put_text(one, "created",
			      slice_of_string(api_time(arena, tokens[i].created_ms)));
		json_put_text(one, "expires",
			      slice_of_string(api_time(arena, tokens[i].expires_ms)));
		json_put_bool(one, "revoked", tokens[i].revoked_ms != 0);
		json_push(list, one);
	}
	reply_list(x, "tokens", list);
}

void token_revoke(struct exchange *x, struct route_context *context)
{
	mint_revoke(x, context, STORE_TOKENS);
}

static enum err read_key(struct store_key *out, struct exchange *x, const json_t *body)
{
	AUTO(buf_free) struct buf bytes = buf_new(64);
	struct slice text;

	TRY(json_get_text_or(&out->kind, body, "kind", S("ed25519")));
	TRY(json_get_text_or(&out->name, body, "name", S("key")));
	TRY(json_get_text(&text, body, "public"));
	TRY(text_read_base64(&bytes, text, TEXT_BASE64));
	if (bytes.size != STORE_PUBLIC_KEY)
		return failure(ERR_FORMAT, "\"public\" is %zu bytes, 32 expected", bytes.size);
	memcpy(out->public, bytes.data, STORE_PUBLIC_KEY);
	memcpy(out->person, authorize_principal(x)->person.id, STORE_ID);
	out->created_ms = clock_now_ms();
	random_uuid(out->id, out->created_ms);
	return OK;
}

static enum err enroll(struct exchange *x, struct route_context *context,
		       const struct store_key *key)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_KEY_ENROLL, who->person.id, who->person.name);
	audit_event_uuid(&event, "key", key->id);
	audit_event_text(&event, "key_kind", key->kind);
	audit_event_hex(&event, "public", slice_of(key->public, STORE_PUBLIC_KEY));
	TRY(store_begin(store));
	TRY(store_key_enroll(store, key));
	return api_finish(x, context, &event);
}

static json_t *describe_key(struct arena *arena, const struct store_key *key)
{
	json_t *one = json_object_new();

	json_put_text(one, "id", slice_of_string(api_uuid(arena, key->id)));
	json_put_text(one, "kind", key->kind);
	json_put_text(one, "public",
		      slice_of_string(api_base64(arena, slice_of(key->public, STORE_PUBLIC_KEY))));
	json_put_text(one, "name", key->name);
	json_put_text(one, "created", slice_of_string(api_time(arena, key->created_ms)));
	return one;
}

void key_enroll(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct store_key key = {0};
	enum err result;

	if (!body)
		return;
	result = read_key(&key, x, body);
	if (result == OK)
		result = enroll(x, context, &key);
	if (result == OK)
		reply_json(x, 201, describe_key(exchange_arena(x), &key));
	else
		reply_failure(x, result);
}

void key_list(struct exchange *x, struct route_context *context)
{
	struct store_key *keys;
	size_t count;
	json_t *list;
	enum err result = store_key_list(context->store, exchange_arena(x), &keys, &count,
					 authorize_principal(x)->person.id);

	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < count; i++)
		json_push(list, describe_key(exchange_arena(x), &keys[i]));
	reply_list(x, "keys", list);
}

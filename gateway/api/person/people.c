/* SPDX-License-Identifier: Apache-2.0 */
/* Persons, and the public keys they sign with. */
#include "gateway/api/person/people.h"

#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "crypto/p256.h"
#include "crypto/random.h"
#include "gateway/api/person/mint.h"
#include "gateway/api/person/office.h"
#include "gateway/api/person/token.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/api/scope.h"
#include "schema/store/key.h"

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
	token_event(&token, who->person.id, who->person.name, credential);
	TRY(store_begin(store));
	TRY(store_person_add(store, person, who->person.id));
	TRY(store_credential_create(store, credential));
	TRY(api_log(store, &added));
	TRY(api_finish(x, context, &token));
	memcpy(token_entry, token.id, WIRE_ID);
	return OK;
}

/* A person's first token. Their entry may be lost on a keeper that was just replaced: the person is
 * there already and could never get a token, so another one is made. */
static enum err first_token(const char **token, struct exchange *x, struct route_context *context,
			    const uint8_t entry[WIRE_ID], struct store_credential *credential)
{
	const struct principal *who = authorize_principal(x);
	AUTO(audit_event_clear) struct audit_event event = {0};
	enum err result = mint_token(token, exchange_arena(x), context->api, entry, credential);

	if (result != ERR_UNAVAILABLE)
		return result;
	*credential = token_new(credential->person, credential->name, API_TOKEN_DAYS);
	token_event(&event, who->person.id, who->person.name, credential);
	return token_make(token, x, context, &event, credential);
}

static void reply_first_token(struct exchange *x, const struct store_credential *credential,
			      const char *token, const struct store_person *person)
{
	struct arena *arena = exchange_arena(x);
	json_t *answer = json_object_new();

	json_put_text(answer, "id", slice_of_string(api_uuid(arena, person->id)));
	json_put_text(answer, "name", person->name);
	json_put_text(answer, "token_id", slice_of_string(api_uuid(arena, credential->id)));
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
		credential = token_new(person.id, S("first"), API_TOKEN_DAYS);
		result = add_person(x, context, &person, &credential, entry);
	}
	if (result == OK)
		result = first_token(&token, x, context, entry, &credential);
	if (result == OK)
		reply_first_token(x, &credential, token, &person);
	else if (result == ERR_CONFLICT)
		reply_code(x, CODE_CONFLICT,
			   arena_printf(exchange_arena(x), "a person named \"%.*s\" exists already",
					SLICE_PRINT(person.name)),
			   NULL);
	else
		reply_failure(x, result);
}

/* Of each kind the bare key: for p256 what WebCrypto exports as "raw", no SPKI, no JWK. */
static enum err check_public(struct slice kind, struct slice public_key)
{
	if (slice_equal(kind, S("p256")))
		return p256_check_public(public_key);
	if (!slice_equal(kind, S("ed25519")) && !slice_equal(kind, S("age-x25519")))
		return failure(ERR_FORMAT, "\"kind\" is ed25519, p256 or age-x25519");
	if (public_key.size != STORE_PUBLIC_KEY)
		return failure(ERR_FORMAT, "\"public\" is %zu bytes, %d expected", public_key.size,
			       STORE_PUBLIC_KEY);
	return OK;
}

static enum err read_key(struct store_key *out, struct exchange *x, const json_t *body)
{
	AUTO(buf_free) struct buf bytes = buf_new(2 * STORE_PUBLIC_P256);
	struct slice text;

	TRY(json_get_text_or(&out->kind, body, "kind", S("ed25519")));
	TRY(json_get_text_or(&out->name, body, "name", S("key")));
	TRY(json_get_text(&text, body, "public"));
	if (text_read_base64(&bytes, text, TEXT_BASE64) != OK)
		return failure(ERR_FORMAT, "\"public\" is not base64 of a bare key");
	TRY(check_public(out->kind, buf_slice(&bytes)));
	memcpy(out->public, bytes.data, bytes.size);
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
	audit_event_hex(&event, "public", store_key_public(key));
	TRY(store_begin(store));
	TRY(store_key_enroll(store, key));
	return api_finish(x, context, &event);
}

json_t *key_describe(struct arena *arena, const struct store_key *key)
{
	json_t *one = json_object_new();

	json_put_text(one, "id", slice_of_string(api_uuid(arena, key->id)));
	json_put_text(one, "kind", key->kind);
	json_put_text(one, "public", slice_of_string(api_base64(arena, store_key_public(key))));
	json_put_text(one, "name", key->name);
	json_put_text(one, "created", slice_of_string(api_time(arena, key->created_ms)));
	json_put_bool(one, "revoked", key->revoked_ms != 0);
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
		reply_json(x, 201, key_describe(exchange_arena(x), &key));
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
		json_push(list, key_describe(exchange_arena(x), &keys[i]));
	reply_list(x, "keys", list);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/identify.h"

#include "crypto/base/clock.h"
#include "crypto/base/log.h"
#include "gateway/api/recall.h"
#include "gateway/api/scope.h"
#include "gateway/api/signin/session.h"
#include "gateway/api/signin/session_cookie.h"
#include "policy/address_range.h"
#include "policy/model_scope.h"

enum { IDENTIFY_MAX_MODELS = 64 * 1024 };

/* Bearer tokens only; the scheme's case does not matter (RFC 9110 section 11.1). False: none. */
static bool bearer_of(struct slice *out, const struct exchange *x)
{
	struct slice value = http_header(exchange_request(x), "Authorization");
	struct slice scheme, token;

	if (!value.data)
		return false;
	slice_cut(value, ' ', &scheme, &token);
	*out = slice_trim(token);
	return slice_equal_ignoring_case(scheme, S("bearer")) && out->size > 0;
}

bool identify_by_path(const struct exchange *x)
{
	return slice_starts_with(exchange_request(x)->path, S("/c/"));
}

/* A capability stands in the address, a token in the header; neither counts in the other's place,
 * so that a token never gets into histories, and an address that leaks opens one model only. */
static bool credential_of(struct slice *out, const struct exchange *x)
{
	if (!identify_by_path(x))
		return bearer_of(out, x);
	*out = exchange_param(x, "capability");
	return true;
}

static enum code code_of_token_error(enum err kind)
{
	switch (kind) {
	case OK:
		return CODE_OK_ALLOWED;
	case ERR_NOT_FOUND:
		return CODE_UNKNOWN_KEY;
	case ERR_FORGED:
		return CODE_CREDENTIAL_BAD_SIGNATURE;
	case ERR_EXPIRED:
		return CODE_CREDENTIAL_EXPIRED;
	case ERR_FORMAT:
	case ERR_LIMIT:
	case ERR_CONFLICT:
	case ERR_DENIED:
	case ERR_UNSUPPORTED:
	case ERR_UNAVAILABLE:
	case ERR_TIMEOUT:
	case ERR_CLOSED:
	case ERR_FULL:
	case ERR_IO:
	case ERR_INTERNAL:
		return CODE_CREDENTIAL_MALFORMED;
	}
	return CODE_CREDENTIAL_MALFORMED;
}

/* The rules are the person's, and may be remembered; the certificate is the connection's, and is
 * held against them at each request. */
enum client_fit identify_client(const struct exchange *x, struct slice rules, int64_t now_seconds)
{
	const struct client_certificate *c = exchange_client_certificate(x);
	struct client_shown shown = {.until_seconds = 0};

	if (c)
		shown = (struct client_shown){
			.issuers = slice_of(c->issuers, c->issuer_count * sizeof c->issuers[0]),
			.organizations = slice_of(c->organizations, c->organizations_size),
			.until_seconds = c->until_seconds};
	return client_rules_judge(rules, &shown, now_seconds);
}

/* It is somebody's, and good: that is who asks. */
static void accept(struct principal *who, const struct exchange *x,
		   const struct store_holder *holder)
{
	const struct store_credential *credential = &holder->credential;

	memcpy(who->credential_id, credential->id, STORE_ID);
	who->credential = CODE_OK_ALLOWED;
	who->credential_name = credential->name;
	who->credential_created_ms = credential->created_ms;
	who->expires_ms = credential->expires_ms;
	who->is_session = credential->kind == STORE_SESSIONS;
	who->is_capability = credential->kind == STORE_CAPABILITIES;
	who->models = credential->models;
	who->addresses = credential->addresses;
	memcpy(who->made_by, credential->made_by, STORE_ID);
	who->only_model = credential->model_name;
	who->only_revision = credential->revision;
	who->person = holder->person;
	who->client = identify_client(x, who->person.client_rules, who->now_ms / 1000);
	who->authenticated = true;
	who->scope = credential->rights.size
			     ? offices_with_implied(scope_of_list(credential->rights))
			     : ~(right_set)0;
	who->offices = offices_everywhere(who->person.held, who->now_ms);
}

static void refuse_address(struct principal *who, struct exchange *x,
			   const struct store_credential *credential)
{
	who->credential = CODE_LOCATION_NOT_ALLOWED;
	who->why = "this credential is good from certain network addresses only, and yours is not "
		   "among them";
	log_warn("credential.elsewhere", "credential=%s address=%.*s",
		 api_uuid(exchange_arena(x), credential->id),
		 SLICE_PRINT(exchange_client_address(x)));
}

/* The database's part of the token check: is it known, not revoked, and used where it may be? */
static enum err find_person(struct principal *who, struct exchange *x,
			    struct route_context *context, const struct token *token)
{
	bool is_capability = token->flags & TOKEN_CAPABILITY;
	struct store_holder holder;
	const struct store_credential *credential = &holder.credential;
	enum err result = recall_holder(&holder, x, context, token->credential);

	if (result == OK && credential->kind != (is_capability ? STORE_CAPABILITIES : STORE_TOKENS))
		result = ERR_NOT_FOUND;
	if (result == ERR_NOT_FOUND) {
		who->credential = CODE_CREDENTIAL_REVOKED;
		return OK;
	}
	TRY(result);
	if (credential->revoked_ms)
		who->credential = CODE_CREDENTIAL_REVOKED;
	else if (!address_ranges_cover(credential->addresses, exchange_client_address(x)))
		refuse_address(who, x, credential);
	else
		accept(who, x, &holder);
	return OK;
}

static enum err identify_by_token(struct principal *who, struct exchange *x,
				  struct route_context *context, struct slice text)
{
	struct token token;
	enum err verdict;

	TRY(recall_token(&verdict, &token, x, context, text));
	who->credential = code_of_token_error(verdict);
	if (who->credential != CODE_OK_ALLOWED)
		return OK;
	if (identify_by_path(x) != !!(token.flags & TOKEN_CAPABILITY)) {
		who->credential = CODE_CREDENTIAL_MALFORMED;
		who->why = identify_by_path(x)
				   ? "an access token belongs into the Authorization header, never "
				     "into an address; make a capability for this"
				   : "a capability is good in an address /c/<capability>/... only, "
				     "not as an access token";
		return OK;
	}
	return find_person(who, x, context, &token);
}

enum err identify(struct principal *who, struct exchange *x, struct route_context *context)
{
	const struct http_request *request = exchange_request(x);
	struct store_holder holder;
	struct slice text;
	bool found;

	who->now_ms = clock_now_ms();
	who->credential = CODE_NOT_AUTHENTICATED;
	if (credential_of(&text, x))
		return identify_by_token(who, x, context, text);
	if (identify_by_path(x) || http_header(request, "Authorization").data)
		return OK;
	text = session_cookie_find(request, SESSION_COOKIE);
	if (!text.data)
		return OK;
	TRY(session_find(&found, &holder, x, context, text, who->now_ms));
	if (!found)
		who->why = "the session has ended; sign in again";
	else if (!session_cookie_counts(request,
					slice_of_string(context->api->settings->external_url)))
		who->why = "a session counts for pages of this gateway only; the request was sent "
			   "by a page of another site";
	else
		accept(who, x, &holder);
	return OK;
}

static bool may_use(const struct principal *who, right_set offices, enum right office)
{
	return who->authenticated && slice_equal(who->person.state, S("active")) &&
	       (offices & who->scope & right_bit(office));
}

bool principal_holds(const struct principal *who, enum right office)
{
	return who->models.size == 0 && may_use(who, who->offices, office);
}

bool principal_holds_on(const struct principal *who, enum right office, struct slice model)
{
	return model_scopes_cover(who->models, model) &&
	       may_use(who, offices_on(who->person.held, model, who->now_ms), office);
}

bool principal_holds_somewhere(const struct principal *who, enum right office)
{
	return may_use(who, offices_somewhere(who->person.held, who->now_ms), office);
}

bool principal_covers(const struct principal *who, enum right right, struct slice scope)
{
	return model_scopes_contain(who->models, scope) &&
	       may_use(who, offices_covering(who->person.held, scope, who->now_ms), right);
}

bool principal_may_give(const struct principal *who, const struct office *office)
{
	return model_scopes_contain(who->models, office->scope) &&
	       may_use(who, right_bit(office->right), office->right) &&
	       offices_may_give(who->person.held, office, who->now_ms);
}

struct slice principal_models(const struct principal *who, enum right right, struct arena *arena)
{
	AUTO(buf_free) struct buf list = buf_new(IDENTIFY_MAX_MODELS);
	struct slice held = who->person.held;
	struct office office;

	while (may_use(who, right_bit(right), right) && offices_next(&office, &held)) {
		if (!offices_apply(&office, right, who->now_ms))
			continue;
		if (office.scope.size)
			model_scopes_meet(&list, office.scope, who->models);
		else if (who->models.size)
			buf_printf(&list, "%s%.*s", list.size ? "," : "", SLICE_PRINT(who->models));
	}
	return buf_done(&list) == OK ? arena_copy(arena, buf_slice(&list)) : S("");
}

bool principal_is_whole(const struct principal *who)
{
	return who->authenticated && !who->is_capability && who->scope == ~(right_set)0 &&
	       who->models.size == 0 && who->addresses.size == 0;
}

void principal_tell(const struct principal *who, struct audit_event *event)
{
	if (who->is_capability)
		audit_event_uuid(event, "capability", who->credential_id);
}

bool principal_is(const struct principal *who, const uint8_t person[STORE_ID])
{
	return who->authenticated &&
	       slice_equal(slice_of(who->person.id, STORE_ID), slice_of(person, STORE_ID));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/identify.h"

#include "crypto/base/clock.h"
#include "gateway/api/recall.h"
#include "gateway/api/scope.h"

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

/* The database's part of the token check: is it known, and not revoked? */
static enum err find_person(struct principal *who, struct exchange *x,
			    struct route_context *context, const struct token *token)
{
	struct store_holder holder;
	const struct store_credential *credential = &holder.credential;
	enum err result = recall_holder(&holder, x, context, token->credential);

	if (result == ERR_NOT_FOUND) {
		who->credential = CODE_CREDENTIAL_REVOKED;
		return OK;
	}
	TRY(result);
	if (credential->revoked_ms) {
		who->credential = CODE_CREDENTIAL_REVOKED;
		return OK;
	}
	memcpy(who->credential_id, token->credential, STORE_ID);
	who->credential_name = credential->name;
	who->credential_created_ms = credential->created_ms;
	who->expires_ms = credential->expires_ms;
	who->is_capability = token->flags & TOKEN_CAPABILITY;
	memcpy(who->made_by, credential->made_by, STORE_ID);
	who->only_model = credential->model_name;
	who->only_revision = credential->revision;
	who->person = holder.person;
	who->authenticated = true;
	who->scope = credential->rights.size
			     ? offices_with_implied(scope_of_list(credential->rights))
			     : ~(right_set)0;
	who->offices = offices_everywhere(who->person.held, who->now_ms);
	return OK;
}

enum err identify(struct principal *who, struct exchange *x, struct route_context *context)
{
	struct token token;
	struct slice text;
	enum err verdict;

	who->now_ms = clock_now_ms();
	who->credential = CODE_NOT_AUTHENTICATED;
	if (!credential_of(&text, x))
		return OK;
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

static bool may_use(const struct principal *who, right_set offices, enum right office)
{
	return who->authenticated && slice_equal(who->person.state, S("active")) &&
	       (offices & who->scope & right_bit(office));
}

bool principal_holds(const struct principal *who, enum right office)
{
	return may_use(who, who->offices, office);
}

bool principal_holds_on(const struct principal *who, enum right office, struct slice model)
{
	return may_use(who, offices_on(who->person.held, model, who->now_ms), office);
}

bool principal_holds_somewhere(const struct principal *who, enum right office)
{
	return may_use(who, offices_somewhere(who->person.held, who->now_ms), office);
}

bool principal_covers(const struct principal *who, enum right right, struct slice scope)
{
	return may_use(who, offices_covering(who->person.held, scope, who->now_ms), right);
}

bool principal_may_give(const struct principal *who, const struct office *office)
{
	return may_use(who, right_bit(office->right), office->right) &&
	       offices_may_give(who->person.held, office, who->now_ms);
}

struct slice principal_models(const struct principal *who, enum right right, struct arena *arena)
{
	AUTO(buf_free) struct buf list = buf_new(IDENTIFY_MAX_MODELS);
	struct slice held = who->person.held;
	struct office office;

	while (may_use(who, right_bit(right), right) && offices_next(&office, &held))
		if (offices_apply(&office, right, who->now_ms) && office.scope.size)
			buf_printf(&list, "%s%.*s", list.size ? "," : "",
				   SLICE_PRINT(office.scope));
	return buf_done(&list) == OK ? arena_copy(arena, buf_slice(&list)) : S("");
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

/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/person/mint.h"

#include "crypto/base/clock.h"
#include "gateway/api/authorize.h"
#include "gateway/api/lease/withdraw.h"
#include "gateway/api/reply.h"

enum err mint_token(const char **out, struct arena *arena, struct api *api,
		    const uint8_t event[WIRE_ID], const struct store_credential *credential)
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	AUTO(buf_free) struct buf body = buf_new(64);
	bool is_capability = credential->kind == STORE_CAPABILITIES;
	struct wire_token_sign ask = {
		.flags = is_capability ? TOKEN_CAPABILITY : 0,
		.expires_seconds = (uint32_t)(credential->expires_ms / 1000),
	};
	struct wire_token_signed made;

	memcpy(ask.event, event, WIRE_ID);
	memcpy(ask.credential, credential->id, WIRE_ID);
	wire_write_token_sign(&body, &ask);
	TRY(api_ask_keeper(&reply, api, WIRE_TOKEN_SIGN, buf_slice(&body)));
	TRY(wire_read_token_signed(&made, buf_slice(&reply.body)));
	*out = arena_string(arena, made.token);
	return OK;
}

static enum err revoke(struct exchange *x, struct route_context *context,
		       const uint8_t id[STORE_ID], enum store_credential_kind kind)
{
	static const uint8_t anybody[STORE_ID];
	const struct principal *who = authorize_principal(x);
	const uint8_t *owner = principal_holds(who, RIGHT_PERSONS_MANAGE) ? anybody
									  : who->person.id;
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, kind == STORE_SESSIONS ? AUDIT_SESSION_END : AUDIT_TOKEN_REVOKE,
			  who->person.id, who->person.name);
	audit_event_uuid(&event, kind == STORE_SESSIONS ? "session" : "credential", id);
	TRY(store_begin(store));
	TRY(store_credential_revoke(store, id, owner, clock_now_ms(), who->person.id, kind));
	return api_finish(x, context, &event);
}

void mint_revoke(struct exchange *x, struct route_context *context, enum store_credential_kind kind)
{
	uint8_t id[STORE_ID];
	enum err result = api_param_uuid(id, x, "id");

	if (result == OK)
		result = revoke(x, context, id, kind);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	withdraw_wait(x, context, NULL);
	reply_empty(x, 204);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capabilities that stand in an address, for clients that can send no header (transformers.js in a
 * browser): /c/{capability}/{ns}/{name}/resolve/... A capability is an access token with the flag
 * of one, for one model (perhaps one revision), weights:read only and a day at most; who uses it
 * acts as the person who made it, and every use is decided anew. Not to be confused with
 * capability.h, the addresses that uploads go to.
 */
#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "crypto/random.h"
#include "gateway/api/authorize.h"
#include "gateway/api/person/mint.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"

enum { SECONDS_DEFAULT = 3600, SECONDS_MAX = 24 * 3600 };

struct wish {
	struct slice model;
	struct slice revision; /* empty: any */
	int64_t seconds;
};

static enum err read_wish(struct wish *out, const json_t *body)
{
	TRY(json_get_text(&out->model, body, "model"));
	TRY(json_get_text_or(&out->revision, body, "revision", S("")));
	TRY(json_get_int_or(&out->seconds, body, "expires_seconds", SECONDS_DEFAULT));
	if (out->seconds < 1 || out->seconds > SECONDS_MAX)
		return failure(ERR_FORMAT, "\"expires_seconds\" is 1 to %d", SECONDS_MAX);
	return OK;
}

/* What it says of its end is true: not after the token that makes it, nor after the license. */
static int64_t end_of(const struct grant *g, int64_t seconds)
{
	int64_t end_ms = (g->now_ms / 1000 + seconds) * 1000;

	if (g->who->expires_ms < end_ms)
		end_ms = g->who->expires_ms;
	if (g->decision.basis == BASIS_LICENSE && g->license->expires_ms < end_ms)
		end_ms = g->license->expires_ms;
	return end_ms / 1000 * 1000;
}

static struct store_credential capability_of(const struct grant *g, const struct wish *wish)
{
	struct store_credential c = {
		.kind = STORE_CAPABILITIES,
		.addresses = g->who->addresses,
		.name = g->access.model.name,
		.rights = slice_of_string(right_name(RIGHT_WEIGHTS_READ)),
		.created_ms = g->now_ms,
		.expires_ms = end_of(g, wish->seconds),
		.model_name = g->access.model.name,
	};

	if (wish->revision.size) /* what a branch is now: a capability does not move with it */
		c.revision = g->access.revision.id;
	random_uuid(c.id, g->now_ms);
	memcpy(c.person, g->who->person.id, STORE_ID);
	memcpy(c.made_by, g->who->credential_id, STORE_ID);
	memcpy(c.model, g->access.model.id, STORE_ID);
	return c;
}

static enum err create(const char **token, struct exchange *x, struct route_context *context,
		       const struct grant *g, const struct store_credential *c)
{
	const struct principal *who = g->who;
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	if (c->expires_ms <= c->created_ms)
		return failure(ERR_CONFLICT, "the license or the token that would carry this "
					     "capability ends now");
	audit_event_begin(&event, AUDIT_CAPABILITY_CREATE, who->person.id, who->person.name);
	audit_event_uuid(&event, "credential", c->id);
	audit_event_uuid(&event, "made_by", c->made_by);
	if (g->decision.basis == BASIS_LICENSE)
		audit_event_uuid(&event, "license", g->license->id);
	audit_event_text(&event, "model", c->model_name);
	audit_event_text(&event, "revision", c->revision);
	audit_event_text(&event, "right", c->rights);
	audit_event_text(&event, "decision", slice_of_string(exchange_request_id(x)));
	audit_event_number(&event, "expires", c->expires_ms / 1000);
	TRY(store_begin(store));
	TRY(authorize_record(store, x, g));
	TRY(store_credential_create(store, c));
	TRY(api_finish(x, context, &event));
	return mint_token(token, exchange_arena(x), context->api, event.id, c);
}

static json_t *describe(struct arena *arena, const struct store_credential *c)
{
	json_t *one = json_object_new();

	json_put_text(one, "id", slice_of_string(api_uuid(arena, c->id)));
	json_put_text(one, "model", c->model_name);
	if (c->revision.size)
		json_put_text(one, "revision", c->revision);
	json_put_text(one, "expires", slice_of_string(api_time(arena, c->expires_ms)));
	return one;
}

static void reply_created(struct exchange *x, struct route_context *context,
			  const struct store_credential *c, const char *token)
{
	struct arena *arena = exchange_arena(x);
	json_t *answer = describe(arena, c);

	json_put_text(answer, "capability", slice_of_string(token));
	json_put_text(answer, "url",
		      slice_of_string(arena_printf(arena, "%s/c/%s/",
						   context->api->settings->external_url, token)));
	exchange_header(x, "Cache-Control", "no-store");
	reply_json(x, 201, answer);
}

void path_capability_create(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = NULL;
	struct store_credential c;
	struct wish wish;
	struct grant *g;
	const char *token;
	enum err result;

	if (!authorize_person(x))
		return;
	body = api_body(x);
	if (!body)
		return;
	result = read_wish(&wish, body);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	g = authorize_model(x, context, RIGHT_WEIGHTS_READ, wish.model, wish.revision, S(""));
	if (!g)
		return;
	if (wish.revision.size && !g->access.has_revision) {
		reply_code(x, CODE_NOT_FOUND, "the model has no such revision", "revision");
		return;
	}
	c = capability_of(g, &wish);
	result = create(&token, x, context, g, &c);
	if (result == OK)
		reply_created(x, context, &c, token);
	else
		reply_failure(x, result);
}

void path_capability_list(struct exchange *x, struct route_context *context)
{
	struct arena *arena = exchange_arena(x);
	struct store_credential *found;
	size_t count;
	json_t *list;
	enum err result = store_credential_list(context->store, arena, &found, &count,
						authorize_principal(x)->person.id,
						STORE_CAPABILITIES);

	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < count; i++) {
		json_t *one = describe(arena, &found[i]);

		json_put_text(one, "created",
			      slice_of_string(api_time(arena, found[i].created_ms)));
		json_put_text(one, "made_by", slice_of_string(api_uuid(arena, found[i].made_by)));
		json_put_bool(one, "revoked", found[i].revoked_ms != 0);
		json_push(list, one);
	}
	reply_list(x, "capabilities", list);
}

void path_capability_revoke(struct exchange *x, struct route_context *context)
{
	mint_revoke(x, context, STORE_CAPABILITIES);
}

void path_capability_elsewhere(struct exchange *x, struct route_context *context)
{
	(void)context;
	reply_hub(x, 404, "EntryNotFound",
		  "a capability serves files only: "
		  "/c/<capability>/<model>/resolve/<revision>/<path>");
}

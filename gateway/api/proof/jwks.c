/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/proof/jwks.h"

#include "crypto/base/clock.h"
#include "crypto/base/log.h"
#include "crypto/digest.h"
#include "crypto/json.h"
#include "crypto/jwk.h"
#include "gateway/api/jobs.h"
#include "gateway/api/outbound/outbound_call.h"
#include "schema/store/issuer.h"

enum {
	JWKS_JOB_AT_ONCE = 4, /* a job holds up others: a slow issuer a few seconds */
	JWKS_TIMEOUT_MS = 8000,
};

/* A set without a key for us is taken at its word: the issuer withdrew them. What is no set is
 * not. */
static enum err check_set(struct slice text)
{
	AUTO(jwk_set_auto) struct jwk_set *set = NULL;
	enum err result = jwks_parse(&set, text);

	return result == ERR_UNSUPPORTED ? OK : result;
}

static enum err read_answer(struct slice *out, struct arena *arena,
			    const struct outbound_answer *answer)
{
	AUTO(json_auto) json_t *set = NULL;
	AUTO(buf_free) struct buf text = buf_new(JWKS_MAX);
	const json_t *keys;

	if (answer->status != 200)
		return failure(ERR_UNAVAILABLE, "the key address answers %u, 200 is expected",
			       answer->status);
	if (json_read(&set, answer->body, JWKS_MAX) != OK ||
	    json_get_array(&keys, set, "keys") != OK)
		return failure(ERR_FORMAT, "what the key address sends is no JWK set");
	TRY(json_write_canonical(&text, set));
	TRY(check_set(buf_slice(&text)));
	*out = arena_copy(arena, buf_slice(&text));
	return OK;
}

static enum err ask(struct slice *out, struct route_context *context, struct arena *arena,
		    struct slice jku)
{
	const struct outbound_request request = {
		.method = WIRE_METHOD_GET,
		.url = jku,
		.headers = S("Accept: application/jwk-set+json, application/json\n"),
		.most = JWKS_MAX,
		.timeout_ms = JWKS_TIMEOUT_MS,
	};
	struct outbound_answer answer;

	TRY(outbound_call(&answer, context, arena, &request));
	return read_answer(out, arena, &answer);
}

/* What keys count is who may do what: other keys are an entry. */
static enum err keep(struct route_context *context, const struct store_issuer *issuer,
		     struct slice jwks)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct digest digest = digest_of(jwks);
	int64_t now_ms = clock_now_ms();
	bool changed;

	TRY(store_begin(store));
	TRY(store_issuer_fetched(store, issuer->iss, jwks, now_ms, now_ms + JWKS_HOUR_MS,
				 &changed));
	if (!changed)
		return store_commit(store);
	audit_event_begin(&event, AUDIT_ISSUER_KEYS, NULL, S("gateway"));
	audit_event_text(&event, "iss", issuer->iss);
	audit_event_text(&event, "jku", issuer->jku);
	audit_event_hex(&event, "jwks_sha256", digest_slice(&digest));
	audit_event_text(&event, "jwks", jwks);
	return api_commit(context, &event);
}

/* One that never had keys is tried again soon. */
static void note_failure(struct route_context *context, const struct store_issuer *issuer,
			 const char *why)
{
	int64_t wait_ms = issuer->jwks.size ? JWKS_HOUR_MS : JWKS_LEAST_MS;

	log_warn("issuer.fetch", "iss=\"%.*s\" why=\"%s\"", SLICE_PRINT(issuer->iss), why);
	if (store_issuer_failed(context->store, issuer->iss, slice_of_string(why),
				clock_now_ms() + wait_ms) != OK)
		log_warn("issuer.fetch", "why=\"%s\"", failure_text());
}

enum err jwks_fetch(struct route_context *context, struct arena *arena, struct slice iss)
{
	struct store_issuer issuer;
	struct slice jwks;
	const char *why;
	enum err result;
	bool may;

	TRY(store_issuer_get(context->store, arena, &issuer, iss));
	if (issuer.pinned)
		return failure(ERR_CONFLICT, "the keys of this issuer are pinned; to change them, "
					     "remove it and add it anew");
	TRY(store_issuer_try(context->store, iss, clock_now_ms(), JWKS_LEAST_MS, &may));
	if (!may)
		return failure(ERR_UNAVAILABLE,
			       "the keys of this issuer were asked for less than a minute ago");
	result = ask(&jwks, context, arena, issuer.jku);
	if (result == OK)
		result = keep(context, &issuer, jwks);
	if (result == OK)
		return OK;
	why = arena_string(arena, slice_of_string(failure_text()));
	note_failure(context, &issuer, why);
	return failure(result, "%s", why);
}

/* A failure of one is in its row, and holds up no other. */
enum err job_jwks(struct route_context *context, struct arena *arena, int64_t now_ms)
{
	struct slice *due;
	size_t count;

	TRY(store_issuer_due(context->store, arena, &due, &count, now_ms, JWKS_JOB_AT_ONCE));
	for (size_t i = 0; i < count; i++)
		if (jwks_fetch(context, arena, due[i]) != OK)
			store_rollback(context->store);
	return OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/signin/oidc.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>

#include "crypto/base/clock.h"
#include "crypto/base/file.h"
#include "gateway/api/outbound/outbound_call.h"

enum { PAGES = 2 * OIDC_MAX_PROVIDERS };

/* What was fetched from an address. */
struct page {
	char *address; /* NULL: the place is free */
	char *text;
	int64_t fetched_ms; /* monotonic */
};

struct oidc {
	struct arena arena;
	struct oidc_provider providers[OIDC_MAX_PROVIDERS];
	size_t count;
	pthread_mutex_t lock;
	struct page pages[PAGES]; /* under it */
};

enum err oidc_new(struct oidc **out, const char *providers_file)
{
	AUTO(buf_free) struct buf file = buf_new(OIDC_MAX_FILE);
	struct oidc *o = calloc(1, sizeof *o);
	enum err result = OK;

	assert(o);
	pthread_mutex_init(&o->lock, NULL);
	if (providers_file[0])
		result = file_read(&file, AT_FDCWD, providers_file);
	if (result == OK && providers_file[0])
		result = oidc_read_providers(o->providers, &o->count, &o->arena, buf_slice(&file));
	if (result != OK) {
		const char *why = arena_string(&o->arena, slice_of_string(failure_text()));

		return failure(result, "signin.providers_file: %s", why);
	}
	*out = o;
	return OK;
}

size_t oidc_count(const struct oidc *o)
{
	return o->count;
}

const struct oidc_provider *oidc_at(const struct oidc *o, size_t index)
{
	return &o->providers[index];
}

const struct oidc_provider *oidc_find(const struct oidc *o, struct slice name)
{
	for (size_t i = 0; i < o->count; i++)
		if (slice_equal(o->providers[i].name, name))
			return &o->providers[i];
	return NULL;
}

/* --- what was fetched ----------------------------------------------------------------------- */

static bool recall(struct slice *out, struct oidc *o, struct arena *arena, struct slice address,
		   int64_t most_ms)
{
	int64_t now_ms = clock_monotonic_ms();
	bool found = false;

	pthread_mutex_lock(&o->lock);
	for (size_t i = 0; i < PAGES && !found; i++) {
		const struct page *p = &o->pages[i];

		found = p->address && slice_equal(slice_of_string(p->address), address) &&
			now_ms - p->fetched_ms < most_ms;
		if (found)
			*out = arena_copy(arena, slice_of_string(p->text));
	}
	pthread_mutex_unlock(&o->lock);
	return found;
}

/* In its own place, or a free one, or the oldest. */
static struct page *place_for(struct oidc *o, struct slice address)
{
	struct page *oldest = &o->pages[0];

	for (size_t i = 0; i < PAGES; i++) {
		struct page *p = &o->pages[i];

		if (!p->address || slice_equal(slice_of_string(p->address), address))
			return p;
		if (p->fetched_ms < oldest->fetched_ms)
			oldest = p;
	}
	return oldest;
}

static char *copy_of(struct slice text)
{
	char *copy = malloc(text.size + 1);

	assert(copy);
	if (text.size)
		memcpy(copy, text.data, text.size);
	copy[text.size] = '\0';
	return copy;
}

static void remember(struct oidc *o, struct slice address, struct slice text)
{
	struct page *p;

	pthread_mutex_lock(&o->lock);
	p = place_for(o, address);
	free(p->address);
	free(p->text);
	*p = (struct page){copy_of(address), copy_of(text), clock_monotonic_ms()};
	pthread_mutex_unlock(&o->lock);
}

static enum err fetch(struct slice *out, struct route_context *context, struct arena *arena,
		      struct slice address, int64_t most_ms)
{
	struct oidc *o = context->api->oidc;
	const struct outbound_request ask = {.method = WIRE_METHOD_GET,
					     .url = address,
					     .headers = S("Accept: application/json\n"),
					     .most = OIDC_MAX_FILE,
					     .timeout_ms = OIDC_CALL_MS};
	struct outbound_answer answer;

	if (recall(out, o, arena, address, most_ms))
		return OK;
	TRY(outbound_call(&answer, context, arena, &ask));
	if (answer.status != 200)
		return failure(ERR_UNAVAILABLE,
			       "the identity provider answers %u where 200 is "
			       "expected",
			       answer.status);
	*out = answer.body;
	remember(o, address, answer.body);
	return OK;
}

enum err oidc_discover(struct oidc_discovery *out, struct route_context *context,
		       struct arena *arena, struct slice issuer)
{
	struct slice base = issuer, text;
	const char *address;

	if (slice_ends_with(base, S("/")))
		base.size--;
	address = arena_printf(arena, "%.*s/.well-known/openid-configuration", SLICE_PRINT(base));
	TRY(fetch(&text, context, arena, slice_of_string(address), OIDC_KEPT_MS));
	return oidc_read_discovery(out, arena, text, issuer);
}

static enum err verify(struct oidc_claims *out, struct route_context *context, struct arena *arena,
		       struct slice jwks_address, int64_t most_ms, struct slice jwt,
		       const struct oidc_expected *expected, struct slice name_claim)
{
	AUTO(jwk_set_auto) struct jwk_set *keys = NULL;
	struct slice text;

	TRY(fetch(&text, context, arena, jwks_address, most_ms));
	TRY(jwks_parse(&keys, text));
	return oidc_check_token(out, arena, jwt, keys, expected, name_claim);
}

enum err oidc_verify(struct oidc_claims *out, struct route_context *context, struct arena *arena,
		     struct slice jwks_address, struct slice jwt,
		     const struct oidc_expected *expected, struct slice name_claim)
{
	enum err result = verify(out, context, arena, jwks_address, OIDC_KEPT_MS, jwt, expected,
				 name_claim);

	if (result != ERR_NOT_FOUND)
		return result;
	return verify(out, context, arena, jwks_address, OIDC_AGAIN_MS, jwt, expected, name_claim);
}

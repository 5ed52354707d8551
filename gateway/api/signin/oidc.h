/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oidc.h - the identity providers of this gateway, and what they publish: discovery and keys, kept
 * for ten minutes by each edge, fetched by the courier. Thread-safe.
 */
#ifndef GATEWAY_API_SIGNIN_OIDC_H
#define GATEWAY_API_SIGNIN_OIDC_H

#include "gateway/api/api.h"
#include "gateway/api/signin/oidc_provider.h"

enum { OIDC_KEPT_MS = 10 * 60 * 1000, OIDC_AGAIN_MS = 60 * 1000, OIDC_CALL_MS = 5000 };

struct oidc;

/* Before the sandbox: reads the file (an empty path: there are no providers). */
RESULT oidc_new(struct oidc **out, const char *providers_file);

size_t oidc_count(const struct oidc *o);
const struct oidc_provider *oidc_at(const struct oidc *o, size_t index);
const struct oidc_provider *oidc_find(const struct oidc *o, struct slice name); /* NULL */

/* What an issuer says of itself; listed or not. In the arena. The failures of outbound_call and of
 * oidc_read_discovery. */
RESULT oidc_discover(struct oidc_discovery *out, struct route_context *context, struct arena *arena,
		     struct slice issuer);

/* Check an id token with the keys of this address; a key that is not known is looked for once more,
 * at most once a minute. */
RESULT oidc_verify(struct oidc_claims *out, struct route_context *context, struct arena *arena,
		   struct slice jwks_address, struct slice jwt,
		   const struct oidc_expected *expected, struct slice name_claim);

#endif

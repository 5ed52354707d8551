/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oidc_provider.h - what is known of an identity provider: what the operator says of it (the
 * setting signin.providers_file), what it says of itself (discovery), and what it says of who has
 * signed in there (an id token). Pure: OpenID Connect Core 1.0 and Discovery 1.0, the code flow
 * with PKCE, ES256 and RS256.
 *
 *     {"providers":[{"name":"campus","title":"University of X","issuer":"https://idp.x.example",
 *       "client_id":"sallyport","credential":"campus","scopes":["openid","profile"],
 *       "register":"invited","name_claim":"preferred_username"}]}
 *
 * "credential" names the client's secret in courier.credentials_file; a public client has none.
 * "register" says who becomes a person here: who was invited, or ("anyone") whoever signs in.
 */
#ifndef GATEWAY_API_SIGNIN_OIDC_PROVIDER_H
#define GATEWAY_API_SIGNIN_OIDC_PROVIDER_H

#include "crypto/base/arena.h"
#include "crypto/base/err.h"
#include "crypto/jwk.h"

enum {
	OIDC_MAX_FILE = 64 * 1024,
	OIDC_MAX_PROVIDERS = 16,
	OIDC_MAX_TEXT = 500,
	OIDC_MAX_TOKEN = 16 * 1024,
	OIDC_MAX_SUBJECT = 255,
	OIDC_LEEWAY_SECONDS = 60,
};

struct oidc_provider {
	struct slice name, title, issuer, client_id;
	struct slice credential; /* empty: a public client */
	struct slice scope;      /* "openid profile" */
	struct slice name_claim;
	bool registers; /* whoever signs in becomes a person here */
};

/* Texts go to the arena. ERR_FORMAT says what is wrong, and of which provider. */
RESULT oidc_read_providers(struct oidc_provider *out, size_t *count, struct arena *arena,
			   struct slice file);

struct oidc_discovery {
	struct slice authorization, token, jwks; /* addresses */
};

/* ERR_DENIED: it is the discovery of another issuer. ERR_FORMAT. */
RESULT oidc_read_discovery(struct oidc_discovery *out, struct arena *arena, struct slice text,
			   struct slice issuer);

struct oidc_expected {
	struct slice issuer, audience;
	struct slice nonce;        /* empty: none was sent */
	struct slice access_token; /* empty: at_hash is not looked at */
	int64_t now_seconds;
};

struct oidc_claims {
	struct slice sub;
	struct slice name;  /* of the claim that is asked for; may be empty */
	struct slice email; /* for showing only; empty unless the provider has verified it */
};

/*
 * ERR_FORMAT: no id token. ERR_UNSUPPORTED: an algorithm that is not for us ("none" too).
 * ERR_NOT_FOUND: a key that is not among these. ERR_FORGED. ERR_EXPIRED. ERR_DENIED: of another
 * issuer, for somebody else, or for another sign-in. The text says which.
 */
RESULT oidc_check_token(struct oidc_claims *out, struct arena *arena, struct slice jwt,
			const struct jwk_set *keys, const struct oidc_expected *expected,
			struct slice name_claim);

/* "iss" of a token, unverified: to find whose keys are asked for. Never decide on it. */
RESULT oidc_peek_issuer(struct slice *out, struct arena *arena, struct slice jwt);

/* A name for a person out of what a provider calls them; "" if nothing is left of it. */
struct slice oidc_person_name(struct arena *arena, struct slice claimed);

#endif

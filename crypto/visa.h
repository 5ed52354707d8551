/* SPDX-License-Identifier: Apache-2.0 */
/*
 * visa.h - GA4GH visas (Passport 1.2): a signed statement of an issuer about a researcher.
 * The issuer and its key address must be listed beforehand; nothing is ever fetched from here.
 */
#ifndef CRYPTO_VISA_H
#define CRYPTO_VISA_H

#include "crypto/base/arena.h"
#include "crypto/jwk.h"

enum { VISA_MAX = 16 * 1024, VISA_URL_MAX = 255, VISA_LEEWAY_SECONDS = 60 };

/* jku is empty for an issuer whose visas name none. */
struct visa_issuer {
	struct slice iss;
	struct slice jku;
	const struct jwk_set *keys;
};

struct visa {
	struct slice iss;
	struct slice sub;
	struct slice jti; /* empty if absent */
	int64_t issued_seconds;
	int64_t expires_seconds;
	struct slice type; /* "ResearcherStatus", ... */
	struct slice value;
	struct slice source;
	struct slice by; /* empty if absent */
	int64_t asserted_seconds;
};

/* Texts go to the arena. ERR_FORMAT: not a visa. ERR_LIMIT: longer than VISA_MAX. ERR_DENIED:
 * issuer or jku not listed, or another algorithm than the key's. ERR_UNSUPPORTED: algorithm,
 * or conditions. ERR_NOT_FOUND: no key of that kid. ERR_FORGED, ERR_EXPIRED. The text of the
 * failure says which of these and why; `sub` is for the caller to bind to a person. */
RESULT visa_verify(struct visa *out, struct arena *a, struct slice jwt,
		   const struct visa_issuer *issuers, size_t count, int64_t now_seconds);

/* The claims without any check, to show what was refused. Never decide on them. */
RESULT visa_peek_issuer(struct slice *iss, struct slice *jku, struct arena *a, struct slice jwt);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * visa.h - GA4GH visas (Passport 1.2): a signed statement of an issuer about a researcher.
 * The issuer and its key address must be listed beforehand; nothing is ever fetched from here.
 */
#ifndef CRYPTO_VISA_H
#define CRYPTO_VISA_H

#include "crypto/base/arena.h"
#include "crypto/jwk.h"
#include "crypto/visa_conditions.h"

enum { VISA_MAX = 16 * 1024, VISA_URL_MAX = 255, VISA_LEEWAY_SECONDS = 60 };

/* jku is empty for an issuer whose visas name none. */
struct visa_issuer {
	struct slice iss;
	struct slice jku;
	const struct jwk_set *keys;
};

/* Whose word counts, and when. */
struct visa_trust {
	const struct visa_issuer *issuers;
	size_t count;
	struct slice audience; /* who we are, for visas that say whom they are for (aud) */
	int64_t now_seconds;
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
	struct visa_conditions conditions; /* visa_conditions_hold: the caller's to ask */
};

/* Texts go to the arena. ERR_FORMAT: not a visa, or a value that is none of its type. ERR_LIMIT:
 * longer than VISA_MAX. ERR_DENIED: issuer or jku not listed, another algorithm than the key's, or
 * for somebody else (aud). ERR_UNSUPPORTED: algorithm, type, or conditions that are not
 * understood. ERR_NOT_FOUND: no key of that kid. ERR_FORGED, ERR_EXPIRED. The text of the failure
 * says which of these and why. Still the caller's: `sub` is bound to a person, and conditions. */
RESULT visa_verify(struct visa *out, struct arena *a, struct slice jwt,
		   const struct visa_trust *trust);

/* All of that but the times, which visa_check_times asks for whenever it matters. */
RESULT visa_verify_undated(struct visa *out, struct arena *a, struct slice jwt,
			   const struct visa_trust *trust);
RESULT visa_check_times(const struct visa *visa, int64_t now_seconds);

/* Whose it says it is, without any check: to look up the issuer. Never decide on it. */
RESULT visa_peek_issuer(struct slice *iss, struct slice *jku, struct arena *a, struct slice jwt);

#endif

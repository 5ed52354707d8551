/* SPDX-License-Identifier: Apache-2.0 */
/* visa_claims.h - inside of visa.c and passport.c: whose word a JWT is, and what its claims say. */
#ifndef CRYPTO_VISA_CLAIMS_H
#define CRYPTO_VISA_CLAIMS_H

#include "crypto/json.h"
#include "crypto/jws.h"
#include "crypto/visa.h"

/* Listed, with this key address, and signed by a key of its: in this order. */
RESULT visa_check_issuer(const struct jws *jws, struct slice iss, const struct visa_trust *trust);

/* For us, if it says for whom. */
RESULT visa_check_audience(const json_t *claims, struct slice audience);

/* 1 to 255 bytes, copied to the arena. */
RESULT visa_claim_text(struct slice *out, struct arena *a, const json_t *claims, const char *name);
RESULT visa_claim_text_or_none(struct slice *out, struct arena *a, const json_t *claims,
			       const char *name);
RESULT visa_claim_time(int64_t *out, const json_t *claims, const char *name);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trust.h - the listed issuers as visas are verified against them: their keys as they are here,
 * without those that were revoked. Nothing is fetched from here.
 */
#ifndef GATEWAY_API_PROOF_TRUST_H
#define GATEWAY_API_PROOF_TRUST_H

#include "crypto/visa.h"
#include "gateway/api/api.h"
#include "schema/store/issuer.h"

enum { TRUST_ISSUERS_MAX = 100 };

struct trust {
	struct visa_issuer issuers[TRUST_ISSUERS_MAX];
	struct jwk_set *sets[TRUST_ISSUERS_MAX]; /* owned; NULL: no keys of it are here */
	size_t count;
};

/* The rows are borrowed. What is behind TRUST_ISSUERS_MAX is left out. */
void trust_make(struct trust *out, const struct store_issuer *rows, size_t count);
void trust_clear(struct trust *t); /* fit for AUTO */

struct visa_trust trust_at(const struct trust *t, const struct api *api, int64_t now_seconds);

#endif

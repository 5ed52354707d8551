/* SPDX-License-Identifier: Apache-2.0 */
/* proofs.h - all that is stored of what others say about a person, in one round trip: what claims
 * are made of (gateway/api/proof/claims_of.h), once it is verified. */
#ifndef SCHEMA_STORE_PROOFS_H
#define SCHEMA_STORE_PROOFS_H

#include "schema/store/institution.h"
#include "schema/store/issuer.h"
#include "schema/store/referee.h"

struct store_proof { /* a visa */
	uint8_t id[STORE_ID];
	struct slice jwt;
	struct slice iss, sub;    /* as it is bound */
	uint8_t linked[STORE_ID]; /* the visa by which its subject was linked; none: by itself */
};

struct store_proofs {
	struct store_proof *visas; /* newest first */
	size_t visa_count;
	struct store_issuer *issuers; /* of those visas, as far as they are listed */
	size_t issuer_count;
	struct store_member *members; /* now */
	size_t member_count;
	struct store_referee *referees;
	size_t referee_count;
};

RESULT store_proofs_load(struct store *s, struct arena *arena, struct store_proofs *out,
			 const uint8_t person[STORE_ID]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * claims_of.h - what is verified about a person, for whoever decides: the visas that count now,
 * referees who confirmed, and where the person's institutions are (policy/claims.h).
 */
#ifndef GATEWAY_API_PROOF_CLAIMS_OF_H
#define GATEWAY_API_PROOF_CLAIMS_OF_H

#include "gateway/api/proof/proofs.h"
#include "policy/claims.h"

/*
 * In the arena. The country is COUNTRY_CLAIM if a visa or a membership says one and none says
 * another, else COUNTRY_NONE: the operator's table is the caller's to ask. From memory while it
 * surely holds: cheap enough for each decision.
 */
RESULT claims_of_person(struct claims *out, struct route_context *context, struct arena *arena,
			const uint8_t person[STORE_ID], int64_t now_seconds);

/* The same of proofs that are weighed. Pure. */
void claims_of_proofs(struct claims *out, struct arena *arena, const struct proofs *proofs);

#endif

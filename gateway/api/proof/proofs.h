/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proofs.h - what others say about a person, as it stands: the stored visas verified again against
 * the keys that count today, memberships, and referees. Signatures are checked once for a state of
 * the database (facts.h) and remembered; times, links and conditions each time it is asked.
 */
#ifndef GATEWAY_API_PROOF_PROOFS_H
#define GATEWAY_API_PROOF_PROOFS_H

#include "crypto/visa.h"
#include "gateway/api/api.h"
#include "schema/store/proofs.h"

struct proof {
	uint8_t id[STORE_ID];
	uint8_t linked[STORE_ID]; /* the visa that links its subject; none: bound by itself */
	bool is_verified;         /* by a listed issuer's key of today */
	struct visa visa;         /* if it is verified */
	bool counts;              /* now: proofs_weigh */
	struct slice why_not;     /* if not, in a sentence */
};

struct proofs {
	struct proof *visas; /* newest first */
	size_t visa_count;
	struct store_member *members;
	size_t member_count;
	struct store_referee *referees;
	size_t referee_count;
};

/* From memory, or the database; weighed at `now_seconds`. Nothing is fetched from anywhere else. */
RESULT proofs_of(struct proofs *out, struct route_context *context, struct arena *arena,
		 const uint8_t person[STORE_ID], int64_t now_seconds);

/* Which visas count at that time. */
void proofs_weigh(struct proofs *p, struct arena *arena, int64_t now_seconds);

/* For facts.h: a copy that points into the arena and nowhere else. */
void proofs_copy(struct arena *arena, struct proofs *to, const struct proofs *from);

#endif

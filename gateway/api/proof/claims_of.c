/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/proof/claims_of.h"

enum err claims_of_person(struct claims *out, struct route_context *context, struct arena *arena,
			  const uint8_t person[STORE_ID], int64_t now_seconds)
{
	struct proofs proofs;

	TRY(proofs_of(&proofs, context, arena, person, now_seconds));
	claims_of_proofs(out, arena, &proofs);
	return OK;
}

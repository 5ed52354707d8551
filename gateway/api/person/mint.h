/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mint.h - what tokens and capabilities have in common: signed by the keeper against their entry,
 * and revoked by whom they belong to.
 */
#ifndef GATEWAY_API_PERSON_MINT_H
#define GATEWAY_API_PERSON_MINT_H

#include "gateway/api/api.h"

/* The text of a credential whose token.create or capability.create entry stands in the log; it
 * lives in the arena. ERR_UNAVAILABLE: that entry is of an earlier life of the keeper. */
RESULT mint_token(const char **out, struct arena *arena, struct api *api,
		  const uint8_t event[WIRE_ID], const struct store_credential *credential);

/* DELETE .../{id}: one's own, or with persons:manage anybody's. Answers. */
void mint_revoke(struct exchange *x, struct route_context *context,
		 enum store_credential_kind kind);

#endif

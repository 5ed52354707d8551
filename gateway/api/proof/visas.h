/* SPDX-License-Identifier: Apache-2.0 */
/* visas.h - the visas of a person, as they are shown: each with whether it counts now. */
#ifndef GATEWAY_API_PROOF_VISAS_H
#define GATEWAY_API_PROOF_VISAS_H

#include "gateway/api/api.h"

/* A list, the newest first; the caller owns it. */
RESULT visas_describe(json_t **out, struct exchange *x, struct route_context *context,
		      const uint8_t person[STORE_ID]);

#endif

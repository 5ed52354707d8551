/* SPDX-License-Identifier: Apache-2.0 */
/* receipt.h - the proof that an entry is in the log, for what takes it along (log.c). */
#ifndef GATEWAY_API_LICENSE_RECEIPT_H
#define GATEWAY_API_LICENSE_RECEIPT_H

#include <jansson.h>

#include "gateway/api/api.h"

/* {"id","index","entry","nonce","payload","proof"} of an event that is published; the caller owns
 * *out. ERR_NOT_FOUND: it is not yet. Whether the asker may see it, the caller knows. */
RESULT receipt_of(json_t **out, struct exchange *x, struct route_context *context,
		  const uint8_t id[STORE_ID]);

#endif

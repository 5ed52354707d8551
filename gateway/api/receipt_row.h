/* SPDX-License-Identifier: Apache-2.0 */
/* receipt_row.h - the second level of a receipt: that an event is a row of a batch. */
#ifndef GATEWAY_API_RECEIPT_ROW_H
#define GATEWAY_API_RECEIPT_ROW_H

#include <jansson.h>

#include "gateway/api/api.h"

/* {"entry","nonce","payload","index","count","path"} of an event that is a row, and the entry it is
 * a row of. The caller owns *out. Of an erased one: {"erased":true} in place of payload and nonce.
 */
RESULT receipt_row(json_t **out, struct store_event *batch, struct arena *arena, struct api *api,
		   const struct store_event *event);

/* The same, when the leaf hashes of the batch's rows are known. */
RESULT receipt_row_of(json_t **out, struct arena *arena, const struct store_event *event,
		      struct slice hashes);

#endif

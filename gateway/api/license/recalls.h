/* SPDX-License-Identifier: Apache-2.0 */
/* recalls.h - who must attest the deletion of what was recalled is told so. */
#ifndef GATEWAY_API_LICENSE_RECALLS_H
#define GATEWAY_API_LICENSE_RECALLS_H

#include "gateway/api/api.h"
#include "schema/store/recall.h"

/* In the current transaction: whoever has files of it and was not told yet. */
RESULT recall_tell(struct route_context *context, struct arena *arena,
		   const struct store_recall *recall, int64_t now_ms);

#endif

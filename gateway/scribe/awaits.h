/* SPDX-License-Identifier: Apache-2.0 */
/* awaits.h - the edges' calls that wait for an event to be published. */
#ifndef GATEWAY_SCRIBE_AWAITS_H
#define GATEWAY_SCRIBE_AWAITS_H

#include "crypto/base/err.h"
#include "schema/store/store.h"

enum { AWAITS_MAX = 4096, AWAITS_MS = 10 * 1000 };

struct await {
	uint8_t event[STORE_ID];
	unsigned edge; /* index of the asking edge */
	uint32_t call;
	int64_t deadline_ms; /* monotonic */
};

struct awaits {
	struct await items[AWAITS_MAX];
	size_t count;
};

RESULT awaits_add(struct awaits *a, const uint8_t event[STORE_ID], unsigned edge, uint32_t call,
		  int64_t now_ms); /* ERR_LIMIT */

/* The edge is gone: nobody waits for its answers. */
void awaits_drop(struct awaits *a, unsigned edge);

/* Keep those for which `keep` says so, in order. */
typedef bool awaits_keep_fn(void *context, const struct await *item);
void awaits_filter(struct awaits *a, awaits_keep_fn *keep, void *context);

#endif

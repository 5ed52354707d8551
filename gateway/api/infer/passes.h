/* SPDX-License-Identifier: Apache-2.0 */
/*
 * passes.h - leave to use an engine. The keeper gives one for an infer.pass entry it has appended:
 * for a license (or an open model), a right and one engine, a minute long. Calls of that minute
 * share it, so the entry costs the first of them alone.
 */
#ifndef GATEWAY_API_INFER_PASSES_H
#define GATEWAY_API_INFER_PASSES_H

#include "gateway/api/authorize.h"

enum { PASSES_ROWS = 1024, PASSES_USED_MS = 50 * 1000 }; /* the engine takes it for 60 s */

struct passes *passes_new(void);
void passes_free(struct passes *p); /* NULL is fine */

/* The number to begin a sequence with in that slot. ERR_UNAVAILABLE: it could not be logged, or
 * the keeper or the engine is away; else what the keeper said. */
RESULT passes_get(uint64_t *out, struct route_context *context, const struct grant *grant,
		  unsigned slot);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * passes.h - what the keeper has told this engine: which revision its keys are for, and under
 * which numbers sequences may begin for the next minute. Without a pass an edge gets nothing out
 * of a loaded model, and every pass has its entry in the log. Pure.
 */
#ifndef GATEWAY_ENGINE_PASSES_H
#define GATEWAY_ENGINE_PASSES_H

#include "crypto/base/err.h"
#include "schema/wire/keeper.h"

enum {
	PASSES_MAX = 1024,
	PASSES_ADAPTERS = 64,
	PASSES_KEPT_MS = 600 * 1000, /* what a license has read is kept, without a new pass */
};

struct passes;

struct passes *passes_new(void);
void passes_free(struct passes *p); /* NULL is fine */

/* The keys that follow are for this revision. Keys for two spoil the engine for good. */
void passes_serve(struct passes *p, const struct wire_engine_serves *served);

/* What the keeper said before it sent an adapter's keys; one for another model is none. */
void passes_adapt(struct passes *p, const struct wire_engine_adapts *adapts);

/* ERR_DENIED: the keeper has named no such adapter for the model that is served. */
RESULT passes_check_adapter(const struct passes *p, const uint8_t adapter[WIRE_ID]);

/* May files be loaded under this name? ERR_DENIED: their keys are for another model. */
RESULT passes_check_load(const struct passes *p, struct slice model, struct slice revision);

/* A pass for another model than the one that is served is none. The oldest makes room. */
void passes_add(struct passes *p, const struct wire_engine_pass *pass, int64_t now_ms);

/* Whose sequences those of that pass are. It was checked before. */
struct batch_owner;
void passes_owner(const struct passes *p, uint64_t pass, struct batch_owner *out);

/* A license that no pass has come for in PASSES_KEPT_MS, that has ended by itself, or had to make
 * room: what was kept for it is to be wiped. False: none. To be asked after each pass. */
bool passes_ended(struct passes *p, uint8_t payer[WIRE_ID], int64_t now_ms);

/* ERR_NOT_FOUND: no such pass; ERR_DENIED: for another right; ERR_EXPIRED. */
RESULT passes_check(const struct passes *p, uint64_t pass, struct slice right, int64_t now_ms);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * insights.h - what is being read inside the model: who asked, under which call, and what was seen
 * but not taken yet. An edge that does not take its answers holds up nobody.
 *
 *     waiting --seen--> finished --all sent--> gone
 *        +--- canceled ----^
 *        +--- its edge is gone --------------> gone
 */
#ifndef GATEWAY_ENGINE_INSIGHTS_H
#define GATEWAY_ENGINE_INSIGHTS_H

#include "gateway/engine/sequences.h"
#include "inference/engine_read.h"
#include "schema/wire/engine_look.h"

enum {
	INSIGHTS_MAX = 4,                       /* calls under way: each may be large */
	INSIGHTS_FIRST_ID = 1 << 20,            /* above those of vectors.h */
	INSIGHTS_MAX_OUTBOX = 24 * 1024 * 1024, /* bytes of one */
};

struct insights;

struct insights *insights_new(sequences_channel_fn *channel, void *context);
void insights_free(struct insights *n); /* NULL is fine */
AUTO_POINTER(insights)

/* ERR_UNAVAILABLE: busy. Else what engine_look says. */
RESULT insights_add(struct insights *n, struct engine *engine, unsigned edge, uint32_t call,
		    const struct wire_engine_look *ask);

/* An unknown call is ignored. */
void insights_cancel(struct insights *n, struct engine *engine, unsigned edge, uint32_t call);
void insights_cancel_edge(struct insights *n, struct engine *engine, unsigned edge);

/* Sends what can be sent without waiting. What is seen comes in by engine_step. */
void insights_flush(struct insights *n, struct engine *engine);

bool insights_have_unsent(const struct insights *n);

#endif

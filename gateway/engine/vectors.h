/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vectors.h - the embeddings an engine has under way: who asked, under which call, and what was
 * computed but not taken yet. As with generations, an edge that does not take its answers holds up
 * nobody.
 *
 *     reading --last vector--> finished --all sent--> gone
 *        +----- canceled -------^
 *        +----- its edge is gone ------------------> gone
 */
#ifndef GATEWAY_ENGINE_VECTORS_H
#define GATEWAY_ENGINE_VECTORS_H

#include "gateway/engine/sequences.h"
#include "inference/engine_read.h"
#include "schema/wire/engine_read.h"

enum {
	VECTORS_MAX = 48,                     /* calls under way */
	VECTORS_MAX_OUTBOX = 8 * 1024 * 1024, /* bytes computed and not taken, of one */
};

struct vectors;

struct vectors *vectors_new(sequences_channel_fn *channel, void *context);
void vectors_free(struct vectors *v); /* wipes nothing; NULL is fine */
AUTO_POINTER(vectors)

/* ERR_UNAVAILABLE: busy. Else what engine_read says. */
RESULT vectors_add(struct vectors *v, struct engine *engine, unsigned edge, uint32_t call,
		   const struct wire_engine_embed *ask);

/* An unknown call is ignored. */
void vectors_cancel(struct vectors *v, struct engine *engine, unsigned edge, uint32_t call);
void vectors_cancel_edge(struct vectors *v, struct engine *engine, unsigned edge);

/* Sends what can be sent without waiting. Results come in by engine_step. */
void vectors_flush(struct vectors *v, struct engine *engine);

bool vectors_have_unsent(const struct vectors *v);

#endif

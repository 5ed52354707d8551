/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sequences.h - the generations an engine has under way: who asked, under which call, and what
 * was written but not taken yet. An edge that does not take its answers holds up nobody: its
 * text is kept up to a ceiling, then its generation is canceled.
 *
 *     running --last event--> finished --all sent--> gone
 *        +----- its edge is gone ------------------> gone
 */
#ifndef GATEWAY_ENGINE_SEQUENCES_H
#define GATEWAY_ENGINE_SEQUENCES_H

#include "crypto/base/buf.h"
#include "gateway/proc/channel.h"
#include "inference/engine.h"
#include "schema/wire/engine.h"

enum {
	SEQUENCES_MAX = 320,               /* 64 that are stepped, and those that wait */
	SEQUENCES_OF_ONE = 240,            /* of those, of one license: others come in, too */
	SEQUENCES_MAX_OUTBOX = 256 * 1024, /* bytes written and not taken, of one generation */
};

struct sequences;

/* The channel to that edge now, or NULL. */
typedef const struct channel *sequences_channel_fn(void *context, unsigned edge);

struct sequences *sequences_new(sequences_channel_fn *channel, void *context);
void sequences_free(struct sequences *s); /* NULL is fine */
AUTO_POINTER(sequences)

/* ERR_UNAVAILABLE: busy; ERR_CONFLICT: `owner` has too many. Else what engine_submit says. */
RESULT sequences_add(struct sequences *s, struct engine *engine, unsigned edge, uint32_t call,
		     const struct wire_engine_generate *ask, const struct batch_owner *owner);

/* An unknown call is ignored. */
void sequences_cancel(struct sequences *s, struct engine *engine, unsigned edge, uint32_t call);
void sequences_cancel_edge(struct sequences *s, struct engine *engine, unsigned edge);

/* The adapter is forgotten; what runs with it ends as canceled. */
void sequences_drop_adapter(struct sequences *s, struct engine *engine,
			    const uint8_t adapter[WIRE_ID]);

/* One step for all, if there is something to step. A failure is the engine's end. */
RESULT sequences_step(struct sequences *s, struct engine *engine);

/* Sends what can be sent without waiting. */
void sequences_flush(struct sequences *s, struct engine *engine);

enum engine_prompt sequences_prompt(enum wire_prompt kind);

bool sequences_have_unsent(const struct sequences *s);

#endif

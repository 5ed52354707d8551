/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve.h - the engine's messages: one model in a process's life. While there is work, a step of
 * the engine and a look at the channels take turns.
 */
#ifndef GATEWAY_ENGINE_SERVE_H
#define GATEWAY_ENGINE_SERVE_H

#include <stdatomic.h>

#include "gateway/engine/insights.h"
#include "gateway/engine/passes.h"
#include "gateway/engine/sequences.h"
#include "gateway/engine/vectors.h"
#include "gateway/porter/keys.h"
#include "gateway/proc/loop.h"

enum {
	SERVE_KEY_WAIT_MS = 2000, /* for a key that is still on its way */
	SERVE_UNSENT_MS = 20,     /* when to look at a slow edge again */
	SERVE_FORGET_MS = 5000,   /* how often to look for licenses that have ended */
	SERVE_FRAMES = 64,        /* that are taken between two steps */
};

struct serve {
	struct loop *loop; /* borrowed */
	int store;         /* borrowed */
	struct engine_options options;
	struct keys *keys;
	struct passes *passes;
	struct engine *engine; /* NULL until loaded */
	struct sequences *sequences;
	struct vectors *vectors;
	struct insights *insights;
	bool is_touched; /* the keeper has sent it something: it is not as fresh as it was */
	bool is_loading;
	unsigned frames;               /* taken so far */
	bool is_at_work;               /* the supervisor knows of it */
	bool is_settled;               /* engine_settle has nothing more to do */
	unsigned first_core;           /* of those that are lent */
	atomic_uint cores;             /* how many; 0: nobody has said. Read while a model loads */
	unsigned loader;               /* the edge that waits for the model that is loading */
	const struct process *process; /* borrowed */
	bool is_unloaded;
};

void serve_init(struct serve *s, int store, const struct engine_options *options);
void serve_clear(struct serve *s); /* wipes; fit for AUTO */

/* For struct loop_handlers. */
enum err serve_frame(void *context, const struct channel *from, const struct frame *frame);
void serve_peer(void *context, const struct channel *peer, bool joined);
void serve_timer(void *context);
void serve_cores(void *context, unsigned first, unsigned count);

/* To the supervisor, where it has changed: cores are asked for when there is something to compute
 * or to load, and given back when there is not. */
RESULT serve_say_work(struct serve *s);

/* OK after STOP or ENGINE_UNLOAD. */
RESULT serve_run(struct serve *s);

#endif

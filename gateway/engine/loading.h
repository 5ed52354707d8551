/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loading.h - the messages before a model is there: can this one be run, what would it take, load
 * it. A load tells how far it is, and ends at once when its edge says UNLOAD or goes away.
 */
#ifndef GATEWAY_ENGINE_LOADING_H
#define GATEWAY_ENGINE_LOADING_H

#include "gateway/engine/serve.h"

enum {
	LOADING_TELL_MS = 100,          /* between two ENGINE_LOADING */
	LOADING_BESIDE_BYTES = 24 << 20 /* of the process besides weights, cache and scratch: the
					 * program, its libraries, oneDNN's code; as measured */
};

/* ENGINE_CHECK, ENGINE_SIZE: by a config.json, and how large the files are. */
RESULT loading_check(const struct channel *from, const struct frame *frame);
RESULT loading_size(struct serve *s, const struct channel *from, const struct frame *frame);

/* ENGINE_CHAT_CHECK: can this text be read as a chat template? */
RESULT loading_chat_check(const struct channel *from, const struct frame *frame);

/* ENGINE_MEASURE: by the files; no weight is read, and the keys stay. */
RESULT loading_measure(struct serve *s, const struct channel *from, const struct frame *frame);

/* Keys come on a channel of their own: wait a moment for those that are still on their way, and
 * forget them when their files have been read. */
void loading_await_keys(struct serve *s, const struct wire_engine_load *load);
void loading_drop_keys(struct serve *s, const struct wire_engine_load *load);

/* ENGINE_LOAD: s->engine is there, or the failure says why not. */
RESULT loading_model(struct serve *s, const struct channel *from, const struct frame *frame);

#endif

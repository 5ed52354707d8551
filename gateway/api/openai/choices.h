/* SPDX-License-Identifier: Apache-2.0 */
/*
 * choices.h - the choices of one call (n of them for each prompt), each a sequence of its own in
 * the engine. A few run at a time, so that one caller does not take all places of an engine; their
 * frames come interleaved. They end together: who gives the call up stops all of them.
 */
#ifndef GATEWAY_API_OPENAI_CHOICES_H
#define GATEWAY_API_OPENAI_CHOICES_H

#include "gateway/api/infer/call.h"
#include "gateway/api/openai/generation.h"

enum { CHOICES_TOGETHER = 6 /* of the eight that an engine steps at once */ };

struct choices {
	struct call *call;
	const struct generation *ask;
	size_t count, started, ended;
	uint64_t cached_tokens;         /* of prompts, whose reading was kept */
	size_t again[CHOICES_TOGETHER]; /* that the engine had no place for */
	unsigned again_count;
	bool is_crowded; /* until one of ours has ended, there is no place for another */
	bool is_refused; /* the engine would not begin one; else a failure came on the way */
	bool *is_read;   /* by prompt: its tokens are counted */
	struct rpc_stream *streams[CHOICES_TOGETHER];
	size_t index[CHOICES_TOGETHER]; /* which choice that is */
	unsigned turn;
	struct rpc_reply reply;
	struct wire_engine_delta delta;
};

/* What came of one of them: a delta, or (NULL) its end. Borrowed until the next call. */
struct choice_event {
	size_t index;
	const struct wire_engine_delta *delta;
	enum wire_finish finish;
};

/* Nothing is asked of the engine yet. Counts are kept in *call. */
void choices_begin(struct choices *s, struct call *call, const struct generation *ask);
bool choices_are_done(const struct choices *s);

/* Starts what may be started, and waits for the next frame of any. */
RESULT choices_next(struct choices *s, struct choice_event *event);

/* What still runs is canceled; what it has read and written until then counts all the same. Fine
 * after the end, too. */
void choices_end(struct choices *s);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openai_answer.h - what an engine generates, in OpenAI's shape: chat or plain, whole or streamed
 * by server-sent events, with log-probabilities if asked for.
 */
#ifndef GATEWAY_API_INFER_OPENAI_ANSWER_H
#define GATEWAY_API_INFER_OPENAI_ANSWER_H

#include <jansson.h>

#include "gateway/api/infer/generation.h"
#include "gateway/edge/exchange.h"
#include "schema/wire/engine.h"

struct openai_answer {
	struct exchange *x;
	const struct generation *ask;
	const char *id; /* "chatcmpl-<event>" */
	int64_t created_seconds;
	bool streaming;   /* the head and the first event are out */
	struct buf text;  /* not streamed: all of it */
	json_t *logprobs; /* not streamed: of all tokens; NULL if not asked for */
	size_t offset;    /* of the next token in the text (plain completions' logprobs) */
};

void openai_answer_begin(struct openai_answer *a, struct exchange *x, const struct generation *ask,
			 const uint8_t event[16]);
RESULT openai_answer_delta(struct openai_answer *a, const struct wire_engine_delta *delta);
RESULT openai_answer_end(struct openai_answer *a, const struct wire_engine_done *done);
/* Streamed, and it breaks off: an error event in place of [DONE], which clients raise. */
void openai_answer_break(struct openai_answer *a, const char *code, const char *sentence);
void openai_answer_clear(struct openai_answer *a); /* twice is fine */

const char *openai_finish(enum wire_finish finish); /* "stop", "length", "cancelled" */

#endif

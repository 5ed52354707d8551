/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openai_answer.h - what an engine generates, in OpenAI's shape: chat or plain, one choice or
 * several, whole or streamed by server-sent events, with log-probabilities if asked for. Streamed
 * choices come interleaved, each event with the index of its own.
 */
#ifndef GATEWAY_API_OPENAI_OPENAI_ANSWER_H
#define GATEWAY_API_OPENAI_OPENAI_ANSWER_H

#include <jansson.h>

#include "gateway/api/openai/generation.h"
#include "gateway/api/openai/openai_calls.h"
#include "gateway/edge/exchange.h"

struct openai_usage {
	uint64_t prompt_tokens; /* of each prompt once, however many choices it has */
	uint64_t cached_tokens; /* of those: their reading was kept */
	uint64_t completion_tokens;
};

struct openai_choice {
	bool is_begun;             /* streamed: its first event is out */
	struct buf text;           /* not streamed: all of it */
	struct openai_calls calls; /* not streamed: of tools */
	json_t *logprobs;          /* not streamed: of all tokens; NULL if not asked for */
	size_t offset;             /* of the next token in the text (plain completions' logprobs) */
	const char *finish;        /* NULL while it is being written */
};

struct openai_answer {
	struct exchange *x;
	const struct generation *ask;
	const char *id;          /* "chatcmpl-<event>" */
	const char *fingerprint; /* system_fingerprint */
	int64_t created_seconds;
	bool streaming; /* the head is out */
	struct openai_choice *choices;
	size_t count;
	size_t text_bytes, logprobs; /* of all choices, that are kept until the end */
};

void openai_answer_begin(struct openai_answer *a, struct exchange *x, const struct generation *ask,
			 const uint8_t event[16], const char *fingerprint);
/* ERR_LIMIT: more than is kept for an answer that is not streamed. */
RESULT openai_answer_delta(struct openai_answer *a, size_t index,
			   const struct wire_engine_delta *delta);
/* One choice is whole; `finish` is static. */
RESULT openai_answer_finish(struct openai_answer *a, size_t index, const char *finish);
/* All of them are. */
RESULT openai_answer_end(struct openai_answer *a, const struct openai_usage *usage);
/* Streamed, and it breaks off: an error event in place of [DONE], which clients raise. */
void openai_answer_break(struct openai_answer *a, const char *code, const char *sentence);
void openai_answer_clear(struct openai_answer *a); /* twice is fine */

const char *openai_finish(enum wire_finish finish); /* "stop", "length", "cancelled" */

#endif

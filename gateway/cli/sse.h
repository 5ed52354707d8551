/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sse.h - reads a stream of server-sent events as OpenAI's chat completions use them: one
 * "data: {json}" a line, pieces of text in choices[0].delta.content, "data: [DONE]" at the end.
 * Bytes come in any portions; they are a stranger's.
 */
#ifndef GATEWAY_CLI_SSE_H
#define GATEWAY_CLI_SSE_H

#include "crypto/base/buf.h"
#include "crypto/json.h"

enum { SSE_MAX_LINE = 1024 * 1024 };

typedef enum err sse_text_fn(void *context, struct slice text);

struct sse {
	struct buf line; /* what came since the last newline */
	sse_text_fn *text;
	void *context;
	int64_t prompt_tokens, completion_tokens;
	bool is_done; /* "data: [DONE]" came; what follows is not read */
};

struct sse sse_new(sse_text_fn *text, void *context);
void sse_clear(struct sse *s); /* fit for AUTO */

/* ERR_FORMAT, ERR_LIMIT: not such a stream; ERR_CLOSED: it says that the model stopped. */
RESULT sse_push(struct sse *s, struct slice bytes);

#endif

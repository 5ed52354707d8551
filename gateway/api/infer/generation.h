/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generation.h - what a client asks of a model through the OpenAI routes, read from its JSON.
 * Pure: JSON in, a checked description out, or a refusal that names the parameter.
 */
#ifndef GATEWAY_API_INFER_GENERATION_H
#define GATEWAY_API_INFER_GENERATION_H

#include <jansson.h>

#include "crypto/base/arena.h"
#include "crypto/base/buf.h"
#include "crypto/base/err.h"

enum {
	GENERATION_MAX_STOPS = 4,
	GENERATION_MAX_STOP_BYTES = 256,
	GENERATION_MAX_BIASES = 300,
	GENERATION_MAX_LOGPROBS = 20,
	GENERATION_MAX_PROMPT = 96 * 1024,
	GENERATION_DEFAULT_TOKENS = 256, /* for chat; completions default to 16, as OpenAI's do */
	GENERATION_MAX_TOKENS = 1 << 20,
};

struct generation_bias {
	uint32_t token;
	float bias;
};

struct generation {
	bool chat;
	struct slice model;
	struct slice prompt; /* chat: the contents joined by newlines, one newline at the end */
	uint32_t max_tokens;
	float temperature;
	float top_p;
	uint32_t top_k; /* 0: all */
	bool has_seed;
	uint64_t seed;
	struct slice stops[GENERATION_MAX_STOPS];
	size_t stop_count;
	struct generation_bias biases[GENERATION_MAX_BIASES];
	size_t bias_count;
	bool logprobs;
	uint32_t top_logprobs;
	bool stream;
	bool include_usage;
};

/* What is wrong with a request, in OpenAI's terms. Static or arena texts. */
struct generation_flaw {
	const char *message;
	const char *param; /* NULL if it is the body as a whole */
};

/* Read a chat (or completions) request. Texts in *out are borrowed from `body` and `arena`.
 * ERR_FORMAT, ERR_LIMIT or ERR_UNSUPPORTED with *flaw filled. */
RESULT generation_read_chat(struct generation *out, struct generation_flaw *flaw,
			    struct arena *arena, const json_t *body);
RESULT generation_read_completion(struct generation *out, struct generation_flaw *flaw,
				  struct arena *arena, const json_t *body);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generation.h - what a client asks of a model through the OpenAI routes, read from its JSON.
 * Pure: JSON in, a checked description out, or a refusal that names the parameter. Which parameters
 * there are, and which of them mean something here, is the table of generation_parameters.c.
 */
#ifndef GATEWAY_API_OPENAI_GENERATION_H
#define GATEWAY_API_OPENAI_GENERATION_H

#include <jansson.h>

#include "crypto/base/arena.h"
#include "crypto/base/buf.h"
#include "crypto/base/err.h"
#include "gateway/api/openai/guided.h"
#include "schema/wire/engine.h"

enum {
	GENERATION_MAX_STOPS = 4,
	GENERATION_MAX_STOP_BYTES = 256,
	GENERATION_MAX_STOP_TOKENS = WIRE_MAX_STOP_TOKENS,
	GENERATION_MAX_BIASES = 300,
	GENERATION_MAX_LOGPROBS = 20,
	GENERATION_MAX_PROMPT = 96 * 1024,
	GENERATION_MAX_CHOICES = 128,    /* of all prompts together */
	GENERATION_DEFAULT_TOKENS = 256, /* for chat; completions default to 16, as OpenAI's do */
	GENERATION_MAX_TOKENS = 1 << 20,
};

struct generation_bias {
	uint32_t token;
	float bias;
};

struct generation_prompt {
	enum wire_prompt kind;
	struct slice text; /* of WIRE_PROMPT_TOKENS: four bytes each */
};

struct generation {
	bool chat;
	struct slice model;
	/* chat: one, the conversation as JSON */
	struct generation_prompt *prompts;
	size_t prompt_count;
	uint32_t n; /* choices for each prompt */
	uint32_t max_tokens;
	bool is_default_tokens; /* nobody asked for so many: fewer will do */
	float temperature;
	float top_p;
	uint32_t top_k; /* 0: all */
	float min_p;
	float presence_penalty;
	float frequency_penalty;
	float repetition_penalty;
	bool has_seed;
	uint64_t seed; /* of the first choice; each gets the next */
	struct slice stops[GENERATION_MAX_STOPS];
	size_t stop_count;
	uint32_t stop_tokens[GENERATION_MAX_STOP_TOKENS];
	size_t stop_token_count;
	struct generation_bias biases[GENERATION_MAX_BIASES];
	size_t bias_count;
	bool logprobs;
	uint32_t top_logprobs;
	bool echo;
	bool is_only_read; /* an echo of the prompt, and nothing more */
	bool deterministic;
	bool is_bare; /* nothing (BOS) around the prompt */
	bool ignores_end;
	bool shows_special;
	struct guided guided; /* what each answer must look like */
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

/* One choice, as the engine is asked for it: all but its pass. `index` counts the choices of all
 * prompts, prompt by prompt. */
void generation_describe(struct wire_engine_generate *out, const struct generation *g,
			 size_t index);

/* At most so many tokens are read and written for it. No tokenizer makes more tokens of a text than
 * it has bytes. */
uint64_t generation_most_tokens(const struct generation *g);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * internals_ask.h - what a client wants to read inside a model (POST /v1/internals), from its JSON.
 * Pure. Which points a model has only its engine knows; all else is checked here.
 */
#ifndef GATEWAY_API_INFER_INTERNALS_ASK_H
#define GATEWAY_API_INFER_INTERNALS_ASK_H

#include "gateway/api/openai/generation.h"
#include "policy/internals_budget.h"
#include "schema/wire/engine_look.h"

enum { INTERNALS_MAX_BODY = 1024 * 1024, INTERNALS_MAX_TOP = 100 };

struct internals_ask {
	struct slice model;
	bool is_safetensors; /* else JSON */
	enum internals_precision precision;
	struct wire_engine_look look; /* without its pass; texts are the body's or the arena's */
	const char *names[WIRE_MAX_LOOKS]; /* what each tensor is called: all differ */
	uint64_t most_tokens;              /* no tokenizer makes more of the input */
};

/* ERR_FORMAT or ERR_LIMIT with *flaw filled. */
RESULT internals_ask_read(struct internals_ask *out, struct generation_flaw *flaw,
			  struct arena *arena, const json_t *body);

/* Which positions of a text of so many tokens are asked for, in the order of the answer; the
 * arena's. The engine has accepted the ask for such a text, or they are cut to it. */
const uint32_t *internals_positions(size_t *count, struct arena *arena,
				    const struct wire_look_ask *ask, uint32_t tokens);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * embedding.h - what a client asks for by POST /v1/embeddings, read from its JSON, and the answer
 * written as OpenAI's. Pure.
 *
 * `input` is a text, ids, or a list of up to 2048 of either. Beyond OpenAI's parameters:
 * `truncate_prompt_tokens` (vLLM's: cut what is too long instead of refusing it; -1: to the
 * model's limit) and `normalize` (make every vector's length 1, or leave it; without it the
 * model's own files decide).
 */
#ifndef GATEWAY_API_OPENAI_EMBEDDING_H
#define GATEWAY_API_OPENAI_EMBEDDING_H

#include "gateway/api/openai/generation.h"

enum {
	EMBEDDING_MAX_INPUTS = 2048, /* OpenAI's own */
	EMBEDDING_MAX_INPUT = 96 * 1024,
	EMBEDDING_MAX_BODY = 4 * 1024 * 1024,
	EMBEDDING_MAX_DIMENSIONS = 1 << 20,
	EMBEDDING_MAX_ANSWER = 48 * 1024 * 1024,
};

struct embedding_input {
	bool is_text;
	struct slice bytes; /* UTF-8, or ids of four bytes each, big endian */
};

enum embedding_length { EMBEDDING_LENGTH_MODEL, EMBEDDING_LENGTH_ONE, EMBEDDING_LENGTH_AS_IS };

struct embedding {
	struct slice model;
	const struct embedding_input *inputs; /* of the arena */
	size_t count;
	bool base64;
	uint32_t dimensions; /* 0: all */
	bool truncates;
	uint32_t truncate; /* 0: to the model's limit */
	enum embedding_length length;
	uint64_t most_tokens; /* no tokenizer makes more of these inputs */
};

/* Texts in *out are borrowed from `body` and `arena`. ERR_FORMAT or ERR_LIMIT with *flaw filled. */
RESULT embedding_read(struct embedding *out, struct generation_flaw *flaw, struct arena *arena,
		      const json_t *body);

/* How many of the inputs from `first` on fit into one frame of `room` bytes, each with `around`
 * more: at least one, at most `most`. */
size_t embedding_share(const struct embedding *e, size_t first, size_t most, size_t room,
		       size_t around);

/* About how long the answer gets. */
size_t embedding_answer_size(const struct embedding *e, size_t width);

/* [count][width] values as OpenAI's list. ERR_INTERNAL: one is no number; ERR_LIMIT. */
RESULT embedding_write(struct buf *out, const struct embedding *e, const float *values,
		       size_t width, uint64_t tokens);

#endif

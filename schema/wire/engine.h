/* SPDX-License-Identifier: Apache-2.0 */
/* engine.h - what the edge asks of an engine. ENGINE_UNLOAD has an empty body. What is to be read
 * only is in engine_read.h. */
#ifndef SCHEMA_WIRE_ENGINE_H
#define SCHEMA_WIRE_ENGINE_H

#include "schema/wire/codec.h"

/* ENGINE_CHAT_CHECK has this body too, with the text of a chat template in place of a config.json:
 * what cannot be read of it is the failure. */
struct wire_engine_check {
	struct slice config; /* config.json */
};
WIRE_DECLARE(engine_check);

struct wire_engine_file {
	struct slice path;
	uint64_t size; /* of the plaintext */
	uint8_t blob[WIRE_ID];
	uint64_t handle;
};

/* What safetensors become in memory. */
enum wire_quantize {
	WIRE_QUANTIZE_NONE,
	WIRE_QUANTIZE_Q8_0,
	WIRE_QUANTIZE_Q4_0,
	WIRE_QUANTIZE_W8A8,
};
enum { WIRE_QUANTIZE_COUNT = WIRE_QUANTIZE_W8A8 + 1 };

/* Of a model that is about to be there. */
struct wire_engine_size {
	struct slice config;
	uint64_t stored_bytes; /* of all safetensors; 0: not known */
	enum wire_quantize quantize;
};
WIRE_DECLARE(engine_size);

struct wire_engine_load {
	struct slice model;
	struct slice revision;
	uint64_t memory_bytes; /* that it may take at most; 0: as the settings say */
	enum wire_quantize quantize;
	uint16_t count;
	struct wire_engine_file files[WIRE_MAX_ENGINE_FILES];
};
WIRE_DECLARE(engine_load);

/* What a model takes in memory, all told: with room for one sequence of full length, and for as
 * many as run at once. ENGINE_SIZE asks by a config.json and how large the files are,
 * ENGINE_MEASURE by the files (its body is that of ENGINE_LOAD). */
struct wire_engine_need {
	uint64_t least_bytes;
	uint64_t most_bytes;
	struct slice tasks; /* "embed,generate" */
	struct slice chat;  /* of the files' template: "yes", "no: why", or empty: there is none */
};
WIRE_DECLARE(engine_need);

/* How far a load is: bytes of the files. */
struct wire_engine_loading {
	uint64_t done_bytes;
	uint64_t total_bytes;
};
WIRE_DECLARE(engine_loading);

struct wire_engine_loaded {
	uint64_t memory_bytes;
	uint32_t context; /* tokens */
};
WIRE_DECLARE(engine_loaded);

/* The files of an adapter; none: is it there already? */
struct wire_engine_adapt {
	uint8_t adapter[WIRE_ID];
	uint16_t count;
	struct wire_engine_file files[WIRE_MAX_ADAPTER_FILES];
};
WIRE_DECLARE(engine_adapt);

struct wire_engine_adapted {
	uint64_t memory_bytes;
	uint32_t rank; /* the largest */
	uint32_t products;
};
WIRE_DECLARE(engine_adapted);

struct wire_engine_adapt_drop {
	uint8_t adapter[WIRE_ID];
};
WIRE_DECLARE(engine_adapt_drop);

struct wire_bias {
	uint32_t token;
	float bias;
};

enum wire_prompt {
	WIRE_PROMPT_TEXT,
	WIRE_PROMPT_CHAT,   /* JSON of a conversation, for the model's template */
	WIRE_PROMPT_TOKENS, /* ids, four bytes each */
	WIRE_PROMPT_COUNT,
};

enum wire_echo {
	WIRE_ECHO_NONE,
	WIRE_ECHO_TEXT,   /* the prompt's text comes first */
	WIRE_ECHO_TOKENS, /* that, and then each of its tokens with its likelihood */
	WIRE_ECHO_COUNT,
};

/* What an answer must look like, and in what language that is said (inference/grammar). */
enum wire_grammar {
	WIRE_GRAMMAR_NONE,
	WIRE_GRAMMAR_OBJECT,
	WIRE_GRAMMAR_SCHEMA,
	WIRE_GRAMMAR_STRICT,
	WIRE_GRAMMAR_CHOICE,
	WIRE_GRAMMAR_REGEX,
	WIRE_GRAMMAR_CALLS,
	WIRE_GRAMMAR_COUNT,
};

struct wire_engine_generate {
	uint64_t pass; /* one the keeper gave this engine */
	uint32_t max_tokens;
	float temperature; /* 0: greedy */
	float top_p;
	uint32_t top_k; /* 0: all */
	float presence_penalty;
	float frequency_penalty;
	bool has_seed;
	uint64_t seed;
	bool wants_logprobs;
	uint8_t top_logprobs; /* at most WIRE_MAX_TOP */
	enum wire_echo echo;
	bool is_answer; /* a chat: the text stands by itself, without the space it begins with */
	float min_p;
	float repetition_penalty; /* 0 or 1: none */
	bool is_fixed;            /* bit for bit the same in any company */
	bool is_bare;             /* nothing (BOS) is put around the prompt */
	bool fits_context;        /* fewer than max_tokens, if the context holds no more */
	bool is_only_read;        /* an echo, and nothing is written */
	bool ignores_end;         /* the end token is one like any other */
	bool shows_special;       /* special tokens are written by their names */
	uint16_t stop_token_count;
	uint32_t stop_tokens[WIRE_MAX_STOP_TOKENS];
	enum wire_grammar grammar_kind;
	struct slice grammar;
	enum wire_prompt prompt_kind;
	uint32_t max_prompt_tokens; /* that a chat template may make; 0: any */
	uint8_t adapter[WIRE_ID];   /* one that is there; zeros: none */
	uint16_t stop_count;
	struct slice stops[WIRE_MAX_STOPS];
	uint16_t bias_count;
	struct wire_bias biases[WIRE_MAX_BIASES];
	struct slice prompt;
};
WIRE_DECLARE(engine_generate);

struct wire_top {
	uint32_t token;
	float logprob;
	struct slice piece; /* its bytes: need not be UTF-8 */
};

struct wire_token {
	uint32_t token;
	bool is_first; /* of the prompt: nothing stands before it, so it has no likelihood */
	float logprob;
	uint16_t characters; /* of the text that begin in it */
	struct slice piece;
	uint16_t top_count;
	struct wire_top tops[WIRE_MAX_TOP];
};

/* What the text of a delta is. */
enum wire_part {
	WIRE_PART_TEXT,
	WIRE_PART_NAME,      /* of a function that is called; whole */
	WIRE_PART_ARGUMENTS, /* JSON, in pieces */
	WIRE_PART_COUNT,
};

/* Some text, whole characters of UTF-8 only, and (if asked for) the tokens it was made of. */
struct wire_engine_delta {
	struct slice text;
	enum wire_part part;
	uint32_t call; /* of a tool: which one, from 0 */
	uint16_t token_count;
	struct wire_token tokens[WIRE_MAX_TOKENS];
};
WIRE_DECLARE(engine_delta);

enum wire_finish {
	WIRE_FINISH_STOP,      /* the end token or a stop text */
	WIRE_FINISH_LENGTH,    /* max_tokens or the context is used up */
	WIRE_FINISH_CANCELLED, /* ENGINE_CANCEL */
	WIRE_FINISH_CALLS,     /* the end, and tools are called */
	WIRE_FINISH_COUNT,
};

struct wire_engine_done {
	enum wire_finish finish;
	uint32_t prompt_tokens;
	uint32_t cached_tokens; /* of those: need not be read, since they were kept */
	uint32_t completion_tokens;
};
WIRE_DECLARE(engine_done);

struct wire_engine_cancel {
	uint32_t call; /* of the ENGINE_GENERATE */
};
WIRE_DECLARE(engine_cancel);

struct wire_engine_tokenize {
	uint64_t pass;
	enum wire_prompt kind;
	bool is_bare;
	bool wants_pieces;
	uint32_t first; /* the answer begins with this token: one frame need not hold all */
	struct slice prompt;
};
WIRE_DECLARE(engine_tokenize);

struct wire_piece {
	uint32_t token;
	struct slice name; /* as the vocabulary writes it; empty if not wanted */
};

struct wire_engine_tokens {
	uint32_t total;   /* tokens of the prompt */
	uint32_t context; /* of the model */
	uint16_t count;   /* in this frame: none only at the end */
	struct wire_piece tokens[WIRE_MAX_PIECES];
};
WIRE_DECLARE(engine_tokens);

struct wire_engine_detokenize {
	uint64_t pass;
	struct slice tokens; /* ids, four bytes each */
};
WIRE_DECLARE(engine_detokenize);

struct wire_engine_text {
	struct slice text;
};
WIRE_DECLARE(engine_text);

#endif

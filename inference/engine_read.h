/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_read.h - the other half of engine.h: texts that are read and not gone on from. A list of
 * them is one job; its results come from within engine_step, text by text in their order. Between
 * two steps of those who write, one pass of reading: neither waits for the other's whole list.
 */
#ifndef INFERENCE_ENGINE_READ_H
#define INFERENCE_ENGINE_READ_H

#include "inference/engine.h"
#include "inference/reading/look.h"
#include "inference/reading/tasks.h"

enum { ENGINE_MAX_INPUTS = 2048, ENGINE_MAX_JOBS = 64, ENGINE_TRUNCATE_TO_LIMIT = -1 };

/* A text, or ids as they are, to which nothing is added. */
struct engine_input {
	struct slice text; /* UTF-8 */
	const uint32_t *ids;
	size_t id_count; /* 0: the text counts */
};

enum engine_length { ENGINE_LENGTH_MODEL, ENGINE_LENGTH_ONE, ENGINE_LENGTH_AS_IS };

struct engine_result {
	uint64_t id;
	size_t index;    /* of the input */
	size_t position; /* TASK_FILL_MASK: of the mask among its tokens */
	/* TASK_EMBED: the vector. TASK_CLASSIFY: what stands on each label, before softmax or
	 * sigmoid (labels_probabilities). TASK_FILL_MASK: the logarithm of each token's
	 * probability. The receiver may change them; borrowed for the call. */
	float *values;
	size_t value_count;
	const struct look *look; /* of engine_look, which has no values; borrowed for the call */
	size_t tokens;           /* of the input, after it was cut */
	bool is_input_end;       /* the last of this input */
	bool is_end;             /* the last of this job */
};

/* Not to be answered by a call into the engine. */
typedef void engine_result_fn(void *context, const struct engine_result *result);

struct engine_reading {
	enum task task;                    /* not TASK_GENERATE */
	const struct engine_input *inputs; /* 1..ENGINE_MAX_INPUTS, copied */
	size_t count;
	size_t first; /* how failures count the inputs: the first of these */
	/* 0: an input over the model's limit is ERR_LIMIT with the counts; else its first so many
	 * tokens are read, those around the text counted and kept. -1: as many as the limit. */
	int64_t truncate;
	enum engine_length length; /* of vectors: 1, if the model's own files say so, or always */
	size_t dimensions;         /* of vectors: the first so many, at length 1; 0: all */
	engine_result_fn *on_result;
	void *context;
};

/* `id` is the caller's, not in use by another reading. ERR_UNSUPPORTED: the model does not do this
 * task, and what it does; ERR_FORMAT, ERR_LIMIT, ERR_UNAVAILABLE. Nothing is read then. */
RESULT engine_read(struct engine *e, uint64_t id, const struct engine_reading *reading);

/* A text that is looked into (look.h); no task is needed. */
struct engine_looking {
	struct engine_input input;
	const struct look_ask *asks; /* copied */
	size_t ask_count;            /* 1..LOOK_MAX_ASKS */
	size_t reads;                /* the first of them; the rest are lenses */
	engine_result_fn *on_result; /* once */
	void *context;
};

/* As engine_read, of whose ids `id` is one. *tokens, an empty list, gets the text's. */
RESULT engine_look(struct engine *e, uint64_t id, const struct engine_looking *looking,
		   struct token_list *tokens);

/* No result comes any more. An unknown one is ignored. */
void engine_read_cancel(struct engine *e, uint64_t id);

uint32_t engine_tasks(const struct engine *e);
size_t engine_read_limit(const struct engine *e);  /* tokens of one input */
size_t engine_vector_size(const struct engine *e); /* of TASK_EMBED */

/* Borrowed; empty past the last. */
const char *engine_label(const struct engine *e, size_t label);
/* In place: from the values of TASK_CLASSIFY to probabilities, as the model was trained. */
void engine_label_probabilities(const struct engine *e, float *values, size_t count);

/* The id of a token by its name in the vocabulary: to look up a word behind a mask. */
RESULT engine_find_token(const struct engine *e, uint32_t *out, struct slice name);

/* ERR_UNSUPPORTED: names what the model can be asked for instead. */
RESULT engine_check_task(const struct engine *e, enum task task);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pooling.h - from the states of a text's tokens to one vector: which of them count, and how.
 *
 * A model says so in the files of sentence-transformers (modules.json, a folder's config.json,
 * sentence_bert_config.json), or in its GGUF file (pooling_type). One that does not say gets the
 * mean of all its tokens if it is an encoder, as sentence-transformers does; of a decoder only the
 * last token has seen the whole text, and that one is taken, as vLLM does.
 */
#ifndef INFERENCE_READING_POOLING_H
#define INFERENCE_READING_POOLING_H

#include "inference/format/source.h"
#include "inference/model/config.h"

enum pooling_mode {
	POOLING_FIRST,     /* "cls" */
	POOLING_LAST,      /* "lasttoken" */
	POOLING_MEAN,      /* "mean" */
	POOLING_MEAN_ROOT, /* "mean_sqrt_len": the sum over the root of how many */
	POOLING_WEIGHTED,  /* "weightedmean": the mean, weighted by 1, 2, 3, ... */
	POOLING_MAX,       /* "max": of each value */
};

struct pooling {
	enum pooling_mode mode;
	bool normalized; /* to length 1 */
	size_t limit;    /* tokens of a text that the model is meant for; 0: what it can hold */
};

/* ERR_UNSUPPORTED: the files ask for a step that is not known here; the text names it. */
RESULT pooling_read(struct pooling *out, struct model_files *files, const struct config *config);

/* The state at `position` (in order, from 0) of `count` into *sum, which begins as zeros. */
void pooling_add(enum pooling_mode mode, float *sum, const float *state, size_t position,
		 size_t count, size_t width);
/* After the last. */
void pooling_finish(enum pooling_mode mode, float *sum, size_t count, size_t width);

/* Does the vector depend on the state at `position` of `count`? */
bool pooling_wants(enum pooling_mode mode, size_t position, size_t count);

/* To length 1; zeros stay zeros. */
void pooling_normalize(float *values, size_t width);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load.h - what the loaders of a tokenizer.json share. A component that no loader knows is refused
 * by the name of its key and its value.
 */
#ifndef INFERENCE_TOKENIZER_LOAD_H
#define INFERENCE_TOKENIZER_LOAD_H

#include "inference/format/json.h"
#include "inference/tokenizer/parts.h"

#define LOAD_FILE "tokenizer.json"

enum { UNIGRAM_MAX_PIECE = 192 /* bytes; the work at each place of a text */ };

static inline bool load_is_absent(const json_t *value)
{
	return !value || json_is_null(value);
}

bool load_is_type(const json_t *component, const char *type);

/* ERR_UNSUPPORTED: the value of `what` is not known. */
RESULT load_not_known(const char *what, const json_t *value);
/* The same with the component's type, where it has one. */
RESULT load_not_known_type(const char *what, const json_t *component);

/* Copies a text into the tokenizer's arena. ERR_FORMAT, ERR_LIMIT past TOKENIZER_MAX_TOKEN. */
RESULT load_text(struct tokenizer *t, struct slice *out, const json_t *value, const char *what);

/* true or false; `missing` if it is not there. ERR_FORMAT for anything else. */
RESULT load_flag(bool *out, const json_t *component, const char *key, bool missing);

/* The members of a Sequence, of Sequences in it too, or the one component by itself; at most
 * TOKENIZER_MAX_STEPS. */
RESULT load_list(const json_t *steps[TOKENIZER_MAX_STEPS], size_t *count, const json_t *component,
		 const char *key);

/* A "pattern": {"String": ...} into `text` or {"Regex": ...} into `regex`. */
RESULT load_pattern(struct tokenizer *t, struct slice *text, struct regex **regex,
		    const json_t *component);

RESULT load_normalizer(struct tokenizer *t, const json_t *component);
RESULT load_pre_tokenizer(struct tokenizer *t, const json_t *component);
RESULT load_decoder(struct tokenizer *t, const json_t *component);
RESULT load_post_processor(struct tokenizer *t, const json_t *component);
RESULT load_model(struct tokenizer *t, void *json, const json_t *added);

/* What of every form of file becomes a tokenizer: `frame` has "normalizer", "pre_tokenizer",
 * "decoder", "added_tokens" and "post_processor" in tokenizer.json's words; the vocabulary, which
 * is large, comes from `model` out of `source`. `file` is for errors and must outlive *out. */
typedef enum err load_model_fn(struct tokenizer *t, void *source, const json_t *added);
RESULT load_frame(struct tokenizer **out, const char *file, const json_t *frame,
		  load_model_fn *model, void *source);

/* Room for `texts` tokens of `ids` ids, and the added ones. Once, before the first entry. */
RESULT load_begin(struct tokenizer *t, size_t texts, size_t ids, const json_t *added);
/* ERR_FORMAT if the text or the id is there already for another. */
RESULT load_entry(struct tokenizer *t, uint32_t id, struct slice text);
/* The same with a copy of the text, which is checked. */
RESULT load_copied_entry(struct tokenizer *t, uint32_t id, struct slice text);
/* All of {"token": id, ...}, load_begin included. */
RESULT load_vocabulary(struct tokenizer *t, json_t *map, const json_t *added);

RESULT load_merges_begin(struct tokenizer *t, size_t count);
/* ERR_FORMAT if the two are no tokens that make a third. */
RESULT load_merge(struct tokenizer *t, uint32_t rank, struct slice left, struct slice right);
RESULT load_merge_text(struct tokenizer *t, uint32_t rank, struct slice text); /* "left right" */
RESULT load_bad_merge(const struct tokenizer *t, size_t number);

/* Scores of a Unigram: room for that many pieces, each of its entries, and done. */
void load_scores_begin(struct tokenizer *t, size_t pieces);
RESULT load_score(struct tokenizer *t, uint32_t id, double score);
void load_scores_done(struct tokenizer *t);

/* "<0x0A>" is a newline where a text may become bytes, and where the decoder says so. */
void load_bytes(struct tokenizer *t);

#endif

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
RESULT load_model(struct tokenizer *t, const json_t *model, const json_t *added);

/* ERR_FORMAT if the text or the id is there already for another. */
RESULT load_entry(struct tokenizer *t, uint32_t id, struct slice text);

#endif

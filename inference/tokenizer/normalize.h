/* SPDX-License-Identifier: Apache-2.0 */
/*
 * normalize.h - what the "normalizer" of a tokenizer.json does to a text, step by step; the
 * replacements of a "decoder" are such steps as well.
 */
#ifndef INFERENCE_TOKENIZER_NORMALIZE_H
#define INFERENCE_TOKENIZER_NORMALIZE_H

#include "crypto/base/buf.h"
#include "inference/tokenizer/charsmap.h"
#include "inference/tokenizer/regex.h"
#include "inference/tokenizer/unicode.h"

enum normal_kind {
	NORMAL_PREPEND,
	NORMAL_REPLACE,       /* from -> to */
	NORMAL_REPLACE_REGEX, /* regex -> to */
	NORMAL_FORM,
	NORMAL_LOWERCASE,
	NORMAL_STRIP_ACCENTS, /* all marks */
	NORMAL_STRIP,         /* white space at the ends */
	NORMAL_CHARSMAP,
	NORMAL_BERT_CLEAN,   /* no control characters; each white space a space */
	NORMAL_BERT_HAN,     /* spaces around each Chinese character */
	NORMAL_BERT_ACCENTS, /* nonspacing marks only; decomposed before */
};

struct normal_step {
	enum normal_kind kind;
	struct slice from; /* not empty */
	struct slice to;
	struct regex *regex;       /* owned */
	struct charsmap *charsmap; /* owned */
	enum unicode_form form;
	bool strips_left, strips_right;
};

void normal_step_clear(struct normal_step *s);

/* Run the steps over `text`, which is UTF-8, into an empty buffer. ERR_LIMIT. */
RESULT normal_run(const struct normal_step *steps, size_t count, struct buf *out,
		  struct slice text);

#endif

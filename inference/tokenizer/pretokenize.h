/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pretokenize.h - from a normalized text to the pieces that the model sees one by one. The
 * components of a tokenizer.json become a few primitive steps: ByteLevel is up to three, a space
 * in front, a split, and bytes written as characters.
 */
#ifndef INFERENCE_TOKENIZER_PRETOKENIZE_H
#define INFERENCE_TOKENIZER_PRETOKENIZE_H

#include "crypto/base/buf.h"
#include "inference/tokenizer/regex.h"
#include "inference/tokenizer/unicode.h"

enum pre_kind {
	PRE_SPLIT,
	PRE_SPACE,     /* a space in front, unless there is one */
	PRE_METASPACE, /* `text` for each space; as `scheme` says, one in front */
	PRE_BYTES,     /* each byte as the character that stands for it */
};

enum pre_find { FIND_REGEX, FIND_TEXT, FIND_CLASS, FIND_WORDS };

enum pre_behavior {
	SPLIT_REMOVED,
	SPLIT_ISOLATED,
	SPLIT_MERGED_WITH_PREVIOUS,
	SPLIT_MERGED_WITH_NEXT,
	SPLIT_CONTIGUOUS,
};

enum pre_scheme { SCHEME_ALWAYS, SCHEME_FIRST, SCHEME_NEVER };

struct pre_step {
	enum pre_kind kind;
	enum pre_find find;
	enum pre_behavior behavior;
	bool inverts;
	struct regex *regex;   /* owned */
	struct slice text;     /* what to find, or the Metaspace */
	unicode_class *is_one; /* of FIND_CLASS */
	enum pre_scheme scheme;
};

/* Pieces of a text, one behind the other. */
struct pieces {
	struct buf text;
	struct piece {
		uint32_t end;  /* in `text`; it begins where the one before ends */
		bool is_first; /* it begins where the whole text does */
	} * list;
	size_t count;
	size_t capacity;
};
void pieces_free(struct pieces *p); /* fit for AUTO */

/* Cut `text` into an empty list. `limit`: bytes of all pieces. */
RESULT pre_run(const struct pre_step *steps, size_t count, struct pieces *out, struct slice text,
	       bool is_first, size_t limit);

/* The byte that a character of byte-level vocabularies stands for, or -1; and the other way. */
int byte_of_character(uint32_t character);
uint32_t character_of_byte(uint8_t byte);

#endif

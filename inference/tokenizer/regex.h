/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regex.h - the regular expressions of a tokenizer.json. They are written for Oniguruma and run by
 * PCRE2 (interpreted: the sandbox has no place for its JIT): regex_new translates what the two
 * read differently, and refuses what it does not know. Work upon a text is bounded by steps.
 */
#ifndef INFERENCE_TOKENIZER_REGEX_H
#define INFERENCE_TOKENIZER_REGEX_H

#include "crypto/base/buf.h"

enum { REGEX_MAX_PATTERN = 4096 }; /* bytes */

struct regex;

/* ERR_UNSUPPORTED, with the part not understood; ERR_LIMIT. */
RESULT regex_new(struct regex **out, struct slice pattern);
void regex_free(struct regex *r); /* NULL is fine */
AUTO_POINTER(regex)

/* A walk over the matches of one text from left to right. One thread at a time uses a regex. */
struct regex_walk {
	const struct regex *regex;
	struct slice text; /* UTF-8 */
	size_t at;         /* the next match begins here or later */
	size_t start, end; /* the last match, if `found` */
	bool found;
	uint64_t steps; /* left */
};
struct regex_walk regex_begin(const struct regex *r, struct slice text);
RESULT regex_next(struct regex_walk *w); /* ERR_LIMIT: too many steps */

/* From Oniguruma's syntax to PCRE2's: regex_new's first half. */
RESULT regex_translate(struct buf *out, struct slice pattern);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lexer.h - a template's text as tokens, one at a time. Whitespace control happens here: `-` and
 * `+` in tags, trim_blocks (the newline after a block), lstrip_blocks (blanks before one).
 */
#ifndef INFERENCE_TEMPLATE_LEXER_H
#define INFERENCE_TEMPLATE_LEXER_H

#include "crypto/base/arena.h"
#include "crypto/base/err.h"

enum { LEXER_MAX_NAME = 256 };

enum token_kind {
	TOKEN_END,   /* of the template */
	TOKEN_TEXT,  /* outside of tags */
	TOKEN_PRINT, /* {{ */
	TOKEN_BLOCK, /* {% */
	TOKEN_CLOSE, /* }} or %} */
	TOKEN_NAME,
	TOKEN_STRING, /* text is what it means, escapes resolved */
	TOKEN_INTEGER,
	TOKEN_FLOAT,
	TOKEN_SIGN, /* an operator or a bracket */
};

struct token {
	enum token_kind kind;
	struct slice text;
	size_t offset; /* in the template, for errors */
};

struct lexer {
	struct slice text;
	struct arena *arena; /* strings with escapes come from here */
	size_t at;
	size_t brackets;     /* open within the tag */
	enum token_kind tag; /* TOKEN_TEXT outside of tags */
	bool strip_next;     /* the last tag ended with `-` */
	bool trim_newline;   /* the last tag was a block or comment */
};

/* `text` is UTF-8 and outlives the tokens. */
struct lexer lexer_of(struct slice text, struct arena *arena);

/* ERR_FORMAT; lexer->at is where. */
RESULT lexer_next(struct token *out, struct lexer *l);

#endif

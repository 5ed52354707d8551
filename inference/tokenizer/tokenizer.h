/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tokenizer.h - text to token ids and back, as a tokenizer.json says: BPE (byte-level, or with byte
 * fallback), WordPiece, Unigram. Any component that we do not know is refused by name rather than
 * skipped, for a tokenizer that is nearly right gives answers that are nearly right.
 */
#ifndef INFERENCE_TOKENIZER_TOKENIZER_H
#define INFERENCE_TOKENIZER_TOKENIZER_H

#include "crypto/base/buf.h"
#include "inference/format/source.h"

enum {
	TOKENIZER_MAX_FILE = 64 << 20,      /* bytes of tokenizer.json */
	TOKENIZER_MAX_TEXT = 2 << 20,       /* bytes of one text to encode */
	TOKENIZER_MAX_VOCABULARY = 1 << 20, /* ids */
	TOKENIZER_MAX_MERGES = 1 << 21,
	TOKENIZER_MAX_ADDED = 1 << 14,
	TOKENIZER_MAX_TOKEN = 4096, /* bytes */
};

struct tokenizer;
struct gguf;

struct token_list {
	uint32_t *ids;
	size_t count;
	size_t capacity;
};
void token_list_push(struct token_list *l, uint32_t id);
void token_list_free(struct token_list *l); /* fit for AUTO */
void token_list_push(struct token_list *l, uint32_t id);

/* ERR_FORMAT: broken; ERR_UNSUPPORTED: a component not known here, named. */
RESULT tokenizer_open(struct tokenizer **out, struct slice json);
/* From a model's directory: tokenizer.json, else what there is instead of it; at last the metadata
 * of `gguf` (NULL: there is none). Failures name the file; ERR_NOT_FOUND: the one that is wanted
 * most. */
RESULT tokenizer_open_files(struct tokenizer **out, struct model_files *files,
			    const struct gguf *gguf);
void tokenizer_free(struct tokenizer *t); /* NULL is fine */
AUTO_POINTER(tokenizer)

size_t tokenizer_vocabulary(const struct tokenizer *t); /* largest id + 1 */

/* Encoding: one thread at a time uses a tokenizer (its expressions hold their matches).
 * Ids of a text with what the post-processor puts around it (BOS), into an empty list. Special
 * tokens written out in the text count as such: only for text of our own making (a template).
 * ERR_FORMAT if it is not UTF-8; ERR_LIMIT. */
RESULT tokenizer_encode(const struct tokenizer *t, struct token_list *out, struct slice text);
/* The same for what a stranger wrote: "</s>" in it is four characters and never the end of a
 * turn. No id of a special token but the unknown one comes from the text. */
RESULT tokenizer_encode_plain(const struct tokenizer *t, struct token_list *out, struct slice text);
/* The same without what the post-processor adds. */
RESULT tokenizer_encode_plain_bare(const struct tokenizer *t, struct token_list *out,
				   struct slice text);
/* A text of two authors, as chat templates make it, without what the post-processor adds: `own`
 * has a byte for each of the text's, and an added token, special or not, is one only where all of
 * them are 1. All else is as if the text had one author. (Added tokens that are nothing but white
 * space mean no more than that: they are found everywhere.) */
RESULT tokenizer_encode_marked(const struct tokenizer *t, struct token_list *out, struct slice text,
			       const uint8_t *own);
size_t tokenizer_added_behind(const struct tokenizer *t); /* ids it puts behind a text */
/* tokenizer_encode without what the post-processor adds. */
RESULT tokenizer_encode_bare(const struct tokenizer *t, struct token_list *out, struct slice text);

/* A special token (<s>, </s>): no text of its own. False for an id that there is not. */
bool tokenizer_is_special(const struct tokenizer *t, uint32_t id);

/* The token as the vocabulary writes it ("▁the", "<0x0A>"); empty for an id that there is not. */
struct slice tokenizer_token(const struct tokenizer *t, uint32_t id);

/* Append the token's bytes as text ("▁the" is " the", "<0x0A>" a newline, a special token
 * nothing). They may be part of a character only. `is_first`: the text begins here, and what the
 * normalizer put in front of it goes. */
void tokenizer_write_piece(const struct tokenizer *t, uint32_t id, bool is_first, struct buf *out);

/* Whole text of a list of ids, special tokens left out; always UTF-8. */
RESULT tokenizer_decode(const struct tokenizer *t, struct buf *out, const uint32_t *ids,
			size_t count);
/* The same with special tokens written as their names ("</s>"). */
RESULT tokenizer_decode_all(const struct tokenizer *t, struct buf *out, const uint32_t *ids,
			    size_t count);

#endif

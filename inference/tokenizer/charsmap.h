/* SPDX-License-Identifier: Apache-2.0 */
/*
 * charsmap.h - the "Precompiled" normalizer of models that came from SentencePiece (T5, XLM-R): a
 * table of replacements as a double-array trie (Darts), in base64. Foreign bytes: each step in the
 * trie is checked, and a walk is no longer than the text that it reads.
 */
#ifndef INFERENCE_TOKENIZER_CHARSMAP_H
#define INFERENCE_TOKENIZER_CHARSMAP_H

#include "crypto/base/buf.h"

enum { CHARSMAP_MAX = 4 << 20 /* bytes */ };

struct charsmap;

RESULT charsmap_new(struct charsmap **out, struct slice base64);      /* ERR_FORMAT, ERR_LIMIT */
RESULT charsmap_new_bytes(struct charsmap **out, struct slice bytes); /* the same, decoded */
void charsmap_free(struct charsmap *m);                               /* NULL is fine */
AUTO_POINTER(charsmap)

/* The replacement of the longest beginning of `text` that the table knows and that ends between two
 * characters; *size: of that beginning. False if there is none. Borrowed; maybe not UTF-8. */
bool charsmap_longest(const struct charsmap *m, struct slice text, size_t *size, struct slice *out);

/* Append the text, which is UTF-8, as replaced. ERR_FORMAT if a replacement is not UTF-8. */
RESULT charsmap_run(const struct charsmap *m, struct buf *out, struct slice text);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pieces.h - SentencePiece's own tokenizers: a normalizer over the whole text, and a Unigram or a
 * BPE over all of it. They come from a tokenizer.model, a spiece.model, or the metadata of a GGUF
 * file, which hold the same pieces with scores and kinds.
 */
#ifndef INFERENCE_TOKENIZER_PIECES_H
#define INFERENCE_TOKENIZER_PIECES_H

#include "inference/tokenizer/settings.h"

/* The numbers of sentencepiece_model.proto, and of GGUF. */
enum piece_kind {
	PIECE_NORMAL = 1,
	PIECE_UNKNOWN = 2,
	PIECE_CONTROL = 3,
	PIECE_USER_DEFINED = 4,
	PIECE_UNUSED = 5,
	PIECE_BYTE = 6,
};

struct piece_list {
	struct scored_piece {
		struct slice text; /* borrowed */
		float score;
		enum piece_kind kind;
	} * list;
	size_t count;
	bool is_unigram; /* else BPE */
	bool byte_fallback;
	struct slice charsmap; /* empty: none */
	bool adds_prefix;      /* a space before the text */
	bool strips_spaces;    /* those at the ends, and all but one between */
	bool escapes_spaces;   /* as U+2581 */
};

/* Makes a tokenizer of them. `s` names its special tokens; `post` is a post-processor in
 * tokenizer.json's words, or NULL. */
RESULT pieces_load(struct tokenizer **out, const char *file, const struct piece_list *p,
		   struct settings *s, const json_t *post);

/* Merges of a vocabulary that ranks its tokens instead of listing them: two tokens make a third
 * wherever they stand beside each other. `ranks`, by id: the smaller, the earlier; UINT32_MAX: not
 * one that text is made of. */
RESULT load_ranked_merges(struct tokenizer *t, const uint32_t *ranks);

/* SentencePiece's normalizer, for a tokenizer that has the pieces; it borrows their texts of it. */
struct piece_normalizer;
RESULT piece_normalizer_new(struct piece_normalizer **out, const struct tokenizer *t,
			    const struct piece_list *p);
void piece_normalizer_free(struct piece_normalizer *n); /* NULL is fine */
/* `is_first`: the text begins here, or what counts as a beginning. ERR_LIMIT, ERR_FORMAT. */
RESULT piece_normalize(const struct piece_normalizer *n, struct buf *out, struct slice text,
		       bool is_first);

#endif

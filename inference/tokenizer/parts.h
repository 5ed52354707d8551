/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parts.h - the inside of a tokenizer, shared by the files of this folder: load.c fills it from
 * JSON, bpe.c merges, tokenizer.c encodes and decodes.
 */
#ifndef INFERENCE_TOKENIZER_PARTS_H
#define INFERENCE_TOKENIZER_PARTS_H

#include "crypto/base/arena.h"
#include "inference/tokenizer/table.h"
#include "inference/tokenizer/tokenizer.h"

enum { TOKENIZER_MAX_STEPS = 16, TOKENIZER_MAX_AROUND = 16 };
#define TOKENIZER_NO_ID UINT32_MAX

/* What the normalizer does, in order. */
struct normal_step {
	enum { NORMAL_PREPEND, NORMAL_REPLACE } kind;
	struct slice from; /* of a replacement; not empty */
	struct slice to;
};

struct added_token {
	struct slice content; /* as matched: normalized if it says so */
	uint32_t id;
	bool strips_left, strips_right; /* it swallows white space beside it */
	bool normalized;                /* matched after normalization, else before */
};

/* Added tokens of one kind, for finding the longest at a place. */
struct added_set {
	struct added_token *tokens;
	size_t count;
	struct string_table table; /* content -> index in tokens */
	size_t *sizes;             /* the different sizes, largest first */
	size_t size_count;
	bool begins[256]; /* some token begins with this byte */
};

struct vocabulary_entry {
	struct slice text; /* data NULL: no such id */
	bool special;      /* has no text of its own */
	bool is_byte;      /* <0xNN> under byte fallback */
	uint8_t byte;
};

struct tokenizer {
	struct arena arena; /* all strings */
	struct vocabulary_entry *entries;
	size_t entry_count;
	struct string_table ids;
	struct pair_table merges;

	struct normal_step normal_steps[TOKENIZER_MAX_STEPS];
	size_t normal_count;
	struct added_set raw;        /* found in the text as it came */
	struct added_set normalized; /* found in the normalized text */

	bool byte_fallback;
	bool fuse_unknown;
	bool ignore_merges; /* a whole segment that is a token is that token */
	uint32_t unknown;   /* or TOKENIZER_NO_ID */
	uint32_t byte_ids[256];

	struct normal_step decode_steps[TOKENIZER_MAX_STEPS]; /* replacements only */
	size_t decode_count;
	struct slice strip; /* what goes from the beginning of a decoded text, at most ... */
	size_t strip_count; /* ... so often */

	uint32_t before[TOKENIZER_MAX_AROUND]; /* the post-processor's */
	size_t before_count;
	uint32_t after[TOKENIZER_MAX_AROUND];
	size_t after_count;
};

uint32_t tokenizer_find(const struct tokenizer *t, struct slice token); /* or TOKENIZER_NO_ID */

/* Run the steps over `text`, into an empty buffer. */
RESULT normal_run(const struct normal_step *steps, size_t count, struct buf *out,
		  struct slice text);

void added_set_index(struct added_set *set);
void added_set_clear(struct added_set *set);

void token_list_push(struct token_list *l, uint32_t id);

/* Append the ids of one normalized segment. */
void bpe_encode(const struct tokenizer *t, struct token_list *out, struct slice segment);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parts.h - the inside of a tokenizer, shared by the files of this folder: load*.c fill it from
 * JSON, added.c finds added tokens, bpe.c, wordpiece.c and unigram.c are the models, decode.c goes
 * the way back, tokenizer.c puts them together.
 */
#ifndef INFERENCE_TOKENIZER_PARTS_H
#define INFERENCE_TOKENIZER_PARTS_H

#include "crypto/base/arena.h"
#include "inference/tokenizer/normalize.h"
#include "inference/tokenizer/pretokenize.h"
#include "inference/tokenizer/table.h"
#include "inference/tokenizer/tokenizer.h"

enum { TOKENIZER_MAX_STEPS = 16, TOKENIZER_MAX_AROUND = 16 };
#define TOKENIZER_NO_ID UINT32_MAX

struct added_token {
	struct slice content; /* as matched: normalized if it says so */
	uint32_t id;
	bool strips_left, strips_right; /* it swallows white space beside it */
	bool single_word;               /* not within a word */
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
	bool is_byte;      /* <0xNN> under a ByteFallback decoder */
	uint8_t byte;
};

enum model_kind { MODEL_BPE, MODEL_WORDPIECE, MODEL_UNIGRAM };

enum decoder_kind {
	DECODER_JOIN,      /* none was given: a space between two tokens, as the reference has it */
	DECODER_PLAIN,     /* the steps only */
	DECODER_BYTES,     /* characters are bytes: the way back of PRE_BYTES */
	DECODER_WORDPIECE, /* a space before a token that does not begin with the prefix */
	DECODER_METASPACE, /* a space for each Metaspace, nothing for those of the first token */
};

struct tokenizer {
	const char *file;   /* where it comes from, for errors */
	struct arena arena; /* all strings */
	struct vocabulary_entry *entries;
	size_t entry_count;
	struct string_table ids;
	enum model_kind model;
	uint32_t unknown; /* or TOKENIZER_NO_ID */

	struct normal_step normal_steps[TOKENIZER_MAX_STEPS];
	size_t normal_count;
	struct pre_step pre_steps[TOKENIZER_MAX_STEPS];
	size_t pre_count;
	struct piece_normalizer *pieces; /* SentencePiece's, instead of normal_steps; or NULL */
	bool prefixes_each;              /* its space in front stands behind special tokens, too */
	struct added_set raw;            /* found in the text as it came */
	struct added_set normalized;     /* found in the normalized text */

	/* BPE */
	struct pair_table merges;
	bool byte_fallback; /* of Unigram, too */
	bool fuse_unknown;
	bool ignore_merges; /* a whole segment that is a token is that token */
	uint32_t byte_ids[256];

	/* WordPiece */
	struct slice prefix; /* of a token that goes on with a word */
	size_t word_max;     /* characters; a longer word is unknown */
	size_t token_max;    /* bytes of the longest token */

	/* Unigram */
	double *scores;   /* by id */
	uint32_t *sorted; /* ids in the order of their texts */
	size_t sorted_count;
	double unknown_score;
	bool adds_floats; /* sums are rounded as SentencePiece does */

	enum decoder_kind decoder;
	bool decodes_bytes;                                   /* "<0x0A>" is a newline */
	struct normal_step decode_steps[TOKENIZER_MAX_STEPS]; /* replacements only */
	size_t decode_count;
	struct slice strip;  /* what goes from the beginning of a decoded text, at most ... */
	size_t strip_count;  /* ... so often */
	struct slice marker; /* WordPiece's prefix or the Metaspace */
	bool cleans;         /* WordPiece: no space before a full stop, and so on */
	bool drops_first;    /* Metaspace */

	uint32_t before[TOKENIZER_MAX_AROUND]; /* the post-processor's */
	size_t before_count;
	uint32_t after[TOKENIZER_MAX_AROUND];
	size_t after_count;
};

uint32_t tokenizer_find(const struct tokenizer *t, struct slice token); /* or TOKENIZER_NO_ID */
/* The same, but no special token: those are split off before, what is left never becomes one. */
uint32_t tokenizer_find_text(const struct tokenizer *t, struct slice token);

void added_set_index(struct added_set *set);
void added_set_clear(struct added_set *set);
/* The size of the longest that `text`, which is not empty, begins with; 0: none. */
size_t added_set_longest(const struct added_set *set, struct slice text);

/* What finds the added tokens of a set in a text: `found` hears their ids, `between` what stands
 * between them, in order. */
struct added_walk {
	const struct tokenizer *tokenizer;
	const struct added_set *set;
	bool reads_special; /* special tokens written out in the text count as such */
	const uint8_t *own; /* of tokenizer_encode_marked, for the text that is split; or NULL */
	void *context;
	void (*found)(void *context, uint32_t id);
	enum err (*between)(void *context, struct slice text,
			    size_t at); /* at: in the whole text */
};
RESULT added_split(const struct added_walk *w, struct slice text);

/* Append the ids of one piece. */
void bpe_encode(const struct tokenizer *t, struct token_list *out, struct slice segment);
void wordpiece_encode(const struct tokenizer *t, struct token_list *out, struct slice word);
void unigram_encode(const struct tokenizer *t, struct token_list *out, struct slice piece);

/* Append the ids of the bytes of `text`, if each of them has one. */
bool tokenizer_push_bytes(const struct tokenizer *t, struct token_list *out, struct slice text);

#endif

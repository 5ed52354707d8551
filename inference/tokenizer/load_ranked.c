/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_ranked.c - merges of vocabularies without a list of them (SentencePiece's BPE, tiktoken):
 * wherever two tokens make a third, they may be merged, and the third's rank says when. Each way to
 * cut each token in two is looked up once here, so that bpe.c need not compare texts.
 */
#include <assert.h>
#include <stdlib.h>

#include "inference/tokenizer/pieces.h"

enum { WORK_MAX = 1 << 29 /* bytes hashed; real vocabularies of 256,000 tokens need 2 % */ };

struct cutting {
	struct tokenizer *tokenizer;
	const uint32_t *ranks;
	size_t count; /* of pairs so far */
	size_t work;
	bool keeps; /* the second time: there is room for them */
};

static uint32_t find_ranked(const struct cutting *c, struct slice text)
{
	uint32_t id = tokenizer_find(c->tokenizer, text);

	return id != TOKENIZER_NO_ID && c->ranks[id] != UINT32_MAX ? id : TOKENIZER_NO_ID;
}

/* A text is made of its characters, so all of them must be tokens. */
static enum err check_characters(const struct cutting *c, uint32_t id)
{
	struct slice text = c->tokenizer->entries[id].text;

	for (size_t at = 0; at < text.size;) {
		struct slice one = slice_part(text, at, unicode_size(text.data[at]));

		if (find_ranked(c, one) == TOKENIZER_NO_ID)
			return failure(ERR_UNSUPPORTED,
				       "%s: token %u has a character that is no token by itself",
				       c->tokenizer->file, id);
		at += one.size;
	}
	return OK;
}

static enum err cut(struct cutting *c, uint32_t id)
{
	struct tokenizer *t = c->tokenizer;
	struct slice text = t->entries[id].text;

	for (size_t at = unicode_size(text.data[0]); at < text.size;
	     at += unicode_size(text.data[at])) {
		uint32_t left = find_ranked(c, slice_part(text, 0, at));
		uint32_t right = TOKENIZER_NO_ID;

		c->work += text.size;
		if (c->work > WORK_MAX || c->count > TOKENIZER_MAX_MERGES)
			return failure(ERR_LIMIT, "%s: more than %d merges, or tokens too long",
				       t->file, TOKENIZER_MAX_MERGES);
		if (left != TOKENIZER_NO_ID)
			right = find_ranked(c, slice_part(text, at, text.size - at));
		if (right == TOKENIZER_NO_ID)
			continue;
		c->count++;
		if (c->keeps)
			*pair_table_row(&t->merges, left, right) = (struct pair_row){
				.pair = (uint64_t)left << 32 | right,
				.rank = c->ranks[id],
				.merged = id,
				.used = true};
	}
	return OK;
}

static enum err cut_all(struct cutting *c)
{
	for (uint32_t id = 0; id < c->tokenizer->entry_count; id++) {
		if (c->ranks[id] == UINT32_MAX)
			continue;
		TRY(check_characters(c, id));
		TRY(cut(c, id));
	}
	return OK;
}

enum err load_ranked_merges(struct tokenizer *t, const uint32_t *ranks)
{
	struct cutting counting = {.tokenizer = t, .ranks = ranks};
	struct cutting keeping = {.tokenizer = t, .ranks = ranks, .keeps = true};

	TRY(cut_all(&counting));
	TRY(load_merges_begin(t, counting.count));
	return cut_all(&keeping);
}

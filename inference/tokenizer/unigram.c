/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unigram.c - SentencePiece's Unigram model (Kudo 2018): of all ways to cut a piece into tokens the
 * one with the largest sum of scores, found from the left (Viterbi), as Hugging Face's
 * encode_optimized does, ties included. At each place the tokens that begin there are found by
 * narrowing a range of the sorted vocabulary, byte for byte: at most UNIGRAM_MAX_PIECE steps.
 */
#include <assert.h>
#include <stdlib.h>

#include "inference/tokenizer/parts.h"

/* The best way to cut the text that ends here. */
struct best {
	double score;
	uint32_t id;
	uint32_t start; /* of its last token; UINT32_MAX: none reaches here */
};

struct range {
	size_t low, high; /* of t->sorted */
};

/* Those of the range, which share `depth` bytes, whose next byte is `byte`. */
static struct range narrow(const struct tokenizer *t, struct range r, size_t depth, uint8_t byte)
{
	struct range out = r;

	for (size_t high = r.high; out.low < high;) {
		size_t middle = out.low + (high - out.low) / 2;
		struct slice s = t->entries[t->sorted[middle]].text;

		if (s.size <= depth || s.data[depth] < byte)
			out.low = middle + 1;
		else
			high = middle;
	}
	for (size_t low = out.low; low < out.high;) {
		size_t middle = low + (out.high - low) / 2;
		struct slice s = t->entries[t->sorted[middle]].text;

		if (s.data[depth] <= byte)
			low = middle + 1;
		else
			out.high = middle;
	}
	return out;
}

/* SentencePiece compares a sum in double precision with sums that it has kept in single. */
static void offer(const struct tokenizer *t, struct best *b, const struct best *from, double score)
{
	if (b->start != UINT32_MAX && score <= b->score)
		return;
	*b = *from;
	b->score = t->adds_floats ? (double)(float)score : score;
}

static void go_on_from(const struct tokenizer *t, struct best *best, struct slice text, size_t at)
{
	struct range range = {0, t->sorted_count};
	double until_here = best[at].score;
	size_t one = unicode_size(text.data[at]);
	bool has_one = false;

	for (size_t depth = 0; at + depth < text.size; depth++) {
		range = narrow(t, range, depth, text.data[at + depth]);
		if (range.low == range.high)
			break;
		for (size_t i = range.low;
		     i < range.high && t->entries[t->sorted[i]].text.size == depth + 1; i++) {
			uint32_t id = t->sorted[i];

			if (t->entries[id].special)
				continue;
			offer(t, &best[at + depth + 1],
			      &(struct best){.id = id, .start = (uint32_t)at},
			      until_here + t->scores[id]);
			has_one = has_one || depth + 1 == one;
		}
	}
	if (has_one)
		return;
	until_here += t->unknown_score;
	offer(t, &best[at + one], &(struct best){.id = t->unknown, .start = (uint32_t)at},
	      t->adds_floats ? (double)(float)until_here : until_here);
}

/* Unknown characters in a row are one token, or their bytes. */
static void push_path(const struct tokenizer *t, struct token_list *out, struct slice text,
		      const struct best *best)
{
	uint32_t *ends = calloc(text.size + 1, sizeof *ends);
	size_t count = 0;
	size_t unknown = 0; /* bytes of unknown characters before this token */

	assert(ends);
	for (size_t end = text.size; end > 0; end = best[end].start)
		ends[count++] = (uint32_t)end;
	while (count-- > 0) {
		const struct best *b = &best[ends[count]];

		if (b->id == t->unknown)
			unknown += ends[count] - b->start;
		if (b->id == t->unknown && count > 0 && best[ends[count - 1]].id == t->unknown)
			continue;
		if (b->id != t->unknown)
			token_list_push(out, b->id);
		else if (!t->byte_fallback ||
			 !tokenizer_push_bytes(t, out,
					       slice_part(text, ends[count] - unknown, unknown)))
			token_list_push(out, t->unknown);
		unknown = 0;
	}
	free(ends);
}

void unigram_encode(const struct tokenizer *t, struct token_list *out, struct slice piece)
{
	struct best *best = calloc(piece.size + 1, sizeof *best);

	assert(best);
	for (size_t i = 1; i <= piece.size; i++)
		best[i].start = UINT32_MAX;
	for (size_t at = 0; at < piece.size; at += unicode_size(piece.data[at]))
		go_on_from(t, best, piece, at);
	push_path(t, out, piece, best);
	free(best);
}

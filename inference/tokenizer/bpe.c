/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bpe.c - byte pair encoding of one segment: characters as symbols in a linked list, and a heap
 * of the merges that are possible, best rank first, leftmost among equals. n characters take
 * O(n log n). Source: Sennrich, Haddow, Birch 2016; the order is that of Hugging Face tokenizers.
 */
#include <assert.h>
#include <stdlib.h>

#include "inference/tokenizer/parts.h"

#define NONE UINT32_MAX

struct symbol {
	uint32_t id; /* NONE: merged into the one before it */
	uint32_t before;
	uint32_t after;
};

struct merge {
	uint32_t rank;
	uint32_t at; /* the left symbol */
	uint32_t merged;
};

struct work {
	const struct tokenizer *tokenizer;
	struct symbol *symbols;
	size_t count;
	struct merge *heap;
	size_t heap_count;
};

static bool is_better(const struct merge *a, const struct merge *b)
{
	return a->rank < b->rank || (a->rank == b->rank && a->at < b->at);
}

static void heap_push(struct work *w, struct merge m)
{
	size_t i = w->heap_count++;

	while (i > 0 && is_better(&m, &w->heap[(i - 1) / 2])) {
		w->heap[i] = w->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	w->heap[i] = m;
}

static struct merge heap_pop(struct work *w)
{
	struct merge top = w->heap[0];
	struct merge last = w->heap[--w->heap_count];
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= w->heap_count)
			break;
		if (child + 1 < w->heap_count && is_better(&w->heap[child + 1], &w->heap[child]))
			child++;
		if (!is_better(&w->heap[child], &last))
			break;
		w->heap[i] = w->heap[child];
		i = child;
	}
	w->heap[i] = last;
	return top;
}

static const struct pair_row *pair_at(const struct work *w, uint32_t left)
{
	const struct symbol *s = &w->symbols[left];
	const struct pair_row *row;

	if (s->id == NONE || s->after == NONE)
		return NULL;
	row = pair_table_row(&w->tokenizer->merges, s->id, w->symbols[s->after].id);
	return row->used && !w->tokenizer->entries[row->merged].special ? row : NULL;
}

static void consider(struct work *w, uint32_t left)
{
	const struct pair_row *row = left == NONE ? NULL : pair_at(w, left);

	if (row)
		heap_push(w, (struct merge){row->rank, left, row->merged});
}

static void push_symbol(struct work *w, uint32_t id)
{
	uint32_t at = (uint32_t)w->count++;

	w->symbols[at] = (struct symbol){id, at - 1, NONE}; /* 0 - 1 is NONE */
	if (at > 0)
		w->symbols[at - 1].after = at;
}

static bool push_bytes(struct work *w, struct slice character)
{
	const uint32_t *ids = w->tokenizer->byte_ids;

	if (!w->tokenizer->byte_fallback)
		return false;
	for (size_t i = 0; i < character.size; i++)
		if (ids[character.data[i]] == TOKENIZER_NO_ID)
			return false;
	for (size_t i = 0; i < character.size; i++)
		push_symbol(w, ids[character.data[i]]);
	return true;
}

/* The text is UTF-8: tokenizer_encode has looked. */
static void split_characters(struct work *w, struct slice segment)
{
	const struct tokenizer *t = w->tokenizer;
	bool last_unknown = false;

	for (size_t at = 0; at < segment.size;) {
		struct slice c = slice_part(segment, at, unicode_size(segment.data[at]));
		uint32_t id = tokenizer_find_text(t, c);
		bool unknown = false;

		if (id != TOKENIZER_NO_ID) {
			push_symbol(w, id);
		} else if (!push_bytes(w, c)) {
			unknown = t->unknown != TOKENIZER_NO_ID;
			if (unknown && !(last_unknown && t->fuse_unknown))
				push_symbol(w, t->unknown);
		}
		last_unknown = unknown;
		at += c.size;
	}
}

static void merge_all(struct work *w)
{
	for (uint32_t i = 0; i < w->count; i++)
		consider(w, i);
	while (w->heap_count > 0) {
		struct merge m = heap_pop(w);
		const struct pair_row *row = pair_at(w, m.at);
		struct symbol *left = &w->symbols[m.at];
		struct symbol *right;

		if (!row || row->merged != m.merged)
			continue; /* one of the two has gone into another merge since */
		right = &w->symbols[left->after];
		left->id = m.merged;
		right->id = NONE;
		left->after = right->after;
		if (left->after != NONE)
			w->symbols[left->after].before = m.at;
		consider(w, left->before);
		consider(w, m.at);
	}
}

void bpe_encode(const struct tokenizer *t, struct token_list *out, struct slice segment)
{
	struct work w = {.tokenizer = t};
	uint32_t whole = t->ignore_merges ? tokenizer_find_text(t, segment) : TOKENIZER_NO_ID;

	if (segment.size == 0)
		return;
	if (whole != TOKENIZER_NO_ID) {
		token_list_push(out, whole);
		return;
	}
	/* One symbol a byte at most; each is considered once, and twice more for every merge. */
	w.symbols = calloc(segment.size, sizeof *w.symbols);
	w.heap = calloc(3 * segment.size, sizeof *w.heap);
	assert(w.symbols && w.heap);
	split_characters(&w, segment);
	merge_all(&w);
	for (size_t i = 0; i < w.count; i++)
		if (w.symbols[i].id != NONE)
			token_list_push(out, w.symbols[i].id);
	free(w.symbols);
	free(w.heap);
}

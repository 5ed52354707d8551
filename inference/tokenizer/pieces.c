/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* qsort_r */
#include "inference/tokenizer/pieces.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

static enum err check_piece(const struct tokenizer *t, const struct piece_list *p, uint32_t id)
{
	const struct scored_piece *piece = &p->list[id];

	if (piece->text.size == 0 || !isfinite(piece->score))
		return failure(ERR_FORMAT, "%s: piece %u has no text, or no number as its score",
			       t->file, id);
	if (piece->kind == PIECE_BYTE && !p->byte_fallback)
		return failure(ERR_FORMAT, "%s: piece %u is a byte, but \"byte_fallback\" is false",
			       t->file, id);
	if (piece->kind == PIECE_UNUSED && !p->is_unigram)
		return failure(
			ERR_UNSUPPORTED,
			"%s: piece %u is of the kind \"unused\", which in a BPE is not known "
			"to this engine",
			t->file, id);
	return OK;
}

static enum err load_entries(struct tokenizer *t, const struct piece_list *p, const json_t *added)
{
	TRY(load_begin(t, p->count, p->count, added));
	for (uint32_t id = 0; id < p->count; id++) {
		enum piece_kind kind = p->list[id].kind;

		TRY(check_piece(t, p, id));
		TRY(load_copied_entry(t, id, p->list[id].text));
		t->entries[id].special = kind == PIECE_CONTROL || kind == PIECE_UNKNOWN;
		if (kind == PIECE_UNKNOWN && t->unknown != TOKENIZER_NO_ID)
			return failure(ERR_FORMAT, "%s: two unknown pieces", t->file);
		if (kind == PIECE_UNKNOWN)
			t->unknown = id;
	}
	if (t->unknown == TOKENIZER_NO_ID)
		return failure(ERR_FORMAT, "%s: there is no unknown piece", t->file);
	return OK;
}

/* A user-defined piece outdoes all others: so does SentencePiece. */
static enum err load_unigram(struct tokenizer *t, const struct piece_list *p)
{
	float smallest = INFINITY;
	float largest = -INFINITY;

	t->model = MODEL_UNIGRAM;
	t->adds_floats = true;
	for (size_t i = 0; i < p->count; i++) {
		if (p->list[i].kind != PIECE_NORMAL)
			continue;
		smallest = fminf(smallest, p->list[i].score);
		largest = fmaxf(largest, p->list[i].score);
	}
	if (smallest > largest) /* no normal piece at all */
		smallest = largest = 0;
	load_scores_begin(t, p->count);
	for (uint32_t id = 0; id < p->count; id++) {
		const struct scored_piece *piece = &p->list[id];
		double bonus = (double)((float)piece->text.size * largest) - 0.1;

		if (piece->kind == PIECE_NORMAL)
			TRY(load_score(t, id, (double)piece->score));
		else if (piece->kind == PIECE_USER_DEFINED)
			TRY(load_score(t, id, bonus));
	}
	load_scores_done(t);
	t->unknown_score = (double)(smallest - 10.0f);
	return OK;
}

static int larger_first(const void *a, const void *b, void *context)
{
	const struct scored_piece *list = context;
	float x = list[*(const uint32_t *)a].score;
	float y = list[*(const uint32_t *)b].score;

	return (x < y) - (x > y);
}

/* Pieces of the same score have the same rank: of those the leftmost in a text comes first. What is
 * user-defined is found before, and takes no part. */
static enum err load_bpe(struct tokenizer *t, const struct piece_list *p)
{
	uint32_t *order = calloc(p->count + 1, sizeof *order);
	uint32_t *ranks = calloc(t->entry_count + 1, sizeof *ranks);
	size_t count = 0;
	enum err result;

	assert(order && ranks);
	t->model = MODEL_BPE;
	t->byte_fallback = p->byte_fallback;
	t->fuse_unknown = true;
	memset(ranks, 0xff, (t->entry_count + 1) * sizeof *ranks);
	for (uint32_t id = 0; id < p->count; id++)
		if (p->list[id].kind == PIECE_NORMAL)
			order[count++] = id;
	qsort_r(order, count, sizeof *order, larger_first, p->list);
	for (size_t i = 0; i < count; i++) {
		bool is_same = i > 0 && p->list[order[i]].score >= p->list[order[i - 1]].score;

		ranks[order[i]] = is_same ? ranks[order[i - 1]] : (uint32_t)i;
	}
	result = load_ranked_merges(t, ranks);
	free(order);
	free(ranks);
	return result;
}

static enum err load_piece_model(struct tokenizer *t, void *source, const json_t *added)
{
	const struct piece_list *p = source;

	t->byte_fallback = p->byte_fallback;
	TRY(load_entries(t, p, added));
	return p->is_unigram ? load_unigram(t, p) : load_bpe(t, p);
}

/* What texts may not be cut into, and what has no text of its own. A Unigram finds user-defined
 * pieces itself. */
static enum err list_added(json_t **out, const struct piece_list *p, const struct settings *s)
{
	AUTO(json_auto) json_t *list = settings_list(s);

	for (uint32_t id = 0; id < p->count; id++) {
		const struct scored_piece *piece = &p->list[id];
		bool special = piece->kind == PIECE_CONTROL || piece->kind == PIECE_UNKNOWN;

		if ((!special && (piece->kind != PIECE_USER_DEFINED || p->is_unigram)) ||
		    string_table_row(&s->by_text, piece->text)->key.data)
			continue;
		if (!slice_is_utf8(piece->text) || json_array_size(list) >= TOKENIZER_MAX_ADDED)
			return failure(ERR_FORMAT,
				       "piece %u: not UTF-8, or more than %d added tokens", id,
				       TOKENIZER_MAX_ADDED);
		json_array_append_new(list, json_pack("{s:I,s:s%,s:b,s:b}", "id", (json_int_t)id,
						      "content", (const char *)piece->text.data,
						      piece->text.size, "special", special,
						      "normalized", !special));
	}
	*out = list;
	list = NULL; /* given away */
	return OK;
}

static json_t *decoder_of(const struct piece_list *p)
{
	json_t *list = json_pack("[{s:s,s:{s:s},s:s}]", "type", "Replace", "pattern", "String",
				 "\xe2\x96\x81", "content", " ");

	if (p->byte_fallback)
		json_array_append_new(list, json_pack("{s:s}", "type", "ByteFallback"));
	json_array_append_new(list, json_pack("{s:s}", "type", "Fuse"));
	if (p->adds_prefix || p->strips_spaces)
		json_array_append_new(list, json_pack("{s:s,s:s,s:i,s:i}", "type", "Strip",
						      "content", " ", "start", 1, "stop", 0));
	return json_pack("{s:s,s:o}", "type", "Sequence", "decoders", list);
}

enum err pieces_load(struct tokenizer **out, const char *file, const struct piece_list *p,
		     struct settings *s, const json_t *post)
{
	AUTO(tokenizer_auto) struct tokenizer *t = NULL;
	AUTO(json_auto) json_t *frame = json_object();
	json_t *added = NULL;

	TRY(list_added(&added, p, s));
	json_object_set_new(frame, "added_tokens", added);
	json_object_set_new(frame, "decoder", decoder_of(p));
	if (post)
		json_object_set_new(frame, "post_processor", json_deep_copy(post));
	TRY(load_frame(&t, file, frame, load_piece_model, (void *)(uintptr_t)p));
	TRY(piece_normalizer_new(&t->pieces, t, p));
	*out = t;
	t = NULL; /* given away */
	return OK;
}

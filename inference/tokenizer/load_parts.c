/* SPDX-License-Identifier: Apache-2.0 */
/* load_parts.c - what the models of all files are made of: entries, merges, scores, bytes. */
#define _GNU_SOURCE /* qsort_r */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "inference/tokenizer/load.h"

enum { SHOWN = 60 };

enum err load_begin(struct tokenizer *t, size_t texts, size_t ids, const json_t *added)
{
	uint64_t id;

	if (ids > TOKENIZER_MAX_VOCABULARY || texts > TOKENIZER_MAX_VOCABULARY ||
	    json_array_size(added) > TOKENIZER_MAX_ADDED)
		return failure(ERR_LIMIT, "%s: more than %d tokens, or %d added ones", t->file,
			       TOKENIZER_MAX_VOCABULARY, TOKENIZER_MAX_ADDED);
	string_table_init(&t->ids, texts + json_array_size(added));
	t->entry_count = ids;
	for (size_t i = 0; i < json_array_size(added); i++) {
		TRY(json_read_integer(&id, json_object_get(json_array_get(added, i), "id"),
				      TOKENIZER_MAX_VOCABULARY - 1, t->file, "id"));
		t->entry_count = id >= t->entry_count ? (size_t)id + 1 : t->entry_count;
	}
	t->entries = calloc(t->entry_count + 1, sizeof *t->entries);
	assert(t->entries);
	return OK;
}

enum err load_entry(struct tokenizer *t, uint32_t id, struct slice text)
{
	struct string_row *row = string_table_row(&t->ids, text);

	if (row->key.data && row->value == id)
		return OK; /* an added token that the vocabulary has as well */
	if (row->key.data || t->entries[id].text.data)
		return failure(ERR_FORMAT, "%s: token \"%.*s\" or id %u stands there twice",
			       t->file, text.size < SHOWN ? (int)text.size : SHOWN,
			       (const char *)text.data, id);
	*row = (struct string_row){text, id};
	t->entries[id].text = text;
	return OK;
}

enum err load_copied_entry(struct tokenizer *t, uint32_t id, struct slice text)
{
	if (text.size > TOKENIZER_MAX_TOKEN)
		return failure(ERR_LIMIT, "%s: token %u has %zu bytes, at most %d", t->file, id,
			       text.size, TOKENIZER_MAX_TOKEN);
	if (!slice_is_utf8(text))
		return failure(ERR_FORMAT, "%s: token %u is not UTF-8", t->file, id);
	return load_entry(t, id, slice_of(arena_string(&t->arena, text), text.size));
}

enum err load_vocabulary(struct tokenizer *t, json_t *map, const json_t *added)
{
	size_t ids = 0;
	const char *text;
	json_t *value;
	uint64_t id;

	if (!json_is_object(map))
		return failure(ERR_FORMAT, "%s: \"vocab\" is not an object", t->file);
	json_object_foreach(map, text, value)
	{
		TRY(json_read_integer(&id, value, TOKENIZER_MAX_VOCABULARY - 1, t->file, "vocab"));
		ids = id >= ids ? (size_t)id + 1 : ids;
	}
	TRY(load_begin(t, json_object_size(map), ids, added));
	json_object_foreach(map, text, value) TRY(
		load_copied_entry(t, (uint32_t)json_integer_value(value), slice_of_string(text)));
	return OK;
}

enum err load_bad_merge(const struct tokenizer *t, size_t number)
{
	return failure(ERR_FORMAT,
		       "%s: merge %zu is not two tokens that make a third (broken file?)", t->file,
		       number + 1);
}

enum err load_merges_begin(struct tokenizer *t, size_t count)
{
	if (count > TOKENIZER_MAX_MERGES)
		return failure(ERR_LIMIT, "%s: more than %d merges", t->file, TOKENIZER_MAX_MERGES);
	pair_table_init(&t->merges, count);
	return OK;
}

enum err load_merge(struct tokenizer *t, uint32_t rank, struct slice left, struct slice right)
{
	uint8_t joined[TOKENIZER_MAX_TOKEN];
	uint32_t a = tokenizer_find(t, left);
	uint32_t b = tokenizer_find(t, right);
	uint32_t merged;

	if (left.size == 0 || right.size == 0 || left.size + right.size > TOKENIZER_MAX_TOKEN)
		return load_bad_merge(t, rank);
	memcpy(joined, left.data, left.size);
	memcpy(joined + left.size, right.data, right.size);
	merged = tokenizer_find(t, slice_of(joined, left.size + right.size));
	if (a == TOKENIZER_NO_ID || b == TOKENIZER_NO_ID || merged == TOKENIZER_NO_ID)
		return load_bad_merge(t, rank);
	*pair_table_row(&t->merges, a, b) = (struct pair_row){
		.pair = (uint64_t)a << 32 | b, .rank = rank, .merged = merged, .used = true};
	return OK;
}

enum err load_merge_text(struct tokenizer *t, uint32_t rank, struct slice text)
{
	struct slice left;
	struct slice right;

	if (!slice_cut(text, ' ', &left, &right) || slice_find(right, ' ') < right.size)
		return load_bad_merge(t, rank);
	return load_merge(t, rank, left, right);
}

void load_bytes(struct tokenizer *t)
{
	char text[8];

	for (int byte = 0; byte < 256; byte++) {
		uint32_t id;

		snprintf(text, sizeof text, "<0x%02X>", (unsigned)byte);
		id = tokenizer_find(t, slice_of_string(text));
		t->byte_ids[byte] = id;
		if (id != TOKENIZER_NO_ID && t->decodes_bytes) {
			t->entries[id].is_byte = true;
			t->entries[id].byte = (uint8_t)byte;
		}
	}
}

void load_scores_begin(struct tokenizer *t, size_t pieces)
{
	t->scores = calloc(t->entry_count + 1, sizeof *t->scores);
	t->sorted = calloc(pieces + 1, sizeof *t->sorted);
	assert(t->scores && t->sorted);
}

enum err load_score(struct tokenizer *t, uint32_t id, double score)
{
	size_t size = t->entries[id].text.size;

	if (size == 0 || size > UNIGRAM_MAX_PIECE)
		return failure(ERR_LIMIT, "%s: piece %u has %zu bytes, 1 to %d expected", t->file,
			       id, size, UNIGRAM_MAX_PIECE);
	t->scores[id] = score;
	t->sorted[t->sorted_count++] = id;
	return OK;
}

static int by_text(const void *a, const void *b, void *context)
{
	const struct vocabulary_entry *entries = context;
	struct slice x = entries[*(const uint32_t *)a].text;
	struct slice y = entries[*(const uint32_t *)b].text;
	int order = memcmp(x.data, y.data, x.size < y.size ? x.size : y.size);

	return order ? order : (x.size > y.size) - (x.size < y.size);
}

void load_scores_done(struct tokenizer *t)
{
	qsort_r(t->sorted, t->sorted_count, sizeof *t->sorted, by_text, t->entries);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* load_model.c - the "model" of a tokenizer.json: vocabulary, merges, scores. */
#define _GNU_SOURCE /* qsort_r */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "inference/tokenizer/load.h"

enum {
	SHOWN = 60,
	WORDPIECE_MAX_WORD = 1000, /* characters */
	UNIGRAM_MAX_PIECE = 192,   /* bytes; the work at each place of a text */
};

/* The strings' table, and the largest id of the added tokens, plus one. */
static enum err begin_entries(struct tokenizer *t, size_t vocabulary, const json_t *added)
{
	uint64_t id;

	if (vocabulary + json_array_size(added) > TOKENIZER_MAX_VOCABULARY ||
	    json_array_size(added) > TOKENIZER_MAX_ADDED)
		return failure(ERR_LIMIT, LOAD_FILE ": more than %d tokens, or %d added ones",
			       TOKENIZER_MAX_VOCABULARY, TOKENIZER_MAX_ADDED);
	string_table_init(&t->ids, vocabulary + json_array_size(added));
	for (size_t i = 0; i < json_array_size(added); i++) {
		TRY(json_read_integer(&id, json_object_get(json_array_get(added, i), "id"),
				      TOKENIZER_MAX_VOCABULARY - 1, LOAD_FILE, "id"));
		t->entry_count = id >= t->entry_count ? (size_t)id + 1 : t->entry_count;
	}
	return OK;
}

static void allocate_entries(struct tokenizer *t)
{
	t->entries = calloc(t->entry_count + 1, sizeof *t->entries);
	assert(t->entries);
}

enum err load_entry(struct tokenizer *t, uint32_t id, struct slice text)
{
	struct string_row *row = string_table_row(&t->ids, text);

	if (row->key.data && row->value == id)
		return OK; /* an added token that the vocabulary has as well */
	if (row->key.data || t->entries[id].text.data)
		return failure(ERR_FORMAT, LOAD_FILE ": token \"%.*s\" or id %u stands there twice",
			       text.size < SHOWN ? (int)text.size : SHOWN, (const char *)text.data,
			       id);
	*row = (struct string_row){text, id};
	t->entries[id].text = text;
	return OK;
}

static enum err load_vocabulary(struct tokenizer *t, json_t *map, const json_t *added)
{
	const char *text;
	json_t *value;
	uint64_t id;

	if (!json_is_object(map))
		return failure(ERR_FORMAT, LOAD_FILE ": \"vocab\" is not an object");
	TRY(begin_entries(t, json_object_size(map), added));
	json_object_foreach(map, text, value)
	{
		TRY(json_read_integer(&id, value, TOKENIZER_MAX_VOCABULARY - 1, LOAD_FILE,
				      "vocab"));
		t->entry_count = id >= t->entry_count ? (size_t)id + 1 : t->entry_count;
	}
	allocate_entries(t);
	json_object_foreach(map, text, value)
	{
		struct slice key = slice_of_string(text);

		if (key.size > TOKENIZER_MAX_TOKEN)
			return failure(ERR_LIMIT, LOAD_FILE ": a token of %zu bytes", key.size);
		TRY(load_entry(t, (uint32_t)json_integer_value(value),
			       slice_of(arena_string(&t->arena, key), key.size)));
	}
	return OK;
}

static enum err bad_merge(size_t number)
{
	return failure(ERR_FORMAT,
		       LOAD_FILE ": merge %zu is not two tokens that make a third (broken file?)",
		       number + 1);
}

/* "a b" with exactly one space, or the newer ["a", "b"]. */
static enum err read_merge(struct slice *left, struct slice *right, const json_t *value,
			   size_t number)
{
	struct slice text = slice_of(json_string_value(value), json_string_length(value));

	if (json_is_array(value) && json_array_size(value) == 2) {
		*left = slice_of_string(json_string_value(json_array_get(value, 0)));
		*right = slice_of_string(json_string_value(json_array_get(value, 1)));
	} else if (!json_is_string(value) || !slice_cut(text, ' ', left, right) ||
		   slice_find(*right, ' ') < right->size) {
		return bad_merge(number);
	}
	if (left->size == 0 || right->size == 0 || left->size + right->size > TOKENIZER_MAX_TOKEN)
		return bad_merge(number);
	return OK;
}

static enum err put_merge(struct tokenizer *t, uint32_t rank, struct slice left, struct slice right)
{
	uint8_t joined[TOKENIZER_MAX_TOKEN];
	uint32_t a = tokenizer_find(t, left);
	uint32_t b = tokenizer_find(t, right);
	uint32_t merged;

	memcpy(joined, left.data, left.size);
	memcpy(joined + left.size, right.data, right.size);
	merged = tokenizer_find(t, slice_of(joined, left.size + right.size));
	if (a == TOKENIZER_NO_ID || b == TOKENIZER_NO_ID || merged == TOKENIZER_NO_ID)
		return bad_merge(rank);
	*pair_table_row(&t->merges, a, b) = (struct pair_row){
		.pair = (uint64_t)a << 32 | b, .rank = rank, .merged = merged, .used = true};
	return OK;
}

static enum err load_merges(struct tokenizer *t, const json_t *list)
{
	struct slice left;
	struct slice right;

	if (!json_is_array(list))
		return failure(ERR_FORMAT, LOAD_FILE ": \"merges\" is not a list");
	if (json_array_size(list) > TOKENIZER_MAX_MERGES)
		return failure(ERR_LIMIT, LOAD_FILE ": more than %d merges", TOKENIZER_MAX_MERGES);
	pair_table_init(&t->merges, json_array_size(list));
	for (size_t i = 0; i < json_array_size(list); i++) {
		TRY(read_merge(&left, &right, json_array_get(list, i), i));
		TRY(put_merge(t, (uint32_t)i, left, right));
	}
	return OK;
}

/* "<0x0A>" is a newline where a text may become bytes, and where the decoder says so. */
static void find_bytes(struct tokenizer *t)
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

/* "" and null are the same here; anything else belongs to other kinds of BPE. */
static enum err must_be_empty(const json_t *model, const char *key)
{
	const json_t *value = json_object_get(model, key);

	if (load_is_absent(value) || (json_is_string(value) && json_string_length(value) == 0) ||
	    (json_is_number(value) && json_number_value(value) == 0.0))
		return OK;
	return load_not_known(key, value);
}

static enum err load_unknown(struct tokenizer *t, const json_t *model)
{
	const json_t *unknown = json_object_get(model, "unk_token");

	if (load_is_absent(unknown))
		return OK;
	t->unknown = tokenizer_find(
		t, slice_of(json_string_value(unknown), json_string_length(unknown)));
	if (t->unknown == TOKENIZER_NO_ID)
		return failure(ERR_FORMAT, LOAD_FILE ": \"unk_token\" is no token");
	return OK;
}

static enum err load_bpe(struct tokenizer *t, const json_t *model, const json_t *added)
{
	t->model = MODEL_BPE;
	TRY(must_be_empty(model, "continuing_subword_prefix"));
	TRY(must_be_empty(model, "end_of_word_suffix"));
	TRY(must_be_empty(model, "dropout"));
	TRY(load_flag(&t->byte_fallback, model, "byte_fallback", false));
	TRY(load_flag(&t->fuse_unknown, model, "fuse_unk", false));
	TRY(load_flag(&t->ignore_merges, model, "ignore_merges", false));
	TRY(load_vocabulary(t, json_object_get(model, "vocab"), added));
	TRY(load_merges(t, json_object_get(model, "merges")));
	return load_unknown(t, model);
}

static enum err load_wordpiece(struct tokenizer *t, const json_t *model, const json_t *added)
{
	uint64_t word_max;

	t->model = MODEL_WORDPIECE;
	TRY(json_read_integer(&word_max, json_object_get(model, "max_input_chars_per_word"),
			      WORDPIECE_MAX_WORD, LOAD_FILE, "max_input_chars_per_word"));
	t->word_max = (size_t)word_max;
	TRY(load_text(t, &t->prefix, json_object_get(model, "continuing_subword_prefix"),
		      "continuing_subword_prefix"));
	TRY(load_vocabulary(t, json_object_get(model, "vocab"), added));
	for (size_t i = 0; i < t->entry_count; i++)
		if (t->entries[i].text.size > t->token_max)
			t->token_max = t->entries[i].text.size;
	TRY(load_unknown(t, model));
	if (t->unknown == TOKENIZER_NO_ID)
		return failure(ERR_FORMAT, LOAD_FILE ": WordPiece without \"unk_token\"");
	return OK;
}

static enum err load_piece(struct tokenizer *t, uint32_t id, const json_t *pair)
{
	const json_t *score = json_array_get(pair, 1);
	struct slice text;

	if (json_array_size(pair) != 2 || !json_is_number(score))
		return failure(ERR_FORMAT, LOAD_FILE ": piece %u is not a text and a score", id);
	TRY(load_text(t, &text, json_array_get(pair, 0), "vocab"));
	if (text.size == 0 || text.size > UNIGRAM_MAX_PIECE)
		return failure(ERR_LIMIT, LOAD_FILE ": piece %u has %zu bytes, 1 to %d expected",
			       id, text.size, UNIGRAM_MAX_PIECE);
	t->scores[id] = json_number_value(score);
	t->sorted[t->sorted_count++] = id;
	return load_entry(t, id, text);
}

static int by_text(const void *a, const void *b, void *context)
{
	const struct vocabulary_entry *entries = context;
	struct slice x = entries[*(const uint32_t *)a].text;
	struct slice y = entries[*(const uint32_t *)b].text;
	int order = memcmp(x.data, y.data, x.size < y.size ? x.size : y.size);

	return order ? order : (x.size > y.size) - (x.size < y.size);
}

static enum err load_pieces(struct tokenizer *t, const json_t *list, const json_t *added)
{
	size_t count = json_array_size(list);
	double smallest = 0;

	TRY(begin_entries(t, count, added));
	if (t->entry_count < count)
		t->entry_count = count;
	allocate_entries(t);
	t->scores = calloc(t->entry_count + 1, sizeof *t->scores);
	t->sorted = calloc(count + 1, sizeof *t->sorted);
	assert(t->scores && t->sorted);
	for (size_t i = 0; i < count; i++) {
		TRY(load_piece(t, (uint32_t)i, json_array_get(list, i)));
		if (i == 0 || t->scores[i] < smallest)
			smallest = t->scores[i];
	}
	qsort_r(t->sorted, t->sorted_count, sizeof *t->sorted, by_text, t->entries);
	t->unknown_score = smallest - 10; /* as the reference and SentencePiece */
	return OK;
}

static enum err load_unigram(struct tokenizer *t, const json_t *model, const json_t *added)
{
	const json_t *list = json_object_get(model, "vocab");
	uint64_t unknown;

	t->model = MODEL_UNIGRAM;
	if (!json_is_array(list) || json_array_size(list) == 0)
		return failure(ERR_FORMAT, LOAD_FILE ": \"vocab\" is not a list of pieces");
	TRY(load_flag(&t->byte_fallback, model, "byte_fallback", false));
	TRY(load_pieces(t, list, added));
	TRY(json_read_integer(&unknown, json_object_get(model, "unk_id"), json_array_size(list) - 1,
			      LOAD_FILE, "unk_id"));
	t->unknown = (uint32_t)unknown;
	return OK;
}

/* Older files leave the type out: what is there tells. */
static const char *model_type(const json_t *model)
{
	const char *type = json_string_value(json_object_get(model, "type"));

	if (type || json_object_get(model, "type"))
		return type ? type : "";
	if (json_is_array(json_object_get(model, "vocab")))
		return "Unigram";
	return json_object_get(model, "max_input_chars_per_word") ? "WordPiece" : "BPE";
}

enum err load_model(struct tokenizer *t, const json_t *model, const json_t *added)
{
	const char *type = model_type(model);

	if (!json_is_object(model))
		return failure(ERR_FORMAT, LOAD_FILE ": \"model\" is missing");
	t->unknown = TOKENIZER_NO_ID;
	if (strcmp(type, "BPE") == 0)
		TRY(load_bpe(t, model, added));
	else if (strcmp(type, "WordPiece") == 0)
		TRY(load_wordpiece(t, model, added));
	else if (strcmp(type, "Unigram") == 0)
		TRY(load_unigram(t, model, added));
	else
		return load_not_known("the model", json_object_get(model, "type"));
	find_bytes(t);
	return OK;
}

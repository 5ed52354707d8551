/* SPDX-License-Identifier: Apache-2.0 */
/* load_model.c - the "model" of a tokenizer.json: vocabulary, merges, scores. */
#include "inference/tokenizer/load.h"

enum {
	WORDPIECE_MAX_WORD = 1000, /* characters */
};

/* "a b" with exactly one space, or the newer ["a", "b"]. */
static enum err load_merge_value(struct tokenizer *t, const json_t *value, uint32_t number)
{
	const char *left = json_string_value(json_array_get(value, 0));
	const char *right = json_string_value(json_array_get(value, 1));

	if (json_array_size(value) == 2 && left && right)
		return load_merge(t, number, slice_of_string(left), slice_of_string(right));
	if (!json_is_string(value))
		return load_bad_merge(t, number);
	return load_merge_text(t, number,
			       slice_of(json_string_value(value), json_string_length(value)));
}

static enum err load_merges(struct tokenizer *t, const json_t *list)
{
	if (!json_is_array(list))
		return failure(ERR_FORMAT, LOAD_FILE ": \"merges\" is not a list");
	TRY(load_merges_begin(t, json_array_size(list)));
	for (size_t i = 0; i < json_array_size(list); i++)
		TRY(load_merge_value(t, json_array_get(list, i), (uint32_t)i));
	return OK;
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
	TRY(load_entry(t, id, text));
	return load_score(t, id, json_number_value(score));
}

static enum err load_pieces(struct tokenizer *t, const json_t *list, const json_t *added)
{
	size_t count = json_array_size(list);
	double smallest = 0;

	TRY(load_begin(t, count, count, added));
	load_scores_begin(t, count);
	for (size_t i = 0; i < count; i++) {
		TRY(load_piece(t, (uint32_t)i, json_array_get(list, i)));
		if (i == 0 || t->scores[i] < smallest)
			smallest = t->scores[i];
	}
	load_scores_done(t);
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

enum err load_model(struct tokenizer *t, void *source, const json_t *added)
{
	const json_t *model = source;
	const char *type = model_type(model);

	if (!json_is_object(model))
		return failure(ERR_FORMAT, LOAD_FILE ": \"model\" is missing");
	if (strcmp(type, "BPE") == 0)
		return load_bpe(t, model, added);
	if (strcmp(type, "WordPiece") == 0)
		return load_wordpiece(t, model, added);
	if (strcmp(type, "Unigram") == 0)
		return load_unigram(t, model, added);
	return load_not_known("the model", json_object_get(model, "type"));
}

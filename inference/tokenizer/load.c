/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load.c - tokenizer.json to struct tokenizer. Every component has a "type": those that stand in a
 * table here are read, any other is refused by its name.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "inference/format/json.h"
#include "inference/tokenizer/parts.h"

#define FILE_NAME "tokenizer.json"

enum { SHOWN = 60 };

static bool is_absent(const json_t *value)
{
	return !value || json_is_null(value);
}

static enum err not_known(const char *what, const json_t *value)
{
	char shown[JSON_SHOWN + 4];

	json_show(shown, value);
	return failure(ERR_UNSUPPORTED, FILE_NAME ": %s %s is not known to this engine", what,
		       shown);
}

/* A component that must be absent. */
static enum err must_be_absent(const char *what, const json_t *value)
{
	if (is_absent(value))
		return OK;
	return not_known(what, json_is_object(value) && json_object_get(value, "type")
				       ? json_object_get(value, "type")
				       : value);
}

static bool is_type(const json_t *component, const char *type)
{
	const char *name = json_string_value(json_object_get(component, "type"));

	return name && strcmp(name, type) == 0;
}

static enum err read_text(struct tokenizer *t, struct slice *out, const json_t *value,
			  const char *what)
{
	struct slice text = slice_of(json_string_value(value), json_string_length(value));

	if (!json_is_string(value))
		return failure(ERR_FORMAT, FILE_NAME ": \"%s\" is not a text", what);
	if (text.size > TOKENIZER_MAX_TOKEN)
		return failure(ERR_LIMIT, FILE_NAME ": \"%s\" is longer than %d bytes", what,
			       TOKENIZER_MAX_TOKEN);
	*out = slice_of(arena_string(&t->arena, text), text.size);
	return OK;
}

static enum err read_replace(struct tokenizer *t, struct normal_step *step, const json_t *value)
{
	const json_t *pattern = json_object_get(value, "pattern");

	if (!json_is_object(pattern) || !json_object_get(pattern, "String"))
		return not_known("the Replace pattern", pattern ? pattern : value);
	step->kind = NORMAL_REPLACE;
	TRY(read_text(t, &step->from, json_object_get(pattern, "String"), "pattern"));
	TRY(read_text(t, &step->to, json_object_get(value, "content"), "content"));
	if (step->from.size == 0)
		return failure(ERR_FORMAT, FILE_NAME ": Replace of an empty text");
	return OK;
}

/* The members of a Sequence, or the one component by itself; at most TOKENIZER_MAX_STEPS. */
static enum err list_steps(const json_t *steps[], size_t *count, const json_t *component,
			   const char *key)
{
	const json_t *list = json_object_get(component, key);

	*count = 0;
	if (is_absent(component))
		return OK;
	if (!is_type(component, "Sequence")) {
		steps[(*count)++] = component;
		return OK;
	}
	if (!json_is_array(list))
		return failure(ERR_FORMAT, FILE_NAME ": \"%s\" is not a list", key);
	if (json_array_size(list) > TOKENIZER_MAX_STEPS)
		return failure(ERR_LIMIT, FILE_NAME ": more than %d %s", TOKENIZER_MAX_STEPS, key);
	while (*count < json_array_size(list)) {
		steps[*count] = json_array_get(list, *count);
		(*count)++;
	}
	return OK;
}

static enum err load_normalizer(struct tokenizer *t, const json_t *component)
{
	const json_t *steps[TOKENIZER_MAX_STEPS];
	size_t count;

	TRY(list_steps(steps, &count, component, "normalizers"));
	for (size_t i = 0; i < count; i++) {
		struct normal_step *step = &t->normal_steps[t->normal_count++];

		if (is_type(steps[i], "Prepend")) {
			step->kind = NORMAL_PREPEND;
			TRY(read_text(t, &step->to, json_object_get(steps[i], "prepend"),
				      "prepend"));
		} else if (is_type(steps[i], "Replace")) {
			TRY(read_replace(t, step, steps[i]));
		} else {
			return must_be_absent("the normalizer", steps[i]);
		}
	}
	return OK;
}

static enum err load_strip(struct tokenizer *t, const json_t *component)
{
	uint64_t start;
	uint64_t stop;

	TRY(json_read_integer(&start, json_object_get(component, "start"), 16, FILE_NAME, "start"));
	TRY(json_read_integer(&stop, json_object_get(component, "stop"), 16, FILE_NAME, "stop"));
	if (stop != 0) /* the end of a text that is still being written */
		return not_known("the decoder", component);
	TRY(read_text(t, &t->strip, json_object_get(component, "content"), "content"));
	t->strip_count = t->strip.size > 0 ? (size_t)start : 0;
	return OK;
}

/* In the one order that can be done token by token: Replace ..., ByteFallback, Fuse, Strip. */
static enum err load_decoder(struct tokenizer *t, const json_t *component)
{
	const json_t *steps[TOKENIZER_MAX_STEPS];
	size_t count;
	size_t i = 0;

	TRY(list_steps(steps, &count, component, "decoders"));
	for (; i < count && is_type(steps[i], "Replace"); i++)
		TRY(read_replace(t, &t->decode_steps[t->decode_count++], steps[i]));
	if (i < count && is_type(steps[i], "ByteFallback"))
		i++;
	if (i < count && is_type(steps[i], "Fuse"))
		i++;
	if (i < count && is_type(steps[i], "Strip"))
		TRY(load_strip(t, steps[i++]));
	return i == count ? OK : not_known("the decoder", steps[i]);
}

/* The largest id of vocabulary and added tokens, plus one: what the list of entries must hold. */
static enum err count_entries(size_t *out, json_t *map, const json_t *added)
{
	const char *text;
	json_t *value;
	uint64_t id;

	*out = 0;
	json_object_foreach(map, text, value)
	{
		TRY(json_read_integer(&id, value, TOKENIZER_MAX_VOCABULARY - 1, FILE_NAME,
				      "vocab"));
		*out = id >= *out ? (size_t)id + 1 : *out;
	}
	for (size_t i = 0; i < json_array_size(added); i++) {
		TRY(json_read_integer(&id, json_object_get(json_array_get(added, i), "id"),
				      TOKENIZER_MAX_VOCABULARY - 1, FILE_NAME, "id"));
		*out = id >= *out ? (size_t)id + 1 : *out;
	}
	return OK;
}

static enum err put_entry(struct tokenizer *t, uint32_t id, struct slice text)
{
	struct string_row *row = string_table_row(&t->ids, text);

	if (row->key.data && row->value == id)
		return OK; /* an added token that the vocabulary has as well */
	if (row->key.data || t->entries[id].text.data)
		return failure(ERR_FORMAT, FILE_NAME ": token \"%.*s\" or id %u stands there twice",
			       text.size < SHOWN ? (int)text.size : SHOWN, (const char *)text.data,
			       id);
	*row = (struct string_row){text, id};
	t->entries[id].text = text;
	return OK;
}

static enum err load_vocabulary(struct tokenizer *t, json_t *map, const json_t *added)
{
	size_t total = json_object_size(map) + json_array_size(added);
	const char *text;
	json_t *value;

	if (!json_is_object(map))
		return failure(ERR_FORMAT, FILE_NAME ": \"vocab\" is not an object");
	if (total > TOKENIZER_MAX_VOCABULARY || json_array_size(added) > TOKENIZER_MAX_ADDED)
		return failure(ERR_LIMIT, FILE_NAME ": more than %d tokens, or %d added ones",
			       TOKENIZER_MAX_VOCABULARY, TOKENIZER_MAX_ADDED);
	string_table_init(&t->ids, total);
	TRY(count_entries(&t->entry_count, map, added));
	t->entries = calloc(t->entry_count + 1, sizeof *t->entries);
	assert(t->entries);
	json_object_foreach(map, text, value)
	{
		struct slice key = slice_of_string(text);

		if (key.size > TOKENIZER_MAX_TOKEN)
			return failure(ERR_LIMIT, FILE_NAME ": a token of %zu bytes", key.size);
		TRY(put_entry(t, (uint32_t)json_integer_value(value),
			      slice_of(arena_string(&t->arena, key), key.size)));
	}
	return OK;
}

static enum err bad_merge(size_t number)
{
	return failure(ERR_FORMAT,
		       FILE_NAME ": merge %zu is not two tokens that make a third (broken file?)",
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
		return failure(ERR_FORMAT, FILE_NAME ": \"merges\" is not a list");
	if (json_array_size(list) > TOKENIZER_MAX_MERGES)
		return failure(ERR_LIMIT, FILE_NAME ": more than %d merges", TOKENIZER_MAX_MERGES);
	pair_table_init(&t->merges, json_array_size(list));
	for (size_t i = 0; i < json_array_size(list); i++) {
		TRY(read_merge(&left, &right, json_array_get(list, i), i));
		TRY(put_merge(t, (uint32_t)i, left, right));
	}
	return OK;
}

static void find_bytes(struct tokenizer *t)
{
	char text[8];

	for (int byte = 0; byte < 256; byte++) {
		uint32_t id;

		snprintf(text, sizeof text, "<0x%02X>", (unsigned)byte);
		id = tokenizer_find(t, slice_of_string(text));
		t->byte_ids[byte] = id;
		if (id != TOKENIZER_NO_ID && t->byte_fallback) {
			t->entries[id].is_byte = true;
			t->entries[id].byte = (uint8_t)byte;
		}
	}
}

/* "" and null are the same here; anything else belongs to other kinds of BPE. */
static enum err must_be_empty(const json_t *model, const char *key)
{
	const json_t *value = json_object_get(model, key);

	if (is_absent(value) || (json_is_string(value) && json_string_length(value) == 0) ||
	    (json_is_number(value) && json_number_value(value) == 0.0))
		return OK;
	return not_known(key, value);
}

static enum err load_model(struct tokenizer *t, const json_t *model, const json_t *added)
{
	const json_t *unknown = json_object_get(model, "unk_token");
	const json_t *type = json_object_get(model, "type");

	if (!json_is_object(model))
		return failure(ERR_FORMAT, FILE_NAME ": \"model\" is missing");
	if (type && !is_type(model, "BPE")) /* some older files leave it out */
		return not_known("the model", type);
	TRY(must_be_empty(model, "continuing_subword_prefix"));
	TRY(must_be_empty(model, "end_of_word_suffix"));
	TRY(must_be_empty(model, "dropout"));
	t->byte_fallback = json_is_true(json_object_get(model, "byte_fallback"));
	t->fuse_unknown = json_is_true(json_object_get(model, "fuse_unk"));
	t->ignore_merges = json_is_true(json_object_get(model, "ignore_merges"));
	TRY(load_vocabulary(t, json_object_get(model, "vocab"), added));
	TRY(load_merges(t, json_object_get(model, "merges")));
	t->unknown = TOKENIZER_NO_ID;
	if (!is_absent(unknown)) {
		t->unknown = tokenizer_find(
			t, slice_of(json_string_value(unknown), json_string_length(unknown)));
		if (t->unknown == TOKENIZER_NO_ID)
			return failure(ERR_FORMAT, FILE_NAME ": \"unk_token\" is no token");
	}
	find_bytes(t);
	return OK;
}

/* A normalized added token is found in normalized text, so its content is normalized too, as the
 * reference does: with Prepend, "<s>" is then looked for as "\u2581<s>". */
static enum err normalize_content(struct tokenizer *t, struct added_token *token)
{
	AUTO(buf_free) struct buf normal = buf_new(4 * TOKENIZER_MAX_TOKEN);

	if (!token->normalized)
		return OK;
	TRY(normal_run(t->normal_steps, t->normal_count, &normal, token->content));
	token->content = arena_copy(&t->arena, buf_slice(&normal));
	return OK;
}

static enum err load_added_one(struct tokenizer *t, const json_t *value)
{
	struct added_token token = {0};
	struct added_set *set;
	uint64_t id;

	if (json_is_true(json_object_get(value, "single_word")))
		return failure(ERR_UNSUPPORTED,
			       FILE_NAME ": an added token with \"single_word\" is "
					 "not known to this engine");
	TRY(json_read_integer(&id, json_object_get(value, "id"), TOKENIZER_MAX_VOCABULARY - 1,
			      FILE_NAME, "id"));
	TRY(read_text(t, &token.content, json_object_get(value, "content"), "content"));
	if (token.content.size == 0)
		return failure(ERR_FORMAT, FILE_NAME ": an empty added token");
	token.id = (uint32_t)id;
	token.strips_left = json_is_true(json_object_get(value, "lstrip"));
	token.strips_right = json_is_true(json_object_get(value, "rstrip"));
	token.normalized = json_is_true(json_object_get(value, "normalized"));
	TRY(put_entry(t, token.id, token.content));
	t->entries[id].special = json_is_true(json_object_get(value, "special"));
	TRY(normalize_content(t, &token));
	if (token.content.size == 0)
		return OK; /* normalized away: cannot be met in a text */
	set = token.normalized ? &t->normalized : &t->raw;
	set->tokens[set->count++] = token;
	return OK;
}

static enum err load_added(struct tokenizer *t, const json_t *list)
{
	size_t count = json_array_size(list);

	if (!is_absent(list) && !json_is_array(list))
		return failure(ERR_FORMAT, FILE_NAME ": \"added_tokens\" is not a list");
	t->raw.tokens = calloc(count + 1, sizeof *t->raw.tokens);
	t->normalized.tokens = calloc(count + 1, sizeof *t->normalized.tokens);
	assert(t->raw.tokens && t->normalized.tokens);
	for (size_t i = 0; i < count; i++)
		TRY(load_added_one(t, json_array_get(list, i)));
	added_set_index(&t->raw);
	added_set_index(&t->normalized);
	return OK;
}

/* One special token of the template: its ids go before or behind the text. */
static enum err load_around(struct tokenizer *t, uint32_t *ids, size_t *count,
			    const json_t *processor, const json_t *special)
{
	const char *name = json_string_value(json_object_get(special, "id"));
	const json_t *tokens = json_object_get(processor, "special_tokens");
	const json_t *list = json_object_get(json_object_get(tokens, name ? name : ""), "ids");
	uint64_t id;

	if (!json_is_array(list) || *count + json_array_size(list) > TOKENIZER_MAX_AROUND)
		return failure(ERR_FORMAT, FILE_NAME ": the template has no ids for \"%.60s\"",
			       name ? name : "");
	for (size_t i = 0; i < json_array_size(list); i++) {
		TRY(json_read_integer(&id, json_array_get(list, i), TOKENIZER_MAX_VOCABULARY - 1,
				      FILE_NAME, "ids"));
		if (tokenizer_token(t, (uint32_t)id).size == 0)
			return failure(ERR_FORMAT, FILE_NAME ": the template's id %llu is no token",
				       (unsigned long long)id);
		ids[(*count)++] = (uint32_t)id;
	}
	return OK;
}

static enum err load_post_processor(struct tokenizer *t, const json_t *processor)
{
	const json_t *single = json_object_get(processor, "single");
	bool seen_text = false;

	if (is_absent(processor))
		return OK;
	if (!is_type(processor, "TemplateProcessing"))
		return must_be_absent("the post-processor", processor);
	if (!json_is_array(single))
		return failure(ERR_FORMAT, FILE_NAME ": \"single\" is not a list");
	for (size_t i = 0; i < json_array_size(single); i++) {
		const json_t *piece = json_array_get(single, i);
		const json_t *special = json_object_get(piece, "SpecialToken");

		if (special && !seen_text)
			TRY(load_around(t, t->before, &t->before_count, processor, special));
		else if (special)
			TRY(load_around(t, t->after, &t->after_count, processor, special));
		else if (json_object_get(piece, "Sequence") && !seen_text)
			seen_text = true;
		else
			return not_known("the template's piece", piece);
	}
	if (!seen_text)
		return failure(ERR_FORMAT, FILE_NAME ": the template leaves the text out");
	return OK;
}

/* "truncation" and "padding" are about batches for training; the engine's own limit holds. */
static enum err load(struct tokenizer *t, const json_t *root)
{
	const json_t *added = json_object_get(root, "added_tokens");

	TRY(load_normalizer(t, json_object_get(root, "normalizer")));
	TRY(must_be_absent("the pre-tokenizer", json_object_get(root, "pre_tokenizer")));
	TRY(load_decoder(t, json_object_get(root, "decoder")));
	TRY(load_model(t, json_object_get(root, "model"), added));
	TRY(load_added(t, added));
	return load_post_processor(t, json_object_get(root, "post_processor"));
}

enum err tokenizer_open(struct tokenizer **out, struct slice json)
{
	AUTO(tokenizer_auto) struct tokenizer *t = NULL;
	AUTO(json_auto) json_t *root = NULL;

	if (json.size > TOKENIZER_MAX_FILE)
		return failure(ERR_LIMIT, FILE_NAME ": more than %d bytes", TOKENIZER_MAX_FILE);
	TRY(json_read_object(&root, json, FILE_NAME));
	t = calloc(1, sizeof *t);
	assert(t);
	TRY(load(t, root));
	*out = t;
	t = NULL; /* given away */
	return OK;
}

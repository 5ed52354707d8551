/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load.c - tokenizer.json to struct tokenizer: the frame and the added tokens. Every component has
 * a "type": those that the loaders know are read, any other is refused by its name.
 */
#include "inference/tokenizer/load.h"

#include <assert.h>
#include <stdlib.h>

enum err load_not_known(const char *what, const json_t *value)
{
	char shown[JSON_SHOWN + 4];

	json_show(shown, value);
	return failure(ERR_UNSUPPORTED, LOAD_FILE ": %s %s is not known to this engine", what,
		       shown);
}

enum err load_not_known_type(const char *what, const json_t *component)
{
	const json_t *type = json_object_get(component, "type");

	return load_not_known(what, type ? type : component);
}

bool load_is_type(const json_t *component, const char *type)
{
	const char *name = json_string_value(json_object_get(component, "type"));

	return name && strcmp(name, type) == 0;
}

enum err load_text(struct tokenizer *t, struct slice *out, const json_t *value, const char *what)
{
	struct slice text = slice_of(json_string_value(value), json_string_length(value));

	if (!json_is_string(value))
		return failure(ERR_FORMAT, LOAD_FILE ": \"%s\" is not a text", what);
	if (text.size > TOKENIZER_MAX_TOKEN)
		return failure(ERR_LIMIT, LOAD_FILE ": \"%s\" is longer than %d bytes", what,
			       TOKENIZER_MAX_TOKEN);
	*out = slice_of(arena_string(&t->arena, text), text.size);
	return OK;
}

enum err load_flag(bool *out, const json_t *component, const char *key, bool missing)
{
	const json_t *value = json_object_get(component, key);

	if (!load_is_absent(value) && !json_is_boolean(value))
		return failure(ERR_FORMAT, LOAD_FILE ": \"%s\" is not true or false", key);
	*out = load_is_absent(value) ? missing : json_is_true(value);
	return OK;
}

static enum err add_to_list(const json_t *steps[], size_t *count, const json_t *component)
{
	if (*count == TOKENIZER_MAX_STEPS)
		return failure(ERR_LIMIT, LOAD_FILE ": more than %d components in a row",
			       TOKENIZER_MAX_STEPS);
	steps[(*count)++] = component;
	return OK;
}

enum err load_list(const json_t *steps[TOKENIZER_MAX_STEPS], size_t *count, const json_t *component,
		   const char *key)
{
	const json_t *list = json_object_get(component, key);

	*count = 0;
	if (load_is_absent(component))
		return OK;
	if (!load_is_type(component, "Sequence"))
		return add_to_list(steps, count, component);
	if (!json_is_array(list))
		return failure(ERR_FORMAT, LOAD_FILE ": \"%s\" is not a list", key);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *inner = json_object_get(json_array_get(list, i), key);

		if (!load_is_type(json_array_get(list, i), "Sequence"))
			TRY(add_to_list(steps, count, json_array_get(list, i)));
		for (size_t j = 0; j < json_array_size(inner); j++)
			TRY(add_to_list(steps, count, json_array_get(inner, j)));
	}
	return OK;
}

enum err load_pattern(struct tokenizer *t, struct slice *text, struct regex **regex,
		      const json_t *component)
{
	const json_t *pattern = json_object_get(component, "pattern");
	struct slice expression;

	if (json_object_get(pattern, "Regex")) {
		TRY(load_text(t, &expression, json_object_get(pattern, "Regex"), "Regex"));
		return regex_new(regex, expression);
	}
	if (!json_object_get(pattern, "String"))
		return load_not_known("the pattern", pattern ? pattern : component);
	TRY(load_text(t, text, json_object_get(pattern, "String"), "pattern"));
	if (text->size == 0)
		return failure(ERR_FORMAT, LOAD_FILE ": \"pattern\" is an empty text");
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

	TRY(json_read_integer(&id, json_object_get(value, "id"), TOKENIZER_MAX_VOCABULARY - 1,
			      LOAD_FILE, "id"));
	TRY(load_text(t, &token.content, json_object_get(value, "content"), "content"));
	if (token.content.size == 0)
		return failure(ERR_FORMAT, LOAD_FILE ": an empty added token");
	token.id = (uint32_t)id;
	token.single_word = json_is_true(json_object_get(value, "single_word"));
	token.strips_left = json_is_true(json_object_get(value, "lstrip"));
	token.strips_right = json_is_true(json_object_get(value, "rstrip"));
	token.normalized = json_is_true(json_object_get(value, "normalized"));
	TRY(load_entry(t, token.id, token.content));
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

	if (!load_is_absent(list) && !json_is_array(list))
		return failure(ERR_FORMAT, LOAD_FILE ": \"added_tokens\" is not a list");
	t->raw.tokens = calloc(count + 1, sizeof *t->raw.tokens);
	t->normalized.tokens = calloc(count + 1, sizeof *t->normalized.tokens);
	assert(t->raw.tokens && t->normalized.tokens);
	for (size_t i = 0; i < count; i++)
		TRY(load_added_one(t, json_array_get(list, i)));
	added_set_index(&t->raw);
	added_set_index(&t->normalized);
	return OK;
}

static void measure_tokens(struct tokenizer *t)
{
	for (size_t i = 0; i < t->entry_count; i++)
		if (t->entries[i].text.size > t->token_max)
			t->token_max = t->entries[i].text.size;
}

/* "truncation" and "padding" are about batches for training; the engine's own limit holds. */
static enum err load(struct tokenizer *t, const json_t *frame, load_model_fn *model, void *source)
{
	const json_t *added = json_object_get(frame, "added_tokens");

	TRY(load_normalizer(t, json_object_get(frame, "normalizer")));
	TRY(load_pre_tokenizer(t, json_object_get(frame, "pre_tokenizer")));
	TRY(load_decoder(t, json_object_get(frame, "decoder")));
	TRY(model(t, source, added));
	measure_tokens(t);
	load_bytes(t);
	TRY(load_added(t, added));
	return load_post_processor(t, json_object_get(frame, "post_processor"));
}

enum err load_frame(struct tokenizer **out, const char *file, const json_t *frame,
		    load_model_fn *model, void *source)
{
	AUTO(tokenizer_auto) struct tokenizer *t = calloc(1, sizeof *t);

	assert(t);
	t->file = file;
	t->unknown = TOKENIZER_NO_ID;
	TRY(load(t, frame, model, source));
	*out = t;
	t = NULL; /* given away */
	return OK;
}

enum err tokenizer_open(struct tokenizer **out, struct slice json)
{
	AUTO(json_auto) json_t *root = NULL;

	if (json.size > TOKENIZER_MAX_FILE)
		return failure(ERR_LIMIT, LOAD_FILE ": more than %d bytes", TOKENIZER_MAX_FILE);
	TRY(json_read_object(&root, json, LOAD_FILE));
	return load_frame(out, LOAD_FILE, root, load_model, json_object_get(root, "model"));
}

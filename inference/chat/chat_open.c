/* SPDX-License-Identifier: Apache-2.0 */
/* chat_open.c - a model's chat template and special tokens, from the files that may hold them. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "inference/chat/chat_parts.h"
#include "inference/format/json.h"

enum { MAX_SETTINGS = 16 << 20 /* bytes of tokenizer_config.json: it may list all added tokens */ };

static void found_free(struct chat_found *f)
{
	buf_free(&f->usual);
	buf_free(&f->with_tools);
}

static enum err read_text(struct buf *out, struct model_files *files, const char *name)
{
	struct weight_source *source;
	uint8_t *room;

	TRY(files->find(files, name, &source));
	if (source->size > TEMPLATE_MAX_BYTES)
		return failure(ERR_LIMIT, "%s: more than %d bytes", name, TEMPLATE_MAX_BYTES);
	room = buf_reserve(out, (size_t)source->size);
	TRY(source->read(source, room, (size_t)source->size, 0));
	buf_commit(out, (size_t)source->size);
	return OK;
}

/* No file is an empty object. */
static enum err read_settings(json_t **out, struct model_files *files, const char *name)
{
	enum err result = json_read_file(out, files, name, MAX_SETTINGS);

	if (result != ERR_NOT_FOUND)
		return result;
	*out = json_object();
	return OK;
}

static void take_text(struct buf *out, const json_t *text)
{
	buf_write(out, slice_of(json_string_value(text), json_string_length(text)));
}

/* A text, or a list of {"name": "tool_use", "template": text}. */
static void take_templates(struct chat_found *out, const json_t *value)
{
	if (json_is_string(value) && out->usual.size == 0)
		take_text(&out->usual, value);
	for (size_t i = 0; i < json_array_size(value); i++) {
		const json_t *one = json_array_get(value, i);
		const char *name = json_string_value(json_object_get(one, "name"));
		const json_t *text = json_object_get(one, "template");

		if (!name || !json_is_string(text))
			continue;
		if (strcmp(name, "default") == 0 && out->usual.size == 0)
			take_text(&out->usual, text);
		else if (strcmp(name, "tool_use") == 0)
			take_text(&out->with_tools, text);
	}
}

static bool ends_with(const char *text, const char *end)
{
	return slice_ends_with(slice_of_string(text), slice_of_string(end));
}

/* "bos_token": "<s>", or {"content": "<s>", ...}. */
static void take_tokens(json_t *own, const json_t *settings)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)settings, name, value)
	{
		json_t *content = json_object_get(value, "content");
		bool is_list = strcmp(name, "additional_special_tokens") == 0;

		if ((!ends_with(name, "_token") && !is_list) || json_object_get(own, name))
			continue;
		if (json_is_string(content))
			value = content;
		if (json_is_string(value) || (is_list && json_is_array(value)))
			json_object_set(own, name, value);
	}
}

/* In a list each may be an object, too. */
static void flatten_list(json_t *own)
{
	json_t *list = json_object_get(own, "additional_special_tokens");

	for (size_t i = json_array_size(list); i-- > 0;) {
		json_t *one = json_array_get(list, i), *content = json_object_get(one, "content");

		if (json_is_string(content))
			json_array_set(list, i, content);
		else if (!json_is_string(one))
			json_array_remove(list, i);
	}
}

static enum err find_all(struct chat_found *out, json_t *own, struct model_files *files)
{
	AUTO(json_auto) json_t *settings = NULL, *tokens = NULL;
	enum err result = read_text(&out->usual, files, "chat_template.jinja");

	if (result != OK && result != ERR_NOT_FOUND)
		return result;
	TRY(read_settings(&settings, files, "tokenizer_config.json"));
	TRY(read_settings(&tokens, files, "special_tokens_map.json"));
	take_templates(out, json_object_get(settings, "chat_template"));
	take_tokens(own, settings);
	take_tokens(own, tokens);
	flatten_list(own);
	return chat_find_in_gguf(out, own, files);
}

static char *kept_reason(void)
{
	char *kept = strdup(failure_text());

	assert(kept);
	return kept;
}

static void parse(struct chat *c, const struct chat_found *found)
{
	if (found->usual.size == 0)
		return;
	if (template_parse(&c->usual, buf_slice(&found->usual)) != OK ||
	    (found->with_tools.size > 0 &&
	     template_parse(&c->with_tools, buf_slice(&found->with_tools)) != OK))
		c->refusal = kept_reason();
	else
		chat_probe_tools(c);
}

enum err chat_open(struct chat **out, struct model_files *files)
{
	AUTO(found_free)
	struct chat_found found = {buf_new(TEMPLATE_MAX_BYTES + 1),
				   buf_new(TEMPLATE_MAX_BYTES + 1)};
	AUTO(chat_auto) struct chat *c = calloc(1, sizeof *c);
	enum err result;

	assert(c);
	c->own = json_object();
	result = find_all(&found, c->own, files);
	if (result == ERR_FORMAT || result == ERR_LIMIT || found.usual.overflow ||
	    found.with_tools.overflow)
		c->refusal = result == OK ? strdup("it is too large") : kept_reason();
	else
		TRY(result);
	if (!c->refusal)
		parse(c, &found);
	*out = c;
	c = NULL; /* given away */
	return OK;
}

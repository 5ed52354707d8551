/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chat_forced.c - a call that has to come ("tool_choice": "required", or a function by its name):
 * the marker is put behind the prompt, and a grammar says that one of the wanted functions follows,
 * its arguments as its schema has them.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "inference/chat/chat_parts.h"

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

bool chat_is_forced(const json_t *conversation)
{
	const json_t *choice = json_object_get(conversation, "tool_choice");

	return json_is_object(choice) ||
	       (json_is_string(choice) && strcmp(json_string_value(choice), "required") == 0);
}

/* {"name": "f", "arguments":, in the form's words. */
static json_t *prefix_of(const struct toolcall_format *format, const char *name)
{
	json_t *quoted = json_string(name), *prefix;
	char *dump = json_dumps(quoted, JSON_ENCODE_ANY);

	assert(dump);
	prefix = json_sprintf("%s{\"name\": %s, \"%s\": ", format->lead, dump, format->arguments);
	free(dump);
	json_decref(quoted);
	assert(prefix);
	return prefix;
}

static json_t *alternative_of(const struct toolcall_format *format, const json_t *function)
{
	json_t *schema = json_object_get(function, "parameters");

	schema = json_is_object(schema) ? json_incref(schema)
					: json_pack("{s:s}", "type", "object");
	return json_pack("{s:o,s:o,s:s}", "prefix", prefix_of(format, text_of(function, "name")),
			 "schema", schema, "suffix", format->is_list ? "}]" : "}");
}

static json_t *alternatives_of(const struct toolcall_format *format, const json_t *conversation)
{
	const json_t *choice = json_object_get(conversation, "tool_choice");
	const char *wanted = text_of(json_object_get(choice, "function"), "name");
	const json_t *tools = json_object_get(conversation, "tools");
	json_t *list = json_array();

	for (size_t i = 0; i < json_array_size(tools); i++) {
		const json_t *function = json_object_get(json_array_get(tools, i), "function");

		if (!*wanted || strcmp(wanted, text_of(function, "name")) == 0)
			json_array_append_new(list, alternative_of(format, function));
	}
	return list;
}

enum err chat_force(const struct chat *c, struct chat_prompt *out, struct template_text *text,
		    const json_t *conversation)
{
	json_t *list, *grammar;
	char *dump;

	if (c->calls->is_tagged)
		return failure(ERR_UNSUPPORTED, "tool_choice: this model writes calls in a form "
						"that cannot be forced; use \"auto\"");
	list = alternatives_of(c->calls, conversation);
	if (json_array_size(list) == 0) {
		json_decref(list);
		return failure(ERR_FORMAT, "tool_choice: no such tool is offered");
	}
	grammar = json_pack("{s:o}", "alternatives", list);
	dump = json_dumps(grammar, JSON_COMPACT);
	assert(dump);
	out->grammar = buf_new(CHAT_MAX_CONVERSATION);
	buf_write_string(&out->grammar, dump);
	out->is_open = true;
	free(dump);
	json_decref(grammar);
	for (const char *p = c->calls->is_bare ? "" : c->calls->begin; *p; p++) {
		buf_write_u8(&text->text, (uint8_t)*p);
		buf_write_u8(&text->own, 1);
	}
	TRY(buf_done(&text->text));
	return buf_done(&out->grammar);
}

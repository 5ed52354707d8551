/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* memmem */
#include "inference/chat/toolcall_tagged.h"

#include <string.h>

static struct slice skip_blanks(struct slice text)
{
	while (text.size && (text.data[0] == '\n' || text.data[0] == '\r' || text.data[0] == ' ' ||
			     text.data[0] == '\t'))
		text = slice_part(text, 1, text.size);
	return text;
}

/* What stands before `mark`; *rest is behind it. False if it is not there. */
static bool take_until(struct slice *out, struct slice *rest, const char *mark)
{
	struct slice text = *rest;
	const uint8_t *found = text.size ? memmem(text.data, text.size, mark, strlen(mark)) : NULL;
	size_t at = found ? (size_t)(found - text.data) : 0;

	if (!found)
		return false;
	*out = slice_part(text, 0, at);
	*rest = slice_part(text, at + strlen(mark), text.size);
	return true;
}

static bool take(struct slice *rest, const char *mark)
{
	struct slice text = skip_blanks(*rest);

	if (!slice_starts_with(text, slice_of_string(mark)))
		return false;
	*rest = slice_part(text, strlen(mark), text.size);
	return true;
}

static bool equals(const json_t *text, struct slice what)
{
	return json_is_string(text) && slice_equal(what, slice_of_string(json_string_value(text)));
}

/* The schemas of a function's arguments, or NULL. */
static const json_t *properties_of(const json_t *tools, struct slice name)
{
	for (size_t i = 0; i < json_array_size(tools); i++) {
		const json_t *function = json_object_get(json_array_get(tools, i), "function");

		if (equals(json_object_get(function, "name"), name))
			return json_object_get(json_object_get(function, "parameters"),
					       "properties");
	}
	return NULL;
}

/* Text, unless the schema says that it is something else, and it is. */
static json_t *value_of(struct slice text, const json_t *schema)
{
	const json_t *type = json_object_get(schema, "type");
	json_t *value = NULL;

	if (json_is_object(schema) && !equals(type, S("string")))
		value = json_loadb((const char *)text.data, text.size,
				   JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
	return value ? value : json_stringn((const char *)text.data, text.size);
}

/* One newline at each end belongs to the form. */
static struct slice without_ends(struct slice text)
{
	if (text.size && text.data[0] == '\n')
		text = slice_part(text, 1, text.size);
	if (text.size && text.data[text.size - 1] == '\n')
		text.size--;
	return text;
}

static bool take_argument(json_t *arguments, struct slice *rest, const json_t *properties)
{
	struct slice key, value;
	json_t *schema;

	if (!take_until(&key, rest, ">") || !take_until(&value, rest, "</parameter>"))
		return false;
	schema = json_object_getn(properties, (const char *)key.data, key.size);
	return key.size > 0 && json_object_setn_new(arguments, (const char *)key.data, key.size,
						    value_of(without_ends(value), schema)) == 0;
}

bool toolcall_read_tagged(struct slice *name, json_t **arguments, struct slice text,
			  const json_t *tools)
{
	const json_t *properties;
	bool is_good = true;

	if (!take(&text, TOOLCALL_TAG) || !take_until(name, &text, ">") || name->size == 0)
		return false;
	properties = properties_of(tools, *name);
	*arguments = json_object();
	while (is_good && take(&text, "<parameter="))
		is_good = take_argument(*arguments, &text, properties);
	if (is_good && take(&text, "</function>"))
		return true;
	json_decref(*arguments);
	*arguments = NULL;
	return false;
}

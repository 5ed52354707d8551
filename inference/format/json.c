/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/format/json.h"

#include <stdlib.h>

enum err json_read_object(json_t **out, struct slice text, const char *what)
{
	AUTO(json_auto) json_t *value = NULL;
	json_error_t error;

	value = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, &error);
	if (!value)
		return failure(ERR_FORMAT, "%s: %s (line %d, column %d)", what, error.text,
			       error.line, error.column);
	if (!json_is_object(value))
		return failure(ERR_FORMAT, "%s: not a JSON object", what);
	*out = value;
	value = NULL; /* given away */
	return OK;
}

enum err json_read_file(json_t **out, struct model_files *files, const char *name, size_t limit)
{
	AUTO(buf_free) struct buf text = buf_new(limit);
	struct weight_source *source;
	uint8_t *room;

	TRY(files->find(files, name, &source));
	if (source->size > limit)
		return failure(ERR_LIMIT, "%s: more than %zu bytes", name, limit);
	room = buf_reserve(&text, (size_t)source->size);
	TRY(source->read(source, room, (size_t)source->size, 0));
	buf_commit(&text, (size_t)source->size);
	return json_read_object(out, buf_slice(&text), name);
}

enum err json_read_integer(uint64_t *out, const json_t *value, uint64_t max, const char *what,
			   const char *key)
{
	json_int_t number;

	if (!json_is_integer(value))
		return failure(ERR_FORMAT, "%s: \"%s\" is not an integer", what, key);
	number = json_integer_value(value);
	if (number < 0 || (uint64_t)number > max)
		return failure(ERR_FORMAT, "%s: \"%s\" is %lld, not within 0 to %llu", what, key,
			       (long long)number, (unsigned long long)max);
	*out = (uint64_t)number;
	return OK;
}

void json_show(char out[JSON_SHOWN + 4], const json_t *value)
{
	size_t size = json_dumpb(value, out, JSON_SHOWN,
				 JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII);

	if (size > JSON_SHOWN) { /* jansson writes nothing useful then: show the kind only */
		const char *kind = json_is_object(value) ? "{...}" : "[...]";

		memcpy(out, json_is_string(value) ? "\"...\"" : kind, 6);
		return;
	}
	out[size] = '\0';
}

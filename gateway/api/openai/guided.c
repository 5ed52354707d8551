/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/openai/guided.h"

#include "crypto/json.h"
#include "inference/grammar/grammar.h"

enum { MAX_NAME = 64 };

static struct slice text_of(const json_t *value)
{
	return slice_of(json_string_value(value), json_string_length(value));
}

static bool is_name(struct slice name)
{
	bool good = name.size > 0 && name.size <= MAX_NAME;

	for (size_t i = 0; i < name.size && good; i++) {
		uint8_t c = name.data[i];
		uint8_t small = c | 32;

		good = (c >= '0' && c <= '9') || (small >= 'a' && small <= 'z') || c == '_' ||
		       c == '-';
	}
	return good;
}

/* The value as JSON, with its members in the order in which they came. */
static enum err write_json(struct slice *out, struct arena *arena, const json_t *value)
{
	AUTO(buf_free) struct buf text = buf_new(GRAMMAR_MAX_TEXT);
	size_t size = json_dumpb(value, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY);
	uint8_t *room = size <= GRAMMAR_MAX_TEXT ? buf_reserve(&text, size + 1) : NULL;

	if (size > GRAMMAR_MAX_TEXT)
		return failure(ERR_LIMIT, "it is larger than %d KiB", GRAMMAR_MAX_TEXT / 1024);
	if (room) {
		(void)json_dumpb(value, (char *)room, size, JSON_COMPACT | JSON_ENCODE_ANY);
		buf_commit(&text, size);
	}
	*out = arena_copy(arena, buf_slice(&text));
	return OK;
}

/* OpenAI's {"name","description","strict","schema"}. Without a schema it is any object. */
static enum err read_json_schema(struct guided *out, struct arena *arena, const json_t *format)
{
	const json_t *wanted = json_object_get(format, "json_schema");
	const json_t *name = json_object_get(wanted, "name");
	const json_t *schema = json_object_get(wanted, "schema");
	const json_t *strict = json_object_get(wanted, "strict");

	if (!json_is_object(wanted))
		return failure(ERR_FORMAT, "'json_schema' must be an object with a 'schema'");
	if (name && !(json_is_string(name) && is_name(text_of(name))))
		return failure(ERR_FORMAT,
			       "'json_schema.name' must be 1 to %d letters, digits, "
			       "underscores and dashes",
			       MAX_NAME);
	if (strict && !json_is_boolean(strict) && !json_is_null(strict))
		return failure(ERR_FORMAT, "'json_schema.strict' must be true or false");
	out->kind = WIRE_GRAMMAR_OBJECT;
	if (!schema || json_is_null(schema))
		return OK;
	out->kind = json_is_false(strict) ? WIRE_GRAMMAR_SCHEMA : WIRE_GRAMMAR_STRICT;
	return write_json(&out->text, arena, schema);
}

static enum err read_format(struct guided *out, struct arena *arena, const json_t *format)
{
	struct slice type = text_of(json_object_get(format, "type"));

	if (slice_equal(type, S("text")))
		return OK;
	if (slice_equal(type, S("json_schema")))
		return read_json_schema(out, arena, format);
	if (!slice_equal(type, S("json_object")))
		return failure(ERR_FORMAT, "'type' must be text, json_object or json_schema");
	out->kind = WIRE_GRAMMAR_OBJECT;
	return OK;
}

/* A schema, or its text. */
static enum err read_guided_json(struct guided *out, struct arena *arena, const json_t *value)
{
	out->kind = WIRE_GRAMMAR_STRICT;
	if (json_is_string(value)) {
		out->text = text_of(value);
		return OK;
	}
	return write_json(&out->text, arena, value);
}

static enum err read_choice(struct guided *out, struct arena *arena, const json_t *value)
{
	out->kind = WIRE_GRAMMAR_CHOICE;
	return write_json(&out->text, arena, value);
}

static enum err read_regex(struct guided *out, struct arena *arena, const json_t *value)
{
	(void)arena;
	if (!json_is_string(value))
		return failure(ERR_FORMAT, "it must be a string");
	out->kind = WIRE_GRAMMAR_REGEX;
	out->text = text_of(value);
	return OK;
}

typedef enum err read_fn(struct guided *out, struct arena *arena, const json_t *value);

struct parameter {
	const char *name;
	read_fn *read;
};

/* The one that is there; a second is refused. */
static enum err read_one_of(struct guided *out, const char **param, struct arena *arena,
			    const json_t *object, const struct parameter *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const json_t *value = json_object_get(object, list[i].name);

		if (!value || json_is_null(value))
			continue;
		*param = list[i].name;
		if (out->kind != WIRE_GRAMMAR_NONE)
			return failure(ERR_FORMAT, "an answer can follow one such wish only");
		TRY(list[i].read(out, arena, value));
	}
	return OK;
}

static enum err read_structured(struct guided *out, struct arena *arena, const json_t *value)
{
	static const struct parameter list[] = {
		{"json", read_guided_json}, {"choice", read_choice}, {"regex", read_regex}};
	const char *param;

	if (!json_is_object(value))
		return failure(ERR_FORMAT, "it must be an object");
	return read_one_of(out, &param, arena, value, list, sizeof list / sizeof *list);
}

enum err guided_read(struct guided *out, const char **param, struct arena *arena,
		     const json_t *body)
{
	static const struct parameter list[] = {{"response_format", read_format},
						{"guided_json", read_guided_json},
						{"guided_choice", read_choice},
						{"guided_regex", read_regex},
						{"structured_outputs", read_structured}};
	static const enum grammar_kind kinds[WIRE_GRAMMAR_COUNT] = {
		[WIRE_GRAMMAR_SCHEMA] = GRAMMAR_SCHEMA,
		[WIRE_GRAMMAR_STRICT] = GRAMMAR_STRICT,
		[WIRE_GRAMMAR_CHOICE] = GRAMMAR_CHOICE,
		[WIRE_GRAMMAR_REGEX] = GRAMMAR_REGEX,
	};

	*out = (struct guided){.kind = WIRE_GRAMMAR_NONE};
	TRY(read_one_of(out, param, arena, body, list, sizeof list / sizeof *list));
	if (out->kind == WIRE_GRAMMAR_NONE || out->kind == WIRE_GRAMMAR_OBJECT)
		return OK;
	return grammar_check(kinds[out->kind], out->text);
}

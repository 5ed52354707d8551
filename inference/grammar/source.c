/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/grammar/source.h"

#include <stdio.h>

#include "inference/format/json.h"
#include "inference/grammar/regex.h"
#include "inference/grammar/schema.h"

enum { MAX_CALLS = 64, MAX_ALTERNATIVES = 512 };

static struct slice text_of(const json_t *value)
{
	return slice_of(json_string_value(value), json_string_length(value));
}

static enum err read_json(json_t **out, struct slice text, const char *what)
{
	json_error_t error;

	*out = json_loadb((const char *)text.data, text.size,
			  JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
	if (!*out)
		return failure(ERR_FORMAT, "%s: %s (line %d, column %d)", what, error.text,
			       error.line, error.column);
	return OK;
}

static enum err compile_schema(struct shapes *shapes, uint32_t root, struct slice text,
			       enum schema_reading reading)
{
	AUTO(json_auto) json_t *schema = NULL;
	struct automaton *a = shapes->a;
	uint32_t rule;

	TRY(read_json(&schema, text, "schema"));
	TRY(schema_rule(&rule, shapes, schema, reading, "#"));
	automaton_call(a, rule_start(a, root), rule, rule_end(a, root));
	return OK;
}

static enum err compile_choice(struct automaton *a, uint32_t root, struct slice text)
{
	AUTO(json_auto) json_t *list = NULL;

	TRY(read_json(&list, text, "choice"));
	if (!json_is_array(list) || json_array_size(list) == 0)
		return failure(ERR_FORMAT, "choice: it must be a list of strings");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);

		if (!json_is_string(one) || json_string_length(one) == 0)
			return failure(ERR_FORMAT, "choice: number %zu is not a string with a text",
				       i);
		automaton_skip(a, automaton_text(a, rule_start(a, root), text_of(one)),
			       rule_end(a, root));
	}
	return OK;
}

static enum err compile_regex(struct automaton *a, uint32_t root, struct slice text)
{
	const struct regex_use use = {.is_whole = true, .most = AUTOMATON_UNBOUNDED};
	uint32_t end;

	TRY(regex_append(&end, a, rule_start(a, root), text, &use));
	automaton_skip(a, end, rule_end(a, root));
	return OK;
}

static enum err read_part(struct slice *out, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	*out = text_of(value);
	if (value && !json_is_string(value))
		return failure(ERR_FORMAT, "calls: \"%s\" must be a string", key);
	return OK;
}

static enum err add_call(struct shapes *shapes, uint32_t call, const json_t *alternative,
			 size_t index)
{
	struct automaton *a = shapes->a;
	const json_t *schema = json_object_get(alternative, "schema");
	struct slice prefix, suffix;
	char pointer[64];
	uint32_t at, rule;

	(void)snprintf(pointer, sizeof pointer, "#/alternatives/%zu/schema", index);
	TRY(read_part(&prefix, alternative, "prefix"));
	TRY(read_part(&suffix, alternative, "suffix"));
	if (!schema)
		return failure(ERR_FORMAT, "calls: #/alternatives/%zu has no schema", index);
	TRY(schema_rule(&rule, shapes, schema, SCHEMA_CLOSED, pointer));
	at = automaton_one(a, automaton_text(a, rule_start(a, call), prefix), rule);
	automaton_skip(a, automaton_text(a, at, suffix), rule_end(a, call));
	return OK;
}

static enum err add_calls(struct shapes *shapes, uint32_t call, const json_t *calls)
{
	const json_t *list = json_object_get(calls, "alternatives");

	if (!json_is_array(list) || json_array_size(list) == 0 ||
	    json_array_size(list) > MAX_ALTERNATIVES)
		return failure(ERR_FORMAT, "calls: \"alternatives\" must be a list of 1 to %d",
			       MAX_ALTERNATIVES);
	for (size_t i = 0; i < json_array_size(list); i++)
		TRY(add_call(shapes, call, json_array_get(list, i), i));
	return OK;
}

static enum err compile_calls(struct shapes *shapes, uint32_t root, struct slice text)
{
	AUTO(json_auto) json_t *calls = NULL;
	struct automaton *a = shapes->a;
	struct slice begin, end, separator;
	uint32_t call = automaton_rule(a), more = automaton_rule(a), at;
	const json_t *max;

	TRY(read_json(&calls, text, "calls"));
	TRY(read_part(&begin, calls, "begin"));
	TRY(read_part(&end, calls, "end"));
	TRY(read_part(&separator, calls, "separator"));
	max = json_object_get(calls, "max");
	if (max && !(json_is_integer(max) && json_integer_value(max) >= 1 &&
		     json_integer_value(max) <= MAX_CALLS))
		return failure(ERR_FORMAT, "calls: \"max\" must be a number from 1 to %d",
			       MAX_CALLS);
	TRY(add_calls(shapes, call, calls));
	automaton_call(a, automaton_text(a, rule_start(a, more), separator), call,
		       rule_end(a, more));
	at = automaton_one(a, automaton_text(a, rule_start(a, root), begin), call);
	at = automaton_repeat(a, at, more, 0, max ? (uint32_t)json_integer_value(max) - 1 : 0);
	automaton_skip(a, automaton_text(a, at, end), rule_end(a, root));
	return OK;
}

static enum err compile(struct automaton *a, enum grammar_kind kind, struct slice text)
{
	struct shapes shapes = {.a = a};
	uint32_t root = a->root;

	switch (kind) {
	case GRAMMAR_OBJECT:
		automaton_call(a, rule_start(a, root), shapes_rule(&shapes, SHAPE_OBJECT),
			       rule_end(a, root));
		return OK;
	case GRAMMAR_SCHEMA:
		return compile_schema(&shapes, root, text, SCHEMA_OPEN);
	case GRAMMAR_STRICT:
		return compile_schema(&shapes, root, text, SCHEMA_CLOSED);
	case GRAMMAR_CHOICE:
		return compile_choice(a, root, text);
	case GRAMMAR_REGEX:
		return compile_regex(a, root, text);
	case GRAMMAR_CALLS:
		return compile_calls(&shapes, root, text);
	case GRAMMAR_NONE:
	case GRAMMAR_KINDS:
		break;
	}
	return failure(ERR_FORMAT, "there is no grammar of kind %d", (int)kind);
}

enum err source_compile(struct automaton *a, enum grammar_kind kind, struct slice text)
{
	if (text.size > GRAMMAR_MAX_TEXT)
		return failure(ERR_LIMIT, "schema: %zu bytes, at most %d", text.size,
			       GRAMMAR_MAX_TEXT);
	a->root = automaton_rule(a);
	TRY(compile(a, kind, text));
	return automaton_finish(a);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* schema_flatten.c - one schema of what $ref and allOf put together, in as few keywords. */
#include <stdlib.h>
#include <string.h>

#include "inference/grammar/schema_parts.h"

/* Keywords that say nothing about a value. */
static const char *const SAYS_NOTHING[] = {
	"$schema",       "$comment",    "$defs",     "definitions",     "$vocabulary",
	"title",         "description", "default",   "examples",        "example",
	"deprecated",    "readOnly",    "writeOnly", "contentEncoding", "contentMediaType",
	"contentSchema",
};

static const char *const KNOWN[] = {
	"$ref",
	"allOf",
	"anyOf",
	"oneOf",
	"type",
	"nullable",
	"enum",
	"const",
	"properties",
	"required",
	"items",
	"minItems",
	"maxItems",
	"prefixItems",
	"additionalProperties",
	"minLength",
	"maxLength",
	"pattern",
	"format",
	"minProperties",
	"minimum",
	"maximum",
	"exclusiveMinimum",
	"exclusiveMaximum",
	"maxProperties",
};

#define COUNT_OF(list) (sizeof(list) / sizeof *(list))

/* Keywords that would have to be understood and are not. A flag that says what holds anyway is
 * none. */
static enum err check_keywords(struct schema_work *w, const json_t *schema,
			       const struct schema_place *place)
{
	const char *key;
	const json_t *value;

	json_object_foreach((json_t *)(uintptr_t)schema, key, value)
	{
		if (schema_is_among(KNOWN, COUNT_OF(KNOWN), key) ||
		    schema_is_among(SAYS_NOTHING, COUNT_OF(SAYS_NOTHING), key) ||
		    (strcmp(key, "uniqueItems") == 0 && json_is_false(value)) ||
		    (strcmp(key, "$id") == 0 && schema == w->root))
			continue;
		return schema_refuse(w, place, key, ERR_UNSUPPORTED,
				     "this keyword is not known here");
	}
	w->looked_at += json_object_size(schema) + 1;
	if (w->looked_at > SCHEMA_MAX_WORK)
		return schema_refuse(w, place, NULL, ERR_LIMIT, "the schema is too large");
	return OK;
}

/* "~1" is "/", "~0" is "~", "%25" is "%". In place, on a copy. */
static void unescape(char *token)
{
	char *out = token;

	for (; *token; token++) {
		char hex[3] = {token[0] == '%' ? token[1] : '\0', '\0', '\0'};

		hex[1] = hex[0] ? token[2] : '\0';
		if (hex[1] && strspn(hex, "0123456789abcdefABCDEF") == 2) {
			*out++ = (char)strtol(hex, NULL, 16);
			token += 2;
		} else {
			*out++ = *token;
		}
	}
	*out = '\0';
}

static void untilde(char *token)
{
	char *out = token;

	for (; *token; token++) {
		bool is_escape = token[0] == '~' && (token[1] == '0' || token[1] == '1');

		*out++ = is_escape ? (token[1] == '0' ? '~' : '/') : *token;
		token += is_escape;
	}
	*out = '\0';
}

static const json_t *step_into(const json_t *at, const char *token)
{
	uint64_t index;

	if (json_is_array(at) && slice_to_u64(slice_of_string(token), 1 << 20, &index))
		return json_array_get(at, (size_t)index);
	return json_object_get(at, token);
}

static enum err resolve(const json_t **out, struct schema_work *w, const json_t *reference,
			const struct schema_place *place)
{
	char text[512];
	const json_t *at = w->root;

	if (!json_is_string(reference) || json_string_length(reference) >= sizeof text)
		return schema_refuse(w, place, "$ref", ERR_FORMAT, "it is not a short string");
	memcpy(text, json_string_value(reference), json_string_length(reference) + 1);
	unescape(text);
	if (text[0] != '#' || (text[1] != '\0' && text[1] != '/'))
		return schema_refuse(
			w, place, "$ref", ERR_UNSUPPORTED,
			"only JSON pointers into this schema (\"#/...\") are followed");
	for (const char *p = text + 1; at && *p == '/';) {
		size_t size = strcspn(p + 1, "/");
		char name[sizeof text];

		memcpy(name, p + 1, size);
		name[size] = '\0';
		untilde(name);
		at = step_into(at, name);
		p += 1 + size;
	}
	if (!at)
		return schema_refuse(w, place, "$ref", ERR_FORMAT,
				     "there is nothing at this place");
	*out = at;
	return OK;
}

enum err schema_target(const json_t **out, struct schema_work *w, const json_t *schema,
		       const struct schema_place *place)
{
	const json_t *reference = json_object_get(schema, "$ref");
	const char *key;
	const json_t *value;

	*out = NULL;
	if (!reference)
		return OK;
	json_object_foreach(
		(json_t *)(uintptr_t)schema, key,
		value) if (value != reference &&
			   !schema_is_among(SAYS_NOTHING, COUNT_OF(SAYS_NOTHING), key) &&
			   strcmp(key, "$id") != 0) return OK;
	TRY(check_keywords(w, schema, place));
	return resolve(out, w, reference, place);
}

/* The keywords of one schema itself, in fewer words. */
static enum err simplify(json_t *out, struct schema_work *w, const json_t *schema,
			 const struct schema_place *place)
{
	const json_t *branches = json_object_get(schema, "oneOf");
	const char *key;
	const json_t *value;

	json_object_foreach((json_t *)(uintptr_t)schema, key,
			    value) if (key[0] != '$' &&
				       schema_is_among(KNOWN, COUNT_OF(KNOWN), key))
		json_object_set(out, key, (json_t *)(uintptr_t)value);
	json_object_del(out, "allOf");
	json_object_del(out, "oneOf");
	json_object_del(out, "nullable");
	json_object_del(out, "const");
	if ((value = json_object_get(schema, "const"))) {
		json_t *values = json_pack("[O]", value);

		if (json_object_get(schema, "enum") &&
		    !schema_holds(json_object_get(schema, "enum"), value))
			json_array_clear(values);
		json_object_set_new(out, "enum", values);
	}
	if (json_is_true(json_object_get(schema, "nullable")) && json_object_get(out, "type")) {
		json_t *types = schema_list(json_object_get(out, "type"));

		json_array_append_new(types, json_string("null"));
		json_object_set_new(out, "type", types);
	}
	if (branches && json_object_get(out, "anyOf")) {
		json_t *all;

		TRY(schema_multiply(&all, w, json_object_get(out, "anyOf"), branches, place));
		json_object_set_new(out, "anyOf", all);
	} else if (branches) {
		json_object_set(out, "anyOf", (json_t *)(uintptr_t)branches);
	}
	return OK;
}

static enum err check_shapes(const struct schema_work *w, const json_t *schema,
			     const struct schema_place *place)
{
	static const struct {
		const char *key;
		bool is_list, may_be_empty;
	} rows[] = {{"allOf", true, false},       {"anyOf", true, false},
		    {"oneOf", true, false},       {"enum", true, false},
		    {"required", true, true},     {"prefixItems", true, false},
		    {"properties", false, false}, {"$defs", false, false},
		    {"definitions", false, false}};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const json_t *value = json_object_get(schema, rows[i].key);

		if (value && rows[i].is_list &&
		    (!json_is_array(value) ||
		     (json_array_size(value) == 0 && !rows[i].may_be_empty)))
			return schema_refuse(w, place, rows[i].key, ERR_FORMAT,
					     "it must be a list");
		if (value && !rows[i].is_list && !json_is_object(value))
			return schema_refuse(w, place, rows[i].key, ERR_FORMAT,
					     "it must be an object");
	}
	return OK;
}

static enum err flatten(const json_t **out, struct schema_work *w, const json_t *schema,
			const struct schema_place *place, unsigned depth)
{
	const json_t *target, *part, *parts = json_object_get(schema, "allOf");
	json_t *own;

	*out = schema;
	if (json_is_boolean(schema))
		return OK;
	if (!json_is_object(schema))
		return schema_refuse(w, place, NULL, ERR_FORMAT,
				     "a schema must be an object, true or false");
	if (depth > SCHEMA_MAX_REFERENCES)
		return schema_refuse(w, place, NULL, ERR_UNSUPPORTED,
				     "too many $ref and allOf, or one that leads back to itself");
	TRY(check_keywords(w, schema, place));
	TRY(check_shapes(w, schema, place));
	own = schema_keep(w, json_object());
	TRY(simplify(own, w, schema, place));
	*out = own;
	if (json_object_get(schema, "$ref")) {
		TRY(resolve(&target, w, json_object_get(schema, "$ref"), place));
		TRY(flatten(&part, w, target, place, depth + 1));
		TRY(schema_merge(out, w, part, *out, place));
	}
	for (size_t i = 0; i < json_array_size(parts); i++) {
		const struct schema_place list = {place, "allOf", 0}, at = {&list, NULL, i};

		TRY(flatten(&part, w, json_array_get(parts, i), &at, depth + 1));
		TRY(schema_merge(out, w, *out, part, &at));
	}
	return OK;
}

enum err schema_flatten(const json_t **out, struct schema_work *w, const json_t *schema,
			const struct schema_place *place)
{
	return flatten(out, w, schema, place, 0);
}

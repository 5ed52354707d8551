/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/grammar/schema.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "inference/grammar/schema_parts.h"

enum { POINTER_SIZE = 256 };

struct schema_known {
	const json_t *schema; /* NULL: an empty row */
	uint32_t rule;
};

static void write_key(struct buf *out, const char *key)
{
	for (; *key; key++) {
		if (*key == '~' || *key == '/')
			buf_write_string(out, *key == '~' ? "~0" : "~1");
		else
			buf_write_u8(out, (uint8_t)*key);
	}
}

static void write_place(struct buf *out, const struct schema_place *place)
{
	if (!place)
		return;
	write_place(out, place->up);
	buf_write_u8(out, '/');
	if (place->key)
		write_key(out, place->key);
	else
		buf_write_decimal(out, place->index);
}

enum err schema_refuse(const struct schema_work *w, const struct schema_place *place,
		       const char *key, enum err kind, const char *what)
{
	AUTO(buf_free) struct buf pointer = buf_new(POINTER_SIZE);
	const struct schema_place last = {place, key, 0};

	buf_write_string(&pointer, w->pointer);
	write_place(&pointer, key ? &last : place);
	return failure(kind, "schema: %.*s%s: %s", SLICE_PRINT(buf_slice(&pointer)),
		       pointer.overflow ? "..." : "", what);
}

bool schema_has_type(const json_t *flat, const char *type)
{
	const json_t *types = json_object_get(flat, "type");
	const char *only = json_string_value(types);

	if (!types)
		return true;
	if (only)
		return strcmp(only, type) == 0;
	for (size_t i = 0; i < json_array_size(types); i++) {
		const char *one = json_string_value(json_array_get(types, i));

		if (one && strcmp(one, type) == 0)
			return true;
	}
	return false;
}

static bool is_type(const json_t *name)
{
	static const char *const types[] = {"string", "number", "integer", "boolean",
					    "null",   "array",  "object"};

	for (size_t i = 0; json_is_string(name) && i < sizeof types / sizeof *types; i++)
		if (strcmp(types[i], json_string_value(name)) == 0)
			return true;
	return false;
}

static enum err check_types(const struct schema_work *w, const json_t *flat,
			    const struct schema_place *place)
{
	const json_t *types = json_object_get(flat, "type");
	bool good = !types || is_type(types) || json_is_array(types);

	for (size_t i = 0; i < json_array_size(types) && good; i++)
		good = is_type(json_array_get(types, i));
	return good ? OK
		    : schema_refuse(w, place, "type", ERR_FORMAT,
				    "it must be one of JSON's types, or a list of them");
}

enum err schema_count(uint32_t *out, const struct schema_work *w, const json_t *flat,
		      const char *key, const struct schema_place *place)
{
	const json_t *value = json_object_get(flat, key);
	double number = json_number_value(value);

	if (!value)
		return OK;
	if (!json_is_number(value) || number < 0 || number != (double)(int64_t)number)
		return schema_refuse(w, place, key, ERR_FORMAT, "it must be a whole number");
	if (number > SCHEMA_MAX_ITEMS && key[1] == 'i')
		return schema_refuse(w, place, key, ERR_LIMIT, "it is too large");
	*out = number > SCHEMA_MAX_ITEMS ? AUTOMATON_UNBOUNDED : (uint32_t)number;
	return OK;
}

/* A schema that says nothing, as a branch's surroundings. */
static bool says_nothing(const json_t *flat)
{
	return json_is_true(flat) || (json_is_object(flat) && json_object_size(flat) == 0);
}

static enum err add_branches(struct schema_work *w, uint32_t from, uint32_t to, const json_t *flat,
			     const struct schema_place *place)
{
	const json_t *branches = json_object_get(flat, "anyOf");
	const struct schema_place list = {place, "anyOf", 0};
	json_t *rest = json_copy((json_t *)(uintptr_t)flat);

	json_array_append_new(w->derived, rest);
	json_object_del(rest, "anyOf");
	for (size_t i = 0; i < json_array_size(branches); i++) {
		const struct schema_place at = {&list, NULL, i};
		const json_t *branch = json_array_get(branches, i);
		uint32_t rule;

		if (!says_nothing(rest))
			branch = schema_both(w, rest, branch);
		TRY(schema_part(&rule, w, branch, &at));
		automaton_call(w->a, from, rule, to);
	}
	return OK;
}

static enum err add_types(struct schema_work *w, uint32_t from, uint32_t to, const json_t *flat,
			  const struct schema_place *place)
{
	if (schema_has_type(flat, "string"))
		TRY(schema_string(w, from, to, flat, place));
	if (schema_has_type(flat, "number"))
		TRY(schema_number(w, from, to, flat, place, SHAPE_NUMBER));
	else if (schema_has_type(flat, "integer"))
		TRY(schema_number(w, from, to, flat, place, SHAPE_INTEGER));
	if (schema_has_type(flat, "boolean"))
		automaton_call(w->a, from, shapes_rule(w->shapes, SHAPE_BOOLEAN), to);
	if (schema_has_type(flat, "null"))
		automaton_call(w->a, from, shapes_rule(w->shapes, SHAPE_NULL), to);
	if (schema_has_type(flat, "array"))
		TRY(schema_array(w, from, to, flat, place));
	if (schema_has_type(flat, "object"))
		TRY(schema_object(w, from, to, flat, place));
	return OK;
}

static enum err add_schema(struct schema_work *w, uint32_t from, uint32_t to, const json_t *schema,
			   const struct schema_place *place)
{
	const json_t *flat;

	TRY(schema_target(&flat, w, schema, place));
	if (flat) {
		uint32_t rule;

		TRY(schema_part(&rule, w, flat, place));
		automaton_call(w->a, from, rule, to);
		return OK;
	}
	TRY(schema_flatten(&flat, w, schema, place));
	if (json_is_false(flat))
		return OK;
	if (says_nothing(flat)) {
		automaton_call(w->a, from, shapes_rule(w->shapes, SHAPE_VALUE), to);
		return OK;
	}
	TRY(check_types(w, flat, place));
	if (json_object_get(flat, "anyOf"))
		return add_branches(w, from, to, flat, place);
	if (json_object_get(flat, "enum"))
		return schema_values(w, from, to, flat, place);
	return add_types(w, from, to, flat, place);
}

static size_t row_of(const struct schema_work *w, const json_t *schema)
{
	size_t at = ((uintptr_t)schema >> 4) * 0x9e3779b1u & (w->known_room - 1);

	while (w->known[at].schema && w->known[at].schema != schema)
		at = (at + 1) & (w->known_room - 1);
	return at;
}

static void make_room(struct schema_work *w)
{
	struct schema_known *old = w->known;
	size_t room = w->known_room;

	if (2 * w->known_count < room)
		return;
	w->known_room = room ? 2 * room : 64;
	w->known = calloc(w->known_room, sizeof *w->known);
	assert(w->known);
	for (size_t i = 0; i < room; i++)
		if (old[i].schema)
			w->known[row_of(w, old[i].schema)] = old[i];
	free(old);
}

enum err schema_part(uint32_t *rule, struct schema_work *w, const json_t *schema,
		     const struct schema_place *place)
{
	size_t row;

	if (json_is_boolean(schema)) { /* not by its address: there is one of each */
		*rule = shapes_rule(w->shapes, json_is_true(schema) ? SHAPE_VALUE : SHAPE_NOTHING);
		return OK;
	}
	make_room(w);
	row = row_of(w, schema);
	if (w->known[row].schema) {
		*rule = w->known[row].rule;
		return OK;
	}
	if (w->depth == SCHEMA_MAX_DEPTH)
		return schema_refuse(w, place, NULL, ERR_LIMIT, "it nests too deep");
	if (w->a->is_full)
		return schema_refuse(w, place, NULL, ERR_LIMIT, "the schema is too large");
	*rule = automaton_rule(w->a);
	w->known[row] = (struct schema_known){schema, *rule};
	w->known_count++;
	w->depth++;
	TRY(add_schema(w, rule_start(w->a, *rule), rule_end(w->a, *rule), schema, place));
	w->depth--;
	return OK;
}

static void work_clear(struct schema_work *w)
{
	json_decref(w->derived);
	free(w->known);
}

enum err schema_rule(uint32_t *rule, struct shapes *shapes, const json_t *schema,
		     enum schema_reading reading, const char *pointer)
{
	AUTO(work_clear)
	struct schema_work w = {
		.shapes = shapes,
		.a = shapes->a,
		.root = schema,
		.pointer = pointer,
		.reading = reading,
		.derived = json_array(),
	};

	return schema_part(rule, &w, schema, NULL);
}

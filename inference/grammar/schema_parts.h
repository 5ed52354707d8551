/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema_parts.h - what the files schema*.c share: schema_flatten.c and
 * schema_merge.c make one schema of what $ref and allOf put together, schema.c makes rules of it,
 * schema_object.c, schema_array.c and schema_value.c those of one type.
 */
#ifndef INFERENCE_GRAMMAR_SCHEMA_PARTS_H
#define INFERENCE_GRAMMAR_SCHEMA_PARTS_H

#include "inference/format/json.h"
#include "inference/grammar/schema.h"

struct schema_known;

struct schema_work {
	struct shapes *shapes;
	struct automaton *a;
	const json_t *root;
	const char *pointer; /* of the root */
	enum schema_reading reading;
	json_t *derived;            /* schemas made on the way: they live as long as this */
	struct schema_known *known; /* the rules of schemas, by address */
	size_t known_room, known_count;
	size_t looked_at; /* keywords */
	unsigned depth;
};

/* The way to a part of the schema, from the inside out. `key` NULL: the index counts. */
struct schema_place {
	const struct schema_place *up;
	const char *key;
	size_t index;
};

/* A failure that names "pointer/place/key" (key may be NULL) and then says what. */
RESULT schema_refuse(const struct schema_work *w, const struct schema_place *place, const char *key,
		     enum err kind, const char *what);

/* schema_merge.c: two flat schemas as one; each branch of one with each of the other. */
RESULT schema_merge(const json_t **out, struct schema_work *w, const json_t *a, const json_t *b,
		    const struct schema_place *place);
RESULT schema_multiply(json_t **out, struct schema_work *w, const json_t *a, const json_t *b,
		       const struct schema_place *place);
json_t *schema_list(const json_t *value); /* a copy; a single value is a list of one */
bool schema_holds(const json_t *list, const json_t *value);
bool schema_is_among(const char *const *list, size_t count, const char *key);
json_t *schema_keep(struct schema_work *w, json_t *made); /* lives as long as the work */

/* One object with what `schema` and all its $ref and allOf say, without those; or a boolean.
 * Owned by the work. "const" has become "enum", "oneOf" "anyOf", "nullable" a type. */
RESULT schema_flatten(const json_t **out, struct schema_work *w, const json_t *schema,
		      const struct schema_place *place);

/* The target of a schema that is nothing but a $ref, or NULL: so that a schema that refers to
 * itself is one rule. */
RESULT schema_target(const json_t **out, struct schema_work *w, const json_t *schema,
		     const struct schema_place *place);

/* {"allOf":[a, b]}, or one of the two where the other says nothing. Owned by the work; NULL says
 * nothing. */
const json_t *schema_both(struct schema_work *w, const json_t *a, const json_t *b);

/* The rule of a part. */
RESULT schema_part(uint32_t *rule, struct schema_work *w, const json_t *schema,
		   const struct schema_place *place);

/* A whole number from 0 to SCHEMA_MAX_ITEMS, or as it was where the keyword is not there. A most
 * that is larger is none. */
RESULT schema_count(uint32_t *out, const struct schema_work *w, const json_t *flat, const char *key,
		    const struct schema_place *place);

/* One type of a flat schema, between two nodes. */
RESULT schema_string(struct schema_work *w, uint32_t from, uint32_t to, const json_t *flat,
		     const struct schema_place *place);
RESULT schema_number(struct schema_work *w, uint32_t from, uint32_t to, const json_t *flat,
		     const struct schema_place *place,
		     enum shape shape); /* SHAPE_INTEGER, _NUMBER */
RESULT schema_array(struct schema_work *w, uint32_t from, uint32_t to, const json_t *flat,
		    const struct schema_place *place);
RESULT schema_object(struct schema_work *w, uint32_t from, uint32_t to, const json_t *flat,
		     const struct schema_place *place);

/* The values of "enum" that the rest of the schema admits. */
RESULT schema_values(struct schema_work *w, uint32_t from, uint32_t to, const json_t *flat,
		     const struct schema_place *place);

/* Is `type` among the types that the schema admits? A schema that names none admits all. */
bool schema_has_type(const json_t *flat, const char *type);

/* The pattern of a known format, or NULL (schema_formats.c). */
const char *schema_format(const char *name);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema_object.c - objects: the members that have a name in the schema, in the schema's order,
 * then all others. A model that writes them in one order writes each once, and one automaton for
 * all orders would be as large as their number.
 */
#include <stdlib.h>
#include <string.h>

#include "inference/grammar/other_keys.h"
#include "inference/grammar/schema_parts.h"
#include "inference/grammar/utf8.h"

struct object {
	const json_t *properties; /* or NULL */
	json_t *required;         /* the names, as members of an object */
	const json_t *others;     /* the schema of all other members; false: there are none */
	uint32_t least, most;
};

/* A required member without a schema of its own has that of the others. */
static enum err name_required(struct object *o, struct schema_work *w,
			      const struct schema_place *place, const json_t *required,
			      const json_t *others)
{
	json_t *named = o->properties ? json_copy((json_t *)(uintptr_t)o->properties)
				      : json_object();

	json_array_append_new(w->derived, named);
	for (size_t i = 0; i < json_array_size(required); i++) {
		const char *name = json_string_value(json_array_get(required, i));

		if (!name)
			return schema_refuse(w, place, "required", ERR_FORMAT,
					     "it must be a list of names");
		json_object_set_new(o->required, name, json_true());
		if (!json_object_get(named, name))
			json_object_set(named, name, (json_t *)(uintptr_t)others);
	}
	o->properties = named;
	return OK;
}

static enum err read_object(struct object *o, struct schema_work *w, const json_t *flat,
			    const struct schema_place *place)
{
	const json_t *others = json_object_get(flat, "additionalProperties");
	bool is_closed;

	*o = (struct object){.properties = json_object_get(flat, "properties"),
			     .required = schema_keep(w, json_object()),
			     .most = AUTOMATON_UNBOUNDED};
	TRY(schema_count(&o->least, w, flat, "minProperties", place));
	TRY(schema_count(&o->most, w, flat, "maxProperties", place));
	is_closed = !others && o->properties && w->reading == SCHEMA_CLOSED;
	o->others = is_closed ? json_false() : others ? others : json_true();
	return name_required(o, w, place, json_object_get(flat, "required"),
			     others ? others : json_true());
}

/* How many members there are is counted where all of them are alike; else it must follow from the
 * rest of the schema. */
static enum err check_counts(const struct object *o, const struct schema_work *w,
			     const struct schema_place *place)
{
	size_t named = json_object_size(o->properties);

	if (named == 0)
		return OK;
	if (o->least > json_object_size(o->required))
		return schema_refuse(w, place, "minProperties", ERR_UNSUPPORTED,
				     "it is understood here only where no member has a name, or as "
				     "many are required");
	if (o->most < named || (o->most != AUTOMATON_UNBOUNDED && !json_is_false(o->others)))
		return schema_refuse(w, place, "maxProperties", ERR_UNSUPPORTED,
				     "it is understood here only where no member has a name");
	return OK;
}

static uint32_t append_comma(struct schema_work *w, uint32_t at)
{
	return shapes_maybe_space(w->shapes, automaton_text(w->a, at, S(",")));
}

/* Where the members written so far end: none yet, or some. */
struct ends {
	uint32_t none, some;
};

static enum err add_member(struct ends *ends, struct schema_work *w, const char *name,
			   uint32_t rule, bool required)
{
	AUTO(buf_free) struct buf key = buf_new(8 * strlen(name) + 2);
	uint32_t at, behind = append_comma(w, ends->some);
	struct ends next;

	buf_write_u8(&key, '"');
	utf8_write_quoted(&key, slice_of_string(name));
	buf_write_u8(&key, '"');
	at = automaton_node(w->a);
	automaton_skip(w->a, ends->none, at);
	automaton_skip(w->a, behind, at);
	at = shapes_colon(w->shapes, automaton_text(w->a, at, buf_slice(&key)));
	next = (struct ends){automaton_node(w->a), automaton_node(w->a)};
	automaton_call(w->a, at, rule, next.some);
	if (!required) {
		automaton_skip(w->a, ends->none, next.none);
		automaton_skip(w->a, ends->some, next.some);
	}
	*ends = next;
	return OK;
}

static enum err add_named(struct ends *ends, struct schema_work *w, const struct object *o,
			  const struct schema_place *place)
{
	const struct schema_place list = {place, "properties", 0};
	const char *name;
	json_t *schema;

	json_object_foreach((json_t *)(uintptr_t)o->properties, name, schema)
	{
		const struct schema_place at = {&list, name, 0};
		uint32_t rule;

		TRY(schema_part(&rule, w, schema, &at));
		TRY(add_member(ends, w, name, rule, json_object_get(o->required, name) != NULL));
	}
	return OK;
}

/* A member whose name is none of those that have a schema of their own. */
static enum err other_member(uint32_t *out, struct schema_work *w, const struct object *o,
			     const struct schema_place *place)
{
	const struct schema_place inside = {place, "additionalProperties", 0};
	uint32_t member = automaton_rule(w->a);
	uint32_t key, value, at;

	TRY(schema_part(&value, w, o->others, &inside));
	key = other_keys_rule(w->shapes, o->properties);
	at = shapes_colon(w->shapes, automaton_one(w->a, rule_start(w->a, member), key));
	automaton_call(w->a, at, value, rule_end(w->a, member));
	*out = member;
	return OK;
}

static uint32_t with_comma(struct schema_work *w, uint32_t member)
{
	uint32_t next = automaton_rule(w->a);

	automaton_call(w->a, append_comma(w, rule_start(w->a, next)), member, rule_end(w->a, next));
	return next;
}

/* Any number of other members behind those that have names. */
static enum err add_others(struct ends *ends, struct schema_work *w, const struct object *o,
			   const struct schema_place *place)
{
	uint32_t some = automaton_node(w->a), next;
	uint32_t member;

	TRY(other_member(&member, w, o, place));
	automaton_skip(w->a, ends->some, some);
	automaton_call(w->a, ends->none, member, some);
	next = append_comma(w, some);
	automaton_call(w->a, next, member, some);
	ends->some = some;
	return OK;
}

/* The same where there are no others than these, and they are counted. */
static enum err add_counted(struct ends *ends, struct schema_work *w, const struct object *o,
			    const struct schema_place *place)
{
	uint32_t member, at;

	if (o->most == 0)
		return OK;
	TRY(other_member(&member, w, o, place));
	at = automaton_one(w->a, ends->none, member);
	at = automaton_repeat(w->a, at, with_comma(w, member), o->least > 0 ? o->least - 1 : 0,
			      o->most == AUTOMATON_UNBOUNDED ? o->most : o->most - 1);
	automaton_skip(w->a, at, ends->some);
	return OK;
}

enum err schema_object(struct schema_work *w, uint32_t from, uint32_t to, const json_t *flat,
		       const struct schema_place *place)
{
	struct ends ends = {shapes_maybe_space(w->shapes, automaton_text(w->a, from, S("{"))),
			    automaton_node(w->a)};
	struct object o;
	bool is_map;

	TRY(read_object(&o, w, flat, place));
	TRY(check_counts(&o, w, place));
	if (o.most < o.least)
		return OK; /* there is none */
	is_map = json_object_size(o.properties) == 0;
	TRY(add_named(&ends, w, &o, place));
	if (is_map && !json_is_false(o.others))
		TRY(add_counted(&ends, w, &o, place));
	else if (!json_is_false(o.others))
		TRY(add_others(&ends, w, &o, place));
	if (!is_map || o.least == 0)
		automaton_byte(w->a, ends.none, '}', '}', to);
	automaton_byte(w->a, shapes_maybe_space(w->shapes, ends.some), '}', '}', to);
	return OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* schema_array.c - arrays: first those elements that have a schema each, then all others. */
#include "inference/grammar/schema_parts.h"

/* What is known of an array before its automaton is made. */
struct array {
	const json_t *named;  /* prefixItems, or NULL */
	uint32_t named_count; /* of those that may be there */
	uint32_t others;      /* the rule of the rest; SHAPE_NOTHING's where there is none */
	uint32_t least, most;
};

static enum err read_array(struct array *out, struct schema_work *w, const json_t *flat,
			   const struct schema_place *place)
{
	const json_t *items = json_object_get(flat, "items");
	const struct schema_place at = {place, "items", 0};

	*out = (struct array){.named = json_object_get(flat, "prefixItems"),
			      .most = AUTOMATON_UNBOUNDED};
	TRY(schema_count(&out->least, w, flat, "minItems", place));
	TRY(schema_count(&out->most, w, flat, "maxItems", place));
	if (!items)
		items = out->named && w->reading == SCHEMA_CLOSED ? json_false() : json_true();
	if (json_is_false(items)) {
		uint32_t named = (uint32_t)json_array_size(out->named);

		out->most = out->most < named ? out->most : named;
	}
	out->named_count = (uint32_t)json_array_size(out->named);
	if (out->named_count > out->most)
		out->named_count = out->most;
	return schema_part(&out->others, w, items, &at);
}

/* "," and one of `rule`. */
static uint32_t next_rule(struct schema_work *w, uint32_t rule)
{
	uint32_t next = automaton_rule(w->a);
	uint32_t at = automaton_text(w->a, rule_start(w->a, next), S(","));

	automaton_call(w->a, shapes_maybe_space(w->shapes, at), rule, rule_end(w->a, next));
	return next;
}

/* Behind `at`, where `count` elements stand: all others. Returns where they may end. */
static uint32_t append_others(struct schema_work *w, uint32_t at, const struct array *array,
			      uint32_t count)
{
	uint32_t least = array->least > count ? array->least - count : 0;
	uint32_t most = array->most == AUTOMATON_UNBOUNDED ? AUTOMATON_UNBOUNDED
							   : array->most - count;

	if (most == 0)
		return at;
	if (count == 0) {
		at = automaton_one(w->a, at, array->others);
		least -= least > 0;
		most -= most != AUTOMATON_UNBOUNDED;
	}
	return automaton_repeat(w->a, at, next_rule(w, array->others), least, most);
}

enum err schema_array(struct schema_work *w, uint32_t from, uint32_t to, const json_t *flat,
		      const struct schema_place *place)
{
	const struct schema_place list = {place, "prefixItems", 0};
	uint32_t end = automaton_node(w->a), at = automaton_text(w->a, from, S("["));
	struct array array;

	TRY(read_array(&array, w, flat, place));
	if (array.most < array.least)
		return OK; /* there is none */
	at = shapes_maybe_space(w->shapes, at);
	if (array.least == 0)
		automaton_byte(w->a, at, ']', ']', to);
	if (array.most == 0)
		return OK;
	for (uint32_t i = 0; i < array.named_count; i++) {
		const struct schema_place item = {&list, NULL, i};
		uint32_t rule;

		TRY(schema_part(&rule, w, json_array_get(array.named, i), &item));
		at = automaton_one(w->a, at, i == 0 ? rule : next_rule(w, rule));
		if (i + 1 >= array.least)
			automaton_skip(w->a, at, end);
	}
	at = append_others(w, at, &array, array.named_count);
	automaton_skip(w->a, at, end);
	end = shapes_maybe_space(w->shapes, end);
	automaton_byte(w->a, end, ']', ']', to);
	return OK;
}

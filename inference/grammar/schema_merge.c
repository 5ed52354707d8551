/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema_merge.c - what two schemas ask for at once, as one. Everything that can be said of a value
 * is said by keywords; two of the same kind become the stricter, or are put together.
 */
#include <string.h>

#include "inference/grammar/schema_parts.h"

#define COUNT_OF(list) (sizeof(list) / sizeof *(list))

bool schema_is_among(const char *const *list, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], key) == 0)
			return true;
	return false;
}

json_t *schema_keep(struct schema_work *w, json_t *made)
{
	json_array_append_new(w->derived, made);
	return made;
}

const json_t *schema_both(struct schema_work *w, const json_t *a, const json_t *b)
{
	json_t *pair;

	if (!a || json_is_true(a) || a == b)
		return b;
	if (!b || json_is_true(b))
		return a;
	pair = json_array();
	json_array_append(pair, (json_t *)(uintptr_t)a);
	json_array_append(pair, (json_t *)(uintptr_t)b);
	return schema_keep(w, json_pack("{s:o}", "allOf", pair));
}

json_t *schema_list(const json_t *value)
{
	if (json_is_array(value))
		return json_copy((json_t *)(uintptr_t)value);
	return json_pack("[O]", value);
}

bool schema_holds(const json_t *list, const json_t *value)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (json_equal(json_array_get(list, i), value))
			return true;
	return false;
}

static json_t *union_of(const json_t *a, const json_t *b)
{
	json_t *all = json_copy((json_t *)(uintptr_t)a);

	for (size_t i = 0; i < json_array_size(b); i++)
		if (!schema_holds(a, json_array_get(b, i)))
			json_array_append(all, json_array_get(b, i));
	return all;
}

static json_t *common_values(const json_t *a, const json_t *b)
{
	json_t *common = json_array();

	for (size_t i = 0; i < json_array_size(a); i++)
		if (schema_holds(b, json_array_get(a, i)))
			json_array_append(common, json_array_get(a, i));
	return common;
}

static bool list_has(const json_t *list, const char *name)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *one = json_string_value(json_array_get(list, i));

		if (one && strcmp(one, name) == 0)
			return true;
	}
	return false;
}

/* A whole number is a number. */
static json_t *common_types(const json_t *a, const json_t *b)
{
	AUTO(json_auto) json_t *x = schema_list(a), *y = schema_list(b);
	json_t *common = common_values(x, y);
	bool whole = (list_has(x, "integer") && list_has(y, "number")) ||
		     (list_has(x, "number") && list_has(y, "integer"));

	if (whole && !list_has(common, "integer") && !list_has(common, "number"))
		json_array_append_new(common, json_string("integer"));
	return common;
}

static json_t *stricter(const json_t *a, const json_t *b, bool larger_is)
{
	bool first = larger_is == (json_number_value(a) > json_number_value(b));

	return json_incref((json_t *)(uintptr_t)(first ? a : b));
}

/* What a schema says of the members (or elements) that it does not name. */
static const json_t *of_others(const json_t *schema, const char *others, const json_t *named)
{
	return named ? named : json_object_get(schema, others);
}

static json_t *put_together(struct schema_work *w, const json_t *x, const json_t *y)
{
	const json_t *both = schema_both(w, x, y);

	return both ? json_incref((json_t *)(uintptr_t)both) : json_true();
}

static void merge_properties(struct schema_work *w, json_t *out, const json_t *a, const json_t *b)
{
	const json_t *in_a = json_object_get(a, "properties");
	const json_t *in_b = json_object_get(b, "properties");
	const char *others = "additionalProperties";
	const char *key;
	const json_t *value;
	json_t *all = json_object();

	json_object_foreach((json_t *)(uintptr_t)in_a, key, value) json_object_set_new(
		all, key, put_together(w, value, of_others(b, others, json_object_get(in_b, key))));
	json_object_foreach((json_t *)(uintptr_t)in_b, key, value) if (!json_object_get(in_a, key))
		json_object_set_new(all, key, put_together(w, of_others(a, others, NULL), value));
	w->looked_at += json_object_size(all);
	if (in_a || in_b)
		json_object_set(out, "properties", all);
	json_decref(all);
	if (json_object_get(a, others) || json_object_get(b, others))
		json_object_set_new(
			out, others,
			put_together(w, json_object_get(a, others), json_object_get(b, others)));
}

static void merge_items(struct schema_work *w, json_t *out, const json_t *a, const json_t *b)
{
	const json_t *in_a = json_object_get(a, "prefixItems");
	const json_t *in_b = json_object_get(b, "prefixItems");
	json_t *all = json_array();

	for (size_t i = 0; i < json_array_size(in_a) || i < json_array_size(in_b); i++)
		json_array_append_new(
			all, put_together(w, of_others(a, "items", json_array_get(in_a, i)),
					  of_others(b, "items", json_array_get(in_b, i))));
	w->looked_at += json_array_size(all);
	if (json_array_size(all) > 0)
		json_object_set(out, "prefixItems", all);
	json_decref(all);
	if (json_object_get(a, "items") || json_object_get(b, "items"))
		json_object_set_new(
			out, "items",
			put_together(w, json_object_get(a, "items"), json_object_get(b, "items")));
}

enum err schema_multiply(json_t **out, struct schema_work *w, const json_t *a, const json_t *b,
			 const struct schema_place *place)
{
	if (json_array_size(a) * json_array_size(b) > SCHEMA_MAX_BRANCHES)
		return schema_refuse(w, place, "anyOf", ERR_LIMIT,
				     "too many branches that have to be put together");
	*out = json_array();
	for (size_t i = 0; i < json_array_size(a); i++)
		for (size_t j = 0; j < json_array_size(b); j++)
			json_array_append_new(
				*out, put_together(w, json_array_get(a, i), json_array_get(b, j)));
	return OK;
}

/* One keyword that both have. */
static enum err merge_keyword(json_t **out, struct schema_work *w, const char *key, const json_t *a,
			      const json_t *b, const struct schema_place *place)
{
	static const char *const larger[] = {"minItems", "minLength", "minProperties", "minimum",
					     "exclusiveMinimum"};
	static const char *const smaller[] = {"maxItems", "maxLength", "maxProperties", "maximum",
					      "exclusiveMaximum"};

	*out = NULL;
	if (strcmp(key, "type") == 0)
		*out = common_types(a, b);
	else if (strcmp(key, "enum") == 0)
		*out = common_values(a, b);
	else if (strcmp(key, "required") == 0)
		*out = union_of(a, b);
	else if (strcmp(key, "anyOf") == 0)
		return schema_multiply(out, w, a, b, place);
	else if (schema_is_among(larger, COUNT_OF(larger), key))
		*out = stricter(a, b, true);
	else if (schema_is_among(smaller, COUNT_OF(smaller), key))
		*out = stricter(a, b, false);
	else if (json_equal(a, b))
		*out = json_incref((json_t *)(uintptr_t)a);
	return *out ? OK
		    : schema_refuse(w, place, key, ERR_UNSUPPORTED,
				    "two different ones cannot be put together here");
}

static bool is_about_parts(const char *key)
{
	static const char *const parts[] = {"properties", "additionalProperties", "items",
					    "prefixItems"};

	return schema_is_among(parts, COUNT_OF(parts), key);
}

enum err schema_merge(const json_t **out, struct schema_work *w, const json_t *a, const json_t *b,
		      const struct schema_place *place)
{
	const char *key;
	const json_t *value;
	json_t *made;

	*out = json_is_false(a) || json_is_true(b) ? a : b;
	if (json_is_boolean(a) || json_is_boolean(b))
		return OK;
	made = schema_keep(w, json_copy((json_t *)(uintptr_t)a));
	*out = made;
	w->looked_at += json_object_size(a) + json_object_size(b);
	merge_properties(w, made, a, b);
	merge_items(w, made, a, b);
	json_object_foreach((json_t *)(uintptr_t)b, key, value)
	{
		const json_t *mine = json_object_get(a, key);
		json_t *both = NULL;

		if (is_about_parts(key))
			continue;
		if (mine)
			TRY(merge_keyword(&both, w, key, mine, value, place));
		else
			both = json_incref((json_t *)(uintptr_t)value);
		json_object_set_new(made, key, both);
	}
	return OK;
}

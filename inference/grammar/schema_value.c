/* SPDX-License-Identifier: Apache-2.0 */
/* schema_value.c - strings, numbers, and values that are given one by one. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "inference/grammar/number.h"
#include "inference/grammar/regex.h"
#include "inference/grammar/schema_parts.h"
#include "inference/grammar/utf8.h"

static struct slice text_of(const json_t *value)
{
	return slice_of(json_string_value(value), json_string_length(value));
}

/* The expression that a string must match, of "format" or "pattern"; data NULL for none. */
static enum err pattern_of(struct slice *out, bool *is_whole, const struct schema_work *w,
			   const json_t *flat, const struct schema_place *place)
{
	const json_t *pattern = json_object_get(flat, "pattern");
	const json_t *format = json_object_get(flat, "format");

	*out = slice_of(NULL, 0);
	if (pattern && !json_is_string(pattern))
		return schema_refuse(w, place, "pattern", ERR_FORMAT, "it must be a string");
	if (format && !json_is_string(format))
		return schema_refuse(w, place, "format", ERR_FORMAT, "it must be a string");
	if (format && pattern)
		return schema_refuse(w, place, "pattern", ERR_UNSUPPORTED,
				     "it cannot be had together with \"format\" here");
	*is_whole = format != NULL;
	if (pattern)
		*out = text_of(pattern);
	if (format)
		*out = slice_of_string(schema_format(json_string_value(format)));
	if (format && !out->data)
		return schema_refuse(w, place, "format", ERR_UNSUPPORTED,
				     "this format is not known here");
	return OK;
}

static enum err add_pattern(struct schema_work *w, uint32_t from, uint32_t to, struct slice pattern,
			    const struct regex_use *use, const struct schema_place *place,
			    const char *key)
{
	char why[FAILURE_MAX_TEXT];
	uint32_t end = 0;
	enum err result = regex_append(&end, w->a, from, pattern, use);

	if (result != OK) {
		(void)snprintf(why, sizeof why, "%s", failure_text());
		return schema_refuse(w, place, key, result, why);
	}
	automaton_byte(w->a, end, '"', '"', to);
	return OK;
}

enum err schema_string(struct schema_work *w, uint32_t from, uint32_t to, const json_t *flat,
		       const struct schema_place *place)
{
	struct regex_use use = {.is_quoted = true, .most = AUTOMATON_UNBOUNDED};
	struct slice pattern;
	uint32_t at;

	TRY(schema_count(&use.least, w, flat, "minLength", place));
	TRY(schema_count(&use.most, w, flat, "maxLength", place));
	TRY(pattern_of(&pattern, &use.is_whole, w, flat, place));
	if (!pattern.data && use.least == 0 && use.most == AUTOMATON_UNBOUNDED) {
		automaton_call(w->a, from, shapes_rule(w->shapes, SHAPE_STRING), to);
		return OK;
	}
	at = automaton_text(w->a, from, S("\""));
	if (pattern.data)
		return add_pattern(w, at, to, pattern, &use, place,
				   use.is_whole ? "format" : "pattern");
	at = automaton_repeat(w->a, at, shapes_rule(w->shapes, SHAPE_CHARACTER), use.least,
			      use.most);
	automaton_byte(w->a, at, '"', '"', to);
	return OK;
}

/* The keywords of one end of a range. */
struct bound_keys {
	const char *keys[2]; /* the end belongs to it; it does not */
	int stricter;        /* the sign of a comparison with a less strict end */
};

struct bound {
	bool is_there, is_open;
	struct decimal value;
};

static enum err read_bound(struct bound *out, const struct schema_work *w, const json_t *flat,
			   const struct bound_keys *keys, const struct schema_place *place)
{
	*out = (struct bound){.is_there = false};
	for (int open = 0; open < 2; open++) {
		const json_t *value = json_object_get(flat, keys->keys[open]);
		struct decimal one;

		if (!value)
			continue;
		if (!json_is_number(value))
			return schema_refuse(w, place, keys->keys[open], ERR_FORMAT,
					     "it must be a number");
		if (decimal_read(&one, value) != OK)
			return schema_refuse(w, place, keys->keys[open], ERR_UNSUPPORTED,
					     "it has more digits than numbers have here");
		if (out->is_there && decimal_compare(&one, &out->value) * keys->stricter < 0)
			continue;
		*out = (struct bound){true, open == 1, one};
	}
	return OK;
}

enum err schema_number(struct schema_work *w, uint32_t from, uint32_t to, const json_t *flat,
		       const struct schema_place *place, enum shape shape)
{
	static const struct bound_keys lows = {{"minimum", "exclusiveMinimum"}, 1};
	static const struct bound_keys highs = {{"maximum", "exclusiveMaximum"}, -1};
	struct bound low, high;

	TRY(read_bound(&low, w, flat, &lows, place));
	TRY(read_bound(&high, w, flat, &highs, place));
	if (!low.is_there && !high.is_there) {
		automaton_call(w->a, from, shapes_rule(w->shapes, shape), to);
		return OK;
	}
	automaton_skip(w->a,
		       number_append(w->a, from,
				     &(struct number_range){
					     .has_low = low.is_there,
					     .low_is_open = low.is_open,
					     .low = low.value,
					     .has_high = high.is_there,
					     .high_is_open = high.is_open,
					     .high = high.value,
					     .whole_only = shape == SHAPE_INTEGER,
				     }),
		       to);
	return OK;
}

static void append_quoted(struct schema_work *w, uint32_t *at, struct slice text)
{
	AUTO(buf_free) struct buf quoted = buf_new(8 * text.size + 2);

	buf_write_u8(&quoted, '"');
	utf8_write_quoted(&quoted, text);
	buf_write_u8(&quoted, '"');
	*at = automaton_text(w->a, *at, buf_slice(&quoted));
}

static void append_number(struct schema_work *w, uint32_t *at, const json_t *value)
{
	char text[64];
	double number = json_number_value(value);

	if (json_is_integer(value))
		(void)snprintf(text, sizeof text, "%lld", (long long)json_integer_value(value));
	else if (fabs(number) < 1e15 && number == floor(number))
		(void)snprintf(text, sizeof text, "%.0f", number);
	else
		for (int precision = 1; precision <= 17; precision++) {
			(void)snprintf(text, sizeof text, "%.*g", precision, number);
			if (strtod(text, NULL) == number)
				break;
		}
	*at = automaton_text(w->a, *at, slice_of_string(text));
}

/* A value as it is written, with the white space that JSON has here. Values that came out of a
 * JSON text nest no deeper than its reader allowed. */
static void append_value(struct schema_work *w, uint32_t *at, const json_t *value)
{
	bool is_array = json_is_array(value);
	const char *key;
	json_t *member;
	size_t i = 0, size = is_array ? json_array_size(value) : json_object_size(value);
	void *next = json_object_iter((json_t *)(uintptr_t)value);

	if (json_is_string(value)) {
		append_quoted(w, at, text_of(value));
		return;
	}
	if (json_is_number(value)) {
		append_number(w, at, value);
		return;
	}
	if (!is_array && !json_is_object(value)) {
		key = json_is_null(value) ? "null" : json_is_true(value) ? "true" : "false";
		*at = automaton_text(w->a, *at, slice_of_string(key));
		return;
	}
	*at = automaton_text(w->a, *at, is_array ? S("[") : S("{"));
	for (; i < size; i++) {
		*at = shapes_maybe_space(w->shapes, *at);
		member = is_array ? json_array_get(value, i) : json_object_iter_value(next);
		if (!is_array) {
			append_quoted(w, at, slice_of_string(json_object_iter_key(next)));
			*at = shapes_colon(w->shapes, *at);
			next = json_object_iter_next((json_t *)(uintptr_t)value, next);
		}
		append_value(w, at, member);
		if (i + 1 < size)
			*at = automaton_text(w->a, *at, S(","));
	}
	*at = shapes_maybe_space(w->shapes, *at);
	*at = automaton_text(w->a, *at, is_array ? S("]") : S("}"));
}

static bool has_type_of(const json_t *flat, const json_t *value)
{
	double number = json_number_value(value);

	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return schema_has_type(flat, "object");
	case JSON_ARRAY:
		return schema_has_type(flat, "array");
	case JSON_STRING:
		return schema_has_type(flat, "string");
	case JSON_INTEGER:
	case JSON_REAL:
		return schema_has_type(flat, "number") ||
		       (schema_has_type(flat, "integer") && number == floor(number));
	case JSON_TRUE:
	case JSON_FALSE:
		return schema_has_type(flat, "boolean");
	case JSON_NULL:
		break;
	}
	return schema_has_type(flat, "null");
}

enum err schema_values(struct schema_work *w, uint32_t from, uint32_t to, const json_t *flat,
		       const struct schema_place *place)
{
	const json_t *values = json_object_get(flat, "enum");
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)flat, key, value)
	{
		if (strcmp(key, "type") != 0 && strcmp(key, "enum") != 0)
			return schema_refuse(w, place, key, ERR_UNSUPPORTED,
					     "beside \"enum\" or \"const\" only \"type\" is "
					     "understood here");
	}
	for (size_t i = 0; i < json_array_size(values) && !w->a->is_full; i++) {
		uint32_t at = from;

		value = json_array_get(values, i);
		if (!has_type_of(flat, value))
			continue;
		append_value(w, &at, value);
		automaton_skip(w->a, at, to);
	}
	return OK;
}

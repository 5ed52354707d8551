/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/json.h"

#include <assert.h>
#include <stdlib.h>

#include "crypto/random.h"

/* jansson otherwise opens /dev/urandom for the seed of its hash tables, which a sandboxed
 * process cannot do and a stranger must not guess. It keeps the first seed it is given. */
static void seed_hash_tables(void)
{
	size_t seed;

	random_bytes(&seed, sizeof seed);
	json_object_seed(seed | 1);
}

/* Depth before the parser runs: brackets outside of strings. */
static enum err check_depth(struct slice text)
{
	size_t depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < text.size; i++) {
		uint8_t c = text.data[i];

		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string && (c == '{' || c == '['))
			depth++;
		else if (!in_string && (c == '}' || c == ']') && depth > 0)
			depth--;
		if (depth > JSON_MAX_DEPTH)
			return failure(ERR_LIMIT, "JSON: deeper than %d levels", JSON_MAX_DEPTH);
	}
	return OK;
}

enum err json_read_at(json_t **out, struct slice text, size_t max_bytes, struct json_place *stopped)
{
	json_error_t error;

	*stopped = (struct json_place){1, 1};
	if (text.size > max_bytes)
		return failure(ERR_LIMIT, "JSON: %zu bytes, at most %zu are read", text.size,
			       max_bytes);
	TRY(check_depth(text));
	seed_hash_tables();
	*out = json_loadb(text.size ? (const char *)text.data : "", text.size,
			  JSON_REJECT_DUPLICATES, &error);
	if (*out)
		return OK;
	*stopped = (struct json_place){error.line < 1 ? 1 : (unsigned)error.line,
				       error.column < 1 ? 1 : (unsigned)error.column};
	return failure(ERR_FORMAT, "JSON: line %d, column %d: %.120s", error.line, error.column,
		       error.text);
}

enum err json_read(json_t **out, struct slice text, size_t max_bytes)
{
	struct json_place stopped;

	return json_read_at(out, text, max_bytes, &stopped);
}

void json_free(json_t *value)
{
	json_decref(value);
}

bool json_has(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	return value && !json_is_null(value);
}

static enum err wrong_kind(const char *name, const char *kind)
{
	return failure(ERR_FORMAT, "JSON: member \"%s\" must be %s", name, kind);
}

static enum err find(const json_t **out, const json_t *object, const char *name)
{
	if (!json_is_object(object))
		return failure(ERR_FORMAT, "JSON: an object is expected around \"%s\"", name);
	*out = json_object_get(object, name);
	if (!*out)
		return failure(ERR_FORMAT, "JSON: member \"%s\" is missing", name);
	return OK;
}

enum err json_get_text(struct slice *out, const json_t *object, const char *name)
{
	const json_t *value;

	TRY(find(&value, object, name));
	if (!json_is_string(value))
		return wrong_kind(name, "a string");
	*out = slice_of(json_string_value(value), json_string_length(value));
	return OK;
}

enum err json_get_text_or(struct slice *out, const json_t *object, const char *name,
			  struct slice fallback)
{
	*out = fallback;
	return json_has(object, name) ? json_get_text(out, object, name) : OK;
}

enum err json_get_int(int64_t *out, const json_t *object, const char *name)
{
	const json_t *value;

	TRY(find(&value, object, name));
	if (!json_is_integer(value))
		return wrong_kind(name, "an integer");
	*out = json_integer_value(value);
	return OK;
}

enum err json_get_int_or(int64_t *out, const json_t *object, const char *name, int64_t fallback)
{
	*out = fallback;
	return json_has(object, name) ? json_get_int(out, object, name) : OK;
}

enum err json_get_number_or(double *out, const json_t *object, const char *name, double fallback)
{
	const json_t *value = json_object_get(object, name);

	*out = fallback;
	if (!json_has(object, name))
		return OK;
	if (!json_is_number(value))
		return wrong_kind(name, "a number");
	*out = json_number_value(value);
	return OK;
}

enum err json_get_bool_or(bool *out, const json_t *object, const char *name, bool fallback)
{
	const json_t *value = json_object_get(object, name);

	*out = fallback;
	if (!json_has(object, name))
		return OK;
	if (!json_is_boolean(value))
		return wrong_kind(name, "true or false");
	*out = json_is_true(value);
	return OK;
}

enum err json_get_array(const json_t **out, const json_t *object, const char *name)
{
	TRY(find(out, object, name));
	return json_is_array(*out) ? OK : wrong_kind(name, "an array");
}

enum err json_get_object(const json_t **out, const json_t *object, const char *name)
{
	TRY(find(out, object, name));
	return json_is_object(*out) ? OK : wrong_kind(name, "an object");
}

enum err json_text_at(struct slice *out, const json_t *array, size_t index)
{
	const json_t *value = json_array_get(array, index);

	if (!json_is_string(value))
		return failure(ERR_FORMAT, "JSON: element %zu must be a string", index);
	*out = slice_of(json_string_value(value), json_string_length(value));
	return OK;
}

enum err json_only(const json_t *object, const char *const names[])
{
	const char *name;
	const json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	{
		size_t i = 0;

		while (names[i] && strcmp(names[i], name) != 0)
			i++;
		if (!names[i])
			return failure(ERR_FORMAT, "JSON: member \"%.80s\" is not known here",
				       name);
	}
	return OK;
}

json_t *json_object_new(void)
{
	json_t *object;

	seed_hash_tables();
	object = json_object();
	assert(object);
	return object;
}

json_t *json_array_new(void)
{
	json_t *array = json_array();

	assert(array);
	return array;
}

static json_t *text_value(struct slice text)
{
	json_t *value = json_stringn(text.size ? (const char *)text.data : "", text.size);

	assert(value); /* UTF-8 was promised */
	return value;
}

void json_put(json_t *object, const char *name, json_t *value)
{
	int failed = json_object_set_new(object, name, value);

	assert(!failed);
}

void json_put_text(json_t *object, const char *name, struct slice text)
{
	json_put(object, name, text_value(text));
}

void json_put_int(json_t *object, const char *name, int64_t value)
{
	json_put(object, name, json_integer(value));
}

void json_put_bool(json_t *object, const char *name, bool value)
{
	json_put(object, name, json_boolean(value));
}

void json_push(json_t *array, json_t *value)
{
	int failed = json_array_append_new(array, value);

	assert(!failed);
}

void json_push_text(json_t *array, struct slice text)
{
	json_push(array, text_value(text));
}

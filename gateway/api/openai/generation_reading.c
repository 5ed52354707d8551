/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/openai/generation_reading.h"

#include <math.h>

enum err reading_refuse(struct reading *r, enum err kind, const char *param, const char *message)
{
	r->flaw->param = param;
	r->flaw->message = message;
	return failure(kind, "%s", message);
}

const json_t *reading_member(const struct reading *r, const char *name)
{
	const json_t *value = json_object_get(r->body, name);

	return json_is_null(value) ? NULL : value;
}

struct slice reading_text(const json_t *value)
{
	return slice_of(json_string_value(value), json_string_length(value));
}

enum err reading_number(struct reading *r, const char *name, double low, double high, double *out)
{
	const json_t *value = reading_member(r, name);
	double number;

	if (!value)
		return OK;
	number = json_number_value(value);
	if (!json_is_number(value) || !isfinite(number) || number < low || number > high)
		return reading_refuse(r, ERR_FORMAT, name,
				      arena_printf(r->arena, "'%s' must be a number from %g to %g",
						   name, low, high));
	*out = number;
	return OK;
}

enum err reading_float(struct reading *r, const char *name, double low, double high, float *out)
{
	double number = (double)*out;

	TRY(reading_number(r, name, low, high, &number));
	*out = (float)number;
	return OK;
}

enum err reading_count(struct reading *r, const char *name, json_int_t low, json_int_t high,
		       uint32_t *out)
{
	const json_t *value = reading_member(r, name);

	if (!value)
		return OK;
	if (!json_is_integer(value) || json_integer_value(value) < low ||
	    json_integer_value(value) > high)
		return reading_refuse(r, ERR_FORMAT, name,
				      arena_printf(r->arena,
						   "'%s' must be an integer from %lld to %lld",
						   name, (long long)low, (long long)high));
	*out = (uint32_t)json_integer_value(value);
	return OK;
}

enum err reading_flag(struct reading *r, const char *name, bool *out)
{
	const json_t *value = reading_member(r, name);

	if (!value)
		return OK;
	if (!json_is_boolean(value))
		return reading_refuse(r, ERR_FORMAT, name,
				      arena_printf(r->arena, "'%s' must be true or false", name));
	*out = json_is_true(value);
	return OK;
}

enum err reading_model(struct reading *r, struct slice *out)
{
	const json_t *value = reading_member(r, "model");

	if (!json_is_string(value) || json_string_length(value) == 0)
		return reading_refuse(r, ERR_FORMAT, "model",
				      "'model' is missing: name the model to use");
	*out = reading_text(value);
	return OK;
}

enum err reading_tokens(struct reading *r, const char *name, const json_t *list, struct slice *out)
{
	AUTO(buf_free) struct buf ids = buf_new(GENERATION_MAX_PROMPT);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *id = json_array_get(list, i);

		if (!json_is_integer(id) || json_integer_value(id) < 0 ||
		    json_integer_value(id) > UINT32_MAX)
			return reading_refuse(r, ERR_FORMAT, name,
					      arena_printf(r->arena,
							   "'%s' must hold token ids, which are "
							   "integers from 0 on",
							   name));
		buf_write_u32(&ids, (uint32_t)json_integer_value(id));
	}
	if (buf_done(&ids) != OK)
		return reading_refuse(r, ERR_LIMIT, name,
				      arena_printf(r->arena, "'%s' holds more than %d tokens", name,
						   GENERATION_MAX_PROMPT / 4));
	*out = arena_copy(r->arena, buf_slice(&ids));
	return OK;
}

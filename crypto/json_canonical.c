/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_canonical.c - RFC 8785 (JCS) for values without fractions.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "crypto/json.h"

/* RFC 8785 section 3.2.2.2: the short escapes, \u00xx for other controls, all else as it is. */
void json_write_string(struct buf *out, struct slice text)
{
	static const char shorts[32] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};

	buf_write_u8(out, '"');
	for (size_t i = 0; i < text.size; i++) {
		uint8_t c = text.data[i];

		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else if (c < 32 && shorts[c])
			buf_printf(out, "\\%c", shorts[c]);
		else if (c < 32)
			buf_printf(out, "\\u%04x", c);
		else
			buf_write_u8(out, c);
	}
	buf_write_u8(out, '"');
}

/* Names are sorted by UTF-16 units (section 3.2.3). That is the order of UTF-8 bytes, but for
 * U+E000..U+FFFF (first byte 0xee or 0xef), which stand behind the surrogates (0xf0..). */
static int unit_rank(unsigned char byte)
{
	return byte >= 0xee && byte <= 0xef ? byte + 0x10 : byte;
}

static int compare_names(const void *a, const void *b)
{
	const unsigned char *x = *(const unsigned char *const *)a;
	const unsigned char *y = *(const unsigned char *const *)b;

	while (*x && *x == *y) {
		x++;
		y++;
	}
	return unit_rank(*x) - unit_rank(*y);
}

/* Past 2^53 readers that hold numbers as doubles would see another value (RFC 7493). */
static enum err write_integer(struct buf *out, int64_t value)
{
	const int64_t exact = (INT64_C(1) << 53) - 1;

	if (value > exact || value < -exact)
		return failure(ERR_UNSUPPORTED, "JSON: an integer past 2^53");
	buf_printf(out, "%" PRId64, value);
	return OK;
}

static enum err write_value(struct buf *out, const json_t *value, unsigned depth);

static enum err write_object(struct buf *out, const json_t *object, unsigned depth)
{
	size_t count = 0;
	const char *name;
	const json_t *value;
	enum err result = OK;
	const char **names = calloc(json_object_size(object) + 1, sizeof *names);

	assert(names);
	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	{
		names[count++] = name;
	}
	qsort(names, count, sizeof *names, compare_names);
	buf_write_u8(out, '{');
	for (size_t i = 0; i < count && result == OK; i++) {
		if (i > 0)
			buf_write_u8(out, ',');
		json_write_string(out, slice_of_string(names[i]));
		buf_write_u8(out, ':');
		result = write_value(out, json_object_get(object, names[i]), depth + 1);
	}
	buf_write_u8(out, '}');
	free(names);
	return result;
}

static enum err write_array(struct buf *out, const json_t *array, unsigned depth)
{
	buf_write_u8(out, '[');
	for (size_t i = 0; i < json_array_size(array); i++) {
		if (i > 0)
			buf_write_u8(out, ',');
		TRY(write_value(out, json_array_get(array, i), depth + 1));
	}
	buf_write_u8(out, ']');
	return OK;
}

static enum err write_value(struct buf *out, const json_t *value, unsigned depth)
{
	if (depth > JSON_MAX_DEPTH)
		return failure(ERR_LIMIT, "JSON: deeper than %d levels", JSON_MAX_DEPTH);
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return write_object(out, value, depth);
	case JSON_ARRAY:
		return write_array(out, value, depth);
	case JSON_STRING:
		json_write_string(out,
				  slice_of(json_string_value(value), json_string_length(value)));
		return OK;
	case JSON_INTEGER:
		return write_integer(out, json_integer_value(value));
	case JSON_REAL:
		return failure(ERR_UNSUPPORTED, "JSON: a fraction has no canonical form here");
	case JSON_TRUE:
		buf_write_string(out, "true");
		return OK;
	case JSON_FALSE:
		buf_write_string(out, "false");
		return OK;
	case JSON_NULL:
		buf_write_string(out, "null");
		return OK;
	}
	return failure(ERR_INTERNAL, "JSON: a value of no kind");
}

enum err json_write_canonical(struct buf *out, const json_t *value)
{
	TRY(write_value(out, value, 0));
	return buf_done(out);
}

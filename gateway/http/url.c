/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/http/url.h"

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decode into `out` (text.size bytes of room); *size is what it came to. */
static enum err decode_into(uint8_t *out, size_t *size, struct slice text, bool plus_is_space)
{
	*size = 0;
	for (size_t i = 0; i < text.size; i++) {
		uint8_t c = text.data[i];

		if (c == '+' && plus_is_space) {
			c = ' ';
		} else if (c == '%') {
			bool is_whole = text.size - i > 2;
			int high = is_whole ? hex_digit(text.data[i + 1]) : -1;
			int low = is_whole ? hex_digit(text.data[i + 2]) : -1;

			if (high < 0 || low < 0)
				return failure(ERR_FORMAT, "url: a percent sign without digits");
			c = (uint8_t)(high * 16 + low);
			i += 2;
		}
		if (c == 0)
			return failure(ERR_FORMAT, "url: a NUL byte");
		out[(*size)++] = c;
	}
	return OK;
}

static enum err decode(struct slice *out, struct arena *arena, struct slice text,
		       bool plus_is_space)
{
	bool is_plain = slice_find(text, '%') == text.size && slice_find(text, 0) == text.size &&
			(!plus_is_space || slice_find(text, '+') == text.size);
	uint8_t *room;
	size_t size;

	if (is_plain) {
		*out = text;
		return OK;
	}
	room = arena_alloc(arena, text.size);
	TRY(decode_into(room, &size, text, plus_is_space));
	*out = slice_of(room, size);
	return OK;
}

enum err url_decode(struct slice *out, struct arena *arena, struct slice text)
{
	return decode(out, arena, text, false);
}

/* "." and ".." walk through directories wherever somebody later takes a segment for a path. */
static bool has_dots(struct slice segment)
{
	struct slice rest = segment;
	bool more = true;

	while (more) {
		struct slice part;

		more = slice_cut(rest, '/', &part, &rest);
		if (slice_equal(part, S(".")) || slice_equal(part, S("..")))
			return true;
	}
	return false;
}

static enum err check_segment(struct slice segment)
{
	for (size_t i = 0; i < segment.size; i++)
		if (segment.data[i] < 0x20 || segment.data[i] == 0x7f || segment.data[i] == '\\')
			return failure(ERR_FORMAT, "path: a control byte or backslash");
	if (!slice_is_utf8(segment))
		return failure(ERR_FORMAT, "path: not UTF-8");
	if (has_dots(segment))
		return failure(ERR_FORMAT, "path: a segment of dots");
	return OK;
}

enum err url_split_path(struct slice *segments, size_t max, size_t *count, struct arena *arena,
			struct slice path)
{
	struct slice rest = slice_part(path, 1, path.size);
	bool more = true;

	*count = 0;
	if (path.size == 0 || path.data[0] != '/')
		return failure(ERR_FORMAT, "path: does not begin with a slash");
	while (more) {
		struct slice raw;

		more = slice_cut(rest, '/', &raw, &rest);
		if (*count == max)
			return failure(ERR_LIMIT, "path: more than %zu segments", max);
		TRY(url_decode(&segments[*count], arena, raw));
		TRY(check_segment(segments[*count]));
		++*count;
	}
	return OK;
}

bool url_form_next(struct slice *rest, struct arena *arena, struct slice *name, struct slice *value,
		   bool *failed)
{
	struct slice pair, raw_name, raw_value;

	*failed = false;
	do {
		if (rest->size == 0)
			return false;
		slice_cut(*rest, '&', &pair, rest);
	} while (pair.size == 0);
	slice_cut(pair, '=', &raw_name, &raw_value);
	*failed = decode(name, arena, raw_name, true) != OK ||
		  decode(value, arena, raw_value, true) != OK;
	return !*failed;
}

enum err url_form_find(struct slice *out, struct arena *arena, struct slice form, const char *name)
{
	struct slice key;
	bool failed;

	while (url_form_next(&form, arena, &key, out, &failed))
		if (slice_equal(key, slice_of_string(name)))
			return OK;
	if (failed)
		return failure(ERR_FORMAT, "query: badly encoded");
	return failure(ERR_NOT_FOUND, "query: no field \"%s\"", name);
}

static bool is_unreserved(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != 0 && strchr("-._~", c) != NULL);
}

static void write_encoded(struct buf *out, struct slice text, uint8_t kept)
{
	for (size_t i = 0; i < text.size; i++) {
		uint8_t c = text.data[i];

		if (is_unreserved(c) || (kept && c == kept))
			buf_write_u8(out, c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

void url_write_component(struct buf *out, struct slice text)
{
	write_encoded(out, text, 0);
}

void url_write_path(struct buf *out, struct slice text)
{
	write_encoded(out, text, '/');
}

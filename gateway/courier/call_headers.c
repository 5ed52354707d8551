/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/courier/call_headers.h"

static bool is_in(struct slice name, const char *const names[])
{
	for (; *names; names++)
		if (slice_equal_ignoring_case(name, slice_of_string(*names)))
			return true;
	return false;
}

/* What says where a message ends or goes, or how a connection is used, is not the caller's. */
static bool is_ours(struct slice name)
{
	static const char *const names[] = {"host",    "content-length", "transfer-encoding",
					    "te",      "trailer",        "connection",
					    "upgrade", "expect",         "accept-encoding",
					    "range",   "keep-alive",     NULL};

	return is_in(name, names) || slice_starts_with(name, S("proxy-")) ||
	       slice_starts_with(name, S("Proxy-"));
}

static bool is_name(struct slice name)
{
	for (size_t i = 0; i < name.size; i++) {
		uint8_t b = name.data[i];

		if (!(b >= 'a' && b <= 'z') && !(b >= 'A' && b <= 'Z') && !(b >= '0' && b <= '9') &&
		    b != '-')
			return false;
	}
	return name.size > 0;
}

static bool is_value(struct slice value)
{
	for (size_t i = 0; i < value.size; i++)
		if (value.data[i] < ' ' || value.data[i] > '~')
			return false;
	return true;
}

bool call_headers_next(struct slice *line, struct slice *lines)
{
	return lines->size > 0 && slice_cut(*lines, '\n', line, lines);
}

enum err call_headers_check(struct slice lines)
{
	struct slice line, name, value;
	unsigned count = 0;

	if (lines.size && lines.data[lines.size - 1] != '\n')
		return failure(ERR_FORMAT, "a call's headers are lines that end");
	while (call_headers_next(&line, &lines)) {
		if (++count > CALL_HEADERS_MAX)
			return failure(ERR_LIMIT, "more than %d headers", CALL_HEADERS_MAX);
		if (!slice_cut(line, ':', &name, &value) || !is_name(name) || !is_value(value) ||
		    slice_trim(value).size == 0)
			return failure(ERR_FORMAT, "header %u is not \"Name: value\" in ASCII",
				       count);
		if (is_ours(name))
			return failure(ERR_FORMAT, "the header %.*s is the courier's to say",
				       SLICE_PRINT(slice_part(name, 0, 64)));
	}
	return OK;
}

bool call_headers_have(struct slice lines, const char *name)
{
	struct slice line, found, value;

	while (call_headers_next(&line, &lines))
		if (slice_cut(line, ':', &found, &value) &&
		    slice_equal_ignoring_case(found, slice_of_string(name)))
			return true;
	return false;
}

void call_headers_keep(struct buf *out, struct slice name, struct slice value)
{
	static const char *const kept[] = {
		"content-type",  "location",         "etag", "retry-after",
		"cache-control", "www-authenticate", NULL};

	if (!is_in(name, kept) || out->size + name.size + CALL_HEADER_VALUE_MAX + 3 > out->limit)
		return;
	value = slice_part(value, 0, CALL_HEADER_VALUE_MAX);
	for (size_t i = 0; i < name.size; i++)
		buf_write_u8(out, name.data[i] >= 'A' && name.data[i] <= 'Z'
					  ? (uint8_t)(name.data[i] + 'a' - 'A')
					  : name.data[i]);
	buf_write(out, S(": "));
	for (size_t i = 0; i < value.size; i++)
		buf_write_u8(out, value.data[i] < ' ' || value.data[i] > '~' ? '?' : value.data[i]);
	buf_write(out, S("\n"));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/wrap.h"

#include <assert.h>

/* The continuation bytes of UTF-8 take no column. */
static bool begins_character(uint8_t byte)
{
	return (byte & 0xc0) != 0x80;
}

static struct slice skip_spaces(struct slice text)
{
	size_t count = 0;

	while (count < text.size && text.data[count] == ' ')
		count++;
	return slice_part(text, count, text.size);
}

struct slice wrap_next(struct slice *rest, size_t columns)
{
	struct slice text = *rest;
	size_t width = 0, space = 0, end = 0;
	bool has_word = false;

	assert(columns > 0);
	for (; end < text.size && text.data[end] != '\n'; end++) {
		has_word = has_word || text.data[end] != ' ';
		if (text.data[end] == ' ' && has_word) /* else an indent would be lost */
			space = end;
		width += begins_character(text.data[end]);
		if (width > columns)
			break;
	}
	if (end == text.size || text.data[end] == '\n') {
		*rest = slice_part(text, end + (end < text.size), text.size);
		return slice_part(text, 0, end);
	}
	end = space ? space : end;
	*rest = skip_spaces(slice_part(text, end, text.size));
	while (end > 0 && text.data[end - 1] == ' ')
		end--;
	return slice_part(text, 0, end);
}

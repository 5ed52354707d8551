/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* memmem */
#include "inference/template/characters.h"

#include <utf8proc.h>

size_t character_size(struct slice text)
{
	uint8_t c = text.size ? text.data[0] : 0;
	size_t size = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	return size < text.size ? size : text.size;
}

size_t character_count(struct slice text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.size; i++)
		count += (text.data[i] & 0xc0) != 0x80;
	return count;
}

uint32_t character_read(struct slice text)
{
	size_t size = character_size(text);
	uint32_t code = size == 1 ? text.data[0] : text.data[0] & (0xffu >> (size + 1));

	for (size_t i = 1; i < size; i++)
		code = code << 6 | (text.data[i] & 0x3fu);
	return code;
}

void character_write(struct buf *out, uint32_t code)
{
	if (code < 0x80) {
		buf_write_u8(out, (uint8_t)code);
		return;
	}
	if (code < 0x800) {
		buf_write_u8(out, (uint8_t)(0xc0 | code >> 6));
	} else if (code < 0x10000) {
		buf_write_u8(out, (uint8_t)(0xe0 | code >> 12));
		buf_write_u8(out, (uint8_t)(0x80 | (code >> 6 & 0x3f)));
	} else {
		buf_write_u8(out, (uint8_t)(0xf0 | code >> 18));
		buf_write_u8(out, (uint8_t)(0x80 | (code >> 12 & 0x3f)));
		buf_write_u8(out, (uint8_t)(0x80 | (code >> 6 & 0x3f)));
	}
	buf_write_u8(out, (uint8_t)(0x80 | (code & 0x3f)));
}

bool character_is_space(uint32_t code)
{
	return (code >= 0x09 && code <= 0x0d) || (code >= 0x1c && code <= 0x20) || code == 0x85 ||
	       code == 0xa0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200a) ||
	       code == 0x2028 || code == 0x2029 || code == 0x202f || code == 0x205f ||
	       code == 0x3000;
}

uint32_t character_upper(uint32_t code)
{
	return (uint32_t)utf8proc_toupper((utf8proc_int32_t)code);
}

uint32_t character_lower(uint32_t code)
{
	return (uint32_t)utf8proc_tolower((utf8proc_int32_t)code);
}

static bool is_stripped(struct slice text, struct slice set)
{
	uint32_t code = character_read(text);

	if (set.size == 0)
		return character_is_space(code);
	while (set.size) {
		if (character_read(set) == code)
			return true;
		set = slice_part(set, character_size(set), set.size);
	}
	return false;
}

struct slice text_strip_left(struct slice text, struct slice set)
{
	while (text.size && is_stripped(text, set))
		text = slice_part(text, character_size(text), text.size);
	return text;
}

struct slice text_strip_right(struct slice text, struct slice set)
{
	while (text.size) {
		size_t last = text.size - 1;

		while (last && (text.data[last] & 0xc0) == 0x80)
			last--;
		if (!is_stripped(slice_part(text, last, text.size), set))
			break;
		text.size = last;
	}
	return text;
}

size_t text_find(struct slice text, struct slice what, size_t from)
{
	const uint8_t *found;

	if (what.size == 0)
		return from;
	if (from >= text.size)
		return text.size + 1;
	found = memmem(text.data + from, text.size - from, what.data, what.size);
	return found ? (size_t)(found - text.data) : text.size + 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/base/slice.h"

bool slice_starts_with(struct slice s, struct slice prefix)
{
	return s.size >= prefix.size && slice_equal(slice_part(s, 0, prefix.size), prefix);
}

bool slice_ends_with(struct slice s, struct slice suffix)
{
	return s.size >= suffix.size &&
	       slice_equal(slice_part(s, s.size - suffix.size, suffix.size), suffix);
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

bool slice_equal_ignoring_case(struct slice a, struct slice b)
{
	if (a.size != b.size)
		return false;
	for (size_t i = 0; i < a.size; i++)
		if (lower(a.data[i]) != lower(b.data[i]))
			return false;
	return true;
}

struct slice slice_part(struct slice s, size_t from, size_t size)
{
	if (from > s.size)
		from = s.size;
	if (size > s.size - from)
		size = s.size - from;
	return size ? slice_of(s.data + from, size) : slice_of(s.data, 0);
}

size_t slice_find(struct slice s, uint8_t byte)
{
	const uint8_t *found = s.size ? memchr(s.data, byte, s.size) : NULL;

	return found ? (size_t)(found - s.data) : s.size;
}

bool slice_cut(struct slice s, uint8_t byte, struct slice *head, struct slice *rest)
{
	size_t at = slice_find(s, byte);

	*head = slice_part(s, 0, at);
	*rest = slice_part(s, at + 1, s.size);
	return at < s.size;
}

struct slice slice_trim(struct slice s)
{
	while (s.size && (s.data[0] == ' ' || s.data[0] == '\t'))
		s = slice_part(s, 1, s.size);
	while (s.size && (s.data[s.size - 1] == ' ' || s.data[s.size - 1] == '\t'))
		s.size--;
	return s;
}

bool slice_to_u64(struct slice s, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	if (s.size == 0 || s.size > 20 || (s.size > 1 && s.data[0] == '0'))
		return false;
	for (size_t i = 0; i < s.size; i++) {
		if (s.data[i] < '0' || s.data[i] > '9')
			return false;
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(s.data[i] - '0'), &value))
			return false;
	}
	*out = value;
	return value <= max;
}

/* How many bytes the character that begins with `c` has (RFC 3629); 0 if none begins so. */
static size_t utf8_length(uint8_t c)
{
	if (c < 0x80)
		return 1;
	if (c >= 0xc2 && c <= 0xdf)
		return 2;
	if (c >= 0xe0 && c <= 0xef)
		return 3;
	return c >= 0xf0 && c <= 0xf4 ? 4 : 0;
}

/* The second byte alone excludes overlong forms, surrogates and what lies past U+10FFFF. */
static bool utf8_second_is_good(uint8_t first, uint8_t second)
{
	switch (first) {
	case 0xe0:
		return second >= 0xa0 && second <= 0xbf;
	case 0xed:
		return second >= 0x80 && second <= 0x9f;
	case 0xf0:
		return second >= 0x90 && second <= 0xbf;
	case 0xf4:
		return second >= 0x80 && second <= 0x8f;
	default:
		return second >= 0x80 && second <= 0xbf;
	}
}

bool slice_is_utf8(struct slice s)
{
	for (size_t i = 0; i < s.size;) {
		size_t length = utf8_length(s.data[i]);

		if (length == 0 || length > s.size - i)
			return false;
		if (length > 1 && !utf8_second_is_good(s.data[i], s.data[i + 1]))
			return false;
		for (size_t k = 2; k < length; k++)
			if ((s.data[i + k] & 0xc0) != 0x80)
				return false;
		i += length;
	}
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/grammar/utf8.h"

static const uint8_t LEAST[3] = {0x80, 0x80, 0x80};
static const uint8_t MOST[3] = {0xbf, 0xbf, 0xbf};

static size_t encode(uint8_t out[4], uint32_t c)
{
	static const uint8_t marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
	size_t size = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = size; i-- > 1; c >>= 6)
		out[i] = (uint8_t)(0x80 | (c & 0x3f));
	out[0] = (uint8_t)(marks[size] | c);
	return size;
}

/* The sequences of n bytes from `low` to `high`: where the first bytes differ, in up to three
 * parts: what begins as `low`, what lies between, what begins as `high`. */
static void add_sequences(struct automaton *a, uint32_t from, uint32_t to, const uint8_t *low,
			  const uint8_t *high, size_t n)
{
	uint8_t first = low[0], last = high[0];
	bool cuts_low = n > 1 && memcmp(low + 1, LEAST, n - 1) != 0;
	bool cuts_high = n > 1 && memcmp(high + 1, MOST, n - 1) != 0;
	uint32_t middle;

	if (n == 1) {
		automaton_byte(a, from, first, last, to);
		return;
	}
	if (first == last) {
		middle = automaton_node(a);
		automaton_byte(a, from, first, first, middle);
		add_sequences(a, middle, to, low + 1, high + 1, n - 1);
		return;
	}
	if (cuts_low) {
		middle = automaton_node(a);
		automaton_byte(a, from, first, first, middle);
		add_sequences(a, middle, to, low + 1, MOST, n - 1);
		first++;
	}
	if (cuts_high) {
		middle = automaton_node(a);
		automaton_byte(a, from, last, last, middle);
		add_sequences(a, middle, to, LEAST, high + 1, n - 1);
		last--;
	}
	if (first <= last) {
		middle = automaton_node(a);
		automaton_byte(a, from, first, last, middle);
		add_sequences(a, middle, to, LEAST, MOST, n - 1);
	}
}

void utf8_raw(struct automaton *a, uint32_t from, uint32_t to, uint32_t low, uint32_t high)
{
	/* Within each of these all characters have the same number of bytes. */
	static const uint32_t parts[][2] = {
		{0, 0x7f}, {0x80, 0x7ff}, {0x800, 0xd7ff}, {0xe000, 0xffff}, {0x10000, UTF8_LAST}};

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		uint32_t first = low > parts[i][0] ? low : parts[i][0];
		uint32_t last = high < parts[i][1] ? high : parts[i][1];
		uint8_t first_bytes[4], last_bytes[4];

		if (first > last)
			continue;
		(void)encode(first_bytes, first);
		add_sequences(a, from, to, first_bytes, last_bytes, encode(last_bytes, last));
	}
}

/* What stands behind the backslash for one of these characters, or NULL. */
static const char *escape_of(uint32_t c, char room[8])
{
	static const char hex[] = "0123456789abcdef";

	switch (c) {
	case '"':
		return "\"";
	case '\\':
		return "\\";
	case '\b':
		return "b";
	case '\f':
		return "f";
	case '\n':
		return "n";
	case '\r':
		return "r";
	case '\t':
		return "t";
	default:
		if (c >= 0x20)
			return NULL;
		memcpy(room, "u00", 3);
		room[3] = hex[c >> 4];
		room[4] = hex[c & 15];
		room[5] = '\0';
		return room;
	}
}

static void add_escaped(struct automaton *a, uint32_t from, uint32_t to, uint32_t c)
{
	char room[8];
	struct slice escape = slice_of_string(escape_of(c, room));
	uint32_t at = automaton_text(a, from, S("\\"));

	at = automaton_text(a, at, slice_part(escape, 0, escape.size - 1));
	automaton_byte(a, at, escape.data[escape.size - 1], escape.data[escape.size - 1], to);
}

void utf8_quoted(struct automaton *a, uint32_t from, uint32_t to, uint32_t low, uint32_t high)
{
	static const uint32_t parts[][2] = {
		{' ', '"' - 1}, {'"' + 1, '\\' - 1}, {'\\' + 1, UTF8_LAST}};
	char room[8];

	for (uint32_t c = low; c <= high && c <= '\\'; c++)
		if (escape_of(c, room))
			add_escaped(a, from, to, c);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		utf8_raw(a, from, to, low > parts[i][0] ? low : parts[i][0],
			 high < parts[i][1] ? high : parts[i][1]);
}

void utf8_write_quoted(struct buf *out, struct slice text)
{
	char room[8];

	for (size_t i = 0; i < text.size; i++) {
		const char *escape = escape_of(text.data[i], room);

		if (escape) {
			buf_write_u8(out, '\\');
			buf_write_string(out, escape);
		} else {
			buf_write_u8(out, text.data[i]);
		}
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/tokenizer/unicode.h"

#include <stdlib.h>
#include <utf8proc.h>

enum { MAX_MARKS = 256 };

size_t unicode_size(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xe0)
		return 2;
	return first < 0xf0 ? 3 : 4;
}

uint32_t unicode_next(struct slice text, size_t *at)
{
	const uint8_t *p = text.data + *at;
	size_t size = unicode_size(p[0]);
	uint32_t c = size == 1 ? p[0] : p[0] & (0x7fu >> size);

	for (size_t i = 1; i < size; i++)
		c = c << 6 | (p[i] & 0x3fu);
	*at += size;
	return c;
}

void unicode_write(struct buf *out, uint32_t character)
{
	uint8_t bytes[4];
	utf8proc_ssize_t size = utf8proc_encode_char((utf8proc_int32_t)character, bytes);

	buf_write(out, slice_of(bytes, (size_t)size));
}

static utf8proc_category_t category(uint32_t c)
{
	return utf8proc_category((utf8proc_int32_t)c);
}

bool unicode_is_space(uint32_t c)
{
	return (c >= 9 && c <= 13) || c == ' ' || c == 0x85 || c == 0xa0 || c == 0x1680 ||
	       (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
	       c == 0x205f || c == 0x3000;
}

bool unicode_is_number(uint32_t c)
{
	utf8proc_category_t k = category(c);

	return k >= UTF8PROC_CATEGORY_ND && k <= UTF8PROC_CATEGORY_NO;
}

bool unicode_is_punctuation(uint32_t c)
{
	utf8proc_category_t k = category(c);

	if (c < 0x80)
		return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
		       (c >= '{' && c <= '~');
	return k >= UTF8PROC_CATEGORY_PC && k <= UTF8PROC_CATEGORY_PO;
}

bool unicode_is_mark(uint32_t c)
{
	utf8proc_category_t k = category(c);

	return k >= UTF8PROC_CATEGORY_MN && k <= UTF8PROC_CATEGORY_ME;
}

bool unicode_is_nonspacing_mark(uint32_t c)
{
	return category(c) == UTF8PROC_CATEGORY_MN;
}

/* Symbols that count as alphabetic (Other_Alphabetic): letters in circles and squares. */
static bool is_ringed_letter(uint32_t c)
{
	return (c >= 0x24b6 && c <= 0x24e9) || (c >= 0x1f130 && c <= 0x1f149) ||
	       (c >= 0x1f150 && c <= 0x1f169) || (c >= 0x1f170 && c <= 0x1f189);
}

bool unicode_is_word(uint32_t c)
{
	utf8proc_category_t k = category(c);

	return (k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_NL) ||
	       k == UTF8PROC_CATEGORY_PC || c == 0x200c || c == 0x200d || is_ringed_letter(c);
}

bool unicode_is_other(uint32_t c)
{
	utf8proc_category_t k = category(c);

	return k == UTF8PROC_CATEGORY_CC || k == UTF8PROC_CATEGORY_CF ||
	       k == UTF8PROC_CATEGORY_CO || k == UTF8PROC_CATEGORY_CS;
}

bool unicode_is_han(uint32_t c)
{
	return (c >= 0x4e00 && c <= 0x9fff) || (c >= 0x3400 && c <= 0x4dbf) ||
	       (c >= 0x20000 && c <= 0x2a6df) || (c >= 0x2a700 && c <= 0x2b73f) ||
	       (c >= 0x2b740 && c <= 0x2b81f) || (c >= 0x2b920 && c <= 0x2ceaf) ||
	       (c >= 0xf900 && c <= 0xfaff) || (c >= 0x2f800 && c <= 0x2fa1f);
}

void unicode_write_lower(struct buf *out, uint32_t c)
{
	if (c == 0x130)
		buf_write(out, S("i\xcc\x87"));
	else
		unicode_write(out, (uint32_t)utf8proc_tolower((utf8proc_int32_t)c));
}

static bool has_too_many_marks(struct slice text)
{
	size_t run = 0;

	for (size_t at = 0; at < text.size;) {
		uint32_t c = unicode_next(text, &at);

		run = utf8proc_get_property((utf8proc_int32_t)c)->combining_class ? run + 1 : 0;
		if (run > MAX_MARKS)
			return true;
	}
	return false;
}

static enum err normalize_run(struct buf *out, struct slice run, utf8proc_option_t options)
{
	utf8proc_uint8_t *normal = NULL;
	utf8proc_ssize_t size;

	if (has_too_many_marks(run))
		return failure(ERR_LIMIT, "prompt: more than %d combining marks in a row",
			       MAX_MARKS);
	size = utf8proc_map(run.data, (utf8proc_ssize_t)run.size, &normal, options);
	if (size < 0)
		return failure(ERR_FORMAT, "prompt: %s", utf8proc_errmsg(size));
	buf_write(out, slice_of(normal, (size_t)size));
	free(normal);
	return OK;
}

/* Nothing combines with an ASCII character behind it: a text may be cut before each. Most text is
 * ASCII followed by ASCII, and is its own normal form. */
enum err unicode_normalize(struct buf *out, struct slice text, enum unicode_form form)
{
	static const utf8proc_option_t options[] = {
		[UNICODE_NFC] = UTF8PROC_STABLE | UTF8PROC_COMPOSE,
		[UNICODE_NFD] = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE,
		[UNICODE_NFKC] = UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT,
		[UNICODE_NFKD] = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT,
	};

	for (size_t at = 0; at < text.size;) {
		size_t start = at;

		while (at < text.size && text.data[at] < 0x80)
			at++;
		if (at < text.size && at > start)
			at--; /* what follows may combine with this one */
		buf_write(out, slice_part(text, start, at - start));
		if (at == text.size)
			break;
		start = at++;
		while (at < text.size && text.data[at] >= 0x80)
			at++;
		TRY(normalize_run(out, slice_part(text, start, at - start), options[form]));
	}
	return buf_done(out);
}

size_t unicode_grapheme(struct slice text)
{
	utf8proc_int32_t state = 0;
	size_t at = 0;
	uint32_t last = unicode_next(text, &at);

	while (at < text.size) {
		size_t after = at;
		uint32_t c = unicode_next(text, &after);

		if (utf8proc_grapheme_break_stateful((utf8proc_int32_t)last, (utf8proc_int32_t)c,
						     &state))
			break;
		last = c;
		at = after;
	}
	return at;
}

size_t unicode_spaces_at_start(struct slice text)
{
	size_t total = 0;

	for (size_t at = 0; at < text.size && unicode_is_space(unicode_next(text, &at));)
		total = at;
	return total;
}

size_t unicode_spaces_at_end(struct slice text)
{
	size_t end = text.size;

	while (end > 0) {
		size_t start = end - 1;
		size_t at;

		while (start > 0 && (text.data[start] & 0xc0) == 0x80)
			start--;
		at = start;
		if (!unicode_is_space(unicode_next(text, &at)))
			break;
		end = start;
	}
	return text.size - end;
}

/* Unicode 15, table 3-7. */
enum unicode_part unicode_part(struct slice bytes, size_t *part)
{
	uint8_t first = bytes.data[0];
	size_t size = first < 0xc2 || first > 0xf4 ? 1 : unicode_size(first);
	uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
	size_t i = 1;

	while (i < size && i < bytes.size && bytes.data[i] >= low && bytes.data[i] <= high) {
		low = 0x80;
		high = 0xbf;
		i++;
	}
	*part = i;
	if (i == size)
		return size > 1 || first < 0x80 ? UNICODE_WHOLE : UNICODE_BROKEN;
	return i == bytes.size ? UNICODE_BEGINNING : UNICODE_BROKEN;
}

void unicode_write_lossy(struct buf *out, struct slice bytes)
{
	size_t size;

	for (size_t at = 0; at < bytes.size; at += size) {
		struct slice rest = slice_of(bytes.data + at, bytes.size - at);
		bool is_whole = unicode_part(rest, &size) == UNICODE_WHOLE;

		buf_write(out, is_whole ? slice_part(rest, 0, size) : UNICODE_REPLACEMENT);
	}
}

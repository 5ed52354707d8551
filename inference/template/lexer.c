/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/template/lexer.h"

#include "crypto/base/buf.h"
#include "inference/template/characters.h"

struct lexer lexer_of(struct slice text, struct arena *arena)
{
	struct lexer l = {.text = text, .arena = arena, .tag = TOKEN_TEXT};

	/* As Jinja does without keep_trailing_newline. */
	if (slice_ends_with(text, S("\n")))
		l.text.size--;
	return l;
}

static uint8_t byte_at(const struct lexer *l, size_t i)
{
	return i < l->text.size ? l->text.data[i] : 0;
}

static bool stands_at(const struct lexer *l, size_t i, struct slice what)
{
	return slice_equal(slice_part(l->text, i, what.size), what);
}

static size_t find_from(const struct lexer *l, size_t from, struct slice what)
{
	while (from < l->text.size && !stands_at(l, from, what))
		from++;
	return from;
}

/* Offset of the next tag or comment, or the end. */
static size_t find_tag(const struct lexer *l)
{
	size_t i = l->at;

	for (; i < l->text.size; i++) {
		uint8_t next = byte_at(l, i + 1);

		if (l->text.data[i] == '{' && (next == '{' || next == '%' || next == '#'))
			break;
	}
	return i;
}

/* The text before the tag at `end`, after what the tag before has taken from it. */
static struct slice text_before(struct lexer *l, size_t end)
{
	size_t from = l->at;

	while (l->strip_next && from < end && is_space_byte(l->text.data[from]))
		from++;
	if (!l->strip_next && l->trim_newline && from < end) {
		if (stands_at(l, from, S("\r\n")))
			from += 2;
		else if (l->text.data[from] == '\n')
			from++;
	}
	l->strip_next = false;
	l->trim_newline = false;
	return slice_part(l->text, from, end > from ? end - from : 0);
}

/* What the tag that begins at `tag` takes from the text before it. */
static struct slice text_stripped(const struct lexer *l, struct slice text, size_t tag)
{
	uint8_t mark = byte_at(l, tag + 2);
	size_t end = text.size;

	if (mark == '-') {
		while (text.size && is_space_byte(text.data[text.size - 1]))
			text.size--;
		return text;
	}
	if (byte_at(l, tag + 1) == '{' || mark == '+')
		return text;
	while (end && (text.data[end - 1] == ' ' || text.data[end - 1] == '\t'))
		end--;
	if (end ? text.data[end - 1] == '\n'
		: text.data == l->text.data || (text.data && text.data[-1] == '\n'))
		text.size = end;
	return text;
}

static RESULT skip_comment(struct lexer *l)
{
	size_t end = find_from(l, l->at + 2, S("#}"));

	if (end == l->text.size)
		return failure(ERR_FORMAT, "a comment without end");
	l->strip_next = end > l->at + 2 && l->text.data[end - 1] == '-';
	l->trim_newline = true;
	l->at = end + 2;
	return OK;
}

static void open_tag(struct lexer *l)
{
	uint8_t mark = byte_at(l, l->at + 2);

	l->tag = byte_at(l, l->at + 1) == '{' ? TOKEN_PRINT : TOKEN_BLOCK;
	l->brackets = 0;
	l->at += mark == '-' || mark == '+' ? 3 : 2;
}

/* Outside of tags: a text, a tag's opening, or the end. Comments are passed over. */
static RESULT next_outside(struct token *out, struct lexer *l)
{
	while (l->at < l->text.size) {
		size_t tag = find_tag(l);
		struct slice text = text_before(l, tag);

		if (tag < l->text.size)
			text = text_stripped(l, text, tag);
		if (text.size) {
			*out = (struct token){TOKEN_TEXT, text, l->at};
			l->at = tag;
			return OK;
		}
		l->at = tag;
		if (tag == l->text.size)
			break;
		if (byte_at(l, tag + 1) == '#') {
			TRY(skip_comment(l));
			continue;
		}
		out->offset = tag;
		open_tag(l);
		out->kind = l->tag;
		return OK;
	}
	*out = (struct token){.kind = TOKEN_END, .offset = l->text.size};
	return OK;
}

static bool closes(const struct lexer *l, size_t i)
{
	return stands_at(l, i, l->tag == TOKEN_PRINT ? S("}}") : S("%}"));
}

/* True, and passed over, if the tag ends here. */
static bool close_tag(struct lexer *l)
{
	uint8_t mark = byte_at(l, l->at);
	size_t at = l->at + (mark == '-' || mark == '+' ? 1 : 0);

	if (l->brackets || !closes(l, at))
		return false;
	l->strip_next = mark == '-';
	l->trim_newline = l->tag == TOKEN_BLOCK && mark != '+';
	l->tag = TOKEN_TEXT;
	l->at = at + 2;
	return true;
}

static bool is_name_byte(uint8_t c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80 ||
	       (!first && c >= '0' && c <= '9');
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* In `a.0.1` both are integers: a point before the first digit forbids one behind it. */
static void next_number(struct token *out, struct lexer *l)
{
	size_t from = l->at;
	bool after_point = from > 0 && l->text.data[from - 1] == '.';

	out->kind = TOKEN_INTEGER;
	while (is_digit(byte_at(l, l->at)))
		l->at++;
	if (!after_point && byte_at(l, l->at) == '.' && is_digit(byte_at(l, l->at + 1))) {
		out->kind = TOKEN_FLOAT;
		l->at++;
		while (is_digit(byte_at(l, l->at)))
			l->at++;
	}
	out->text = slice_part(l->text, from, l->at - from);
}

/* Of a hexadecimal digit; 16 of anything else. */
static uint32_t digit_of(uint8_t c)
{
	if (is_digit(c))
		return c - (uint32_t)'0';
	if (c >= 'a' && c <= 'f')
		return c - (uint32_t)'a' + 10;
	return c >= 'A' && c <= 'F' ? c - (uint32_t)'A' + 10 : 16;
}

static RESULT write_code_point(struct buf *out, struct slice digits, size_t expected)
{
	uint32_t value = 0;

	if (digits.size != expected)
		return failure(ERR_FORMAT, "an escape without its %zu digits", expected);
	for (size_t i = 0; i < digits.size; i++) {
		uint32_t digit = digit_of(digits.data[i]);

		if (digit == 16)
			return failure(ERR_FORMAT, "an escape without its %zu digits", expected);
		value = value << 4 | digit;
	}
	if (value >= 0xd800 && value < 0xe000)
		return failure(ERR_FORMAT, "an escape that is half a character");
	character_write(out, value);
	return OK;
}

/* The escape behind a backslash; *used bytes of `rest` belong to it. */
static RESULT write_escape(struct buf *out, struct slice rest, size_t *used)
{
	static const char from[] = "ntrbfv'\"\\", to[] = "\n\t\r\b\f\v'\"\\";
	const char *found = rest.size && rest.data[0] ? strchr(from, rest.data[0]) : NULL;

	*used = 1;
	if (found) {
		buf_write_u8(out, (uint8_t)to[found - from]);
	} else if (rest.size && (rest.data[0] == 'x' || rest.data[0] == 'u')) {
		size_t digits = rest.data[0] == 'x' ? 2 : 4;

		*used = 1 + digits;
		return write_code_point(out, slice_part(rest, 1, digits), digits);
	} else if (!(rest.size && rest.data[0] == '\n')) {
		/* Python keeps the backslash of an escape that it does not know. */
		buf_write_u8(out, '\\');
		*used = 0;
	}
	return OK;
}

static RESULT unescape(struct slice *out, struct lexer *l, struct slice inside)
{
	AUTO(buf_free) struct buf text = buf_new(inside.size * 4);

	for (size_t i = 0; i < inside.size; i++) {
		size_t used;

		if (inside.data[i] != '\\') {
			buf_write_u8(&text, inside.data[i]);
			continue;
		}
		TRY(write_escape(&text, slice_part(inside, i + 1, inside.size), &used));
		i += used;
	}
	TRY(buf_done(&text));
	*out = arena_copy(l->arena, buf_slice(&text));
	return OK;
}

static RESULT next_string(struct token *out, struct lexer *l)
{
	uint8_t quote = l->text.data[l->at];
	size_t from = l->at + 1, end = from;
	bool escaped = false;

	while (end < l->text.size && l->text.data[end] != quote) {
		escaped |= l->text.data[end] == '\\';
		end += l->text.data[end] == '\\' ? 2 : 1;
	}
	if (end >= l->text.size)
		return failure(ERR_FORMAT, "a string without end");
	out->kind = TOKEN_STRING;
	out->text = slice_part(l->text, from, end - from);
	if (escaped)
		TRY(unescape(&out->text, l, out->text));
	l->at = end + 1;
	return OK;
}

static RESULT next_sign(struct token *out, struct lexer *l)
{
	static const char *const SIGNS[] = {"==", "!=", "<=", ">=", "**", "//"};
	uint8_t c = l->text.data[l->at];
	size_t size = 1;

	for (size_t i = 0; i < sizeof SIGNS / sizeof *SIGNS; i++) {
		if (stands_at(l, l->at, slice_of_string(SIGNS[i])))
			size = 2;
	}
	if (size == 1 && (c == 0 || !strchr("()[]{},.:|<>+-~*/%=", c)))
		return failure(ERR_FORMAT, "a character that means nothing here");
	if (c == '(' || c == '[' || c == '{')
		l->brackets++;
	else if ((c == ')' || c == ']' || c == '}') && l->brackets)
		l->brackets--;
	out->kind = TOKEN_SIGN;
	out->text = slice_part(l->text, l->at, size);
	l->at += size;
	return OK;
}

RESULT lexer_next(struct token *out, struct lexer *l)
{
	size_t from;

	memset(out, 0, sizeof *out);
	if (l->tag == TOKEN_TEXT)
		return next_outside(out, l);
	while (l->at < l->text.size && is_space_byte(l->text.data[l->at]))
		l->at++;
	out->offset = from = l->at;
	if (l->at == l->text.size)
		return failure(ERR_FORMAT, "a tag without end");
	if (close_tag(l)) {
		out->kind = TOKEN_CLOSE;
		return OK;
	}
	if (is_digit(l->text.data[from])) {
		next_number(out, l);
		return OK;
	}
	if (l->text.data[from] == '\'' || l->text.data[from] == '"')
		return next_string(out, l);
	if (!is_name_byte(l->text.data[from], true))
		return next_sign(out, l);
	while (l->at < l->text.size && is_name_byte(l->text.data[l->at], false))
		l->at++;
	if (l->at - from > LEXER_MAX_NAME)
		return failure(ERR_LIMIT, "a name of more than %d bytes", LEXER_MAX_NAME);
	out->kind = TOKEN_NAME;
	out->text = slice_part(l->text, from, l->at - from);
	return OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regex_translate.c - Oniguruma's regular expressions in PCRE2's words. Where both read the same,
 * a piece is copied; where they differ (white space, word characters, scripts, classes within
 * classes) it is rewritten; all else (back references, verbs, recursion) is refused.
 */
#include "inference/tokenizer/regex.h"

#define SPACE "\\t-\\r\\x{85}\\p{Z}"
#define WORD "\\p{L}\\p{M}\\p{N}\\p{Pc}"

struct translation {
	struct buf *out;
	struct slice pattern;
	size_t at;
	bool in_class;
};

static uint8_t peek(const struct translation *t, size_t ahead)
{
	return t->at + ahead < t->pattern.size ? t->pattern.data[t->at + ahead] : 0;
}

static struct slice rest_of(const struct translation *t)
{
	return slice_of(t->pattern.data + t->at, t->pattern.size - t->at);
}

static enum err not_known(const struct translation *t)
{
	struct slice rest = slice_part(rest_of(t), 0, 40);

	return failure(
		ERR_UNSUPPORTED,
		"tokenizer.json: \"%.*s\" in a regular expression is not known to this engine",
		SLICE_PRINT(rest));
}

static void copy(struct translation *t, size_t size)
{
	buf_write(t->out, slice_part(rest_of(t), 0, size));
	t->at += size;
}

/* \p{L} is the same in both; a script is Script there, Script_Extensions in PCRE2. */
static enum err property(struct translation *t)
{
	struct slice head;
	struct slice rest;
	struct slice name;

	if (peek(t, 2) != '{' || !slice_cut(rest_of(t), '}', &head, &rest))
		return not_known(t);
	name = slice_of(head.data + 3, head.size - 3);
	for (size_t i = 0; i < name.size; i++)
		if (!((name.data[i] | 32) >= 'a' && (name.data[i] | 32) <= 'z'))
			return not_known(t);
	if (name.size == 0)
		return not_known(t);
	buf_write(t->out, slice_part(rest_of(t), 0, 3));
	if (name.size > 2)
		buf_write_string(t->out, "sc:");
	buf_write(t->out, name);
	buf_write_u8(t->out, '}');
	t->at += head.size + 1;
	return OK;
}

static void write_set(struct translation *t, const char *set, bool negated)
{
	if (!t->in_class)
		buf_write_string(t->out, negated ? "[^" : "[");
	buf_write_string(t->out, set);
	if (!t->in_class)
		buf_write_u8(t->out, ']');
	t->at += 2;
}

static bool is_hex(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f');
}

/* \xHH, \x{H...} and \uHHHH */
static enum err code_point(struct translation *t)
{
	bool braced = peek(t, 2) == '{';
	size_t start = braced ? 3 : 2;
	size_t wanted = peek(t, 1) == 'u' ? 4 : 2;
	size_t digits = 0;

	while (digits < (braced ? 6 : wanted) && is_hex(peek(t, start + digits)))
		digits++;
	if (digits == 0 ||
	    (braced ? peek(t, 1) == 'u' || peek(t, start + digits) != '}' : digits != wanted))
		return not_known(t);
	buf_write_string(t->out, "\\x{");
	buf_write(t->out, slice_part(rest_of(t), start, digits));
	buf_write_u8(t->out, '}');
	t->at += start + digits + (braced ? 1 : 0);
	return OK;
}

static enum err escape(struct translation *t)
{
	uint8_t c = peek(t, 1);
	bool is_sign = c > ' ' && c < 0x7f && !((c | 32) >= 'a' && (c | 32) <= 'z') &&
		       !(c >= '0' && c <= '9');

	if (c == 's' || (c == 'S' && !t->in_class))
		write_set(t, SPACE, c == 'S');
	else if (c == 'w' || (c == 'W' && !t->in_class))
		write_set(t, WORD, c == 'W');
	else if (c == 'p' || c == 'P')
		return property(t);
	else if (c == 'x' || c == 'u')
		return code_point(t);
	else if (is_sign || c == 'd' || c == 'D' || c == 'r' || c == 'n' || c == 't' || c == 'f')
		copy(t, 2);
	else
		return not_known(t);
	return OK;
}

/* One [...] with any [...] in it: there a union, which PCRE2 does not have, so their members
 * stand in the one class. */
static enum err class(struct translation *t) {
	size_t depth = 1;

	copy(t, peek(t, 1) == '^' ? 2 : 1); if (peek(t, 0) == ']') return not_known(t);
	t->in_class = true;
	while (depth > 0){uint8_t c = peek(t, 0);

			  if (c == 0 || (c == '&' && peek(t, 1) == '&') ||
			      (c == '[' && (peek(t, 1) == '^' || peek(t, 1) == ':' ||
					    peek(t, 1) == ']'))){return not_known(t);}
else if (c == '\\')
{
	TRY(escape(t));
}
else if (c == '[' || (c == ']' && depth > 1))
{
	depth += c == '[' ? 1 : (size_t)-1;
	t->at++;
}
else
{
	depth -= c == ']';
	copy(t, 1);
}
}
t->in_class = false;
return OK;
}

static enum err group(struct translation *t)
{
	static const char *const known[] = {"(?:",  "(?=",  "(?!",  "(?>",
					    "(?<=", "(?<!", "(?i:", "(?i)"};

	if (peek(t, 1) == '*')
		return not_known(t);
	if (peek(t, 1) != '?') {
		copy(t, 1);
		return OK;
	}
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (!slice_starts_with(rest_of(t), slice_of_string(known[i])))
			continue;
		if (strcmp(known[i], "(?i)") == 0 && t->at > 0)
			break; /* the two differ in how far it reaches */
		copy(t, strlen(known[i]));
		return OK;
	}
	return not_known(t);
}

/* {2,} and {1,3}; what follows with a plus is possessive in PCRE2 only, {,3} is a text there. */
static enum err repeat(struct translation *t)
{
	size_t size = 1;

	while ((peek(t, size) >= '0' && peek(t, size) <= '9') || (size > 1 && peek(t, size) == ','))
		size++;
	if (size == 1 || peek(t, size) != '}' || peek(t, size + 1) == '+')
		return not_known(t);
	copy(t, size + 1);
	return OK;
}

enum err regex_translate(struct buf *out, struct slice pattern)
{
	struct translation t = {.out = out, .pattern = pattern};

	if (pattern.size > REGEX_MAX_PATTERN)
		return failure(ERR_LIMIT, "tokenizer.json: an expression of %zu bytes",
			       pattern.size);
	while (t.at < pattern.size) {
		uint8_t c = peek(&t, 0);

		if (c == 0)
			return not_known(&t);
		if (c == '\\')
			TRY(escape(&t));
		else if (c == '[')
			TRY(class(&t));
		else if (c == '(')
			TRY(group(&t));
		else if (c == '{')
			TRY(repeat(&t));
		else
			copy(&t, 1);
	}
	return buf_done(out);
}

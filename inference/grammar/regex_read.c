/* SPDX-License-Identifier: Apache-2.0 */
/* regex_read.c - from the text of an expression to its tree. */
#include <stdlib.h>

#include "inference/grammar/regex_tree.h"
#include "inference/grammar/utf8.h"

/* A class that is being read. */
struct class
{
	struct regex_range ranges[REGEX_MAX_RANGES + 1];
	size_t count;
};

struct reading {
	struct regex_tree *tree;
	struct slice text;
	size_t at;
	unsigned depth;
};

static const struct regex_range DIGITS[] = {{'0', '9'}};
static const struct regex_range WORDS[] = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
static const struct regex_range SPACES[] = {
	{9, 13},          {32, 32},         {160, 160},       {0x1680, 0x1680}, {0x2000, 0x200a},
	{0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}, {0xfeff, 0xfeff}};
static const struct regex_range LINE_ENDS[] = {{10, 10}, {13, 13}, {0x2028, 0x2029}};

void regex_tree_clear(struct regex_tree *t)
{
	arena_free(&t->arena);
}

static bool is_over(const struct reading *r)
{
	return r->at >= r->text.size;
}

static uint8_t peek(const struct reading *r)
{
	return is_over(r) ? 0 : r->text.data[r->at];
}

static bool skip(struct reading *r, const char *text)
{
	struct slice rest = slice_of(r->text.data + r->at, r->text.size - r->at);

	if (!slice_starts_with(rest, slice_of_string(text)))
		return false;
	r->at += strlen(text);
	return true;
}

static enum err refuse(const struct reading *r, enum err kind, const char *what)
{
	return failure(kind, "%s at byte %zu of the regular expression", what, r->at);
}

/* The text is UTF-8, checked before. */
static uint32_t next_character(struct reading *r)
{
	uint8_t first = r->text.data[r->at++];
	size_t more = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
	uint32_t c = more == 0 ? first : first & (0x3fu >> more);

	for (; more > 0; more--)
		c = c << 6 | (r->text.data[r->at++] & 0x3f);
	return c;
}

static enum err add_range(struct reading *r, struct class *c, uint32_t low, uint32_t high)
{
	if (c->count == REGEX_MAX_RANGES)
		return refuse(r, ERR_LIMIT, "a class of too many parts");
	c->ranges[c->count++] = (struct regex_range){low, high};
	return OK;
}

static enum err add_ranges(struct reading *r, struct class *c, const struct regex_range *ranges,
			   size_t count)
{
	for (size_t i = 0; i < count; i++)
		TRY(add_range(r, c, ranges[i].low, ranges[i].high));
	return OK;
}

/* All but these, which are sorted. */
static enum err add_others(struct reading *r, struct class *c, const struct regex_range *ranges,
			   size_t count)
{
	uint32_t low = 0;

	for (size_t i = 0; i < count; i++) {
		if (ranges[i].low > low)
			TRY(add_range(r, c, low, ranges[i].low - 1));
		low = ranges[i].high + 1;
	}
	return low <= UTF8_LAST ? add_range(r, c, low, UTF8_LAST) : OK;
}

static int compare_ranges(const void *x, const void *y)
{
	const struct regex_range *a = x;
	const struct regex_range *b = y;

	return (a->low > b->low) - (a->low < b->low);
}

static void sort_class(struct class *c)
{
	size_t kept = 0;

	qsort(c->ranges, c->count, sizeof *c->ranges, compare_ranges);
	for (size_t i = 0; i < c->count; i++) {
		struct regex_range *last = &c->ranges[kept ? kept - 1 : 0];

		if (kept == 0 || c->ranges[i].low > last->high + 1)
			c->ranges[kept++] = c->ranges[i];
		else if (c->ranges[i].high > last->high)
			last->high = c->ranges[i].high;
	}
	c->count = kept;
}

static struct regex_item *new_item(struct reading *r, enum regex_kind kind)
{
	struct regex_item *item = arena_alloc(&r->tree->arena, sizeof *item);

	item->kind = kind;
	return item;
}

static enum err set_item(struct regex_item **out, struct reading *r, struct class *c)
{
	struct regex_tree *t = r->tree;
	size_t bytes;
	uint32_t i = 0;

	sort_class(c);
	bytes = c->count * sizeof *c->ranges;
	*out = new_item(r, REGEX_SET);
	for (; i < t->set_count; i++)
		if (t->sets[i].count == c->count &&
		    memcmp(t->sets[i].ranges, c->ranges, bytes) == 0)
			break;
	(*out)->set = i;
	if (i < t->set_count)
		return OK;
	if (t->set_count == REGEX_MAX_SETS)
		return refuse(r, ERR_LIMIT, "too many different classes");
	t->sets[i].ranges = arena_alloc(&t->arena, bytes + 1);
	if (bytes > 0)
		memcpy(t->sets[i].ranges, c->ranges, bytes);
	t->sets[i].count = c->count;
	t->set_count++;
	return OK;
}

static enum err read_hex(struct reading *r, size_t digits, uint32_t *out)
{
	*out = 0;
	for (size_t i = 0; i < digits; i++) {
		uint8_t c = peek(r);
		uint8_t small = c | 32;

		if (c >= '0' && c <= '9')
			*out = *out << 4 | (uint32_t)(c - '0');
		else if (small >= 'a' && small <= 'f')
			*out = *out << 4 | (uint32_t)(small - 'a' + 10);
		else
			return refuse(r, ERR_FORMAT, "no hexadecimal digit");
		r->at++;
	}
	return OK;
}

/* Behind \u: four digits, or any number in braces; two halves of a pair are one character. */
static enum err read_unicode(struct reading *r, uint32_t *out)
{
	if (skip(r, "{")) {
		size_t digits = 0;

		while (r->at + digits < r->text.size && r->text.data[r->at + digits] != '}')
			digits++;
		if (digits == 0 || digits > 6)
			return refuse(r, ERR_FORMAT, "no character's number");
		TRY(read_hex(r, digits, out));
		if (!skip(r, "}") || *out > UTF8_LAST)
			return refuse(r, ERR_FORMAT, "no character's number");
		return OK;
	}
	TRY(read_hex(r, 4, out));
	if (*out >= 0xd800 && *out < 0xdc00 && skip(r, "\\u")) {
		uint32_t low;

		TRY(read_hex(r, 4, &low));
		if (low < 0xdc00 || low > 0xdfff)
			return refuse(r, ERR_UNSUPPORTED, "half a surrogate pair");
		*out = 0x10000 + ((*out - 0xd800) << 10) + (low - 0xdc00);
	}
	if (*out >= 0xd800 && *out < 0xe000)
		return refuse(r, ERR_UNSUPPORTED, "half a surrogate pair");
	return OK;
}

/* What stands behind a backslash and is one character. */
static enum err read_escape(struct reading *r, uint32_t *out)
{
	static const char names[] = "tnrfv0", values[] = "\t\n\r\f\v";
	uint8_t c = peek(r);
	const char *found = c ? strchr(names, c) : NULL;

	if (is_over(r))
		return refuse(r, ERR_FORMAT, "nothing behind a backslash");
	if (found) {
		r->at++;
		*out = (uint8_t)values[found - names];
		if (c == '0' && peek(r) >= '0' && peek(r) <= '9')
			return refuse(r, ERR_UNSUPPORTED, "an octal number");
		return OK;
	}
	if (skip(r, "x"))
		return read_hex(r, 2, out);
	if (skip(r, "u"))
		return read_unicode(r, out);
	if (skip(r, "c")) {
		if (!((peek(r) | 32) >= 'a' && (peek(r) | 32) <= 'z'))
			return refuse(r, ERR_FORMAT, "no letter behind \\c");
		*out = r->text.data[r->at++] & 31;
		return OK;
	}
	if ((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c >= 0x80)
		return refuse(r, ERR_UNSUPPORTED, "an escape that is not known here");
	*out = r->text.data[r->at++];
	return OK;
}

/* \d and its kind into the class; *is_class is false, and nothing read, for anything else. */
static enum err read_class_escape(struct reading *r, struct class *c, bool *is_class)
{
	static const struct {
		char name;
		const struct regex_range *ranges;
		size_t count;
	} rows[] = {{'d', DIGITS, 1},
		    {'w', WORDS, sizeof WORDS / sizeof *WORDS},
		    {'s', SPACES, sizeof SPACES / sizeof *SPACES}};

	*is_class = false;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if ((peek(r) | 32) != rows[i].name)
			continue;
		*is_class = true;
		if (r->text.data[r->at++] == rows[i].name)
			return add_ranges(r, c, rows[i].ranges, rows[i].count);
		return add_others(r, c, rows[i].ranges, rows[i].count);
	}
	return OK;
}

/* One end of a range within brackets, or a class: then *is_class. */
static enum err read_class_atom(struct reading *r, struct class *c, uint32_t *out, bool *is_class)
{
	*is_class = false;
	if (is_over(r))
		return refuse(r, ERR_FORMAT, "a class that does not end");
	if (!skip(r, "\\")) {
		*out = next_character(r);
		return OK;
	}
	TRY(read_class_escape(r, c, is_class));
	if (*is_class)
		return OK;
	if (skip(r, "b")) {
		*out = '\b';
		return OK;
	}
	if (skip(r, "-")) {
		*out = '-';
		return OK;
	}
	return read_escape(r, out);
}

static enum err read_class(struct regex_item **out, struct reading *r)
{
	struct class c = {.count = 0}, others = {.count = 0};
	bool negates = skip(r, "^");

	while (!skip(r, "]")) {
		uint32_t low, high;
		bool is_class, is_high_class;

		TRY(read_class_atom(r, &c, &low, &is_class));
		if (is_class)
			continue;
		high = low;
		if (r->at + 1 < r->text.size && peek(r) == '-' && r->text.data[r->at + 1] != ']') {
			r->at++;
			TRY(read_class_atom(r, &c, &high, &is_high_class));
			if (is_high_class || high < low)
				return refuse(r, ERR_FORMAT, "a range without an end");
		}
		TRY(add_range(r, &c, low, high));
	}
	if (!negates)
		return set_item(out, r, &c);
	sort_class(&c);
	TRY(add_others(r, &others, c.ranges, c.count));
	return set_item(out, r, &others);
}

static enum err read_escaped(struct regex_item **out, struct reading *r)
{
	struct class c = {.count = 0};
	bool is_class;
	uint32_t one;

	TRY(read_class_escape(r, &c, &is_class));
	if (!is_class) {
		TRY(read_escape(r, &one));
		TRY(add_range(r, &c, one, one));
	}
	return set_item(out, r, &c);
}

static enum err read_number(struct reading *r, uint32_t *out)
{
	*out = 0;
	while (peek(r) >= '0' && peek(r) <= '9') {
		*out = *out * 10 + (uint32_t)(r->text.data[r->at++] - '0');
		if (*out > REGEX_MAX_COUNT)
			return refuse(r, ERR_LIMIT, "too large a number of repetitions");
	}
	return OK;
}

static bool has_digit(const struct reading *r)
{
	return peek(r) >= '0' && peek(r) <= '9';
}

/* Behind "{"; *is_count is false, and nothing read, where it is an ordinary brace. */
static enum err read_counts(struct reading *r, uint32_t *least, uint32_t *most, bool *is_count)
{
	size_t start = r->at;

	*is_count = has_digit(r);
	if (!*is_count)
		return OK;
	TRY(read_number(r, least));
	*most = *least;
	if (skip(r, ",")) {
		*most = AUTOMATON_UNBOUNDED;
		if (has_digit(r))
			TRY(read_number(r, most));
	}
	*is_count = skip(r, "}");
	if (!*is_count)
		r->at = start;
	if (*is_count && *most < *least)
		return refuse(r, ERR_FORMAT, "repetitions out of order");
	return OK;
}

static enum err read_quantifier(struct reading *r, uint32_t *least, uint32_t *most, bool *found)
{
	static const struct {
		const char *sign;
		uint32_t least, most;
	} signs[] = {{"*", 0, AUTOMATON_UNBOUNDED}, {"+", 1, AUTOMATON_UNBOUNDED}, {"?", 0, 1}};

	*found = true;
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
		if (skip(r, signs[i].sign)) {
			*least = signs[i].least;
			*most = signs[i].most;
			(void)skip(r, "?"); /* reluctant: the same texts */
			return OK;
		}
	*found = false;
	if (!skip(r, "{"))
		return OK;
	TRY(read_counts(r, least, most, found));
	if (!*found)
		r->at--;
	else
		(void)skip(r, "?");
	return OK;
}

static enum err read_alternatives(struct regex_item **out, struct reading *r);

/* Behind "(". */
static enum err read_group(struct regex_item **out, struct reading *r)
{
	if (skip(r, "?")) {
		bool is_named = skip(r, "<") && peek(r) != '=' && peek(r) != '!';

		while (is_named && !is_over(r) && peek(r) != '>')
			r->at++;
		if (!skip(r, is_named ? ">" : ":"))
			return refuse(r, ERR_UNSUPPORTED, "a group that looks around");
	}
	if (++r->depth > REGEX_MAX_DEPTH)
		return refuse(r, ERR_LIMIT, "too many groups within each other");
	TRY(read_alternatives(out, r));
	r->depth--;
	return skip(r, ")") ? OK : refuse(r, ERR_FORMAT, "a group that does not end");
}

static enum err read_atom(struct regex_item **out, struct reading *r)
{
	struct class c = {.count = 0};
	uint32_t one;

	if (skip(r, "("))
		return read_group(out, r);
	if (skip(r, "["))
		return read_class(out, r);
	if (skip(r, "\\"))
		return read_escaped(out, r);
	if (skip(r, ".")) {
		TRY(add_others(r, &c, LINE_ENDS, sizeof LINE_ENDS / sizeof *LINE_ENDS));
		return set_item(out, r, &c);
	}
	if (strchr("*+?", peek(r)))
		return refuse(r, ERR_FORMAT, "nothing to repeat");
	one = next_character(r);
	TRY(add_range(r, &c, one, one));
	return set_item(out, r, &c);
}

static enum err read_repeated(struct regex_item **out, struct reading *r)
{
	struct regex_item *repeat;
	bool is_repeated;

	if (skip(r, "^") || skip(r, "$")) {
		*out = new_item(r, r->text.data[r->at - 1] == '^' ? REGEX_BEGINS : REGEX_ENDS);
		return OK;
	}
	TRY(read_atom(out, r));
	repeat = new_item(r, REGEX_REPEAT);
	TRY(read_quantifier(r, &repeat->least, &repeat->most, &is_repeated));
	if (!is_repeated)
		return OK;
	repeat->children = *out;
	*out = repeat;
	return OK;
}

static enum err read_sequence(struct regex_item **out, struct reading *r)
{
	struct regex_item **next;

	*out = new_item(r, REGEX_SEQUENCE);
	next = &(*out)->children;
	while (!is_over(r) && peek(r) != '|' && peek(r) != ')') {
		TRY(read_repeated(next, r));
		next = &(*next)->next;
	}
	return OK;
}

static enum err read_alternatives(struct regex_item **out, struct reading *r)
{
	struct regex_item **next;

	*out = new_item(r, REGEX_ALTERNATIVES);
	next = &(*out)->children;
	do {
		TRY(read_sequence(next, r));
		next = &(*next)->next;
	} while (skip(r, "|"));
	return OK;
}

enum err regex_read(struct regex_tree *out, struct slice pattern)
{
	struct reading r = {.tree = out, .text = pattern};
	struct class any = {.ranges = {{0, UTF8_LAST}}, .count = 1};
	struct regex_item *unused;

	if (!slice_is_utf8(pattern) || slice_find(pattern, 0) < pattern.size)
		return failure(ERR_FORMAT, "the regular expression is not text");
	TRY(set_item(&unused, &r, &any));
	TRY(read_alternatives(&out->root, &r));
	return is_over(&r) ? OK : refuse(&r, ERR_FORMAT, "a bracket without its partner");
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/json_place.h"

/* The text, and how far it is read. Every function stops at its end, so even a text that is no
 * JSON is only misunderstood. */
struct scan {
	struct slice text;
	size_t at;
};

static uint8_t sign(const struct scan *s)
{
	return s->at < s->text.size ? s->text.data[s->at] : 0;
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Over space, and over the one sign between two values. */
static void skip_to_value(struct scan *s)
{
	while (s->at < s->text.size && (is_space(sign(s)) || sign(s) == ',' || sign(s) == ':'))
		s->at++;
}

static void skip_string(struct scan *s)
{
	for (s->at++; s->at < s->text.size && sign(s) != '"'; s->at++)
		if (sign(s) == '\\')
			s->at++;
	s->at++;
}

/* A string, or a run of signs that ends where a number or word must end. */
static void skip_scalar(struct scan *s)
{
	if (sign(s) == '"') {
		skip_string(s);
		return;
	}
	do
		s->at++;
	while (s->at < s->text.size && !is_space(sign(s)) && !memchr(",:]}", sign(s), 4));
}

static void skip_value(struct scan *s)
{
	size_t depth = 0;

	do {
		uint8_t c;

		skip_to_value(s);
		c = sign(s);
		if (c == '{' || c == '[') {
			depth++;
			s->at++;
		} else if (c == '}' || c == ']') {
			depth -= depth > 0;
			s->at++;
		} else {
			skip_scalar(s);
		}
	} while (depth && s->at < s->text.size);
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The next sign of a string that may be escaped, if it is ASCII; -1 for any other. Names that are
 * looked for are ASCII, and an escape is no reason not to find them. */
static int take_sign(struct slice *rest)
{
	static const char plain[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
	uint8_t c = rest->data[0];
	int value = 0;

	*rest = slice_part(*rest, 1, rest->size);
	if (c != '\\' || !rest->size)
		return c < 0x80 ? c : -1;
	c = rest->data[0];
	*rest = slice_part(*rest, 1, rest->size);
	for (size_t i = 0; i + 1 < sizeof plain; i += 2)
		if ((uint8_t)plain[i] == c)
			return plain[i + 1];
	if (c != 'u' || rest->size < 4)
		return -1;
	for (size_t i = 0; i < 4; i++)
		value = value * 16 + hex_digit(rest->data[i]);
	*rest = slice_part(*rest, 4, rest->size);
	return value < 0x80 ? value : -1;
}

static bool is_name(struct slice written, const char *name)
{
	for (; *name && written.size; name++)
		if (take_sign(&written) != (uint8_t)*name)
			return false;
	return !*name && !written.size;
}

static bool enter_member(struct scan *s, const char *name)
{
	s->at++;
	for (skip_to_value(s); sign(s) == '"'; skip_to_value(s)) {
		size_t from = s->at + 1;
		struct slice written;

		skip_string(s);
		if (s->at > s->text.size)
			return false;
		written = slice_of(s->text.data + from, s->at - 1 - from);
		skip_to_value(s);
		if (is_name(written, name))
			return true;
		skip_value(s);
	}
	return false;
}

static bool enter_element(struct scan *s, size_t index)
{
	s->at++;
	for (size_t i = 0;; i++) {
		skip_to_value(s);
		if (s->at >= s->text.size || sign(s) == ']')
			return false;
		if (i == index)
			return true;
		skip_value(s);
	}
}

static bool enter(struct scan *s, const struct json_step *step)
{
	if (step->name)
		return sign(s) == '{' && enter_member(s, step->name);
	return sign(s) == '[' && enter_element(s, step->index);
}

static struct json_place place_of(struct slice text, size_t at)
{
	struct json_place place = {1, 1};

	for (size_t i = 0; i < at && i < text.size; i++) {
		if (text.data[i] == '\n') {
			place.line++;
			place.column = 1;
		} else if ((text.data[i] & 0xc0) != 0x80) { /* the rest of a character is none */
			place.column++;
		}
	}
	return place;
}

struct json_place json_place_find(struct slice text, const struct json_step *step)
{
	const struct json_step *way[JSON_PLACE_MAX_STEPS];
	struct scan s = {text, 0};
	size_t count = 0, found;

	for (; step && count < JSON_PLACE_MAX_STEPS; step = step->up)
		way[count++] = step;
	skip_to_value(&s);
	found = s.at;
	while (count && enter(&s, way[--count]))
		found = s.at;
	return place_of(text, found);
}

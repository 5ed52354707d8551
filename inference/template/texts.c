/* SPDX-License-Identifier: Apache-2.0 */
/* texts.c - methods of strings, as Python has them; some are filters too. */
#include "inference/template/builtins.h"
#include "inference/template/characters.h"

/* The string a method or a filter works on. */
static RESULT text_of(struct value *out, struct run *r, struct value v)
{
	*out = value_text(S(""));
	if (v.kind == VALUE_UNDEFINED)
		return OK;
	if (v.kind != VALUE_TEXT)
		return failure(ERR_FORMAT, "a string expected, not %s", value_name(v.kind));
	*out = v;
	return run_step(r, v.text.size / 16);
}

/* A character in place of another: it belongs to whom that belonged to. */
static void write_character(struct template_text *out, uint32_t code, const uint8_t *own)
{
	size_t before = out->text.size;

	character_write(&out->text, code);
	while (out->own.size < out->text.size && out->text.size > before)
		buf_write_u8(&out->own, own ? *own : 0);
}

/* Each character through `first` where a word begins, else through `rest`. */
static RESULT fold(struct value *out, struct run *r, const struct call *c, bool words,
		   uint32_t (*first)(uint32_t code), uint32_t (*rest)(uint32_t code))
{
	AUTO(template_text_free) struct template_text text = template_text_new(r->memory_left);
	bool begins = true;
	struct value from;

	TRY(text_of(&from, r, c->self));
	while (from.text.size) {
		uint32_t code = character_read(from.text), upper = character_upper(code);

		write_character(&text, begins ? first(code) : rest(code), from.own);
		begins = words && upper == character_lower(code) && code < 0x80 &&
			 !(code >= '0' && code <= '9') && code != '\'';
		from = value_part(from, character_size(from.text), from.text.size);
	}
	TRY(text_done(&text));
	return value_copy(out, r, &text);
}

RESULT text_upper(struct value *out, struct run *r, const struct call *c)
{
	return fold(out, r, c, false, character_upper, character_upper);
}

RESULT text_lower(struct value *out, struct run *r, const struct call *c)
{
	return fold(out, r, c, false, character_lower, character_lower);
}

RESULT text_capitalize(struct value *out, struct run *r, const struct call *c)
{
	return fold(out, r, c, false, character_upper, character_lower);
}

RESULT text_title(struct value *out, struct run *r, const struct call *c)
{
	return fold(out, r, c, true, character_upper, character_lower);
}

/* The part of a text that lies there. */
static struct value part_at(struct value whole, struct slice there)
{
	return value_part(whole, (size_t)(there.data - whole.text.data), there.size);
}

static RESULT strip(struct value *out, struct run *r, const struct call *c, bool left, bool right)
{
	struct slice text, set = S("");
	struct value whole;

	TRY(text_of(&whole, r, c->self));
	text = whole.text;
	if (c->argument[0].kind == VALUE_TEXT) {
		set = c->argument[0].text;
		TRY(run_step(r, text.size / 16 * (set.size + 1)));
	}
	if (left)
		text = text_strip_left(text, set);
	if (right)
		text = text_strip_right(text, set);
	*out = part_at(whole, text);
	return OK;
}

RESULT text_strip(struct value *out, struct run *r, const struct call *c)
{
	return strip(out, r, c, true, true);
}

static RESULT text_lstrip(struct value *out, struct run *r, const struct call *c)
{
	return strip(out, r, c, true, false);
}

static RESULT text_rstrip(struct value *out, struct run *r, const struct call *c)
{
	return strip(out, r, c, false, true);
}

static RESULT limit_of(int64_t *out, struct value v)
{
	*out = INT64_MAX;
	if (v.kind == VALUE_INTEGER && v.integer >= 0)
		*out = v.integer;
	if (v.kind > VALUE_NONE && v.kind != VALUE_INTEGER)
		return failure(ERR_FORMAT, "a count that is %s", value_name(v.kind));
	return OK;
}

/* Before each character and at the end, where the text to be replaced is empty. */
static void replace_empty(struct template_text *text, struct value from, struct value to,
			  int64_t limit)
{
	for (; limit > 0 && !text->text.overflow; limit--) {
		size_t size = character_size(from.text);

		text_write(text, to);
		text_write(text, value_part(from, 0, size));
		if (from.text.size == 0)
			return;
		from = value_part(from, size, from.text.size);
	}
	text_write(text, from);
}

static void replace_all(struct template_text *text, struct value from, struct slice old,
			struct value to, int64_t limit)
{
	size_t at = 0, found;

	while (limit-- > 0 && (found = text_find(from.text, old, at)) <= from.text.size) {
		text_write(text, value_part(from, at, found - at));
		text_write(text, to);
		at = found + old.size;
	}
	text_write(text, value_part(from, at, from.text.size));
}

RESULT text_replace(struct value *out, struct run *r, const struct call *c)
{
	AUTO(template_text_free) struct template_text text = template_text_new(r->memory_left);
	struct value from, old, to;
	int64_t limit;

	TRY(text_of(&from, r, c->self));
	TRY(text_of(&old, r, c->argument[0]));
	TRY(text_of(&to, r, c->argument[1]));
	TRY(limit_of(&limit, c->argument[2]));
	if (old.text.size)
		replace_all(&text, from, old.text, to, limit);
	else
		replace_empty(&text, from, to, limit);
	TRY(text_done(&text));
	return value_copy(out, r, &text);
}

RESULT text_indent(struct value *out, struct run *r, const struct call *c)
{
	AUTO(template_text_free) struct template_text text = template_text_new(r->memory_left);
	bool first = value_truth(c->argument[1]), blank = value_truth(c->argument[2]), more = true;
	struct value rest;
	int64_t width = 4;

	TRY(text_of(&rest, r, c->self));
	if (c->argument[0].kind == VALUE_INTEGER)
		width = c->argument[0].integer;
	else if (c->argument[0].kind != VALUE_UNDEFINED)
		return failure(ERR_UNSUPPORTED, "an indent that is no number");
	if (width > 256)
		return failure(ERR_LIMIT, "an indent of more than 256");
	for (bool begin = true; more && !text.text.overflow; begin = false) {
		size_t line = slice_find(rest.text, '\n');

		more = line < rest.text.size;
		for (int64_t i = 0; (!begin || first) && (line || blank) && i < width; i++)
			text_write_other(&text, S(" "));
		text_write(&text, value_part(rest, 0, line + more));
		rest = value_part(rest, line + more, rest.text.size);
	}
	TRY(text_done(&text));
	return value_copy(out, r, &text);
}

/* At white space: runs of it are one separator, none at the ends. */
static RESULT split_blank(struct list *parts, struct run *r, struct value whole, int64_t limit)
{
	struct slice text = whole.text;

	for (text = text_strip_left(text, S("")); text.size; text = text_strip_left(text, S(""))) {
		size_t end = 0;

		if (limit-- == 0)
			return list_add(r, parts, part_at(whole, text));
		while (end < text.size &&
		       !character_is_space(character_read(slice_part(text, end, text.size))))
			end += character_size(slice_part(text, end, text.size));
		TRY(list_add(r, parts, part_at(whole, slice_part(text, 0, end))));
		text = slice_part(text, end, text.size);
	}
	return OK;
}

static RESULT text_split(struct value *out, struct run *r, const struct call *c)
{
	struct value text, separator;
	size_t at = 0, found;
	int64_t limit;

	*out = value_list(list_new(r));
	TRY(text_of(&text, r, c->self));
	TRY(limit_of(&limit, c->argument[1]));
	if (c->argument[0].kind <= VALUE_NONE)
		return split_blank(out->list, r, text, limit);
	TRY(text_of(&separator, r, c->argument[0]));
	if (separator.text.size == 0)
		return failure(ERR_FORMAT, "an empty separator");
	while (limit-- > 0 &&
	       (found = text_find(text.text, separator.text, at)) <= text.text.size) {
		TRY(list_add(r, out->list, value_part(text, at, found - at)));
		at = found + separator.text.size;
	}
	return list_add(r, out->list, value_part(text, at, text.text.size));
}

/* One string, or any of a list. */
static RESULT affix(struct value *out, struct run *r, const struct call *c,
		    bool (*has)(struct slice s, struct slice affix))
{
	const struct list one = {.items = (struct value *)(uintptr_t)&c->argument[0], .count = 1};
	const struct list *affixes = c->argument[0].kind == VALUE_LIST ? c->argument[0].list : &one;
	struct value text;
	bool found = false;

	TRY(text_of(&text, r, c->self));
	for (size_t i = 0; i < affixes->count && !found; i++) {
		if (affixes->items[i].kind != VALUE_TEXT)
			return failure(ERR_FORMAT, "a string expected, not %s",
				       value_name(affixes->items[i].kind));
		TRY(run_step(r, affixes->items[i].text.size / 64));
		found = has(text.text, affixes->items[i].text);
	}
	*out = value_boolean(found);
	return OK;
}

static RESULT text_startswith(struct value *out, struct run *r, const struct call *c)
{
	return affix(out, r, c, slice_starts_with);
}

static RESULT text_endswith(struct value *out, struct run *r, const struct call *c)
{
	return affix(out, r, c, slice_ends_with);
}

const struct builtin BUILTIN_TEXT_METHODS[] = {
	{"capitalize", "", text_capitalize},
	{"endswith", "suffix", text_endswith},
	{"lower", "", text_lower},
	{"lstrip", "chars", text_lstrip},
	{"replace", "old new count", text_replace},
	{"rstrip", "chars", text_rstrip},
	{"split", "sep maxsplit", text_split},
	{"startswith", "prefix", text_startswith},
	{"strip", "chars", text_strip},
	{"title", "", text_title},
	{"upper", "", text_upper},
	{NULL, NULL, NULL},
};

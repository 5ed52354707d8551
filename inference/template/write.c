/* SPDX-License-Identifier: Apache-2.0 */
/* write.c - values as text: as a template prints them, and as JSON. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "inference/template/characters.h"
#include "inference/template/run.h"

/* The shortest digits that read back as the same number, and always a point or an exponent. */
static void write_float(struct buf *out, double d)
{
	char text[40] = {0};

	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, d);
		if (strtod(text, NULL) == d)
			break;
	}
	/* Python writes whole numbers below 1e16 without exponent. */
	if (fabs(d) < 1e16 && d == floor(d))
		snprintf(text, sizeof text, "%.1f", d);
	buf_write_string(out, text);
	if (isfinite(d) && !strpbrk(text, ".e"))
		buf_write_string(out, ".0");
}

static void write_escaped(struct buf *out, uint32_t code)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *found = code && code < 0x80 ? strchr(from, (int)code) : NULL;

	if (found)
		buf_printf(out, "\\%c", to[found - from]);
	else if (code >= 0x10000)
		buf_printf(out, "\\u%04x\\u%04x", 0xd800 + ((code - 0x10000) >> 10),
			   0xdc00 + ((code - 0x10000) & 0x3ff));
	else
		buf_printf(out, "\\u%04x", code);
}

static RESULT write_string(struct buf *out, struct run *r, struct slice text, bool ascii)
{
	TRY(run_step(r, 1 + text.size / 16));
	buf_write_u8(out, '"');
	for (size_t i = 0, size; i < text.size; i += size) {
		struct slice rest = slice_part(text, i, text.size);
		uint32_t code = character_read(rest);

		size = character_size(rest);
		if (code < 0x20 || code == '"' || code == '\\' || (ascii && code >= 0x7f))
			write_escaped(out, code);
		else
			buf_write(out, slice_part(rest, 0, size));
	}
	buf_write_u8(out, '"');
	return OK;
}

static void write_break(struct buf *out, const struct json_style *style, size_t level)
{
	if (style->indent < 0)
		return;
	buf_write_u8(out, '\n');
	for (size_t i = 0; i < level * (size_t)style->indent && !out->overflow; i++)
		buf_write_u8(out, ' ');
}

static RESULT write_level(struct buf *out, struct run *r, struct value v,
			  const struct json_style *style, size_t level);

static RESULT write_list(struct buf *out, struct run *r, const struct list *list,
			 const struct json_style *style, size_t level)
{
	buf_write_u8(out, '[');
	for (size_t i = 0; i < list->count; i++) {
		if (i)
			buf_write(out, style->item_separator);
		write_break(out, style, level + 1);
		TRY(write_level(out, r, list->items[i], style, level + 1));
	}
	if (list->count)
		write_break(out, style, level);
	buf_write_u8(out, ']');
	return OK;
}

static int compare_keys(const void *a, const void *b)
{
	struct slice x = ((const struct entry *)a)->key, y = ((const struct entry *)b)->key;
	int order = memcmp(x.data, y.data, x.size < y.size ? x.size : y.size);

	return order ? order : (x.size > y.size) - (x.size < y.size);
}

static RESULT write_dict(struct buf *out, struct run *r, const struct dict *dict,
			 const struct json_style *style, size_t level)
{
	const struct entry *entries = dict->entries;

	if (style->sort_keys && dict->count) {
		struct entry *sorted;

		TRY(run_step(r, dict->count));
		TRY(run_room(r, dict->count, sizeof *sorted));
		sorted = run_alloc(r, dict->count * sizeof *sorted);
		memcpy(sorted, entries, dict->count * sizeof *sorted);
		qsort(sorted, dict->count, sizeof *sorted, compare_keys);
		entries = sorted;
	}
	buf_write_u8(out, '{');
	for (size_t i = 0; i < dict->count; i++) {
		if (i)
			buf_write(out, style->item_separator);
		write_break(out, style, level + 1);
		TRY(write_string(out, r, entries[i].key, style->ensure_ascii));
		buf_write(out, style->key_separator);
		TRY(write_level(out, r, entries[i].value, style, level + 1));
	}
	if (dict->count)
		write_break(out, style, level);
	buf_write_u8(out, '}');
	return OK;
}

static RESULT write_one(struct buf *out, struct run *r, struct value v,
			const struct json_style *style, size_t level)
{
	switch (v.kind) {
	case VALUE_UNDEFINED:
		buf_write_string(out, style->undefined ? "undefined" : "null");
		return OK;
	case VALUE_NONE:
		buf_write_string(out, "null");
		return OK;
	case VALUE_BOOLEAN:
		buf_write_string(out, v.boolean ? "true" : "false");
		return OK;
	case VALUE_INTEGER:
		buf_printf(out, "%lld", (long long)v.integer);
		return OK;
	case VALUE_FLOAT:
		write_float(out, v.real);
		return OK;
	case VALUE_TEXT:
		return write_string(out, r, v.text, style->ensure_ascii);
	case VALUE_LIST:
		return write_list(out, r, v.list, style, level);
	case VALUE_DICT:
	case VALUE_NAMESPACE:
		return write_dict(out, r, v.dict, style, level);
	case VALUE_LOOP:
	case VALUE_FUNCTION:
	case VALUE_MACRO:
		break;
	}
	return failure(ERR_FORMAT, "%s has no text", value_name(v.kind));
}

static RESULT write_level(struct buf *out, struct run *r, struct value v,
			  const struct json_style *style, size_t level)
{
	TRY(run_enter(r));
	TRY(buf_done(out));
	TRY(write_one(out, r, v, style, level));
	r->depth--;
	return OK;
}

RESULT value_write_json(struct buf *out, struct run *r, struct value v,
			const struct json_style *style)
{
	return write_level(out, r, v, style, 0);
}

RESULT value_write(struct template_text *out, struct run *r, struct value v)
{
	AUTO(buf_free) struct buf json = buf_new(out->text.limit);
	const struct json_style style = {.indent = -1,
					 .undefined = true,
					 .item_separator = S(", "),
					 .key_separator = S(": ")};

	if (v.kind == VALUE_UNDEFINED || v.kind == VALUE_NONE)
		return OK;
	if (v.kind != VALUE_TEXT) {
		TRY(value_write_json(&json, r, v, &style));
		text_write_other(out, buf_slice(&json));
		return buf_done(&json);
	}
	TRY(run_step(r, v.text.size / 32));
	text_write(out, v);
	return OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* filters.c - filters, in one table; those of text are the methods of strings. */
#include <math.h>
#include <stdlib.h>

#include "inference/template/builtins.h"
#include "inference/template/characters.h"

static bool given(struct value v)
{
	return v.kind != VALUE_UNDEFINED && v.kind != VALUE_NONE;
}

static RESULT filter_length(struct value *out, struct run *r, const struct call *c)
{
	struct list *items;

	if (c->self.kind == VALUE_TEXT) {
		TRY(run_step(r, c->self.text.size / 64));
		*out = value_integer((int64_t)character_count(c->self.text));
		return OK;
	}
	TRY(value_items(&items, r, c->self));
	*out = value_integer((int64_t)items->count);
	return OK;
}

static RESULT filter_list(struct value *out, struct run *r, const struct call *c)
{
	struct list *items;

	TRY(value_items(&items, r, c->self));
	*out = value_list(items);
	return OK;
}

static RESULT filter_first(struct value *out, struct run *r, const struct call *c)
{
	struct list *items;

	TRY(value_items(&items, r, c->self));
	if (items->count)
		*out = items->items[0];
	return OK;
}

static RESULT filter_last(struct value *out, struct run *r, const struct call *c)
{
	struct list *items;

	TRY(value_items(&items, r, c->self));
	if (items->count)
		*out = items->items[items->count - 1];
	return OK;
}

static RESULT filter_reverse(struct value *out, struct run *r, const struct call *c)
{
	const struct value back[3] = {VALUE_NOTHING, VALUE_NOTHING, value_integer(-1)};

	return evaluate_slice(out, r, c->self, back);
}

static RESULT filter_join(struct value *out, struct run *r, const struct call *c)
{
	AUTO(template_text_free) struct template_text text = template_text_new(r->memory_left);
	struct list *items;
	struct value item;

	TRY(value_items(&items, r, c->self));
	for (size_t i = 0; i < items->count; i++) {
		item = items->items[i];
		if (i)
			TRY(value_write(&text, r, c->argument[0]));
		if (given(c->argument[1]))
			TRY(value_attribute(&item, r, item, c->argument[1]));
		TRY(value_write(&text, r, item));
	}
	TRY(text_done(&text));
	return value_copy(out, r, &text);
}

static RESULT filter_unique(struct value *out, struct run *r, const struct call *c)
{
	struct list *items, *kept = list_new(r);

	TRY(value_items(&items, r, c->self));
	for (size_t i = 0; i < items->count; i++) {
		bool seen = false;

		for (size_t j = 0; j < kept->count && !seen; j++)
			TRY(value_equal(&seen, r, kept->items[j], items->items[i]));
		if (!seen)
			TRY(list_add(r, kept, items->items[i]));
	}
	*out = value_list(kept);
	return OK;
}

static RESULT filter_string(struct value *out, struct run *r, const struct call *c)
{
	AUTO(template_text_free) struct template_text text = template_text_new(r->memory_left);

	*out = c->self;
	if (c->self.kind == VALUE_TEXT)
		return OK;
	TRY(value_write(&text, r, c->self));
	TRY(text_done(&text));
	return value_copy(out, r, &text);
}

static RESULT filter_safe(struct value *out, struct run *r, const struct call *c)
{
	(void)r;
	*out = c->self;
	return OK;
}

static RESULT filter_abs(struct value *out, struct run *r, const struct call *c)
{
	(void)r;
	*out = c->self;
	if (!value_is_number(c->self))
		return failure(ERR_FORMAT, "abs of %s", value_name(c->self.kind));
	if (c->self.kind == VALUE_FLOAT)
		out->real = fabs(c->self.real);
	else if (c->self.integer == INT64_MIN)
		return failure(ERR_LIMIT, "a number that is too large");
	else if (c->self.integer < 0)
		out->integer = -c->self.integer;
	return OK;
}

/* The number that a text is, blanks around it ignored; false if it is none. */
static bool read_number(double *out, struct slice text)
{
	char digits[64] = {0}, *end;

	text = text_strip_right(text_strip_left(text, S("")), S(""));
	if (text.size == 0 || text.size >= sizeof digits)
		return false;
	memcpy(digits, text.data, text.size);
	if (strspn(digits, "+-0123456789.eE") != text.size)
		return false;
	*out = strtod(digits, &end);
	return *end == 0 && isfinite(*out);
}

static RESULT filter_float(struct value *out, struct run *r, const struct call *c)
{
	double number;

	(void)r;
	*out = c->argument[0].kind == VALUE_UNDEFINED ? value_float(0) : c->argument[0];
	if (value_is_number(c->self) || c->self.kind == VALUE_BOOLEAN)
		*out = value_float(value_number(c->self));
	else if (c->self.kind == VALUE_TEXT && read_number(&number, c->self.text))
		*out = value_float(number);
	return OK;
}

static RESULT filter_int(struct value *out, struct run *r, const struct call *c)
{
	double number = NAN;

	(void)r;
	*out = c->argument[0].kind == VALUE_UNDEFINED ? value_integer(0) : c->argument[0];
	if (c->self.kind == VALUE_INTEGER) {
		*out = c->self;
		return OK;
	}
	if (c->self.kind == VALUE_FLOAT || c->self.kind == VALUE_BOOLEAN)
		number = value_number(c->self);
	else if (c->self.kind != VALUE_TEXT || !read_number(&number, c->self.text))
		return OK;
	if (!(fabs(number) < 9e18))
		return failure(ERR_LIMIT, "a number that is too large");
	*out = value_integer((int64_t)number);
	return OK;
}

static RESULT filter_default(struct value *out, struct run *r, const struct call *c)
{
	bool replaced = c->self.kind == VALUE_UNDEFINED ||
			(value_truth(c->argument[1]) && !value_truth(c->self));

	(void)r;
	*out = replaced ? c->argument[0] : c->self;
	if (replaced && c->argument[0].kind == VALUE_UNDEFINED)
		*out = value_text(S(""));
	return OK;
}

static RESULT read_separators(struct json_style *style, struct value v)
{
	if (!given(v))
		return OK;
	if (v.kind != VALUE_LIST || v.list->count != 2 || v.list->items[0].kind != VALUE_TEXT ||
	    v.list->items[1].kind != VALUE_TEXT)
		return failure(ERR_FORMAT, "separators are two strings");
	style->item_separator = v.list->items[0].text;
	style->key_separator = v.list->items[1].text;
	return OK;
}

static RESULT filter_tojson(struct value *out, struct run *r, const struct call *c)
{
	AUTO(buf_free) struct buf text = buf_new(r->memory_left);
	struct json_style style = {.indent = -1,
				   .ensure_ascii = value_truth(c->argument[0]),
				   .sort_keys = value_truth(c->argument[3]),
				   .item_separator = S(", "),
				   .key_separator = S(": ")};

	if (given(c->argument[1])) {
		if (c->argument[1].kind != VALUE_INTEGER || c->argument[1].integer < 0 ||
		    c->argument[1].integer > 64)
			return failure(ERR_FORMAT, "an indent is a number from 0 to 64");
		style.indent = c->argument[1].integer;
		style.item_separator = S(",");
	}
	TRY(read_separators(&style, c->argument[2]));
	TRY(value_write_json(&text, r, c->self, &style));
	TRY(buf_done(&text));
	return value_copy_text(out, r, buf_slice(&text));
}

static RESULT map_one(struct value *out, struct run *r, struct value item, const struct call *c,
		      const struct builtin *filter)
{
	const struct arguments none = {list_new(r), dict_new(r)};

	if (filter)
		return builtin_call(out, r, filter, item, &none);
	TRY(value_attribute(out, r, item, c->argument[1]));
	if (out->kind == VALUE_UNDEFINED)
		*out = c->argument[2];
	return OK;
}

static RESULT filter_map(struct value *out, struct run *r, const struct call *c)
{
	const struct builtin *filter = NULL;
	struct list *items, *mapped = list_new(r);
	struct value v;

	if (c->argument[0].kind == VALUE_TEXT)
		filter = builtin_find(BUILTIN_FILTERS, c->argument[0].text);
	if (!filter && !given(c->argument[1]))
		return failure(ERR_UNSUPPORTED, "map without a known filter or an attribute");
	TRY(value_items(&items, r, c->self));
	for (size_t i = 0; i < items->count; i++) {
		TRY(map_one(&v, r, items->items[i], c, filter));
		TRY(list_add(r, mapped, v));
	}
	*out = value_list(mapped);
	return OK;
}

const struct builtin BUILTIN_FILTERS[] = {
	{"abs", "", filter_abs},
	{"capitalize", "", text_capitalize},
	{"count", "", filter_length},
	{"d", "default_value boolean", filter_default},
	{"default", "default_value boolean", filter_default},
	{"dictsort", "case_sensitive by reverse", filter_dictsort},
	{"first", "", filter_first},
	{"float", "default", filter_float},
	{"indent", "width first blank", text_indent},
	{"int", "default", filter_int},
	{"items", "", dict_items},
	{"join", "d attribute", filter_join},
	{"last", "", filter_last},
	{"length", "", filter_length},
	{"list", "", filter_list},
	{"lower", "", text_lower},
	{"map", "filter attribute default", filter_map},
	{"reject", "test value", filter_reject},
	{"rejectattr", "attribute test value", filter_rejectattr},
	{"replace", "old new count", text_replace},
	{"reverse", "", filter_reverse},
	{"safe", "", filter_safe},
	{"select", "test value", filter_select},
	{"selectattr", "attribute test value", filter_selectattr},
	{"sort", "reverse case_sensitive attribute", filter_sort},
	{"string", "", filter_string},
	{"title", "", text_title},
	{"tojson", "ensure_ascii indent separators sort_keys", filter_tojson},
	{"trim", "chars", text_strip},
	{"unique", "", filter_unique},
	{"upper", "", text_upper},
	{NULL, NULL, NULL},
};

/* SPDX-License-Identifier: Apache-2.0 */
/* functions.c - functions that a template may call, and methods of dicts. */
#include <time.h>

#include "inference/template/builtins.h"

static RESULT dict_of(struct value v)
{
	if (v.kind != VALUE_DICT)
		return failure(ERR_FORMAT, "a dict expected, not %s", value_name(v.kind));
	return OK;
}

RESULT dict_items(struct value *out, struct run *r, const struct call *c)
{
	*out = value_list(list_new(r));
	if (c->self.kind == VALUE_UNDEFINED)
		return OK;
	TRY(dict_of(c->self));
	for (size_t i = 0; i < c->self.dict->count; i++) {
		struct list *pair = list_new(r);

		TRY(list_add(r, pair, value_text(c->self.dict->entries[i].key)));
		TRY(list_add(r, pair, c->self.dict->entries[i].value));
		TRY(list_add(r, out->list, value_list(pair)));
	}
	return OK;
}

static RESULT dict_keys(struct value *out, struct run *r, const struct call *c)
{
	struct list *keys;

	TRY(value_items(&keys, r, c->self));
	*out = value_list(keys);
	return OK;
}

static RESULT dict_values(struct value *out, struct run *r, const struct call *c)
{
	*out = value_list(list_new(r));
	for (size_t i = 0; i < c->self.dict->count; i++)
		TRY(list_add(r, out->list, c->self.dict->entries[i].value));
	return OK;
}

static RESULT dict_get_method(struct value *out, struct run *r, const struct call *c)
{
	const struct value *found = NULL;

	if (c->argument[0].kind == VALUE_TEXT)
		TRY(run_step(r, dict_cost(c->self.dict, c->argument[0].text)));
	if (c->argument[0].kind == VALUE_TEXT)
		found = dict_get(c->self.dict, c->argument[0].text);
	*out = found ? *found : c->argument[1];
	if (out->kind == VALUE_UNDEFINED)
		*out = (struct value){.kind = VALUE_NONE};
	return OK;
}

const struct builtin BUILTIN_DICT_METHODS[] = {
	{"get", "key default", dict_get_method},
	{"items", "", dict_items},
	{"keys", "", dict_keys},
	{"values", "", dict_values},
	{NULL, NULL, NULL},
};

static RESULT function_raise(struct value *out, struct run *r, const struct call *c)
{
	struct slice text = c->argument[0].text;
	size_t size = 300;

	(void)out;
	(void)r;
	if (c->argument[0].kind != VALUE_TEXT)
		return failure(ERR_FORMAT, "the template refuses the conversation");
	/* Cut between characters: it goes into an answer that is JSON. */
	while (size < text.size && (text.data[size] & 0xc0) == 0x80)
		size--;
	return failure(ERR_FORMAT, "the template refuses: %.*s",
		       SLICE_PRINT(slice_part(text, 0, size)));
}

static RESULT function_range(struct value *out, struct run *r, const struct call *c)
{
	struct value first = c->argument[0], second = c->argument[1], third = c->argument[2];
	int64_t at = 0, stop = first.integer, step = 1;

	if (first.kind != VALUE_INTEGER ||
	    (second.kind != VALUE_UNDEFINED && second.kind != VALUE_INTEGER) ||
	    (third.kind != VALUE_UNDEFINED && third.kind != VALUE_INTEGER))
		return failure(ERR_FORMAT, "range of what is no integer");
	if (second.kind == VALUE_INTEGER) {
		at = first.integer;
		stop = second.integer;
	}
	if (third.kind == VALUE_INTEGER)
		step = third.integer;
	if (step == 0)
		return failure(ERR_FORMAT, "range of step 0");
	*out = value_list(list_new(r));
	while (step > 0 ? at < stop : at > stop) {
		TRY(list_add(r, out->list, value_integer(at)));
		if (__builtin_add_overflow(at, step, &at))
			break;
	}
	return OK;
}

static RESULT add_all(struct run *r, struct dict *to, const struct dict *from)
{
	for (size_t i = 0; i < from->count; i++)
		TRY(dict_set(r, to, from->entries[i].key, from->entries[i].value));
	return OK;
}

static RESULT function_dict(struct value *out, struct run *r, const struct call *c)
{
	const struct list *values = c->given->values;

	*out = (struct value){.kind = VALUE_DICT, .dict = dict_new(r)};
	if (values->count > 1)
		return failure(ERR_FORMAT, "more than one dict to copy");
	if (values->count) {
		TRY(dict_of(values->items[0]));
		TRY(add_all(r, out->dict, values->items[0].dict));
	}
	return add_all(r, out->dict, c->given->keywords);
}

static RESULT function_namespace(struct value *out, struct run *r, const struct call *c)
{
	TRY(function_dict(out, r, c));
	out->kind = VALUE_NAMESPACE;
	return OK;
}

/* In English and UTC, whatever the process' locale and zone are. */
static RESULT write_date(struct buf *out, const struct tm *t, char letter)
{
	static const char *const MONTHS[] = {"January",   "February", "March",    "April",
					     "May",       "June",     "July",     "August",
					     "September", "October",  "November", "December"};
	static const char *const DAYS[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
					   "Thursday", "Friday", "Saturday"};
	const struct {
		char letter;
		int width, value;
	} NUMBERS[] = {{'Y', 4, t->tm_year + 1900},
		       {'m', 2, t->tm_mon + 1},
		       {'d', 2, t->tm_mday},
		       {'H', 2, t->tm_hour},
		       {'M', 2, t->tm_min},
		       {'S', 2, t->tm_sec},
		       {'j', 3, t->tm_yday + 1},
		       {'y', 2, t->tm_year % 100},
		       {'I', 2, (t->tm_hour + 11) % 12 + 1}};

	for (size_t i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++) {
		if (NUMBERS[i].letter == letter)
			buf_printf(out, "%0*d", NUMBERS[i].width, NUMBERS[i].value);
	}
	if (letter == 'B' || letter == 'b')
		buf_printf(out, "%.*s", letter == 'b' ? 3 : 9, MONTHS[t->tm_mon]);
	else if (letter == 'A' || letter == 'a')
		buf_printf(out, "%.*s", letter == 'a' ? 3 : 9, DAYS[t->tm_wday]);
	else if (letter == 'p')
		buf_write_string(out, t->tm_hour < 12 ? "AM" : "PM");
	else if (letter == '%')
		buf_write_u8(out, '%');
	else if (letter == 0 || !strchr("YmdHMSjyI", letter))
		return failure(ERR_UNSUPPORTED, "a date's \"%%%c\" is not understood",
			       letter >= ' ' && letter < 127 ? letter : '?');
	return OK;
}

static RESULT function_strftime(struct value *out, struct run *r, const struct call *c)
{
	AUTO(buf_free) struct buf text = buf_new(r->memory_left);
	struct slice format = c->argument[0].text;
	time_t now = (time_t)r->now_seconds;
	struct tm t;

	if (!r->has_now || !gmtime_r(&now, &t))
		return failure(ERR_FORMAT, "strftime_now, but the context has no \"now_seconds\"");
	if (c->argument[0].kind != VALUE_TEXT)
		return failure(ERR_FORMAT, "a date's format is a string");
	TRY(run_step(r, format.size));
	for (size_t i = 0; i < format.size; i++) {
		if (format.data[i] != '%') {
			buf_write_u8(&text, format.data[i]);
			continue;
		}
		i++;
		TRY(write_date(&text, &t, i < format.size ? (char)format.data[i] : 0));
	}
	TRY(buf_done(&text));
	return value_copy_text(out, r, buf_slice(&text));
}

const struct builtin BUILTIN_FUNCTIONS[] = {
	{"dict", NULL, function_dict},
	{"namespace", NULL, function_namespace},
	{"raise_exception", "message", function_raise},
	{"range", "start stop step", function_range},
	{"strftime_now", "format", function_strftime},
	{NULL, NULL, NULL},
};

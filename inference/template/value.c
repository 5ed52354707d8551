/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/template/value.h"

#include <assert.h>

#include "inference/template/characters.h"
#include "inference/template/run.h"

const struct value VALUE_NOTHING = {.kind = VALUE_UNDEFINED};

struct value value_boolean(bool b)
{
	return (struct value){.kind = VALUE_BOOLEAN, .boolean = b};
}

struct value value_integer(int64_t i)
{
	return (struct value){.kind = VALUE_INTEGER, .integer = i};
}

struct value value_float(double d)
{
	return (struct value){.kind = VALUE_FLOAT, .real = d};
}

struct value value_text(struct slice text)
{
	return (struct value){.kind = VALUE_TEXT, .text = text};
}

struct value value_own_text(const struct run *r, struct slice text)
{
	struct value v = value_text(text);

	if (text.size <= r->ones.size)
		v.own = r->ones.data;
	return v;
}

struct value value_part(struct value text, size_t from, size_t size)
{
	struct value v = value_text(slice_part(text.text, from, size));

	if (text.own)
		v.own = text.own + from;
	return v;
}

struct value value_list(struct list *list)
{
	return (struct value){.kind = VALUE_LIST, .list = list};
}

const char *value_name(enum value_kind kind)
{
#define VALUE_NAME(kind, name) name,
	static const char *const NAMES[] = {VALUES(VALUE_NAME)};
#undef VALUE_NAME

	return NAMES[kind];
}

bool value_is_number(struct value v)
{
	return v.kind == VALUE_INTEGER || v.kind == VALUE_FLOAT;
}

double value_number(struct value v)
{
	if (v.kind == VALUE_BOOLEAN)
		return v.boolean;
	return v.kind == VALUE_INTEGER ? (double)v.integer : v.real;
}

bool value_truth(struct value v)
{
	switch (v.kind) {
	case VALUE_UNDEFINED:
	case VALUE_NONE:
		return false;
	case VALUE_BOOLEAN:
	case VALUE_INTEGER:
	case VALUE_FLOAT:
		return value_number(v) != 0;
	case VALUE_TEXT:
		return v.text.size > 0;
	case VALUE_LIST:
		return v.list->count > 0;
	case VALUE_DICT:
		return v.dict->count > 0;
	case VALUE_NAMESPACE:
	case VALUE_LOOP:
	case VALUE_FUNCTION:
	case VALUE_MACRO:
		return true;
	}
	return false;
}

struct list *list_new(struct run *r)
{
	return run_alloc(r, sizeof(struct list));
}

struct dict *dict_new(struct run *r)
{
	return run_alloc(r, sizeof(struct dict));
}

/* Room for one more of `size` bytes behind `count` of them. */
static RESULT grow(struct run *r, void **items, size_t *capacity, size_t count, size_t size)
{
	size_t more = *capacity ? *capacity * 2 : 4;
	void *moved;

	if (count < *capacity)
		return OK;
	TRY(run_room(r, more, size));
	moved = run_alloc(r, more * size);
	if (count)
		memcpy(moved, *items, count * size);
	*items = moved;
	*capacity = more;
	return OK;
}

RESULT list_add(struct run *r, struct list *list, struct value v)
{
	void *items = list->items;

	TRY(run_step(r, 1));
	TRY(grow(r, &items, &list->capacity, list->count, sizeof *list->items));
	list->items = items;
	list->items[list->count++] = v;
	return OK;
}

const struct value *dict_get(const struct dict *dict, struct slice key)
{
	for (size_t i = 0; i < dict->count; i++) {
		if (slice_equal(dict->entries[i].key, key))
			return &dict->entries[i].value;
	}
	return NULL;
}

size_t dict_cost(const struct dict *dict, struct slice key)
{
	return 1 + dict->count / 16 + dict->count * (key.size / 64);
}

RESULT dict_set(struct run *r, struct dict *dict, struct slice key, struct value v)
{
	void *entries = dict->entries;

	TRY(run_step(r, dict_cost(dict, key)));
	for (size_t i = 0; i < dict->count; i++) {
		if (slice_equal(dict->entries[i].key, key)) {
			dict->entries[i].value = v;
			return OK;
		}
	}
	TRY(grow(r, &entries, &dict->capacity, dict->count, sizeof *dict->entries));
	dict->entries = entries;
	dict->entries[dict->count++] = (struct entry){key, v};
	return OK;
}

RESULT value_copy_text(struct value *out, struct run *r, struct slice text)
{
	TRY(run_room(r, text.size, 1));
	*out = value_text(slice_of(run_alloc(r, text.size + 1), text.size));
	if (text.size)
		memcpy((void *)(uintptr_t)out->text.data, text.data, text.size);
	return OK;
}

RESULT value_copy(struct value *out, struct run *r, const struct template_text *text)
{
	struct value own;

	assert(text->own.size == text->text.size);
	TRY(value_copy_text(&own, r, buf_slice(&text->own)));
	TRY(value_copy_text(out, r, buf_slice(&text->text)));
	out->own = own.text.data;
	return OK;
}

struct template_text template_text_new(size_t limit)
{
	return (struct template_text){buf_new(limit), buf_new(limit)};
}

void template_text_free(struct template_text *t)
{
	buf_free(&t->text);
	buf_free(&t->own);
}

static void write_bytes(struct template_text *out, struct slice bytes, const uint8_t *own)
{
	uint8_t *room = bytes.size ? buf_reserve(&out->own, bytes.size) : NULL;

	buf_write(&out->text, bytes);
	if (!room)
		return;
	if (own)
		memcpy(room, own, bytes.size);
	else
		memset(room, 0, bytes.size);
	buf_commit(&out->own, bytes.size);
}

void text_write(struct template_text *out, struct value text)
{
	write_bytes(out, text.text, text.own);
}

void text_write_other(struct template_text *out, struct slice bytes)
{
	write_bytes(out, bytes, NULL);
}

RESULT text_done(const struct template_text *t)
{
	return buf_done(&t->text);
}

static RESULT dict_from_json(struct value *out, struct run *r, const json_t *json)
{
	const char *key;
	json_t *child;

	*out = (struct value){.kind = VALUE_DICT, .dict = dict_new(r)};
	/* jansson itself refuses NUL in keys. */
	json_object_foreach((json_t *)(uintptr_t)json, key, child)
	{
		struct value name, v;

		TRY(value_copy_text(&name, r, slice_of_string(key)));
		TRY(value_from_json(&v, r, child));
		TRY(dict_set(r, out->dict, name.text, v));
	}
	return OK;
}

static RESULT list_from_json(struct value *out, struct run *r, const json_t *json)
{
	*out = value_list(list_new(r));
	for (size_t i = 0; i < json_array_size(json); i++) {
		struct value v;

		TRY(value_from_json(&v, r, json_array_get(json, i)));
		TRY(list_add(r, out->list, v));
	}
	return OK;
}

static RESULT from_json(struct value *out, struct run *r, const json_t *json)
{
	switch (json_typeof(json)) {
	case JSON_OBJECT:
		return dict_from_json(out, r, json);
	case JSON_ARRAY:
		return list_from_json(out, r, json);
	case JSON_STRING:
		return value_copy_text(out, r,
				       slice_of(json_string_value(json), json_string_length(json)));
	case JSON_INTEGER:
		*out = value_integer(json_integer_value(json));
		return OK;
	case JSON_REAL:
		*out = value_float(json_real_value(json));
		return OK;
	case JSON_TRUE:
	case JSON_FALSE:
		*out = value_boolean(json_is_true(json));
		return OK;
	case JSON_NULL:
		break;
	}
	*out = (struct value){.kind = VALUE_NONE};
	return OK;
}

RESULT value_from_json(struct value *out, struct run *r, const json_t *json)
{
	TRY(run_enter(r));
	TRY(from_json(out, r, json));
	r->depth--;
	return OK;
}

static RESULT lists_equal(bool *out, struct run *r, const struct list *a, const struct list *b)
{
	*out = a->count == b->count;
	for (size_t i = 0; *out && i < a->count; i++)
		TRY(value_equal(out, r, a->items[i], b->items[i]));
	return OK;
}

static RESULT dicts_equal(bool *out, struct run *r, const struct dict *a, const struct dict *b)
{
	*out = a->count == b->count;
	for (size_t i = 0; *out && i < a->count; i++) {
		const struct value *other = dict_get(b, a->entries[i].key);

		TRY(run_step(r, dict_cost(b, a->entries[i].key)));
		*out = other != NULL;
		if (other)
			TRY(value_equal(out, r, a->entries[i].value, *other));
	}
	return OK;
}

static bool counts(struct value v)
{
	return value_is_number(v) || v.kind == VALUE_BOOLEAN;
}

static RESULT equal(bool *out, struct run *r, struct value a, struct value b)
{
	if (counts(a) && counts(b))
		*out = a.kind == VALUE_INTEGER && b.kind == VALUE_INTEGER
			       ? a.integer == b.integer
			       : value_number(a) == value_number(b);
	else if (a.kind != b.kind)
		*out = false;
	else if (a.kind == VALUE_TEXT) {
		TRY(run_step(r, a.text.size / 64));
		*out = slice_equal(a.text, b.text);
	} else if (a.kind == VALUE_LIST)
		return lists_equal(out, r, a.list, b.list);
	else if (a.kind == VALUE_DICT)
		return dicts_equal(out, r, a.dict, b.dict);
	else
		*out = a.kind <= VALUE_NONE || a.list == b.list;
	return OK;
}

RESULT value_equal(bool *out, struct run *r, struct value a, struct value b)
{
	TRY(run_enter(r));
	TRY(equal(out, r, a, b));
	r->depth--;
	return OK;
}

static int order(struct slice a, struct slice b, bool case_sensitive)
{
	while (a.size && b.size) {
		uint32_t x = character_read(a), y = character_read(b);

		if (!case_sensitive) {
			x = character_lower(x);
			y = character_lower(y);
		}
		if (x != y)
			return x < y ? -1 : 1;
		a = slice_part(a, character_size(a), a.size);
		b = slice_part(b, character_size(b), b.size);
	}
	return (a.size > 0) - (b.size > 0);
}

RESULT value_compare(int *out, struct run *r, struct value a, struct value b, bool case_sensitive)
{
	if (counts(a) && counts(b)) {
		double x = value_number(a), y = value_number(b);

		*out = (x > y) - (x < y);
		return OK;
	}
	if (a.kind == VALUE_TEXT && b.kind == VALUE_TEXT) {
		TRY(run_step(r, a.text.size / 16));
		*out = order(a.text, b.text, case_sensitive);
		return OK;
	}
	*out = 0;
	if (a.kind == b.kind && a.kind <= VALUE_NONE)
		return OK;
	return failure(ERR_FORMAT, "%s and %s have no order", value_name(a.kind),
		       value_name(b.kind));
}

RESULT value_items(struct list **out, struct run *r, struct value v)
{
	*out = list_new(r);
	if (v.kind == VALUE_LIST) {
		*out = v.list;
	} else if (v.kind == VALUE_DICT) {
		for (size_t i = 0; i < v.dict->count; i++)
			TRY(list_add(r, *out, value_text(v.dict->entries[i].key)));
	} else if (v.kind == VALUE_TEXT) {
		for (size_t i = 0, size; i < v.text.size; i += size) {
			struct slice rest = slice_part(v.text, i, v.text.size);

			size = character_size(rest);
			TRY(list_add(r, *out, value_part(v, i, size)));
		}
	} else if (v.kind != VALUE_UNDEFINED) {
		return failure(ERR_FORMAT, "%s has no items", value_name(v.kind));
	}
	return OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value.h - what expressions are made of. Values are small and copied; what they point to lives
 * in the rendering's arena, counted against its ceiling. Only a namespace changes once made.
 */
#ifndef INFERENCE_TEMPLATE_VALUE_H
#define INFERENCE_TEMPLATE_VALUE_H

#include <jansson.h>

#include "crypto/base/arena.h"
#include "crypto/base/buf.h"
#include "inference/template/template.h"

/* kind, name: as failures call it. */
#define VALUES(X) \
	X(VALUE_UNDEFINED, "undefined") \
	X(VALUE_NONE, "none") \
	X(VALUE_BOOLEAN, "boolean") \
	X(VALUE_INTEGER, "integer") \
	X(VALUE_FLOAT, "float") \
	X(VALUE_TEXT, "string") \
	X(VALUE_LIST, "list") \
	X(VALUE_DICT, "dict") \
	X(VALUE_NAMESPACE, "namespace") \
	X(VALUE_LOOP, "loop") \
	X(VALUE_FUNCTION, "function") \
	X(VALUE_MACRO, "macro")

#define VALUE_ENUM(kind, name) kind,
enum value_kind { VALUES(VALUE_ENUM) };
#undef VALUE_ENUM

struct list;
struct dict;
struct loop;
struct macro;
struct builtin;
struct run;

struct value {
	enum value_kind kind;
	union {
		bool boolean;
		int64_t integer;
		double real;
		struct slice text;
		struct list *list;
		struct dict *dict; /* and of a namespace */
		const struct loop *loop;
		const struct builtin *function;
		const struct macro *macro;
	};
	/* Of a text: for each byte, 1 if it is the template's own. NULL: no byte is. */
	const uint8_t *own;
};

struct list {
	struct value *items;
	size_t count, capacity;
};

struct entry {
	struct slice key;
	struct value value;
};

struct dict { /* in the order of insertion */
	struct entry *entries;
	size_t count, capacity;
};

struct loop {
	const struct list *items;
	size_t index; /* from 0 */
};

extern const struct value VALUE_NOTHING; /* undefined */

struct value value_boolean(bool b);
struct value value_integer(int64_t i);
struct value value_float(double d);
struct value value_text(struct slice text); /* the conversation's, or nobody's */
struct value value_own_text(const struct run *r, struct slice text);  /* a part of the template */
struct value value_part(struct value text, size_t from, size_t size); /* these bytes of it */
struct value value_list(struct list *list);
const char *value_name(enum value_kind kind);
bool value_is_number(struct value v); /* integer or float; a boolean is none */
double value_number(struct value v);  /* of a number or a boolean */
bool value_truth(struct value v);

struct list *list_new(struct run *r);
RESULT list_add(struct run *r, struct list *list, struct value v);
struct dict *dict_new(struct run *r);
RESULT dict_set(struct run *r, struct dict *dict, struct slice key, struct value v);
const struct value *dict_get(const struct dict *dict, struct slice key); /* or NULL */
size_t dict_cost(const struct dict *dict, struct slice key);             /* of that, in steps */

/* A copy of bytes that are made anew, the conversation's. ERR_LIMIT. */
RESULT value_copy_text(struct value *out, struct run *r, struct slice text);
/* The same of text whose bytes are known. */
RESULT value_copy(struct value *out, struct run *r, const struct template_text *text);

/* Append a text, or bytes that are nobody's. */
void text_write(struct template_text *out, struct value text);
void text_write_other(struct template_text *out, struct slice bytes);
RESULT text_done(const struct template_text *t);

RESULT value_from_json(struct value *out, struct run *r, const json_t *json);

/* Deep; numbers and booleans by what they count. */
RESULT value_equal(bool *out, struct run *r, struct value a, struct value b);

/* -1, 0, 1. ERR_FORMAT if the two have no order. */
RESULT value_compare(int *out, struct run *r, struct value a, struct value b, bool case_sensitive);

/* What a `for` goes over: a list, a dict's keys, a string's characters, nothing of undefined. */
RESULT value_items(struct list **out, struct run *r, struct value v);

/* As `{{ v }}` prints it. */
RESULT value_write(struct template_text *out, struct run *r, struct value v);

struct json_style {
	int64_t indent; /* -1: one line */
	bool ensure_ascii, sort_keys;
	bool undefined; /* write `undefined`, as printing does, not `null` */
	struct slice item_separator, key_separator;
};

RESULT value_write_json(struct buf *out, struct run *r, struct value v,
			const struct json_style *style);

#endif

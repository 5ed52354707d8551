/* SPDX-License-Identifier: Apache-2.0 */
/* evaluate.c - expressions to values, and calls. */
#include "inference/template/run.h"

static RESULT evaluate_name(struct value *out, struct run *r, struct slice name,
			    const struct scope *s)
{
	*out = VALUE_NOTHING;
	for (; s; s = s->parent) {
		size_t passed = 0;

		for (const struct binding *b = s->bindings; b; b = b->next, passed++) {
			if (slice_equal(b->name, name)) {
				*out = b->value;
				return OK;
			}
		}
		TRY(run_step(r, passed / 16));
	}
	return OK;
}

static RESULT evaluate_list(struct value *out, struct run *r, const struct node *item,
			    struct scope *s)
{
	*out = value_list(list_new(r));
	for (; item; item = item->next) {
		struct value v;

		TRY(evaluate(&v, r, item, s));
		TRY(list_add(r, out->list, v));
	}
	return OK;
}

static RESULT evaluate_dict(struct value *out, struct run *r, const struct node *item,
			    struct scope *s)
{
	*out = (struct value){.kind = VALUE_DICT, .dict = dict_new(r)};
	for (; item; item = item->next->next) {
		struct value key, v;

		TRY(evaluate(&key, r, item, s));
		TRY(evaluate(&v, r, item->next, s));
		if (key.kind != VALUE_TEXT)
			return failure(ERR_UNSUPPORTED, "a dict's key that is %s, not a string",
				       value_name(key.kind));
		TRY(dict_set(r, out->dict, key.text, v));
	}
	return OK;
}

static RESULT spread(struct arguments *out, struct run *r, const struct node *n, struct scope *s)
{
	struct list *items;
	struct value v;

	TRY(evaluate(&v, r, n->a, s));
	if (n->kind == NODE_SPREAD) {
		TRY(value_items(&items, r, v));
		for (size_t i = 0; i < items->count; i++)
			TRY(list_add(r, out->values, items->items[i]));
		return OK;
	}
	if (v.kind != VALUE_DICT)
		return failure(ERR_FORMAT, "%s behind **", value_name(v.kind));
	for (size_t i = 0; i < v.dict->count; i++)
		TRY(dict_set(r, out->keywords, v.dict->entries[i].key, v.dict->entries[i].value));
	return OK;
}

static RESULT evaluate_arguments(struct arguments *out, struct run *r, const struct node *n,
				 struct scope *s)
{
	out->values = list_new(r);
	out->keywords = dict_new(r);
	for (; n; n = n->next) {
		struct value v;

		if (n->kind == NODE_SPREAD || n->kind == NODE_SPREAD_KEYWORDS) {
			TRY(spread(out, r, n, s));
		} else if (n->kind == NODE_KEYWORD) {
			TRY(evaluate(&v, r, n->a, s));
			if (dict_get(out->keywords, n->text))
				return failure(ERR_FORMAT, "the argument \"%.*s\" is given twice",
					       SLICE_PRINT(slice_part(n->text, 0, 40)));
			TRY(dict_set(r, out->keywords, n->text, v));
		} else {
			TRY(evaluate(&v, r, n, s));
			TRY(list_add(r, out->values, v));
		}
	}
	return OK;
}

/* A method's name stands before a dict's key of that name, as Python has it. */
static const struct builtin *method_of(struct value of, struct slice name)
{
	if (of.kind == VALUE_TEXT)
		return builtin_find(BUILTIN_TEXT_METHODS, name);
	return of.kind == VALUE_DICT ? builtin_find(BUILTIN_DICT_METHODS, name) : NULL;
}

RESULT evaluate_call(struct value *out, struct run *r, const struct node *n, struct scope *s,
		     const struct macro *caller)
{
	const struct builtin *method = NULL;
	struct value what, of = VALUE_NOTHING;
	struct arguments given;

	if (n->a->kind == NODE_MEMBER) {
		TRY(evaluate(&of, r, n->a->a, s));
		method = method_of(of, n->a->text);
		TRY(evaluate_index(&what, r, of, value_text(n->a->text)));
		if (!method && what.kind == VALUE_UNDEFINED)
			return failure(
				ERR_UNSUPPORTED, "the method \"%.*s\" of %s is not understood",
				SLICE_PRINT(slice_part(n->a->text, 0, 40)), value_name(of.kind));
	} else {
		TRY(evaluate(&what, r, n->a, s));
	}
	TRY(evaluate_arguments(&given, r, n->b, s));
	r->offset = n->offset;
	if (method)
		return builtin_call(out, r, method, of, &given);
	if (what.kind == VALUE_FUNCTION)
		return builtin_call(out, r, what.function, VALUE_NOTHING, &given);
	if (what.kind == VALUE_MACRO)
		return macro_call(out, r, what.macro, &given, caller);
	return failure(ERR_FORMAT, "%s cannot be called", value_name(what.kind));
}

static RESULT evaluate_builtin(struct value *out, struct run *r, const struct node *n,
			       struct scope *s)
{
	struct arguments given;
	struct value self;

	TRY(evaluate(&self, r, n->a, s));
	TRY(evaluate_arguments(&given, r, n->b, s));
	r->offset = n->offset;
	TRY(builtin_call(out, r, n->builtin, self, &given));
	if (n->negated)
		*out = value_boolean(!value_truth(*out));
	return OK;
}

static RESULT evaluate_unary(struct value *out, struct run *r, const struct node *n,
			     struct scope *s)
{
	struct value v;

	TRY(evaluate(&v, r, n->a, s));
	if (slice_equal(n->text, S("not"))) {
		*out = value_boolean(!value_truth(v));
		return OK;
	}
	if (v.kind == VALUE_BOOLEAN)
		v = value_integer(v.boolean);
	if (!value_is_number(v))
		return failure(ERR_FORMAT, "%s has no sign", value_name(v.kind));
	*out = v;
	if (slice_equal(n->text, S("+")))
		return OK;
	if (v.kind == VALUE_FLOAT)
		out->real = -v.real;
	else if (__builtin_sub_overflow((int64_t)0, v.integer, &out->integer))
		return failure(ERR_LIMIT, "a number that is too large");
	return OK;
}

static RESULT evaluate_parts(struct value *out, struct run *r, const struct node *n,
			     struct scope *s)
{
	const struct node *nodes[] = {n->b, n->c, n->d};
	struct value of, parts[3];

	TRY(evaluate(&of, r, n->a, s));
	for (size_t i = 0; i < 3; i++) {
		parts[i] = VALUE_NOTHING;
		if (nodes[i])
			TRY(evaluate(&parts[i], r, nodes[i], s));
	}
	return evaluate_slice(out, r, of, parts);
}

static RESULT evaluate_two(struct value *out, struct run *r, const struct node *n, struct scope *s)
{
	struct value a, b;

	TRY(evaluate(&a, r, n->a, s));
	if (n->kind == NODE_MEMBER)
		return evaluate_index(out, r, a, value_text(n->text));
	*out = a;
	if ((n->kind == NODE_AND && !value_truth(a)) || (n->kind == NODE_OR && value_truth(a)))
		return OK;
	TRY(evaluate(&b, r, n->b, s));
	*out = b;
	r->offset = n->offset;
	if (n->kind == NODE_BINARY)
		return evaluate_binary(out, r, n->text, a, b);
	return n->kind == NODE_INDEX ? evaluate_index(out, r, a, b) : OK;
}

static RESULT evaluate_ternary(struct value *out, struct run *r, const struct node *n,
			       struct scope *s)
{
	TRY(evaluate(out, r, n->a, s));
	n = value_truth(*out) ? n->b : n->c;
	*out = VALUE_NOTHING;
	return n ? evaluate(out, r, n, s) : OK;
}

static RESULT evaluate_kind(struct value *out, struct run *r, const struct node *n, struct scope *s)
{
	switch (n->kind) {
	case NODE_NAME:
		return evaluate_name(out, r, n->text, s);
	case NODE_STRING:
		*out = value_own_text(r, n->text);
		return OK;
	case NODE_INTEGER:
		*out = value_integer(n->integer);
		return OK;
	case NODE_FLOAT:
		*out = value_float(n->real);
		return OK;
	case NODE_LIST:
		return evaluate_list(out, r, n->a, s);
	case NODE_DICT:
		return evaluate_dict(out, r, n->a, s);
	case NODE_SLICE:
		return evaluate_parts(out, r, n, s);
	case NODE_CALL:
		return evaluate_call(out, r, n, s, NULL);
	case NODE_FILTER:
	case NODE_TEST:
		return evaluate_builtin(out, r, n, s);
	case NODE_BODY:
		return run_text(out, r, n->a, s);
	case NODE_UNARY:
		return evaluate_unary(out, r, n, s);
	case NODE_TERNARY:
		return evaluate_ternary(out, r, n, s);
	case NODE_MEMBER:
	case NODE_INDEX:
	case NODE_AND:
	case NODE_OR:
	case NODE_BINARY:
		return evaluate_two(out, r, n, s);
	case NODE_TEXT:
	case NODE_PRINT:
	case NODE_IF:
	case NODE_FOR:
	case NODE_SET:
	case NODE_MACRO:
	case NODE_CALLER:
	case NODE_GROUP:
	case NODE_BREAK:
	case NODE_CONTINUE:
	case NODE_KEYWORD:
	case NODE_SPREAD:
	case NODE_SPREAD_KEYWORDS:
		break;
	}
	return failure(ERR_INTERNAL, "no expression");
}

RESULT evaluate(struct value *out, struct run *r, const struct node *n, struct scope *s)
{
	TRY(run_enter(r));
	r->offset = n->offset;
	TRY(evaluate_kind(out, r, n, s));
	r->depth--;
	return OK;
}

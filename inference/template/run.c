/* SPDX-License-Identifier: Apache-2.0 */
/* run.c - statements, and what bounds a rendering. */
#include "inference/template/run.h"

#include <stdio.h>

RESULT run_step(struct run *r, size_t cost)
{
	if (cost >= r->steps_left)
		return failure(ERR_LIMIT, "it takes more than %d steps", TEMPLATE_MAX_STEPS);
	if (r->memory_left == 0)
		return failure(ERR_LIMIT, "its values take more than %d bytes",
			       TEMPLATE_MAX_MEMORY);
	r->steps_left -= cost;
	return OK;
}

RESULT run_room(struct run *r, size_t count, size_t size)
{
	if (count > r->memory_left / size)
		return failure(ERR_LIMIT, "its values take more than %d bytes",
			       TEMPLATE_MAX_MEMORY);
	return run_step(r, count * size / 64);
}

RESULT run_enter(struct run *r)
{
	if (r->depth == TEMPLATE_MAX_DEPTH)
		return failure(ERR_LIMIT, "deeper than %d", TEMPLATE_MAX_DEPTH);
	r->depth++;
	return run_step(r, 1);
}

/* What is left may reach zero here, which the next step then refuses. */
void *run_alloc(struct run *r, size_t size)
{
	size_t taken = size + 16;

	r->memory_left -= taken < r->memory_left ? taken : r->memory_left;
	return arena_alloc(&r->arena, size);
}

struct scope *scope_new(struct run *r, struct scope *parent)
{
	struct scope *s = run_alloc(r, sizeof *s);

	s->parent = parent;
	return s;
}

RESULT scope_set(struct run *r, struct scope *s, struct slice name, struct value v)
{
	struct binding *b = s->bindings;

	TRY(run_step(r, 1));
	while (b && !slice_equal(b->name, name))
		b = b->next;
	if (!b) {
		b = run_alloc(r, sizeof *b);
		b->next = s->bindings;
		b->name = name;
		s->bindings = b;
	}
	b->value = v;
	return OK;
}

static RESULT set_targets(struct run *r, struct scope *s, const struct node *targets,
			  struct value v)
{
	size_t i = 0;

	if (!targets->next)
		return scope_set(r, s, targets->text, v);
	if (v.kind != VALUE_LIST)
		return failure(ERR_FORMAT, "%s cannot be unpacked", value_name(v.kind));
	for (; targets; targets = targets->next, i++) {
		if (i >= v.list->count)
			break;
		TRY(scope_set(r, s, targets->text, v.list->items[i]));
	}
	if (targets || i != v.list->count)
		return failure(ERR_FORMAT, "unpacking %zu items into another number of names",
			       v.list->count);
	return OK;
}

static RESULT run_set(struct run *r, const struct node *n, struct scope *s)
{
	struct value v, of;

	TRY(evaluate(&v, r, n->b, s));
	if (n->a->kind == NODE_NAME)
		return set_targets(r, s, n->a, v);
	TRY(evaluate(&of, r, n->a->a, s));
	if (of.kind != VALUE_NAMESPACE)
		return failure(ERR_FORMAT, "only a namespace's members can be set, not those of %s",
			       value_name(of.kind));
	return dict_set(r, of.dict, n->a->text, v);
}

static RESULT run_if(struct template_text *out, struct run *r, const struct node *n,
		     struct scope *s)
{
	for (;;) {
		struct value v;

		TRY(evaluate(&v, r, n->a, s));
		if (value_truth(v))
			return run_body(out, r, n->b, s);
		/* An elif is the only statement of its else and has no offset of a tag's own. */
		if (!n->c || n->c->kind != NODE_IF || n->c->next)
			return run_body(out, r, n->c, s);
		n = n->c;
	}
}

/* The items that the loop's condition lets through. */
static RESULT select_items(struct list **out, struct run *r, const struct node *n, struct list *all,
			   struct scope *s)
{
	*out = all;
	if (!n->c)
		return OK;
	*out = list_new(r);
	for (size_t i = 0; i < all->count; i++) {
		struct scope *inner = scope_new(r, s);
		struct value v;

		TRY(set_targets(r, inner, n->a, all->items[i]));
		TRY(evaluate(&v, r, n->c, inner));
		if (value_truth(v))
			TRY(list_add(r, *out, all->items[i]));
	}
	return OK;
}

static RESULT run_for(struct template_text *out, struct run *r, const struct node *n,
		      struct scope *s)
{
	struct loop *loop = run_alloc(r, sizeof *loop);
	struct list *items;
	struct value over;

	TRY(evaluate(&over, r, n->b, s));
	TRY(value_items(&items, r, over));
	TRY(select_items(&items, r, n, items, s));
	if (items->count == 0)
		return run_body(out, r, n->e, s);
	loop->items = items;
	for (; loop->index < items->count; loop->index++) {
		struct scope *inner = scope_new(r, s);
		struct value v = {.kind = VALUE_LOOP, .loop = loop};

		TRY(scope_set(r, inner, S("loop"), v));
		TRY(set_targets(r, inner, n->a, items->items[loop->index]));
		TRY(run_body(out, r, n->d, inner));
		bool leave = r->flow == FLOW_BREAK;
		r->flow = FLOW_ON;
		if (leave)
			break;
	}
	return OK;
}

static RESULT run_macro(struct run *r, const struct node *n, struct scope *s)
{
	struct macro *m = run_alloc(r, sizeof *m);
	struct value v = {.kind = VALUE_MACRO, .macro = m};

	*m = (struct macro){n->text, n->a, n->b, s};
	return scope_set(r, s, n->text, v);
}

static RESULT run_caller(struct template_text *out, struct run *r, const struct node *n,
			 struct scope *s)
{
	const struct macro caller = {S("caller"), n->a, n->c, s};
	struct macro *kept = run_alloc(r, sizeof *kept);
	struct value v;

	*kept = caller;
	TRY(evaluate_call(&v, r, n->b, s, kept));
	return value_write(out, r, v);
}

static RESULT run_print(struct template_text *out, struct run *r, const struct node *n,
			struct scope *s)
{
	struct value v;

	TRY(evaluate(&v, r, n->a, s));
	return value_write(out, r, v);
}

static RESULT run_statement(struct template_text *out, struct run *r, const struct node *n,
			    struct scope *s)
{
	/* Expressions and parts never stand where a statement does. */
	if (n->kind == NODE_TEXT)
		return value_write(out, r, value_own_text(r, n->text));
	if (n->kind == NODE_PRINT)
		return run_print(out, r, n, s);
	if (n->kind == NODE_IF)
		return run_if(out, r, n, s);
	if (n->kind == NODE_FOR)
		return run_for(out, r, n, s);
	if (n->kind == NODE_SET)
		return run_set(r, n, s);
	if (n->kind == NODE_MACRO)
		return run_macro(r, n, s);
	if (n->kind == NODE_CALLER)
		return run_caller(out, r, n, s);
	if (n->kind == NODE_GROUP)
		return run_body(out, r, n->a, s);
	r->flow = n->kind == NODE_BREAK ? FLOW_BREAK : FLOW_CONTINUE;
	return OK;
}

RESULT run_body(struct template_text *out, struct run *r, const struct node *body, struct scope *s)
{
	TRY(run_enter(r));
	for (; body && r->flow == FLOW_ON; body = body->next) {
		r->offset = body->offset;
		TRY(run_statement(out, r, body, s));
		TRY(run_step(r, 1));
		TRY(text_done(out));
	}
	r->depth--;
	return OK;
}

RESULT run_text(struct value *out, struct run *r, const struct node *body, struct scope *s)
{
	AUTO(template_text_free) struct template_text text = template_text_new(r->memory_left);

	TRY(run_body(&text, r, body, s));
	return value_copy(out, r, &text);
}

static RESULT set_builtins(struct run *r, struct scope *s)
{
	struct value v = {.kind = VALUE_NONE};

	for (unsigned i = 0; i < 2; i++) {
		TRY(scope_set(r, s, i ? S("true") : S("True"), value_boolean(true)));
		TRY(scope_set(r, s, i ? S("false") : S("False"), value_boolean(false)));
		TRY(scope_set(r, s, i ? S("none") : S("None"), v));
	}
	TRY(scope_set(r, s, S("null"), v));
	for (const struct builtin *b = BUILTIN_FUNCTIONS; b->name; b++) {
		v = (struct value){.kind = VALUE_FUNCTION, .function = b};
		TRY(scope_set(r, s, slice_of_string(b->name), v));
	}
	return OK;
}

/* A role that every template knows is a word of the template. */
static void own_role(const struct run *r, struct value message)
{
	static const char *const ROLES[] = {"system", "developer", "user", "assistant", "tool"};
	struct entry *e = message.kind == VALUE_DICT ? message.dict->entries : NULL;

	for (size_t i = 0; e && i < message.dict->count; i++) {
		if (!slice_equal(e[i].key, S("role")) || e[i].value.kind != VALUE_TEXT)
			continue;
		for (size_t k = 0; k < sizeof ROLES / sizeof *ROLES; k++)
			if (slice_equal(e[i].value.text, slice_of_string(ROLES[k])))
				e[i].value = value_own_text(r, e[i].value.text);
	}
}

static RESULT set_client(struct run *r, struct scope *s, const json_t *context)
{
	struct value v, one;

	TRY(value_from_json(&v, r, context));
	if (v.kind != VALUE_DICT)
		return failure(ERR_FORMAT, "the context is no object");
	for (size_t i = 0; i < v.dict->count; i++) {
		struct slice key = v.dict->entries[i].key;

		one = v.dict->entries[i].value;
		TRY(scope_set(r, s, key, one));
		if (slice_equal(key, S("now_seconds")) && one.kind == VALUE_INTEGER) {
			r->has_now = true;
			r->now_seconds = one.integer;
		}
		for (size_t k = 0; slice_equal(key, S("messages")) && one.kind == VALUE_LIST &&
				   k < one.list->count;
		     k++)
			own_role(r, one.list->items[k]);
	}
	return OK;
}

/* What is not the conversation's: a text of which every byte counts as the template's, or a list
 * of such. Nothing else is taken. */
static RESULT own_value(struct value *out, struct run *r, const json_t *json)
{
	AUTO(template_text_free) struct template_text text = template_text_new(TEMPLATE_MAX_BYTES);

	if (json_is_array(json)) {
		*out = value_list(list_new(r));
		for (size_t i = 0; i < json_array_size(json); i++) {
			struct value v;

			TRY(own_value(&v, r, json_array_get(json, i)));
			TRY(list_add(r, out->list, v));
		}
		return OK;
	}
	if (!json_is_string(json))
		return failure(ERR_FORMAT, "a special token that is no string");
	buf_write(&text.text, slice_of(json_string_value(json), json_string_length(json)));
	while (text.own.size < text.text.size)
		buf_write_u8(&text.own, 1);
	TRY(text_done(&text));
	return value_copy(out, r, &text);
}

static RESULT set_own(struct run *r, struct scope *s, const json_t *own)
{
	const char *key;
	json_t *child;

	json_object_foreach((json_t *)(uintptr_t)own, key, child)
	{
		struct value v;

		TRY(own_value(&v, r, child));
		TRY(scope_set(r, s, slice_of_string(key), v));
	}
	return OK;
}

static RESULT render(struct template_text *out, struct run *r, const struct template *t,
		     const struct template_context *context)
{
	struct scope *globals = scope_new(r, NULL);

	TRY(set_builtins(r, globals));
	TRY(set_client(r, globals, context->client));
	TRY(set_own(r, globals, context->own));
	return run_body(out, r, t->body, scope_new(r, globals));
}

RESULT template_render(struct template_text *out, const struct template *t,
		       const struct template_context *context)
{
	struct run r = {.memory_left = TEMPLATE_MAX_MEMORY,
			.steps_left = TEMPLATE_MAX_STEPS,
			.ones = t->ones};
	enum err result = render(out, &r, t, context);
	char why[FAILURE_MAX_TEXT];
	size_t line, column;

	arena_free(&r.arena);
	if (result == OK)
		return OK;
	snprintf(why, sizeof why, "%s", failure_text());
	template_position(t->text, r.offset, &line, &column);
	return failure(result, "chat template, line %zu, column %zu: %s", line, column, why);
}

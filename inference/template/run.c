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

static RESULT run_if(struct buf *out, struct run *r, const struct node *n, struct scope *s)
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

static RESULT run_for(struct buf *out, struct run *r, const struct node *n, struct scope *s)
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

static RESULT run_caller(struct buf *out, struct run *r, const struct node *n, struct scope *s)
{
	const struct macro caller = {S("caller"), n->a, n->c, s};
	struct macro *kept = run_alloc(r, sizeof *kept);
	struct value v;

	*kept = caller;
	TRY(evaluate_call(&v, r, n->b, s, kept));
	return value_write(out, r, v);
}

static RESULT run_print(struct buf *out, struct run *r, const struct node *n, struct scope *s)
{
	struct value v;

	TRY(evaluate(&v, r, n->a, s));
	return value_write(out, r, v);
}

static RESULT run_statement(struct buf *out, struct run *r, const struct node *n, struct scope *s)
{
	/* Expressions and parts never stand where a statement does. */
	if (n->kind == NODE_TEXT)
		return value_write(out, r, value_text(n->text));
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

RESULT run_body(struct buf *out, struct run *r, const struct node *body, struct scope *s)
{
	TRY(run_enter(r));
	for (; body && r->flow == FLOW_ON; body = body->next) {
		r->offset = body->offset;
		TRY(run_statement(out, r, body, s));
		TRY(run_step(r, 1));
		TRY(buf_done(out));
	}
	r->depth--;
	return OK;
}

RESULT run_text(struct value *out, struct run *r, const struct node *body, struct scope *s)
{
	AUTO(buf_free) struct buf text = buf_new(r->memory_left);

	TRY(run_body(&text, r, body, s));
	return value_copy_text(out, r, buf_slice(&text));
}

static RESULT set_globals(struct run *r, struct scope *s, const json_t *context)
{
	struct value v, name;

	for (const struct builtin *b = BUILTIN_FUNCTIONS; b->name; b++) {
		v = (struct value){.kind = VALUE_FUNCTION, .function = b};
		TRY(scope_set(r, s, slice_of_string(b->name), v));
	}
	for (unsigned i = 0; i < 2; i++) {
		TRY(scope_set(r, s, i ? S("true") : S("True"), value_boolean(true)));
		TRY(scope_set(r, s, i ? S("false") : S("False"), value_boolean(false)));
		v = (struct value){.kind = VALUE_NONE};
		TRY(scope_set(r, s, i ? S("none") : S("None"), v));
	}
	TRY(scope_set(r, s, S("null"), v));
	TRY(value_from_json(&v, r, context));
	if (v.kind != VALUE_DICT)
		return failure(ERR_FORMAT, "the context is no object");
	for (size_t i = 0; i < v.dict->count; i++) {
		name = v.dict->entries[i].value;
		TRY(scope_set(r, s, v.dict->entries[i].key, name));
		if (slice_equal(v.dict->entries[i].key, S("now_seconds")) &&
		    name.kind == VALUE_INTEGER) {
			r->has_now = true;
			r->now_seconds = name.integer;
		}
	}
	return OK;
}

static RESULT render(struct buf *out, struct run *r, const struct template *t,
		     const json_t *context)
{
	struct scope *globals = scope_new(r, NULL);

	TRY(set_globals(r, globals, context));
	return run_body(out, r, t->body, scope_new(r, globals));
}

RESULT template_render(struct buf *out, const struct template *t, const json_t *context)
{
	struct run r = {.memory_left = TEMPLATE_MAX_MEMORY, .steps_left = TEMPLATE_MAX_STEPS};
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

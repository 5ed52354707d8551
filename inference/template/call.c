/* SPDX-License-Identifier: Apache-2.0 */
/* call.c - arguments to parameters: of what is built in, and of macros. */
#include "inference/template/run.h"

const struct builtin *builtin_find(const struct builtin *table, struct slice name)
{
	for (; table->name; table++) {
		if (slice_equal(name, slice_of_string(table->name)))
			return table;
	}
	return NULL;
}

static RESULT bind(struct call *c, const struct builtin *b)
{
	struct slice rest = slice_of_string(b->parameters), name;
	size_t used = 0, i = 0;

	for (; rest.size; i++) {
		const struct value *named;

		slice_cut(rest, ' ', &name, &rest);
		named = dict_get(c->given->keywords, name);
		used += named != NULL;
		if (i < c->given->values->count)
			c->argument[i] = c->given->values->items[i];
		else if (named)
			c->argument[i] = *named;
	}
	if (c->given->values->count > i || used != c->given->keywords->count)
		return failure(ERR_UNSUPPORTED, "an argument of \"%s\" that is not understood (%s)",
			       b->name, *b->parameters ? b->parameters : "it takes none");
	return OK;
}

RESULT builtin_call(struct value *out, struct run *r, const struct builtin *b, struct value self,
		    const struct arguments *given)
{
	struct call c = {.self = self, .given = given};

	*out = VALUE_NOTHING;
	if (b->parameters)
		TRY(bind(&c, b));
	return b->run(out, r, &c);
}

/* Values first, names next; defaults see the parameters before them. */
static RESULT bind_macro(struct run *r, const struct macro *m, const struct arguments *given,
			 struct scope *s)
{
	size_t i = 0, used = 0;

	for (const struct node *p = m->parameters; p; p = p->next, i++) {
		const struct value *named = dict_get(given->keywords, p->text);
		struct value v = VALUE_NOTHING;

		used += named != NULL;
		if (i < given->values->count)
			v = given->values->items[i];
		else if (named)
			v = *named;
		else if (p->a)
			TRY(evaluate(&v, r, p->a, s));
		TRY(scope_set(r, s, p->text, v));
	}
	if (given->values->count > i)
		return failure(ERR_FORMAT, "the macro \"%.*s\" takes %zu arguments, not %zu",
			       SLICE_PRINT(slice_part(m->name, 0, 40)), i, given->values->count);
	if (used != given->keywords->count)
		return failure(ERR_FORMAT, "the macro \"%.*s\" has no argument of that name",
			       SLICE_PRINT(slice_part(m->name, 0, 40)));
	return OK;
}

RESULT macro_call(struct value *out, struct run *r, const struct macro *m,
		  const struct arguments *given, const struct macro *caller)
{
	struct scope *s = scope_new(r, m->scope);
	struct value v = {.kind = VALUE_MACRO, .macro = caller};

	if (caller)
		TRY(scope_set(r, s, S("caller"), v));
	TRY(bind_macro(r, m, given, s));
	return run_text(out, r, m->body, s);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.h - one rendering: its ceilings, its scopes, and the functions, filters, tests and methods
 * that a template may name, all of them rows of tables.
 */
#ifndef INFERENCE_TEMPLATE_RUN_H
#define INFERENCE_TEMPLATE_RUN_H

#include "inference/template/tree.h"
#include "inference/template/value.h"

struct binding {
	struct binding *next;
	struct slice name;
	struct value value;
};

struct scope {
	struct scope *parent;
	struct binding *bindings;
};

/* How a body ended. */
enum flow { FLOW_ON, FLOW_BREAK, FLOW_CONTINUE };

struct run {
	struct arena arena;
	size_t memory_left, steps_left;
	unsigned depth;
	enum flow flow;
	size_t offset;     /* of the node that is evaluated, for failures */
	struct slice ones; /* as long as the template: what its own texts are marked with */
	bool has_now;
	int64_t now_seconds;
};

struct macro {
	struct slice name;
	const struct node *parameters, *body;
	struct scope *scope; /* where it was defined */
};

struct arguments {
	struct list *values;
	struct dict *keywords;
};

enum { BUILTIN_MAX_PARAMETERS = 4 };

struct call {
	struct value self; /* operand of a filter or test, object of a method */
	struct value argument[BUILTIN_MAX_PARAMETERS]; /* undefined where not given */
	const struct arguments *given;
};

typedef enum err builtin_fn(struct value *out, struct run *r, const struct call *c);

struct builtin {
	const char *name;
	const char *parameters; /* names, one blank between; NULL: takes `given` as it is */
	builtin_fn *run;
};

/* Tables end with a row without name. */
extern const struct builtin BUILTIN_FILTERS[], BUILTIN_TESTS[], BUILTIN_FUNCTIONS[];
extern const struct builtin BUILTIN_TEXT_METHODS[], BUILTIN_DICT_METHODS[];

const struct builtin *builtin_find(const struct builtin *table, struct slice name); /* or NULL */
RESULT builtin_call(struct value *out, struct run *r, const struct builtin *b, struct value self,
		    const struct arguments *given);

/* Ceilings: one step; `count` things of `size` bytes; C's own stack. */
RESULT run_step(struct run *r, size_t cost);
RESULT run_room(struct run *r, size_t count, size_t size);
RESULT run_enter(struct run *r);
void *run_alloc(struct run *r, size_t size); /* small, of our own size; counted */

struct scope *scope_new(struct run *r, struct scope *parent);
RESULT scope_set(struct run *r, struct scope *s, struct slice name, struct value v);

RESULT evaluate(struct value *out, struct run *r, const struct node *n, struct scope *s);
RESULT evaluate_call(struct value *out, struct run *r, const struct node *n, struct scope *s,
		     const struct macro *caller);
RESULT evaluate_binary(struct value *out, struct run *r, struct slice sign, struct value a,
		       struct value b);
RESULT evaluate_index(struct value *out, struct run *r, struct value of, struct value which);
RESULT evaluate_slice(struct value *out, struct run *r, struct value of,
		      const struct value part[3]);
RESULT macro_call(struct value *out, struct run *r, const struct macro *m,
		  const struct arguments *given, const struct macro *caller);
RESULT run_body(struct template_text *out, struct run *r, const struct node *body, struct scope *s);
RESULT run_text(struct value *out, struct run *r, const struct node *body, struct scope *s);

#endif

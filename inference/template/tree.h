/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tree.h - what a template's text becomes: nodes in an arena, which never change afterwards, and
 * the parser that makes them. Lists (bodies, arguments, items) are linked through `next`.
 */
#ifndef INFERENCE_TEMPLATE_TREE_H
#define INFERENCE_TEMPLATE_TREE_H

#include "inference/template/lexer.h"
#include "inference/template/template.h"

enum node_kind {
	/* statements */
	NODE_TEXT,     /* text */
	NODE_PRINT,    /* a */
	NODE_IF,       /* a: condition, b: body, c: what else (an NODE_IF for elif) */
	NODE_FOR,      /* a: targets, b: over what, c: condition or NULL, d: body, e: else */
	NODE_SET,      /* a: targets (or one NODE_MEMBER), b: value */
	NODE_MACRO,    /* text: name, a: parameters, b: body */
	NODE_CALLER,   /* a: parameters, b: the call, c: body */
	NODE_GROUP,    /* a: body ({% generation %}) */
	NODE_BREAK,    /* the loop */
	NODE_CONTINUE, /* with the next round */
	/* expressions */
	NODE_NAME,    /* text */
	NODE_STRING,  /* text */
	NODE_INTEGER, /* integer */
	NODE_FLOAT,   /* real */
	NODE_LIST,    /* a: items */
	NODE_DICT,    /* a: key, value, key, value */
	NODE_MEMBER,  /* a: of what, text: name */
	NODE_INDEX,   /* a: of what, b: which */
	NODE_SLICE,   /* a: of what, b: start, c: stop, d: step; each may be NULL */
	NODE_CALL,    /* a: what, b: arguments */
	NODE_FILTER,  /* a: operand, b: arguments, builtin */
	NODE_TEST,    /* a: operand, b: arguments, builtin, negated */
	NODE_BODY,    /* a: statements, whose text is the value */
	NODE_UNARY,   /* text: sign or "not", a */
	NODE_AND,     /* a, b */
	NODE_OR,      /* a, b */
	NODE_BINARY,  /* text: sign, "in" or "not in", a, b */
	NODE_TERNARY, /* a: condition, b: then, c: else or NULL */
	/* parts of others */
	NODE_KEYWORD,         /* text: name, a: value; or a parameter with its default or NULL */
	NODE_SPREAD,          /* a: *list */
	NODE_SPREAD_KEYWORDS, /* a: **dict */
};

struct builtin;

struct node {
	enum node_kind kind;
	bool negated;
	size_t offset; /* in the template */
	struct slice text;
	int64_t integer;
	double real;
	const struct builtin *builtin;
	struct node *a, *b, *c, *d, *e;
	struct node *next;
};

struct template
{
	struct arena arena;
	struct slice text;
	struct slice ones; /* as long as the text */
	struct node *body;
};

struct parser {
	struct lexer lexer;
	struct arena *arena;
	struct token token;  /* the one that is looked at */
	struct token second; /* and the one behind it, if has_second */
	bool has_second;
	unsigned nesting;
	unsigned loops; /* open around here, within one macro */
};

/* What both halves of the parser use. */
RESULT parse_advance(struct parser *p);                  /* to the next token */
RESULT parse_peek(struct token *out, struct parser *p);  /* the one behind */
RESULT parse_expect(struct parser *p, const char *sign); /* that sign, and advance */
RESULT parse_close(struct parser *p);                    /* the end of the tag */
RESULT parse_enter(struct parser *p);                    /* ERR_LIMIT past the nesting */
bool parse_at(const struct parser *p, const char *sign); /* looks at that sign? */
bool parse_at_name(const struct parser *p, const char *name);
struct node *parse_node(struct parser *p, enum node_kind kind);

/* Expressions; the parser stands at their first token, and then behind their last. */
RESULT parse_expression(struct node **out, struct parser *p);
RESULT parse_condition(struct node **out, struct parser *p);   /* without `a if b` */
RESULT parse_items(struct node **out, struct parser *p);       /* `a, b` is a list of two */
RESULT parse_filters(struct node **operand, struct parser *p); /* `| upper | trim` */
RESULT parse_arguments(struct node **out, struct parser *p);   /* from `(` to `)` */

/* Where in a template, for people. */
void template_position(struct slice text, size_t offset, size_t *line, size_t *column);

#endif

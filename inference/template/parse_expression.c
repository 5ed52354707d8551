/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parse_expression.c - expressions, by descent, loosest first: `a if b`, or, and, not, comparison,
 * sum, ~, product, **, sign, then filters and tests, which bind to what stands before them.
 * Words such as `in` are operators only where one can stand: elsewhere they are names.
 */
#include <errno.h>
#include <stdlib.h>

#include "inference/template/run.h"
#include "inference/template/tree.h"

typedef enum err level_fn(struct node **out, struct parser *p);

static const char *const PRODUCT[] = {"*", "/", "//", "%", NULL};
static const char *const CONCAT[] = {"~", NULL};
static const char *const SUM[] = {"+", "-", NULL};
static const char *const COMPARISON[] = {"==", "!=", "<", ">", "<=", ">=", NULL};

static bool at_one_of(const struct parser *p, const char *const *signs)
{
	while (*signs && !parse_at(p, *signs))
		signs++;
	return *signs != NULL;
}

static struct node *operator_node(struct parser *p, enum node_kind kind, struct node *left)
{
	struct node *n = parse_node(p, kind);

	n->text = p->token.text;
	n->a = left;
	return n;
}

/* One level of operators that group to the left. */
static RESULT parse_left(struct node **out, struct parser *p, const char *const *signs,
			 level_fn *inner)
{
	TRY(inner(out, p));
	while (at_one_of(p, signs)) {
		*out = operator_node(p, NODE_BINARY, *out);
		TRY(parse_advance(p));
		TRY(inner(&(*out)->b, p));
	}
	return OK;
}

/* Items up to `end`, which is passed over; `pairs` are key: value. */
static RESULT parse_listed(struct node **first, struct parser *p, const char *end, bool pairs)
{
	struct node **last = first;

	TRY(parse_advance(p));
	while (!parse_at(p, end)) {
		TRY(parse_expression(last, p));
		last = &(*last)->next;
		if (pairs) {
			TRY(parse_expect(p, ":"));
			TRY(parse_expression(last, p));
			last = &(*last)->next;
		}
		if (!parse_at(p, end))
			TRY(parse_expect(p, ","));
	}
	return parse_advance(p);
}

/* `(a)`, or a list: `()`, `(a,)`, `(a, b)`. */
static RESULT parse_brackets(struct node **out, struct parser *p)
{
	struct node *list = parse_node(p, NODE_LIST);

	TRY(parse_advance(p));
	if (parse_at(p, ")")) {
		*out = list;
		return parse_advance(p);
	}
	TRY(parse_items(out, p));
	return parse_expect(p, ")");
}

static RESULT parse_number(struct node **out, struct parser *p)
{
	char digits[64] = {0};
	struct node *n = *out = parse_node(p, p->token.kind == TOKEN_FLOAT ? NODE_FLOAT
									   : NODE_INTEGER);

	if (p->token.text.size >= sizeof digits)
		return failure(ERR_LIMIT, "a number of more than %zu digits", sizeof digits - 1);
	memcpy(digits, p->token.text.data, p->token.text.size);
	errno = 0;
	n->real = strtod(digits, NULL);
	n->integer = n->kind == NODE_INTEGER ? strtoll(digits, NULL, 10) : 0;
	if (errno)
		return failure(ERR_LIMIT, "a number that is too large");
	return parse_advance(p);
}

/* 'a' 'b' is one string. */
static RESULT parse_string(struct node **out, struct parser *p)
{
	struct node *n = *out = parse_node(p, NODE_STRING);

	n->text = p->token.text;
	TRY(parse_advance(p));
	while (p->token.kind == TOKEN_STRING) {
		AUTO(buf_free) struct buf both = buf_new(TEMPLATE_MAX_BYTES);

		buf_write(&both, n->text);
		buf_write(&both, p->token.text);
		TRY(buf_done(&both));
		/* A quarter million of these would be 256 KiB each. */
		if (arena_used(p->arena) > TEMPLATE_MAX_MEMORY)
			return failure(ERR_LIMIT, "too many strings beside each other");
		n->text = arena_copy(p->arena, buf_slice(&both));
		TRY(parse_advance(p));
	}
	return OK;
}

static RESULT parse_primary(struct node **out, struct parser *p)
{
	if (p->token.kind == TOKEN_STRING)
		return parse_string(out, p);
	if (p->token.kind == TOKEN_INTEGER || p->token.kind == TOKEN_FLOAT)
		return parse_number(out, p);
	if (p->token.kind == TOKEN_NAME) {
		*out = parse_node(p, NODE_NAME);
		(*out)->text = p->token.text;
		return parse_advance(p);
	}
	if (parse_at(p, "("))
		return parse_brackets(out, p);
	if (parse_at(p, "[")) {
		*out = parse_node(p, NODE_LIST);
		return parse_listed(&(*out)->a, p, "]", false);
	}
	if (parse_at(p, "{")) {
		*out = parse_node(p, NODE_DICT);
		return parse_listed(&(*out)->a, p, "}", true);
	}
	return failure(ERR_FORMAT, "an expression expected");
}

/* Behind `[`: an index, or start:stop:step. */
static RESULT parse_subscript(struct node **out, struct parser *p)
{
	struct node *n = parse_node(p, NODE_INDEX);
	struct node **parts[] = {&n->b, &n->c, &n->d};
	size_t part = 0;

	n->a = *out;
	*out = n;
	TRY(parse_advance(p));
	while (!parse_at(p, "]")) {
		if (parse_at(p, ":") && part < 2) {
			n->kind = NODE_SLICE;
			part++;
			TRY(parse_advance(p));
			continue;
		}
		if (*parts[part])
			return failure(ERR_FORMAT, "\"]\" expected");
		TRY(parse_expression(parts[part], p));
	}
	if (n->kind == NODE_INDEX && !n->b)
		return failure(ERR_FORMAT, "an index expected");
	return parse_advance(p);
}

/* Behind `.`: a name or, as in `a.0`, an index. */
static RESULT parse_member(struct node **out, struct parser *p)
{
	struct node *n = parse_node(p, NODE_MEMBER);

	n->a = *out;
	*out = n;
	TRY(parse_advance(p));
	if (p->token.kind == TOKEN_INTEGER) {
		n->kind = NODE_INDEX;
		return parse_number(&n->b, p);
	}
	if (p->token.kind != TOKEN_NAME)
		return failure(ERR_FORMAT, "a name expected");
	n->text = p->token.text;
	return parse_advance(p);
}

static RESULT parse_argument(struct node **out, struct parser *p)
{
	struct token second = {0};
	bool one = parse_at(p, "*"), two = parse_at(p, "**");

	if (one || two) {
		*out = parse_node(p, one ? NODE_SPREAD : NODE_SPREAD_KEYWORDS);
		TRY(parse_advance(p));
		return parse_expression(&(*out)->a, p);
	}
	if (p->token.kind == TOKEN_NAME)
		TRY(parse_peek(&second, p));
	if (second.kind != TOKEN_SIGN || !slice_equal(second.text, S("=")))
		return parse_expression(out, p);
	*out = parse_node(p, NODE_KEYWORD);
	(*out)->text = p->token.text;
	TRY(parse_advance(p));
	TRY(parse_advance(p));
	return parse_expression(&(*out)->a, p);
}

RESULT parse_arguments(struct node **out, struct parser *p)
{
	struct node **last = out;

	*out = NULL;
	TRY(parse_expect(p, "("));
	while (!parse_at(p, ")")) {
		TRY(parse_argument(last, p));
		last = &(*last)->next;
		if (!parse_at(p, ")"))
			TRY(parse_expect(p, ","));
	}
	return parse_advance(p);
}

static RESULT parse_postfix(struct node **out, struct parser *p)
{
	for (;;) {
		if (parse_at(p, "[")) {
			TRY(parse_subscript(out, p));
		} else if (parse_at(p, ".")) {
			TRY(parse_member(out, p));
		} else if (parse_at(p, "(")) {
			struct node *n = parse_node(p, NODE_CALL);

			n->offset = (*out)->offset;
			n->a = *out;
			*out = n;
			TRY(parse_arguments(&n->b, p));
		} else {
			return OK;
		}
	}
}

RESULT parse_filters(struct node **operand, struct parser *p)
{
	while (parse_at(p, "|")) {
		struct node *n;

		TRY(parse_advance(p));
		n = parse_node(p, NODE_FILTER);
		n->builtin = builtin_find(BUILTIN_FILTERS, p->token.text);
		if (p->token.kind != TOKEN_NAME)
			return failure(ERR_FORMAT, "a filter's name expected");
		if (!n->builtin)
			return failure(ERR_UNSUPPORTED, "the filter \"%.*s\" is not understood",
				       SLICE_PRINT(slice_part(p->token.text, 0, 40)));
		n->a = *operand;
		*operand = n;
		TRY(parse_advance(p));
		if (parse_at(p, "("))
			TRY(parse_arguments(&n->b, p));
	}
	return OK;
}

/* An argument without brackets: `is divisibleby 3`. */
static bool at_bare_argument(const struct parser *p)
{
	static const char *const WORDS[] = {"and", "or", "not", "if", "else", "is", "in"};

	for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
		if (parse_at_name(p, WORDS[i]))
			return false;
	}
	return p->token.kind == TOKEN_NAME || p->token.kind == TOKEN_STRING ||
	       p->token.kind == TOKEN_INTEGER || p->token.kind == TOKEN_FLOAT || parse_at(p, "[");
}

static RESULT parse_test(struct node **operand, struct parser *p)
{
	struct node *n;

	TRY(parse_advance(p));
	n = parse_node(p, NODE_TEST);
	n->negated = parse_at_name(p, "not");
	if (n->negated)
		TRY(parse_advance(p));
	if (p->token.kind != TOKEN_NAME)
		return failure(ERR_FORMAT, "a test's name expected");
	n->builtin = builtin_find(BUILTIN_TESTS, p->token.text);
	if (!n->builtin)
		return failure(ERR_UNSUPPORTED, "the test \"%.*s\" is not understood",
			       SLICE_PRINT(slice_part(p->token.text, 0, 40)));
	n->a = *operand;
	*operand = n;
	TRY(parse_advance(p));
	if (parse_at(p, "("))
		return parse_arguments(&n->b, p);
	if (at_bare_argument(p)) {
		TRY(parse_primary(&n->b, p));
		return parse_postfix(&n->b, p);
	}
	return OK;
}

static RESULT parse_sign(struct node **out, struct parser *p, bool filtered)
{
	TRY(parse_enter(p));
	if (parse_at(p, "-") || parse_at(p, "+")) {
		*out = operator_node(p, NODE_UNARY, NULL);
		TRY(parse_advance(p));
		TRY(parse_sign(&(*out)->a, p, false));
	} else {
		TRY(parse_primary(out, p));
		TRY(parse_postfix(out, p));
	}
	while (filtered && (parse_at(p, "|") || parse_at_name(p, "is"))) {
		if (parse_at(p, "|"))
			TRY(parse_filters(out, p));
		else
			TRY(parse_test(out, p));
	}
	p->nesting--;
	return OK;
}

static RESULT parse_power(struct node **out, struct parser *p)
{
	TRY(parse_sign(out, p, true));
	if (parse_at(p, "**"))
		return failure(ERR_UNSUPPORTED, "the operator \"**\" is not understood");
	return OK;
}

static RESULT parse_product(struct node **out, struct parser *p)
{
	return parse_left(out, p, PRODUCT, parse_power);
}

static RESULT parse_concat(struct node **out, struct parser *p)
{
	return parse_left(out, p, CONCAT, parse_product);
}

static RESULT parse_sum(struct node **out, struct parser *p)
{
	return parse_left(out, p, SUM, parse_concat);
}

/* Advances past `in` or `not in`; *word is the operator, empty if neither stands here. */
static RESULT parse_membership(struct slice *word, struct parser *p)
{
	struct token second;

	*word = S("");
	if (parse_at_name(p, "in")) {
		*word = S("in");
		return parse_advance(p);
	}
	if (!parse_at_name(p, "not"))
		return OK;
	TRY(parse_peek(&second, p));
	if (second.kind != TOKEN_NAME || !slice_equal(second.text, S("in")))
		return OK;
	*word = S("not in");
	TRY(parse_advance(p));
	return parse_advance(p);
}

static RESULT parse_comparison(struct node **out, struct parser *p)
{
	struct slice word;

	TRY(parse_sum(out, p));
	for (unsigned count = 0;; count++) {
		struct node *n = operator_node(p, NODE_BINARY, *out);

		if (at_one_of(p, COMPARISON))
			TRY(parse_advance(p));
		else {
			TRY(parse_membership(&word, p));
			if (word.size == 0)
				return OK;
			n->text = word;
		}
		if (count > 0)
			return failure(ERR_UNSUPPORTED, "a chain of comparisons is not understood");
		*out = n;
		TRY(parse_sum(&n->b, p));
	}
}

static RESULT parse_not(struct node **out, struct parser *p)
{
	if (!parse_at_name(p, "not"))
		return parse_comparison(out, p);
	TRY(parse_enter(p));
	*out = operator_node(p, NODE_UNARY, NULL);
	TRY(parse_advance(p));
	TRY(parse_not(&(*out)->a, p));
	p->nesting--;
	return OK;
}

static RESULT parse_and(struct node **out, struct parser *p)
{
	TRY(parse_not(out, p));
	while (parse_at_name(p, "and")) {
		*out = operator_node(p, NODE_AND, *out);
		TRY(parse_advance(p));
		TRY(parse_not(&(*out)->b, p));
	}
	return OK;
}

RESULT parse_condition(struct node **out, struct parser *p)
{
	TRY(parse_and(out, p));
	while (parse_at_name(p, "or")) {
		*out = operator_node(p, NODE_OR, *out);
		TRY(parse_advance(p));
		TRY(parse_and(&(*out)->b, p));
	}
	return OK;
}

RESULT parse_expression(struct node **out, struct parser *p)
{
	TRY(parse_enter(p));
	TRY(parse_condition(out, p));
	while (parse_at_name(p, "if")) {
		struct node *n = parse_node(p, NODE_TERNARY);

		n->b = *out;
		*out = n;
		TRY(parse_advance(p));
		TRY(parse_condition(&n->a, p));
		if (!parse_at_name(p, "else"))
			continue;
		TRY(parse_advance(p));
		TRY(parse_expression(&n->c, p));
	}
	p->nesting--;
	return OK;
}

RESULT parse_items(struct node **out, struct parser *p)
{
	struct node *list, **last;

	TRY(parse_expression(out, p));
	if (!parse_at(p, ","))
		return OK;
	list = parse_node(p, NODE_LIST);
	list->a = *out;
	*out = list;
	last = &list->a->next;
	while (parse_at(p, ",")) {
		TRY(parse_advance(p));
		if (parse_at(p, ")") || p->token.kind == TOKEN_CLOSE)
			break;
		TRY(parse_expression(last, p));
		last = &(*last)->next;
	}
	return OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* parse.c - statements: what stands between {% and %}, and the text between them. */
#include <stdio.h>
#include <stdlib.h>

#include "inference/template/tree.h"

RESULT parse_advance(struct parser *p)
{
	if (!p->has_second)
		return lexer_next(&p->token, &p->lexer);
	p->token = p->second;
	p->has_second = false;
	return OK;
}

RESULT parse_peek(struct token *out, struct parser *p)
{
	if (!p->has_second)
		TRY(lexer_next(&p->second, &p->lexer));
	p->has_second = true;
	*out = p->second;
	return OK;
}

bool parse_at(const struct parser *p, const char *sign)
{
	return p->token.kind == TOKEN_SIGN && slice_equal(p->token.text, slice_of_string(sign));
}

bool parse_at_name(const struct parser *p, const char *name)
{
	return p->token.kind == TOKEN_NAME && slice_equal(p->token.text, slice_of_string(name));
}

RESULT parse_expect(struct parser *p, const char *sign)
{
	if (!parse_at(p, sign))
		return failure(ERR_FORMAT, "\"%s\" expected", sign);
	return parse_advance(p);
}

RESULT parse_close(struct parser *p)
{
	if (p->token.kind != TOKEN_CLOSE)
		return failure(ERR_FORMAT, "the end of the tag expected");
	return parse_advance(p);
}

RESULT parse_enter(struct parser *p)
{
	if (p->nesting == TEMPLATE_MAX_NESTING)
		return failure(ERR_LIMIT, "nested deeper than %d", TEMPLATE_MAX_NESTING);
	p->nesting++;
	return OK;
}

struct node *parse_node(struct parser *p, enum node_kind kind)
{
	struct node *n = arena_alloc(p->arena, sizeof *n);

	n->kind = kind;
	n->offset = p->token.offset;
	return n;
}

/* The words that end or divide a block; none of them begins a statement. */
static bool at_block_end(const struct token *t)
{
	static const char *const WORDS[] = {"endif",   "else",      "elif",
					    "endfor",  "endset",    "endmacro",
					    "endcall", "endfilter", "endgeneration"};

	for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
		if (t->kind == TOKEN_NAME && slice_equal(t->text, slice_of_string(WORDS[i])))
			return true;
	}
	return false;
}

static RESULT parse_statement(struct node **out, struct parser *p);

/* Statements up to a tag that ends or divides the block, or the end; the parser then stands at
 * that word. */
static RESULT parse_body(struct node **out, struct parser *p)
{
	struct node **last = out;

	*out = NULL;
	TRY(parse_enter(p));
	while (p->token.kind != TOKEN_END) {
		struct node *n;

		if (p->token.kind == TOKEN_TEXT) {
			n = parse_node(p, NODE_TEXT);
			n->text = p->token.text;
			TRY(parse_advance(p));
		} else if (p->token.kind == TOKEN_PRINT) {
			n = parse_node(p, NODE_PRINT);
			TRY(parse_advance(p));
			TRY(parse_items(&n->a, p));
			TRY(parse_close(p));
		} else {
			TRY(parse_advance(p));
			if (at_block_end(&p->token))
				break;
			TRY(parse_statement(&n, p));
		}
		*last = n;
		last = &n->next;
	}
	p->nesting--;
	return OK;
}

/* The word that must end the block, and the end of its tag. */
static RESULT parse_end(struct parser *p, const char *word)
{
	if (!parse_at_name(p, word))
		return failure(ERR_FORMAT, "\"%s\" expected", word);
	TRY(parse_advance(p));
	return parse_close(p);
}

static RESULT parse_name(struct slice *out, struct parser *p)
{
	if (p->token.kind != TOKEN_NAME)
		return failure(ERR_FORMAT, "a name expected");
	*out = p->token.text;
	return parse_advance(p);
}

/* `a`, `a, b` or `(a, b)`; more than one are unpacked. */
static RESULT parse_targets(struct node **out, struct parser *p)
{
	bool brackets = parse_at(p, "(");
	struct node **last = out;

	*out = NULL;
	if (brackets)
		TRY(parse_advance(p));
	for (;;) {
		*last = parse_node(p, NODE_NAME);
		TRY(parse_name(&(*last)->text, p));
		last = &(*last)->next;
		if (!parse_at(p, ","))
			break;
		TRY(parse_advance(p));
	}
	return brackets ? parse_expect(p, ")") : OK;
}

static RESULT parse_if(struct node **out, struct parser *p)
{
	struct node *n = *out = parse_node(p, NODE_IF);

	/* A chain of elif is a loop, not a recursion: it may be long. */
	for (;;) {
		TRY(parse_advance(p));
		TRY(parse_expression(&n->a, p));
		TRY(parse_close(p));
		TRY(parse_body(&n->b, p));
		if (!parse_at_name(p, "elif"))
			break;
		n->c = parse_node(p, NODE_IF);
		n = n->c;
	}
	if (parse_at_name(p, "else")) {
		TRY(parse_advance(p));
		TRY(parse_close(p));
		TRY(parse_body(&n->c, p));
	}
	return parse_end(p, "endif");
}

static RESULT parse_for(struct node **out, struct parser *p)
{
	struct node *n = *out = parse_node(p, NODE_FOR);

	TRY(parse_advance(p));
	TRY(parse_targets(&n->a, p));
	if (!parse_at_name(p, "in"))
		return failure(ERR_FORMAT, "\"in\" expected");
	TRY(parse_advance(p));
	TRY(parse_condition(&n->b, p));
	if (parse_at_name(p, "if")) {
		TRY(parse_advance(p));
		TRY(parse_expression(&n->c, p));
	}
	if (parse_at_name(p, "recursive"))
		return failure(ERR_UNSUPPORTED, "a recursive \"for\" is not understood");
	TRY(parse_close(p));
	p->loops++;
	TRY(parse_body(&n->d, p));
	p->loops--;
	if (parse_at_name(p, "else")) {
		TRY(parse_advance(p));
		TRY(parse_close(p));
		TRY(parse_body(&n->e, p));
	}
	return parse_end(p, "endfor");
}

static RESULT parse_set(struct node **out, struct parser *p)
{
	struct node *n = *out = parse_node(p, NODE_SET);
	struct token second;

	TRY(parse_advance(p));
	TRY(parse_peek(&second, p));
	if (second.kind == TOKEN_SIGN && slice_equal(second.text, S("."))) {
		n->a = parse_node(p, NODE_MEMBER);
		n->a->a = parse_node(p, NODE_NAME);
		TRY(parse_name(&n->a->a->text, p));
		TRY(parse_advance(p));
		TRY(parse_name(&n->a->text, p));
	} else {
		TRY(parse_targets(&n->a, p));
	}
	if (parse_at(p, "=")) {
		TRY(parse_advance(p));
		TRY(parse_items(&n->b, p));
		return parse_close(p);
	}
	n->b = parse_node(p, NODE_BODY);
	struct node *body = n->b;
	TRY(parse_filters(&n->b, p));
	TRY(parse_close(p));
	TRY(parse_body(&body->a, p));
	return parse_end(p, "endset");
}

/* `(a, b=1)` of a macro or a call block. */
static RESULT parse_parameters(struct node **out, struct parser *p)
{
	struct node **last = out;

	*out = NULL;
	TRY(parse_expect(p, "("));
	while (!parse_at(p, ")")) {
		*last = parse_node(p, NODE_KEYWORD);
		TRY(parse_name(&(*last)->text, p));
		if (parse_at(p, "=")) {
			TRY(parse_advance(p));
			TRY(parse_expression(&(*last)->a, p));
		}
		last = &(*last)->next;
		if (!parse_at(p, ")"))
			TRY(parse_expect(p, ","));
	}
	return parse_advance(p);
}

static RESULT parse_macro(struct node **out, struct parser *p)
{
	struct node *n = *out = parse_node(p, NODE_MACRO);
	unsigned loops = p->loops;

	TRY(parse_advance(p));
	TRY(parse_name(&n->text, p));
	TRY(parse_parameters(&n->a, p));
	TRY(parse_close(p));
	p->loops = 0;
	TRY(parse_body(&n->b, p));
	p->loops = loops;
	return parse_end(p, "endmacro");
}

static RESULT parse_caller(struct node **out, struct parser *p)
{
	struct node *n = *out = parse_node(p, NODE_CALLER);
	unsigned loops = p->loops;

	TRY(parse_advance(p));
	if (parse_at(p, "("))
		TRY(parse_parameters(&n->a, p));
	TRY(parse_expression(&n->b, p));
	if (n->b->kind != NODE_CALL)
		return failure(ERR_FORMAT, "\"call\" without a call of a macro");
	TRY(parse_close(p));
	p->loops = 0;
	TRY(parse_body(&n->c, p));
	p->loops = loops;
	return parse_end(p, "endcall");
}

/* {% filter a | b %} is the print of a body, filtered. */
static RESULT parse_filter_block(struct node **out, struct parser *p)
{
	struct node *n = *out = parse_node(p, NODE_PRINT);
	struct node *body = n->a = parse_node(p, NODE_BODY);

	/* "filter" stands where "|" does in an expression. */
	p->token = (struct token){TOKEN_SIGN, S("|"), p->token.offset};
	TRY(parse_filters(&n->a, p));
	TRY(parse_close(p));
	TRY(parse_body(&body->a, p));
	return parse_end(p, "endfilter");
}

static RESULT parse_group(struct node **out, struct parser *p)
{
	*out = parse_node(p, NODE_GROUP);
	TRY(parse_advance(p));
	TRY(parse_close(p));
	TRY(parse_body(&(*out)->a, p));
	return parse_end(p, "endgeneration");
}

static RESULT parse_word(struct node **out, struct parser *p)
{
	*out = parse_node(p, parse_at_name(p, "break") ? NODE_BREAK : NODE_CONTINUE);
	if (p->loops == 0)
		return failure(ERR_FORMAT, "\"%.*s\" outside of a loop",
			       SLICE_PRINT(p->token.text));
	TRY(parse_advance(p));
	return parse_close(p);
}

/* The parser stands at the first word of a tag. */
static RESULT parse_statement(struct node **out, struct parser *p)
{
	static const struct {
		const char *word;
		enum err (*parse)(struct node **out, struct parser *p);
	} STATEMENTS[] = {
		{"if", parse_if},       {"for", parse_for},       {"set", parse_set},
		{"macro", parse_macro}, {"call", parse_caller},   {"filter", parse_filter_block},
		{"break", parse_word},  {"continue", parse_word}, {"generation", parse_group},
	};

	for (size_t i = 0; i < sizeof STATEMENTS / sizeof *STATEMENTS; i++) {
		if (parse_at_name(p, STATEMENTS[i].word))
			return STATEMENTS[i].parse(out, p);
	}
	if (p->token.kind != TOKEN_NAME)
		return failure(ERR_FORMAT, "a statement expected");
	return failure(ERR_UNSUPPORTED, "the statement \"%.*s\" is not understood",
		       SLICE_PRINT(slice_part(p->token.text, 0, 40)));
}

void template_position(struct slice text, size_t offset, size_t *line, size_t *column)
{
	*line = 1;
	*column = 1;
	for (size_t i = 0; i < offset && i < text.size; i++) {
		*column = text.data[i] == '\n' ? 1 : *column + 1;
		*line += text.data[i] == '\n';
	}
}

static RESULT parse_whole(struct template *t, struct parser *p)
{
	TRY(parse_advance(p));
	TRY(parse_body(&t->body, p));
	if (p->token.kind != TOKEN_END)
		return failure(ERR_FORMAT, "\"%.*s\" without its beginning",
			       SLICE_PRINT(p->token.text));
	return OK;
}

RESULT template_parse(struct template **out, struct slice text)
{
	AUTO(template_auto) struct template *t = NULL;
	struct parser p = {0};
	char why[FAILURE_MAX_TEXT];
	size_t line, column;
	enum err result;

	if (text.size > TEMPLATE_MAX_BYTES)
		return failure(ERR_LIMIT, "chat template: %zu bytes, at most %d are read",
			       text.size, TEMPLATE_MAX_BYTES);
	if (!slice_is_utf8(text))
		return failure(ERR_FORMAT, "chat template: not valid UTF-8");
	t = calloc(1, sizeof *t);
	if (!t)
		abort();
	t->text = arena_copy(&t->arena, text);
	t->ones = arena_copy(&t->arena, text);
	if (text.size)
		memset((void *)(uintptr_t)t->ones.data, 1, text.size);
	p.arena = &t->arena;
	p.lexer = lexer_of(t->text, p.arena);
	result = parse_whole(t, &p);
	if (result == OK) {
		*out = t;
		t = NULL;
		return OK;
	}
	snprintf(why, sizeof why, "%s", failure_text());
	template_position(t->text, p.token.offset, &line, &column);
	return failure(result, "chat template, line %zu, column %zu: %s", line, column, why);
}

void template_free(struct template *t)
{
	if (!t)
		return;
	arena_free(&t->arena);
	free(t);
}

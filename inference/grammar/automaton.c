/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/grammar/automaton.h"

#include <assert.h>
#include <stdlib.h>

#include "inference/grammar/grammar.h"

void automaton_init(struct automaton *a)
{
	*a = (struct automaton){0};
	(void)automaton_node(a); /* node 0 takes what comes after a ceiling was hit */
}

void automaton_clear(struct automaton *a)
{
	free(a->nodes);
	free(a->edges);
	free(a->repetitions);
	free(a->rules);
	*a = (struct automaton){0};
}

/* Room for one more; false past the ceiling. */
static bool grow(struct automaton *a, void **list, uint32_t count, uint32_t *room, uint32_t most,
		 size_t size)
{
	if (count < *room)
		return true;
	if (count >= most) {
		a->is_full = true;
		return false;
	}
	*room = *room ? 2 * *room : 64;
	*list = realloc(*list, *room * size);
	assert(*list);
	return true;
}

uint32_t automaton_node(struct automaton *a)
{
	void *list = a->nodes;

	if (!grow(a, &list, a->node_count, &a->node_room, AUTOMATON_MAX_NODES, sizeof *a->nodes))
		return 0;
	a->nodes = list;
	a->nodes[a->node_count] = (struct node){
		.edges = AUTOMATON_NONE, .repetition = AUTOMATON_NONE, .height = AUTOMATON_DEAD};
	return a->node_count++;
}

uint32_t automaton_rule(struct automaton *a)
{
	void *list = a->rules;
	struct rule rule;

	if (!grow(a, &list, a->rule_count, &a->rule_room, AUTOMATON_MAX_RULES, sizeof *a->rules))
		return 0;
	a->rules = list;
	rule = (struct rule){.start = automaton_node(a), .end = automaton_node(a)};
	if (rule.end > 0)
		a->nodes[rule.end].is_end = true;
	a->rules[a->rule_count] = rule;
	return a->rule_count++;
}

static void add_edge(struct automaton *a, uint32_t from, struct edge edge)
{
	void *list = a->edges;

	if (!grow(a, &list, a->edge_count, &a->edge_room, AUTOMATON_MAX_EDGES, sizeof *a->edges))
		return;
	a->edges = list;
	edge.next = a->nodes[from].edges;
	a->edges[a->edge_count] = edge;
	a->nodes[from].edges = a->edge_count++;
}

void automaton_byte(struct automaton *a, uint32_t from, uint8_t low, uint8_t high, uint32_t to)
{
	add_edge(a, from, (struct edge){.kind = EDGE_BYTE, .low = low, .high = high, .to = to});
}

void automaton_skip(struct automaton *a, uint32_t from, uint32_t to)
{
	add_edge(a, from, (struct edge){.kind = EDGE_SKIP, .to = to});
}

void automaton_call(struct automaton *a, uint32_t from, uint32_t rule, uint32_t to)
{
	add_edge(a, from, (struct edge){.kind = EDGE_CALL, .rule = rule, .to = to});
}

uint32_t automaton_text(struct automaton *a, uint32_t from, struct slice text)
{
	for (size_t i = 0; i < text.size; i++) {
		uint32_t to = automaton_node(a);

		automaton_byte(a, from, text.data[i], text.data[i], to);
		from = to;
	}
	return from;
}

uint32_t automaton_one(struct automaton *a, uint32_t from, uint32_t rule)
{
	uint32_t to = automaton_node(a);

	automaton_call(a, from, rule, to);
	return to;
}

uint32_t automaton_maybe(struct automaton *a, uint32_t from, uint32_t rule)
{
	uint32_t to = automaton_one(a, from, rule);

	automaton_skip(a, from, to);
	return to;
}

uint32_t automaton_repeat(struct automaton *a, uint32_t from, uint32_t rule, uint32_t least,
			  uint32_t most)
{
	void *list = a->repetitions;
	uint32_t node = automaton_node(a);
	uint32_t to = automaton_node(a);

	if (!grow(a, &list, a->repetition_count, &a->repetition_room, AUTOMATON_MAX_NODES,
		  sizeof *a->repetitions) ||
	    to == 0)
		return 0;
	a->repetitions = list;
	a->repetitions[a->repetition_count] = (struct repetition){rule, least, most, to};
	a->nodes[node].repetition = a->repetition_count++;
	automaton_skip(a, from, node);
	return to;
}

/* What a node is worth, from what those behind it are worth: nodes are made from the front to the
 * back as a rule, so that few rounds from the back suffice. */
typedef bool judge_fn(struct automaton *a, struct node *n);

static enum err settle(struct automaton *a, judge_fn *judge)
{
	bool changes = true;

	for (int round = 0; changes; round++) {
		if (round > 2 * GRAMMAR_MAX_DEPTH)
			return failure(ERR_LIMIT, "it nests deeper than %d", GRAMMAR_MAX_DEPTH);
		changes = false;
		for (uint32_t i = a->node_count; i-- > 0;)
			changes |= judge(a, &a->nodes[i]);
	}
	return OK;
}

static bool judge_empty(struct automaton *a, struct node *n)
{
	bool empty = n->is_end;

	if (n->ends_empty)
		return false;
	if (n->repetition != AUTOMATON_NONE) {
		const struct repetition *r = &a->repetitions[n->repetition];

		empty |= (r->least == 0 || rule_is_nullable(a, r->rule)) &&
			 a->nodes[r->to].ends_empty;
	}
	for (uint32_t e = n->edges; e != AUTOMATON_NONE && !empty; e = a->edges[e].next)
		empty = a->edges[e].kind != EDGE_BYTE && a->nodes[a->edges[e].to].ends_empty &&
			(a->edges[e].kind == EDGE_SKIP || rule_is_nullable(a, a->edges[e].rule));
	n->ends_empty = empty;
	return empty;
}

static uint16_t larger(uint16_t a, uint16_t b)
{
	return a > b ? a : b;
}

static uint16_t smaller(uint16_t a, uint16_t b)
{
	return a < b ? a : b;
}

/* A whole of `rule`, and then what stands at `to`. */
static uint16_t height_through(const struct automaton *a, uint32_t rule, uint32_t to)
{
	uint16_t inside = a->nodes[rule_start(a, rule)].height;

	if (rule_is_nullable(a, rule))
		return a->nodes[to].height;
	return larger(inside == AUTOMATON_DEAD ? inside : (uint16_t)(inside + 1),
		      a->nodes[to].height);
}

static bool judge_height(struct automaton *a, struct node *n)
{
	uint16_t height = n->is_end ? 0 : AUTOMATON_DEAD;

	if (n->repetition != AUTOMATON_NONE) {
		const struct repetition *r = &a->repetitions[n->repetition];

		height = r->least == 0 ? a->nodes[r->to].height : height_through(a, r->rule, r->to);
	}
	for (uint32_t e = n->edges; e != AUTOMATON_NONE; e = a->edges[e].next) {
		const struct edge *edge = &a->edges[e];

		height = smaller(height, edge->kind == EDGE_CALL
						 ? height_through(a, edge->rule, edge->to)
						 : a->nodes[edge->to].height);
	}
	if (height >= n->height)
		return false;
	n->height = height;
	return true;
}

static bool raise_rank(struct automaton *a, uint32_t node, uint32_t rank)
{
	if (a->nodes[node].height == AUTOMATON_DEAD || a->nodes[node].rank >= rank)
		return false;
	a->nodes[node].rank = rank;
	return true;
}

/* A rule called where another begins comes after it. */
static bool raise_called(struct automaton *a, uint32_t rule, uint32_t to, bool is_optional,
			 uint32_t rank)
{
	bool changes = raise_rank(a, rule_start(a, rule), rank + 1);

	return ((is_optional || rule_is_nullable(a, rule)) && raise_rank(a, to, rank)) || changes;
}

static bool pass_rank_on(struct automaton *a, const struct node *n)
{
	bool changes = false;

	if (n->rank == 0) /* no rule begins here */
		return false;
	if (n->repetition != AUTOMATON_NONE) {
		const struct repetition *r = &a->repetitions[n->repetition];

		changes = raise_called(a, r->rule, r->to, r->least == 0, n->rank);
	}
	for (uint32_t e = n->edges; e != AUTOMATON_NONE; e = a->edges[e].next) {
		const struct edge *edge = &a->edges[e];

		if (edge->kind == EDGE_SKIP)
			changes |= raise_rank(a, edge->to, n->rank);
		else if (edge->kind == EDGE_CALL)
			changes |= raise_called(a, edge->rule, edge->to, false, n->rank);
	}
	return changes;
}

static enum err rank_rules(struct automaton *a)
{
	bool changes = true;

	for (uint32_t i = 0; i < a->rule_count; i++)
		(void)raise_rank(a, rule_start(a, i), 1);
	for (int round = 0; changes; round++) {
		if (round > GRAMMAR_MAX_DEPTH)
			return failure(ERR_UNSUPPORTED, "something begins with itself, or it nests "
							"too deep");
		changes = false;
		for (uint32_t i = 0; i < a->node_count; i++)
			changes |= pass_rank_on(a, &a->nodes[i]);
	}
	return OK;
}

/* Bytes between two neighbors of which no edge begins or ends are one class. */
static void class_bytes(struct automaton *a)
{
	bool begins[257] = {true};

	for (uint32_t e = 0; e < a->edge_count; e++)
		if (a->edges[e].kind == EDGE_BYTE) {
			begins[a->edges[e].low] = true;
			begins[a->edges[e].high + 1] = true;
		}
	a->class_count = 0;
	for (unsigned b = 0; b < 256; b++) {
		if (begins[b])
			a->byte_of[a->class_count++] = (uint8_t)b;
		a->class_of[b] = (uint8_t)(a->class_count - 1);
	}
}

enum err automaton_finish(struct automaton *a)
{
	if (a->is_full)
		return failure(ERR_LIMIT,
			       "it is too large: more than %d states, %d steps or %d "
			       "parts",
			       AUTOMATON_MAX_NODES, AUTOMATON_MAX_EDGES, AUTOMATON_MAX_RULES);
	TRY(settle(a, judge_empty));
	TRY(settle(a, judge_height));
	if (a->nodes[rule_start(a, a->root)].height > GRAMMAR_MAX_DEPTH - 2)
		return failure(ERR_UNSUPPORTED, "no answer could ever be what is asked for");
	TRY(rank_rules(a));
	class_bytes(a);
	return OK;
}

size_t automaton_bytes(const struct automaton *a)
{
	return a->node_room * sizeof *a->nodes + a->edge_room * sizeof *a->edges +
	       a->repetition_room * sizeof *a->repetitions + a->rule_room * sizeof *a->rules;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/grammar/automaton.h"

#include <assert.h>
#include <stdlib.h>

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

size_t automaton_bytes(const struct automaton *a)
{
	return a->node_room * sizeof *a->nodes + a->edge_room * sizeof *a->edges +
	       a->repetition_room * sizeof *a->repetitions + a->rule_room * sizeof *a->rules;
}

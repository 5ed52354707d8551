/* SPDX-License-Identifier: Apache-2.0 */
/*
 * finish.c - what is known of an automaton when nothing is added any more: which nodes reach the
 * end without a byte, how many frames are needed from a node on, in which order rules begin each
 * other, and which bytes are alike. Each is worked out by a queue of nodes to be looked at (again),
 * until nothing changes.
 */
#include <assert.h>
#include <stdlib.h>

#include "inference/grammar/automaton.h"
#include "inference/grammar/grammar.h"

struct queue {
	uint32_t *nodes; /* a ring with room for all */
	bool *waits;     /* by node */
	uint32_t first, count, room;
};

struct finishing {
	struct automaton *a;
	struct queue queue;
	/* Who has to be looked at when a node has changed: users[starts[n] .. starts[n + 1]]. */
	uint32_t *starts, *users;
};

static void finishing_clear(struct finishing *f)
{
	free(f->queue.nodes);
	free(f->queue.waits);
	free(f->starts);
	free(f->users);
}

static void put(struct queue *q, uint32_t node)
{
	if (q->waits[node])
		return;
	q->waits[node] = true;
	q->nodes[(q->first + q->count++) % q->room] = node;
}

static uint32_t take(struct queue *q)
{
	uint32_t node = q->nodes[q->first];

	q->waits[node] = false;
	q->first = (q->first + 1) % q->room;
	q->count--;
	return node;
}

/* `node` uses `used`; counted the first time, noted the second. */
static void note_use(struct finishing *f, uint32_t used, uint32_t node)
{
	if (f->users)
		f->users[--f->starts[used]] = node;
	else
		f->starts[used]++;
}

static void note_uses(struct finishing *f)
{
	const struct automaton *a = f->a;

	for (uint32_t n = 0; n < a->node_count; n++) {
		const struct node *node = &a->nodes[n];

		if (node->repetition != AUTOMATON_NONE) {
			note_use(f, a->repetitions[node->repetition].to, n);
			note_use(f, rule_start(a, a->repetitions[node->repetition].rule), n);
		}
		for (uint32_t e = node->edges; e != AUTOMATON_NONE; e = a->edges[e].next) {
			note_use(f, a->edges[e].to, n);
			if (a->edges[e].kind == EDGE_CALL)
				note_use(f, rule_start(a, a->edges[e].rule), n);
		}
	}
}

static void begin(struct finishing *f, struct automaton *a)
{
	f->a = a;
	f->queue.room = a->node_count;
	f->queue.nodes = calloc(a->node_count, sizeof *f->queue.nodes);
	f->queue.waits = calloc(a->node_count, sizeof *f->queue.waits);
	f->starts = calloc(a->node_count + 1, sizeof *f->starts);
	assert(f->queue.nodes && f->queue.waits && f->starts);
	note_uses(f);
	for (uint32_t n = 0; n < a->node_count; n++)
		f->starts[n + 1] += f->starts[n];
	f->users = calloc(f->starts[a->node_count] + 1, sizeof *f->users);
	assert(f->users);
	note_uses(f);
}

/* True if it has changed. */
typedef bool judge_fn(const struct automaton *a, struct node *n);

/* Each node from those behind it: nodes are made from the front to the back as a rule, so that most
 * are looked at once. */
static void settle(struct finishing *f, judge_fn *judge)
{
	struct automaton *a = f->a;

	for (uint32_t n = a->node_count; n-- > 0;)
		put(&f->queue, n);
	while (f->queue.count > 0) {
		uint32_t n = take(&f->queue);

		if (judge(a, &a->nodes[n]))
			for (uint32_t u = f->starts[n]; u < f->starts[n + 1]; u++)
				put(&f->queue, f->users[u]);
	}
}

static bool judge_empty(const struct automaton *a, struct node *n)
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

/* A whole of `rule`, and then what stands at `to`. What is higher than any stack is dead. */
static uint16_t height_through(const struct automaton *a, uint32_t rule, uint32_t to)
{
	uint16_t inside = a->nodes[rule_start(a, rule)].height;

	if (rule_is_nullable(a, rule))
		return a->nodes[to].height;
	if (inside >= GRAMMAR_MAX_DEPTH)
		return AUTOMATON_DEAD;
	return larger((uint16_t)(inside + 1), a->nodes[to].height);
}

static bool judge_height(const struct automaton *a, struct node *n)
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

static void raise_rank(struct finishing *f, uint32_t node, uint32_t rank)
{
	struct node *n = &f->a->nodes[node];

	if (n->height == AUTOMATON_DEAD || n->rank >= rank)
		return;
	n->rank = rank;
	put(&f->queue, node);
}

/* A rule called where another begins comes after it. */
static void raise_called(struct finishing *f, uint32_t rule, uint32_t to, bool is_optional,
			 uint32_t rank)
{
	raise_rank(f, rule_start(f->a, rule), rank + 1);
	if (is_optional || rule_is_nullable(f->a, rule))
		raise_rank(f, to, rank);
}

static void pass_rank_on(struct finishing *f, const struct node *n)
{
	const struct automaton *a = f->a;

	if (n->repetition != AUTOMATON_NONE) {
		const struct repetition *r = &a->repetitions[n->repetition];

		raise_called(f, r->rule, r->to, r->least == 0, n->rank);
	}
	for (uint32_t e = n->edges; e != AUTOMATON_NONE; e = a->edges[e].next) {
		const struct edge *edge = &a->edges[e];

		if (edge->kind == EDGE_SKIP)
			raise_rank(f, edge->to, n->rank);
		else if (edge->kind == EDGE_CALL)
			raise_called(f, edge->rule, edge->to, false, n->rank);
	}
}

static enum err rank_rules(struct finishing *f)
{
	for (uint32_t i = 0; i < f->a->rule_count; i++)
		raise_rank(f, rule_start(f->a, i), 1);
	while (f->queue.count > 0) {
		const struct node *n = &f->a->nodes[take(&f->queue)];

		if (n->rank > GRAMMAR_MAX_DEPTH)
			return failure(ERR_UNSUPPORTED, "schema: something begins with itself, or "
							"it nests too deep");
		pass_rank_on(f, n);
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
	AUTO(finishing_clear) struct finishing f = {.a = a};

	if (a->is_full)
		return failure(ERR_LIMIT,
			       "schema: it is too large: more than %d states, %d steps or %d parts",
			       AUTOMATON_MAX_NODES, AUTOMATON_MAX_EDGES, AUTOMATON_MAX_RULES);
	begin(&f, a);
	settle(&f, judge_empty);
	settle(&f, judge_height);
	if (a->nodes[rule_start(a, a->root)].height > GRAMMAR_MAX_DEPTH - 2)
		return failure(ERR_UNSUPPORTED,
			       "schema: no answer could ever be what is asked for");
	TRY(rank_rules(&f));
	class_bytes(a);
	return OK;
}

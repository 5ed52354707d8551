/* SPDX-License-Identifier: Apache-2.0 */
/*
 * automaton.h - rules made of nodes and edges over bytes; an edge may call a rule, as a function is
 * called (a pushdown automaton). Built once, then only read.
 *
 * A builder appends behind a node and returns the node where it ended, so that a sequence is
 * written as `n = text(a, n); n = more(a, n)`, alternatives as several appended behind the same
 * node and joined by automaton_skip. Past a ceiling nothing is added any more; automaton_finish
 * says so.
 */
#ifndef INFERENCE_GRAMMAR_AUTOMATON_H
#define INFERENCE_GRAMMAR_AUTOMATON_H

#include "crypto/base/err.h"
#include "crypto/base/slice.h"

enum {
	AUTOMATON_MAX_NODES = 1 << 16,
	AUTOMATON_MAX_EDGES = 1 << 17,
	AUTOMATON_MAX_RULES = 1 << 13,
	AUTOMATON_MAX_COUNT = 1 << 24, /* of a repetition */
	AUTOMATON_DEAD = UINT16_MAX,   /* the height of what can never be completed */
};
#define AUTOMATON_NONE UINT32_MAX      /* no edge, no repetition */
#define AUTOMATON_UNBOUNDED UINT32_MAX /* the most of a repetition */

enum edge_kind {
	EDGE_BYTE, /* low..high */
	EDGE_SKIP, /* nothing */
	EDGE_CALL, /* a whole of `rule` */
};

struct edge {
	uint32_t to;
	uint32_t next; /* of the same node */
	uint32_t rule;
	uint8_t kind, low, high;
};

/* A node that repeats a rule has no edges but goes on at `to`. */
struct repetition {
	uint32_t rule, least, most, to;
};

struct node {
	uint32_t edges;
	uint32_t repetition; /* or AUTOMATON_NONE */
	uint32_t rank;       /* of a rule's start: above that of each rule that calls it before it
			      * has read a byte. 0: bytes stand before this node */
	uint16_t height;     /* frames needed from here to the end of its rule, at least */
	bool is_end;
	bool ends_empty; /* the end can be reached without a byte */
};

struct rule {
	uint32_t start, end;
};

struct automaton {
	struct node *nodes;
	struct edge *edges;
	struct repetition *repetitions;
	struct rule *rules;
	uint32_t node_count, edge_count, repetition_count, rule_count;
	uint32_t node_room, edge_room, repetition_room, rule_room;
	uint32_t root;
	uint8_t class_of[256]; /* bytes that no edge tells apart are of one class */
	uint32_t class_count;
	uint8_t byte_of[256]; /* one byte of each class */
	bool is_full;
	size_t regex_nodes; /* of all expressions so far, before they became nodes here */
};

void automaton_init(struct automaton *a);
void automaton_clear(struct automaton *a); /* fit for AUTO */

uint32_t automaton_rule(struct automaton *a);
uint32_t automaton_node(struct automaton *a);
void automaton_byte(struct automaton *a, uint32_t from, uint8_t low, uint8_t high, uint32_t to);
void automaton_skip(struct automaton *a, uint32_t from, uint32_t to);
void automaton_call(struct automaton *a, uint32_t from, uint32_t rule, uint32_t to);

/* Appending; each returns where it ended. */
uint32_t automaton_text(struct automaton *a, uint32_t from, struct slice text);
uint32_t automaton_one(struct automaton *a, uint32_t from, uint32_t rule);
uint32_t automaton_maybe(struct automaton *a, uint32_t from, uint32_t rule); /* once or not */
uint32_t automaton_repeat(struct automaton *a, uint32_t from, uint32_t rule, uint32_t least,
			  uint32_t most);

static inline uint32_t rule_start(const struct automaton *a, uint32_t rule)
{
	return a->rules[rule].start;
}
static inline uint32_t rule_end(const struct automaton *a, uint32_t rule)
{
	return a->rules[rule].end;
}
static inline bool rule_is_nullable(const struct automaton *a, uint32_t rule)
{
	return a->nodes[a->rules[rule].start].ends_empty;
}

/* Nothing is added from here on. ERR_LIMIT past a ceiling; ERR_UNSUPPORTED where a rule calls
 * itself without having read anything, or where no text at all would do. */
RESULT automaton_finish(struct automaton *a);
size_t automaton_bytes(const struct automaton *a); /* memory */

#endif

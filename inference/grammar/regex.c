/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regex.c - from an expression's tree to an automaton, in two steps: first nodes and edges over
 * characters, repetitions written out (Thompson 1968); then each of these nodes once for each
 * length that matters and for before, within and behind what anchors are about, with bytes instead
 * of characters.
 */
#include "inference/grammar/regex.h"

#include <assert.h>
#include <stdlib.h>

#include "inference/grammar/regex_tree.h"
#include "inference/grammar/utf8.h"

enum { MAX_LINKS = 4 * REGEX_MAX_NODES };
#define NO_LINK UINT32_MAX

enum link_kind { LINK_SKIP, LINK_SET, LINK_BEGINS, LINK_ENDS };

struct link {
	enum link_kind kind;
	uint32_t set, to, next;
};

/* Nodes over characters. */
struct net {
	const struct regex_tree *tree;
	uint32_t *first; /* link of a node */
	struct link *links;
	uint32_t node_count, link_count;
	bool is_full;
};

/* Where in the text: ^ holds at its first character only, behind $ nothing may come. */
enum phase { PHASE_FRESH, PHASE_WITHIN, PHASE_ENDED, PHASES };

/* The second step: (node, phase, characters read) to a node over bytes. */
struct unfolding {
	const struct net *net;
	struct automaton *a;
	const struct regex_use *use;
	uint32_t lengths; /* told apart: 0 .. lengths - 1 */
	uint32_t *made;   /* 0: not yet */
	uint32_t *queue;  /* those whose links are not looked at yet */
	uint32_t queued;
	uint32_t rules[REGEX_MAX_SETS]; /* + 1, of sets */
};

static uint32_t net_node(struct net *n)
{
	if (n->node_count == REGEX_MAX_NODES) {
		n->is_full = true;
		return 0;
	}
	n->first[n->node_count] = NO_LINK;
	return n->node_count++;
}

static void net_link(struct net *n, uint32_t from, enum link_kind kind, uint32_t set, uint32_t to)
{
	if (n->link_count == MAX_LINKS) {
		n->is_full = true;
		return;
	}
	n->links[n->link_count] = (struct link){kind, set, to, n->first[from]};
	n->first[from] = n->link_count++;
}

static uint32_t net_append(struct net *n, uint32_t from, const struct regex_item *item);

static uint32_t append_repeat(struct net *n, uint32_t from, const struct regex_item *item)
{
	uint32_t end = net_node(n);
	uint32_t i = 0;

	for (; i < item->least && !n->is_full; i++)
		from = net_append(n, from, item->children);
	if (item->most == AUTOMATON_UNBOUNDED) {
		uint32_t loop = net_node(n);

		net_link(n, from, LINK_SKIP, 0, loop);
		net_link(n, net_append(n, loop, item->children), LINK_SKIP, 0, loop);
		from = loop;
	}
	for (; i < item->most && item->most != AUTOMATON_UNBOUNDED && !n->is_full; i++) {
		net_link(n, from, LINK_SKIP, 0, end);
		from = net_append(n, from, item->children);
	}
	net_link(n, from, LINK_SKIP, 0, end);
	return end;
}

static uint32_t append_alternatives(struct net *n, uint32_t from, const struct regex_item *item)
{
	uint32_t end = net_node(n);

	for (const struct regex_item *c = item->children; c && !n->is_full; c = c->next)
		net_link(n, net_append(n, from, c), LINK_SKIP, 0, end);
	return end;
}

static uint32_t append_link(struct net *n, uint32_t from, enum link_kind kind, uint32_t set)
{
	uint32_t to = net_node(n);

	net_link(n, from, kind, set, to);
	return to;
}

/* Groups are within each other no deeper than REGEX_MAX_DEPTH. */
static uint32_t net_append(struct net *n, uint32_t from, const struct regex_item *item)
{
	if (n->is_full)
		return 0;
	switch (item->kind) {
	case REGEX_SET:
		return append_link(n, from, LINK_SET, item->set);
	case REGEX_BEGINS:
		return append_link(n, from, LINK_BEGINS, 0);
	case REGEX_ENDS:
		return append_link(n, from, LINK_ENDS, 0);
	case REGEX_SEQUENCE:
		for (const struct regex_item *c = item->children; c; c = c->next)
			from = net_append(n, from, c);
		return from;
	case REGEX_ALTERNATIVES:
		return append_alternatives(n, from, item);
	case REGEX_REPEAT:
		break;
	}
	return append_repeat(n, from, item);
}

static void net_clear(struct net *n)
{
	free(n->first);
	free(n->links);
}

static void unfolding_clear(struct unfolding *u)
{
	free(u->made);
	free(u->queue);
}

/* The rule for one character of a set. */
static uint32_t set_rule(struct unfolding *u, uint32_t set)
{
	const struct regex_set *s = &u->net->tree->sets[set];

	if (u->rules[set] == 0) {
		uint32_t rule = automaton_rule(u->a);

		u->rules[set] = rule + 1;
		for (size_t i = 0; i < s->count; i++)
			(u->use->is_quoted ? utf8_quoted : utf8_raw)(
				u->a, rule_start(u->a, rule), rule_end(u->a, rule),
				s->ranges[i].low, s->ranges[i].high);
	}
	return u->rules[set] - 1;
}

/* Few characters that are one byte each, however they are spelled: edges instead of a call. */
static bool is_plain(const struct regex_set *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->ranges[i].low < ' ' || s->ranges[i].high > 0x7e ||
		    (s->ranges[i].low <= '"' && s->ranges[i].high >= '"') ||
		    (s->ranges[i].low <= '\\' && s->ranges[i].high >= '\\'))
			return false;
	return s->count <= 4;
}

static void add_character(struct unfolding *u, uint32_t from, uint32_t set, uint32_t to)
{
	const struct regex_set *s = &u->net->tree->sets[set];

	if (!is_plain(s)) {
		automaton_call(u->a, from, set_rule(u, set), to);
		return;
	}
	for (size_t i = 0; i < s->count; i++)
		automaton_byte(u->a, from, (uint8_t)s->ranges[i].low, (uint8_t)s->ranges[i].high,
			       to);
}

static uint32_t unfolded(struct unfolding *u, uint32_t node, enum phase phase, uint32_t length)
{
	uint32_t index = (node * PHASES + (uint32_t)phase) * u->lengths + length;

	if (u->made[index] == 0) {
		u->made[index] = automaton_node(u->a);
		if (u->made[index] != 0)
			u->queue[u->queued++] = index;
	}
	return u->made[index];
}

static void unfold_link(struct unfolding *u, uint32_t from, const struct link *l, enum phase phase,
			uint32_t length)
{
	switch (l->kind) {
	case LINK_SKIP:
		automaton_skip(u->a, from, unfolded(u, l->to, phase, length));
		break;
	case LINK_BEGINS:
		if (phase == PHASE_FRESH)
			automaton_skip(u->a, from, unfolded(u, l->to, phase, length));
		break;
	case LINK_ENDS:
		automaton_skip(u->a, from, unfolded(u, l->to, PHASE_ENDED, length));
		break;
	case LINK_SET:
		if (phase == PHASE_ENDED)
			break;
		if (length + 1 < u->lengths)
			length++;
		else if (u->use->most != AUTOMATON_UNBOUNDED)
			break;
		add_character(u, from, l->set, unfolded(u, l->to, PHASE_WITHIN, length));
		break;
	}
}

/* All that can be reached from the first node. `last` is where the expression ends. */
static uint32_t unfold(struct unfolding *u, uint32_t from, uint32_t last)
{
	uint32_t end = automaton_node(u->a);

	automaton_skip(u->a, from, unfolded(u, 0, PHASE_FRESH, 0));
	for (uint32_t i = 0; i < u->queued && !u->a->is_full; i++) {
		uint32_t index = u->queue[i];
		uint32_t length = index % u->lengths;
		enum phase phase = (enum phase)(index / u->lengths % PHASES);
		uint32_t node = index / u->lengths / PHASES;

		if (node == last && length >= u->use->least)
			automaton_skip(u->a, u->made[index], end);
		for (uint32_t l = u->net->first[node]; l != NO_LINK; l = u->net->links[l].next)
			unfold_link(u, u->made[index], &u->net->links[l], phase, length);
	}
	return end;
}

/* The characters in front of and behind what matches, where it need not be all. */
static uint32_t append_any(struct net *n, uint32_t from)
{
	uint32_t loop = append_link(n, from, LINK_SKIP, 0);

	net_link(n, loop, LINK_SET, REGEX_ANY, loop);
	return append_link(n, loop, LINK_SKIP, 0);
}

static enum err build_net(struct net *n, uint32_t *last, struct automaton *a,
			  const struct regex_tree *tree, bool is_whole)
{
	uint32_t at;

	n->tree = tree;
	n->first = calloc(REGEX_MAX_NODES, sizeof *n->first);
	n->links = calloc(MAX_LINKS, sizeof *n->links);
	assert(n->first && n->links);
	at = net_node(n);
	if (!is_whole)
		at = append_any(n, at);
	at = net_append(n, at, tree->root);
	*last = is_whole ? at : append_any(n, at);
	a->regex_nodes += n->node_count;
	if (n->is_full || a->regex_nodes > REGEX_MAX_TOGETHER)
		return failure(ERR_LIMIT,
			       "the regular expression is too large: more than %d states with its "
			       "repetitions",
			       REGEX_MAX_NODES);
	return OK;
}

enum err regex_append(uint32_t *to, struct automaton *a, uint32_t from, struct slice pattern,
		      const struct regex_use *use)
{
	AUTO(regex_tree_clear) struct regex_tree tree = {.set_count = 0};
	AUTO(net_clear) struct net net = {.first = NULL};
	AUTO(unfolding_clear) struct unfolding u = {.net = &net, .a = a, .use = use};
	uint32_t last;
	size_t room;

	TRY(regex_read(&tree, pattern));
	TRY(build_net(&net, &last, a, &tree, use->is_whole));
	room = use->most == AUTOMATON_UNBOUNDED ? use->least : use->most;
	if (room >= REGEX_MAX_STATES / net.node_count / PHASES)
		return failure(ERR_LIMIT,
			       "the regular expression is too large for a text of up to %zu "
			       "characters",
			       room);
	u.lengths = (uint32_t)room + 1;
	room = (size_t)net.node_count * PHASES * u.lengths;
	u.made = calloc(room, sizeof *u.made);
	u.queue = calloc(room, sizeof *u.queue);
	assert(u.made && u.queue);
	*to = unfold(&u, from, last);
	return OK;
}

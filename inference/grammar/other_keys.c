/* SPDX-License-Identifier: Apache-2.0 */
/*
 * other_keys.c - the names are a tree of bytes; a string is read along it, and where it leaves the
 * tree it is free. How the characters of a string are spelled is known at each byte: SPELLING says
 * what may follow. Since each character has one spelling, no name can hide in another.
 */
#include "inference/grammar/other_keys.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "inference/grammar/utf8.h"

/* Where in a character: between two; so many bytes of UTF-8 to come, the second one restricted or
 * not; behind a backslash and in \u00xx. */
enum spot {
	BETWEEN,
	ONE,
	TWO,
	THREE,
	AFTER_E0,
	AFTER_ED,
	AFTER_F0,
	AFTER_F4,
	SLASH,
	U1,
	U2,
	U3,
	U4,
	SPOTS
};

static const struct spelling {
	uint8_t at, low, high, to;
} SPELLING[] = {
	{BETWEEN, 0x20, 0x21, BETWEEN},
	{BETWEEN, 0x23, 0x5b, BETWEEN},
	{BETWEEN, 0x5c, 0x5c, SLASH},
	{BETWEEN, 0x5d, 0x7f, BETWEEN},
	{BETWEEN, 0xc2, 0xdf, ONE},
	{BETWEEN, 0xe0, 0xe0, AFTER_E0},
	{BETWEEN, 0xe1, 0xec, TWO},
	{BETWEEN, 0xed, 0xed, AFTER_ED},
	{BETWEEN, 0xee, 0xef, TWO},
	{BETWEEN, 0xf0, 0xf0, AFTER_F0},
	{BETWEEN, 0xf1, 0xf3, THREE},
	{BETWEEN, 0xf4, 0xf4, AFTER_F4},
	{ONE, 0x80, 0xbf, BETWEEN},
	{TWO, 0x80, 0xbf, ONE},
	{THREE, 0x80, 0xbf, TWO},
	{AFTER_E0, 0xa0, 0xbf, ONE},
	{AFTER_ED, 0x80, 0x9f, ONE},
	{AFTER_F0, 0x90, 0xbf, TWO},
	{AFTER_F4, 0x80, 0x8f, TWO},
	{SLASH, '"', '"', BETWEEN},
	{SLASH, '\\', '\\', BETWEEN},
	{SLASH, 'b', 'b', BETWEEN},
	{SLASH, 'f', 'f', BETWEEN},
	{SLASH, 'n', 'n', BETWEEN},
	{SLASH, 'r', 'r', BETWEEN},
	{SLASH, 't', 't', BETWEEN},
	{SLASH, 'u', 'u', U1},
	{U1, '0', '0', U2},
	{U2, '0', '0', U3},
	{U3, '0', '1', U4},
	{U4, '0', '9', BETWEEN},
	{U4, 'a', 'f', BETWEEN},
};

struct walk {
	struct automaton *a;
	uint32_t end;
	uint32_t loose[SPOTS]; /* nodes of strings that have left the tree; 0: not made */
	struct buf *names;     /* sorted by their bytes */
};

/* The node of a spot outside the tree; `spots` behind it are made when they are first needed. */
static uint32_t loose_node(struct walk *w, enum spot spot)
{
	if (w->loose[spot] != 0)
		return w->loose[spot];
	w->loose[spot] = automaton_node(w->a);
	if (w->loose[spot] == 0)
		return 0;
	for (size_t i = 0; i < sizeof SPELLING / sizeof *SPELLING; i++)
		if (SPELLING[i].at == spot)
			automaton_byte(w->a, w->loose[spot], SPELLING[i].low, SPELLING[i].high,
				       loose_node(w, (enum spot)SPELLING[i].to));
	if (spot == BETWEEN)
		automaton_byte(w->a, w->loose[spot], '"', '"', w->end);
	return w->loose[spot];
}

static enum spot spot_behind(enum spot at, uint8_t byte)
{
	for (size_t i = 0; i < sizeof SPELLING / sizeof *SPELLING; i++)
		if (SPELLING[i].at == at && SPELLING[i].low <= byte && byte <= SPELLING[i].high)
			return (enum spot)SPELLING[i].to;
	return BETWEEN;
}

static uint8_t byte_at(const struct buf *name, size_t at)
{
	return at < name->size ? name->data[at] : 0;
}

/* The bytes low..high at this spot but those with which one of the names goes on. */
static void add_leaving(struct walk *w, uint32_t from, const struct spelling *s, size_t first,
			size_t last, size_t depth)
{
	unsigned low = s->low;
	uint32_t to = loose_node(w, (enum spot)s->to);

	for (size_t i = first; i < last; i++) {
		unsigned taken = byte_at(&w->names[i], depth);

		if (w->names[i].size <= depth || taken < low || taken > s->high)
			continue;
		if (taken > low)
			automaton_byte(w->a, from, (uint8_t)low, (uint8_t)(taken - 1), to);
		low = taken + 1;
	}
	if (low <= s->high)
		automaton_byte(w->a, from, (uint8_t)low, s->high, to);
}

/* A place in the tree: the names first..last - 1 agree in their first `depth` bytes. */
struct branch {
	uint32_t node;
	size_t first, last, depth;
	enum spot spot;
};

/* What may follow at a place; the places behind it are put on the stack. */
static size_t follow_branch(struct walk *w, struct branch b, struct branch *stack, size_t count)
{
	bool is_name = w->names[b.first].size == b.depth;

	for (size_t i = 0; i < sizeof SPELLING / sizeof *SPELLING; i++)
		if (SPELLING[i].at == b.spot)
			add_leaving(w, b.node, &SPELLING[i], b.first, b.last, b.depth);
	if (b.spot == BETWEEN && !is_name)
		automaton_byte(w->a, b.node, '"', '"', w->end);
	for (size_t i = b.first + is_name; i < b.last;) {
		uint8_t byte = w->names[i].data[b.depth];
		struct branch next = {automaton_node(w->a), i, i, b.depth + 1,
				      spot_behind(b.spot, byte)};

		while (next.last < b.last && w->names[next.last].data[b.depth] == byte)
			next.last++;
		automaton_byte(w->a, b.node, byte, byte, next.node);
		stack[count++] = next;
		i = next.last;
	}
	return count;
}

static void add_tree(struct walk *w, uint32_t from, size_t count)
{
	size_t room = 2, used = 1;
	struct branch *stack;

	for (size_t i = 0; i < count; i++)
		room += w->names[i].size;
	stack = calloc(room, sizeof *stack);
	assert(stack);
	stack[0] = (struct branch){.node = from, .last = count, .spot = BETWEEN};
	while (used > 0 && !w->a->is_full) {
		used--;
		used = follow_branch(w, stack[used], stack, used);
	}
	free(stack);
}

static int compare_names(const void *x, const void *y)
{
	const struct buf *a = x;
	const struct buf *b = y;
	int order = memcmp(a->data, b->data, a->size < b->size ? a->size : b->size);

	return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

uint32_t other_keys_rule(struct shapes *shapes, const json_t *names)
{
	size_t count = json_object_size(names), i = 0;
	uint32_t rule;
	struct walk w = {.a = shapes->a};
	const char *name;
	json_t *unused;

	if (count == 0)
		return shapes_rule(shapes, SHAPE_STRING);
	rule = automaton_rule(shapes->a);
	w.end = rule_end(shapes->a, rule);
	w.names = calloc(count, sizeof *w.names);
	assert(w.names);
	json_object_foreach((json_t *)(uintptr_t)names, name, unused)
	{
		w.names[i] = buf_new(8 * strlen(name) + 1);
		(void)buf_reserve(&w.names[i], 1); /* the empty name has an address, too */
		utf8_write_quoted(&w.names[i++], slice_of_string(name));
	}
	qsort(w.names, count, sizeof *w.names, compare_names);
	add_tree(&w, automaton_text(shapes->a, rule_start(shapes->a, rule), S("\"")), count);
	for (i = 0; i < count; i++)
		buf_free(&w.names[i]);
	free(w.names);
	return rule;
}

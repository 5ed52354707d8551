/* SPDX-License-Identifier: Apache-2.0 */
/* sets.h - sets of places of an automaton, each kept once and known by its number; for states.c. */
#ifndef INFERENCE_GRAMMAR_SETS_H
#define INFERENCE_GRAMMAR_SETS_H

#include "inference/grammar/states.h"

enum { SETS_TABLE = 2 * STATES_MAX };
#define SETS_NO_ROOM UINT32_MAX

struct item {
	uint32_t node;
	uint32_t count; /* at a repetition: how often it was there */
	uint32_t frame;
};

/* Sets of items, sorted, each kept once. */
struct sets {
	struct item *items;
	uint32_t item_count, item_room;
	uint32_t starts[STATES_MAX + 1]; /* set i: items starts[i] .. starts[i + 1] */
	uint32_t count;
	uint32_t table[SETS_TABLE]; /* number + 1; 0: empty */
};

int sets_compare(const void *x, const void *y); /* two items */
uint32_t sets_hash(uint32_t h, const struct item *item);

/* The number of this set, which is sorted here; SETS_NO_ROOM where there is none for a new one. */
uint32_t sets_intern(struct sets *s, struct item *items, uint32_t n);
void sets_clear(struct sets *s); /* empty, memory kept */

#endif

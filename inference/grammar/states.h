/* SPDX-License-Identifier: Apache-2.0 */
/*
 * states.h - the states that an automaton can be in, made as they are met and kept, so that a step
 * that was made once is a look into a table.
 *
 * A state is the set of all places where the automaton could be: (node, frame). A frame stands for
 * a rule that is being read: it is the set of places to go on at when it ends, each within a frame
 * of its own. Places that read the same rule from the same byte on share one frame, so that what
 * could be read in many ways costs the sum of the ways, not their product (after Scott and
 * Johnstone, "GLL parsing", 2010).
 */
#ifndef INFERENCE_GRAMMAR_STATES_H
#define INFERENCE_GRAMMAR_STATES_H

#include "inference/grammar/automaton.h"

enum {
	STATES_MAX = 1 << 13,        /* states, and frames */
	STATES_MAX_ITEMS = 1 << 18,  /* places in all states and frames together */
	STATES_MAX_WORK = 1 << 20,   /* places looked at for one mask: a few ten milliseconds */
	STATES_MAX_PLACES = 1 << 12, /* looked at for one step */
	STATE_DEAD = 0,
};

#define STATES_UNKNOWN UINT32_MAX /* a step that was not made yet */

struct states;

/* `a` is borrowed, and finished. */
struct states *states_new(const struct automaton *a);
void states_free(struct states *s); /* NULL is fine */

uint32_t states_start(struct states *s);
uint32_t states_make(struct states *s, uint32_t state, uint8_t byte); /* or STATE_DEAD */

/* The steps that were made: [state][class of the byte]. */
struct states_table {
	uint32_t *rows;
	uint32_t class_count;
	const uint8_t *class_of;
};
const struct states_table *states_table(const struct states *s);

/* One step, for loops over many: a look into the table, or else states_make. */
static inline uint32_t states_next(struct states *s, const struct states_table *t, uint32_t state,
				   uint8_t byte)
{
	uint32_t next = t->rows[(size_t)state * t->class_count + t->class_of[byte]];

	return next != STATES_UNKNOWN ? next : states_make(s, state, byte);
}

bool states_may_end(const struct states *s, uint32_t state);
bool states_can_go_on(const struct states *s, uint32_t state); /* some byte may follow */

/* States come up to STATES_MAX, work up to STATES_MAX_WORK after the last states_rest; past either,
 * a step that is not in the table is dead. */
void states_rest(struct states *s);
bool states_are_short(const struct states *s); /* a step was refused for that since */

/* Half full: forget all states but these, whose numbers change. True if it did. */
bool states_clean(struct states *s, uint32_t *const *kept, size_t count);

size_t states_bytes(const struct states *s); /* memory */

#endif

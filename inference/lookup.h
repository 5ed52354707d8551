/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lookup.h - what might come next, by what has come before (prompt lookup: Saxena, 2023): the last
 * tokens of a text are looked for further up in it, and what followed them there is guessed to
 * follow again. A guess costs a row of the next pass, which says by itself whether it was right, so
 * that a wrong one changes nothing but time. Who guesses wrong guesses less: see lookup_learn.
 */
#ifndef INFERENCE_LOOKUP_H
#define INFERENCE_LOOKUP_H

#include <stddef.h>
#include <stdint.h>

enum { LOOKUP_MOST = 4 /* guesses at a time */ };

struct lookup {
	uint32_t rest;    /* steps without a guess, before the next is tried */
	uint32_t penalty; /* the length of the next such rest */
	uint32_t most;    /* guesses at a time, from now on; 0: as many as there may be */
};

/* At most `most` guesses behind tokens[count - 1], into `out`; how many. */
size_t lookup_guess(struct lookup *l, uint32_t *out, const uint32_t *tokens, size_t count,
		    size_t most);

/* Of so many guesses, the first `right` were. All: twice as many the next time; else as many as
 * were right, and at least one. Fewer than half: none for a while, twice as long each time; else
 * the rests become short again. */
void lookup_learn(struct lookup *l, size_t guesses, size_t right);

#endif

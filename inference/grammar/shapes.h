/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shapes.h - the rules that all JSON is made of, each made when it is first asked for.
 *
 * White space may stand behind "{", "[" and "," and before "}" and "]": one space, or one newline
 * and at most 20 spaces and tabs; behind ":" one space. That is how people and programs write JSON,
 * and no model can go on with it for ever. Numbers have at most 18 digits before the point, 17
 * behind it and 2 in the exponent, so that every reader reads them.
 */
#ifndef INFERENCE_GRAMMAR_SHAPES_H
#define INFERENCE_GRAMMAR_SHAPES_H

#include "inference/grammar/automaton.h"

enum shape {
	SHAPE_SPACE,     /* between members and elements */
	SHAPE_CHARACTER, /* of a string: as it is, or with any escape; never half a surrogate pair
			  */
	SHAPE_STRING,
	SHAPE_INTEGER,
	SHAPE_NUMBER,
	SHAPE_BOOLEAN,
	SHAPE_NULL,
	SHAPE_ARRAY,
	SHAPE_OBJECT,
	SHAPE_VALUE,
	SHAPE_NOTHING, /* no text at all is this */
	SHAPES,
};

enum { SHAPES_WHOLE_DIGITS = 18, SHAPES_FRACTION_DIGITS = 17 };

struct shapes {
	struct automaton *a;
	uint32_t rules[SHAPES]; /* + 1; 0: not made yet */
};

uint32_t shapes_rule(struct shapes *s, enum shape shape);

static inline uint32_t shapes_one(struct shapes *s, uint32_t from, enum shape shape)
{
	return automaton_one(s->a, from, shapes_rule(s, shape));
}
/* ":" and perhaps a space. */
static inline uint32_t shapes_colon(struct shapes *s, uint32_t from)
{
	uint32_t at = automaton_text(s->a, from, S(":"));
	uint32_t to = automaton_text(s->a, at, S(" "));

	automaton_skip(s->a, at, to);
	return to;
}
static inline uint32_t shapes_maybe_space(struct shapes *s, uint32_t from)
{
	return automaton_maybe(s->a, from, shapes_rule(s, SHAPE_SPACE));
}

/* least..most of the bytes low..high, appended. */
uint32_t shapes_run(struct automaton *a, uint32_t from, uint8_t low, uint8_t high, unsigned least,
		    unsigned most);

#endif

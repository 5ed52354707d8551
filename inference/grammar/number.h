/* SPDX-License-Identifier: Apache-2.0 */
/* number.h - decimal numbers between two bounds, exactly: digit by digit, as one compares them. */
#ifndef INFERENCE_GRAMMAR_NUMBER_H
#define INFERENCE_GRAMMAR_NUMBER_H

#include <jansson.h>

#include "inference/grammar/shapes.h"

/* |value| = whole.fraction, without zeros that say nothing. */
struct decimal {
	bool negative;
	uint8_t whole[SHAPES_WHOLE_DIGITS]; /* the digits 0..9 */
	size_t whole_count;                 /* at least 1 */
	uint8_t fraction[SHAPES_FRACTION_DIGITS];
	size_t fraction_count;
};

struct number_range {
	bool has_low, has_high;
	bool low_is_open, high_is_open; /* the bound itself does not belong to it */
	struct decimal low, high;
	bool whole_only;
};

/* ERR_UNSUPPORTED for one with more digits than numbers have here. */
RESULT decimal_read(struct decimal *out, const json_t *number);
int decimal_compare(const struct decimal *a, const struct decimal *b);

/* A number of this range, appended; it has no exponent. Nothing, if the range is empty. */
uint32_t number_append(struct automaton *a, uint32_t from, const struct number_range *range);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/internals_budget.h"

const char *internals_precision_name(enum internals_precision precision)
{
	return precision == INTERNALS_FLOAT16 ? "float16" : "float32";
}

unsigned internals_precision_bits(enum internals_precision precision)
{
	return precision == INTERNALS_FLOAT16 ? 16 : 32;
}

enum err internals_revealed(struct internals_revelation *sum, struct slice module, uint64_t scalars,
			    enum internals_precision precision)
{
	uint64_t bits;

	if (__builtin_mul_overflow(scalars, internals_precision_bits(precision), &bits) ||
	    __builtin_add_overflow(sum->bits, bits, &sum->bits) ||
	    __builtin_add_overflow(sum->scalars, scalars, &sum->scalars))
		return failure(ERR_LIMIT, "%.*s: more numbers than can be counted",
			       SLICE_PRINT(slice_part(module, 0, 64)));
	return OK;
}

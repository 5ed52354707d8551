/* SPDX-License-Identifier: Apache-2.0 */
/*
 * internals_budget.h - what reading inside a model reveals of it. A hidden state with its logits is
 * an equation about the weights, and enough of them are the weights (Carlini et al., 2024,
 * arXiv 2403.06634); so every number that leaves is counted, here and nowhere else, before it does.
 *
 * Today the counts are recorded with the call and nothing is refused. A budget of bits by
 * institution, model and module belongs into internals_revealed: its ERR_LIMIT stops the answer.
 */
#ifndef POLICY_INTERNALS_BUDGET_H
#define POLICY_INTERNALS_BUDGET_H

#include "crypto/base/err.h"
#include "crypto/base/slice.h"

enum internals_precision { INTERNALS_FLOAT32, INTERNALS_FLOAT16 };

/* Of one call. */
struct internals_revelation {
	uint64_t scalars;
	uint64_t bits;
};

const char *internals_precision_name(enum internals_precision precision); /* "float32" */
unsigned internals_precision_bits(enum internals_precision precision);

/* `scalars` numbers of `module` ("blocks.3.hook_resid_post") are about to leave. ERR_LIMIT: they
 * may not; nothing of the answer does then. */
RESULT internals_revealed(struct internals_revelation *sum, struct slice module, uint64_t scalars,
			  enum internals_precision precision);

#endif

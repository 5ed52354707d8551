/* SPDX-License-Identifier: Apache-2.0 */
/* mask.h - the tokens that a state admits, found by one walk along the tree of tokens. */
#ifndef INFERENCE_GRAMMAR_MASK_H
#define INFERENCE_GRAMMAR_MASK_H

#include "inference/grammar/states.h"
#include "inference/grammar/vocabulary.h"

/* Sets bits in `mask` (grammar_vocabulary_words, all zero before). Exact, unless
 * states_are_short says otherwise: then some that may come are missing. */
void mask_fill(uint64_t *mask, struct states *s, const struct automaton *a, uint32_t state,
	       const struct grammar_vocabulary *v, bool is_first);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* source.h - from what is wanted, in any of its languages, to an automaton. */
#ifndef INFERENCE_GRAMMAR_SOURCE_H
#define INFERENCE_GRAMMAR_SOURCE_H

#include "inference/grammar/automaton.h"
#include "inference/grammar/grammar.h"

/* Fills an automaton that was initialized; it is finished then. Errors as of grammar_new. */
RESULT source_compile(struct automaton *a, enum grammar_kind kind, struct slice text);

#endif

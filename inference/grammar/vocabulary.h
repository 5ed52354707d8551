/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vocabulary.h - the tokens of a model by their bytes, so that a walk of the automaton along
 * common beginnings finds all that may come next. Built once for a model, shared by its grammars.
 */
#ifndef INFERENCE_GRAMMAR_VOCABULARY_H
#define INFERENCE_GRAMMAR_VOCABULARY_H

#include "inference/grammar/grammar.h"

/* Where tokens come from. */
struct grammar_tokens {
	void *context;
	size_t count; /* ids from 0 on */
	/* Append the bytes that this token writes, nothing for one that must never come (special
	 * tokens, ids that there are not). */
	void (*write)(void *context, uint32_t id, bool is_first, struct buf *out);
	const uint32_t *ends; /* tokens that end an answer; copied */
	size_t end_count;
};

/* Reads all tokens once. */
RESULT grammar_vocabulary_new(struct grammar_vocabulary **out, const struct grammar_tokens *tokens);
void grammar_vocabulary_free(struct grammar_vocabulary *v); /* NULL is fine */
AUTO_POINTER(grammar_vocabulary)
size_t grammar_vocabulary_words(const struct grammar_vocabulary *v); /* of a mask, 64 tokens each */
size_t grammar_vocabulary_bytes(const struct grammar_vocabulary *v); /* memory */

#endif

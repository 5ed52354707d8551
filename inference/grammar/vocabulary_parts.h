/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vocabulary_parts.h - the inside of a vocabulary, for vocabulary.c and mask.c.
 *
 * A tree of tokens is written down in the order in which a walk meets its nodes, so that the walk
 * reads memory from the front to the back and leaves out a dead branch by a jump. Most tokens of a
 * large vocabulary are plain: whole characters that a JSON string holds as they are. Where all
 * such characters lead to the same state, as they do within a string, these tokens need no walk:
 * they stand in sets, by how many characters they have, and a second tree holds the rest.
 */
#ifndef INFERENCE_GRAMMAR_VOCABULARY_PARTS_H
#define INFERENCE_GRAMMAR_VOCABULARY_PARTS_H

#include "inference/grammar/vocabulary.h"

struct token_node {
	uint32_t behind; /* the first node that is not below this one */
	uint32_t tokens; /* the first in the list of ids of those that end here ... */
	uint16_t count;  /* ... and how many: vocabularies have different ids of the same bytes */
	uint16_t depth;  /* bytes up to here, at least 1 */
	uint8_t byte;
};

struct token_tree {
	struct token_node *nodes;
	size_t count;
	uint32_t *ids;
	size_t depth; /* of the deepest node */
};

struct grammar_vocabulary {
	size_t words; /* of a mask */
	struct token_tree all;
	struct token_tree first; /* as the first of a text; empty where that makes no difference */
	struct token_tree special; /* those of `all` that are not plain */
	size_t plain_lengths;      /* plain[n - 1]: the plain tokens of up to n characters */
	uint64_t **plain;
	uint64_t *ends;
	size_t bytes;
};

#endif

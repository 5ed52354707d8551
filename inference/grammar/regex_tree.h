/* SPDX-License-Identifier: Apache-2.0 */
/* regex_tree.h - an expression as it was read, for regex.c only. */
#ifndef INFERENCE_GRAMMAR_REGEX_TREE_H
#define INFERENCE_GRAMMAR_REGEX_TREE_H

#include "crypto/base/arena.h"
#include "inference/grammar/regex.h"

struct regex_range {
	uint32_t low, high;
};

enum {
	REGEX_MAX_RANGES = 128, /* of one class */
	REGEX_MAX_SETS = 1024,
	REGEX_MAX_COUNT = 1 << 12, /* {count} */
	REGEX_ANY = 0,             /* the set of all characters; it is always there */
};

/* Characters: sorted ranges that neither touch nor overlap. */
struct regex_set {
	struct regex_range *ranges;
	size_t count;
};

enum regex_kind {
	REGEX_SET,
	REGEX_SEQUENCE,     /* of its children; none: the empty text */
	REGEX_ALTERNATIVES, /* its children */
	REGEX_REPEAT,       /* its only child */
	REGEX_BEGINS,       /* ^ */
	REGEX_ENDS,         /* $ */
};

struct regex_item {
	enum regex_kind kind;
	uint32_t set;
	uint32_t least, most;
	struct regex_item *children, *next;
};

struct regex_tree {
	struct arena arena;
	struct regex_item *root;
	struct regex_set sets[REGEX_MAX_SETS];
	uint32_t set_count;
};

/* Fills *out, to be cleared even after a failure. */
RESULT regex_read(struct regex_tree *out, struct slice pattern);
void regex_tree_clear(struct regex_tree *t); /* fit for AUTO */

#endif

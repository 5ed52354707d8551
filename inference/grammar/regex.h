/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regex.h - regular expressions as JSON Schema has them (ECMA 262, by code points), as far as they
 * are regular: characters, classes, groups, alternatives, repetitions, anchors. What looks around
 * or back is refused. Nothing is matched here: an expression becomes a part of an automaton.
 */
#ifndef INFERENCE_GRAMMAR_REGEX_H
#define INFERENCE_GRAMMAR_REGEX_H

#include "crypto/base/buf.h"
#include "inference/grammar/automaton.h"

enum {
	REGEX_MAX_NODES = 1 << 13,    /* repetitions written out */
	REGEX_MAX_TOGETHER = 1 << 16, /* of all expressions of an automaton */
	REGEX_MAX_STATES = 1 << 17,   /* the same for each length that matters */
	REGEX_MAX_DEPTH = 64,         /* groups within groups */
};

struct regex_use {
	bool is_quoted; /* characters as they stand in a JSON string (utf8_quoted) */
	bool is_whole;  /* it must match all of the text; else any part of it */
	uint32_t least; /* characters of the text */
	uint32_t most;  /* or AUTOMATON_UNBOUNDED */
};

/* A text that matches, appended; *to is where it ended. ERR_FORMAT for what is no expression,
 * ERR_UNSUPPORTED for what is not regular or not known, ERR_LIMIT. */
RESULT regex_append(uint32_t *to, struct automaton *a, uint32_t from, struct slice pattern,
		    const struct regex_use *use);

#endif

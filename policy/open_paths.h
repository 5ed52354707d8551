/* SPDX-License-Identifier: Apache-2.0 */
/*
 * open_paths.h - which files of a gated model anyone may read: a short list of patterns, as
 * "README.md" or "LICENSE*". A star stands for any run of signs without a slash, two of them as
 * a whole segment for any number of segments, and every other sign for itself.
 *
 * No pattern ever opens weights: a file whose name says that it holds some matches none. The edge
 * decides by this, and the keeper once more by the same code before it releases a key.
 */
#ifndef POLICY_OPEN_PATHS_H
#define POLICY_OPEN_PATHS_H

#include "crypto/base/err.h"
#include "crypto/base/slice.h"

enum {
	OPEN_PATHS_MAX = 32,    /* patterns of a model */
	OPEN_PATTERN_MAX = 256, /* bytes of one */
	OPEN_PATHS_MAX_TEXT = OPEN_PATHS_MAX * (OPEN_PATTERN_MAX + 1),
};

/* What a new model opens, as a list. */
#define OPEN_PATHS_DEFAULT "README.md\nLICENSE\nLICENSE.md\nLICENSE.txt"

/* May it stand in a list? ERR_FORMAT says what is wrong and what to write instead. */
RESULT open_pattern_check(struct slice pattern);

/* Does a file's name say that it holds weights ("model.safetensors", "a/b.gguf.part1")? Indexes
 * in JSON do not. */
bool open_path_is_weights(struct slice path);

/* A pattern that open_pattern_check() refuses matches nothing. */
bool open_pattern_matches(struct slice pattern, struct slice path);

/* A list is one pattern a line. The next one from the front of *rest; false at the end. */
bool open_paths_next(struct slice *pattern, struct slice *rest);

/* The first pattern of the list that opens the path, in *pattern; false: none does. */
bool open_paths_find(struct slice *pattern, struct slice list, struct slice path);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tree.h - the files of a revision as a gateway lists them. Pure; every byte is a stranger's:
 * names are checked before anything is written under them, and there are ceilings.
 */
#ifndef GATEWAY_CLI_TREE_H
#define GATEWAY_CLI_TREE_H

#include "crypto/base/arena.h"
#include "crypto/json.h"

enum { TREE_MAX_FILES = 10000, TREE_MAX_SIZE_BITS = 50 };

/* What a pull keeps in its directory for itself: no file of a revision is called so. */
#define TREE_OWN_PREFIX ".sallyport-"
#define TREE_PART_PREFIX TREE_OWN_PREFIX "part-" /* while it is under way */

struct tree_file {
	const char *path;
	uint64_t size;
	const char *sha256; /* 64 digits; NULL: a small file, known by its git id */
	const char *git;    /* 40 digits; NULL: a large one */
	bool is_logged;     /* sha256 is what the public log holds of this file */
};

struct tree {
	struct tree_file *files; /* sorted by path; no two the same */
	size_t count;
	uint64_t bytes;
	bool is_masked; /* ids are withheld: this token may not read the files */
};

/* A name that may be written below a directory: relative, no "..", no control character, none of
 * our own. ERR_DENIED otherwise. */
RESULT tree_check_path(struct slice path);

/* Does the path match one of the patterns? As in a shell, but "*" matches slashes, too. */
bool tree_matches(const char *path, const char *const *patterns, size_t count);

/* A listing (an array of the Hub's entries; folders are skipped). Texts go to the arena. */
RESULT tree_read(struct tree *out, struct arena *arena, const json_t *list);

/* The address in a Link header (RFC 8288) whose rel is "next"; empty if there is none. Borrowed. */
struct slice tree_next_page(struct slice link);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upstream.h - another hub, as a source of models: how its addresses are made, and what it says
 * of a revision and its files. Pure. Every word of its answers is a stranger's.
 */
#ifndef GATEWAY_API_OUTBOUND_UPSTREAM_H
#define GATEWAY_API_OUTBOUND_UPSTREAM_H

#include "crypto/base/arena.h"
#include "gateway/api/upload/commit.h"

enum { UPSTREAM_MAX_ANSWER = 4 * 1024 * 1024, UPSTREAM_MAX_PAGES = 64 };

struct upstream {
	struct slice endpoint;   /* "https://host[:port][/prefix]", no slash at its end */
	struct slice repository; /* "org/name" or "name" */
	struct slice revision;   /* what was asked for; then the commit it stands for */
};

/* "hf:ORG/NAME" (below `hub`) or "https://HOST[:PORT]/ORG/NAME". ERR_FORMAT says what is taken.
 * Borrows from its inputs. */
RESULT upstream_parse(struct upstream *out, struct slice source, struct slice hub);

struct slice upstream_info_url(struct arena *arena, const struct upstream *u);
struct slice upstream_tree_url(struct arena *arena, const struct upstream *u);
struct slice upstream_file_url(struct arena *arena, const struct upstream *u, struct slice path);

struct upstream_file {
	struct slice path;
	uint64_t size;
	bool is_large; /* has a SHA-256; else the Git hash is what can be checked */
	uint8_t sha256[32];
	uint8_t git_sha1[20];
};

struct upstream_tree {
	struct upstream_file *files; /* room for COMMIT_MAX_FILES, from the arena */
	size_t count;
};

/* The commit that the revision stands for. */
RESULT upstream_read_info(struct slice *commit, struct arena *arena, struct slice text);

/* Adds one page of the tree's listing. ERR_FORMAT, ERR_LIMIT, ERR_CONFLICT (it contradicts
 * itself); ERR_DENIED: the hashes are hidden from this reader. */
RESULT upstream_read_tree(struct upstream_tree *tree, struct arena *arena, struct slice text);

#endif

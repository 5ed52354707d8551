/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pull.h - downloads a model: what its tree lists, one file after the other, each under a
 * temporary name until its SHA-256 is what the tree says. A broken download goes on where it
 * stopped, in this run or the next.
 */
#ifndef GATEWAY_CLI_PULL_H
#define GATEWAY_CLI_PULL_H

#include "gateway/cli/client.h"

struct pull_done {
	const char *revision;  /* in the arena */
	size_t files, fetched; /* the others were there already */
	uint64_t bytes;        /* received */
};

RESULT pull_run(struct pull_done *out, struct arena *arena, struct client *c, const char *model,
		const char *revision, const char *dir);

/* A name from a tree that may be written below a directory: relative, no "..", not hidden in
 * part. ERR_DENIED otherwise. */
RESULT pull_check_path(struct slice path);

#endif

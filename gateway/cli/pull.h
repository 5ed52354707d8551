/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pull.h - downloads a revision of a model into a directory: several files at a time, each into a
 * part beside the others; once all of them are what the revision's manifest says, they get their
 * names. A pull that was broken off, killed even, goes on where it stopped.
 */
#ifndef GATEWAY_CLI_PULL_H
#define GATEWAY_CLI_PULL_H

#include "gateway/cli/client.h"

enum { PULL_JOBS = 4, PULL_MAX_JOBS = 16 };

struct pull_plan {
	const char *model;
	const char *revision; /* a branch, or 40 digits */
	const char *dir;
	size_t jobs; /* connections: 1 to PULL_MAX_JOBS */
};

struct pull_done {
	const char *revision;  /* in the arena */
	size_t files, fetched; /* the others were there already */
	uint64_t bytes;        /* received */
};

RESULT pull_run(struct pull_done *out, struct arena *arena, struct client *c,
		const struct pull_plan *plan);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pull.h - downloads a revision of a model into a directory. What its files are, the public log
 * says (pull_proof.h), before the first byte comes. Several pieces come at a time, each file into
 * a part beside the others; once all of them are right, they get their names. A pull that was
 * broken off, killed even, goes on where it stopped.
 */
#ifndef GATEWAY_CLI_PULL_H
#define GATEWAY_CLI_PULL_H

#include "gateway/cli/client.h"

enum { PULL_JOBS = 4, PULL_MAX_JOBS = 16, PULL_MAX_PATTERNS = 32 };

struct pull_plan {
	const char *model;
	const char *revision; /* a branch, a tag, or 40 digits */
	const char *dir;
	const char *vkey;    /* the log's key; NULL: as remembered, or as told the first time */
	size_t jobs;         /* connections: 1 to PULL_MAX_JOBS */
	uint64_t limit_rate; /* bytes a second in all; 0: none */
	bool force;          /* replace files that no pull has put there */
	const char *include[PULL_MAX_PATTERNS]; /* none: all */
	size_t include_count;
	const char *exclude[PULL_MAX_PATTERNS];
	size_t exclude_count;
};

struct pull_done {
	const char *revision;            /* in the arena */
	size_t files, fetched, left_out; /* the others were there already, and right */
	uint64_t bytes;                  /* received */
	int64_t milliseconds;
	unsigned retries;
	uint64_t log_index, log_size; /* the entry, and the log it is proven in */
	const char *log_key;          /* in the arena */
	bool is_first_sight;          /* of that key */
};

RESULT pull_run(struct pull_done *out, struct arena *arena, struct client *c,
		const struct pull_plan *plan);

#endif

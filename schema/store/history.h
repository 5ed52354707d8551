/* SPDX-License-Identifier: Apache-2.0 */
/* history.h - what led to a revision: its line of parents, and which of them changed a file last.
 */
#ifndef SCHEMA_STORE_HISTORY_H
#define SCHEMA_STORE_HISTORY_H

#include "schema/store/revision.h"

enum {
	HISTORY_MAX_LENGTH = 10000, /* revisions that are counted */
	HISTORY_MAX_DEPTH = 100,    /* revisions that are searched for a file's last change */
};

struct store_commit {
	struct slice path; /* of a last change; else empty */
	struct slice id;
	struct slice title;
	int64_t created_ms;
};

struct store_history_question {
	uint8_t model[STORE_ID];
	struct slice head;  /* id of a ready revision */
	struct slice after; /* id of the one before the first wanted; empty: begin at the head */
	size_t limit;
};

/* Newest first; *total counts the whole line from the head. */
RESULT store_history(struct store *s, struct arena *arena, struct store_commit **out, size_t *count,
		     uint64_t *total, const struct store_history_question *question);

/* For each file of the revision from path `first` to path `last` (in byte order): the revision that
 * gave it the content it has there, or the oldest that was searched. */
RESULT store_last_changes(struct store *s, struct arena *arena, struct store_commit **out,
			  size_t *count, const uint8_t model[STORE_ID], struct slice revision,
			  struct slice first, struct slice last);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import.h - a directory becomes a revision of a model, by the Hub's upload routes: every file is
 * hashed, what the gateway has not got yet is sent, and one commit makes all of it visible at
 * once. An import that ends early leaves nothing to be seen; one that is run again sends only
 * what is still missing.
 */
#ifndef GATEWAY_CLI_IMPORT_H
#define GATEWAY_CLI_IMPORT_H

#include "gateway/cli/client.h"
#include "gateway/cli/walk.h"

struct import_plan {
	const char *name;
	const char *path;        /* the directory */
	const char *branch;      /* "main" */
	const char *terms;       /* a file, or NULL */
	const char *gate;        /* manual, auto, no, public; NULL: as it is */
	const char *const *open; /* patterns of files that anyone may read; */
	size_t open_count;       /* 0: as they are; "" alone: none */
	bool hidden;             /* only those concerned shall know of it; false: as it is */
	bool allow_pickle;       /* pickles may be carried; false: as it is */
};

struct import_done {
	const char *revision; /* in the arena */
	const char *notes;    /* the gateway's, as "download only: ..."; "" if none */
	size_t files, sent, hidden;
	json_t *removed; /* names that the revision before had and the directory has not */
	uint64_t bytes;
	/* Of an import from another hub: */
	const char *source; /* its address, in the arena; NULL: it was a directory */
	const char *commit; /* of the source */
	uint64_t fetched;   /* bytes */
	int64_t milliseconds;
	bool is_unchanged; /* the model's revision was that already */
};

void import_done_clear(struct import_done *done); /* fit for AUTO */

/* The repository and its settings, before anything is sent. What is there already is fine. */
RESULT import_prepare(struct arena *arena, struct client *c, const struct import_plan *plan);

RESULT import_run(struct import_done *out, struct arena *arena, struct client *c,
		  const struct import_plan *plan);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_care.h - models as those see them who keep them: all there are, with what is set, what was
 * uploaded and what rests on them.
 */
#ifndef SCHEMA_STORE_MODEL_CARE_H
#define SCHEMA_STORE_MODEL_CARE_H

#include "schema/store/model.h"

struct store_care {
	struct slice name, state, state_reason, gate;
	bool hidden;
	int64_t created_ms, changed_ms;
	struct slice main;    /* empty: nothing was committed */
	int64_t files, bytes; /* of main */
	bool runnable;        /* of main */
	struct slice runnable_reason, tasks;
	struct slice quantize; /* none, q8_0, q4_0 */
	bool is_pinned;
	int64_t least_bytes, most_bytes; /* that main needs in memory; 0: not counted yet */
	int64_t revisions;
	int64_t licenses; /* in force now */
	int64_t requests; /* open */
	int64_t adapters;
	int64_t uploads; /* in parts, not complete */
};

/* By name; shredded ones too. */
struct store_care_question {
	struct slice search; /* part of the name, whatever its case; empty: any */
	struct slice state;  /* empty: any */
	struct slice after;  /* name of the one before the first wanted; empty: begin */
	size_t limit;
	int64_t now_ms;
};
RESULT store_care_list(struct store *s, struct arena *arena, struct store_care **out, size_t *count,
		       const struct store_care_question *question);
RESULT store_care_get(struct store *s, struct arena *arena, struct store_care *out,
		      const uint8_t model[STORE_ID], int64_t now_ms);

/* A revision that is visible, newest first (at most 1000). */
struct store_care_revision {
	struct slice id, parent, title, made_by;
	int64_t made_ms;
	bool runnable, is_recalled;
	struct slice runnable_reason, tasks;
	uint8_t manifest_sha256[STORE_SHA256];
	int64_t files, bytes;
	struct slice names; /* branches and tags that point to it, comma-separated */
};
RESULT store_care_revisions(struct store *s, struct arena *arena, struct store_care_revision **out,
			    size_t *count, const uint8_t model[STORE_ID]);

/* A file that comes in parts, and is not complete. */
struct store_care_upload {
	uint8_t sha256[STORE_SHA256];
	int64_t size, came; /* bytes */
	struct slice begun_by;
	int64_t begun_ms, touched_ms;
};
RESULT store_care_uploads(struct store *s, struct arena *arena, struct store_care_upload **out,
			  size_t *count, const uint8_t model[STORE_ID]);

#endif

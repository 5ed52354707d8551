/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reference.h - branches and tags: names of a model's revisions. A branch moves with its commits, a
 * tag stays. No two of a model have one name, and none looks like a revision's id.
 */
#ifndef SCHEMA_STORE_REFERENCE_H
#define SCHEMA_STORE_REFERENCE_H

#include "schema/store/revision.h"

enum { STORE_MAX_REFERENCES = 1000, STORE_REFERENCE_NAME = 100 };

struct store_tag {
	struct slice name;
	struct slice revision;
	struct slice message;
	int64_t created_ms;
};

/* Where the branch points. ERR_NOT_FOUND. */
RESULT store_branch_find(struct store *s, struct arena *arena, struct slice *revision,
			 const uint8_t model[STORE_ID], struct slice name);

/* On a ready revision. ERR_CONFLICT: the name is taken, or there are STORE_MAX_REFERENCES. */
RESULT store_branch_create(struct store *s, const uint8_t model[STORE_ID], struct slice name,
			   struct slice revision, int64_t now_ms);

/* ERR_NOT_FOUND. */
RESULT store_branch_move(struct store *s, const uint8_t model[STORE_ID], struct slice name,
			 struct slice revision, int64_t now_ms);

/* `revision` gets where it pointed. ERR_NOT_FOUND, also for "main", which stays. */
RESULT store_branch_delete(struct store *s, struct arena *arena, struct slice *revision,
			   const uint8_t model[STORE_ID], struct slice name);

RESULT store_tag_create(struct store *s, const uint8_t model[STORE_ID], const struct store_tag *tag,
			const uint8_t created_by[STORE_ID]); /* as store_branch_create */
RESULT store_tag_delete(struct store *s, struct arena *arena, struct slice *revision,
			const uint8_t model[STORE_ID], struct slice name); /* ERR_NOT_FOUND */
RESULT store_tag_list(struct store *s, struct arena *arena, struct store_tag **out, size_t *count,
		      const uint8_t model[STORE_ID]);

#endif

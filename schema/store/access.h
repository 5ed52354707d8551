/* SPDX-License-Identifier: Apache-2.0 */
/*
 * access.h - everything a decision about one person, one model and one file rests on, in one
 * round trip. With store_credential_find before it, a request costs two.
 */
#ifndef SCHEMA_STORE_ACCESS_H
#define SCHEMA_STORE_ACCESS_H

#include "schema/store/license.h"
#include "schema/store/quota.h"
#include "schema/store/revision.h"

struct store_access {
	struct store_model model;
	bool has_revision;
	struct store_revision revision; /* ready, by id or branch */
	bool has_file;
	struct store_file file;
	struct store_license *licenses; /* of the person for this model, newest first, any state, */
	size_t license_count;           /* without the person's name */
	struct slice request_state;     /* of the person's latest for this model; empty: none */
	struct store_limit *limits;     /* of the person and their institutions */
	size_t limit_count;
};

struct store_access_question {
	uint8_t person[STORE_ID]; /* none: anonymous */
	struct slice model;       /* name */
	struct slice revision;    /* id or branch; empty: main */
	struct slice path;        /* empty: no file is asked for */
};

/* ERR_NOT_FOUND: no such model. A missing revision or file is not a failure. */
RESULT store_access_load(struct store *s, struct arena *arena, struct store_access *out,
			 const struct store_access_question *question);

/* A copy that points into `arena` and nowhere else. */
void store_access_copy(struct arena *arena, struct store_access *to,
		       const struct store_access *from);

#endif

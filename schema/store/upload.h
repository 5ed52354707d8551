/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upload.h - files that come in parts: what was begun, which parts are sealed, what was left. A
 * part is entered before its file is made and taken out after its file is gone, so that no file
 * is ever in the store that no row names.
 */
#ifndef SCHEMA_STORE_UPLOAD_H
#define SCHEMA_STORE_UPLOAD_H

#include "schema/store/terms.h"

enum {
	STORE_MAX_UPLOADS = 256,       /* unfinished ones, in all */
	STORE_MAX_UPLOAD_PARTS = 1024, /* of one */
	STORE_MAX_ATTEMPTS = 64,       /* parts of one that are being sealed, or were given up */
};

#define STORE_MAX_UPLOAD_BYTES (INT64_C(1) << 43) /* announced by all unfinished ones: 8 TiB */

struct store_upload {
	uint8_t id[STORE_ID];
	uint8_t model[STORE_ID];
	uint8_t sha256[STORE_SHA256];
	uint64_t size;
	uint64_t part_size;
	struct slice header;
	int64_t created_ms;
};

struct store_part {
	uint8_t id[STORE_ID]; /* of its file in the store */
	uint8_t upload[STORE_ID];
	unsigned number; /* from 1 */
	uint64_t size;
	uint8_t sha256[STORE_SHA256];
};

/* May files be sent to this model? ERR_DENIED: it is disabled or shredded; ERR_NOT_FOUND. */
RESULT store_upload_may_begin(struct store *s, const uint8_t model[STORE_ID]);

/* ERR_NOT_FOUND. */
RESULT store_upload_find(struct store *s, struct arena *arena, struct store_upload *out,
			 const uint8_t model[STORE_ID], const uint8_t sha256[STORE_SHA256],
			 uint64_t size);

/* ERR_CONFLICT: there is one of this content already, or a ceiling is reached. */
RESULT store_upload_create(struct store *s, const struct store_upload *upload,
			   const uint8_t created_by[STORE_ID]);

/* A part's row, before its file. ERR_CONFLICT: the upload is gone, or has too many attempts. */
RESULT store_part_begin(struct store *s, const struct store_part *part, int64_t now_ms);

/* It is sealed (size, sha256): it counts from now on. An earlier one of the same number is an
 * attempt again. ERR_CONFLICT: its row is gone. */
RESULT store_part_sealed(struct store *s, const struct store_part *part, int64_t now_ms);
RESULT store_part_delete(struct store *s, const uint8_t id[STORE_ID]); /* not there is fine */

/* The sealed ones, by number. */
RESULT store_part_list(struct store *s, struct arena *arena, struct store_part **out, size_t *count,
		       const uint8_t upload[STORE_ID]);

/* Attempts at a number that has a sealed part, but not that one: their files can go. */
RESULT store_part_replaced(struct store *s, struct arena *arena, struct store_part **out,
			   size_t *count, const struct store_part *part);

/* All there are: when the upload is over, their files go with it. */
RESULT store_part_all(struct store *s, struct arena *arena, struct store_part **out, size_t *count,
		      const uint8_t upload[STORE_ID]);

/* ERR_CONFLICT: there are parts. Not there is fine. */
RESULT store_upload_delete(struct store *s, const uint8_t id[STORE_ID]);

/* Last touched or begun before those times, or of a model that was shredded. */
RESULT store_upload_abandoned(struct store *s, struct arena *arena, struct store_upload **out,
			      size_t *count, int64_t touched_before_ms, int64_t begun_before_ms);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* blob.h - sealed files in the store, from the first byte to the revision that holds them. */
#ifndef SCHEMA_STORE_BLOB_H
#define SCHEMA_STORE_BLOB_H

#include "schema/store/terms.h"

enum { STORE_GIT_SHA1 = 20 };

struct store_blob {
	uint8_t id[STORE_ID];
	uint8_t model[STORE_ID];
	struct slice state; /* sealing, sealed, committed */
	uint64_t size;      /* of the plaintext; 0 while sealing */
	uint8_t sha256[STORE_SHA256];
	uint8_t git_sha1[STORE_GIT_SHA1];
	bool is_pickle;      /* by its first bytes */
	struct slice header; /* age header, not yet bound to a revision */
	int64_t created_ms;
};

RESULT store_blob_create(struct store *s, const struct store_blob *blob,
			 const uint8_t created_by[STORE_ID]);

/* sealing -> sealed. ERR_CONFLICT: it is not being sealed. */
RESULT store_blob_sealed(struct store *s, const uint8_t id[STORE_ID], uint64_t size,
			 const uint8_t sha256[STORE_SHA256], const uint8_t git_sha1[STORE_GIT_SHA1],
			 bool is_pickle);

/* A sealed (or committed) blob of this model with this content. Its header is one that a revision
 * has bound, if there is one: the keeper binds that again at any time, an unbound one only for a
 * week. ERR_NOT_FOUND. */
RESULT store_blob_by_sha256(struct store *s, struct arena *arena, struct store_blob *out,
			    const uint8_t model[STORE_ID], const uint8_t sha256[STORE_SHA256]);

/* Blobs in no revision and older than that, oldest first: what a killed import left. */
RESULT store_blob_orphans(struct store *s, struct arena *arena, struct store_blob **out,
			  size_t *count, int64_t before_ms);

/* Forget an orphan. ERR_CONFLICT: a revision holds it. */
RESULT store_blob_delete(struct store *s, const uint8_t id[STORE_ID]);

#endif

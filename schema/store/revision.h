/* SPDX-License-Identifier: Apache-2.0 */
/* revision.h - a revision of a model: a fixed set of files under a 40-hex id. */
#ifndef SCHEMA_STORE_REVISION_H
#define SCHEMA_STORE_REVISION_H

#include "schema/store/blob.h"
#include "schema/store/model.h"

enum { STORE_MAX_FILES = 512 };

struct store_revision {
	uint8_t model[STORE_ID];
	struct slice id;     /* 40 hex digits */
	struct slice state;  /* binding, ready */
	struct slice parent; /* may be empty */
	struct slice title;
	uint8_t manifest_sha256[STORE_SHA256];
	bool runnable;
	struct slice runnable_reason;
	bool has_template; /* it brings a chat_template */
	int64_t created_ms;
	uint8_t recall[STORE_ID]; /* none: it is not recalled */
	struct slice recall_reason;
	struct slice tasks; /* "embed,generate": what the engine serves it for */
	struct slice chat;  /* its template: "yes", "no: why", or empty: none, or not tried yet */
};

struct store_file {
	struct slice path;
	uint8_t blob[STORE_ID];
	uint64_t size;
	uint8_t sha256[STORE_SHA256];
	uint8_t git_sha1[STORE_GIT_SHA1];
	bool is_large;       /* an LFS file on the Hub surface */
	struct slice header; /* bound to (model, revision, path); empty until it is */
};

/* Insert it as `binding` with its files (headers may be empty), and mark their blobs as
 * committed. ERR_CONFLICT: it exists; ERR_NOT_FOUND: a blob does not, or is not sealed. */
RESULT store_revision_create(struct store *s, const struct store_revision *revision,
			     const uint8_t created_by[STORE_ID], const struct store_file *files,
			     size_t count);

/* Write the bound headers (path and header of each file). */
RESULT store_revision_set_headers(struct store *s, const uint8_t model[STORE_ID],
				  struct slice revision, const struct store_file *files,
				  size_t count);

/* binding -> ready, and the branch points to it (made if it is not there). ERR_CONFLICT: not
 * binding, a file has no bound header, or the branch points to another than its parent. */
RESULT store_revision_ready(struct store *s, const uint8_t model[STORE_ID], struct slice revision,
			    struct slice branch, int64_t now_ms);

RESULT store_revision_set_runnable(struct store *s, const uint8_t model[STORE_ID],
				   struct slice revision, bool runnable, struct slice reason);

RESULT store_revision_set_tasks(struct store *s, const uint8_t model[STORE_ID],
				struct slice revision, struct slice tasks);

RESULT store_revision_set_chat(struct store *s, const uint8_t model[STORE_ID],
			       struct slice revision, struct slice chat);

/* A ready revision by its id, or the name of a branch or tag. ERR_NOT_FOUND. */
RESULT store_revision_get(struct store *s, struct arena *arena, struct store_revision *out,
			  const uint8_t model[STORE_ID], struct slice id_or_name);

/* Ready ones, newest first. */
RESULT store_revision_list(struct store *s, struct arena *arena, struct store_revision **out,
			   size_t *count, const uint8_t model[STORE_ID]);

/* Files in path order, with headers; of a binding revision too. */
RESULT store_revision_files(struct store *s, struct arena *arena, struct store_file **out,
			    size_t *count, const uint8_t model[STORE_ID], struct slice revision);
RESULT store_revision_file(struct store *s, struct arena *arena, struct store_file *out,
			   const uint8_t model[STORE_ID], struct slice revision, struct slice path);

/* Remove a revision that is still binding (its files too; their blobs become orphans). */
RESULT store_revision_drop(struct store *s, const uint8_t model[STORE_ID], struct slice revision);

/* Remove those that are still binding and older than that: what a crash in a commit left. */
RESULT store_revision_sweep(struct store *s, int64_t before_ms);

struct store_branch {
	struct slice name;
	struct slice revision;
};

RESULT store_branch_list(struct store *s, struct arena *arena, struct store_branch **out,
			 size_t *count, const uint8_t model[STORE_ID]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commit.h - what an upload wants to change, read from the Hub's NDJSON commit; and the manifest
 * of what a revision holds. Pure: no database, no keys.
 */
#ifndef GATEWAY_API_UPLOAD_COMMIT_H
#define GATEWAY_API_UPLOAD_COMMIT_H

#include "crypto/base/arena.h"
#include "crypto/base/buf.h"
#include "crypto/digest.h"

enum {
	COMMIT_MAX_FILES = 512,             /* of a revision, and operations of a commit */
	COMMIT_MAX_LINE = 2 * 1024 * 1024,  /* bytes of one NDJSON line */
	COMMIT_MAX_BODY = 16 * 1024 * 1024, /* bytes of the whole commit */
	COMMIT_MAX_PATH = 500,              /* bytes of a file's path */
	COMMIT_MAX_REGULAR = 1024 * 1024,   /* larger files go by LFS */
	COMMIT_MAX_REFERENCE = 100,         /* bytes of a branch's or tag's name */
	COMMIT_REVISION = 41,               /* 40 hex digits and a NUL */
};

enum commit_kind { COMMIT_REGULAR, COMMIT_LARGE, COMMIT_DELETE, COMMIT_DELETE_FOLDER };

struct commit_operation {
	enum commit_kind kind;
	struct slice path;
	struct slice content;    /* REGULAR */
	const uint8_t *git_sha1; /* REGULAR: what it must be, 20 bytes; NULL: anything */
	struct digest sha256;    /* LARGE: of the plaintext, as the client says */
	uint64_t size;           /* REGULAR, LARGE */
};

struct commit {
	struct slice summary; /* "" if none was sent */
	struct slice parent;  /* the revision it must follow, "" if it does not say */
	struct commit_operation *operations;
	size_t count;
};

/* Texts go to the arena. ERR_FORMAT names the line; ERR_LIMIT. */
RESULT commit_parse(struct commit *out, struct arena *arena, struct slice body);

/* May a file of a repository be called so: relative, UTF-8, no empty part, no "." or "..", no
 * control byte, no backslash. ERR_FORMAT, ERR_LIMIT. */
RESULT commit_check_path(struct slice path);

/* May a branch or tag be called so: what git allows, and our database: 1 to 100 of A-Z a-z 0-9 . _
 * - and "/", beginning with a letter or digit, no empty part, none that begins with "." or ends
 * with
 * "." or ".lock", no ".."; not HEAD, not below refs/, and not like a revision's id. ERR_FORMAT. */
RESULT commit_check_reference(struct slice name);

struct commit_file {
	struct slice path;
	uint64_t size;
	struct digest sha256;
};

/* The manifest: canonical JSON {"files":[{"path","sha256","size"}...],"v":1}, sorted by path
 * (`files` is sorted in place). */
RESULT commit_write_manifest(struct buf *out, struct commit_file *files, size_t count);

/* The 40 hex digits of a revision: the start of SHA-256 over manifest digest, parent, model, time
 * and summary, so that it is stable for the same act and differs for any other. */
void commit_revision(char out[COMMIT_REVISION], const struct digest *manifest, struct slice parent,
		     struct slice model, int64_t now_ms, struct slice summary);

#endif

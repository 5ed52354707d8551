/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify.h - is this log what it says it is? Recomputes the whole tree from the entry bundles,
 * compares every tile with it, and the root with the signed checkpoint. It shares nothing with
 * the writer, not even the hash, so that a mistake there does not hide here. Memory is the same
 * for any size: some 300 KiB, and the largest bundle for each thread. Formats: C2SP tlog-tiles,
 * tlog-checkpoint, signed-note.
 */
#ifndef SCHEMA_AUDIT_VERIFY_H
#define SCHEMA_AUDIT_VERIFY_H

#include "crypto/base/buf.h"

/* Append the file at this path below the log ("checkpoint", "tile/0/000",
 * "tile/entries/x001/002.p/7") to *out. ERR_NOT_FOUND if there is none. */
typedef enum err audit_fetch_fn(void *context, struct buf *out, const char *path);

struct audit_verified {
	uint64_t size;
	uint8_t root[32];
	uint64_t tiles;   /* hash tiles compared */
	uint64_t bundles; /* entry bundles read */
};

struct audit_remembered { /* what an earlier verification saw; size 0: nothing */
	uint64_t size;
	uint8_t root[32];
};

struct audit_source {
	audit_fetch_fn *fetch; /* with several threads: from all of them at once */
	void *context;
	struct slice vkey; /* "name+hash+key": the log's, pinned by the caller */
	unsigned threads;  /* that share the work; 0 is 1 */
};

/*
 * ERR_FORGED: a byte was changed; the text names the checkpoint, the tile, or the entry.
 * ERR_NOT_FOUND: a tile or bundle is missing. ERR_CONFLICT: the log is shorter than the
 * remembered one, or no continuation of it.
 */
RESULT audit_verify(struct audit_verified *out, const struct audit_source *source,
		    const struct audit_remembered *remembered);

#endif

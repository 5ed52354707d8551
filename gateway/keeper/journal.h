/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal.h - the keeper's own memory of the log, on disk: the Merkle frontier of everything it
 * has appended, and the facts that follow from it. One append-only file, synced before any
 * answer rests on it. What was half written when the process died is dropped; what was damaged
 * afterwards stops the start. It only ever grows: there is one root for each size.
 *
 *     journal := record*            the first is a snapshot, the rest are changes
 *     record  := u32 size | u32 size inverted | check16 | body
 *     check   := SHA-256(check of the record before || body), cut to 16 bytes
 *
 * Past a size the file is replaced by a snapshot of what it says, atomically.
 */
#ifndef GATEWAY_KEEPER_JOURNAL_H
#define GATEWAY_KEEPER_JOURNAL_H

#include "gateway/keeper/facts.h"

enum {
	JOURNAL_ROTATE_BYTES = 4 << 20,
	JOURNAL_MAX_LEAVES = 1024, /* of one write */
	JOURNAL_MAX_CHANGES = 16 * 1024,
};

struct journal;

struct journal_change {
	const struct digest *leaves; /* hashes of new entries, in their order */
	size_t leaf_count;
	const struct fact *facts; /* set one after the other */
	size_t fact_count;
};

/* A new, empty journal in the directory. ERR_CONFLICT if there is one. */
RESULT journal_create(int directory);

/* Reads it, drops a torn tail, and takes the lock that keeps a second keeper out. The directory
 * is borrowed until journal_free. ERR_FORMAT: damaged, do not start; ERR_CONFLICT: in use. */
RESULT journal_open(struct journal **out, int directory, size_t rotate_bytes);
void journal_free(struct journal *j); /* NULL is fine */
AUTO_POINTER(journal)

uint64_t journal_size(const struct journal *j); /* entries */
struct digest journal_root(const struct journal *j);
uint64_t journal_fact(const struct journal *j, const struct fact *like); /* its value */
size_t journal_fact_count(const struct journal *j);

/* All of the change or nothing; on OK it is on the disk. ERR_LIMIT: no room for the facts,
 * ERR_FULL: none on the disk, and nothing has happened. After ERR_IO the journal takes no more
 * changes: the process should stop, and read at its next start what the disk has. */
RESULT journal_write(struct journal *j, const struct journal_change *change);

/* Let headers from before that second be forgotten; for good at the next rotation. */
void journal_forget_headers(struct journal *j, uint64_t before_seconds);
void journal_forget_statements(struct journal *j, uint64_t before_seconds);
void journal_forget_paths(struct journal *j); /* open paths that a newer list has replaced */

#endif

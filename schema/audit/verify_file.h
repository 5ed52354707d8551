/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify_file.h - one file of a log at a time, for the verifier: an entry bundle becomes its leaf
 * hashes, a tile is compared with the hashes it should have. One reader a thread.
 */
#ifndef SCHEMA_AUDIT_VERIFY_FILE_H
#define SCHEMA_AUDIT_VERIFY_FILE_H

#include "schema/audit/verify.h"
#include "schema/audit/verify_hash.h"

enum { VERIFY_LEVELS = 8, VERIFY_PATH = 64 };

struct verify_reader {
	const struct audit_source *source;
	struct buf bundle, tile; /* kept from one file to the next */
};

/* A tile says otherwise than the entries. */
struct verify_mismatch {
	bool is_there;
	unsigned level;
	uint64_t hash; /* counted through the level; at level 0 the entry */
	char tile[VERIFY_PATH];
};

void verify_reader_begin(struct verify_reader *r, const struct audit_source *source);
void verify_reader_clear(struct verify_reader *r);

/* The leaf hashes of a bundle. ERR_FORGED: it is not `width` whole entries. */
RESULT verify_read_bundle(struct verify_reader *r, struct digest *row, uint64_t index,
			  size_t width);

/* *out: the first hash that differs, if one does. ERR_FORGED: the tile has another size. */
RESULT verify_compare_tile(struct verify_reader *r, struct verify_mismatch *out, unsigned level,
			   uint64_t index, const struct digest *row, size_t width);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tiles.h - the log as files below log/: hash tiles and entry bundles (C2SP tlog-tiles). All of
 * it is derived from audit_leaf, so writing again writes the same bytes, and what is missing is
 * made anew. Each file is there in full or not at all. When a tile is full its partial versions
 * are removed; readers then take the full one.
 */
#ifndef GATEWAY_SCRIBE_TILES_H
#define GATEWAY_SCRIBE_TILES_H

#include "crypto/tile.h"
#include "schema/store/log.h"

enum {
	TILES_CHUNK = 16 * TILE_WIDTH, /* leaves that are written at a time */
	TILES_MAX_BUNDLE = TILE_WIDTH * (2 + 4096),
};

struct tiles {
	int directory; /* log/; borrowed */
	uint64_t size; /* leaves that the files cover */
};

/* Set t->size to `size` if every file of a tree of that size is there and their root is this;
 * else to 0, and tiles_extend makes all of them anew. */
RESULT tiles_check(struct tiles *t, uint64_t size, const uint8_t root[DIGEST_SIZE]);

/* Write what is missing up to `size` leaves, which are in the database. */
RESULT tiles_extend(struct tiles *t, struct store *s, uint64_t size);

/* The same; `known` are the newest of them, without a gap, and are not read again. */
RESULT tiles_extend_by(struct tiles *t, struct store *s, uint64_t size,
		       const struct store_leaf *known, size_t known_count);

/* The root of the first `size` leaves, at most t->size. */
RESULT tiles_root(struct digest *out, const struct tiles *t, uint64_t size);

/* The entries of bundle `index`, as many as it has in a tree of t->size: borrowed from `bytes`. */
RESULT tiles_bundle(struct slice out[TILE_WIDTH], size_t *count, struct buf *bytes,
		    const struct tiles *t, uint64_t index);

/* ERR_FORGED unless the entries [first, end) of the bundles stand there in a tree of t->size that
 * has this root. All files between are read, and nothing of them is believed. */
RESULT tiles_prove(const struct tiles *t, uint64_t first, uint64_t end, const struct digest *root);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tile.h - the tree as static files (C2SP tlog-tiles): their names, which of them an append
 * writes, and roots and proofs of any size computed from them.
 *
 * A tile of level L holds up to 256 hashes, each the root of a full subtree of 256^L leaves.
 * A partial tile (fewer than 256) is named after its width and is replaced as the tree grows.
 */
#ifndef CRYPTO_TILE_H
#define CRYPTO_TILE_H

#include "crypto/base/buf.h"
#include "crypto/merkle.h"

enum {
	TILE_WIDTH = 256,
	TILE_LEVELS = 8,        /* 256^8 leaves: the tree has no more than 2^63 */
	TILE_PATH = 64,         /* the longest name and a NUL */
	TILE_ENTRY_MAX = 65535, /* bytes of an entry */
	TILE_BYTES = 256 * 32,
	TILE_APPEND_MAX = 65536, /* leaves in one append */
};

enum tile_kind { TILE_HASHES, TILE_ENTRIES };

struct tile {
	enum tile_kind kind;
	unsigned level; /* 0 for entries */
	uint64_t index;
	unsigned width; /* 1..256 */
};

/* "tile/0/x001/x234/067", "tile/0/001.p/188", "tile/entries/000". */
void tile_path(char out[TILE_PATH], struct tile tile);
RESULT tile_path_parse(struct tile *out, struct slice path); /* the canonical name only */

/* The tile of that level and index in a tree of that size; width 0 if it has none. */
struct tile tile_of(unsigned level, uint64_t index, uint64_t size);

/* Where tiles come from: fill out[0..tile.width) or fail. A source may read a wider tile
 * (a partial one may be gone once the full one is there). */
typedef enum err tile_fetch_fn(void *context, struct digest *out, struct tile tile);
/* Where new tiles go. */
typedef enum err tile_put_fn(void *context, struct tile tile, struct slice bytes);

struct tile_source {
	tile_fetch_fn *fetch;
	void *context;
};

RESULT tile_root(struct digest *out, const struct tile_source *source, uint64_t size);
RESULT tile_frontier(struct merkle_frontier *out, const struct tile_source *source, uint64_t size);
RESULT tile_inclusion(struct merkle_proof *out, const struct tile_source *source, uint64_t index,
		      uint64_t size);
RESULT tile_consistency(struct merkle_proof *out, const struct tile_source *source,
			uint64_t old_size, uint64_t new_size);

/* Nodes of one tree, asked for in order: it keeps the tile that it read last of each level. */
struct tile_reader;
struct tile_reader *tile_reader_new(const struct tile_source *source, uint64_t size);
void tile_reader_free(struct tile_reader *reader); /* NULL is fine */
AUTO_POINTER(tile_reader)

/* The roots of the full subtrees that leaves [from, to) of it are made of; from <= to <= size. */
RESULT tile_gap(struct merkle_gap *out, struct tile_reader *reader, uint64_t from, uint64_t to);

/* Write every hash tile that appending `count` leaves to a tree of old_size changes: full ones,
 * and the last partial one of each level. Asks the source only for the partial tiles of the
 * old tree. Doing it again writes the same bytes. */
RESULT tile_append(const struct tile_source *source, tile_put_fn *put, void *context,
		   uint64_t old_size, const struct digest *leaves, size_t count);

/* Entry bundles: for each entry a u16 length and its bytes. */
RESULT tile_bundle_add(struct buf *out, struct slice entry);
/* Exactly `count` entries (at most 256) into out[], borrowed from `bytes`. */
RESULT tile_bundle_split(struct slice out[TILE_WIDTH], size_t count, struct slice bytes);

#endif

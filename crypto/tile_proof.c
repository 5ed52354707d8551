/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tile_proof.c - roots, frontiers and proofs of a tree whose hashes stand in tiles. The
 * definitions are those of RFC 6962 section 2.1: MTH, PATH and SUBPROOF.
 */
#include <assert.h>
#include <stdlib.h>

#include "crypto/tile.h"

enum { TILE_BITS = 8 };

struct kept_tile {
	struct tile tile; /* width 0: none yet */
	struct digest row[TILE_WIDTH];
};

/* Reads nodes of a tree of `size` leaves. */
struct tile_reader {
	struct tile_source source;
	uint64_t size;
	struct kept_tile kept[TILE_LEVELS];
};

/* Leaves [start, end). */
struct range {
	uint64_t start;
	uint64_t end;
};

static enum err load_tile(const struct digest **row, struct tile_reader *n, unsigned level,
			  uint64_t index)
{
	struct tile tile = tile_of(level, index, n->size);
	struct kept_tile *kept = &n->kept[level];

	assert(tile.width); /* callers ask for nodes inside the tree only */
	*row = kept->row;
	if (kept->tile.width && kept->tile.index == index)
		return OK;
	kept->tile.width = 0;
	TRY(n->source.fetch(n->source.context, kept->row, tile));
	kept->tile = tile;
	return OK;
}

/* The root of the full subtree of 2^height leaves that begins at leaf `start`. It stands in a
 * tile if the height is a multiple of 8; else it is made of up to 128 hashes of one tile. */
static enum err full_node(struct digest *out, struct tile_reader *n, unsigned height,
			  uint64_t start)
{
	unsigned level = height / TILE_BITS;
	uint64_t first = start >> (level * TILE_BITS);
	size_t count = (size_t)1 << (height % TILE_BITS);
	struct digest row[TILE_WIDTH / 2];
	const struct digest *tile;

	TRY(load_tile(&tile, n, level, first / TILE_WIDTH));
	memcpy(row, tile + first % TILE_WIDTH, count * sizeof *row);
	for (; count > 1; count /= 2)
		for (size_t i = 0; i < count / 2; i++)
			row[i] = merkle_node(&row[2 * i], &row[2 * i + 1]);
	*out = row[0];
	return OK;
}

static unsigned floor_log2(uint64_t value)
{
	return 63U - (unsigned)__builtin_clzll(value);
}

/* The root of a range of a size that need not be a power of two: its full subtrees from the
 * left are the set bits of the size, folded from the right. */
static enum err range_root(struct digest *out, struct tile_reader *n, struct range range)
{
	struct digest parts[MERKLE_LEVELS];
	size_t count = 0;

	for (uint64_t start = range.start; start < range.end;) {
		unsigned height = floor_log2(range.end - start);

		TRY(full_node(&parts[count++], n, height, start));
		start += UINT64_C(1) << height;
	}
	assert(count);
	*out = parts[--count];
	while (count-- > 0)
		*out = merkle_node(&parts[count], out);
	return OK;
}

struct tile_reader *tile_reader_new(const struct tile_source *source, uint64_t size)
{
	struct tile_reader *n = calloc(1, sizeof *n);

	assert(n);
	n->source = *source;
	n->size = size;
	return n;
}

void tile_reader_free(struct tile_reader *reader)
{
	free(reader);
}

enum err tile_gap(struct merkle_gap *out, struct tile_reader *reader, uint64_t from, uint64_t to)
{
	out->count = 0;
	if (to > reader->size || from > to)
		return failure(ERR_NOT_FOUND, "tiles: no entries %llu to %llu in a tree of %llu",
			       (unsigned long long)from, (unsigned long long)to,
			       (unsigned long long)reader->size);
	while (from < to) {
		unsigned height = merkle_gap_height(from, to);

		TRY(full_node(&out->nodes[out->count++], reader, height, from));
		from += UINT64_C(1) << height;
	}
	return OK;
}

enum err tile_frontier(struct merkle_frontier *out, const struct tile_source *source, uint64_t size)
{
	AUTO(tile_reader_auto) struct tile_reader *n = tile_reader_new(source, size);

	*out = (struct merkle_frontier){.size = size};
	if (size > INT64_MAX)
		return failure(ERR_LIMIT, "tiles: a tree of more than 2^63 leaves");
	for (uint64_t start = 0; start < size;) {
		unsigned height = floor_log2(size - start);

		TRY(full_node(&out->nodes[height], n, height, start));
		start += UINT64_C(1) << height;
	}
	return OK;
}

enum err tile_root(struct digest *out, const struct tile_source *source, uint64_t size)
{
	struct merkle_frontier frontier;

	TRY(tile_frontier(&frontier, source, size));
	*out = merkle_root(&frontier);
	return OK;
}

/* Split a range of two or more leaves where RFC 6962 does: at the largest power of two that is
 * smaller than its size. */
static uint64_t split_of(struct range range)
{
	return range.start + (UINT64_C(1) << floor_log2(range.end - range.start - 1));
}

/* Proofs are collected from the root down and read from the leaf up. */
static void turn_around(struct merkle_proof *proof)
{
	for (size_t i = 0; i < proof->count / 2; i++) {
		struct digest other = proof->nodes[proof->count - 1 - i];

		proof->nodes[proof->count - 1 - i] = proof->nodes[i];
		proof->nodes[i] = other;
	}
}

static enum err add_root(struct merkle_proof *proof, struct tile_reader *n, struct range range)
{
	assert(proof->count < MERKLE_LEVELS);
	return range_root(&proof->nodes[proof->count++], n, range);
}

/* PATH(index, D[size]). */
enum err tile_inclusion(struct merkle_proof *out, const struct tile_source *source, uint64_t index,
			uint64_t size)
{
	AUTO(tile_reader_auto) struct tile_reader *n = tile_reader_new(source, size);
	struct range here = {0, size};

	out->count = 0;
	if (index >= size || size > INT64_MAX)
		return failure(ERR_NOT_FOUND, "tiles: entry %llu is not in a tree of %llu",
			       (unsigned long long)index, (unsigned long long)size);
	while (here.end - here.start > 1) {
		uint64_t split = split_of(here);
		struct range left = {here.start, split};
		struct range right = {split, here.end};

		TRY(add_root(out, n, index < split ? right : left));
		here = index < split ? left : right;
	}
	turn_around(out);
	return OK;
}

/* PROOF(old_size, D[new_size]): down to the subtree that ends where the old tree ended; its own
 * root is left out if it is the old root itself, which the reader has. */
enum err tile_consistency(struct merkle_proof *out, const struct tile_source *source,
			  uint64_t old_size, uint64_t new_size)
{
	AUTO(tile_reader_auto) struct tile_reader *n = tile_reader_new(source, new_size);
	struct range here = {0, new_size};

	out->count = 0;
	if (old_size > new_size || new_size > INT64_MAX)
		return failure(ERR_NOT_FOUND, "tiles: no tree of %llu in one of %llu",
			       (unsigned long long)old_size, (unsigned long long)new_size);
	if (old_size == 0 || old_size == new_size)
		return OK;
	while (here.end != old_size) {
		uint64_t split = split_of(here);
		struct range left = {here.start, split};
		struct range right = {split, here.end};

		TRY(add_root(out, n, old_size <= split ? right : left));
		here = old_size <= split ? left : right;
	}
	if (here.start != 0)
		TRY(add_root(out, n, here));
	turn_around(out);
	return OK;
}

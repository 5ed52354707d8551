/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tile_proof.c - roots, frontiers and proofs of a tree whose hashes stand in tiles. The
 * definitions are those of RFC 6962 section 2.1: MTH, PATH and SUBPROOF.
 */
#include <assert.h>
#include <stdlib.h>

#include "crypto/tile.h"

enum { TILE_BITS = 8 };

/* Reads nodes of a tree of `size` leaves, and keeps the tile it read last. */
struct nodes {
	const struct tile_source *source;
	uint64_t size;
	struct tile tile; /* width 0: none yet */
	struct digest row[TILE_WIDTH];
};

/* Leaves [start, end). */
struct range {
	uint64_t start;
	uint64_t end;
};

static enum err load_tile(struct nodes *n, unsigned level, uint64_t index)
{
	struct tile tile = tile_of(level, index, n->size);

	if (n->tile.width && n->tile.level == level && n->tile.index == index)
		return OK;
	assert(tile.width); /* callers ask for nodes inside the tree only */
	n->tile.width = 0;
	TRY(n->source->fetch(n->source->context, n->row, tile));
	n->tile = tile;
	return OK;
}

/* The root of the full subtree of 2^height leaves that begins at leaf `start`. It stands in a
 * tile if the height is a multiple of 8; else it is made of up to 128 hashes of one tile. */
static enum err full_node(struct digest *out, struct nodes *n, unsigned height, uint64_t start)
{
	unsigned level = height / TILE_BITS;
	uint64_t first = start >> (level * TILE_BITS);
	size_t count = (size_t)1 << (height % TILE_BITS);
	struct digest row[TILE_WIDTH / 2];

	TRY(load_tile(n, level, first / TILE_WIDTH));
	memcpy(row, n->row + first % TILE_WIDTH, count * sizeof *row);
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
static enum err range_root(struct digest *out, struct nodes *n, struct range range)
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

static struct nodes *nodes_new(const struct tile_source *source, uint64_t size)
{
	struct nodes *n = calloc(1, sizeof *n);

	assert(n);
	n->source = source;
	n->size = size;
	return n;
}

static void nodes_auto(struct nodes **n)
{
	free(*n);
}

enum err tile_frontier(struct merkle_frontier *out, const struct tile_source *source, uint64_t size)
{
	AUTO(nodes_auto) struct nodes *n = nodes_new(source, size);

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

static enum err add_root(struct merkle_proof *proof, struct nodes *n, struct range range)
{
	assert(proof->count < MERKLE_LEVELS);
	return range_root(&proof->nodes[proof->count++], n, range);
}

/* PATH(index, D[size]). */
enum err tile_inclusion(struct merkle_proof *out, const struct tile_source *source, uint64_t index,
			uint64_t size)
{
	AUTO(nodes_auto) struct nodes *n = nodes_new(source, size);
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
	AUTO(nodes_auto) struct nodes *n = nodes_new(source, new_size);
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

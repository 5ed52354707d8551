/* SPDX-License-Identifier: Apache-2.0 */
/*
 * merkle.h - the tree of RFC 6962 section 2.1: hashes, appending with a frontier, and the
 * checks of proofs. Making proofs needs stored hashes: tile.h.
 */
#ifndef CRYPTO_MERKLE_H
#define CRYPTO_MERKLE_H

#include "crypto/digest.h"

enum { MERKLE_LEVELS = 64 };

/* nodes[k] is the root of a full subtree of 2^k leaves, and valid iff bit k of size is set. */
struct merkle_frontier {
	uint64_t size;
	struct digest nodes[MERKLE_LEVELS];
};

/* From the leaf's (or the old tree's) side up to the root. */
struct merkle_proof {
	size_t count;
	struct digest nodes[MERKLE_LEVELS];
};

struct digest merkle_leaf(struct slice entry); /* SHA-256(0x00 || entry) */
struct digest merkle_node(const struct digest *left, const struct digest *right);

void merkle_append(struct merkle_frontier *f, const struct digest *leaf);
struct digest merkle_root(const struct merkle_frontier *f); /* SHA-256("") if empty */

/*
 * Many entries of one tree, in order, proved at once: between two of them the roots of the full
 * subtrees that the leaves left out are made of. Who appends leaves and gaps to a frontier ends at
 * the root of the tree, or something is not what it is said to be.
 */
enum { MERKLE_GAP_MAX = 2 * MERKLE_LEVELS };

struct merkle_gap {
	size_t count;
	struct digest nodes[MERKLE_GAP_MAX];
};

/* The height of the first of the full subtrees that leaves [from, to) are made of; from < to. */
unsigned merkle_gap_height(uint64_t from, uint64_t to);

/* Append the leaves up to `to` by the roots of their subtrees. ERR_FORGED if there are not as many
 * of these as there must be; the frontier is then good for nothing. */
RESULT merkle_skip(struct merkle_frontier *f, uint64_t to, const struct merkle_gap *gap);

/* ERR_FORGED if the leaf is not entry `index` of the tree of that size and root. */
RESULT merkle_check_inclusion(uint64_t index, uint64_t size, const struct digest *leaf,
			      const struct merkle_proof *proof, const struct digest *root);

/* ERR_FORGED if the new tree does not begin with the old one. */
RESULT merkle_check_consistency(uint64_t old_size, const struct digest *old_root, uint64_t new_size,
				const struct digest *new_root, const struct merkle_proof *proof);

#endif

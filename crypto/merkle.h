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

/* ERR_FORGED if the leaf is not entry `index` of the tree of that size and root. */
RESULT merkle_check_inclusion(uint64_t index, uint64_t size, const struct digest *leaf,
			      const struct merkle_proof *proof, const struct digest *root);

/* ERR_FORGED if the new tree does not begin with the old one. */
RESULT merkle_check_consistency(uint64_t old_size, const struct digest *old_root, uint64_t new_size,
				const struct digest *new_root, const struct merkle_proof *proof);

#endif

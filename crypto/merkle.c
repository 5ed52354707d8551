/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/merkle.h"

#include <assert.h>

static struct digest hash_prefixed(uint8_t prefix, struct slice a, struct slice b)
{
	struct digest_state state;

	digest_begin(&state);
	digest_update(&state, slice_of(&prefix, 1));
	digest_update(&state, a);
	digest_update(&state, b);
	return digest_end(&state);
}

struct digest merkle_leaf(struct slice entry)
{
	return hash_prefixed(0, entry, S(""));
}

struct digest merkle_node(const struct digest *left, const struct digest *right)
{
	return hash_prefixed(1, digest_slice(left), digest_slice(right));
}

void merkle_append(struct merkle_frontier *f, const struct digest *leaf)
{
	struct digest node = *leaf;
	unsigned level = 0;

	assert(f->size < INT64_MAX);
	for (; f->size >> level & 1; level++)
		node = merkle_node(&f->nodes[level], &node);
	f->nodes[level] = node;
	f->size++;
}

struct digest merkle_root(const struct merkle_frontier *f)
{
	struct digest root = digest_of(S(""));
	bool first = true;

	for (unsigned level = 0; level < MERKLE_LEVELS; level++) {
		if (!(f->size >> level & 1))
			continue;
		root = first ? f->nodes[level] : merkle_node(&f->nodes[level], &root);
		first = false;
	}
	return root;
}

/* Where a climb from a leaf to the root stands: `node` among the nodes of its level, `last` the
 * index of the level's last node (RFC 9162 section 2.1.3.2 calls them fn and sn). */
struct climb {
	uint64_t node;
	uint64_t last;
};

static void climb_skip_lonely(struct climb *c)
{
	while (!(c->node & 1) && c->node) {
		c->node >>= 1;
		c->last >>= 1;
	}
}

/* One sibling: true if it stands to the left. */
static bool climb_step(struct climb *c)
{
	bool left = (c->node & 1) || c->node == c->last;

	if (left && !(c->node & 1))
		climb_skip_lonely(c);
	c->node >>= 1;
	c->last >>= 1;
	return left;
}

enum err merkle_check_inclusion(uint64_t index, uint64_t size, const struct digest *leaf,
				const struct merkle_proof *proof, const struct digest *root)
{
	struct climb climb = {.node = index, .last = size - 1};
	struct digest node = *leaf;

	if (index >= size)
		return failure(ERR_FORGED, "inclusion proof: entry %llu is not in a tree of %llu",
			       (unsigned long long)index, (unsigned long long)size);
	for (size_t i = 0; i < proof->count; i++) {
		if (climb.last == 0)
			return failure(ERR_FORGED, "inclusion proof: it is too long");
		node = climb_step(&climb) ? merkle_node(&proof->nodes[i], &node)
					  : merkle_node(&node, &proof->nodes[i]);
	}
	if (climb.last != 0 || !digest_equal(&node, root))
		return failure(ERR_FORGED, "inclusion proof: it does not lead to the root");
	return OK;
}

/* The cases that need no climb: true if *result has been decided. */
static bool consistency_is_plain(enum err *result, uint64_t old_size, const struct digest *old_root,
				 uint64_t new_size, const struct digest *new_root, size_t count)
{
	bool plain = old_size == 0 || old_size >= new_size;
	bool good = old_size <= new_size && count == 0;

	if (good && old_size == new_size)
		good = digest_equal(old_root, new_root);
	if (plain)
		*result = good ? OK
			       : failure(ERR_FORGED,
					 "consistency proof: tree %llu is no extension of "
					 "tree %llu",
					 (unsigned long long)new_size,
					 (unsigned long long)old_size);
	return plain;
}

enum err merkle_check_consistency(uint64_t old_size, const struct digest *old_root,
				  uint64_t new_size, const struct digest *new_root,
				  const struct merkle_proof *proof)
{
	struct climb climb = {.node = old_size - 1, .last = new_size - 1};
	bool whole = (old_size & (old_size - 1)) == 0; /* the old tree is one full subtree */
	enum err result = OK;
	struct digest old_node, new_node;
	size_t i = whole ? 0 : 1;

	if (consistency_is_plain(&result, old_size, old_root, new_size, new_root, proof->count))
		return result;
	if (proof->count == 0)
		return failure(ERR_FORGED, "consistency proof: it is empty");
	for (; climb.node & 1; climb.last >>= 1)
		climb.node >>= 1;
	old_node = new_node = whole ? *old_root : proof->nodes[0];
	for (; i < proof->count; i++) {
		const struct digest *sibling = &proof->nodes[i];

		if (climb.last == 0)
			return failure(ERR_FORGED, "consistency proof: it is too long");
		if (climb_step(&climb)) {
			old_node = merkle_node(sibling, &old_node);
			new_node = merkle_node(sibling, &new_node);
		} else {
			new_node = merkle_node(&new_node, sibling);
		}
	}
	if (climb.last != 0 || !digest_equal(&old_node, old_root) ||
	    !digest_equal(&new_node, new_root))
		return failure(ERR_FORGED, "consistency proof: it does not lead to both roots");
	return OK;
}

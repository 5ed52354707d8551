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

/* A full subtree of 2^height leaves; the size is a multiple of that. */
static void append_node(struct merkle_frontier *f, const struct digest *root, unsigned height)
{
	struct digest node = *root;
	unsigned level = height;

	for (; f->size >> level & 1; level++)
		node = merkle_node(&f->nodes[level], &node);
	f->nodes[level] = node;
	f->size += UINT64_C(1) << height;
}

void merkle_append(struct merkle_frontier *f, const struct digest *leaf)
{
	assert(f->size < INT64_MAX);
	append_node(f, leaf, 0);
}

/* As large as it can be where it begins, and not past the end. */
unsigned merkle_gap_height(uint64_t from, uint64_t to)
{
	unsigned fits = 63U - (unsigned)__builtin_clzll(to - from);
	unsigned begins = from ? (unsigned)__builtin_ctzll(from) : fits;

	return begins < fits ? begins : fits;
}

enum err merkle_skip(struct merkle_frontier *f, uint64_t to, const struct merkle_gap *gap)
{
	size_t used = 0;

	if (to < f->size || to > INT64_MAX)
		return failure(ERR_FORGED, "gap: entry %llu does not come after entry %llu",
			       (unsigned long long)to, (unsigned long long)f->size);
	while (f->size < to && used < gap->count)
		append_node(f, &gap->nodes[used++], merkle_gap_height(f->size, to));
	if (f->size != to || used != gap->count)
		return failure(ERR_FORGED, "gap: %zu hashes are not what stands before entry %llu",
			       gap->count, (unsigned long long)to);
	return OK;
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

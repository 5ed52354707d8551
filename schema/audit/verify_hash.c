/* SPDX-License-Identifier: Apache-2.0 */
#define OPENSSL_SUPPRESS_DEPRECATED /* EVP costs as much again as hashes of this size */
#include "schema/audit/verify_hash.h"

#include <assert.h>
#include <string.h>

#include <openssl/sha.h>

static struct digest hash(const uint8_t *bytes, size_t size)
{
	struct digest out;
	SHA256_CTX state;

	SHA256_Init(&state);
	SHA256_Update(&state, bytes, size);
	SHA256_Final(out.bytes, &state);
	return out;
}

struct digest verify_leaf(uint8_t *before, size_t entry_size)
{
	before[0] = 0;
	return hash(before, 1 + entry_size);
}

static struct digest node(const struct digest *left, const struct digest *right)
{
	uint8_t bytes[1 + 2 * DIGEST_SIZE] = {1};

	memcpy(bytes + 1, left->bytes, DIGEST_SIZE);
	memcpy(bytes + 1 + DIGEST_SIZE, right->bytes, DIGEST_SIZE);
	return hash(bytes, sizeof bytes);
}

/* A full subtree: 1, 2, 4 ... 256 hashes. */
static struct digest full_root(const struct digest *row, size_t width)
{
	struct digest half[VERIFY_WIDTH / 2];

	if (width == 1)
		return row[0];
	for (size_t i = 0; i < width / 2; i++)
		half[i] = node(&row[2 * i], &row[2 * i + 1]);
	for (width /= 2; width > 1; width /= 2)
		for (size_t i = 0; i < width / 2; i++)
			half[i] = node(&half[2 * i], &half[2 * i + 1]);
	return half[0];
}

/* From the right, smallest subtree first: one for each bit of the width. */
struct digest verify_join(const struct digest *row, size_t width, const struct digest *right)
{
	struct digest root = right ? *right : (struct digest){0};
	bool is_empty = !right;

	assert(width <= VERIFY_WIDTH && (width || right));
	for (size_t part = 1; width; part *= 2) {
		struct digest left;

		if (!(width & part))
			continue;
		width -= part;
		left = full_root(row + width, part);
		root = is_empty ? left : node(&left, &root);
		is_empty = false;
	}
	return root;
}

struct digest verify_row_root(const struct digest *row, size_t width)
{
	return verify_join(row, width, NULL);
}

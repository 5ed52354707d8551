/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify_hash.h - the verifier's own tree hashes (RFC 6962), by OpenSSL's low-level SHA-256, which
 * uses the processor's instructions and allocates nothing: a log of a million entries is two
 * million hashes of a few blocks each.
 */
#ifndef SCHEMA_AUDIT_VERIFY_HASH_H
#define SCHEMA_AUDIT_VERIFY_HASH_H

#include "crypto/digest.h"

enum { VERIFY_WIDTH = 256 };

/* A leaf. The byte before the entry is overwritten with the prefix, so that nothing is copied. */
struct digest verify_leaf(uint8_t *before, size_t entry_size);

/* The root of 1..256 hashes of one level. */
struct digest verify_row_root(const struct digest *row, size_t width);

/* The same with one subtree to the right of them, smaller than any of them; NULL: none. */
struct digest verify_join(const struct digest *row, size_t width, const struct digest *right);

#endif

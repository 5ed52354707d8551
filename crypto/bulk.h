/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bulk.h - the two digests the Hub's clients know a file by, over big data in one pass with
 * OpenSSL's fast code: SHA-256, and git's blob SHA-1 (of "blob <size>\0" and the bytes). In git a
 * large file is a small pointer to its SHA-256; its id there is that of the pointer, so that its
 * bytes need one digest only.
 */
#ifndef CRYPTO_BULK_H
#define CRYPTO_BULK_H

#include "crypto/base/err.h"
#include "crypto/base/slice.h"

enum { BULK_SHA256 = 32, BULK_GIT = 20 };

struct bulk;

RESULT bulk_new(struct bulk **out, uint64_t size); /* the size must be known: git hashes it */
RESULT bulk_new_pointed(struct bulk **out, uint64_t size); /* the git id will be its pointer's */
RESULT bulk_add(struct bulk *b, struct slice bytes);
/* ERR_FORMAT if not exactly `size` bytes were added. */
RESULT bulk_end(struct bulk *b, uint8_t sha256[BULK_SHA256], uint8_t git[BULK_GIT]);
void bulk_free(struct bulk *b); /* NULL is fine */

AUTO_POINTER(bulk)

#endif

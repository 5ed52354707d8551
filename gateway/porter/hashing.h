/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hashing.h - the digests of plaintext on a thread beside the one that seals it: the two cost about
 * the same, so that a stream passes twice as fast. Plaintext lies in a few slots of secret memory.
 * For each: take room, fill it, give it; then the slot may be read (to seal it) until the next
 * hashing_room, and is hashed meanwhile. What fits into one slot is hashed without a thread.
 */
#ifndef GATEWAY_PORTER_HASHING_H
#define GATEWAY_PORTER_HASHING_H

#include "crypto/bulk.h"

enum { HASHING_SLOT = 256 * 1024 };

struct hashing;

/* Takes `bulk` over, also when it fails; `size` is of all that will come. */
RESULT hashing_new(struct hashing **out, struct bulk *bulk, uint64_t size);

/* A slot of HASHING_SLOT bytes; waits until one was hashed. Any failure of the hashing thread. */
RESULT hashing_room(uint8_t **out, struct hashing *h);
RESULT hashing_give(struct hashing *h, size_t size); /* of the slot that hashing_room gave */

/* Waits for the rest. As bulk_end. */
RESULT hashing_end(struct hashing *h, uint8_t sha256[BULK_SHA256], uint8_t git[BULK_GIT]);
void hashing_free(struct hashing *h); /* NULL is fine; waits for the thread */

AUTO_POINTER(hashing)

#endif

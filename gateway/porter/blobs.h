/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blobs.h - where sealed files lie: store/<2 hex>/<32 hex>, and store/tmp/<32 hex> while one is
 * being written. A blob has its final name only when all of it is on the disk.
 */
#ifndef GATEWAY_PORTER_BLOBS_H
#define GATEWAY_PORTER_BLOBS_H

#include "crypto/base/file.h"

enum { BLOBS_ID = 16, BLOBS_PATH = 40 };

/* Removes what transfers left in tmp when their porter died; files that a living porter writes
 * are locked, and stay. Once, before the first transfer. */
RESULT blobs_sweep(int store);

void blobs_path(char out[BLOBS_PATH], const uint8_t id[BLOBS_ID]); /* below store/ */

/* A new file in tmp; ERR_CONFLICT if the blob is there, or is being written. */
RESULT blobs_begin(int *out, int store, const uint8_t id[BLOBS_ID]);

/* Syncs it and gives it its name; after a failure it is still in tmp. */
RESULT blobs_publish(int store, const uint8_t id[BLOBS_ID], int fd);
void blobs_abandon(int store, const uint8_t id[BLOBS_ID]); /* what begin made goes */

/* For reading, with its size. ERR_NOT_FOUND. */
RESULT blobs_open(int *out, uint64_t *size, int store, const uint8_t id[BLOBS_ID]);

RESULT blobs_discard(int store, const uint8_t id[BLOBS_ID]); /* not there is fine */

#endif

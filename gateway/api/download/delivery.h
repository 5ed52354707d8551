/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delivery.h - what was sent on one release, and the download.end entry that closes it: bytes, and
 * which ranges of the file. One thread at a time.
 */
#ifndef GATEWAY_API_DOWNLOAD_DELIVERY_H
#define GATEWAY_API_DOWNLOAD_DELIVERY_H

#include "gateway/api/authorize.h"

struct delivery;

/* `event`: the key.release entry. Copies what it needs of the grant. */
struct delivery *delivery_new(const struct grant *grant, const uint8_t event[WIRE_ID]);
void delivery_free(struct delivery *d); /* NULL is fine */

void delivery_add(struct delivery *d, uint64_t first, uint64_t sent); /* a transfer has ended */
bool delivery_is_whole(const struct delivery *d); /* every byte of the file was sent once */

/* Write the entry. After a failure it may be tried again. */
RESULT delivery_log(const struct delivery *d, struct store *store);

#endif

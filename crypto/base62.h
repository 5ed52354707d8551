/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base62.h - bytes as one big-endian number in a fixed count of digits 0-9 A-Z a-z: letters and
 * digits are all that some clients let into a token. Every number has one text.
 */
#ifndef CRYPTO_BASE62_H
#define CRYPTO_BASE62_H

#include "crypto/base/buf.h"

enum { BASE62_MAX = 128 }; /* bytes */

/* `digits` must be enough for any number of that size: 62^digits >= 256^size. */
void base62_write(struct buf *out, struct slice bytes, size_t digits);

/* ERR_FORMAT for another character, or a number that is too large for `size` bytes. */
RESULT base62_read(uint8_t *out, size_t size, struct slice text);

#endif

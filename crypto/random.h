/* SPDX-License-Identifier: Apache-2.0 */
/*
 * random.h - random bytes of the kernel (getrandom), and the identifiers made of them. It
 * opens no file, so it works inside every sandbox.
 */
#ifndef CRYPTO_RANDOM_H
#define CRYPTO_RANDOM_H

#include <stddef.h>
#include <stdint.h>

enum { RANDOM_UUID = 16 };

void random_bytes(void *out, size_t size); /* cannot fail: the process stops instead */

/* UUID version 7 (RFC 9562 section 5.7): 48 bits of time, then 74 random bits. */
void random_uuid(uint8_t out[RANDOM_UUID], int64_t now_ms);

#endif

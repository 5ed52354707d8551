/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret.h - the only place a key lives: locked, undumpable pages between guard pages, wiped
 * when freed. There is no printer and no copy function.
 */
#ifndef CRYPTO_SECRET_H
#define CRYPTO_SECRET_H

#include "crypto/base/err.h"
#include "crypto/base/slice.h"

enum { SECRET_MAX = 32 * 1024 * 1024 };

struct secret;

RESULT secret_new(struct secret **out, size_t size); /* zeroed; ERR_LIMIT past SECRET_MAX */
RESULT secret_random(struct secret **out, size_t size);
RESULT secret_from(struct secret **out, void *bytes, size_t size); /* takes over; wipes `bytes` */
void secret_free(struct secret *s);                                /* NULL is fine */

uint8_t *secret_bytes(struct secret *s);
struct slice secret_slice(const struct secret *s); /* borrowed: lives as long as s */
size_t secret_size(const struct secret *s);
bool secret_equal(const struct secret *a, const struct secret *b); /* constant time */

/* Can this process lock `size` bytes? False if the limit on locked memory forbids it: the
 * keys then may reach the swap, which a start with `strict = yes` refuses. */
bool secret_can_lock(size_t size);

/* Overwrite bytes that held a secret for a moment (stack buffers, text for a library). */
void secret_wipe(void *bytes, size_t size);

AUTO_POINTER(secret)

#endif

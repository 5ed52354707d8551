/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unseal.h - where the root key comes from. One provider so far: a file of mode 0600 that only
 * the keeper can read, holding 32 raw bytes or 64 hex digits with or without a newline.
 */
#ifndef CRYPTO_UNSEAL_H
#define CRYPTO_UNSEAL_H

#include "crypto/secret.h"

enum { UNSEAL_ROOT = 32 };

RESULT unseal_file_create(int dir, const char *path); /* hex; ERR_CONFLICT if it is there */
/* ERR_DENIED if others can read the file. */
RESULT unseal_file_read(struct secret **root, int dir, const char *path);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bech32.h - Bech32 (BIP 173) of exactly 32 bytes, as age writes its keys. Copies of a secret
 * on the stack are wiped.
 */
#ifndef CRYPTO_BECH32_H
#define CRYPTO_BECH32_H

#include "crypto/base/err.h"
#include "crypto/base/slice.h"

enum { BECH32_BYTES = 32, BECH32_DIGITS = 52, BECH32_CHECKSUM = 6, BECH32_PREFIX_MAX = 20 };

enum bech32_case { BECH32_LOWER, BECH32_UPPER };

/* Writes prefix, '1', 52 digits and 6 of checksum; no NUL. `prefix` is in the case wanted. */
void bech32_write(char *out, struct slice prefix, const uint8_t bytes[BECH32_BYTES],
		  enum bech32_case letters);

RESULT bech32_read(uint8_t out[BECH32_BYTES], struct slice prefix, struct slice text,
		   enum bech32_case letters);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * p256.h - checks what browsers sign: ECDSA over P-256 with SHA-256 (FIPS 186-5), as WebCrypto has
 * it. A key is the 65 bytes of an uncompressed point (04 || x || y), a signature the 64 of r || s.
 */
#ifndef CRYPTO_P256_H
#define CRYPTO_P256_H

#include "crypto/base/err.h"
#include "crypto/base/slice.h"

enum { P256_PUBLIC = 65, P256_SIGNATURE = 64 };

/* ERR_FORMAT: of another size or form, or not on the curve; it says which. */
RESULT p256_check_public(struct slice public_key);

bool p256_is_valid(const uint8_t public_key[P256_PUBLIC], struct slice message,
		   const uint8_t signature[P256_SIGNATURE]);

/* To a signature (r, s) there is another that is as good, (r, n - s), and whoever sees one can
 * write down both. This makes it the one with the lower s: do so before asking whether a signature
 * was seen before. */
void p256_normalize(uint8_t signature[P256_SIGNATURE]);

#endif

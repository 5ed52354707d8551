/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify.h - checks Ed25519 signatures (RFC 8032). Keys of small order and signatures that are
 * not canonical are refused. A domain is a text that stands before the message and keeps a
 * signature made for one purpose from being good for another.
 */
#ifndef CRYPTO_VERIFY_H
#define CRYPTO_VERIFY_H

#include "crypto/base/err.h"
#include "crypto/base/slice.h"

enum { SIGN_PUBLIC = 32, SIGN_SIGNATURE = 64, SIGN_DOMAIN_MAX = 64 };

bool sign_is_valid(const uint8_t public_key[SIGN_PUBLIC], struct slice message,
		   const uint8_t signature[SIGN_SIGNATURE]);

/* The message signed is domain || message. */
bool sign_is_valid_in(struct slice domain, const uint8_t public_key[SIGN_PUBLIC],
		      struct slice message, const uint8_t signature[SIGN_SIGNATURE]);

#endif

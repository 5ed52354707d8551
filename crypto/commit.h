/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commit.h - what a log leaf says of an event's payload: nothing to who lacks the nonce, and
 * one payload only to who has it. Erasing payload and nonce leaves random bytes in the log.
 */
#ifndef CRYPTO_COMMIT_H
#define CRYPTO_COMMIT_H

#include "crypto/digest.h"

enum { COMMIT_NONCE = 32 };

/* HMAC-SHA256(nonce, "audit/v1\n" || payload). */
struct digest audit_commitment(const uint8_t nonce[COMMIT_NONCE], struct slice payload);

#endif

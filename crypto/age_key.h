/* SPDX-License-Identifier: Apache-2.0 */
/*
 * age_key.h - age's X25519 recipients ("age1...") and identities ("AGE-SECRET-KEY-1..."), the
 * Bech32 texts of 32 bytes. The escrow recipient of a gateway is one.
 */
#ifndef CRYPTO_AGE_KEY_H
#define CRYPTO_AGE_KEY_H

#include "crypto/base/buf.h"
#include "crypto/secret.h"

enum { AGE_KEY = 32, AGE_RECIPIENT_TEXT = 62, AGE_IDENTITY_TEXT = 74 };

RESULT age_recipient_parse(uint8_t out[AGE_KEY], struct slice text);
void age_recipient_write(struct buf *out, const uint8_t recipient[AGE_KEY]);

RESULT age_identity_new(struct secret **out);
RESULT age_identity_parse(struct secret **out, struct slice text);
void age_identity_recipient(const struct secret *identity, uint8_t out[AGE_KEY]);

/* The secret as text, for a key file: the text is secret too, and comes in secret memory. */
RESULT age_identity_text(struct secret **out, const struct secret *identity);

#endif

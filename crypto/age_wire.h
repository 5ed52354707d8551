/* SPDX-License-Identifier: Apache-2.0 */
/*
 * age_wire.h - the texts that age_header.c and age_wrap.c share.
 */
#ifndef CRYPTO_AGE_WIRE_H
#define CRYPTO_AGE_WIRE_H

#include "crypto/base/buf.h"

#define AGE_VERSION_LINE S("age-encryption.org/v1")
#define AGE_KEK_STANZA S("sallyport.dev/kek")
#define AGE_CONTEXT_STANZA S("sallyport.dev/ctx")
#define AGE_X25519_STANZA S("X25519")

/* The body of a stanza in lines of 64, with its last newline. */
void age_write_body(struct buf *out, struct slice body);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * password.h - passwords as Argon2id hashes (RFC 9106; the text form of the reference program),
 * 64 MiB and three passes each: whoever lets strangers have passwords hashed bounds how many at a
 * time. A hash that was made with other costs still verifies.
 */
#ifndef CRYPTO_PASSWORD_H
#define CRYPTO_PASSWORD_H

#include "crypto/base/err.h"
#include "crypto/base/slice.h"

enum {
	PASSWORD_HASH = 128, /* with its NUL */
	PASSWORD_LEAST = 12, /* bytes */
	PASSWORD_MOST = 1024,
};

RESULT password_check(struct slice password); /* may it be one? ERR_FORMAT says why not */
RESULT password_hash(char out[PASSWORD_HASH], struct slice password);

/* Takes as long for a hash that is none: so that nobody learns who has an account. */
bool password_verify(struct slice hash, struct slice password);

#endif

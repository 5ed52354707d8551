/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token_wire.h - the sizes and the domain that token.c and token_mint.c share.
 */
#ifndef CRYPTO_TOKEN_WIRE_H
#define CRYPTO_TOKEN_WIRE_H

#include "crypto/token.h"

enum { TOKEN_VERSION = 1, TOKEN_SIGNED = 26, TOKEN_WIRE = TOKEN_SIGNED + SIGN_SIGNATURE };

#define TOKEN_DOMAIN S("sallyport/token/v1\n")

#endif

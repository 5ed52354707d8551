/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signed_by.h - a person's own signature: by one of the keys they have enrolled, Ed25519 (the
 * command line) or P-256 (WebCrypto in a browser). Both are 64 bytes.
 */
#ifndef GATEWAY_API_LICENSE_SIGNED_BY_H
#define GATEWAY_API_LICENSE_SIGNED_BY_H

#include "gateway/api/authorize.h"

struct signed_by {
	uint8_t key[STORE_ID];
	uint8_t signature[STORE_SIGNATURE]; /* to one message and P-256 key there is one form */
};

/* {"key_id","sig"} by whoever asks, over `signed_text` (its domain included). `what` it is a
 * signature of, for the message. ERR_FORMAT: malformed, not their key, or it does not verify. */
RESULT signed_by_read(struct signed_by *out, struct exchange *x, struct route_context *context,
		      const json_t *object, struct slice signed_text, const char *what);

/* Has whoever asks a key to sign with? */
RESULT signed_by_any(bool *out, struct exchange *x, struct route_context *context);

#endif

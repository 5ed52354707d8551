/* SPDX-License-Identifier: Apache-2.0 */
/*
 * license_file.h - a license to take along: what a gateway says of it for some days, checked by
 * anybody without asking the gateway. The checkout is canonical JSON, signed with the key of
 * licenses over LICENSE_FILE_DOMAIN and the text:
 *
 *     {"document":text,"entry":uuid,"expires":time,"issued":time,"recipient":text,
 *      "signature":base64,"status":{"idx":number,"uri":text},"v":1}
 *
 * `document` and `signature` are the license, `recipient` the key it is lent to ("age1..." or
 * "ed25519:" and base64), `entry` the license.checkout entry whose receipt comes with it: it proves
 * when the file was made, so a clock that is behind it was set back. The file is armor around
 * base64 of canonical JSON {"checkout":text,"receipt":object,"signature":base64}.
 */
#ifndef CRYPTO_LICENSE_FILE_H
#define CRYPTO_LICENSE_FILE_H

#include <jansson.h>

#include "crypto/license.h"

#define LICENSE_FILE_DOMAIN S("sallyport/license-file/v1\n")
#define LICENSE_FILE_BEGIN "-----BEGIN SALLYPORT LICENSE-----"
#define LICENSE_FILE_END "-----END SALLYPORT LICENSE-----"

enum {
	LICENSE_CHECKOUT_MAX = 2 * LICENSE_MAX + 2048,
	LICENSE_CHECKOUT_DAYS = 7,
	LICENSE_CHECKOUT_MAX_DAYS = 30,
	LICENSE_FILE_MAX = 256 * 1024,
	LICENSE_RECIPIENT_MAX = 200,
	LICENSE_URI_MAX = 600,
};

struct license_checkout {
	struct slice document;
	uint8_t signature[SIGN_SIGNATURE];
	uint8_t entry[16];
	int64_t issued_ms, expires_ms;
	struct slice recipient;
	int64_t status_index;
	struct slice status_uri;
};

/* ERR_FORMAT: a date before the other, more days than may be, a text that is too long. */
RESULT license_checkout_write(struct buf *out, const struct license_checkout *c);

/* Texts go to the arena. Anything but the canonical bytes is refused. */
RESULT license_checkout_parse(struct license_checkout *out, struct arena *a, struct slice text);

struct license_file {
	struct slice checkout;
	uint8_t signature[SIGN_SIGNATURE];
	json_t *receipt; /* the caller's */
};

void license_file_clear(struct license_file *f); /* fit for AUTO */
RESULT license_file_write(struct buf *out, const struct license_file *f);
RESULT license_file_parse(struct license_file *out, struct arena *a, struct slice text);

#endif

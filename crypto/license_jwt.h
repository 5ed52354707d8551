/* SPDX-License-Identifier: Apache-2.0 */
/*
 * license_jwt.h - licenses as JWTs that others read, signed with the key of licenses (EdDSA): the
 * list of their states (IETF Token Status List), and one license as an SD-JWT VC (RFC 9901), of
 * which its holder shows what they choose.
 *
 * Both texts are made here from what is asked for, in the edge and in the keeper alike: the keeper
 * signs what it has written itself.
 */
#ifndef CRYPTO_LICENSE_JWT_H
#define CRYPTO_LICENSE_JWT_H

#include <jansson.h>

#include "crypto/license.h"

enum {
	LICENSE_JWT_MAX = 64 * 1024,
	LICENSE_JWT_TEXT = 40 * 1024, /* of what is asked for */
	LICENSE_JWT_SALT = 16,
	LICENSE_JWT_HIDDEN = 8, /* claims that the holder may show or not */
	LICENSE_STATUS_BITS = 2,
	LICENSE_STATUS_PER_LIST = 65536,
	LICENSE_STATUS_BYTES = LICENSE_STATUS_PER_LIST * LICENSE_STATUS_BITS / 8,
	LICENSE_STATUS_TTL = 60,
	LICENSE_STATUS_SECONDS = 3600, /* a list is good for so long */
};

/* Of RFC drafts "Token Status List", section 7.1. */
enum license_status { LICENSE_VALID, LICENSE_INVALID, LICENSE_SUSPENDED_NOW };

/* {"alg":"EdDSA","crv":"Ed25519","kid","kty":"OKP","use":"sig","x"}; the caller owns *out. */
void license_jwk(json_t **out, const uint8_t public_key[SIGN_PUBLIC]);

/* "header.payload": what is signed. */
RESULT license_jws_input(struct buf *out, struct slice type, const uint8_t public_key[SIGN_PUBLIC],
			 struct slice payload);

/* The same with its signature. */
RESULT license_jws_finish(struct buf *out, struct slice input,
			  const uint8_t signature[SIGN_SIGNATURE]);

/* The payload of a list: `compressed` is zlib's. Canonical JSON. */
RESULT license_status_write(struct buf *out, struct slice uri, int64_t now_seconds,
			    struct slice compressed);

/* Is this such a payload, made now? ERR_FORMAT, ERR_EXPIRED. */
RESULT license_status_check(struct slice payload, int64_t now_seconds);

/* What an export is asked for. */
struct license_export {
	struct slice issuer; /* the gateway's address */
	int64_t issued_seconds;
	int64_t status_index;
	struct slice status_uri;
	bool has_holder;
	uint8_t holder[SIGN_PUBLIC]; /* their key: they prove that it is theirs */
	uint8_t salts[LICENSE_JWT_HIDDEN][LICENSE_JWT_SALT];
};

RESULT license_export_write(struct buf *out, const struct license_export *e);
RESULT license_export_parse(struct license_export *out, struct arena *a, struct slice text);

/* The payload, and of each claim that is hidden in it the disclosure, "~" between them. */
RESULT license_export_payload(struct buf *payload, struct buf *disclosures,
			      const struct license_export *e, const struct license *license);

#endif

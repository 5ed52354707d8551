/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attest.h - what a person attests: a text, and under it their own signature if they have a key.
 * Signed is the domain and canonical JSON of the statement, which names what it is about and holds
 * the text as "attestation".
 */
#ifndef GATEWAY_API_LICENSE_ATTEST_H
#define GATEWAY_API_LICENSE_ATTEST_H

#include "gateway/api/authorize.h"

enum { ATTEST_MAX_TEXT = 10000 };

struct attestation {
	struct slice text;
	uint8_t key[STORE_ID]; /* none: they have no key to sign with */
	uint8_t signature[STORE_SIGNATURE];
};

/* "attestation" and "signature" {"key_id","sig"} of a body; the texts are borrowed from it. Who has
 * a key to sign with does so: ERR_FORMAT if they do not. The text is put into the statement. */
RESULT attest_read(struct attestation *out, struct exchange *x, struct route_context *context,
		   const json_t *body, struct slice domain, json_t *statement);

/* "attestation", and if it is signed "key" and "signature". */
void attest_tell(const struct attestation *a, struct audit_event *event);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * capability.h - the address a client may PUT one file to: what may be uploaded by whom until
 * when, under a MAC of this edge. LFS clients send no token there, so the address is the
 * credential; it is short-lived and good for exactly one content.
 */
#ifndef GATEWAY_API_CAPABILITY_H
#define GATEWAY_API_CAPABILITY_H

#include "crypto/base/buf.h"

enum { CAPABILITY_SECONDS = 6 * 3600 };

struct capability {
	uint8_t person[16];
	uint8_t model[16];
	uint8_t sha256[32];
	uint64_t size;
	int64_t expires_seconds;
};

void capability_write(struct buf *out, const struct capability *c, const uint8_t key[32]);

/* ERR_FORMAT, ERR_FORGED, ERR_EXPIRED. */
RESULT capability_read(struct capability *out, struct slice text, const uint8_t key[32],
		       int64_t now_seconds);

#endif

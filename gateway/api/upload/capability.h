/* SPDX-License-Identifier: Apache-2.0 */
/*
 * capability.h - the address a client may send one file, or one part of a file, to: what may be
 * uploaded by whom until when, under a MAC of this edge. LFS clients send no token there, so the
 * address is the credential; it is short-lived and good for exactly one content: once that is
 * here, nothing more is stored under it.
 */
#ifndef GATEWAY_API_UPLOAD_CAPABILITY_H
#define GATEWAY_API_UPLOAD_CAPABILITY_H

#include "crypto/base/buf.h"

enum { CAPABILITY_SECONDS = 6 * 3600 };

enum capability_kind {
	CAPABILITY_WHOLE,    /* PUT: the file */
	CAPABILITY_PART,     /* PUT: one part of it; HEAD: is it here? */
	CAPABILITY_COMPLETE, /* POST: all parts were sent */
};

struct capability {
	enum capability_kind kind;
	uint8_t person[16];
	uint8_t model[16];
	uint8_t sha256[32]; /* of the whole file */
	uint64_t size;      /* of the whole file */
	uint32_t part;      /* PART: from 1 */
	int64_t expires_seconds;
};

void capability_write(struct buf *out, const struct capability *c, const uint8_t key[32]);

/* ERR_FORMAT, ERR_FORGED, ERR_EXPIRED. */
RESULT capability_read(struct capability *out, struct slice text, const uint8_t key[32],
		       int64_t now_seconds);

/*
 * How a file is cut: parts of `capability_part_size` bytes and a rest. Smaller files are sent
 * whole; larger ones get larger parts, so that there are never more than CAPABILITY_MAX_PARTS.
 */
#define CAPABILITY_LEAST_PART (UINT64_C(64) << 20)
enum { CAPABILITY_MAX_PARTS = 1000 };

uint64_t capability_part_size(uint64_t size);  /* a whole number of MiB */
uint32_t capability_part_count(uint64_t size); /* 1: it is not cut */

/* The bytes of the part the capability is for; ERR_FORMAT if there is none of that number. */
RESULT capability_part_bytes(uint64_t *out, const struct capability *c);

#endif

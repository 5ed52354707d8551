/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parts.h - a file that comes in parts. Every part is sealed into a file of its own under the
 * upload's one key and a fresh nonce; what is here counts, and stays over restarts of any process.
 * When all are here, a porter joins them to the file that was announced.
 */
#ifndef GATEWAY_API_UPLOAD_PARTS_H
#define GATEWAY_API_UPLOAD_PARTS_H

#include <jansson.h>

#include "gateway/api/api.h"
#include "gateway/api/upload/capability.h"
#include "schema/store/upload.h"

enum {
	PARTS_IDLE_MS = 24 * 3600 * 1000, /* an upload that nobody touches is swept then */
	PARTS_ETAG = 2 * STORE_SHA256 + 3,
};

/* A part's ETag: its SHA-256 in quotes. */
void parts_etag(char out[PARTS_ETAG], const struct store_part *part);

/* Seal the body of this request as the part. ERR_FORMAT: it is not of its size; ERR_CLOSED: the
 * client went; ERR_CONFLICT: too many uploads or parts at once; ERR_FULL: no room. */
RESULT parts_receive(struct store_part *out, struct exchange *x, struct route_context *context,
		     const struct capability *c);

/* ERR_NOT_FOUND: it has not come yet. */
RESULT parts_find(struct store_part *out, struct exchange *x, struct route_context *context,
		  const struct capability *c);

/* `parts` is the client's [{"partNumber","etag"}...]: all of them, as they are here. ERR_FORMAT
 * says which is not; also if the whole has not the SHA-256 that was announced: nothing is left of
 * the upload then. */
RESULT parts_complete(struct exchange *x, struct route_context *context, const struct capability *c,
		      const json_t *parts);

/* Removes uploads that nobody goes on with. */
RESULT parts_sweep(struct route_context *context, struct arena *arena, int64_t now_ms);

#endif

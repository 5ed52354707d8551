/* SPDX-License-Identifier: Apache-2.0 */
/*
 * body.h - the body of a request, by length or in chunks (RFC 9112 section 7.1). It is given
 * input as it arrives and hands out runs of it; nothing is copied. Chunk sizes are plain hex
 * digits, lines end in CRLF, extensions and trailers are bounded, checked and ignored.
 */
#ifndef GATEWAY_HTTP_BODY_H
#define GATEWAY_HTTP_BODY_H

#include "gateway/http/request.h"

enum {
	HTTP_MAX_CHUNK_DIGITS = 12,
	HTTP_MAX_CHUNK_EXTENSIONS = 1024, /* bytes, over the whole body */
	HTTP_MAX_TRAILERS = 4096,         /* bytes */
};

struct http_body {
	int state;       /* private to body.c */
	uint64_t left;   /* of the body, or of the current chunk */
	unsigned digits; /* of the current chunk size */
	size_t overhead; /* bytes of extensions, then of trailers */
};

struct http_body http_body_of(const struct http_request *request);
bool http_body_is_done(const struct http_body *body);

/*
 * Take the next run from the front of `input`: *used bytes are consumed, of which *data (maybe
 * empty, borrowed from `input`) belong to the body. Call again while *used is not zero and the
 * body is not done. ERR_FORMAT or ERR_LIMIT for bad framing: the connection is then of no use.
 */
RESULT http_body_next(struct http_body *body, struct slice input, size_t *used, struct slice *data);

#endif

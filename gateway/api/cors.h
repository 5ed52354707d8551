/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cors.h - pages of which other web origins may call the gateway (the Fetch standard's CORS
 * protocol). Only origins that the settings list, each by name: never "*", and no credentials of
 * the browser's own (cookies), since a token travels in Authorization. Pure.
 */
#ifndef GATEWAY_API_CORS_H
#define GATEWAY_API_CORS_H

#include "crypto/base/buf.h"
#include "gateway/http/request.h"

/* Is it a list of scheme://host[:port] with spaces between? ERR_FORMAT names the one that is not.
 */
RESULT cors_check(struct slice origins);

/* Byte for byte, as browsers send it. */
bool cors_allows(struct slice origins, struct slice origin);

/* The headers of every answer to this request, as lines: none for an empty list, else Vary; for a
 * listed origin what its page may read, and, if it asks beforehand (OPTIONS), what it may send. */
void cors_write(struct buf *headers, struct slice origins, const struct http_request *request);

#endif

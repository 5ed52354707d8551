/* SPDX-License-Identifier: Apache-2.0 */
/*
 * encoding.h - in which coding a client wants an answer (RFC 9110 section 12.5.3), of those that
 * are there. Pure.
 */
#ifndef GATEWAY_HTTP_ENCODING_H
#define GATEWAY_HTTP_ENCODING_H

#include "crypto/base/slice.h"

/* From the largest answer to the smallest. */
enum http_encoding { HTTP_IDENTITY, HTTP_GZIP, HTTP_BROTLI };
enum { HTTP_ENCODINGS = 3 };

/* As Content-Encoding names it; NULL: no such header. */
const char *http_encoding_name(enum http_encoding encoding);

/*
 * The one that Accept-Encoding (no data: not sent) likes best, of those that `has` says are there;
 * of equally liked ones the smallest. Identity is always there, and is sent where nothing else is
 * accepted, even to who refuses it: an answer that may be of use is better than none.
 */
enum http_encoding http_encoding_of(struct slice accept, const bool has[HTTP_ENCODINGS]);

#endif

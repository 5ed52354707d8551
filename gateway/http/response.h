/* SPDX-License-Identifier: Apache-2.0 */
/*
 * response.h - writes the head of an answer and what frames its body. A header whose name or
 * value holds a byte that does not belong there is our own mistake and stops nobody: it is
 * refused, and the caller answers 500 instead.
 */
#ifndef GATEWAY_HTTP_RESPONSE_H
#define GATEWAY_HTTP_RESPONSE_H

#include "crypto/base/buf.h"

enum { HTTP_DATE = 30 }; /* "Sun, 06 Nov 1994 08:49:37 GMT" and a NUL */

void http_write_status(struct buf *out, unsigned status); /* "HTTP/1.1 200 OK\r\n" */
RESULT http_write_header(struct buf *out, struct slice name, struct slice value);
void http_write_end(struct buf *out);                       /* the empty line */
void http_write_chunk(struct buf *out, struct slice bytes); /* nothing if it is empty */
void http_write_last_chunk(struct buf *out);

const char *http_status_text(unsigned status);        /* "Not Found"; "Unknown" if unknown */
bool http_status_has_body(unsigned status);           /* not 1xx, 204, 304 */
void http_date(char out[HTTP_DATE], int64_t seconds); /* IMF-fixdate, RFC 9110 section 5.6.7 */

#endif

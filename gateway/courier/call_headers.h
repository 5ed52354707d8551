/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call_headers.h - the header lines of a call, as they are given and as they are told. Pure: what
 * a line may be is decided here, before libcurl sees one.
 */
#ifndef GATEWAY_COURIER_CALL_HEADERS_H
#define GATEWAY_COURIER_CALL_HEADERS_H

#include "crypto/base/buf.h"

enum { CALL_HEADERS_MAX = 32, CALL_HEADER_VALUE_MAX = 1024 };

/* Lines "Name: value", each ends with a newline: at most CALL_HEADERS_MAX, names of letters,
 * digits and hyphens, values of visible ASCII and inner spaces. ERR_FORMAT also for a header that
 * is the courier's own to say (Host, Content-Length, ...). */
RESULT call_headers_check(struct slice lines);

/* The next line without its newline; false at the end. */
bool call_headers_next(struct slice *line, struct slice *lines);

bool call_headers_have(struct slice lines, const char *name);

/* Those that whoever calls may need: content-type, location, etag, retry-after, cache-control,
 * www-authenticate. Appended to `out` in small letters, foreign bytes as '?'; others are not. */
void call_headers_keep(struct buf *out, struct slice name, struct slice value);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sse.h - server-sent events, and text as a JSON string for what goes into them: a generated
 * token becomes a few hundred bytes without a tree being built for it.
 */
#ifndef GATEWAY_HTTP_SSE_H
#define GATEWAY_HTTP_SSE_H

#include "crypto/base/buf.h"

/* "event: NAME\ndata: ...\n\n"; without the first line if `event` is NULL. A line feed in the
 * data begins a new data line. */
void sse_write_event(struct buf *out, const char *event, struct slice data);
void sse_write_comment(struct buf *out); /* ":\n\n", to keep a connection alive */

/* `text` in quotes, escaped as RFC 8259 wants it. It must be UTF-8; a byte that is not becomes
 * U+FFFD. */
void json_write_text(struct buf *out, struct slice text);

#endif

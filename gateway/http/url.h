/* SPDX-License-Identifier: Apache-2.0 */
/*
 * url.h - percent-decoding, paths, queries and forms. Everything is decoded exactly once; a '%'
 * without two hex digits and a decoded NUL are ERR_FORMAT.
 */
#ifndef GATEWAY_HTTP_URL_H
#define GATEWAY_HTTP_URL_H

#include "crypto/base/arena.h"
#include "crypto/base/buf.h"

/* Decode %XX. *out is `text` itself if there is nothing to decode, else from the arena. */
RESULT url_decode(struct slice *out, struct arena *arena, struct slice text);

/*
 * Cut a raw path (it begins with '/') into at most `max` segments and decode each, so that an
 * encoded slash stays inside its segment. "/" is one empty segment. ERR_FORMAT for a backslash, a
 * control byte, text that is not UTF-8, and a "." or ".." (between encoded slashes too).
 */
RESULT url_split_path(struct slice *segments, size_t max, size_t *count, struct arena *arena,
		      struct slice path);

/*
 * Walk over a query or an application/x-www-form-urlencoded body: each call takes one pair from
 * the front of *rest, decoded ('+' is a space). False at the end, or, with *failed set, at a pair
 * that cannot be decoded.
 */
bool url_form_next(struct slice *rest, struct arena *arena, struct slice *name, struct slice *value,
		   bool *failed);

/* The first value of that name. ERR_NOT_FOUND, ERR_FORMAT. */
RESULT url_form_find(struct slice *out, struct arena *arena, struct slice form, const char *name);

/* Append `text` with everything encoded but letters, digits and "-._~". */
void url_write_component(struct buf *out, struct slice text);
void url_write_path(struct buf *out, struct slice text); /* keeps '/' */

#endif

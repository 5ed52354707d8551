/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conditions.h - what a request's conditions come to (RFC 9110 section 13), where the entity tag
 * is strong and no date is known: If-Match, If-None-Match, If-Range. Conditions on dates are
 * ignored, as the RFC asks where there is no Last-Modified.
 */
#ifndef GATEWAY_HTTP_CONDITIONS_H
#define GATEWAY_HTTP_CONDITIONS_H

#include "crypto/base/slice.h"

enum condition {
	CONDITION_NONE,         /* go on */
	CONDITION_NOT_MODIFIED, /* 304 */
	CONDITION_FAILED,       /* 412 */
};

/* Values of headers (no data: not sent); `etag` with its quotes. */
enum condition condition_of(struct slice if_match, struct slice if_none_match, struct slice etag);

/* Does the Range header count? Not if the client holds a part of something else. */
bool condition_allows_range(struct slice if_range, struct slice etag);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * range.h - one byte range of a Range header (RFC 9110 section 14). What is malformed, in another
 * unit, or asks for several ranges is ignored, as the RFC allows: the answer is the whole. (Many
 * small ranges in one request are an old way to make servers work hard; no client of ours asks.)
 */
#ifndef GATEWAY_HTTP_RANGE_H
#define GATEWAY_HTTP_RANGE_H

#include "crypto/base/slice.h"

enum range_kind {
	RANGE_WHOLE,         /* 200 */
	RANGE_PART,          /* 206, Content-Range: bytes first-(first + length - 1)/size */
	RANGE_UNSATISFIABLE, /* 416, Content-Range: bytes * /size (without the space) */
};

struct range {
	enum range_kind kind;
	uint64_t first;
	uint64_t length; /* of what is to be sent: the size if whole, 0 if unsatisfiable */
};

/* `header` may be the empty slice: no header. `size` is that of the whole file. */
struct range range_of(struct slice header, uint64_t size);

#endif

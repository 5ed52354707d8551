/* SPDX-License-Identifier: Apache-2.0 */
/* ranges.h - which bytes of a file were sent, over any number of transfers. Pure. */
#ifndef GATEWAY_API_DOWNLOAD_RANGES_H
#define GATEWAY_API_DOWNLOAD_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RANGES_MAX = 64 };

struct ranges {
	size_t count;
	struct {
		uint64_t first, end; /* end: the byte behind it */
	} items[RANGES_MAX];         /* in order, with gaps between them */
	bool has_more;               /* there were more: what is not here was not counted */
};

/* What touches or overlaps becomes one. Length 0: nothing. first + length must not overflow. */
void ranges_add(struct ranges *r, uint64_t first, uint64_t length);

/* All of 0 to size - 1. */
bool ranges_cover(const struct ranges *r, uint64_t size);

#endif

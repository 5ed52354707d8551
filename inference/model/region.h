/* SPDX-License-Identifier: Apache-2.0 */
/*
 * region.h - one mapping for what must not leak: weights, keys and values of running sequences.
 * Locked in memory, kept out of core dumps and out of forked children, wiped before it is given
 * back.
 */
#ifndef INFERENCE_MODEL_REGION_H
#define INFERENCE_MODEL_REGION_H

#include "crypto/base/err.h"

enum { REGION_ALIGNMENT = 64 }; /* bytes: a cache line, and any vector register */

struct region {
	void *start;
	size_t size;
	size_t used;
	size_t touched; /* may hold something, and is wiped: all, unless its user knows better */
	size_t settled; /* so much of it lies in large pages, as far as they can be had */
	bool locked;    /* false: it may reach swap; said once in the log by whoever cares */
};

/* `strict`: refuse (ERR_DENIED) what cannot be locked. ERR_LIMIT without memory. */
RESULT region_open(struct region *out, size_t size, bool strict);
/* When its pages are had. */
enum region_pages {
	REGION_AT_ONCE,
	/* When it is touched first, by the thread that touches it: what many threads fill need not
	 * be waited for, and lies near to who will read it. */
	REGION_BY_TOUCH,
	/* The same with small pages, which a machine may have ready long before large ones;
	 * region_settle makes large ones of them. */
	REGION_SMALL_FIRST,
};

RESULT region_open_as(struct region *out, enum region_pages pages, size_t size, bool strict);

/* Makes a large page of the next small ones; false: there are none left. Some milliseconds at
 * most. What is in it stays where it is, so others may use it meanwhile. */
bool region_settle(struct region *r);

void region_close(struct region *r); /* wipes; a zeroed one is fine; fit for AUTO */

/* The next `size` bytes, zeroed and aligned. Our own sums decide the size: it always fits. */
void *region_take(struct region *r, size_t size);

/* What region_take(size) uses up. */
size_t region_round(size_t size);

#endif

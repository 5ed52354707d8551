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
	bool locked; /* false: it may reach swap; said once in the log by whoever cares */
};

/* `strict`: refuse (ERR_DENIED) what cannot be locked. ERR_LIMIT without memory. */
RESULT region_open(struct region *out, size_t size, bool strict);
void region_close(struct region *r); /* wipes; a zeroed one is fine; fit for AUTO */

/* The next `size` bytes, zeroed and aligned. Our own sums decide the size: it always fits. */
void *region_take(struct region *r, size_t size);

/* What region_take(size) uses up. */
size_t region_round(size_t size);

#endif

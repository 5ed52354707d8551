/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.h - memory that lives as long as one request: no frees, one reset. An allocation of
 * our own size does not fail (the process stops); sizes from outside are checked against a
 * named limit before they come here.
 */
#ifndef CRYPTO_BASE_ARENA_H
#define CRYPTO_BASE_ARENA_H

#include "crypto/base/slice.h"

struct arena {
	struct arena_block *blocks;
};

/* Before the first allocation: the first block has room for exactly `size` bytes, not for the usual
 * 16 KiB. For what lives long and whose size is known. */
void arena_begin(struct arena *a, size_t size);
size_t arena_used(const struct arena *a); /* bytes given out, as aligned */

void *arena_alloc(struct arena *a, size_t size);        /* zeroed, aligned for any type */
char *arena_string(struct arena *a, struct slice text); /* copy with a NUL behind it */
struct slice arena_copy(struct arena *a, struct slice bytes);
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
void arena_reset(struct arena *a); /* as freed, but for one block, kept for what comes next */
void arena_free(struct arena *a);  /* frees all; the arena may be used again; fit for AUTO */

#endif

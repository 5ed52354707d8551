/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kvcache.h - keys and values of running sequences, in pages of KVCACHE_PAGE positions taken from
 * one locked region. A sequence has a table of pages, which grows as it does. A page that is full
 * may be in several tables at once: nobody writes to it any more. It is wiped when the last who has
 * it lets go.
 */
#ifndef INFERENCE_KVCACHE_H
#define INFERENCE_KVCACHE_H

#include "inference/model/config.h"

enum { KVCACHE_PAGE = ATTEND_PAGE }; /* positions */

struct kvcache;

struct kvcache_table {
	uint32_t *pages;
	size_t count;
};

size_t kvcache_page_bytes(const struct config *config); /* all layers, keys and values */
size_t kvcache_pages_for(size_t positions);

RESULT kvcache_new(struct kvcache **out, const struct config *config, size_t pages, bool strict);
void kvcache_free(struct kvcache *c); /* wipes; NULL is fine */
AUTO_POINTER(kvcache)

/* Room for `positions`: true and a table that kvcache_release takes back, or false for now. The
 * first takes an empty table, the second one that has some; false leaves it as it was. */
bool kvcache_reserve(struct kvcache *c, struct kvcache_table *out, size_t positions);
bool kvcache_grow(struct kvcache *c, struct kvcache_table *table, size_t positions);
void kvcache_release(struct kvcache *c, struct kvcache_table *table); /* empty is fine */

/* A full page of somebody else's, behind those the table has; and in place of one that it has. */
void kvcache_share(struct kvcache *c, struct kvcache_table *table, uint32_t page);
void kvcache_replace(struct kvcache *c, struct kvcache_table *table, size_t at, uint32_t page);

/* Somebody without a table has this page, too, until it drops it. */
void kvcache_keep(struct kvcache *c, uint32_t page);
void kvcache_drop(struct kvcache *c, uint32_t page);
unsigned kvcache_users(const struct kvcache *c, uint32_t page);

/* Who keeps pages that nobody needs is asked for `pages` of them when there are none left. */
typedef void kvcache_spare_fn(void *context, size_t pages);
void kvcache_ask_spare(struct kvcache *c, kvcache_spare_fn *spare, void *context);

/* Where a position's key and value of a head are kept: the block that holds them, and what
 * attention wants to know of a head's blocks (its `base`, `pages` and `page_bytes`; see attend.h).
 */
uint8_t *kvcache_block(struct kvcache *c, const struct kvcache_table *t, size_t layer, size_t head,
		       size_t position);
void kvcache_describe(const struct kvcache *c, const struct kvcache_table *t, size_t layer,
		      size_t head, struct attend_job *job);

size_t kvcache_pages_free(const struct kvcache *c);
size_t kvcache_pages_total(const struct kvcache *c);
bool kvcache_is_locked(const struct kvcache *c);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kvcache.h - keys and values of running sequences, in pages of KVCACHE_PAGE positions taken from
 * one locked region. A sequence owns a table of pages; what it will need at most is reserved when
 * it joins, so that a running sequence never has to be thrown out.
 */
#ifndef INFERENCE_KVCACHE_H
#define INFERENCE_KVCACHE_H

#include "inference/model/config.h"

enum { KVCACHE_PAGE = 32 }; /* positions */

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

/* Room for `positions`: true and a table that kvcache_release takes back, or false for now. */
bool kvcache_reserve(struct kvcache *c, struct kvcache_table *out, size_t positions);
void kvcache_release(struct kvcache *c, struct kvcache_table *table); /* wipes; empty is fine */

/* Rows of kv_heads * head_size floats. */
float *kvcache_key(struct kvcache *c, const struct kvcache_table *t, size_t layer, size_t position);
float *kvcache_value(struct kvcache *c, const struct kvcache_table *t, size_t layer,
		     size_t position);

size_t kvcache_pages_free(const struct kvcache *c);
size_t kvcache_pages_total(const struct kvcache *c);
bool kvcache_is_locked(const struct kvcache *c);

#endif

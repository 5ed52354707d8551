/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prefixes.h - full pages of keys and values that are kept when their sequence has gone, for the
 * next whose text begins with the same tokens: of the same license, with the same adapter, and
 * nobody else's. Pages that no sequence has are given up when pages are needed, the least recently
 * used first.
 *
 * A page stands in a tree: what it holds depends on all tokens before it. It is found by a hash
 * with a key of this engine's own, and taken only if scope, parent and all of its tokens are equal.
 */
#ifndef INFERENCE_PREFIXES_H
#define INFERENCE_PREFIXES_H

#include "inference/fair.h"
#include "inference/kvcache.h"

#define PREFIXES_NONE UINT32_MAX /* no page */

enum { PREFIXES_ADAPTER = 16 };

/* Who may share what: all of it must be equal. */
struct prefix_scope {
	uint8_t payer[FAIR_ID];
	uint8_t adapter[PREFIXES_ADAPTER]; /* zeros: the base */
	uint8_t is_fixed;                  /* made by the kernels that keep every bit */
};

struct prefixes;

struct prefixes *prefixes_new(struct kvcache *cache, uint64_t key);
void prefixes_free(struct prefixes *p); /* drops all; NULL is fine */

/* Appends to an empty table the pages of `tokens` that are known, at most `most` of them; how many.
 * *last: the page that prefixes_add goes on from. */
size_t prefixes_find(struct prefixes *p, struct kvcache_table *table, uint32_t *last,
		     const struct prefix_scope *scope, const uint32_t *tokens, size_t most);

/* table's page `at`, of these KVCACHE_PAGE tokens, is full, and *last the one before it (or
 * PREFIXES_NONE). Where the same page is known already, the table gets that one instead. */
void prefixes_add(struct prefixes *p, struct kvcache_table *table, size_t at, uint32_t *last,
		  const struct prefix_scope *scope, const uint32_t *tokens);

/* All of that payer's, or with that adapter, is dropped: what no sequence has is wiped. Those that
 * run must not add to it any more. */
void prefixes_forget_payer(struct prefixes *p, const uint8_t payer[FAIR_ID]);
void prefixes_forget_adapter(struct prefixes *p, const uint8_t adapter[PREFIXES_ADAPTER]);

size_t prefixes_kept(const struct prefixes *p);  /* pages, those in use included */
size_t prefixes_spare(const struct prefixes *p); /* of those, what no sequence has */

#endif

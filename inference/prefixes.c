/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/prefixes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define NONE PREFIXES_NONE

/* By its page's number. */
struct node {
	bool is_kept;
	struct prefix_scope scope;
	uint32_t parent;
	uint32_t children;
	uint32_t tokens[KVCACHE_PAGE];
	uint32_t next;         /* in its bucket */
	uint32_t older, newer; /* in the order of use */
};

struct prefixes {
	struct kvcache *cache;
	uint64_t key;
	struct node *nodes;
	uint32_t *buckets;
	size_t bucket_count; /* a power of two */
	uint32_t oldest, newest;
	size_t kept;
};

/* Not of anybody's choosing: the key is secret. (The mixing of splitmix64.) */
static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static uint64_t mix_bytes(uint64_t x, const void *bytes, size_t size)
{
	const uint8_t *from = bytes;

	for (size_t i = 0; i < size; i += sizeof x) {
		uint64_t word = 0;

		memcpy(&word, from + i, size - i < sizeof word ? size - i : sizeof word);
		x = mix(x ^ word) + UINT64_C(0x9e3779b97f4a7c15);
	}
	return x;
}

static uint32_t *bucket_of(struct prefixes *p, const struct prefix_scope *scope, uint32_t parent,
			   const uint32_t *tokens)
{
	uint64_t x = mix_bytes(p->key, scope, sizeof *scope);

	x = mix_bytes(x, &parent, sizeof parent);
	x = mix_bytes(x, tokens, KVCACHE_PAGE * sizeof *tokens);
	return &p->buckets[x & (p->bucket_count - 1)];
}

static uint32_t find(struct prefixes *p, const struct prefix_scope *scope, uint32_t parent,
		     const uint32_t *tokens)
{
	uint32_t i = *bucket_of(p, scope, parent, tokens);

	for (; i != NONE; i = p->nodes[i].next) {
		const struct node *n = &p->nodes[i];

		if (n->parent == parent && memcmp(&n->scope, scope, sizeof *scope) == 0 &&
		    memcmp(n->tokens, tokens, sizeof n->tokens) == 0)
			break;
	}
	return i;
}

static void unlink_use(struct prefixes *p, uint32_t i)
{
	struct node *n = &p->nodes[i];

	*(n->older == NONE ? &p->oldest : &p->nodes[n->older].newer) = n->newer;
	*(n->newer == NONE ? &p->newest : &p->nodes[n->newer].older) = n->older;
}

static void link_use(struct prefixes *p, uint32_t i)
{
	p->nodes[i].older = p->newest;
	p->nodes[i].newer = NONE;
	*(p->newest == NONE ? &p->oldest : &p->nodes[p->newest].newer) = i;
	p->newest = i;
}

/* From the last page to the first, so that a page is given up before those it follows. */
static void touch(struct prefixes *p, uint32_t last)
{
	for (uint32_t i = last; i != NONE; i = p->nodes[i].parent) {
		unlink_use(p, i);
		link_use(p, i);
	}
}

size_t prefixes_find(struct prefixes *p, struct kvcache_table *table, uint32_t *last,
		     const struct prefix_scope *scope, const uint32_t *tokens, size_t most)
{
	size_t found = 0;

	*last = NONE;
	while (found < most) {
		uint32_t i = find(p, scope, *last, tokens + found * KVCACHE_PAGE);

		if (i == NONE)
			break;
		kvcache_share(p->cache, table, i);
		*last = i;
		found++;
	}
	touch(p, *last);
	return found;
}

static void insert(struct prefixes *p, uint32_t page, uint32_t parent,
		   const struct prefix_scope *scope, const uint32_t *tokens)
{
	uint32_t *bucket = bucket_of(p, scope, parent, tokens);
	struct node *n = &p->nodes[page];

	assert(!n->is_kept);
	*n = (struct node){.is_kept = true, .scope = *scope, .parent = parent, .next = *bucket};
	memcpy(n->tokens, tokens, sizeof n->tokens);
	*bucket = page;
	if (parent != NONE)
		p->nodes[parent].children++;
	link_use(p, page);
	kvcache_keep(p->cache, page);
	p->kept++;
}

void prefixes_add(struct prefixes *p, struct kvcache_table *table, size_t at, uint32_t *last,
		  const struct prefix_scope *scope, const uint32_t *tokens)
{
	uint32_t known = find(p, scope, *last, tokens);

	if (known == NONE) {
		known = table->pages[at];
		insert(p, known, *last, scope, tokens);
	} else if (known != table->pages[at]) {
		kvcache_replace(p->cache, table, at, known);
	}
	*last = known;
	touch(p, known);
}

static void drop(struct prefixes *p, uint32_t i)
{
	struct node *n = &p->nodes[i];
	uint32_t *at = bucket_of(p, &n->scope, n->parent, n->tokens);

	while (*at != i)
		at = &p->nodes[*at].next;
	*at = n->next;
	unlink_use(p, i);
	if (n->parent != NONE)
		p->nodes[n->parent].children--;
	explicit_bzero(n, sizeof *n);
	p->kept--;
	kvcache_drop(p->cache, i);
}

static bool is_spare(const struct prefixes *p, uint32_t i)
{
	return p->nodes[i].children == 0 && kvcache_users(p->cache, i) == 1;
}

static void give_up(void *context, size_t pages)
{
	struct prefixes *p = context;

	for (uint32_t i = p->oldest; i != NONE && pages > 0;) {
		uint32_t newer = p->nodes[i].newer;

		if (is_spare(p, i)) {
			drop(p, i);
			pages--;
		}
		i = newer;
	}
}

struct prefixes *prefixes_new(struct kvcache *cache, uint64_t key)
{
	struct prefixes *p = calloc(1, sizeof *p);
	size_t pages = kvcache_pages_total(cache);

	assert(p);
	*p = (struct prefixes){.cache = cache, .key = key, .oldest = NONE, .newest = NONE};
	for (p->bucket_count = 1; p->bucket_count < pages;)
		p->bucket_count *= 2;
	p->nodes = calloc(pages + 1, sizeof *p->nodes);
	p->buckets = calloc(p->bucket_count, sizeof *p->buckets);
	assert(p->nodes && p->buckets);
	for (size_t i = 0; i < p->bucket_count; i++)
		p->buckets[i] = NONE;
	kvcache_ask_spare(cache, give_up, p);
	return p;
}

/* Those of one scope hang together, so that children go with their parents. `id` NULL: all. */
static void forget(struct prefixes *p, const void *id, size_t size, size_t offset)
{
	bool is_changed = true;

	while (is_changed) {
		is_changed = false;
		for (uint32_t i = p->oldest; i != NONE;) {
			uint32_t newer = p->nodes[i].newer;
			const uint8_t *scope = (const uint8_t *)&p->nodes[i].scope;

			if (p->nodes[i].children == 0 &&
			    (!id || memcmp(scope + offset, id, size) == 0)) {
				drop(p, i);
				is_changed = true;
			}
			i = newer;
		}
	}
}

void prefixes_forget_payer(struct prefixes *p, const uint8_t payer[FAIR_ID])
{
	forget(p, payer, FAIR_ID, offsetof(struct prefix_scope, payer));
}

void prefixes_forget_adapter(struct prefixes *p, const uint8_t adapter[PREFIXES_ADAPTER])
{
	forget(p, adapter, PREFIXES_ADAPTER, offsetof(struct prefix_scope, adapter));
}

size_t prefixes_kept(const struct prefixes *p)
{
	return p->kept;
}

/* Whole branches: a page that is in use keeps those before it in use as well. */
size_t prefixes_spare(const struct prefixes *p)
{
	size_t count = 0;

	for (uint32_t i = p->oldest; i != NONE; i = p->nodes[i].newer)
		count += kvcache_users(p->cache, i) == 1;
	return count;
}

void prefixes_free(struct prefixes *p)
{
	if (!p)
		return;
	forget(p, NULL, 0, 0);
	kvcache_ask_spare(p->cache, NULL, NULL);
	free(p->nodes);
	free(p->buckets);
	free(p);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/kvcache.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "inference/model/region.h"

/* A page is [layer][head] of blocks: what attention reads of one head lies together. */
struct kvcache {
	struct region region;
	uint8_t *pages;
	uint32_t *free; /* a stack of page numbers */
	size_t free_count;
	uint16_t *users; /* of each page */
	kvcache_spare_fn *spare;
	void *spare_context;
	size_t total;
	size_t heads;
	size_t block_bytes;
	size_t page_bytes;
};

size_t kvcache_page_bytes(const struct config *config)
{
	size_t layers = config->layers ? config->layers : 1; /* an encoder's take turns */

	return layers * config->kv_heads * attend_block_bytes(config->cache, config->head_size);
}

size_t kvcache_pages_for(size_t positions)
{
	return (positions + KVCACHE_PAGE - 1) / KVCACHE_PAGE;
}

enum err kvcache_new(struct kvcache **out, const struct config *config, size_t pages, bool strict)
{
	AUTO(kvcache_auto) struct kvcache *c = calloc(1, sizeof *c);
	size_t bytes;

	assert(c);
	if (pages > UINT32_MAX || __builtin_mul_overflow(pages, kvcache_page_bytes(config), &bytes))
		return failure(ERR_LIMIT, "kvcache: %zu pages are too many", pages);
	TRY(region_open_as(&c->region, REGION_BY_TOUCH, region_round(bytes), strict));
	c->region.touched = 0;
	c->pages = region_take(&c->region, bytes);
	c->free = calloc(pages + 1, sizeof *c->free);
	c->users = calloc(pages + 1, sizeof *c->users);
	assert(c->free && c->users);
	c->total = pages;
	c->heads = config->kv_heads;
	c->block_bytes = attend_block_bytes(config->cache, config->head_size);
	c->page_bytes = kvcache_page_bytes(config);
	for (size_t i = 0; i < pages; i++)
		c->free[c->free_count++] = (uint32_t)(pages - 1 - i);
	*out = c;
	c = NULL; /* given away */
	return OK;
}

void kvcache_free(struct kvcache *c)
{
	if (!c)
		return;
	region_close(&c->region);
	free(c->free);
	free(c->users);
	free(c);
}

bool kvcache_reserve(struct kvcache *c, struct kvcache_table *out, size_t positions)
{
	*out = (struct kvcache_table){0};
	return kvcache_grow(c, out, positions);
}

/* Those never given out were never written. */
static void touch(struct kvcache *c, uint32_t page)
{
	size_t end = (page + 1) * c->page_bytes;

	c->region.touched = end > c->region.touched ? end : c->region.touched;
}

static void append(struct kvcache_table *t, uint32_t page)
{
	t->pages[t->count++] = page;
}

static void make_room(struct kvcache_table *t, size_t count)
{
	t->pages = reallocarray(t->pages, count + 1, sizeof *t->pages);
	assert(t->pages);
}

bool kvcache_grow(struct kvcache *c, struct kvcache_table *table, size_t positions)
{
	size_t count = kvcache_pages_for(positions);
	size_t wanted = count > table->count ? count - table->count : 0;

	if (wanted > c->free_count && c->spare)
		c->spare(c->spare_context, wanted - c->free_count);
	if (wanted > c->free_count)
		return false;
	if (wanted > 0 || !table->pages)
		make_room(table, count);
	while (table->count < count) {
		uint32_t page = c->free[--c->free_count];

		c->users[page] = 1;
		touch(c, page);
		append(table, page);
	}
	return true;
}

void kvcache_keep(struct kvcache *c, uint32_t page)
{
	assert(c->users[page] > 0 && c->users[page] < UINT16_MAX);
	c->users[page]++;
}

void kvcache_drop(struct kvcache *c, uint32_t page)
{
	assert(c->users[page] > 0);
	if (--c->users[page] > 0)
		return;
	/* Another person's sequence gets this page next. */
	memset(c->pages + page * c->page_bytes, 0, c->page_bytes);
	c->free[c->free_count++] = page;
}

unsigned kvcache_users(const struct kvcache *c, uint32_t page)
{
	return c->users[page];
}

void kvcache_share(struct kvcache *c, struct kvcache_table *table, uint32_t page)
{
	make_room(table, table->count + 1);
	kvcache_keep(c, page);
	append(table, page);
}

void kvcache_replace(struct kvcache *c, struct kvcache_table *table, size_t at, uint32_t page)
{
	assert(at < table->count);
	kvcache_keep(c, page);
	kvcache_drop(c, table->pages[at]);
	table->pages[at] = page;
}

void kvcache_ask_spare(struct kvcache *c, kvcache_spare_fn *spare, void *context)
{
	c->spare = spare;
	c->spare_context = context;
}

void kvcache_release(struct kvcache *c, struct kvcache_table *table)
{
	while (table->count > 0)
		kvcache_drop(c, table->pages[--table->count]);
	free(table->pages);
	*table = (struct kvcache_table){0};
}

static uint8_t *blocks_of(const struct kvcache *c, size_t layer, size_t head)
{
	return c->pages + (layer * c->heads + head) * c->block_bytes;
}

uint8_t *kvcache_block(struct kvcache *c, const struct kvcache_table *t, size_t layer, size_t head,
		       size_t position)
{
	assert(position / KVCACHE_PAGE < t->count);
	return blocks_of(c, layer, head) + t->pages[position / KVCACHE_PAGE] * c->page_bytes;
}

void kvcache_describe(const struct kvcache *c, const struct kvcache_table *t, size_t layer,
		      size_t head, struct attend_job *job)
{
	job->base = blocks_of(c, layer, head);
	job->pages = t->pages;
	job->page_bytes = c->page_bytes;
}

size_t kvcache_pages_free(const struct kvcache *c)
{
	return c->free_count;
}

size_t kvcache_pages_total(const struct kvcache *c)
{
	return c->total;
}

bool kvcache_is_locked(const struct kvcache *c)
{
	return c->region.locked;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/tokenizer/table.h"

#include <assert.h>
#include <stdlib.h>

/* A power of two, at least twice the entries: an empty row ends every search. */
static size_t rows_for(size_t entries)
{
	size_t rows = 16;

	while (rows < 2 * entries)
		rows *= 2;
	return rows;
}

void string_table_init(struct string_table *t, size_t entries)
{
	t->mask = rows_for(entries) - 1;
	t->rows = calloc(t->mask + 1, sizeof *t->rows);
	assert(t->rows);
}

void string_table_clear(struct string_table *t)
{
	free(t->rows);
	*t = (struct string_table){0};
}

static uint64_t mix(uint64_t h)
{
	h ^= h >> 32;
	h *= 0x9e3779b97f4a7c15u;
	return h ^ (h >> 29);
}

struct string_row *string_table_row(const struct string_table *t, struct slice key)
{
	uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
	size_t i;

	for (size_t j = 0; j < key.size; j++)
		hash = (hash ^ key.data[j]) * 0x100000001b3u;
	for (i = mix(hash) & t->mask; t->rows[i].key.data; i = (i + 1) & t->mask)
		if (slice_equal(t->rows[i].key, key))
			break;
	return &t->rows[i];
}

void pair_table_init(struct pair_table *t, size_t entries)
{
	t->mask = rows_for(entries) - 1;
	t->rows = calloc(t->mask + 1, sizeof *t->rows);
	assert(t->rows);
}

void pair_table_clear(struct pair_table *t)
{
	free(t->rows);
	*t = (struct pair_table){0};
}

struct pair_row *pair_table_row(const struct pair_table *t, uint32_t left, uint32_t right)
{
	uint64_t pair = (uint64_t)left << 32 | right;
	size_t i;

	for (i = mix(pair * 0x9e3779b97f4a7c15u) & t->mask; t->rows[i].used; i = (i + 1) & t->mask)
		if (t->rows[i].pair == pair)
			break;
	return &t->rows[i];
}

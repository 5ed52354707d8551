/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/grammar/sets.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int sets_compare(const void *x, const void *y)
{
	const struct item *a = x;
	const struct item *b = y;

	if (a->node != b->node)
		return a->node < b->node ? -1 : 1;
	if (a->frame != b->frame)
		return a->frame < b->frame ? -1 : 1;
	return (a->count > b->count) - (a->count < b->count);
}

uint32_t sets_hash(uint32_t h, const struct item *item)
{
	h = (h ^ item->node) * 0x9e3779b1u;
	h = (h ^ (h >> 15) ^ item->frame) * 0x85ebca77u;
	h = (h ^ (h >> 13) ^ item->count) * 0xc2b2ae3du;
	return h ^ (h >> 16);
}

static bool is_set(const struct sets *s, uint32_t i, const struct item *items, uint32_t n)
{
	return s->starts[i + 1] - s->starts[i] == n &&
	       memcmp(s->items + s->starts[i], items, n * sizeof *items) == 0;
}

static uint32_t add_set(struct sets *s, const struct item *items, uint32_t n)
{
	if (s->count == STATES_MAX || n > STATES_MAX_ITEMS - s->item_count)
		return SETS_NO_ROOM;
	while (s->item_count + n > s->item_room) {
		s->item_room = s->item_room ? 2 * s->item_room : 256;
		s->items = realloc(s->items, s->item_room * sizeof *s->items);
		assert(s->items);
	}
	if (n > 0)
		memcpy(s->items + s->item_count, items, n * sizeof *items);
	s->item_count += n;
	s->starts[s->count + 1] = s->item_count;
	return s->count++;
}

uint32_t sets_intern(struct sets *s, struct item *items, uint32_t n)
{
	uint32_t kept = 0;
	uint32_t hash = 1;

	if (n > 1)
		qsort(items, n, sizeof *items, sets_compare);
	for (uint32_t i = 0; i < n; i++)
		if (kept == 0 || sets_compare(&items[kept - 1], &items[i]) != 0)
			items[kept++] = items[i];
	for (uint32_t i = 0; i < kept; i++)
		hash = sets_hash(hash, &items[i]);
	for (uint32_t at = hash;; at++) {
		uint32_t *cell = &s->table[at % SETS_TABLE];

		if (*cell == 0) {
			uint32_t number = add_set(s, items, kept);

			*cell = number == SETS_NO_ROOM ? 0 : number + 1;
			return number;
		}
		if (is_set(s, *cell - 1, items, kept))
			return *cell - 1;
	}
}

void sets_clear(struct sets *s)
{
	s->count = 0;
	s->item_count = 0;
	s->starts[0] = 0;
	memset(s->table, 0, sizeof s->table);
}

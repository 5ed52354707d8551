/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/download/ranges.h"

#include <string.h>

void ranges_add(struct ranges *r, uint64_t first, uint64_t length)
{
	uint64_t end = first + length;
	size_t from = 0, to;

	if (length == 0)
		return;
	while (from < r->count && r->items[from].end < first)
		from++;
	for (to = from; to < r->count && r->items[to].first <= end; to++) { /* these become one */
		if (r->items[to].first < first)
			first = r->items[to].first;
		if (r->items[to].end > end)
			end = r->items[to].end;
	}
	if (to == from && r->count == RANGES_MAX) {
		r->has_more = true;
		return;
	}
	memmove(&r->items[from + 1], &r->items[to], (r->count - to) * sizeof r->items[0]);
	r->count = r->count + 1 - (to - from);
	r->items[from].first = first;
	r->items[from].end = end;
}

bool ranges_cover(const struct ranges *r, uint64_t size)
{
	return size == 0 || (r->count == 1 && r->items[0].first == 0 && r->items[0].end >= size);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/scribe/awaits.h"

enum err awaits_add(struct awaits *a, const uint8_t event[STORE_ID], unsigned edge, uint32_t call,
		    int64_t now_ms)
{
	struct await *item;

	if (a->count == AWAITS_MAX)
		return failure(ERR_LIMIT, "too many calls wait for the log");
	item = &a->items[a->count++];
	*item = (struct await){.edge = edge, .call = call, .deadline_ms = now_ms + AWAITS_MS};
	memcpy(item->event, event, STORE_ID);
	return OK;
}

void awaits_filter(struct awaits *a, awaits_keep_fn *keep, void *context)
{
	size_t kept = 0;

	for (size_t i = 0; i < a->count; i++)
		if (keep(context, &a->items[i]))
			a->items[kept++] = a->items[i];
	a->count = kept;
}

static bool is_of_another(void *context, const struct await *item)
{
	return item->edge != *(const unsigned *)context;
}

void awaits_drop(struct awaits *a, unsigned edge)
{
	awaits_filter(a, is_of_another, &edge);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/slots/budget.h"

/* What the rows of one kind are, and take. */
struct sum {
	size_t rows;
	uint64_t bytes;
};

static struct sum sum_of(const struct budget *b, enum budget_use use, bool is_pinned)
{
	struct sum sum = {0, 0};

	for (size_t i = 0; i < b->count; i++) {
		if (b->rows[i].use != use || b->rows[i].is_pinned != is_pinned)
			continue;
		sum.rows++;
		sum.bytes += b->rows[i].bytes;
	}
	return sum;
}

static struct sum both(const struct budget *b, enum budget_use use)
{
	struct sum pinned = sum_of(b, use, true), others = sum_of(b, use, false);

	return (struct sum){pinned.rows + others.rows, pinned.bytes + others.bytes};
}

bool budget_is_starting(const struct budget *b)
{
	return both(b, BUDGET_FREE).rows == 0 && both(b, BUDGET_LEAVING).rows > b->promises;
}

static uint64_t least_of(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t budget_free(const struct budget *b)
{
	uint64_t used = b->promise;

	for (size_t i = 0; i < b->count; i++)
		used += b->rows[i].use == BUDGET_FREE ? 0 : b->rows[i].bytes;
	return b->limit > used ? b->limit - used : 0;
}

/* The pinned ones never go: does it fit beside them? */
static bool fits_beside_pins(const struct budget *b, uint64_t least)
{
	struct sum held = sum_of(b, BUDGET_HELD, true), idle = sum_of(b, BUDGET_IDLE, true);
	uint64_t taken = held.bytes + idle.bytes + b->promise;

	return held.rows + idle.rows + b->promises < b->count && taken <= b->limit &&
	       least <= b->limit - taken;
}

/* The one that may go and was used the longest ago; b->count: none may go now. */
static size_t oldest(const struct budget *b, int64_t now_ms)
{
	size_t best = b->count;

	for (size_t i = 0; i < b->count; i++) {
		const struct budget_row *row = &b->rows[i];

		if (row->use == BUDGET_IDLE && !row->is_pinned && row->kept_ms <= now_ms &&
		    (best == b->count || row->used_ms < b->rows[best].used_ms))
			best = i;
	}
	return best;
}

static size_t first_free(const struct budget *b)
{
	size_t i = 0;

	while (i < b->count && b->rows[i].use != BUDGET_FREE)
		i++;
	return i;
}

struct budget_plan budget_plan(const struct budget *b, uint64_t least, uint64_t most,
			       int64_t now_ms)
{
	struct sum unused = both(b, BUDGET_FREE), leaving = both(b, BUDGET_LEAVING);
	struct sum idle = sum_of(b, BUDGET_IDLE, false);
	uint64_t room = budget_free(b), ceiling = least_of(b->limit, b->each);
	size_t row;

	if (least > ceiling)
		return (struct budget_plan){.verdict = BUDGET_SMALL, .bytes = ceiling};
	if (!fits_beside_pins(b, least))
		return (struct budget_plan){.verdict = BUDGET_TAKEN, .bytes = room};
	if (unused.rows > b->promises && least <= room)
		return (struct budget_plan){BUDGET_TAKE, first_free(b),
					    least_of(most, least_of(b->each, room))};
	/* Nothing goes in vain: not if what is on its way is enough, nor if all that may go is not.
	 */
	if (unused.rows + leaving.rows > b->promises && least <= room + leaving.bytes)
		return (struct budget_plan){.verdict = BUDGET_WAIT, .bytes = room};
	row = oldest(b, now_ms);
	if (row < b->count && unused.rows + leaving.rows + idle.rows > b->promises &&
	    least <= room + leaving.bytes + idle.bytes)
		return (struct budget_plan){BUDGET_EVICT, row, room};
	return (struct budget_plan){.verdict = BUDGET_WAIT, .bytes = room};
}

int64_t budget_kept_ms(int64_t began_ms, int64_t ready_ms)
{
	int64_t twice = 2 * (ready_ms - began_ms);

	return ready_ms + (twice < BUDGET_KEPT_MOST_MS ? twice : BUDGET_KEPT_MOST_MS);
}

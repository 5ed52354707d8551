/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/keeper/draft.h"

#include <assert.h>
#include <stdlib.h>

/* Too large for a stack, and not zeroed: the counts say what is there. */
struct draft *draft_new(const struct ledger *l, int64_t wall_ms)
{
	struct draft *d = malloc(sizeof *d);

	assert(d);
	d->ledger = l;
	d->wall_ms = wall_ms;
	d->leaf_count = d->fact_count = d->shred_count = d->end_count = 0;
	return d;
}

void draft_free(struct draft **d)
{
	free(*d);
}

uint64_t draft_fact(const struct draft *d, const struct fact *like)
{
	for (size_t i = d->fact_count; i-- > 0;)
		if (digest_equal(&d->facts[i].key, &like->key))
			return d->facts[i].value;
	return journal_fact(d->ledger->journal, like);
}

void draft_value(struct draft *d, struct fact fact)
{
	assert(d->fact_count < DRAFT_MAX_FACTS);
	d->facts[d->fact_count++] = fact;
}

void draft_bits(struct draft *d, struct fact fact, uint64_t set, uint64_t clear)
{
	fact.value = (draft_fact(d, &fact) | set) & ~clear;
	draft_value(d, fact);
}

uint64_t draft_number(const struct draft *d)
{
	return journal_size(d->ledger->journal) + d->leaf_count + 1;
}

static uint64_t fact_of_draft(const void *context, const struct fact *like)
{
	return draft_fact(context, like);
}

struct approvers draft_approvers(const struct draft *d)
{
	return (struct approvers){fact_of_draft, d, d->ledger->origin, d->wall_ms};
}

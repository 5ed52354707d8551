/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/fair.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void fair_init(struct fair *f, size_t most)
{
	*f = (struct fair){.payers = calloc(most, sizeof *f->payers), .count = most};
	assert(f->payers);
}

void fair_clear(struct fair *f)
{
	free(f->payers);
	*f = (struct fair){0};
}

static struct fair_payer *find(const struct fair *f, const uint8_t id[FAIR_ID])
{
	for (size_t i = 0; i < f->count; i++)
		if (f->payers[i].sequences && memcmp(f->payers[i].id, id, FAIR_ID) == 0)
			return &f->payers[i];
	return NULL;
}

static struct fair_payer *take_free(struct fair *f, const uint8_t id[FAIR_ID])
{
	size_t i = 0;

	while (i < f->count && f->payers[i].sequences)
		i++;
	assert(i < f->count);
	f->payers[i] = (struct fair_payer){.time = f->now};
	memcpy(f->payers[i].id, id, FAIR_ID);
	return &f->payers[i];
}

struct fair_payer *fair_enter(struct fair *f, const uint8_t id[FAIR_ID])
{
	struct fair_payer *p = find(f, id);

	if (!p)
		p = take_free(f, id);
	p->sequences++;
	return p;
}

void fair_leave(struct fair *f, struct fair_payer *payer)
{
	(void)f;
	assert(payer->sequences > 0);
	payer->sequences--;
}

size_t fair_sequences(const struct fair *f, const uint8_t id[FAIR_ID])
{
	const struct fair_payer *p = find(f, id);

	return p ? p->sequences : 0;
}

static double weight_of(enum fair_priority priority)
{
	switch (priority) {
	case FAIR_LOW:
		return 1;
	case FAIR_NORMAL:
		return 4;
	case FAIR_HIGH:
		return 16;
	}
	return 1;
}

void fair_charge(struct fair *f, struct fair_payer *payer, enum fair_priority priority,
		 size_t tokens)
{
	bool is_first = true;

	payer->time += (double)tokens / weight_of(priority);
	for (size_t i = 0; i < f->count; i++) {
		const struct fair_payer *p = &f->payers[i];

		if (!p->sequences || (!is_first && p->time >= f->now))
			continue;
		f->now = p->time;
		is_first = false;
	}
}

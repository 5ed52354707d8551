/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/lease/lease_clock.h"

void lease_clock_init(struct lease_clock *c, int64_t lease_ms)
{
	c->length_ms = lease_ms - lease_ms / 10;
	c->is_held = false;
	atomic_store(&c->until_ms, INT64_MIN);
	atomic_store(&c->epoch, 1);
}

uint64_t lease_clock_epoch(const struct lease_clock *c, int64_t now_ms)
{
	uint64_t epoch = atomic_load(&c->epoch);
	bool holds = now_ms < atomic_load(&c->until_ms);

	/* Asked again: a lease begun in between is of another epoch, advanced before it began. */
	return holds && atomic_load(&c->epoch) == epoch ? epoch : 0;
}

uint64_t lease_clock_next(const struct lease_clock *c)
{
	return atomic_load(&c->epoch) + 1;
}

void lease_clock_advance(struct lease_clock *c)
{
	atomic_fetch_add(&c->epoch, 1);
}

bool lease_clock_begin(struct lease_clock *c, int64_t sent_ms, int64_t now_ms)
{
	if (now_ms >= sent_ms + c->length_ms)
		return false;
	atomic_store(&c->until_ms, sent_ms + c->length_ms);
	c->is_held = true;
	return true;
}

bool lease_clock_renew(struct lease_clock *c, int64_t sent_ms, int64_t now_ms)
{
	if (!c->is_held || now_ms >= atomic_load(&c->until_ms))
		return false;
	atomic_store(&c->until_ms, sent_ms + c->length_ms);
	return true;
}

void lease_clock_drop(struct lease_clock *c)
{
	c->is_held = false;
	atomic_store(&c->until_ms, INT64_MIN);
}

bool lease_clock_lapse(struct lease_clock *c, int64_t now_ms)
{
	if (!c->is_held || now_ms < atomic_load(&c->until_ms))
		return false;
	lease_clock_drop(c);
	return true;
}

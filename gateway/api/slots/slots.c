/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/slots/slots.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "crypto/base/clock.h"
#include "crypto/base/log.h"
#include "gateway/api/lease/cuts.h"
#include "gateway/api/slots/slots_parts.h"
#include "schema/wire/message.h"

enum { TOLD_AGAIN_MS = 5000 }; /* one that was told to end is told again */

struct slots *slots_new(const struct slots_options *options)
{
	struct slots *s = calloc(1, sizeof *s);
	pthread_condattr_t by_monotonic_clock;

	assert(s && options->count <= BUDGET_ROWS && options->edge < options->edges);
	s->options = *options;
	s->limit = options->memory_bytes / options->edges;
	s->first = options->edge;
	s->step = options->edges;
	s->count = options->count;
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&by_monotonic_clock);
	pthread_condattr_setclock(&by_monotonic_clock, CLOCK_MONOTONIC);
	pthread_cond_init(&s->changed, &by_monotonic_clock);
	pthread_condattr_destroy(&by_monotonic_clock);
	return s;
}

void slots_free(struct slots *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < s->count; i++)
		rpc_stream_free(s->rows[i].stream);
	arena_free(&s->arena);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

struct slot_wish slots_wish(const struct grant *g)
{
	struct slot_wish wish = {.name = g->access.model.name, .revision = g->access.revision.id};

	memcpy(wish.model, g->access.model.id, STORE_ID);
	return wish;
}

void slots_wait(struct slots *s, int timeout_ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += timeout_ms * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	pthread_cond_timedwait(&s->changed, &s->lock, &until);
}

/* --- how slots come and go ---------------------------------------------------------------- */

static void tell_to_end(struct slots *s, struct rpc *rpc, struct slot *slot)
{
	unsigned index = slot_index(s, slot);

	slot->told_ms = clock_monotonic_ms();
	if (rpc_note(rpc, ROLE_ENGINE, index, WIRE_ENGINE_UNLOAD, S("")) != OK)
		log_warn("slot.unload", "slot=%u reason=\"%s\"", index, failure_text());
}

void slots_notice(struct slots *s, struct rpc *rpc)
{
	for (unsigned i = s->first; i < s->count; i += s->step) {
		struct slot *slot = &s->rows[i];

		if (slot->state == SLOT_EMPTY || slot->state == SLOT_LOADING)
			continue; /* who loads hears of its death by the load */
		if (slot->state == SLOT_CLOSING && slot->users == 0)
			slots_end(s, rpc, slot);
		if (slot->generation != rpc_generation(rpc, ROLE_ENGINE, i)) {
			slot->state = SLOT_EMPTY;
			slot->bytes = 0;
			pthread_cond_broadcast(&s->changed);
		} else if (slot->state == SLOT_LEAVING &&
			   clock_monotonic_ms() > slot->told_ms + TOLD_AGAIN_MS) {
			tell_to_end(s, rpc, slot);
		}
	}
}

/* Its memory counts until the process is gone. A fresh one that has taken its place meanwhile is
 * left alone. */
void slots_end(struct slots *s, struct rpc *rpc, struct slot *slot)
{
	slot->state = SLOT_LEAVING;
	if (slot->generation == rpc_generation(rpc, ROLE_ENGINE, slot_index(s, slot)))
		tell_to_end(s, rpc, slot);
	pthread_cond_broadcast(&s->changed);
}

void slots_fail(struct slots *s, struct rpc *rpc, struct slot *slot, enum err result)
{
	slot->result = slot->dropped ? ERR_DENIED : result;
	snprintf(slot->why, sizeof slot->why, "%s", slot->dropped ? slot->dropped : failure_text());
	log_warn("model.unloaded", "slot=%u reason=\"%s\"", slot_index(s, slot), slot->why);
	slots_end(s, rpc, slot); /* it may hold keys */
}

void slots_drop(struct slots *s, struct rpc *rpc, struct slot *slot, const char *why)
{
	if (slot->state == SLOT_READY || slot->state == SLOT_CLOSING)
		slots_end(s, rpc, slot);
	if (slot->state != SLOT_LOADING)
		return;
	slot->dropped = why;
	if (slot->generation == rpc_generation(rpc, ROLE_ENGINE, slot_index(s, slot)))
		tell_to_end(s, rpc, slot); /* the load fails: whoever follows it clears up */
}

void slots_drop_model(struct slots *s, struct rpc *rpc, const uint8_t model[STORE_ID])
{
	pthread_mutex_lock(&s->lock);
	for (unsigned i = s->first; i < s->count; i += s->step)
		if (memcmp(s->rows[i].model, model, STORE_ID) == 0)
			slots_drop(s, rpc, &s->rows[i], "the model was withdrawn");
	pthread_mutex_unlock(&s->lock);
}

void slots_drop_revision(struct slots *s, struct rpc *rpc, const uint8_t subject[STORE_ID])
{
	pthread_mutex_lock(&s->lock);
	for (unsigned i = s->first; i < s->count; i += s->step) {
		struct slot *slot = &s->rows[i];
		uint8_t serves_it[STORE_ID];

		cuts_revision(serves_it, slot->model, slice_of_string(slot->revision));
		if (memcmp(serves_it, subject, STORE_ID) == 0)
			slots_drop(s, rpc, slot, "the revision was withdrawn");
	}
	pthread_mutex_unlock(&s->lock);
}

void slots_drop_adapter(struct slots *s, struct rpc *rpc, const uint8_t adapter[STORE_ID])
{
	for (unsigned i = s->first; i < s->count; i += s->step)
		if (rpc_generation(rpc, ROLE_ENGINE, i) &&
		    rpc_note(rpc, ROLE_ENGINE, i, WIRE_ENGINE_ADAPT_DROP,
			     slice_of(adapter, STORE_ID)) != OK)
			log_warn("slot.adapter", "slot=%u reason=\"%s\"", i, failure_text());
}

unsigned slots_unload(struct slots *s, struct rpc *rpc, const uint8_t model[STORE_ID], bool is_cut)
{
	unsigned users = 0;

	pthread_mutex_lock(&s->lock);
	slots_notice(s, rpc);
	for (unsigned i = s->first; i < s->count; i += s->step) {
		struct slot *slot = &s->rows[i];

		if (memcmp(slot->model, model, STORE_ID) != 0 || slot->state == SLOT_EMPTY ||
		    slot->state == SLOT_LEAVING)
			continue;
		users += slot->users;
		if (is_cut || slot->users == 0)
			slots_drop(s, rpc, slot, "an administrator has unloaded the model");
		else
			slot->state = SLOT_CLOSING;
	}
	pthread_mutex_unlock(&s->lock);
	return users;
}

void slots_leave(struct slots *s, unsigned slot)
{
	pthread_mutex_lock(&s->lock);
	assert(s->rows[slot].users > 0);
	s->rows[slot].users--;
	s->rows[slot].used_ms = clock_monotonic_ms();
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

/* --- what there is, and what it leaves ---------------------------------------------------- */

static const struct slot *find_pinned(const struct slots *s, const struct slot_pin *pin)
{
	for (unsigned i = s->first; i < s->count; i += s->step)
		if (slot_serves(&s->rows[i]) &&
		    slot_is(&s->rows[i], pin->model, slice_of_string(pin->revision)))
			return &s->rows[i];
	return NULL;
}

bool slots_is_pinned(const struct slots *s, const struct slot *slot)
{
	for (size_t i = 0; i < s->pin_count; i++)
		if (slot_is(slot, s->pins[i].model, slice_of_string(s->pins[i].revision)))
			return true;
	return false;
}

static enum budget_use use_of(const struct slot *slot, uint32_t generation)
{
	switch (slot->state) {
	case SLOT_EMPTY: /* a process serves once */
		return generation && generation != slot->generation ? BUDGET_FREE : BUDGET_LEAVING;
	case SLOT_LOADING:
	case SLOT_CLOSING:
		return BUDGET_HELD;
	case SLOT_READY:
		return slot->users ? BUDGET_HELD : BUDGET_IDLE;
	case SLOT_LEAVING:
		return BUDGET_LEAVING;
	}
	return BUDGET_LEAVING;
}

void slots_budget(struct budget *out, struct slots *s, struct rpc *rpc, size_t pin)
{
	*out = (struct budget){.limit = s->limit, .each = s->options.engine_bytes};
	for (unsigned i = s->first; i < s->count; i += s->step) {
		const struct slot *slot = &s->rows[i];

		out->rows[out->count++] = (struct budget_row){
			.use = use_of(slot, rpc_generation(rpc, ROLE_ENGINE, i)),
			.is_pinned = slot_serves(slot) && slots_is_pinned(s, slot),
			.bytes = slot->state == SLOT_EMPTY ? 0 : slot->bytes,
			.used_ms = slot->used_ms,
			.kept_ms = budget_kept_ms(slot->began_ms, slot->ready_ms),
		};
	}
	for (size_t i = 0; i < s->pin_count && i < pin; i++) {
		if (!s->pins[i].is_servable || find_pinned(s, &s->pins[i]))
			continue;
		out->promises++;
		out->promise += s->pins[i].need.least_bytes;
	}
}

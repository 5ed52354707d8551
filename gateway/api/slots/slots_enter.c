/* SPDX-License-Identifier: Apache-2.0 */
/* A call looks for the slot of its model, and makes room for it if there is none. */
#include <stdio.h>

#include "crypto/base/clock.h"
#include "crypto/base/log.h"
#include "gateway/api/slots/slots_parts.h"

enum {
	LOOK_MS = 50,     /* processes and clients come and go without telling the condition */
	MEASURE_MIB = 32, /* what a process takes that only looks at the files */
	DEATHS_MAX = 2,   /* of an engine while it loads, for one caller */
};

struct visit {
	struct slots *s;
	struct rpc *rpc;
	struct exchange *x; /* NULL: a pinned model, which waits for nothing */
	struct route_context *context;
	struct arena *arena;
	const struct slot_wish *wish;
	const atomic_bool *is_cut;
	struct store_need need;  /* least_bytes 0: nobody knows it */
	bool has_looked;         /* for it, in the database */
	struct slot_waiter turn; /* in the row of those who wait for room */
	bool is_waiting;
	int64_t deadline_ms;
	struct slot *slot;
	uint64_t load; /* that it waits for; 0: none */
	unsigned deaths, later_seconds;
};

static void wait_in_turn(struct visit *v)
{
	struct slot_waiter **at = &v->s->waiting;

	if (v->is_waiting)
		return;
	while (*at)
		at = &(*at)->next;
	*at = &v->turn;
	v->is_waiting = true;
}

static void leave_turn(struct visit *v)
{
	struct slot_waiter **at = &v->s->waiting;

	if (!v->is_waiting)
		return;
	while (*at != &v->turn)
		at = &(*at)->next;
	*at = v->turn.next;
	v->turn.next = NULL;
	v->is_waiting = false;
}

static struct slot *find_serving(struct visit *v)
{
	struct slots *s = v->s;

	for (unsigned i = s->first; i < s->count; i += s->step)
		if (slot_serves(&s->rows[i]) &&
		    slot_is(&s->rows[i], v->wish->model, v->wish->revision))
			return &s->rows[i];
	return NULL;
}

/* The pins before this one have a better right to the memory; to a model that is none, all have. */
static size_t pin_of(const struct visit *v)
{
	size_t i = 0;

	while (i < v->s->pin_count &&
	       (memcmp(v->s->pins[i].model, v->wish->model, STORE_ID) != 0 ||
		!slice_equal(slice_of_string(v->s->pins[i].revision), v->wish->revision)))
		i++;
	return i;
}

static void claim(struct visit *v, struct slot *slot, uint64_t bytes)
{
	struct slots *s = v->s;
	int64_t now_ms = clock_monotonic_ms();

	*slot = (struct slot){
		.state = SLOT_LOADING,
		.generation = rpc_generation(v->rpc, ROLE_ENGINE, slot_index(s, slot)),
		.bytes = bytes,
		.began_ms = now_ms,
		.used_ms = now_ms,
		.users = slot->users, /* who had its last model, and has not left yet */
		.waiters = slot->waiters,
		.load = ++s->last_load,
		.unload_serial = s->unload_serial,
	};
	memcpy(slot->model, v->wish->model, STORE_ID);
	snprintf(slot->name, sizeof slot->name, "%.*s", SLICE_PRINT(v->wish->name));
	snprintf(slot->revision, sizeof slot->revision, "%.*s", SLICE_PRINT(v->wish->revision));
	v->load = slot->load;
	leave_turn(v);
}

/* In a slot of its own, which is used up by it: its process then holds keys. */
static enum err measure_in(struct visit *v, struct slot *slot)
{
	struct slots *s = v->s;
	enum err result;

	claim(v, slot, (uint64_t)MEASURE_MIB << 20);
	pthread_mutex_unlock(&s->lock);
	result = slots_measure(&v->need, slot_index(s, slot), v->context, v->arena, v->wish);
	pthread_mutex_lock(&s->lock);
	if (result != OK || slot->dropped)
		slots_fail(s, v->rpc, slot, result);
	else
		slots_end(s, v->rpc, slot);
	return result;
}

static void load_in(struct visit *v, struct slot *slot, uint64_t bytes)
{
	struct slots *s = v->s;
	struct rpc_stream *stream = NULL;
	enum err result;

	claim(v, slot, bytes);
	pthread_mutex_unlock(&s->lock);
	result = slots_load_begin(&stream, slot_index(s, slot), v->context, v->arena, v->wish,
				  bytes);
	pthread_mutex_lock(&s->lock);
	slot->stream = stream;
	if (result != OK)
		slots_fail(s, v->rpc, slot, result);
	else if (slot->dropped) /* before the engine had anything to forget */
		slots_drop(s, v->rpc, slot, slot->dropped);
	pthread_cond_broadcast(&s->changed);
}

static enum err refuse_small(struct visit *v, const struct budget_plan *plan)
{
	v->s->refused++;
	return failure(ERR_UNSUPPORTED,
		       "the model does not fit: it needs %s of memory, and %s may be used; raise "
		       "inference_memory_mib and engine_memory_mib in the gateway's settings",
		       slots_amount(v->need.least_bytes).text, slots_amount(plan->bytes).text);
}

static enum err refuse_taken(struct visit *v, const struct budget_plan *plan)
{
	v->s->refused++;
	return failure(
		ERR_UNSUPPORTED,
		"the model does not fit beside the models that are pinned: it needs %s of "
		"memory and an engine, and %s of %s are free; an administrator may unpin one",
		slots_amount(v->need.least_bytes).text, slots_amount(plan->bytes).text,
		slots_amount(v->s->limit).text);
}

static enum err look_up_need(struct visit *v)
{
	enum err result;

	v->has_looked = true;
	pthread_mutex_unlock(&v->s->lock);
	result = slots_need(&v->need, v->context, v->wish);
	pthread_mutex_lock(&v->s->lock);
	return result;
}

static void evict(struct visit *v, struct slot *slot)
{
	v->s->evictions++;
	log_info("model.evicted", "slot=%u bytes=%llu", slot_index(v->s, slot),
		 (unsigned long long)slot->bytes);
	slots_end(v->s, v->rpc, slot);
}

/* Under the lock, which it may leave for a while. *has_moved: look again, at once. */
static enum err make_room(struct visit *v, bool *has_moved)
{
	struct slots *s = v->s;
	uint64_t measured = (uint64_t)MEASURE_MIB << 20;
	bool is_known = v->need.least_bytes > 0;
	struct budget budget;
	struct budget_plan plan;
	struct slot *slot;

	wait_in_turn(v);
	*has_moved = !v->has_looked;
	if (!v->has_looked)
		return look_up_need(v);
	if (v->x && s->waiting != &v->turn)
		return OK; /* who came first goes first, or a large one would never come */
	slots_budget(&budget, s, v->rpc, pin_of(v));
	plan = budget_plan(&budget, is_known ? v->need.least_bytes : measured,
			   is_known ? v->need.most_bytes : measured, clock_monotonic_ms());
	slot = &s->rows[s->first + plan.row * s->step];
	*has_moved = plan.verdict == BUDGET_TAKE || plan.verdict == BUDGET_EVICT;
	switch (plan.verdict) {
	case BUDGET_TAKE:
		if (is_known)
			load_in(v, slot, plan.bytes);
		else if (measure_in(v, slot) != OK)
			log_debug("slot.measure", "slot=%u", slot_index(s, slot)); /* judge_load */
		return OK;
	case BUDGET_EVICT:
		evict(v, slot);
		return OK;
	case BUDGET_WAIT:
		return OK;
	case BUDGET_SMALL:
		return refuse_small(v, &plan);
	case BUDGET_TAKEN:
		return refuse_taken(v, &plan);
	}
	return OK;
}

/* The load that it waits for is over: well, or not. */
static enum err judge_load(struct visit *v)
{
	struct slots *s = v->s;

	if (!v->load)
		return OK;
	for (unsigned i = s->first; i < s->count; i += s->step) {
		const struct slot *slot = &s->rows[i];

		if (slot->load != v->load)
			continue;
		if (slot_serves(slot))
			return OK;
		if (slot->result == OK)
			break; /* it was there, and is gone again */
		if (slot->result != ERR_UNAVAILABLE && slot->result != ERR_CONFLICT)
			return failure(slot->result, "%s", slot->why);
		if (++v->deaths < DEATHS_MAX)
			break; /* an engine that died, or one that an edge before us left behind */
		return failure(ERR_UNAVAILABLE,
			       "the model could not be loaded, and neither at the second attempt: "
			       "%s",
			       slot->why);
	}
	v->load = 0;
	v->has_looked = v->need.least_bytes > 0; /* it may have been measured */
	return OK;
}

/* By what it has done so far: a second at least, half a minute at most. */
static unsigned seconds_left(const struct slot *slot)
{
	int64_t took_ms = clock_monotonic_ms() - slot->began_ms;
	uint64_t left = slot->total_bytes - slot->done_bytes;
	uint64_t seconds;

	if (slot->done_bytes == 0)
		return 5;
	seconds = (uint64_t)took_ms * (left / 1024) / (slot->done_bytes / 1024 + 1) / 1000 + 1;
	return seconds < 30 ? (unsigned)seconds : 30;
}

static enum err out_of_time(struct visit *v)
{
	struct budget budget;

	if (v->slot) {
		v->later_seconds = seconds_left(v->slot);
		return failure(ERR_TIMEOUT,
			       "the model is being loaded (%s of %s); ask again in %u s",
			       slots_amount(v->slot->done_bytes).text,
			       slots_amount(v->slot->total_bytes).text, v->later_seconds);
	}
	slots_budget(&budget, v->s, v->rpc, pin_of(v));
	if (budget_is_starting(&budget))
		return failure(ERR_CONFLICT, "the engine that is to load the model has not started "
					     "again yet; try again");
	return failure(ERR_CONFLICT,
		       "every engine is busy with another model: this one needs %s of memory, and "
		       "%s of %s are free; try again",
		       slots_amount(v->need.least_bytes).text,
		       slots_amount(budget_free(&budget)).text, slots_amount(v->s->limit).text);
}

/* Under the lock. A load goes on without those who wait for it; but where the last of them has
 * lost the right to, nobody has asked for it any more. */
static enum err still_wanted(struct visit *v)
{
	if (v->is_cut && atomic_load(v->is_cut)) {
		if (v->slot && v->slot->waiters == 0 && !slots_is_pinned(v->s, v->slot))
			slots_drop(v->s, v->rpc, v->slot, "the license or the model was withdrawn");
		return failure(ERR_DENIED, "the license or the model was withdrawn");
	}
	if (v->x && exchange_is_closed(v->x))
		return failure(ERR_CLOSED, "the client has gone");
	return clock_monotonic_ms() < v->deadline_ms ? OK : out_of_time(v);
}

static void wait_for_change(struct visit *v)
{
	if (v->slot)
		v->slot->waiters++;
	slots_wait(v->s, LOOK_MS);
	if (v->slot)
		v->slot->waiters--;
}

/* Under the lock. OK: v->slot is READY. */
static enum err seek(struct visit *v)
{
	for (;;) {
		bool has_moved = false;

		slots_notice(v->s, v->rpc);
		TRY(judge_load(v));
		v->slot = find_serving(v);
		if (v->slot)
			leave_turn(v);
		if (v->slot && v->slot->state == SLOT_READY)
			return OK;
		if (v->slot)
			v->load = v->slot->load;
		else
			TRY(make_room(v, &has_moved));
		if (has_moved)
			continue;
		TRY(still_wanted(v));
		wait_for_change(v);
	}
}

enum err slots_enter(unsigned *out, unsigned *later_seconds, struct exchange *x,
		     struct route_context *context, const struct slot_wish *wish,
		     const atomic_bool *is_cut)
{
	struct slots *s = context->api->slots;
	struct visit v = {
		.s = s,
		.rpc = context->api->rpc,
		.x = x,
		.context = context,
		.arena = exchange_arena(x),
		.wish = wish,
		.is_cut = is_cut,
		.deadline_ms = clock_monotonic_ms() + s->options.wait_ms,
	};
	enum err result;

	pthread_mutex_lock(&s->lock);
	result = seek(&v);
	leave_turn(&v);
	if (result == OK) {
		v.slot->users++;
		v.slot->used_ms = clock_monotonic_ms();
		*out = slot_index(s, v.slot);
	}
	pthread_mutex_unlock(&s->lock);
	*later_seconds = v.later_seconds;
	return result;
}

enum err slots_bring(struct slots *s, struct route_context *context, struct arena *arena,
		     const struct slot_wish *wish)
{
	struct visit v = {
		.s = s,
		.rpc = context->api->rpc,
		.context = context,
		.arena = arena,
		.wish = wish,
		.deadline_ms = clock_monotonic_ms(),
	};
	enum err result;

	pthread_mutex_lock(&s->lock);
	result = seek(&v);
	leave_turn(&v);
	pthread_mutex_unlock(&s->lock);
	return result == ERR_TIMEOUT ? OK : result;
}

enum err slots_look(struct slots *s, struct route_context *context, struct arena *arena,
		    const struct slot_wish *wish)
{
	const uint64_t measured = (uint64_t)MEASURE_MIB << 20;
	struct visit v = {
		.s = s,
		.rpc = context->api->rpc,
		.context = context,
		.arena = arena,
		.wish = wish,
	};
	struct budget_plan plan;
	struct budget budget;
	struct slot *slot;
	enum err result;

	pthread_mutex_lock(&s->lock);
	slots_notice(s, v.rpc);
	slots_budget(&budget, s, v.rpc, s->pin_count);
	plan = budget_plan(&budget, measured, measured, clock_monotonic_ms());
	slot = &s->rows[s->first + plan.row * s->step];
	result = failure(ERR_CONFLICT, "no engine is free");
	if (!find_serving(&v) && !s->waiting && plan.verdict == BUDGET_TAKE)
		result = measure_in(&v, slot);
	else if (!find_serving(&v) && !s->waiting && plan.verdict == BUDGET_EVICT)
		evict(&v, slot); /* with the next look its process is there again */
	pthread_mutex_unlock(&s->lock);
	return result;
}

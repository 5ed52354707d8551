/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of slots: to administrators, to monitoring, and to clients that wait in vain. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "crypto/base/clock.h"
#include "crypto/base/file.h"
#include "crypto/json.h"
#include "gateway/api/reply.h"
#include "gateway/api/slots/slots_parts.h"

enum { NUMBER_MAX = 64 };

struct slots_amount slots_amount(uint64_t bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
	double value = (double)bytes / 1024;
	struct slots_amount amount;
	size_t i = 0;

	for (; value >= 1024 && i + 1 < sizeof units / sizeof units[0]; i++)
		value /= 1024;
	snprintf(amount.text, sizeof amount.text, "%.1f %s", value, units[i]);
	return amount;
}

/* --- settings ----------------------------------------------------------------------------- */

/* A control group may allow less than the machine has; "max", or no such file, says nothing. */
static uint64_t group_limit(const char *path, uint64_t machine)
{
	AUTO(buf_free) struct buf text = buf_new(NUMBER_MAX);
	uint64_t limit;

	if (file_read(&text, AT_FDCWD, path) != OK ||
	    !slice_to_u64(slice_trim(buf_slice(&text)), UINT64_MAX, &limit))
		return machine;
	return limit < machine ? limit : machine;
}

static uint64_t memory_of_machine(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGE_SIZE);
	uint64_t machine = pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0;

	machine = group_limit("/sys/fs/cgroup/memory.max", machine);
	return group_limit("/sys/fs/cgroup/memory/memory.limit_in_bytes", machine);
}

enum err slots_options_read(struct slots_options *out, const struct settings *settings,
			    unsigned edge)
{
	*out = (struct slots_options){
		.count = (unsigned)settings->engines,
		.edge = edge,
		.edges = (unsigned)settings->edges,
		.memory_bytes = (uint64_t)settings->inference_memory_mib << 20,
		.engine_bytes = (uint64_t)settings->engine_memory_mib << 20,
		.wait_ms = settings->load_wait_seconds * 1000,
	};
	if (!out->memory_bytes)
		out->memory_bytes = memory_of_machine() / 4 * 3;
	if (!out->memory_bytes)
		return failure(ERR_UNAVAILABLE, "the machine does not say how much memory it has: "
						"set gateway.inference_memory_mib");
	return OK;
}

/* --- does it fit? ------------------------------------------------------------------------- */

enum err slots_fits(const struct slots *s, const struct store_need *need)
{
	uint64_t most = s->options.engine_bytes < s->limit ? s->options.engine_bytes : s->limit;

	if (need->least_bytes <= most)
		return OK;
	return failure(ERR_UNSUPPORTED,
		       "the model does not fit: it needs %s of memory, and %s may be used; raise "
		       "inference_memory_mib and engine_memory_mib in the gateway's settings",
		       slots_amount(need->least_bytes).text, slots_amount(most).text);
}

/* As much as it has taken here; one that is not loaded, what it needs at least. */
static uint64_t taken_by(const struct slots *s, const struct store_pin *pin)
{
	for (unsigned i = s->first; i < s->count; i += s->step)
		if (slot_serves(&s->rows[i]) && slot_is(&s->rows[i], pin->model, pin->revision))
			return s->rows[i].bytes;
	return pin->need.least_bytes;
}

enum err slots_fits_pinned(struct slots *s, const struct store_need *need,
			   const uint8_t model[STORE_ID], struct arena *arena, struct store *store)
{
	struct store_pin *pins;
	size_t count, others = 0, engines = (s->count - s->first + s->step - 1) / s->step;
	uint64_t taken = 0;

	TRY(slots_fits(s, need));
	TRY(store_pin_list(store, arena, &pins, &count));
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < count; i++) {
		if (memcmp(pins[i].model, model, STORE_ID) == 0)
			continue;
		taken += taken_by(s, &pins[i]);
		others++;
	}
	pthread_mutex_unlock(&s->lock);
	if (others < engines && taken + need->least_bytes <= s->limit)
		return OK;
	return failure(ERR_UNSUPPORTED,
		       "it cannot be pinned: it needs %s of memory and an engine; %zu of %zu "
		       "engines and %s of %s are for models that are pinned already",
		       slots_amount(need->least_bytes).text, others, engines,
		       slots_amount(taken).text, slots_amount(s->limit).text);
}

/* --- who asks ----------------------------------------------------------------------------- */

static const char *state_of(const struct slot *slot)
{
	switch (slot->state) {
	case SLOT_EMPTY:
		break;
	case SLOT_LOADING:
		return slot->dropped ? "ending" : "loading";
	case SLOT_READY:
		return "ready";
	case SLOT_CLOSING:
	case SLOT_LEAVING:
		return "ending";
	}
	return "empty";
}

/* May it go now, if others need its room? */
static bool is_evictable(const struct slots *s, const struct slot *slot)
{
	return slot->state == SLOT_READY && !slot->users && !slots_is_pinned(s, slot) &&
	       budget_kept_ms(slot->began_ms, slot->ready_ms) <= clock_monotonic_ms();
}

static void describe_load(json_t *one, const struct slot *slot)
{
	json_put_bool(one, "begun", slot->state != SLOT_LOADING || slot->stream);
	json_put_int(one, "loaded_bytes", (int64_t)slot->done_bytes);
	json_put_int(one, "total_bytes", (int64_t)slot->total_bytes);
}

/* Times are of the wall, to the second: what is told to other edges changes no more often. */
static json_t *describe_one(struct slots *s, struct rpc *rpc, unsigned i, struct arena *arena)
{
	const struct slot *slot = &s->rows[i];
	int64_t ago_ms = clock_monotonic_ms() - slot->used_ms;
	json_t *one = json_object_new();

	json_put_int(one, "slot", i);
	json_put_int(one, "edge", s->options.edge);
	json_put_bool(one, "up", rpc_generation(rpc, ROLE_ENGINE, i) != 0);
	json_put_text(one, "state", slice_of_string(state_of(slot)));
	if (slot->state == SLOT_EMPTY)
		return one;
	json_put_text(one, "model", slice_of_string(slot->name));
	json_put_text(one, "revision", slice_of_string(slot->revision));
	describe_load(one, slot);
	json_put_int(one, "memory_bytes", (int64_t)slot->bytes);
	json_put_int(one, "sequences", slot->users);
	json_put_int(one, "waiting", slot->waiters);
	json_put_bool(one, "pinned", slots_is_pinned(s, slot));
	json_put_bool(one, "evictable", is_evictable(s, slot));
	json_put_text(one, "last_used",
		      slice_of_string(api_time(arena, (clock_now_ms() - ago_ms) / 1000 * 1000)));
	return one;
}

json_t *slots_describe(struct slots *s, struct rpc *rpc, struct arena *arena)
{
	json_t *list = json_array_new();

	pthread_mutex_lock(&s->lock);
	slots_notice(s, rpc);
	for (unsigned i = s->first; i < s->count; i += s->step)
		json_push(list, describe_one(s, rpc, i, arena));
	pthread_mutex_unlock(&s->lock);
	return list;
}

json_t *slots_describe_memory(struct slots *s, struct rpc *rpc)
{
	json_t *memory = json_object_new();
	struct budget budget;

	pthread_mutex_lock(&s->lock);
	slots_notice(s, rpc);
	slots_budget(&budget, s, rpc, STORE_MAX_PINS);
	pthread_mutex_unlock(&s->lock);
	json_put_int(memory, "limit_bytes", (int64_t)s->limit);
	json_put_int(memory, "engine_limit_bytes", (int64_t)s->options.engine_bytes);
	json_put_int(memory, "free_bytes", (int64_t)budget_free(&budget));
	json_put_int(memory, "promised_bytes", (int64_t)budget.promise);
	return memory;
}

struct slots_count slots_count(struct slots *s, struct rpc *rpc)
{
	struct slots_count c = {.limit_bytes = s->limit};

	pthread_mutex_lock(&s->lock);
	slots_notice(s, rpc);
	for (unsigned i = s->first; i < s->count; i += s->step) {
		const struct slot *slot = &s->rows[i];

		c.loading += slot->state == SLOT_LOADING;
		c.ready += slot->state == SLOT_READY;
		c.ending += slot->state == SLOT_CLOSING || slot->state == SLOT_LEAVING;
		c.empty += slot->state == SLOT_EMPTY;
		c.pinned += slot_serves(slot) && slots_is_pinned(s, slot);
		c.used_bytes += slot->state == SLOT_EMPTY ? 0 : slot->bytes;
	}
	c.loads = s->last_load;
	c.evictions = s->evictions;
	c.refused = s->refused;
	pthread_mutex_unlock(&s->lock);
	return c;
}

/* --- who waits in vain -------------------------------------------------------------------- */

void slots_refuse(struct exchange *x, struct api *api, enum err result, const char *why,
		  unsigned later_seconds)
{
	if (result == ERR_TIMEOUT)
		reply_not_ready(x, why, later_seconds);
	else if (result == ERR_CONFLICT)
		reply_busy(x, why, (unsigned)api->settings->engines);
	else if (result == ERR_UNSUPPORTED)
		reply_code(x, CODE_UNSUPPORTED, why, "model");
	else
		reply_failure(x, failure(result, "%s", why));
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slots_parts.h - the inside of slots, for its own files: slots.c finds and makes room,
 * slots_load.c begins a load, slots_tend.c follows it, slots_view.c tells of it. All of it under
 * the lock, but for what begins a load.
 */
#ifndef GATEWAY_API_SLOTS_SLOTS_PARTS_H
#define GATEWAY_API_SLOTS_SLOTS_PARTS_H

#include <pthread.h>

#include "gateway/api/slots/budget.h"
#include "gateway/api/slots/slots.h"
#include "schema/store/service.h"

/*
 *   EMPTY --claim--> LOADING --loaded--> READY --no more calls--> CLOSING
 *     ^                 |failed            |evicted, cut             |the last call is over
 *     |                 v                  v                         v
 *     +--gone-------- LEAVING <-------------------------------------+       (READY, CLOSING: the
 *                     (the process is told to end)                           process died: EMPTY)
 */
enum slot_state { SLOT_EMPTY, SLOT_LOADING, SLOT_READY, SLOT_CLOSING, SLOT_LEAVING };

struct slot {
	enum slot_state state;
	uint32_t generation; /* of the process that was claimed */
	uint8_t model[STORE_ID];
	char name[WIRE_MAX_MODEL + 1];
	char revision[STORE_REVISION + 1];
	const char *dropped; /* while LOADING: why it is not wanted any more; else NULL */
	uint64_t bytes;      /* set aside for it, then taken by it */
	uint64_t done_bytes, total_bytes; /* of its files, while it loads */
	int64_t began_ms, ready_ms, used_ms;
	int64_t told_ms; /* LEAVING: when it was told last */
	unsigned users, waiters;
	uint64_t load;             /* the number of its last load */
	struct rpc_stream *stream; /* of that, while LOADING; the tending thread's */
	enum err result;           /* of that, once it has failed, */
	char why[FAILURE_MAX_TEXT];
	int64_t unload_serial; /* the last wish to unload when it began */
};

/* A pinned model. */
struct slot_pin {
	uint8_t model[STORE_ID];
	char name[WIRE_MAX_MODEL + 1];
	char revision[STORE_REVISION + 1]; /* empty: it has none */
	struct store_need need;
	bool is_servable;
	int64_t retry_ms, backoff_ms; /* after a failure */
};

/* Who waits for room, in the order in which they came. */
struct slot_waiter {
	struct slot_waiter *next;
};

struct slots {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* by the monotonic clock */
	struct slots_options options;
	uint64_t limit;              /* this edge's share of the memory */
	unsigned count, first, step; /* ours: first, first + step, ... below count */
	struct slot rows[BUDGET_ROWS];
	struct slot_waiter *waiting;
	struct slot_pin pins[STORE_MAX_PINS];
	size_t pin_count;
	uint64_t last_load;
	int64_t unload_serial;
	uint64_t evictions, refused;

	pthread_t thread;
	bool is_started, is_stopping;
	struct route_context *context; /* the thread's */
	struct arena arena;            /* the thread's */
	_Atomic int64_t look_due_ms;   /* when it looks at the database again */
	int64_t told_ms;               /* the thread's */
	uint64_t told_hash;
	int64_t unseen_retry_ms, unseen_backoff_ms; /* the thread's */
};

static inline bool slot_is(const struct slot *slot, const uint8_t model[STORE_ID],
			   struct slice revision)
{
	return memcmp(slot->model, model, STORE_ID) == 0 &&
	       slice_equal(slice_of_string(slot->revision), revision);
}

static inline unsigned slot_index(const struct slots *s, const struct slot *slot)
{
	return (unsigned)(slot - s->rows);
}

static inline bool slot_serves(const struct slot *slot)
{
	return slot->state == SLOT_LOADING || slot->state == SLOT_READY;
}

/* A process that died took its model with it. */
void slots_notice(struct slots *s, struct rpc *rpc);

/* The process ends, and with it the model and its keys. */
void slots_end(struct slots *s, struct rpc *rpc, struct slot *slot);

/* A load has failed: failure_text() is why. */
void slots_fail(struct slots *s, struct rpc *rpc, struct slot *slot, enum err result);

/* Not wanted any more: ends at once, also while it loads. */
void slots_drop(struct slots *s, struct rpc *rpc, struct slot *slot, const char *why);

/* At most that long, until something has changed. */
void slots_wait(struct slots *s, int timeout_ms);

/* This edge's slots as rows of a budget, in their order: row i is slot first + i * step. The
 * promises are those of the pins before `pin` (pin_count: of all). */
void slots_budget(struct budget *out, struct slots *s, struct rpc *rpc, size_t pin);
bool slots_is_pinned(const struct slots *s, const struct slot *slot);

/* A pinned model is on its way (OK), or why it is not; ERR_CONFLICT: it has to wait for room, in
 * which it goes before all calls. Not under the lock. */
RESULT slots_bring(struct slots *s, struct route_context *context, struct arena *arena,
		   const struct slot_wish *wish);

/* What no engine has looked at yet is measured, if a process is free that nobody waits for; an
 * idle model makes room, as it does for a call. ERR_CONFLICT: none is free yet. Not under the
 * lock. */
RESULT slots_look(struct slots *s, struct route_context *context, struct arena *arena,
		  const struct slot_wish *wish);

/* Not under the lock: the entry, the keys, ENGINE_LOAD; the stream then tells how it goes. */
RESULT slots_load_begin(struct rpc_stream **out, unsigned slot, struct route_context *context,
			struct arena *arena, const struct slot_wish *wish, uint64_t bytes);

/* Not under the lock: what it takes, from the database. */
RESULT slots_need(struct store_need *out, struct route_context *context,
		  const struct slot_wish *wish);

/* Not under the lock: the same by its files, in that slot, whose process then holds keys. The
 * database has it from then on. */
RESULT slots_measure(struct store_need *out, unsigned slot, struct route_context *context,
		     struct arena *arena, const struct slot_wish *wish);

/* "1.5 GiB" */
struct slots_amount {
	char text[24];
};
struct slots_amount slots_amount(uint64_t bytes);

#endif

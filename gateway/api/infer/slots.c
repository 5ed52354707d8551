/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/infer/slots.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "crypto/base/clock.h"
#include "crypto/base/log.h"
#include "crypto/random.h"
#include "gateway/api/lease/cuts.h"
#include "schema/wire/engine.h"

/*
 *   EMPTY --claim--> LOADING --loaded--> READY --unload or death--> EMPTY
 *                       \--failed (the process is told to end)------^
 */
enum slot_state { SLOT_EMPTY, SLOT_LOADING, SLOT_READY };

struct slot {
	enum slot_state state;
	uint32_t generation; /* of the process that was claimed */
	uint8_t model[STORE_ID];
	char revision[STORE_REVISION + 1];
	bool is_dropped; /* while it was LOADING */
	unsigned users;
	int64_t used_ms;
};

struct slots {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned count, first, step; /* ours: first, first + step, ... below count */
	struct slot rows[16];
};

enum { SLOT_WAIT_MS = 60000 };

struct slots *slots_new(unsigned count, unsigned edge, unsigned edges)
{
	struct slots *s = calloc(1, sizeof *s);

	assert(s && count <= sizeof s->rows / sizeof s->rows[0] && edge < edges);
	s->first = edge;
	s->step = edges;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	s->count = count;
	return s;
}

void slots_free(struct slots *s)
{
	if (!s)
		return;
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static bool serves(const struct slot *slot, const struct grant *g)
{
	return slot->state != SLOT_EMPTY &&
	       slice_equal(slice_of(slot->model, STORE_ID),
			   slice_of(g->access.model.id, STORE_ID)) &&
	       slice_equal(slice_of_string(slot->revision), g->access.revision.id);
}

/* Under the lock: a process that died took its model with it. */
static void notice_deaths(struct slots *s, struct rpc *rpc)
{
	for (unsigned i = s->first; i < s->count; i += s->step) {
		struct slot *slot = &s->rows[i];

		if (slot->state == SLOT_READY &&
		    slot->generation != rpc_generation(rpc, ROLE_ENGINE, i))
			slot->state = SLOT_EMPTY;
	}
}

/* Under the lock: the process that was claimed ends, and with it the model and its keys. A fresh
 * one that has taken its place meanwhile is left alone. */
static void end_process(struct slots *s, struct rpc *rpc, struct slot *slot)
{
	unsigned index = (unsigned)(slot - s->rows);

	slot->state = SLOT_EMPTY;
	if (slot->generation == rpc_generation(rpc, ROLE_ENGINE, index) &&
	    rpc_note(rpc, ROLE_ENGINE, index, WIRE_ENGINE_UNLOAD, S("")) != OK)
		log_warn("slot.unload", "slot=%u reason=\"%s\"", index, failure_text());
}

/* Under the lock: the least recently used idle engine ends. False: none is idle now. */
static bool evict_one(struct slots *s, struct rpc *rpc)
{
	struct slot *oldest = NULL;

	for (unsigned i = s->first; i < s->count; i += s->step) {
		struct slot *slot = &s->rows[i];

		if (slot->state == SLOT_READY && slot->users == 0 &&
		    (!oldest || slot->used_ms < oldest->used_ms))
			oldest = slot;
	}
	if (oldest)
		end_process(s, rpc, oldest);
	return oldest != NULL;
}

/* Under the lock. One that is loading ends when it has loaded. */
static void drop(struct slots *s, struct rpc *rpc, struct slot *slot)
{
	if (slot->state == SLOT_READY)
		end_process(s, rpc, slot);
	if (slot->state == SLOT_LOADING)
		slot->is_dropped = true;
}

void slots_drop_model(struct slots *s, struct rpc *rpc, const uint8_t model[STORE_ID])
{
	pthread_mutex_lock(&s->lock);
	for (unsigned i = s->first; i < s->count; i += s->step)
		if (slice_equal(slice_of(s->rows[i].model, STORE_ID), slice_of(model, STORE_ID)))
			drop(s, rpc, &s->rows[i]);
	pthread_cond_broadcast(&s->changed);
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
			drop(s, rpc, slot);
	}
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

/* Under the lock: an empty slot whose process is up and has not served before. */
static struct slot *find_empty(struct slots *s, struct rpc *rpc)
{
	for (unsigned i = s->first; i < s->count; i += s->step) {
		uint32_t generation = rpc_generation(rpc, ROLE_ENGINE, i);

		if (s->rows[i].state == SLOT_EMPTY && generation &&
		    generation != s->rows[i].generation)
			return &s->rows[i];
	}
	return NULL;
}

static struct slot *find_serving(struct slots *s, const struct grant *g)
{
	for (unsigned i = s->first; i < s->count; i += s->step)
		if (serves(&s->rows[i], g))
			return &s->rows[i];
	return NULL;
}

static void wait_a_moment(struct slots *s)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 50 * 1000 * 1000; /* processes come and go without telling the condition */
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_cond_timedwait(&s->changed, &s->lock, &until);
}

/* Under the lock. A slot that is READY for the grant, or one claimed for it (*claimed), or NULL
 * when time is up or the client has gone. */
static struct slot *find_slot(struct slots *s, struct rpc *rpc, const struct exchange *x,
			      const struct grant *g, bool *claimed)
{
	int64_t deadline = clock_monotonic_ms() + SLOT_WAIT_MS;
	int64_t load_deadline = clock_monotonic_ms() + API_LOAD_MS;
	bool asked = false;

	for (;;) {
		struct slot *slot;
		int64_t now = clock_monotonic_ms();

		notice_deaths(s, rpc);
		slot = find_serving(s, g);
		*claimed = false;
		if (slot && slot->state == SLOT_READY)
			return slot;
		if (!slot && (slot = find_empty(s, rpc))) {
			*claimed = true;
			return slot;
		}
		if (!slot && !asked)
			asked = evict_one(s, rpc);
		if (now >= (slot ? load_deadline : deadline) || exchange_is_closed(x))
			return NULL;
		wait_a_moment(s);
	}
}

static bool engine_needs(struct slice path)
{
	return slice_find(path, '/') == path.size &&
	       (slice_ends_with(path, S(".safetensors")) || slice_ends_with(path, S(".json")) ||
		slice_ends_with(path, S(".gguf")));
}

static enum err give_key(struct api *api, const uint8_t event[WIRE_ID],
			 const struct store_file *file, unsigned slot, uint64_t handle)
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct wire_key_release ask = {.header = file->header,
				       .path = file->path,
				       .role = ROLE_ENGINE,
				       .index = (uint8_t)slot,
				       .handle = handle};

	memcpy(ask.event, event, WIRE_ID);
	wire_write_key_release(&body, &ask);
	TRY(buf_done(&body));
	return api_ask_keeper(&reply, api, WIRE_KEY_RELEASE, buf_slice(&body));
}

static enum err log_serve(uint8_t event_id[WIRE_ID], struct route_context *context,
			  const struct grant *g, unsigned slot)
{
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_MODEL_SERVE, NULL, S("gateway"));
	audit_event_text(&event, "model", g->access.model.name);
	audit_event_text(&event, "revision", g->access.revision.id);
	audit_event_text(&event, "role", S("engine"));
	audit_event_number(&event, "index", slot);
	TRY(api_log(context->store, &event));
	memcpy(event_id, event.id, WIRE_ID);
	return api_publish(context->api, event.id);
}

static enum err load(unsigned slot, struct exchange *x, struct route_context *context,
		     const struct grant *g)
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct wire_engine_load *ask = arena_alloc(exchange_arena(x), sizeof *ask);
	struct wire_engine_loaded loaded;
	AUTO(rpc_stream_auto) struct rpc_stream *stream = NULL;
	struct store_file *files;
	uint8_t event[WIRE_ID];
	size_t count;

	TRY(store_revision_files(context->store, exchange_arena(x), &files, &count,
				 g->access.model.id, g->access.revision.id));
	TRY(log_serve(event, context, g, slot));
	ask->model = g->access.model.name;
	ask->revision = g->access.revision.id;
	for (size_t i = 0; i < count; i++) {
		struct wire_engine_file *file = &ask->files[ask->count];

		if (!engine_needs(files[i].path))
			continue;
		if (ask->count == WIRE_MAX_ENGINE_FILES)
			return failure(ERR_LIMIT,
				       "the model has more than %d files the engine needs",
				       WIRE_MAX_ENGINE_FILES);
		*file = (struct wire_engine_file){.path = files[i].path, .size = files[i].size};
		memcpy(file->blob, files[i].blob, WIRE_ID);
		random_bytes(&file->handle, sizeof file->handle);
		TRY(give_key(context->api, event, &files[i], slot, file->handle));
		ask->count++;
	}
	wire_write_engine_load(&body, ask);
	TRY(buf_done(&body));
	TRY(rpc_open_stream(&stream, context->api->rpc, ROLE_ENGINE, slot, WIRE_ENGINE_LOAD,
			    buf_slice(&body), -1));
	while (reply.type != WIRE_ENGINE_LOADED) {
		rpc_reply_clear(&reply);
		TRY(rpc_next(stream, &reply, API_LOAD_MS));
	}
	TRY(wire_read_engine_loaded(&loaded, buf_slice(&reply.body)));
	log_info("model.loaded", "slot=%u memory=%llu context=%u", slot,
		 (unsigned long long)loaded.memory_bytes, loaded.context);
	return OK;
}

/* *stale: the process chosen had a model already, and has been told to end. */
static enum err enter(unsigned *out, bool *stale, struct exchange *x, struct route_context *context,
		      const struct grant *g)
{
	struct slots *s = context->api->slots;
	struct rpc *rpc = context->api->rpc;
	struct slot *slot;
	enum err result = OK;
	bool claimed;

	pthread_mutex_lock(&s->lock);
	slot = find_slot(s, rpc, x, g, &claimed);
	if (slot && claimed) {
		unsigned index = (unsigned)(slot - s->rows);

		slot->state = SLOT_LOADING;
		slot->is_dropped = false;
		slot->generation = rpc_generation(rpc, ROLE_ENGINE, index);
		memcpy(slot->model, g->access.model.id, STORE_ID);
		snprintf(slot->revision, sizeof slot->revision, "%.*s",
			 SLICE_PRINT(g->access.revision.id));
		pthread_mutex_unlock(&s->lock);
		result = load(index, x, context, g);
		pthread_mutex_lock(&s->lock);
		if (result == OK && slot->is_dropped)
			result = failure(ERR_DENIED, "the model was withdrawn");
		if (result == OK)
			slot->state = SLOT_READY;
		else
			end_process(s, rpc, slot); /* it may hold keys */
		pthread_cond_broadcast(&s->changed);
	}
	if (slot && result == OK) {
		slot->users++;
		slot->used_ms = clock_monotonic_ms();
		*out = (unsigned)(slot - s->rows);
	}
	*stale = slot && claimed && result == ERR_CONFLICT;
	pthread_mutex_unlock(&s->lock);
	if (!slot && exchange_is_closed(x))
		return failure(ERR_CLOSED, "the client has gone");
	if (!slot)
		return failure(ERR_CONFLICT, "every engine is busy with another model; try again");
	return result;
}

/* An engine outlives an edge: to the next edge its process looks unused until it refuses to load.
 * It ends then, and a fresh one follows. */
enum err slots_enter(unsigned *out, struct exchange *x, struct route_context *context,
		     const struct grant *g)
{
	enum err result = ERR_UNAVAILABLE;
	bool stale = true;

	for (unsigned i = 0; stale && i <= context->api->slots->count; i++)
		result = enter(out, &stale, x, context, g);
	if (stale)
		return failure(ERR_UNAVAILABLE, "no engine is free; try again");
	return result;
}

void slots_leave(struct slots *s, unsigned slot)
{
	pthread_mutex_lock(&s->lock);
	assert(s->rows[slot].users > 0);
	s->rows[slot].users--;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

enum err slots_check(struct api *api, struct slice config)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct wire_engine_check ask = {.config = config};
	enum err result = ERR_UNAVAILABLE;

	if (config.size > WIRE_MAX_CONFIG)
		return failure(ERR_UNSUPPORTED, "config.json is larger than %d bytes",
			       WIRE_MAX_CONFIG);
	wire_write_engine_check(&body, &ask);
	for (unsigned i = 0; i < api->slots->count && result == ERR_UNAVAILABLE; i++) {
		AUTO(rpc_reply_clear) struct rpc_reply reply = {0};

		result = rpc_call(api->rpc, ROLE_ENGINE, i, WIRE_ENGINE_CHECK, buf_slice(&body), -1,
				  &reply, API_CALL_MS);
	}
	return result;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that tends the slots: it hears how far loads are and when they are over, sees
 * processes die, keeps pinned models loaded, has new GGUF files looked at, and does what other
 * edges were asked to unload. Calls only wait for what it notes.
 */
#include <assert.h>
#include <stdio.h>

#include "crypto/base/clock.h"
#include "crypto/base/log.h"
#include "crypto/digest.h"
#include "crypto/json.h"
#include "gateway/api/slots/slots_parts.h"
#include "schema/wire/engine.h"

enum {
	REST_MS = 100,         /* without a load */
	LISTEN_MS = 20,        /* to each load */
	PINS_MS = 1000,        /* how late a pin of another edge is seen */
	RETRY_FIRST_MS = 1000, /* after a pinned model could not be loaded; doubling */
	RETRY_MOST_MS = 60000,
	UNSEEN_MOST_MS = 600000,
	TELL_MS = 5000, /* what has not changed is told again */
	UNLOADS_BACK = 1000,
	VIEW_MAX = 64 * 1024,
};

static void be_ready(struct slots *s, struct rpc *rpc, struct slot *slot, struct slice body)
{
	struct wire_engine_loaded loaded;
	enum err result = wire_read_engine_loaded(&loaded, body);
	int64_t now_ms = clock_monotonic_ms();

	if (result != OK || slot->dropped) {
		slots_fail(s, rpc, slot, result);
		return;
	}
	slot->state = SLOT_READY;
	slot->ready_ms = slot->used_ms = now_ms;
	slot->done_bytes = slot->total_bytes;
	if (loaded.memory_bytes < slot->bytes)
		slot->bytes = loaded.memory_bytes;
	log_info("model.loaded", "slot=%u memory=%llu context=%u ms=%lld",
		 (unsigned)(slot - s->rows), (unsigned long long)loaded.memory_bytes,
		 loaded.context, (long long)(now_ms - slot->began_ms));
	pthread_cond_broadcast(&s->changed);
}

static void note_progress(struct slot *slot, struct slice body)
{
	struct wire_engine_loading loading;

	if (wire_read_engine_loading(&loading, body) != OK)
		return;
	slot->done_bytes = loading.done_bytes;
	slot->total_bytes = loading.total_bytes;
}

/* Under the lock, but while it listens. */
static void follow(struct slots *s, struct rpc *rpc, struct slot *slot)
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	struct rpc_stream *stream = slot->stream;
	bool is_late = clock_monotonic_ms() > slot->began_ms + API_LOAD_MS;
	enum err result;

	pthread_mutex_unlock(&s->lock);
	result = rpc_next(stream, &reply, LISTEN_MS);
	pthread_mutex_lock(&s->lock);
	if (result == ERR_TIMEOUT && reply.type == 0 && !is_late)
		return;
	if (result == OK && reply.type == WIRE_ENGINE_LOADING) {
		note_progress(slot, buf_slice(&reply.body));
		return;
	}
	slot->stream = NULL;
	rpc_stream_free(stream);
	if (result == OK)
		be_ready(s, rpc, slot, buf_slice(&reply.body));
	else
		slots_fail(s, rpc, slot, result);
}

/* True if there is a load to listen to. */
static bool follow_loads(struct slots *s, struct rpc *rpc)
{
	bool found = false;

	pthread_mutex_lock(&s->lock);
	slots_notice(s, rpc);
	for (unsigned i = s->first; i < s->count; i += s->step) {
		if (s->rows[i].state != SLOT_LOADING || !s->rows[i].stream)
			continue;
		follow(s, rpc, &s->rows[i]);
		found = true;
	}
	pthread_mutex_unlock(&s->lock);
	return found;
}

/* --- pins --------------------------------------------------------------------------------- */

static struct slot_pin *find_pin(struct slots *s, const uint8_t model[STORE_ID])
{
	for (size_t i = 0; i < s->pin_count; i++)
		if (memcmp(s->pins[i].model, model, STORE_ID) == 0)
			return &s->pins[i];
	return NULL;
}

static struct slot_pin pin_of(struct slots *s, const struct store_pin *found)
{
	const struct slot_pin *before = find_pin(s, found->model);
	struct slot_pin pin = {.need = found->need, .is_servable = found->is_servable};

	memcpy(pin.model, found->model, STORE_ID);
	snprintf(pin.name, sizeof pin.name, "%.*s", SLICE_PRINT(found->model_name));
	snprintf(pin.revision, sizeof pin.revision, "%.*s", SLICE_PRINT(found->revision));
	if (before && strcmp(before->revision, pin.revision) == 0) {
		pin.retry_ms = before->retry_ms;
		pin.backoff_ms = before->backoff_ms;
	}
	return pin;
}

static enum err read_pins(struct slots *s)
{
	struct slot_pin *pins = arena_alloc(&s->arena, STORE_MAX_PINS * sizeof *pins);
	struct store_pin *found;
	size_t count;

	TRY(store_pin_list(s->context->store, &s->arena, &found, &count));
	if (count > STORE_MAX_PINS)
		count = STORE_MAX_PINS;
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < count; i++)
		pins[i] = pin_of(s, &found[i]);
	for (size_t i = 0; i < count; i++)
		s->pins[i] = pins[i];
	s->pin_count = count;
	pthread_mutex_unlock(&s->lock);
	return OK;
}

/* Until it is there, each attempt comes later than the one before. */
static void plan_retry(struct slot_pin *pin)
{
	pin->backoff_ms = pin->backoff_ms ? 2 * pin->backoff_ms : RETRY_FIRST_MS;
	if (pin->backoff_ms > RETRY_MOST_MS)
		pin->backoff_ms = RETRY_MOST_MS;
	pin->retry_ms = clock_monotonic_ms() + pin->backoff_ms;
}

/* Under the lock: is it in a slot (or on its way into one)? */
static const struct slot *slot_of(const struct slots *s, const struct slot_pin *pin)
{
	for (unsigned i = s->first; i < s->count; i += s->step)
		if (slot_serves(&s->rows[i]) &&
		    slot_is(&s->rows[i], pin->model, slice_of_string(pin->revision)))
			return &s->rows[i];
	return NULL;
}

/* The pin's copy is the thread's own: only it changes the list. */
static void bring(struct slots *s, struct slot_pin *pin)
{
	struct slot_wish wish = {.name = slice_of_string(pin->name),
				 .revision = slice_of_string(pin->revision)};
	const struct slot *slot;
	bool is_there, is_ready;
	enum err result;

	pthread_mutex_lock(&s->lock);
	slot = slot_of(s, pin);
	is_there = slot != NULL;
	is_ready = slot && slot->state == SLOT_READY;
	pthread_mutex_unlock(&s->lock);
	if (is_ready)
		pin->backoff_ms = pin->retry_ms = 0;
	if (is_there || !pin->is_servable || clock_monotonic_ms() < pin->retry_ms)
		return;
	memcpy(wish.model, pin->model, STORE_ID);
	result = slots_bring(s, s->context, &s->arena, &wish);
	if (result == ERR_CONFLICT)
		return; /* there is no room yet: again with the next look */
	if (result != OK)
		log_warn("pin.failed", "model=\"%s\" reason=\"%s\"", pin->name, failure_text());
	plan_retry(pin);
}

/* --- revisions that no engine has looked at ----------------------------------------------- */

static bool is_told_of_files(enum err result)
{
	return result == OK || result == ERR_UNSUPPORTED || result == ERR_FORMAT ||
	       result == ERR_LIMIT;
}

/* One edge does it for all. What cannot be looked at for another reason is tried again, ever more
 * seldom: each time is an entry in the log. */
static void look_at_unseen(struct slots *s)
{
	int64_t now_ms = clock_monotonic_ms();
	struct store_unseen unseen;
	struct slot_wish wish;
	enum err result;

	if (s->options.edge != 0 || now_ms < s->unseen_retry_ms ||
	    store_unseen_get(s->context->store, &s->arena, &unseen) != OK ||
	    unseen.revision.size == 0)
		return;
	wish = (struct slot_wish){.name = unseen.model_name, .revision = unseen.revision};
	memcpy(wish.model, unseen.model, STORE_ID);
	result = slots_look(s, s->context, &s->arena, &wish);
	if (result == ERR_CONFLICT)
		return;
	if (is_told_of_files(result)) {
		s->unseen_backoff_ms = 0;
		return;
	}
	log_warn("model.unseen", "model=\"%.*s\" reason=\"%s\"", SLICE_PRINT(unseen.model_name),
		 failure_text());
	s->unseen_backoff_ms = s->unseen_backoff_ms ? 2 * s->unseen_backoff_ms : RETRY_FIRST_MS;
	if (s->unseen_backoff_ms > UNSEEN_MOST_MS)
		s->unseen_backoff_ms = UNSEEN_MOST_MS;
	s->unseen_retry_ms = now_ms + s->unseen_backoff_ms;
}

/* --- other edges -------------------------------------------------------------------------- */

static void unload_here(struct slots *s, struct rpc *rpc, const struct store_unload *wish)
{
	pthread_mutex_lock(&s->lock);
	for (unsigned i = s->first; i < s->count; i += s->step) {
		struct slot *slot = &s->rows[i];

		if (memcmp(slot->model, wish->model, STORE_ID) != 0 ||
		    slot->unload_serial >= wish->serial)
			continue;
		slot->unload_serial = wish->serial;
		if (wish->is_cut || slot->users == 0)
			slots_drop(s, rpc, slot, "an administrator has unloaded the model");
		else if (slot->state == SLOT_READY)
			slot->state = SLOT_CLOSING;
	}
	if (wish->serial > s->unload_serial)
		s->unload_serial = wish->serial;
	pthread_mutex_unlock(&s->lock);
}

/* Serials come from several transactions: a smaller one may be seen after a larger one. */
static enum err read_unloads(struct slots *s, struct rpc *rpc)
{
	struct store_unload *list;
	size_t count;

	TRY(store_unload_list(s->context->store, &s->arena, &list, &count,
			      s->unload_serial - UNLOADS_BACK));
	for (size_t i = 0; i < count; i++)
		unload_here(s, rpc, &list[i]);
	return OK;
}

/* For the edge that is asked what all of them do. */
static enum err tell_others(struct slots *s, struct rpc *rpc)
{
	AUTO(json_auto) json_t *engines = slots_describe(s, rpc, &s->arena);
	AUTO(buf_free) struct buf text = buf_new(VIEW_MAX);
	struct digest digest;
	int64_t now_ms = clock_monotonic_ms();

	TRY(json_write_canonical(&text, engines));
	digest = digest_of(buf_slice(&text));
	if (memcmp(&s->told_hash, digest.bytes, sizeof s->told_hash) == 0 &&
	    now_ms < s->told_ms + TELL_MS)
		return OK;
	memcpy(&s->told_hash, digest.bytes, sizeof s->told_hash);
	s->told_ms = now_ms;
	return store_engine_view_set(s->context->store, s->options.edge, buf_slice(&text),
				     clock_now_ms());
}

static enum err look_at_database(struct slots *s, struct rpc *rpc)
{
	TRY(read_pins(s));
	if (s->options.edges == 1)
		return OK;
	TRY(read_unloads(s, rpc));
	return tell_others(s, rpc);
}

/* --- the thread --------------------------------------------------------------------------- */

static bool is_stopping(struct slots *s)
{
	bool stopping;

	pthread_mutex_lock(&s->lock);
	stopping = s->is_stopping;
	pthread_mutex_unlock(&s->lock);
	return stopping;
}

/* What an edge before this one has left in our engines ends. */
static void begin(struct slots *s, struct rpc *rpc)
{
	for (unsigned i = s->first; i < s->count; i += s->step)
		if (rpc_generation(rpc, ROLE_ENGINE, i) &&
		    rpc_note(rpc, ROLE_ENGINE, i, WIRE_ENGINE_RENEW, S("")) != OK)
			log_debug("slot.begin", "slot=%u reason=\"%s\"", i, failure_text());
	if (store_unload_last(s->context->store, &s->unload_serial) != OK)
		s->unload_serial = 0;
}

static void *tend(void *slots)
{
	struct slots *s = slots;
	struct rpc *rpc = s->context->api->rpc;

	while (!is_stopping(s)) {
		bool is_loading = follow_loads(s, rpc);

		if (clock_monotonic_ms() >= atomic_load(&s->look_due_ms)) {
			atomic_store(&s->look_due_ms, clock_monotonic_ms() + PINS_MS);
			if (look_at_database(s, rpc) != OK)
				log_debug("slots.look", "reason=\"%s\"", failure_text());
			for (size_t i = 0; i < s->pin_count && !is_stopping(s); i++)
				bring(s, &s->pins[i]);
			look_at_unseen(s);
			arena_reset(&s->arena);
		}
		pthread_mutex_lock(&s->lock);
		if (!is_loading && !s->is_stopping)
			slots_wait(s, REST_MS);
		pthread_mutex_unlock(&s->lock);
	}
	return NULL;
}

void slots_poke(struct slots *s)
{
	atomic_store(&s->look_due_ms, 0);
	pthread_mutex_lock(&s->lock);
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

enum err slots_start(struct slots *s, struct route_context *context)
{
	s->context = context;
	begin(s, context->api->rpc);
	if (pthread_create(&s->thread, NULL, tend, s) != 0)
		return failure(ERR_INTERNAL, "the thread for engines cannot be started");
	s->is_started = true;
	return OK;
}

void slots_stop(struct slots *s)
{
	if (s->is_started) {
		pthread_mutex_lock(&s->lock);
		s->is_stopping = true;
		pthread_cond_broadcast(&s->changed);
		pthread_mutex_unlock(&s->lock);
		pthread_join(s->thread, NULL);
		s->is_started = false;
	}
	api_worker_free(s->context);
	s->context = NULL;
}

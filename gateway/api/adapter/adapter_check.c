/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST adapters/{id}/validate: the files are bound to the adapter, and an engine that serves the
 * base reads them as if for a call. What it refuses stays with the adapter as its reason.
 */
#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "gateway/api/adapter/adapter.h"
#include "gateway/api/infer/running.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/api/slots/slots.h"
#include "gateway/api/upload/commit.h"
#include "schema/wire/engine.h"

/* A check under way. */
struct check {
	struct exchange *x;
	struct route_context *context;
	struct store_adapter adapter;
	struct grant *grant;
	struct store_adapter_file *files;
	size_t count;
	unsigned slot;
};

static enum err read_files(struct check *c)
{
	static const char *const needed[] = {ADAPTER_CONFIG, ADAPTER_WEIGHTS};

	TRY(store_adapter_files(c->context->store, exchange_arena(c->x), &c->files, &c->count,
				c->adapter.id));
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
		if (i >= c->count || !slice_equal(c->files[i].path, slice_of_string(needed[i])))
			return failure(ERR_FORMAT, "%s is missing: upload it first", needed[i]);
	return OK;
}

/* The digest that calls name it by: of the list of its files, as a revision has one. */
static enum err digest_files(struct check *c)
{
	AUTO(buf_free) struct buf manifest = buf_new(4096);
	struct commit_file list[WIRE_MAX_ADAPTER_FILES];
	struct digest digest;

	for (size_t i = 0; i < c->count; i++) {
		list[i] = (struct commit_file){.path = c->files[i].path, .size = c->files[i].size};
		memcpy(list[i].sha256.bytes, c->files[i].sha256, DIGEST_SIZE);
	}
	TRY(commit_write_manifest(&manifest, list, c->count));
	digest = digest_of(buf_slice(&manifest));
	memcpy(c->adapter.sha256, digest.bytes, DIGEST_SIZE);
	c->adapter.is_checked = true;
	return OK;
}

static enum err log_commit(struct check *c, uint8_t event_id[WIRE_ID])
{
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_ADAPTER_COMMIT, c->grant->who->person.id,
			  c->grant->who->person.name);
	adapter_tell(&c->adapter, &event);
	audit_event_json(&event, "files",
			 adapter_describe_files(exchange_arena(c->x), c->files, c->count));
	TRY(api_log(c->context->store, &event));
	memcpy(event_id, event.id, WIRE_ID);
	return api_publish(c->context->api, event.id);
}

static enum err bind_file(struct check *c, const uint8_t event[WIRE_ID],
			  struct store_adapter_file *file)
{
	struct arena *arena = exchange_arena(c->x);
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct wire_key_bind ask = {.revision = S("adapter"), .path = file->path};
	struct wire_key_bound bound;

	ask.model = slice_of_string(arena_printf(arena, "%.*s:%s",
						 SLICE_PRINT(c->adapter.model_name),
						 api_uuid(arena, c->adapter.id)));
	ask.header = file->header;
	memcpy(ask.event, event, WIRE_ID);
	memcpy(ask.sha256, file->sha256, WIRE_DIGEST);
	wire_write_key_bind(&body, &ask);
	TRY(buf_done(&body));
	TRY(api_ask_keeper(&reply, c->context->api, WIRE_KEY_BIND, buf_slice(&body)));
	TRY(wire_read_key_bound(&bound, buf_slice(&reply.body)));
	return store_adapter_file_bind(c->context->store, c->adapter.id, file->path, bound.header);
}

static enum err bind_files(struct check *c)
{
	uint8_t event[WIRE_ID];
	bool is_bound = true;

	for (size_t i = 0; i < c->count; i++)
		is_bound = is_bound && c->files[i].is_bound;
	if (is_bound)
		return OK;
	TRY(log_commit(c, event));
	for (size_t i = 0; i < c->count; i++)
		if (!c->files[i].is_bound)
			TRY(bind_file(c, event, &c->files[i]));
	return OK;
}

/* The end of it: what the engine found, and the entry. `why` empty: it fits. */
static enum err conclude(struct check *c, const struct wire_engine_adapted *found, struct slice why)
{
	struct store_adapter *a = &c->adapter;
	AUTO(store_end) struct store *store = c->context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct store_adapter_step step = {.from = a->state, .reason = why};

	step.to = why.size ? STORE_ADAPTER_REFUSED : STORE_ADAPTER_PRIVATE;
	step.now_ms = clock_now_ms();
	a->revision = c->grant->access.revision.id;
	a->rank = found->rank;
	a->products = found->products;
	a->memory_bytes = (int64_t)found->memory_bytes;
	audit_event_begin(&event, AUDIT_ADAPTER_CHECK, c->grant->who->person.id,
			  c->grant->who->person.name);
	adapter_tell(a, &event);
	audit_event_text(&event, "revision", a->revision);
	audit_event_flag(&event, "fits", why.size == 0);
	if (why.size)
		audit_event_text(&event, "reason", why);
	TRY(store_begin(store));
	if (why.size == 0)
		TRY(store_adapter_found(store, a));
	TRY(store_adapter_step(store, a->id, &step));
	TRY(authorize_record(store, c->x, c->grant));
	TRY(store_adapter_get(store, exchange_arena(c->x), a, a->id));
	return api_finish(c->x, c->context, &event);
}

/* Only what the engine says of the files is a refusal; all else may be otherwise in a minute. */
static enum err check_in_slot(struct check *c)
{
	struct wire_engine_adapted found = {0};
	enum err result = adapter_load(&found, c->x, c->context, &c->adapter, c->slot);
	struct slice why = S("");

	if (result == ERR_FORMAT || result == ERR_UNSUPPORTED || result == ERR_LIMIT)
		why = arena_copy(exchange_arena(c->x),
				 slice_part(slice_of_string(failure_text()), 0, API_MAX_REASON));
	else
		TRY(result);
	return conclude(c, &found, why);
}

static void check_with_engine(struct check *c)
{
	const struct slot_wish wish = slots_wish(c->grant);
	unsigned later_seconds = 0;
	enum err result = slots_enter(&c->slot, &later_seconds, c->x, c->context, &wish, NULL);

	if (result != OK) {
		slots_refuse(c->x, c->context->api, result,
			     arena_string(exchange_arena(c->x), slice_of_string(failure_text())),
			     later_seconds);
		return;
	}
	result = check_in_slot(c);
	slots_leave(c->context->api->slots, c->slot);
	if (result == OK)
		reply_json(c->x, 200, adapter_describe(c->x, &c->adapter));
	else
		reply_failure(c->x, result);
}

static enum err prepare(struct check *c)
{
	if (!c->grant->access.has_revision || !c->grant->access.revision.runnable)
		return failure(ERR_UNSUPPORTED, "the model is download only: %.*s",
			       SLICE_PRINT(c->grant->access.revision.runnable_reason));
	TRY(read_files(c));
	TRY(digest_files(c));
	return bind_files(c);
}

void adapter_validate(struct exchange *x, struct route_context *context)
{
	struct check *c = arena_alloc(exchange_arena(x), sizeof *c);
	struct running *running = context->api->running;
	enum err result;

	c->x = x;
	c->context = context;
	if (!authorize_person(x) || !adapter_find(&c->adapter, x, context) ||
	    !adapter_takes_files(&c->adapter, x))
		return;
	c->grant = authorize_model(x, context, RIGHT_ADAPTERS_WRITE, c->adapter.model_name, S(""),
				   S(""));
	if (!c->grant)
		return;
	result = prepare(c);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	if (running_enter(running) != OK) {
		reply_busy(x, failure_text(), (unsigned)(context->api->settings->workers + 1) / 2);
		return;
	}
	check_with_engine(c);
	running_leave(running);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/api.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/base/clock.h"
#include "crypto/base/log.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "gateway/api/facts.h"
#include "gateway/api/lease/lease.h"
#include "gateway/api/notice/notify.h"
#include "gateway/api/reply.h"
#include "gateway/http/url.h"
#include "schema/wire/scribe.h"

static enum err open_store(struct store **out, const struct settings *s, const char *role,
			   const char *password_file, unsigned timeout_ms)
{
	char port[16];
	struct store_settings settings = {
		.host = s->database_host,
		.port = port,
		.database = s->database_name,
		.role = role,
		.password_file = password_file[0] ? password_file : NULL,
		.statement_timeout_ms = timeout_ms,
	};

	snprintf(port, sizeof port, "%lld", (long long)s->database_port);
	return store_new(out, &settings);
}

static enum err prepare_one(struct route_context **out, struct api *api)
{
	const struct settings *s = api->settings;
	struct route_context *context = calloc(1, sizeof *context);
	enum err result;

	assert(context);
	context->api = api;
	result = open_store(&context->store, s, "sallyport_edge", s->edge_password_file,
			    API_CALL_MS);
	if (result != OK) {
		api_worker_free(context);
		return result;
	}
	*out = context;
	return OK;
}

static enum err prepare_recorder(struct api *api)
{
	const struct settings *s = api->settings;
	struct store *stores[RECORDER_CONNECTIONS];

	for (size_t i = 0; i < RECORDER_CONNECTIONS; i++)
		TRY(open_store(&stores[i], s, "sallyport_edge", s->edge_password_file,
			       API_CALL_MS));
	api->recorder = recorder_new(stores);
	return OK;
}

enum err api_workers_prepare(struct api *api, size_t count)
{
	const struct settings *s = api->settings;

	assert(count <= API_MAX_WORKERS);
	for (; api->worker_count < count; api->worker_count++)
		TRY(prepare_one(&api->workers[api->worker_count], api));
	for (; api->auditor_count < API_AUDITORS; api->auditor_count++)
		TRY(open_store(&api->auditors[api->auditor_count], s, "sallyport_auditor",
			       s->auditor_password_file, API_CALL_MS));
	TRY(prepare_recorder(api));
	TRY(prepare_one(&api->jobs_context, api));
	TRY(prepare_one(&api->slots_context, api));
	TRY(open_store(&api->release_store, s, "sallyport_edge", s->edge_password_file,
		       API_CALL_MS));
	return open_store(&api->lease_store, s, "sallyport_edge", s->edge_password_file,
			  (unsigned)s->lease_seconds * 1000);
}

struct store *api_auditor_take(struct api *api)
{
	struct store *auditor;

	pthread_mutex_lock(&api->auditors_lock);
	while (!api->auditor_count)
		pthread_cond_wait(&api->auditors_changed, &api->auditors_lock);
	auditor = api->auditors[--api->auditor_count];
	pthread_mutex_unlock(&api->auditors_lock);
	return auditor;
}

void api_auditor_return(struct api *api, struct store *auditor)
{
	pthread_mutex_lock(&api->auditors_lock);
	api->auditors[api->auditor_count++] = auditor;
	pthread_cond_signal(&api->auditors_changed);
	pthread_mutex_unlock(&api->auditors_lock);
}

struct route_context *api_worker_new(void *shared)
{
	struct api *api = shared;
	struct route_context *context = NULL;

	pthread_mutex_lock(&api->workers_lock);
	if (api->worker_count)
		context = api->workers[--api->worker_count];
	pthread_mutex_unlock(&api->workers_lock);
	return context;
}

void api_worker_free(struct route_context *context)
{
	if (!context)
		return;
	store_free(context->store);
	free(context);
}

enum err api_ask_keeper(struct rpc_reply *out, struct api *api, enum wire_type type,
			struct slice body)
{
	enum err result = rpc_call(api->rpc, ROLE_KEEPER, 0, type, body, -1, out, API_CALL_MS);

	if (result != OK && strcmp(out->code, code_name(CODE_AUDIT_UNAVAILABLE)) == 0)
		return failure(ERR_UNAVAILABLE,
			       "the keeper did not take the entry of this act in time; try again");
	return result;
}

static enum err ask_visa_keys(struct api_keys *out, struct api *api)
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	struct wire_visa_keys_are keys;

	TRY(rpc_call(api->rpc, ROLE_KEEPER, 0, WIRE_VISA_KEYS, S(""), -1, &reply, API_CALL_MS));
	TRY(wire_read_visa_keys_are(&keys, buf_slice(&reply.body)));
	snprintf(out->visa_jwks, sizeof out->visa_jwks, "%.*s", SLICE_PRINT(keys.jwks));
	return OK;
}

static enum err ask_keeper(struct api_keys *out, struct api *api)
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	struct wire_keeper_keys keys;

	TRY(rpc_call(api->rpc, ROLE_KEEPER, 0, WIRE_KEEPER_HELLO, S(""), -1, &reply, API_CALL_MS));
	TRY(wire_read_keeper_keys(&keys, buf_slice(&reply.body)));
	if (keys.sealed)
		return failure(ERR_UNAVAILABLE,
			       "the gateway is sealed; an operator must unseal it");
	out->token = token_key_of(keys.token_public);
	memcpy(out->license_public, keys.license_public, sizeof out->license_public);
	snprintf(out->log_vkey, sizeof out->log_vkey, "%.*s", SLICE_PRINT(keys.log_vkey));
	snprintf(out->escrow, sizeof out->escrow, "%.*s", SLICE_PRINT(keys.escrow));
	return ask_visa_keys(out, api);
}

enum err api_keys_get(struct api_keys *out, struct api *api)
{
	uint32_t generation = rpc_generation(api->rpc, ROLE_KEEPER, 0);
	struct api_keys fresh = {.generation = generation};

	pthread_mutex_lock(&api->keys_lock);
	*out = api->keys;
	pthread_mutex_unlock(&api->keys_lock);
	/* What a keeper that is away said before still verifies tokens: its keys do not change. */
	if (out->generation && (out->generation == generation || generation == 0))
		return OK;
	TRY(ask_keeper(&fresh, api));
	pthread_mutex_lock(&api->keys_lock);
	api->keys = fresh;
	pthread_mutex_unlock(&api->keys_lock);
	*out = fresh;
	return OK;
}

uint64_t api_epoch(const void *context)
{
	const struct api *api = context;

	return lease_epoch(api->lease);
}

static enum err log_and_notify(struct store *store, const struct store_event *row,
			       const struct audit_event *event)
{
	TRY(store_audit_insert(store, row));
	return notify_event(store, event);
}

/* As a transaction of its own: both or none. */
static enum err log_alone(struct store *s, const struct store_event *row,
			  const struct audit_event *event)
{
	AUTO(store_end) struct store *store = s;

	TRY(store_begin(store));
	TRY(log_and_notify(store, row, event));
	return store_commit(store);
}

enum err api_log(struct store *store, struct audit_event *event)
{
	struct store_event row;

	TRY(audit_event_end(event, clock_now_ms()));
	row = audit_event_row(event);
	return store_is_in_transaction(store) || !notify_tells(event->kind)
		       ? log_and_notify(store, &row, event)
		       : log_alone(store, &row, event);
}

enum err api_write(struct api *api, const struct store_record *record)
{
	int64_t begun = clock_monotonic_us();
	enum err result = recorder_write(api->recorder, record);

	metrics_add_log_wait(&api->metrics, clock_monotonic_us() - begun);
	return result;
}

static enum err write_late(struct api *api, const struct store_record *record)
{
	return recorder_linger(api->recorder, record);
}

static enum err record(struct api *api, struct audit_event *event, const struct store_usage *usage,
		       enum err (*write)(struct api *api, const struct store_record *record))
{
	struct store_event row;
	enum err result;

	TRY(audit_event_end(event, clock_now_ms()));
	row = audit_event_row(event);
	result = write(api, &(struct store_record){.event = &row, .usage = usage});
	/* Sums refer to a person and a model; entries stand whatever becomes of those. */
	if (result == ERR_NOT_FOUND && usage)
		result = write(api, &(struct store_record){.event = &row});
	return result;
}

enum err api_record(struct api *api, struct audit_event *event, const struct store_usage *usage)
{
	return record(api, event, usage, api_write);
}

enum err api_record_late(struct api *api, struct audit_event *event,
			 const struct store_usage *usage)
{
	return record(api, event, usage, write_late);
}

enum err api_publish(struct api *api, const uint8_t event[WIRE_ID])
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	AUTO(buf_free) struct buf body = buf_new(WIRE_ID);

	buf_write(&body, slice_of(event, WIRE_ID));
	return rpc_call(api->rpc, ROLE_SCRIBE, 0, WIRE_SCRIBE_AWAIT, buf_slice(&body), -1, &reply,
			API_CALL_MS);
}

enum err api_commit(struct route_context *context, struct audit_event *event)
{
	TRY(api_log(context->store, event));
	TRY(store_commit(context->store));
	facts_touch(context->api->facts);
	return api_publish(context->api, event->id);
}

enum err api_finish(struct exchange *x, struct route_context *context, struct audit_event *event)
{
	TRY(api_commit(context, event));
	exchange_header(x, "X-Audit-Receipt", "%s", api_uuid(exchange_arena(x), event->id));
	return OK;
}

enum err api_may_log(struct exchange *x, struct route_context *context)
{
	struct api *api = context->api;
	int64_t now_ms = clock_monotonic_ms(), due_ms = atomic_load(&api->state_due_ms);
	struct store_audit_state state;

	if (now_ms >= due_ms &&
	    atomic_compare_exchange_strong(&api->state_due_ms, &due_ms, now_ms + API_STATE_MS)) {
		enum err result;

		exchange_may_wait(x);
		result = store_audit_state(context->store, exchange_arena(x), &state);
		if (result != OK) {
			atomic_store(&api->state_due_ms, now_ms); /* unknown: the next one asks */
			return result;
		}
		atomic_store(&api->is_read_only, state.read_only);
		atomic_store(&api->is_full, state.is_full);
	}
	if (atomic_load(&api->is_read_only))
		return failure(
			ERR_UNAVAILABLE,
			"the gateway is read-only: its database is behind its log, or behind "
			"what witnesses have seen of it; see /readyz");
	if (!atomic_load(&api->is_full))
		return OK;
	atomic_fetch_add(&api->refused_full, 1);
	return failure(ERR_UNAVAILABLE, "a disk that the log needs is full; once its operator has "
					"made room, all goes on; see /readyz");
}

const char *api_uuid(struct arena *arena, const uint8_t id[16])
{
	char *text = arena_alloc(arena, TEXT_UUID);

	text_uuid(text, id);
	return text;
}

const char *api_time(struct arena *arena, int64_t ms)
{
	char *text = arena_alloc(arena, CLOCK_TEXT);

	clock_text(text, ms);
	return text;
}

const char *api_hex(struct arena *arena, struct slice bytes)
{
	AUTO(buf_free) struct buf hex = buf_new(2 * bytes.size);

	text_write_hex(&hex, bytes);
	return arena_string(arena, buf_slice(&hex));
}

const char *api_base64(struct arena *arena, struct slice bytes)
{
	AUTO(buf_free) struct buf text = buf_new(2 * bytes.size + 4);

	text_write_base64(&text, bytes, TEXT_BASE64);
	return arena_string(arena, buf_slice(&text));
}

enum err api_param_uuid(uint8_t out[16], const struct exchange *x, const char *name)
{
	return text_read_uuid(out, exchange_param(x, name));
}

struct slice api_query(struct exchange *x, const char *name)
{
	struct slice value;

	if (url_form_find(&value, exchange_arena(x), exchange_request(x)->query, name) != OK)
		return S("");
	return value;
}

json_t *api_body(struct exchange *x)
{
	json_t *json = NULL;
	enum err result = json_read(&json, exchange_body(x), API_MAX_JSON);

	if (result == OK && json_is_object(json))
		return json;
	if (result == OK)
		result = failure(ERR_FORMAT, "the body must be a JSON object");
	json_free(json);
	reply_failure(x, result);
	return NULL;
}

json_t *api_body_or_none(struct exchange *x)
{
	return slice_trim(exchange_body(x)).size ? api_body(x) : json_object_new();
}

enum err api_reason(struct slice *out, const json_t *body)
{
	TRY(json_get_text_or(out, body, "reason", S("")));
	if (out->size > API_MAX_REASON)
		return failure(ERR_FORMAT, "\"reason\" has at most %d bytes", API_MAX_REASON);
	return OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What comes before the first weight: what a model would take, its entry, its keys. */
#include <stdio.h>

#include "crypto/base/log.h"
#include "crypto/random.h"
#include "gateway/api/slots/slots_parts.h"
#include "schema/store/quantize.h"
#include "schema/wire/engine.h"
#include "schema/wire/engine_read.h"

/* What sentence-transformers keeps of a step in a folder of its own: "1_Pooling/config.json". */
static bool is_step(struct slice path)
{
	return slice_equal(slice_part(path, slice_find(path, '/'), path.size), S("/config.json"));
}

/* Weights, descriptions, vocabularies, templates: at the top of the revision, and nothing else. */
static bool engine_needs(struct slice path)
{
	static const char *const endings[] = {".safetensors", ".json",      ".gguf",  ".model",
					      "vocab.txt",    "merges.txt", ".jinja", NULL};

	if (slice_find(path, '/') < path.size)
		return is_step(path);
	for (const char *const *ending = endings; *ending; ending++)
		if (slice_ends_with(path, slice_of_string(*ending)))
			return true;
	return false;
}

enum err slots_give_key(struct api *api, const uint8_t event[WIRE_ID], struct slice header,
			struct slice path, unsigned slot, uint64_t handle)
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct wire_key_release ask = {.header = header,
				       .path = path,
				       .role = ROLE_ENGINE,
				       .index = (uint8_t)slot,
				       .handle = handle};

	memcpy(ask.event, event, WIRE_ID);
	wire_write_key_release(&body, &ask);
	TRY(buf_done(&body));
	return api_ask_keeper(&reply, api, WIRE_KEY_RELEASE, buf_slice(&body));
}

static enum err log_serve(uint8_t event_id[WIRE_ID], struct route_context *context,
			  const struct slot_wish *wish, unsigned slot, bool is_measured)
{
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_MODEL_SERVE, NULL, S("gateway"));
	audit_event_text(&event, "model", wish->name);
	audit_event_text(&event, "revision", wish->revision);
	audit_event_text(&event, "role", S("engine"));
	audit_event_number(&event, "index", slot);
	if (is_measured)
		audit_event_flag(&event, "measured", true);
	TRY(api_log(context->store, &event));
	memcpy(event_id, event.id, WIRE_ID);
	return api_publish(context->api, event.id);
}

static enum err give_files(struct wire_engine_load *ask, unsigned slot,
			   struct route_context *context, struct arena *arena,
			   const struct slot_wish *wish, const uint8_t event[WIRE_ID])
{
	struct store_file *files;
	size_t count;

	TRY(store_revision_files(context->store, arena, &files, &count, wish->model,
				 wish->revision));
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
		TRY(slots_give_key(context->api, event, files[i].header, files[i].path, slot,
				   file->handle));
		ask->count++;
	}
	return OK;
}

static enum wire_quantize wire_quantize_of(enum store_quantize quantize)
{
	switch (quantize) {
	case STORE_QUANTIZE_NONE:
		return WIRE_QUANTIZE_NONE;
	case STORE_QUANTIZE_Q8_0:
		return WIRE_QUANTIZE_Q8_0;
	case STORE_QUANTIZE_Q4_0:
		return WIRE_QUANTIZE_Q4_0;
	case STORE_QUANTIZE_W8A8:
		return WIRE_QUANTIZE_W8A8;
	}
	return WIRE_QUANTIZE_NONE;
}

/* The body of ENGINE_LOAD or ENGINE_MEASURE, after the entry and the keys. */
static enum err prepare(struct buf *body, unsigned slot, struct route_context *context,
			struct arena *arena, const struct slot_wish *wish, uint64_t bytes,
			bool is_measured)
{
	struct wire_engine_load *ask = arena_alloc(arena, sizeof *ask);
	enum store_quantize quantize;
	uint8_t event[WIRE_ID];

	TRY(store_quantize_get(context->store, &quantize, wish->model));
	*ask = (struct wire_engine_load){.model = wish->name,
					 .revision = wish->revision,
					 .memory_bytes = bytes,
					 .quantize = wire_quantize_of(quantize)};
	TRY(log_serve(event, context, wish, slot, is_measured));
	TRY(give_files(ask, slot, context, arena, wish, event));
	wire_write_engine_load(body, ask);
	return buf_done(body);
}

enum err slots_load_begin(struct rpc_stream **out, unsigned slot, struct route_context *context,
			  struct arena *arena, const struct slot_wish *wish, uint64_t bytes)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);

	TRY(prepare(&body, slot, context, arena, wish, bytes, false));
	return rpc_open_stream(out, context->api->rpc, ROLE_ENGINE, slot, WIRE_ENGINE_LOAD,
			       buf_slice(&body), -1);
}

enum err slots_need(struct store_need *out, struct route_context *context,
		    const struct slot_wish *wish)
{
	return store_need_get(context->store, out, wish->model, wish->revision);
}

static enum err read_need(struct store_need *out, const struct rpc_reply *reply)
{
	struct wire_engine_need need;

	TRY(wire_read_engine_need(&need, buf_slice(&reply->body)));
	if (need.least_bytes == 0 || need.most_bytes < need.least_bytes)
		return failure(ERR_FORMAT, "the engine counts the model's memory wrongly");
	*out = (struct store_need){need.least_bytes, need.most_bytes};
	return OK;
}

/* What the files themselves are refused for will not change: it stands with the revision. */
static enum err keep_refusal(enum err kind, struct route_context *context,
			     const struct slot_wish *wish)
{
	char why[FAILURE_MAX_TEXT];

	snprintf(why, sizeof why, "%s", failure_text());
	if (store_revision_set_runnable(context->store, wish->model, wish->revision, false,
					slice_of_string(why)) != OK)
		log_warn("model.refused", "reason=\"%s\"", failure_text());
	facts_touch(context->api->facts);
	return failure(kind, "%s", why);
}

/* The files know better than a config.json, and a GGUF file has none. */
static enum err keep_tasks(const struct rpc_reply *reply, struct route_context *context,
			   const struct slot_wish *wish)
{
	struct wire_engine_need need;

	TRY(wire_read_engine_need(&need, buf_slice(&reply->body)));
	TRY(store_revision_set_tasks(context->store, wish->model, wish->revision, need.tasks));
	TRY(store_revision_set_chat(context->store, wish->model, wish->revision, need.chat));
	facts_touch(context->api->facts);
	return OK;
}

enum err slots_measure(struct store_need *out, unsigned slot, struct route_context *context,
		       struct arena *arena, const struct slot_wish *wish)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	enum err result;

	TRY(prepare(&body, slot, context, arena, wish, 0, true));
	result = rpc_call(context->api->rpc, ROLE_ENGINE, slot, WIRE_ENGINE_MEASURE,
			  buf_slice(&body), -1, &reply, API_CALL_MS);
	if (result == ERR_UNSUPPORTED || result == ERR_FORMAT || result == ERR_LIMIT)
		return keep_refusal(result, context, wish);
	TRY(result);
	TRY(read_need(out, &reply));
	TRY(keep_tasks(&reply, context, wish));
	log_info("model.measured", "slot=%u least=%llu most=%llu", slot,
		 (unsigned long long)out->least_bytes, (unsigned long long)out->most_bytes);
	return store_need_set(context->store, wish->model, wish->revision, out);
}

/* Any engine that is there answers, our own first; what it serves makes no difference. */
static enum err ask_any(struct rpc_reply *reply, struct api *api, enum wire_type type,
			const struct buf *body)
{
	unsigned count = (unsigned)api->settings->engines;
	enum err result = ERR_UNAVAILABLE;

	for (unsigned i = 0; i < count && result == ERR_UNAVAILABLE; i++) {
		rpc_reply_clear(reply);
		result = rpc_call(api->rpc, ROLE_ENGINE, (api->index + i) % count, type,
				  buf_slice(body), -1, reply, API_CALL_MS);
	}
	return result;
}

static enum err check_config_size(struct slice config)
{
	if (config.size <= WIRE_MAX_CONFIG)
		return OK;
	return failure(ERR_UNSUPPORTED, "config.json is larger than %d bytes", WIRE_MAX_CONFIG);
}

static enum err ask_about(struct rpc_reply *reply, struct api *api, enum wire_type type,
			  struct slice config)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);

	TRY(check_config_size(config));
	wire_write_engine_check(&body, &(struct wire_engine_check){.config = config});
	return ask_any(reply, api, type, &body);
}

enum err slots_check(struct slice *tasks, struct api *api, struct arena *arena, struct slice config)
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	struct wire_engine_checked checked;

	TRY(ask_about(&reply, api, WIRE_ENGINE_CHECK, config));
	TRY(wire_read_engine_checked(&checked, buf_slice(&reply.body)));
	*tasks = arena_copy(arena, checked.tasks);
	return OK;
}

enum err slots_check_chat(struct api *api, struct slice text)
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};

	return ask_about(&reply, api, WIRE_ENGINE_CHAT_CHECK, text);
}

enum err slots_size(struct store_need *out, struct route_context *context,
		    const uint8_t model[STORE_ID], struct slice config, uint64_t stored_bytes)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	enum store_quantize quantize;

	TRY(check_config_size(config));
	TRY(store_quantize_get(context->store, &quantize, model));
	wire_write_engine_size(&body,
			       &(struct wire_engine_size){.config = config,
							  .stored_bytes = stored_bytes,
							  .quantize = wire_quantize_of(quantize)});
	TRY(ask_any(&reply, context->api, WIRE_ENGINE_SIZE, &body));
	return read_need(out, &reply);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* An adapter on its way into an engine: its entry, its keys from the keeper, its files. */
#include "crypto/random.h"
#include "gateway/api/adapter/adapter.h"
#include "gateway/api/slots/slots.h"
#include "schema/wire/engine.h"

static enum err ask_engine(struct wire_engine_adapted *out, struct api *api, unsigned slot,
			   const struct wire_engine_adapt *ask)
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);

	wire_write_engine_adapt(&body, ask);
	TRY(buf_done(&body));
	TRY(rpc_call(api->rpc, ROLE_ENGINE, slot, WIRE_ENGINE_ADAPT, buf_slice(&body), -1, &reply,
		     API_LOAD_MS));
	return wire_read_engine_adapted(out, buf_slice(&reply.body));
}

static enum err log_serve(uint8_t event_id[WIRE_ID], struct exchange *x,
			  struct route_context *context, const struct store_adapter *a,
			  const struct store_adapter_file *files, size_t count, unsigned slot)
{
	const struct principal *who = authorize_principal(x);
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_ADAPTER_SERVE, who->authenticated ? who->person.id : NULL,
			  who->person.name);
	adapter_tell(a, &event);
	audit_event_json(&event, "files", adapter_describe_files(exchange_arena(x), files, count));
	audit_event_text(&event, "role", S("engine"));
	audit_event_number(&event, "index", slot);
	TRY(api_log(context->store, &event));
	memcpy(event_id, event.id, WIRE_ID);
	return api_publish(context->api, event.id);
}

static enum err load(struct wire_engine_adapted *out, struct exchange *x,
		     struct route_context *context, const struct store_adapter *a, unsigned slot)
{
	struct wire_engine_adapt ask = {.count = 0};
	struct store_adapter_file *files;
	uint8_t event[WIRE_ID];
	size_t count;

	TRY(store_adapter_files(context->store, exchange_arena(x), &files, &count, a->id));
	if (count != WIRE_MAX_ADAPTER_FILES)
		return failure(ERR_CONFLICT, "the adapter's files are not complete");
	TRY(log_serve(event, x, context, a, files, count, slot));
	memcpy(ask.adapter, a->id, WIRE_ID);
	for (size_t i = 0; i < count; i++) {
		struct wire_engine_file *file = &ask.files[ask.count++];

		*file = (struct wire_engine_file){.path = files[i].path, .size = files[i].size};
		memcpy(file->blob, files[i].blob, WIRE_ID);
		random_bytes(&file->handle, sizeof file->handle);
		TRY(slots_give_key(context->api, event, files[i].header, files[i].path, slot,
				   file->handle));
	}
	return ask_engine(out, context->api, slot, &ask);
}

/* Asked without files first: an engine that has it needs neither entry nor keys. */
enum err adapter_load(struct wire_engine_adapted *out, struct exchange *x,
		      struct route_context *context, const struct store_adapter *a, unsigned slot)
{
	struct wire_engine_adapt ask = {.count = 0};
	enum err there;

	memcpy(ask.adapter, a->id, WIRE_ID);
	there = ask_engine(out, context->api, slot, &ask);
	return there == ERR_NOT_FOUND ? load(out, x, context, a, slot) : there;
}

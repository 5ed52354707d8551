/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forger.c - the real edge, broken into. It starts, confines itself and serves with the code of the
 * real one (gateway/edge/main.c), and beside the real routes it has two by which whoever is inside
 * does what they like with what an edge has: write entries, and speak to its peers.
 *
 *     POST /broken/entry {"kind","id"?,"payload":{...}}      as it is; answers once it is published
 *     POST /broken/call  {"role","index","type","body":hex}  {"frames":[{"type","body"}]} or
 * "refused"
 *
 * What it gets away with is judged by tests/integration/hostile_edge.test.mjs.
 */
#include <string.h>

#include "crypto/base/text.h"
#include "crypto/json.h"
#include "crypto/random.h"
#include "gateway/api/api.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"

enum { FORGER_MAX = 256 * 1024, FORGER_MAX_ROUTES = 512, FORGER_CALL_MS = 20000 };

static enum err put_payload(struct audit_event *event, const json_t *body)
{
	const json_t *payload;
	const char *name;
	json_t *value;

	TRY(json_get_object(&payload, body, "payload"));
	json_object_foreach((json_t *)(uintptr_t)payload, name, value)
		audit_event_json(event, name, json_incref(value));
	return OK;
}

static enum err write_entry(struct audit_event *event, struct route_context *context,
			    const json_t *body)
{
	struct slice kind, text;
	enum audit_kind parsed;
	uint8_t id[WIRE_ID];

	TRY(json_get_text(&kind, body, "kind"));
	TRY(audit_kind_parse(&parsed, kind));
	audit_event_begin(event, parsed, NULL, S("somebody inside the edge"));
	TRY(json_get_text_or(&text, body, "id", S("")));
	if (text.size) {
		TRY(text_read_uuid(id, text));
		audit_event_preset_id(event, id);
	}
	TRY(put_payload(event, body));
	TRY(api_log(context->store, event));
	return api_publish(context->api, event->id);
}

static void forge_entry(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	AUTO(audit_event_clear) struct audit_event event = {0};
	json_t *answer;
	enum err result;

	if (!body)
		return;
	result = write_entry(&event, context, body);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_object_new();
	json_put_text(answer, "id", slice_of_string(api_uuid(exchange_arena(x), event.id)));
	reply_json(x, 200, answer);
}

struct target {
	enum role role;
	unsigned index;
	unsigned type;
	struct slice bytes;
};

static enum err read_target(struct target *out, struct arena *arena, const json_t *body)
{
	struct slice role, hex;
	int64_t index, type;
	uint8_t *bytes;

	TRY(json_get_text(&role, body, "role"));
	TRY(json_get_int_or(&index, body, "index", 0));
	TRY(json_get_int(&type, body, "type"));
	TRY(json_get_text_or(&hex, body, "body", S("")));
	if (!role_of_name(&out->role, role) || hex.size / 2 > WIRE_MAX_BODY)
		return failure(ERR_FORMAT, "no such role, or too long a body");
	bytes = arena_alloc(arena, hex.size / 2 + 1);
	TRY(text_read_hex(bytes, hex.size / 2, hex));
	out->bytes = slice_of(bytes, hex.size / 2);
	out->index = (unsigned)index;
	out->type = (unsigned)type;
	return OK;
}

static bool is_part(unsigned type)
{
	return wire_kind_of(type) == WIRE_PART;
}

/* All that comes back, up to the reply. */
static enum err collect(json_t *frames, struct rpc_stream *stream, struct arena *arena)
{
	for (;;) {
		AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
		json_t *frame;

		TRY(rpc_next(stream, &reply, FORGER_CALL_MS));
		frame = json_object_new();
		json_put_text(frame, "type", slice_of_string(wire_name(reply.type)));
		json_put_text(frame, "body",
			      slice_of_string(api_hex(arena, buf_slice(&reply.body))));
		json_push(frames, frame);
		if (!is_part(reply.type))
			return OK;
	}
}

static enum err call(json_t *frames, struct exchange *x, struct route_context *context,
		     const json_t *body)
{
	AUTO(rpc_stream_auto) struct rpc_stream *stream = NULL;
	struct target to = {.index = 0};

	TRY(read_target(&to, exchange_arena(x), body));
	TRY(rpc_open_stream(&stream, context->api->rpc, to.role, to.index, (enum wire_type)to.type,
			    to.bytes, -1));
	return collect(frames, stream, exchange_arena(x));
}

static void forge_call(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	json_t *answer, *frames;
	enum err result;

	if (!body)
		return;
	exchange_may_wait(x);
	answer = json_object_new();
	frames = json_array_new();
	json_put(answer, "frames", frames);
	result = call(frames, x, context, body);
	if (result != OK) {
		json_put_text(answer, "refused", slice_of_string(err_name(result)));
		json_put_text(answer, "why", slice_of_string(failure_text()));
	}
	reply_json(x, 200, answer);
}

/* The linker gives gateway/edge/main.c this table for the real one (--wrap). */
const struct route *__real_routes_table(size_t *count);
const struct route *__wrap_routes_table(size_t *count);

const struct route *__wrap_routes_table(size_t *count)
{
	static const struct route more[] = {
		{"POST", "/broken/entry", "public", BODY_BUFFER, FORGER_MAX, forge_entry},
		{"POST", "/broken/call", "public", BODY_BUFFER, FORGER_MAX, forge_call},
	};
	static struct route all[FORGER_MAX_ROUTES];
	size_t real;
	const struct route *table = __real_routes_table(&real);

	memcpy(all, table, real * sizeof *table);
	memcpy(all + real, more, sizeof more);
	*count = real + sizeof more / sizeof more[0];
	return all;
}

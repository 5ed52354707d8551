/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/internals: what is asked for goes to an engine in one frame and comes back in many;
 * what it reveals is counted before any of it leaves. */
#include "crypto/json.h"
#include "gateway/api/infer/call.h"
#include "gateway/api/infer/call_body.h"
#include "gateway/api/infer/internals_answer.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"

/* One call under way. Lives in the exchange's arena. */
struct job {
	struct internals_ask ask;
	struct wire_engine_looked looked;
	struct internals_revelation revealed;
	struct buf bytes;
};

static enum err start(struct call *c, struct job *job, struct rpc_stream **stream)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);

	TRY(call_pass(c, &job->ask.look.pass));
	wire_write_engine_look(&body, &job->ask.look);
	TRY(buf_done(&body));
	return call_open(c, stream, WIRE_ENGINE_LOOK, buf_slice(&body));
}

static enum err take_part(struct call *c, struct slice body)
{
	struct job *job = c->ask;
	struct wire_engine_seen part;

	TRY(wire_read_engine_seen(&part, body));
	buf_write(&job->bytes, part.bytes);
	return buf_done(&job->bytes);
}

static enum err take_end(struct call *c, struct slice body)
{
	struct job *job = c->ask;

	TRY(wire_read_engine_looked(&job->looked, body));
	c->prompt_tokens = job->looked.tokens;
	c->is_counted = true;
	return job->looked.is_whole ? OK : failure(ERR_LIMIT, "what was seen is too large");
}

static enum err look(struct call *c, struct job *job)
{
	static const struct call_frames frames = {WIRE_ENGINE_LOOKED, take_part, take_end};
	AUTO(rpc_stream_auto) struct rpc_stream *stream = NULL;

	TRY(start(c, job, &stream));
	c->is_begun = true;
	return call_read(c, stream, &frames);
}

static enum err write_answer(struct call *c, struct job *job, struct buf *out,
			     const struct internals_seen *seen)
{
	struct arena *arena = exchange_arena(c->x);
	const struct internals_about about = {c->grant->access.model.name,
					      c->grant->access.revision.id,
					      api_uuid(arena, c->event)};

	if (job->ask.is_safetensors)
		return internals_write_safetensors(out, arena, &job->ask, seen, &about);
	return internals_write_json(out, arena, &job->ask, seen, &about, &job->revealed);
}

static enum err answer(struct call *c, struct job *job)
{
	AUTO(buf_free) struct buf text = buf_new(INTERNALS_MAX_ANSWER);
	struct internals_revelation revealed;
	struct internals_seen seen;

	TRY(internals_seen_read(&seen, exchange_arena(c->x), &job->ask, &job->looked,
				buf_slice(&job->bytes)));
	TRY(internals_seen_count(&revealed, &job->ask, &seen));
	job->revealed = revealed;
	TRY(write_answer(c, job, &text, &seen));
	c->revealed_bytes = revealed.bits / 8;
	c->finish = "stop";
	exchange_answer(c->x, 200,
			job->ask.is_safetensors ? "application/octet-stream" : "application/json",
			buf_slice(&text));
	return OK;
}

static enum err work(struct call *c)
{
	struct job *job = c->ask;
	enum err result;

	job->bytes = buf_new(INTERNALS_MAX_BYTES);
	result = look(c, job);
	if (result == OK)
		result = answer(c, job);
	if (result != OK)
		job->revealed = (struct internals_revelation){0};
	buf_free(&job->bytes);
	return result;
}

/* The entry before: what is to be read, by name. */
static void tell_begin(const struct call *c, struct audit_event *event)
{
	const struct job *job = c->ask;
	json_t *names = json_array();

	for (unsigned i = 0; i < job->ask.look.count; i++)
		json_array_append_new(names, json_string(job->ask.names[i]));
	audit_event_json(event, "read", names);
	audit_event_text(event, "precision",
			 slice_of_string(internals_precision_name(job->ask.precision)));
}

/* And behind: how much has left. */
static void tell_end(const struct call *c, struct audit_event *event)
{
	const struct job *job = c->ask;

	audit_event_number(event, "scalars", (int64_t)job->revealed.scalars);
	audit_event_number(event, "bits", (int64_t)job->revealed.bits);
}

static const struct call_kind kind = {
	.right = RIGHT_INTERNALS_READ,
	.route = "internals",
	.work = work,
	.tell_begin = tell_begin,
	.tell_end = tell_end,
};

void infer_internals(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = call_body(x, INTERNALS_MAX_BODY);
	struct call *c = arena_alloc(exchange_arena(x), sizeof *c);
	struct job *job = arena_alloc(exchange_arena(x), sizeof *job);
	struct generation_flaw flaw;
	enum err result;

	if (!body)
		return;
	*job = (struct job){0};
	*c = (struct call){.x = x, .context = context, .kind = &kind, .ask = job};
	result = internals_ask_read(&job->ask, &flaw, exchange_arena(x), body);
	if (result != OK) {
		call_reply_flaw(x, result, &flaw);
		return;
	}
	c->model = job->ask.model;
	c->most_tokens = job->ask.most_tokens;
	call_run(c);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/infer/call.h"

#include "crypto/base/clock.h"
#include "crypto/base/log.h"
#include "crypto/random.h"
#include "gateway/api/adapter/adapter_use.h"
#include "gateway/api/infer/able.h"
#include "gateway/api/infer/call_log.h"
#include "gateway/api/infer/passes.h"
#include "gateway/api/infer/running.h"
#include "gateway/api/lease/withdraw.h"
#include "gateway/api/reply.h"
#include "gateway/api/slots/slots.h"
#include "schema/wire/engine.h"

enum {
	ENGINE_TOKEN_MS = 120000, /* one step of a busy engine */
	ENGINE_LOOK_MS = 250,     /* how late a vanished client or a revocation may be noticed */
	ENGINE_END_MS = 5000,     /* until an engine that was told to stop says how far it came */
	CROWD = 8, /* calls at once: with fewer, each commits what it leaves at once */
};

enum err call_pass(struct call *c, uint64_t *pass)
{
	return passes_get(pass, c->context, c->grant, c->slot);
}

enum err call_open(struct call *c, struct rpc_stream **out, enum wire_type type, struct slice body)
{
	return rpc_open_stream(out, c->context->api->rpc, ROLE_ENGINE, c->slot, type, body, -1);
}

/* Does anybody still want it, and may? */
static enum err is_wanted(const struct call *c)
{
	if (exchange_is_closed(c->x))
		return failure(ERR_CLOSED, "the client has gone");
	if (call_is_cut(c))
		return failure(ERR_DENIED, "the license or the model was withdrawn");
	return OK;
}

static enum err look(struct call *c, struct rpc_stream *const *streams, unsigned count,
		     unsigned *which, struct rpc_reply *reply, int wait_ms)
{
	rpc_reply_clear(reply);
	TRY(is_wanted(c));
	return rpc_next_of(streams, count, which, reply, wait_ms);
}

/* Until there is a frame, which nobody has read then. */
static enum err await_frame(const struct call *c, struct rpc_stream *const *streams, unsigned count,
			    unsigned which, int64_t deadline)
{
	enum err result = ERR_TIMEOUT;

	while (result == ERR_TIMEOUT && clock_monotonic_ms() < deadline) {
		TRY(is_wanted(c));
		result = rpc_await_of(streams, count, which, ENGINE_LOOK_MS);
	}
	return result;
}

/* The entry is started, and needed once the engine has said something: meanwhile it becomes durable
 * with those of others. */
static enum err begin_among_many(struct call *c, struct rpc_stream *const *streams, unsigned count,
				 unsigned which, int64_t deadline)
{
	struct call_entry entry;
	enum err result;

	TRY(call_log_start(c, &entry));
	result = call_keep_reason(c, await_frame(c, streams, count, which, deadline));
	metrics_add(&c->context->api->metrics, METRIC_LOG_LATE,
		    result == OK && call_log_is_late(c, &entry));
	TRY(call_log_await(c, &entry));
	return result == OK ? OK : failure(result, "%s", c->why);
}

enum err call_next_of(struct call *c, struct rpc_stream *const *streams, unsigned count,
		      unsigned *which, struct rpc_reply *reply)
{
	int64_t deadline = clock_monotonic_ms() + ENGINE_TOKEN_MS;
	enum err result = ERR_TIMEOUT;

	rpc_reply_clear(reply);
	if (!c->is_logged && c->is_in_crowd)
		TRY(begin_among_many(c, streams, count, *which, deadline));
	if (!c->is_logged) {
		TRY(call_log_begin(c));
		result = look(c, streams, count, which, reply, 0);
		metrics_add(&c->context->api->metrics, METRIC_LOG_LATE, result == OK);
	}
	while (result == ERR_TIMEOUT && clock_monotonic_ms() < deadline)
		result = look(c, streams, count, which, reply, ENGINE_LOOK_MS);
	return result;
}

enum err call_next(struct call *c, struct rpc_stream *stream, struct rpc_reply *reply)
{
	unsigned which = 0;

	return call_next_of(c, &stream, 1, &which, reply);
}

void call_cancel(struct call *c, struct rpc_stream *stream)
{
	AUTO(buf_free) struct buf body = buf_new(16);
	struct wire_engine_cancel stop = {.call = rpc_stream_call(stream)};

	wire_write_engine_cancel(&body, &stop);
	if (rpc_note(c->context->api->rpc, ROLE_ENGINE, c->slot, WIRE_ENGINE_CANCEL,
		     buf_slice(&body)) != OK)
		log_debug("infer.cancel", "reason=\"%s\"", failure_text());
}

static enum err read_frames(struct call *c, struct rpc_stream *stream,
			    const struct call_frames *frames)
{
	for (;;) {
		AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
		enum err result = call_next(c, stream, &reply);

		c->is_counted = result != OK && reply.type != 0; /* its own refusal */
		TRY(result);
		if (reply.type == frames->last)
			return frames->end(c, buf_slice(&reply.body));
		TRY(frames->part(c, buf_slice(&reply.body)));
	}
}

/* It was told to stop: its last word says how far it came. */
static void await_last(struct call *c, struct rpc_stream *stream, const struct call_frames *frames)
{
	int64_t deadline = clock_monotonic_ms() + ENGINE_END_MS;
	enum err result = ERR_TIMEOUT;

	while ((result == OK || result == ERR_TIMEOUT) && clock_monotonic_ms() < deadline) {
		AUTO(rpc_reply_clear) struct rpc_reply reply = {0};

		result = rpc_next(stream, &reply, ENGINE_LOOK_MS);
		if (result != OK || reply.type != frames->last)
			continue;
		if (frames->end(c, buf_slice(&reply.body)) != OK)
			log_debug("infer.end", "reason=\"%s\"", failure_text());
		return;
	}
}

enum err call_read(struct call *c, struct rpc_stream *stream, const struct call_frames *frames)
{
	enum err result = read_frames(c, stream, frames);

	if (result == OK || c->is_counted)
		return result;
	result = call_keep_reason(c, result);
	call_cancel(c, stream);
	await_last(c, stream, frames);
	return failure(result, "%s", c->why);
}

bool call_is_cut(const struct call *c)
{
	return atomic_load(&c->cut.is_cut);
}

enum err call_keep_reason(struct call *c, enum err result)
{
	if (result != OK)
		c->why = arena_string(exchange_arena(c->x), slice_of_string(failure_text()));
	return result;
}

/* Loading may have taken minutes: what was decided before it is decided again, for the revision
 * that was loaded. False: it has answered. */
static bool decide_again(struct call *c)
{
	struct slice revision = c->grant->access.revision.id;

	c->grant = authorize_model(c->x, c->context, c->kind->right, c->model, revision, S(""));
	return c->grant != NULL;
}

/* In a slot: work, which logs before it reads the first frame, and log what came out. Every
 * infer.generate has its infer.end. In a crowd the end is written when all places were left, and
 * nobody waits for it, this client's next request neither. */
static enum err work_logged(struct call *c)
{
	enum err result;

	random_uuid(c->event, clock_now_ms());
	c->is_in_crowd = running_count(c->context->api->running) >= CROWD;
	if (c->is_in_crowd)
		exchange_let_go(c->x);
	result = call_keep_reason(c, c->kind->work(c));
	c->result = result;
	if (c->is_logged && !c->is_in_crowd)
		call_log_end(c, result);
	return result;
}

/* What it really took. An engine that died, or did not say in time, leaves what was reserved. */
static struct store_spent spent_of(const struct call *c)
{
	if (!c->is_begun)
		return (struct store_spent){0};
	return (struct store_spent){
		.requests = 1,
		.tokens = c->is_counted ? c->prompt_tokens + c->completion_tokens : c->most_tokens};
}

/* On a quota that lasts as long as it does. */
static enum err work_counted(struct call *c)
{
	enum err result = work_logged(c);
	struct store_spent spent = spent_of(c);

	quota_leave(&c->hold, c->context, &spent);
	return result;
}

static void answer_failure(struct call *c, enum err result)
{
	if (c->kind->tell && c->kind->tell(c, result))
		return;
	if (exchange_is_answered(c->x))
		exchange_abort(c->x);
	else if (!c->is_entered)
		slots_refuse(c->x, c->context->api, result, c->why, c->later_seconds);
	else
		reply_failure(c->x, failure(result, "%s", c->why));
}

/* In a place among those that may use an engine. */
static void run(struct call *c)
{
	const struct quota_ask ask = {.counts_tokens = true, .tokens = c->most_tokens};
	const struct slot_wish wish = slots_wish(c->grant);
	enum err result = call_keep_reason(c, slots_enter(&c->slot, &c->later_seconds, c->x,
							  c->context, &wish, &c->cut.is_cut));

	c->is_entered = result == OK;
	if (result == OK) {
		bool decided = decide_again(c);

		if (decided)
			result = call_keep_reason(c, adapter_enter(c));
		if (decided && result == OK)
			decided = quota_enter(&c->hold, c->x, c->context, c->grant, &ask);
		if (decided && result == OK)
			result = work_counted(c);
		slots_leave(c->context->api->slots, c->slot);
		if (!decided)
			return;
	}
	if (result != OK)
		answer_failure(c, result);
}

/* Where a withdrawal finds it; from here on, loading included. */
static void run_in_reach(struct call *c)
{
	struct cuts *cuts = c->context->api->cuts;
	enum err result;

	c->cut = withdraw_entry(c->grant, CUT_GENERATION);
	if (c->adapter)
		memcpy(c->cut.basis.adapter, c->adapter->id, STORE_ID);
	result = cuts_enter(cuts, &c->cut, c->grant->who->mark.epoch);
	if (result != OK) {
		reply_failure(c->x, result);
		return;
	}
	run(c);
	if (call_is_cut(c))
		metrics_add(&c->context->api->metrics, METRIC_STREAMS_CUT, 1);
	cuts_leave(cuts, &c->cut);
}

static void run_in_place(struct call *c)
{
	struct running *running = c->context->api->running;

	if (running_enter(running) != OK) {
		reply_busy(c->x, failure_text(),
			   (unsigned)(c->context->api->settings->workers + 1) / 2);
		return;
	}
	run_in_reach(c);
	running_leave(running);
	if (c->is_logged && c->is_in_crowd)
		call_log_end(c, c->result);
}

static bool can_run(const struct call *c)
{
	const struct store_revision *revision = &c->grant->access.revision;

	if (c->grant->access.has_revision && revision->runnable) {
		if (able_to(revision->tasks, c->kind->right))
			return true;
		reply_code(c->x, CODE_UNSUPPORTED,
			   arena_printf(exchange_arena(c->x),
					"this model does not %s; what it can be asked for: %.*s",
					able_task(c->kind->right), SLICE_PRINT(revision->tasks)),
			   "model");
		return false;
	}
	reply_code(c->x, CODE_UNSUPPORTED,
		   arena_printf(exchange_arena(c->x), "this model is download only: %.*s",
				SLICE_PRINT(revision->runnable_reason)),
		   "model");
	return false;
}

void call_run(struct call *c)
{
	struct slice adapter;

	c->model = adapter_split(&adapter, c->model);
	c->grant = authorize_model(c->x, c->context, c->kind->right, c->model, S(""), S(""));
	if (!c->grant || !can_run(c))
		return;
	if (!adapter_accept(c, adapter))
		return;
	if (c->kind->accept && !c->kind->accept(c))
		return;
	run_in_place(c);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenAI's routes. A call is decided, its infer.generate entry is durable before the first byte,
 * an engine generates, and an infer.end entry counts what came out. A client that goes away stops
 * its generation.
 */
#include "crypto/base/clock.h"
#include "crypto/base/log.h"
#include "crypto/json.h"
#include "crypto/random.h"
#include "gateway/api/authorize.h"
#include "gateway/api/infer/generation.h"
#include "gateway/api/infer/openai_answer.h"
#include "gateway/api/infer/passes.h"
#include "gateway/api/infer/running.h"
#include "gateway/api/infer/slots.h"
#include "gateway/api/lease/withdraw.h"
#include "gateway/api/quota/quota.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "schema/store/decision.h"

enum {
	ENGINE_TOKEN_MS = 120000, /* one step of a busy engine */
	ENGINE_LOOK_MS = 250,     /* how late a vanished client or a revocation may be noticed */
	ENGINE_END_MS = 5000,     /* until an engine that was told to stop says how far it came */
	PROMPT_SPARE_TOKENS = 8,  /* that a tokenizer adds to a prompt */
};

/* One generation under way. Lives in the exchange's arena. */
struct call {
	struct exchange *x;
	struct route_context *context;
	struct generation ask;
	struct grant *grant;
	uint8_t event[WIRE_ID];
	unsigned slot;
	struct cut_entry cut;
	struct rpc_stream *stream;
	struct openai_answer answer;
	const char *why; /* of the failure, if there was one */
	struct wire_engine_done done;
	bool is_begun, has_ended; /* the engine has the prompt; has told its last */
	struct quota_hold hold;
};

static json_t *describe_model(const struct store_model *m)
{
	json_t *one = json_object_new();

	json_put_text(one, "id", m->name);
	json_put_text(one, "object", S("model"));
	json_put_int(one, "created", m->created_ms / 1000);
	json_put_text(one, "owned_by", S("sallyport"));
	return one;
}

/* What this token may use for generation: nothing else is listed. */
static bool may_use(struct exchange *x, struct route_context *context, const struct store_model *m)
{
	struct grant grant;

	return m->runnable &&
	       authorize_weigh(&grant, x, context, RIGHT_INFER_GENERATE, m->name, S(""), S("")) ==
		       OK &&
	       grant.decision.allow;
}

void openai_models(struct exchange *x, struct route_context *context)
{
	struct store_model *models;
	size_t count;
	json_t *answer, *list;
	enum err result;

	if (!authorize_person(x))
		return;
	result = store_model_list_visible(context->store, exchange_arena(x), &models, &count,
					  authorize_principal(x)->person.id, clock_now_ms());
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < count; i++)
		if (may_use(x, context, &models[i]))
			json_push(list, describe_model(&models[i]));
	answer = json_object_new();
	json_put_text(answer, "object", S("list"));
	json_put(answer, "data", list);
	reply_json(x, 200, answer);
}

void openai_model(struct exchange *x, struct route_context *context)
{
	struct slice name = exchange_param(x, "model");
	struct store_model model;
	enum err result;

	if (!authorize_person(x))
		return;
	result = store_model_get(context->store, exchange_arena(x), &model, name);
	if (result != OK && result != ERR_NOT_FOUND)
		reply_failure(x, result);
	else if (result == OK && may_use(x, context, &model))
		reply_json(x, 200, describe_model(&model));
	else
		reply_code(
			x, CODE_NOT_FOUND,
			arena_printf(
				exchange_arena(x),
				"The model '%.*s' does not exist or you do not have access to it.",
				SLICE_PRINT(name)),
			"model");
}

/* The decision and the entry, durable before anything is generated (class B). */
static enum err log_call(struct call *c)
{
	const struct grant *g = c->grant;
	AUTO(store_end) struct store *store = c->context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_INFER_GENERATE,
			  g->who->authenticated ? g->who->person.id : NULL, g->who->person.name);
	audit_event_text(&event, "basis", slice_of_string(decision_basis_name(g->decision.basis)));
	if (g->decision.basis == BASIS_LICENSE)
		audit_event_uuid(&event, "license", g->license->id);
	audit_event_text(&event, "model", g->access.model.name);
	audit_event_text(&event, "revision", g->access.revision.id);
	audit_event_text(&event, "right", slice_of_string(right_name(g->right)));
	audit_event_text(&event, "route", c->ask.chat ? S("chat.completions") : S("completions"));
	audit_event_text(&event, "decision", slice_of_string(exchange_request_id(c->x)));
	audit_event_text(&event, "address", exchange_client_address(c->x));
	TRY(store_begin(store));
	TRY(authorize_record(store, c->x, g));
	TRY(api_log(store, &event));
	TRY(store_commit(store));
	memcpy(c->event, event.id, WIRE_ID);
	/* The entry is durable; a scribe that is away finds it when it comes back. */
	if (rpc_note(c->context->api->rpc, ROLE_SCRIBE, 0, WIRE_SCRIBE_WAKE, S("")) != OK)
		log_debug("infer.wake", "reason=\"%s\"", failure_text());
	return OK;
}

static void log_end(struct call *c, enum err result)
{
	const struct grant *g = c->grant;
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct store_usage usage = {
		.right = slice_of_string(right_name(g->right)),
		.calls = 1,
		.prompt_tokens = c->done.prompt_tokens,
		.completion_tokens = c->done.completion_tokens,
	};

	metrics_add(&c->context->api->metrics, METRIC_GENERATIONS, 1);
	metrics_add(&c->context->api->metrics, METRIC_PROMPT_TOKENS, c->done.prompt_tokens);
	metrics_add(&c->context->api->metrics, METRIC_COMPLETION_TOKENS, c->done.completion_tokens);
	audit_event_begin(&event, AUDIT_INFER_END, g->who->authenticated ? g->who->person.id : NULL,
			  g->who->person.name);
	audit_event_uuid(&event, "call", c->event);
	if (g->license)
		audit_event_uuid(&event, "license", g->license->id);
	audit_event_text(&event, "model", g->access.model.name);
	audit_event_text(&event, "right", slice_of_string(right_name(g->right)));
	audit_event_text(&event, "finish",
			 result == OK ? slice_of_string(openai_finish(c->done.finish))
				      : slice_of_string(err_name(result)));
	audit_event_number(&event, "prompt_tokens", c->done.prompt_tokens);
	audit_event_number(&event, "completion_tokens", c->done.completion_tokens);
	memcpy(usage.person, g->who->person.id, STORE_ID);
	memcpy(usage.model, g->access.model.id, STORE_ID);
	if (api_log(c->context->store, &event) != OK ||
	    (g->who->authenticated &&
	     store_usage_add(c->context->store, &usage, clock_now_ms()) != OK))
		log_error("infer.unrecorded", "request=%s reason=\"%s\"", exchange_request_id(c->x),
			  failure_text());
}

static enum err start(struct call *c)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct wire_engine_generate *ask = arena_alloc(exchange_arena(c->x), sizeof *ask);

	TRY(passes_get(&ask->pass, c->context, c->grant, c->slot));
	ask->max_tokens = c->ask.max_tokens;
	ask->temperature = c->ask.temperature;
	ask->top_p = c->ask.top_p;
	ask->top_k = c->ask.top_k;
	ask->has_seed = c->ask.has_seed;
	ask->seed = c->ask.seed;
	ask->wants_logprobs = c->ask.logprobs;
	ask->top_logprobs = (uint8_t)c->ask.top_logprobs;
	ask->stop_count = (uint16_t)c->ask.stop_count;
	for (size_t i = 0; i < c->ask.stop_count; i++)
		ask->stops[i] = c->ask.stops[i];
	ask->bias_count = (uint16_t)c->ask.bias_count;
	for (size_t i = 0; i < c->ask.bias_count; i++)
		ask->biases[i] = (struct wire_bias){c->ask.biases[i].token, c->ask.biases[i].bias};
	ask->is_answer = c->ask.chat;
	ask->prompt = c->ask.prompt;
	wire_write_engine_generate(&body, ask);
	TRY(buf_done(&body));
	return rpc_open_stream(&c->stream, c->context->api->rpc, ROLE_ENGINE, c->slot,
			       WIRE_ENGINE_GENERATE, buf_slice(&body), -1);
}

/* The answer goes no further: the engine need not go on. */
static void cancel(struct call *c)
{
	AUTO(buf_free) struct buf body = buf_new(16);
	struct wire_engine_cancel stop = {.call = rpc_stream_call(c->stream)};

	wire_write_engine_cancel(&body, &stop);
	if (rpc_note(c->context->api->rpc, ROLE_ENGINE, c->slot, WIRE_ENGINE_CANCEL,
		     buf_slice(&body)) != OK)
		log_debug("infer.cancel", "reason=\"%s\"", failure_text());
}

/* Wait for a frame, and meanwhile look whether anybody still may and wants to have it. */
static enum err next_frame(struct call *c, struct rpc_reply *reply)
{
	int64_t deadline = clock_monotonic_ms() + ENGINE_TOKEN_MS;
	enum err result;

	do {
		rpc_reply_clear(reply);
		if (exchange_is_closed(c->x))
			return failure(ERR_CLOSED, "the client has gone");
		if (atomic_load(&c->cut.is_cut))
			return failure(ERR_DENIED, "the license or the model was withdrawn");
		result = rpc_next(c->stream, reply, ENGINE_LOOK_MS);
	} while (result == ERR_TIMEOUT && clock_monotonic_ms() < deadline);
	return result;
}

/* It was told to stop: what it has read and written until then counts all the same. */
static void await_end(struct call *c)
{
	int64_t deadline = clock_monotonic_ms() + ENGINE_END_MS;
	bool is_waiting = true;

	while (is_waiting && !c->has_ended) {
		AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
		enum err result = rpc_next(c->stream, &reply, ENGINE_LOOK_MS);

		c->has_ended = result == OK && reply.type == WIRE_ENGINE_DONE &&
			       wire_read_engine_done(&c->done, buf_slice(&reply.body)) == OK;
		is_waiting = (result == OK || result == ERR_TIMEOUT) &&
			     clock_monotonic_ms() < deadline;
	}
}

/* The next frame of the engine. *ended once the last one was read. */
static enum err take_frame(struct call *c, bool *ended)
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	struct wire_engine_delta *delta;
	enum err result = next_frame(c, &reply);

	c->has_ended = result != OK && reply.type != 0; /* its own refusal */
	TRY(result);
	*ended = reply.type == WIRE_ENGINE_DONE;
	if (*ended) {
		TRY(wire_read_engine_done(&c->done, buf_slice(&reply.body)));
		c->has_ended = true;
		return OK;
	}
	delta = arena_alloc(exchange_arena(c->x), sizeof *delta);
	TRY(wire_read_engine_delta(delta, buf_slice(&reply.body)));
	return openai_answer_delta(&c->answer, delta);
}

/* For the reason that it was given up for. */
static enum err stop(struct call *c, enum err result)
{
	const char *why = arena_string(exchange_arena(c->x), slice_of_string(failure_text()));

	cancel(c);
	await_end(c);
	return failure(result, "%s", why);
}

/* Streamed: the status line leaves with the first frame, so that an engine's refusal can still
 * be a proper error. */
static enum err pump(struct call *c)
{
	bool ended = false;
	enum err result = OK;

	while (result == OK && !ended)
		result = take_frame(c, &ended);
	TRY(ended ? result : stop(c, result));
	return openai_answer_end(&c->answer, &c->done);
}

/* Loading may have taken minutes: what was decided before it is decided again, for the revision
 * that was loaded. False: it has answered. */
static bool decide_again(struct call *c)
{
	struct slice revision = c->grant->access.revision.id;

	c->grant = authorize_model(c->x, c->context, RIGHT_INFER_GENERATE, c->ask.model, revision,
				   S(""));
	return c->grant != NULL;
}

/* The failure's text, before another one takes its place. */
static enum err keep_reason(struct call *c, enum err result)
{
	if (result != OK)
		c->why = arena_string(exchange_arena(c->x), slice_of_string(failure_text()));
	return result;
}

/* In a slot: log, generate, log what came out. Every infer.generate has its infer.end. */
static enum err generate_logged(struct call *c)
{
	enum err result;

	TRY(keep_reason(c, log_call(c)));
	result = keep_reason(c, start(c));
	c->is_begun = result == OK;
	if (c->is_begun) {
		exchange_header(c->x, "X-Audit-Receipt", "%s",
				api_uuid(exchange_arena(c->x), c->event));
		openai_answer_begin(&c->answer, c->x, &c->ask, c->event);
		result = keep_reason(c, pump(c));
	}
	log_end(c, result);
	rpc_stream_free(c->stream);
	return result;
}

/* What it may take at most: no tokenizer makes more tokens of a text than it has bytes. */
static struct quota_ask ask_of(const struct call *c)
{
	return (struct quota_ask){.counts_tokens = true,
				  .tokens = c->ask.prompt.size + PROMPT_SPARE_TOKENS +
					    c->ask.max_tokens};
}

/* What it really took. An engine that died, or did not say in time, leaves what was reserved. */
static struct store_spent spent_of(const struct call *c)
{
	if (!c->is_begun)
		return (struct store_spent){0};
	return (struct store_spent){.requests = 1,
				    .tokens = c->has_ended ? (uint64_t)c->done.prompt_tokens +
								     c->done.completion_tokens
							   : ask_of(c).tokens};
}

static void answer_failure(struct call *c, enum err result)
{
	if (c->answer.streaming && atomic_load(&c->cut.is_cut))
		openai_answer_break(&c->answer, "access_withdrawn", c->why);
	else if (exchange_is_answered(c->x))
		exchange_abort(c->x);
	else if (result == ERR_CONFLICT) /* of slots_enter: no engine is free */
		reply_busy(c->x, c->why, (unsigned)c->context->api->settings->engines);
	else
		reply_failure(c->x, failure(result, "%s", c->why));
	openai_answer_clear(&c->answer);
}

/* On a quota that lasts as long as it does. */
static enum err generate_counted(struct call *c)
{
	enum err result = generate_logged(c);
	struct store_spent spent = spent_of(c);

	quota_leave(&c->hold, c->context, &spent);
	return result;
}

/* In a place among those that may generate. */
static void run(struct call *c)
{
	const struct quota_ask ask = ask_of(c);
	enum err result = keep_reason(c, slots_enter(&c->slot, c->x, c->context, c->grant));

	if (result == OK) {
		bool decided = decide_again(c) &&
			       quota_enter(&c->hold, c->x, c->context, c->grant, &ask);

		if (decided)
			result = generate_counted(c);
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
	result = cuts_enter(cuts, &c->cut, c->grant->who->mark.epoch);
	if (result != OK) {
		reply_failure(c->x, result);
		return;
	}
	run(c);
	if (atomic_load(&c->cut.is_cut))
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
}

static enum code code_of_flaw(enum err kind)
{
	return kind == ERR_UNSUPPORTED ? CODE_UNSUPPORTED
	       : kind == ERR_LIMIT     ? CODE_TOO_LARGE
				       : CODE_BAD_REQUEST;
}

/* A model that says how chats are to be written is not given another form of our choosing. */
static bool has_template(struct exchange *x, const struct grant *g)
{
	if (!g->access.revision.has_template)
		return false;
	reply_code(x, CODE_UNSUPPORTED,
		   "this model has a chat_template, which is not rendered yet; use /v1/completions",
		   "messages");
	return true;
}

typedef enum err read_fn(struct generation *out, struct generation_flaw *flaw, struct arena *arena,
			 const json_t *body);

static void generate(struct exchange *x, struct route_context *context, read_fn *read)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct call *c = arena_alloc(exchange_arena(x), sizeof *c);
	struct generation_flaw flaw;
	enum err result;

	if (!body)
		return;
	c->x = x;
	c->context = context;
	result = read(&c->ask, &flaw, exchange_arena(x), body);
	if (result != OK) {
		reply_code(x, code_of_flaw(result), flaw.message, flaw.param);
		return;
	}
	c->grant = authorize_model(x, context, RIGHT_INFER_GENERATE, c->ask.model, S(""), S(""));
	if (!c->grant)
		return;
	if (!c->grant->access.has_revision || !c->grant->access.revision.runnable) {
		reply_code(x, CODE_UNSUPPORTED,
			   arena_printf(exchange_arena(x), "this model is download only: %.*s",
					SLICE_PRINT(c->grant->access.revision.runnable_reason)),
			   "model");
		return;
	}
	if (c->ask.chat && has_template(x, c->grant))
		return;
	run_in_place(c);
}

void openai_chat(struct exchange *x, struct route_context *context)
{
	generate(x, context, generation_read_chat);
}

void openai_completions(struct exchange *x, struct route_context *context)
{
	generate(x, context, generation_read_completion);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* OpenAI's generation: what the engine is asked, and its frames as an answer. A client that goes
 * away stops its generation. */
#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "gateway/api/infer/call.h"
#include "gateway/api/infer/generation.h"
#include "gateway/api/infer/openai_answer.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"

enum {
	ENGINE_LOOK_MS = 250,    /* at an engine that was told to stop */
	ENGINE_END_MS = 5000,    /* until it says how far it came */
	PROMPT_SPARE_TOKENS = 8, /* that a tokenizer adds to a prompt */
};

/* One generation under way. Lives in the exchange's arena. */
struct job {
	struct generation ask;
	struct rpc_stream *stream;
	struct openai_answer answer;
	struct wire_engine_done done;
};

static enum err start(struct call *c)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct wire_engine_generate *ask = arena_alloc(exchange_arena(c->x), sizeof *ask);
	struct job *job = c->ask;
	const struct generation *wish = &job->ask;

	TRY(call_pass(c, &ask->pass));
	ask->max_tokens = wish->max_tokens;
	ask->temperature = wish->temperature;
	ask->top_p = wish->top_p;
	ask->top_k = wish->top_k;
	ask->has_seed = wish->has_seed;
	ask->seed = wish->seed;
	ask->wants_logprobs = wish->logprobs;
	ask->top_logprobs = (uint8_t)wish->top_logprobs;
	ask->stop_count = (uint16_t)wish->stop_count;
	for (size_t i = 0; i < wish->stop_count; i++)
		ask->stops[i] = wish->stops[i];
	ask->bias_count = (uint16_t)wish->bias_count;
	for (size_t i = 0; i < wish->bias_count; i++)
		ask->biases[i] = (struct wire_bias){wish->biases[i].token, wish->biases[i].bias};
	ask->is_answer = wish->chat;
	ask->prompt = wish->prompt;
	wire_write_engine_generate(&body, ask);
	TRY(buf_done(&body));
	return call_open(c, &job->stream, WIRE_ENGINE_GENERATE, buf_slice(&body));
}

static enum err take_done(struct call *c, struct job *job, struct slice body)
{
	TRY(wire_read_engine_done(&job->done, body));
	c->prompt_tokens = job->done.prompt_tokens;
	c->completion_tokens = job->done.completion_tokens;
	c->finish = openai_finish(job->done.finish);
	c->is_counted = true;
	return OK;
}

/* It was told to stop: what it has read and written until then counts all the same. */
static void await_end(struct call *c, struct job *job)
{
	int64_t deadline = clock_monotonic_ms() + ENGINE_END_MS;
	bool is_waiting = true;

	while (is_waiting && !c->is_counted) {
		AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
		enum err result = rpc_next(job->stream, &reply, ENGINE_LOOK_MS);
		bool is_last = result == OK && reply.type == WIRE_ENGINE_DONE;

		is_waiting = (result == OK || result == ERR_TIMEOUT) &&
			     clock_monotonic_ms() < deadline;
		if (is_last && take_done(c, job, buf_slice(&reply.body)) != OK)
			is_waiting = false;
	}
}

/* The next frame of the engine. *ended once the last one was read. */
static enum err take_frame(struct call *c, struct job *job, bool *ended)
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	struct wire_engine_delta *delta;
	enum err result = call_next(c, job->stream, &reply);

	c->is_counted = result != OK && reply.type != 0; /* its own refusal */
	TRY(result);
	*ended = reply.type == WIRE_ENGINE_DONE;
	if (*ended)
		return take_done(c, job, buf_slice(&reply.body));
	delta = arena_alloc(exchange_arena(c->x), sizeof *delta);
	TRY(wire_read_engine_delta(delta, buf_slice(&reply.body)));
	return openai_answer_delta(&job->answer, delta);
}

/* For the reason that it was given up for. */
static enum err stop(struct call *c, struct job *job, enum err result)
{
	const char *why = arena_string(exchange_arena(c->x), slice_of_string(failure_text()));

	call_cancel(c, job->stream);
	await_end(c, job);
	return failure(result, "%s", why);
}

/* Streamed: the status line leaves with the first frame, so that an engine's refusal can still
 * be a proper error. */
static enum err pump(struct call *c, struct job *job)
{
	bool ended = false;
	enum err result = OK;

	while (result == OK && !ended)
		result = take_frame(c, job, &ended);
	TRY(ended ? result : stop(c, job, result));
	return openai_answer_end(&job->answer, &job->done);
}

static enum err work(struct call *c)
{
	struct job *job = c->ask;
	enum err result;

	TRY(start(c));
	c->is_begun = true;
	openai_answer_begin(&job->answer, c->x, &job->ask, c->event);
	result = pump(c, job);
	rpc_stream_free(job->stream);
	return result;
}

/* A stream that was cut off says so in its last event. */
static bool tell(struct call *c, enum err result)
{
	struct job *job = c->ask;
	bool can_tell = job->answer.streaming && call_is_cut(c);

	(void)result;
	if (can_tell)
		openai_answer_break(&job->answer, "access_withdrawn", c->why);
	openai_answer_clear(&job->answer);
	return can_tell;
}

/* A model that says how chats are to be written is not given another form of our choosing. */
static bool has_no_template(struct call *c)
{
	if (!c->grant->access.revision.has_template)
		return true;
	reply_code(c->x, CODE_UNSUPPORTED,
		   "this model has a chat_template, which is not rendered yet; use /v1/completions",
		   "messages");
	return false;
}

static const struct call_kind chat_kind = {
	.right = RIGHT_INFER_GENERATE,
	.route = "chat.completions",
	.accept = has_no_template,
	.work = work,
	.tell = tell,
};

static const struct call_kind completion_kind = {
	.right = RIGHT_INFER_GENERATE,
	.route = "completions",
	.work = work,
	.tell = tell,
};

static enum code code_of_flaw(enum err kind)
{
	return kind == ERR_UNSUPPORTED ? CODE_UNSUPPORTED
	       : kind == ERR_LIMIT     ? CODE_TOO_LARGE
				       : CODE_BAD_REQUEST;
}

typedef enum err read_fn(struct generation *out, struct generation_flaw *flaw, struct arena *arena,
			 const json_t *body);

static void generate(struct exchange *x, struct route_context *context, read_fn *read,
		     const struct call_kind *kind)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct call *c = arena_alloc(exchange_arena(x), sizeof *c);
	struct job *job = arena_alloc(exchange_arena(x), sizeof *job);
	struct generation_flaw flaw;
	enum err result;

	if (!body)
		return;
	*c = (struct call){.x = x, .context = context, .kind = kind, .ask = job};
	result = read(&job->ask, &flaw, exchange_arena(x), body);
	if (result != OK) {
		reply_code(x, code_of_flaw(result), flaw.message, flaw.param);
		return;
	}
	c->model = job->ask.model;
	/* No tokenizer makes more tokens of a text than it has bytes. */
	c->most_tokens = job->ask.prompt.size + PROMPT_SPARE_TOKENS + job->ask.max_tokens;
	call_run(c);
}

void openai_chat(struct exchange *x, struct route_context *context)
{
	generate(x, context, generation_read_chat, &chat_kind);
}

void openai_completions(struct exchange *x, struct route_context *context)
{
	generate(x, context, generation_read_completion, &completion_kind);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/openai/openai_answer.h"

#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "gateway/api/openai/openai_logprobs.h"
#include "gateway/api/reply.h"
#include "gateway/http/sse.h"

enum {
	ANSWER_MAX_TEXT = 8 * 1024 * 1024, /* bytes, of all choices */
	ANSWER_MAX_LOGPROBS = 1 << 18,     /* tokens and alternatives, of all choices */
	ANSWER_MAX_EVENT = 1024 * 1024,
};

const char *openai_finish(enum wire_finish finish)
{
	switch (finish) {
	case WIRE_FINISH_STOP:
		return "stop";
	case WIRE_FINISH_LENGTH:
		return "length";
	case WIRE_FINISH_CALLS:
		return "tool_calls";
	case WIRE_FINISH_CANCELLED:
	case WIRE_FINISH_COUNT:
		return "cancelled";
	}
	return "cancelled";
}

void openai_answer_begin(struct openai_answer *a, struct exchange *x, const struct generation *ask,
			 const uint8_t event[16], const char *fingerprint)
{
	size_t count = ask->prompt_count * ask->n;
	char id[TEXT_UUID];

	text_uuid(id, event);
	*a = (struct openai_answer){
		.x = x,
		.ask = ask,
		.id = arena_printf(exchange_arena(x), "%s-%s", ask->chat ? "chatcmpl" : "cmpl", id),
		.fingerprint = fingerprint,
		.created_seconds = clock_now_seconds(),
		.choices = arena_alloc(exchange_arena(x), count * sizeof *a->choices),
		.count = count,
	};
	for (size_t i = 0; i < count; i++)
		a->choices[i] = (struct openai_choice){.text = buf_new(ANSWER_MAX_TEXT)};
}

void openai_answer_clear(struct openai_answer *a)
{
	for (size_t i = 0; i < a->count; i++) {
		buf_free(&a->choices[i].text);
		openai_calls_clear(&a->choices[i].calls);
		json_free(a->choices[i].logprobs);
		a->choices[i].logprobs = NULL;
	}
}

static void add_logprobs(const struct openai_answer *a, struct openai_choice *c, json_t *logprobs,
			 const struct wire_engine_delta *delta)
{
	if (a->ask->chat)
		openai_logprobs_add_chat(logprobs, delta);
	else
		openai_logprobs_add_plain(logprobs, delta, &c->offset);
}

/* The object around every answer and every event. */
static json_t *envelope(const struct openai_answer *a)
{
	json_t *body = json_object_new();
	const char *object = !a->ask->chat    ? "text_completion"
			     : a->ask->stream ? "chat.completion.chunk"
					      : "chat.completion";

	json_put_text(body, "id", slice_of_string(a->id));
	json_put_text(body, "object", slice_of_string(object));
	json_put_int(body, "created", a->created_seconds);
	json_put_text(body, "model", a->ask->model);
	json_put_text(body, "system_fingerprint", slice_of_string(a->fingerprint));
	return body;
}

static json_t *usage_object(const struct openai_usage *usage)
{
	json_t *object = json_object_new();
	json_t *details = json_object_new();

	json_put_int(details, "cached_tokens", (int64_t)usage->cached_tokens);
	json_put(object, "prompt_tokens_details", details);
	json_put_int(object, "prompt_tokens", (int64_t)usage->prompt_tokens);
	json_put_int(object, "completion_tokens", (int64_t)usage->completion_tokens);
	json_put_int(object, "total_tokens",
		     (int64_t)(usage->prompt_tokens + usage->completion_tokens));
	return object;
}

static enum err send_event(struct openai_answer *a, json_t *body)
{
	AUTO(json_auto) json_t *owned = body;
	AUTO(buf_free) struct buf event = buf_new(ANSWER_MAX_EVENT);
	char *dump = json_dumps(owned, JSON_COMPACT);

	sse_write_event(&event, NULL, slice_of_string(dump));
	free(dump);
	TRY(buf_done(&event));
	return exchange_stream_write(a->x, buf_slice(&event));
}

/* An event of one choice, which is taken over. Chats say in each that the usage is yet to come;
 * OpenAI's schema of plain completions knows no such null. */
static enum err send_choice(struct openai_answer *a, json_t *choice)
{
	json_t *body = envelope(a);
	json_t *choices = json_array_new();

	json_push(choices, choice);
	json_put(body, "choices", choices);
	if (a->ask->chat && a->ask->include_usage)
		json_put(body, "usage", json_null());
	return send_event(a, body);
}

/* One choice of a chunk; `delta` is taken over. */
static json_t *chunk_choice(size_t index, json_t *delta, const char *finish, json_t *logprobs)
{
	json_t *choice = json_object_new();

	json_put_int(choice, "index", (int64_t)index);
	json_put(choice, "delta", delta);
	json_put(choice, "logprobs", logprobs ? logprobs : json_null());
	json_put(choice, "finish_reason", finish ? json_string(finish) : json_null());
	return choice;
}

static json_t *plain_choice(size_t index, struct slice text, const char *finish, json_t *logprobs)
{
	json_t *choice = json_object_new();

	json_put_text(choice, "text", text);
	json_put_int(choice, "index", (int64_t)index);
	json_put(choice, "logprobs", logprobs ? logprobs : json_null());
	json_put(choice, "finish_reason", finish ? json_string(finish) : json_null());
	return choice;
}

/* The head, and for each choice of a chat an event that names the role. */
static enum err begin_stream(struct openai_answer *a, size_t index)
{
	struct openai_choice *c = &a->choices[index];
	json_t *delta;

	if (!a->streaming) {
		exchange_header(a->x, "Cache-Control", "no-cache");
		TRY(exchange_stream_begin(a->x, 200, "text/event-stream; charset=utf-8"));
		a->streaming = true;
	}
	if (c->is_begun)
		return OK;
	c->is_begun = true;
	if (!a->ask->chat)
		return OK;
	delta = json_object_new();
	json_put_text(delta, "role", S("assistant"));
	json_put_text(delta, "content", S(""));
	return send_choice(a, chunk_choice(index, delta, NULL, NULL));
}

static enum err stream_delta(struct openai_answer *a, size_t index,
			     const struct wire_engine_delta *delta)
{
	json_t *content, *logprobs = NULL;

	TRY(begin_stream(a, index));
	if (a->ask->logprobs) {
		logprobs = openai_logprobs_new(a->ask->chat);
		add_logprobs(a, &a->choices[index], logprobs, delta);
	}
	if (!a->ask->chat)
		return send_choice(a, plain_choice(index, delta->text, NULL, logprobs));
	if (delta->part != WIRE_PART_TEXT)
		return send_choice(a,
				   chunk_choice(index, openai_calls_chunk(delta), NULL, logprobs));
	content = json_object_new();
	json_put_text(content, "content", delta->text);
	return send_choice(a, chunk_choice(index, content, NULL, logprobs));
}

static enum err check_size(struct openai_answer *a, const struct wire_engine_delta *delta)
{
	a->text_bytes += delta->text.size;
	for (size_t i = 0; i < delta->token_count; i++)
		a->logprobs += 1U + delta->tokens[i].top_count;
	if (a->text_bytes > ANSWER_MAX_TEXT || a->logprobs > ANSWER_MAX_LOGPROBS)
		return failure(ERR_LIMIT, "the answer is larger than is kept for one: ask for less "
					  "at a time, or have it streamed");
	return OK;
}

enum err openai_answer_delta(struct openai_answer *a, size_t index,
			     const struct wire_engine_delta *delta)
{
	struct openai_choice *c = &a->choices[index];

	if (a->ask->stream)
		return stream_delta(a, index, delta);
	TRY(check_size(a, delta));
	if (delta->part == WIRE_PART_TEXT)
		buf_write(&c->text, delta->text);
	else
		TRY(openai_calls_take(&c->calls, delta));
	if (a->ask->logprobs) {
		if (!c->logprobs)
			c->logprobs = openai_logprobs_new(a->ask->chat);
		add_logprobs(a, c, c->logprobs, delta);
	}
	return buf_done(&c->text);
}

enum err openai_answer_finish(struct openai_answer *a, size_t index, const char *finish)
{
	a->choices[index].finish = finish;
	if (!a->ask->stream)
		return OK;
	TRY(begin_stream(a, index));
	return send_choice(a, a->ask->chat ? chunk_choice(index, json_object_new(), finish, NULL)
					   : plain_choice(index, S(""), finish, NULL));
}

static enum err end_stream(struct openai_answer *a, const struct openai_usage *usage)
{
	json_t *body;

	if (a->ask->include_usage) {
		body = envelope(a);
		json_put(body, "choices", json_array_new());
		json_put(body, "usage", usage_object(usage));
		TRY(send_event(a, body));
	}
	TRY(exchange_stream_write(a->x, S("data: [DONE]\n\n")));
	exchange_stream_end(a->x);
	return OK;
}

void openai_answer_break(struct openai_answer *a, const char *code, const char *sentence)
{
	json_t *body = json_object_new(), *error = json_object_new();

	json_put_text(error, "message", slice_of_string(sentence));
	json_put_text(error, "type", S("server_error"));
	json_put(error, "param", json_null());
	json_put_text(error, "code", slice_of_string(code));
	json_put(body, "error", error);
	if (send_event(a, body) == OK)
		exchange_stream_end(a->x);
	else
		exchange_abort(a->x);
}

/* A message that only calls tools has no text. */
static json_t *whole_message(struct openai_choice *c)
{
	json_t *message = json_object_new(), *calls = openai_calls_finish(&c->calls);

	json_put_text(message, "role", S("assistant"));
	json_put_text(message, "content", buf_slice(&c->text));
	if (calls && c->text.size == 0)
		json_put(message, "content", json_null());
	json_put(message, "refusal", json_null());
	if (calls)
		json_put(message, "tool_calls", calls);
	return message;
}

static json_t *whole_choice(const struct openai_answer *a, size_t index)
{
	struct openai_choice *c = &a->choices[index];
	json_t *logprobs = c->logprobs ? json_incref(c->logprobs) : NULL;
	json_t *choice;

	if (!a->ask->chat)
		return plain_choice(index, buf_slice(&c->text), c->finish, logprobs);
	choice = json_object_new();
	json_put_int(choice, "index", (int64_t)index);
	json_put(choice, "message", whole_message(c));
	json_put(choice, "logprobs", logprobs ? logprobs : json_null());
	json_put_text(choice, "finish_reason", slice_of_string(c->finish));
	return choice;
}

enum err openai_answer_end(struct openai_answer *a, const struct openai_usage *usage)
{
	json_t *body, *choices;

	if (a->ask->stream)
		return end_stream(a, usage);
	body = envelope(a);
	choices = json_array_new();
	for (size_t i = 0; i < a->count; i++)
		json_push(choices, whole_choice(a, i));
	json_put(body, "choices", choices);
	json_put(body, "usage", usage_object(usage));
	reply_json(a->x, 200, body);
	openai_answer_clear(a);
	return OK;
}

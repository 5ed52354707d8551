/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/infer/openai_answer.h"

#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "gateway/api/reply.h"
#include "gateway/http/sse.h"

enum { ANSWER_MAX_TEXT = 8 * 1024 * 1024, ANSWER_MAX_EVENT = 1024 * 1024 };

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
			 const uint8_t event[16])
{
	char id[TEXT_UUID];

	text_uuid(id, event);
	*a = (struct openai_answer){
		.x = x,
		.ask = ask,
		.id = arena_printf(exchange_arena(x), "%s-%s", ask->chat ? "chatcmpl" : "cmpl", id),
		.created_seconds = clock_now_seconds(),
		.text = buf_new(ANSWER_MAX_TEXT),
	};
}

void openai_answer_clear(struct openai_answer *a)
{
	buf_free(&a->text);
	json_free(a->logprobs);
	a->logprobs = NULL;
}

/* Bytes of a token that are no whole character are shown as U+FFFD; `bytes` has them exactly. */
static json_t *text_or_replacement(struct slice bytes)
{
	if (slice_is_utf8(bytes))
		return json_stringn((const char *)bytes.data, bytes.size);
	return json_string("\xef\xbf\xbd");
}

static json_t *bytes_of(struct slice bytes)
{
	json_t *list = json_array_new();

	for (size_t i = 0; i < bytes.size; i++)
		json_push(list, json_integer(bytes.data[i]));
	return list;
}

static json_t *chat_token(struct slice piece, float logprob)
{
	json_t *one = json_object_new();

	json_put(one, "token", text_or_replacement(piece));
	json_put(one, "logprob", json_real((double)logprob));
	json_put(one, "bytes", bytes_of(piece));
	return one;
}

static void add_chat_logprobs(json_t *logprobs, const struct wire_engine_delta *delta)
{
	json_t *content = json_object_get(logprobs, "content");

	for (size_t i = 0; i < delta->token_count; i++) {
		const struct wire_token *token = &delta->tokens[i];
		json_t *one = chat_token(token->piece, token->logprob);
		json_t *tops = json_array_new();

		for (size_t k = 0; k < token->top_count; k++)
			json_push(tops, chat_token(token->tops[k].piece, token->tops[k].logprob));
		json_put(one, "top_logprobs", tops);
		json_push(content, one);
	}
}

static void add_plain_logprobs(struct openai_answer *a, json_t *logprobs,
			       const struct wire_engine_delta *delta)
{
	for (size_t i = 0; i < delta->token_count; i++) {
		const struct wire_token *token = &delta->tokens[i];
		json_t *tops = json_object_new();

		json_push(json_object_get(logprobs, "tokens"), text_or_replacement(token->piece));
		json_push(json_object_get(logprobs, "token_logprobs"),
			  json_real((double)token->logprob));
		json_push(json_object_get(logprobs, "text_offset"),
			  json_integer((json_int_t)a->offset));
		for (size_t k = 0; k < token->top_count; k++) {
			json_t *text = text_or_replacement(token->tops[k].piece);

			json_put(tops, json_string_value(text),
				 json_real((double)token->tops[k].logprob));
			json_free(text);
		}
		json_push(json_object_get(logprobs, "top_logprobs"), tops);
		a->offset += token->piece.size;
	}
}

static json_t *empty_logprobs(bool chat)
{
	static const char *const plain[] = {"tokens", "token_logprobs", "top_logprobs",
					    "text_offset"};
	json_t *logprobs = json_object_new();

	if (chat)
		json_put(logprobs, "content", json_array_new());
	for (size_t i = 0; !chat && i < sizeof plain / sizeof plain[0]; i++)
		json_put(logprobs, plain[i], json_array_new());
	return logprobs;
}

static void add_logprobs(struct openai_answer *a, json_t *logprobs,
			 const struct wire_engine_delta *delta)
{
	if (a->ask->chat)
		add_chat_logprobs(logprobs, delta);
	else
		add_plain_logprobs(a, logprobs, delta);
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
	return body;
}

static json_t *usage_of(const struct wire_engine_done *done)
{
	json_t *usage = json_object_new();

	json_put_int(usage, "prompt_tokens", done->prompt_tokens);
	json_put_int(usage, "completion_tokens", done->completion_tokens);
	json_put_int(usage, "total_tokens", (int64_t)done->prompt_tokens + done->completion_tokens);
	return usage;
}

static void put_choices(json_t *body, json_t *choice)
{
	json_t *choices = json_array_new();

	json_push(choices, choice);
	json_put(body, "choices", choices);
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

/* One choice of a chunk; `delta` is taken over. */
static json_t *chunk_choice(json_t *delta, const char *finish, json_t *logprobs)
{
	json_t *choice = json_object_new();

	json_put_int(choice, "index", 0);
	json_put(choice, "delta", delta);
	json_put(choice, "logprobs", logprobs ? logprobs : json_null());
	json_put(choice, "finish_reason", finish ? json_string(finish) : json_null());
	return choice;
}

static json_t *plain_choice(struct slice text, const char *finish, json_t *logprobs)
{
	json_t *choice = json_object_new();

	json_put_text(choice, "text", text);
	json_put_int(choice, "index", 0);
	json_put(choice, "logprobs", logprobs ? logprobs : json_null());
	json_put(choice, "finish_reason", finish ? json_string(finish) : json_null());
	return choice;
}

/* The head, and for a chat the event that names the role. */
static enum err begin_stream(struct openai_answer *a)
{
	json_t *body, *delta;

	if (a->streaming)
		return OK;
	exchange_header(a->x, "Cache-Control", "no-cache");
	TRY(exchange_stream_begin(a->x, 200, "text/event-stream; charset=utf-8"));
	a->streaming = true;
	if (!a->ask->chat)
		return OK;
	body = envelope(a);
	delta = json_object_new();
	json_put_text(delta, "role", S("assistant"));
	json_put_text(delta, "content", S(""));
	put_choices(body, chunk_choice(delta, NULL, NULL));
	return send_event(a, body);
}

static enum err stream_delta(struct openai_answer *a, const struct wire_engine_delta *delta)
{
	json_t *body, *content, *logprobs = NULL;

	TRY(begin_stream(a));
	body = envelope(a);
	if (a->ask->logprobs) {
		logprobs = empty_logprobs(a->ask->chat);
		add_logprobs(a, logprobs, delta);
	}
	if (a->ask->chat) {
		content = json_object_new();
		json_put_text(content, "content", delta->text);
		put_choices(body, chunk_choice(content, NULL, logprobs));
	} else {
		put_choices(body, plain_choice(delta->text, NULL, logprobs));
	}
	return send_event(a, body);
}

enum err openai_answer_delta(struct openai_answer *a, const struct wire_engine_delta *delta)
{
	if (a->ask->stream)
		return stream_delta(a, delta);
	buf_write(&a->text, delta->text);
	if (a->ask->logprobs) {
		if (!a->logprobs)
			a->logprobs = empty_logprobs(a->ask->chat);
		add_logprobs(a, a->logprobs, delta);
	}
	return buf_done(&a->text);
}

static enum err end_stream(struct openai_answer *a, const struct wire_engine_done *done)
{
	const char *finish = openai_finish(done->finish);
	json_t *body;

	TRY(begin_stream(a));
	body = envelope(a);
	put_choices(body, a->ask->chat ? chunk_choice(json_object_new(), finish, NULL)
				       : plain_choice(S(""), finish, NULL));
	TRY(send_event(a, body));
	if (a->ask->include_usage) {
		body = envelope(a);
		json_put(body, "choices", json_array_new());
		json_put(body, "usage", usage_of(done));
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
	json_put_text(error, "code", slice_of_string(code));
	json_put(body, "error", error);
	if (send_event(a, body) == OK)
		exchange_stream_end(a->x);
	else
		exchange_abort(a->x);
}

static json_t *whole_choice(struct openai_answer *a, const char *finish)
{
	json_t *logprobs = a->logprobs ? json_incref(a->logprobs) : NULL;
	json_t *choice, *message;

	if (!a->ask->chat)
		return plain_choice(buf_slice(&a->text), finish, logprobs);
	choice = json_object_new();
	message = json_object_new();
	json_put_text(message, "role", S("assistant"));
	json_put_text(message, "content", buf_slice(&a->text));
	json_put(message, "refusal", json_null());
	json_put_int(choice, "index", 0);
	json_put(choice, "message", message);
	json_put(choice, "logprobs", logprobs ? logprobs : json_null());
	json_put_text(choice, "finish_reason", slice_of_string(finish));
	return choice;
}

enum err openai_answer_end(struct openai_answer *a, const struct wire_engine_done *done)
{
	json_t *body;

	if (a->ask->stream)
		return end_stream(a, done);
	body = envelope(a);
	put_choices(body, whole_choice(a, openai_finish(done->finish)));
	json_put(body, "usage", usage_of(done));
	reply_json(a->x, 200, body);
	openai_answer_clear(a);
	return OK;
}

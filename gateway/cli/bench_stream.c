/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/bench_stream.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/base/clock.h"
#include "crypto/random.h"
#include "gateway/cli/sse.h"

enum { ASK_MAX = 1 << 20 };

struct watch {
	struct bench_stream *times;
	struct sse *stream;
};

/* The head of the answer leaves with its first text. */
static enum err take_bytes(void *context, struct slice bytes)
{
	struct watch *w = context;
	int64_t now_us = clock_monotonic_us();

	if (!w->times->first_us)
		w->times->first_us = now_us;
	w->times->last_us = now_us;
	return sse_push(w->stream, bytes);
}

static enum err take_text(void *context, struct slice text)
{
	(void)context;
	(void)text;
	return OK;
}

static void write_words(struct buf *out, unsigned words)
{
	static const char *const some[] = {"the",  "river", "ran",   "under", "a",    "stone",
					   "and",  "we",    "saw",   "no",    "fish", "but",
					   "nine", "old",   "birds", "then"};

	for (unsigned i = 0; i < words; i++) {
		uint8_t draw;

		random_bytes(&draw, sizeof draw);
		buf_printf(out, "%s%s", i ? " " : "", some[draw % 16]);
	}
}

static enum err write_ask(struct buf *out, const char *model, unsigned words, unsigned tokens)
{
	AUTO(buf_free) struct buf prompt = buf_new(ASK_MAX);
	AUTO(json_auto) json_t *body = json_object_new();
	json_t *options = json_object_new();
	char *text;

	write_words(&prompt, words);
	TRY(buf_done(&prompt));
	json_put_text(body, "model", slice_of_string(model));
	json_put_text(body, "prompt", buf_slice(&prompt));
	json_put_int(body, "max_tokens", tokens);
	json_put_bool(body, "ignore_eos", true);
	json_put_bool(body, "stream", true);
	json_put(body, "stream_options", options);
	json_put_bool(options, "include_usage", true);
	text = json_dumps(body, JSON_COMPACT);
	buf_write_string(out, text ? text : "");
	free(text);
	return buf_done(out);
}

enum err bench_stream_run(struct bench_stream *out, struct client *c, const char *model,
			  unsigned words, unsigned tokens)
{
	AUTO(buf_free) struct buf body = buf_new(ASK_MAX);
	AUTO(client_answer_clear) struct client_answer answer = client_answer_new();
	AUTO(sse_clear) struct sse stream = sse_new(take_text, NULL);
	struct watch watch = {out, &stream};
	struct client_request request = {.method = "POST",
					 .path = "/v1/completions",
					 .content_type = "application/json",
					 .sink = take_bytes,
					 .sink_context = &watch};

	*out = (struct bench_stream){0};
	TRY(write_ask(&body, model, words, tokens));
	request.body = buf_slice(&body);
	out->asked_us = clock_monotonic_us();
	TRY(client_send(c, &answer, &request));
	TRY(client_check(c, &answer));
	if (!stream.is_done)
		return failure(ERR_CLOSED, "the answer ended before it was whole");
	out->prompt_tokens = stream.prompt_tokens;
	out->completion_tokens = stream.completion_tokens;
	return OK;
}

struct lane {
	pthread_t thread;
	struct client *client;
	struct bench_stream *out;
	const char *model;
	unsigned words, tokens;
	enum err result;
	char why[FAILURE_MAX_TEXT];
};

static void *run(void *argument)
{
	struct lane *l = argument;

	l->result = bench_stream_run(l->out, l->client, l->model, l->words, l->tokens);
	if (l->result != OK)
		snprintf(l->why, sizeof l->why, "%s", failure_text());
	return NULL;
}

static enum err start(struct lane *l, const struct client *c)
{
	TRY(client_clone(&l->client, c));
	if (pthread_create(&l->thread, NULL, run, l) != 0)
		return failure(ERR_IO, "a thread cannot be started");
	return OK;
}

enum err bench_stream_run_many(struct bench_stream *out, const struct client *c, const char *model,
			       unsigned words, unsigned tokens, unsigned count)
{
	struct lane lanes[BENCH_MAX_STREAMS] = {0};
	enum err result = OK;
	unsigned started = 0;

	assert(count <= BENCH_MAX_STREAMS);
	while (started < count && result == OK) {
		struct lane *l = &lanes[started];

		*l = (struct lane){
			.out = &out[started], .model = model, .words = words, .tokens = tokens};
		result = start(l, c);
		started += result == OK;
	}
	for (unsigned i = 0; i < started; i++)
		pthread_join(lanes[i].thread, NULL);
	for (unsigned i = 0; i < count; i++)
		client_free(lanes[i].client);
	for (unsigned i = 0; i < started && result == OK; i++)
		if (lanes[i].result != OK)
			result = failure(lanes[i].result, "%u streams at once: %s", count,
					 lanes[i].why);
	return result;
}

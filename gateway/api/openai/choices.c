/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/openai/choices.h"

#include "crypto/base/clock.h"
#include "crypto/base/log.h"
#include "schema/store/adapter.h"

enum {
	ENGINE_LOOK_MS = 250, /* at an engine that was told to stop */
	ENGINE_END_MS = 5000, /* until it says how far it came */
};

void choices_begin(struct choices *s, struct call *call, const struct generation *ask)
{
	*s = (struct choices){
		.call = call,
		.ask = ask,
		.count = ask->prompt_count * ask->n,
		.is_read = arena_alloc(exchange_arena(call->x), ask->prompt_count),
		.turn = CHOICES_TOGETHER - 1, /* so that the first is the first */
	};
}

bool choices_are_done(const struct choices *s)
{
	return s->ended == s->count;
}

static enum err start(struct choices *s, unsigned place)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	size_t index = s->again_count > 0 ? s->again[s->again_count - 1] : s->started;
	struct wire_engine_generate ask;

	generation_describe(&ask, s->ask, index);
	TRY(call_pass(s->call, &ask.pass));
	if (s->call->adapter)
		memcpy(ask.adapter, s->call->adapter->id, WIRE_ID);
	wire_write_engine_generate(&body, &ask);
	TRY(buf_done(&body));
	TRY(call_open(s->call, &s->streams[place], WIRE_ENGINE_GENERATE, buf_slice(&body)));
	s->index[place] = index;
	if (s->again_count > 0)
		s->again_count--;
	else
		s->started++;
	s->call->is_begun = true;
	return OK;
}

static enum err start_some(struct choices *s)
{
	for (unsigned i = 0; i < CHOICES_TOGETHER && !s->is_crowded; i++)
		if (!s->streams[i] && (s->again_count > 0 || s->started < s->count))
			TRY(start(s, i));
	return OK;
}

/* Others may be there as well: one that is not begun now is begun when one of ours has ended, as
 * long as any is under way. */
static bool may_wait(struct choices *s, unsigned place)
{
	unsigned running = 0;

	for (unsigned i = 0; i < CHOICES_TOGETHER; i++)
		running += s->streams[i] && i != place;
	if (running == 0)
		return false;
	rpc_stream_free(s->streams[place]);
	s->streams[place] = NULL;
	s->again[s->again_count++] = s->index[place];
	s->is_crowded = true;
	return true;
}

static void close_place(struct choices *s, unsigned place)
{
	rpc_stream_free(s->streams[place]);
	s->streams[place] = NULL;
	s->ended++;
	s->is_crowded = false;
}

/* Its last frame: what it has read and written. A prompt counts once, whatever is made of it. */
static enum err take_done(struct choices *s, unsigned place, struct choice_event *event)
{
	size_t prompt = s->index[place] / s->ask->n;
	struct wire_engine_done done;
	bool is_read;

	close_place(s, place);
	TRY(wire_read_engine_done(&done, buf_slice(&s->reply.body)));
	is_read = s->is_read[prompt];
	s->is_read[prompt] = true;
	s->call->prompt_tokens += is_read ? 0 : done.prompt_tokens;
	s->cached_tokens += is_read ? 0 : done.cached_tokens;
	s->call->completion_tokens += done.completion_tokens;
	event->finish = done.finish;
	event->delta = NULL;
	return OK;
}

enum err choices_next(struct choices *s, struct choice_event *event)
{
	enum err result;

	do {
		TRY(start_some(s));
		rpc_reply_clear(&s->reply);
		result = call_next_of(s->call, s->streams, CHOICES_TOGETHER, &s->turn, &s->reply);
		s->is_refused = result != OK && s->reply.type != 0;
	} while (s->is_refused && (result == ERR_UNAVAILABLE || result == ERR_CONFLICT) &&
		 may_wait(s, s->turn));
	if (s->is_refused)
		close_place(s, s->turn);
	TRY(result);
	event->index = s->index[s->turn];
	if (s->reply.type == WIRE_ENGINE_DONE)
		return take_done(s, s->turn, event);
	TRY(wire_read_engine_delta(&s->delta, buf_slice(&s->reply.body)));
	event->delta = &s->delta;
	return OK;
}

/* Told to stop: until it says how far it came, or that it never began. */
static void await_end(struct choices *s, unsigned place, int64_t deadline)
{
	struct choice_event event;
	enum err result = OK;

	while ((result == OK || result == ERR_TIMEOUT) && clock_monotonic_ms() < deadline) {
		rpc_reply_clear(&s->reply);
		result = rpc_next(s->streams[place], &s->reply, ENGINE_LOOK_MS);
		if (result == OK && s->reply.type == WIRE_ENGINE_DONE) {
			if (take_done(s, place, &event) != OK)
				log_warn("infer.end", "reason=\"%s\"", failure_text());
			return;
		}
	}
	if (s->reply.type == WIRE_FAIL)
		close_place(s, place);
}

void choices_end(struct choices *s)
{
	int64_t deadline = clock_monotonic_ms() + ENGINE_END_MS;

	for (unsigned i = 0; i < CHOICES_TOGETHER; i++)
		if (s->streams[i])
			call_cancel(s->call, s->streams[i]);
	for (unsigned i = 0; i < CHOICES_TOGETHER; i++)
		if (s->streams[i])
			await_end(s, i, deadline);
	s->call->is_counted = s->started == s->ended + s->again_count;
	for (unsigned i = 0; i < CHOICES_TOGETHER; i++)
		rpc_stream_free(s->streams[i]);
	rpc_reply_clear(&s->reply);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/engine/serve.h"

#include <assert.h>
#include <stdlib.h>

#include "crypto/base/clock.h"
#include "crypto/base/log.h"
#include "gateway/engine/adapting.h"
#include "gateway/engine/loading.h"
#include "gateway/engine/texts.h"
#include "schema/wire/control.h"
#include "schema/wire/keeper.h"

static const struct channel *edge_channel(void *context, unsigned edge)
{
	struct serve *s = context;

	return loop_peer(s->loop, ROLE_EDGE, edge);
}

void serve_init(struct serve *s, int store, const struct engine_options *options)
{
	*s = (struct serve){.store = store, .options = *options};
	s->options.lent = &s->cores;
	s->keys = keys_new();
	s->passes = passes_new();
	s->sequences = sequences_new(edge_channel, s);
	s->vectors = vectors_new(edge_channel, s);
	s->insights = insights_new(edge_channel, s);
}

void serve_clear(struct serve *s)
{
	sequences_free(s->sequences);
	vectors_free(s->vectors);
	insights_free(s->insights);
	engine_close(s->engine);
	passes_free(s->passes);
	keys_free(s->keys);
}

static enum err on_handle_key(struct serve *s, struct slice body)
{
	uint64_t handle;

	s->is_touched = true;
	return keys_take(s->keys, &handle, body, clock_monotonic_ms());
}

static enum err on_serves(struct serve *s, struct slice body)
{
	struct wire_engine_serves served;

	TRY(wire_read_engine_serves(&served, body));
	s->is_touched = true;
	passes_serve(s->passes, &served);
	return OK;
}

static enum err on_forget(struct serve *s, struct slice body)
{
	struct wire_engine_forget forget;

	TRY(wire_read_engine_forget(&forget, body));
	if (s->engine)
		engine_forget_payer(s->engine, forget.payer);
	return OK;
}

/* Licenses end by their dates, or are not used any more. */
void serve_timer(void *context)
{
	struct serve *s = context;
	uint8_t payer[WIRE_ID];

	while (passes_ended(s->passes, payer, clock_monotonic_ms()))
		if (s->engine)
			engine_forget_payer(s->engine, payer);
	loop_wake_at(s->loop, clock_monotonic_ms() + SERVE_FORGET_MS);
}

static enum err on_pass(struct serve *s, struct slice body)
{
	struct wire_engine_pass pass;

	TRY(wire_read_engine_pass(&pass, body));
	passes_add(s->passes, &pass, clock_monotonic_ms());
	serve_timer(s);
	return OK;
}

/* The keeper told it before it answered the edge, but on a channel of its own: look there. */
static enum err check_pass(struct serve *s, uint64_t pass, struct slice right)
{
	enum err result;

	do
		result = passes_check(s->passes, pass, right, clock_monotonic_ms());
	while (result == ERR_NOT_FOUND && loop_handle_from(s->loop, ROLE_KEEPER, 0, 0) == OK);
	return result;
}

static enum err on_generate(struct serve *s, const struct channel *from, const struct frame *frame)
{
	struct wire_engine_generate ask;
	struct batch_owner owner;

	TRY(wire_read_engine_generate(&ask, frame->body));
	if (!s->engine)
		return failure(ERR_UNAVAILABLE, "this engine has no model yet, try again");
	TRY(check_pass(s, ask.pass, S("infer:generate")));
	passes_owner(s->passes, ask.pass, &owner);
	return sequences_add(s->sequences, s->engine, from->index, frame->call, &ask, &owner);
}

/* Who may have vectors of a text may know its tokens: a pass for either right will do. */
static enum err on_text(struct serve *s, const struct channel *from, const struct frame *frame)
{
	uint64_t pass = texts_pass(frame);
	enum err result;

	if (!s->engine)
		return failure(ERR_UNAVAILABLE, "this engine has no model yet, try again");
	result = check_pass(s, pass, S("infer:generate"));
	if (result == ERR_DENIED)
		result = check_pass(s, pass, S("infer:embed"));
	TRY(result);
	return texts_answer(s->engine, from, frame);
}

static enum err on_embed(struct serve *s, const struct channel *from, const struct frame *frame)
{
	struct wire_engine_embed ask;

	TRY(wire_read_engine_embed(&ask, frame->body));
	if (!s->engine)
		return failure(ERR_UNAVAILABLE, "this engine has no model yet, try again");
	TRY(check_pass(s, ask.pass, S("infer:embed")));
	return vectors_add(s->vectors, s->engine, from->index, frame->call, &ask);
}

static enum err on_look(struct serve *s, const struct channel *from, const struct frame *frame)
{
	struct wire_engine_look ask;

	TRY(wire_read_engine_look(&ask, frame->body));
	if (!s->engine)
		return failure(ERR_UNAVAILABLE, "this engine has no model yet, try again");
	TRY(check_pass(s, ask.pass, S("internals:read")));
	return insights_add(s->insights, s->engine, from->index, frame->call, &ask);
}

static enum err on_cancel(struct serve *s, const struct channel *from, const struct frame *frame)
{
	struct wire_engine_cancel ask;

	TRY(wire_read_engine_cancel(&ask, frame->body));
	if (!s->engine)
		return OK;
	sequences_cancel(s->sequences, s->engine, from->index, ask.call);
	vectors_cancel(s->vectors, s->engine, from->index, ask.call);
	insights_cancel(s->insights, s->engine, from->index, ask.call);
	return OK;
}

enum err serve_frame(void *context, const struct channel *from, const struct frame *frame)
{
	struct serve *s = context;

	s->frames++;
	if (frame->type == WIRE_ENGINE_GENERATE)
		return on_generate(s, from, frame);
	if (frame->type == WIRE_ENGINE_TOKENIZE || frame->type == WIRE_ENGINE_DETOKENIZE)
		return on_text(s, from, frame);
	if (frame->type == WIRE_ENGINE_EMBED)
		return on_embed(s, from, frame);
	if (frame->type == WIRE_ENGINE_LOOK)
		return on_look(s, from, frame);
	if (frame->type == WIRE_ENGINE_CANCEL)
		return on_cancel(s, from, frame);
	if (frame->type == WIRE_HANDLE_KEY)
		return on_handle_key(s, frame->body);
	if (frame->type == WIRE_ENGINE_SERVES)
		return on_serves(s, frame->body);
	if (frame->type == WIRE_ENGINE_PASS)
		return on_pass(s, frame->body);
	if (frame->type == WIRE_ENGINE_CHECK)
		return loading_check(from, frame);
	if (frame->type == WIRE_ENGINE_CHAT_CHECK)
		return loading_chat_check(from, frame);
	if (frame->type == WIRE_ENGINE_SIZE)
		return loading_size(s, from, frame);
	if (frame->type == WIRE_ENGINE_MEASURE)
		return loading_measure(s, from, frame);
	if (frame->type == WIRE_ENGINE_FORGET)
		return on_forget(s, frame->body);
	if (frame->type == WIRE_ENGINE_ADAPTS)
		return adapting_named(s, frame->body);
	if (frame->type == WIRE_ENGINE_ADAPT)
		return adapting_load(s, from, frame);
	if (frame->type == WIRE_ENGINE_ADAPT_DROP)
		return adapting_drop(s, frame->body);
	if (frame->type == WIRE_ENGINE_LOAD)
		return loading_model(s, from, frame);
	if (frame->type == WIRE_ENGINE_RENEW) {
		s->is_unloaded = s->is_touched; /* a fresh one has nothing to forget */
		return OK;
	}
	if (frame->type == WIRE_ENGINE_UNLOAD) {
		s->is_unloaded = true;
		return OK;
	}
	return failure(ERR_DENIED, "%s is not for an engine", wire_name(frame->type));
}

/* Fresh or gone: in both cases nobody is there any more who asked for what is under way. */
void serve_peer(void *context, const struct channel *peer, bool joined)
{
	struct serve *s = context;

	(void)joined;
	if (peer->peer == ROLE_EDGE && s->is_loading && peer->index == s->loader)
		s->is_unloaded = true;
	if (peer->peer != ROLE_EDGE || !s->engine)
		return;
	sequences_cancel_edge(s->sequences, s->engine, peer->index);
	vectors_cancel_edge(s->vectors, s->engine, peer->index);
	insights_cancel_edge(s->insights, s->engine, peer->index);
}

static int patience_ms(const struct serve *s)
{
	if (s->engine && (!engine_is_idle(s->engine) || !s->is_settled))
		return 0;
	return sequences_have_unsent(s->sequences) || vectors_have_unsent(s->vectors) ||
			       insights_have_unsent(s->insights)
		       ? SERVE_UNSENT_MS
		       : CHANNEL_FOREVER;
}

void serve_cores(void *context, unsigned first, unsigned count)
{
	struct serve *s = context;

	if (atomic_load(&s->cores) == count && s->first_core == first)
		return;
	s->first_core = first;
	atomic_store(&s->cores, count);
	if (s->engine)
		engine_lend(s->engine, first, count);
}

enum err serve_say_work(struct serve *s)
{
	AUTO(buf_free) struct buf body = buf_new(16);
	bool is_at_work = s->is_loading || (s->engine && !engine_is_idle(s->engine));

	if (is_at_work == s->is_at_work)
		return OK;
	s->is_at_work = is_at_work;
	wire_write_at_work(&body, &(struct wire_at_work){is_at_work});
	return channel_send(process_control(s->process), WIRE_AT_WORK, 0, buf_slice(&body), -1);
}

/* Whatever has come: who asks while others are written for joins them in the next step, however
 * many ask at once. */
static enum err take_frames(struct serve *s)
{
	unsigned before = s->frames, last;

	TRY(loop_step(s->loop, patience_ms(s)));
	do {
		last = s->frames;
		if (s->engine && !s->is_unloaded && last != before)
			TRY(loop_step(s->loop, 0));
	} while (s->frames != last && s->frames - before < SERVE_FRAMES);
	return OK;
}

enum err serve_run(struct serve *s)
{
	while (!s->is_unloaded) {
		enum err result = take_frames(s);

		if (result == ERR_CLOSED)
			return OK; /* told to stop, or the supervisor is gone */
		TRY(result);
		if (!s->engine)
			continue;
		TRY(serve_say_work(s));
		TRY(sequences_step(s->sequences, s->engine));
		sequences_flush(s->sequences, s->engine);
		vectors_flush(s->vectors, s->engine);
		insights_flush(s->insights, s->engine);
		TRY(serve_say_work(s));
		if (engine_is_idle(s->engine) && !s->is_settled)
			s->is_settled = !engine_settle(s->engine);
	}
	return OK;
}

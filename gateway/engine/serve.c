/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/engine/serve.h"

#include <assert.h>
#include <stdlib.h>

#include "crypto/base/clock.h"
#include "crypto/base/log.h"
#include "gateway/engine/sealed.h"
#include "inference/model/config.h"
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
	s->keys = keys_new();
	s->passes = passes_new();
	s->sequences = sequences_new(edge_channel, s);
}

void serve_clear(struct serve *s)
{
	sequences_free(s->sequences);
	engine_close(s->engine);
	passes_free(s->passes);
	keys_free(s->keys);
}

static enum err on_handle_key(struct serve *s, struct slice body)
{
	uint64_t handle;

	return keys_take(s->keys, &handle, body, clock_monotonic_ms());
}

static enum err on_serves(struct serve *s, struct slice body)
{
	struct wire_engine_serves served;

	TRY(wire_read_engine_serves(&served, body));
	passes_serve(s->passes, &served);
	return OK;
}

static enum err on_pass(struct serve *s, struct slice body)
{
	struct wire_engine_pass pass;

	TRY(wire_read_engine_pass(&pass, body));
	passes_add(s->passes, &pass, clock_monotonic_ms());
	return OK;
}

static enum err on_check(const struct channel *from, const struct frame *frame)
{
	struct wire_engine_check ask;
	struct config config;

	TRY(wire_read_engine_check(&ask, frame->body));
	TRY(config_parse(&config, ask.config));
	return channel_send(from, WIRE_ENGINE_CHECKED, frame->call, S(""), -1);
}

static bool has_key(struct serve *s, uint64_t handle)
{
	struct key *key = keys_use(s->keys, handle, clock_monotonic_ms());

	if (key)
		keys_release(s->keys, key);
	return key != NULL;
}

static void await_keys(struct serve *s, const struct wire_engine_load *load)
{
	int64_t deadline = clock_monotonic_ms() + SERVE_KEY_WAIT_MS;

	for (uint16_t i = 0; i < load->count; i++)
		while (!has_key(s, load->files[i].handle)) {
			int64_t left = deadline - clock_monotonic_ms();

			if (left <= 0 || loop_handle_from(s->loop, ROLE_KEEPER, 0, (int)left) != OK)
				return; /* sealed_open says which is missing */
		}
}

static void drop_keys(struct serve *s, const struct wire_engine_load *load)
{
	for (uint16_t i = 0; i < load->count; i++)
		keys_drop(s->keys, load->files[i].handle);
}

static enum err open_model(struct serve *s, const struct wire_engine_load *load)
{
	AUTO(sealed_auto) struct sealed *sealed = NULL;

	TRY(sealed_open(&sealed, s->store, s->keys, load));
	return engine_open(&s->engine, sealed_files(sealed), &s->options);
}

static enum err load_model(struct serve *s, const struct wire_engine_load *load)
{
	enum err result;

	await_keys(s, load);
	result = passes_check_load(s->passes, load->model, load->revision);
	if (result == OK)
		result = open_model(s, load);
	drop_keys(s, load);
	return result;
}

static void say_loaded(const struct wire_engine_load *load, const struct engine_facts *facts)
{
	log_info("engine.loaded",
		 "model=\"%.*s\" revision=%.*s memory_bytes=%zu context=%zu by=%s locked=%s",
		 SLICE_PRINT(load->model), SLICE_PRINT(load->revision), facts->memory_bytes,
		 facts->context, facts->operators, facts->locked ? "yes" : "no");
	if (!facts->locked)
		log_warn("engine.unlocked", "weights may reach the swap: raise the memlock limit");
}

static enum err on_load(struct serve *s, const struct channel *from, const struct frame *frame)
{
	AUTO(buf_free) struct buf out = buf_new(WIRE_MAX_BODY);
	struct wire_engine_load load;
	struct engine_facts facts;

	TRY(wire_read_engine_load(&load, frame->body));
	if (s->engine)
		return failure(ERR_CONFLICT, "this engine has a model: unload it first");
	TRY(load_model(s, &load));
	engine_facts(s->engine, &facts);
	say_loaded(&load, &facts);
	wire_write_engine_loaded(
		&out, &(struct wire_engine_loaded){facts.memory_bytes, (uint32_t)facts.context});
	TRY(buf_done(&out));
	return channel_send(from, WIRE_ENGINE_LOADED, frame->call, buf_slice(&out), -1);
}

/* The keeper told it before it answered the edge, but on a channel of its own: look there. */
static enum err check_pass(struct serve *s, uint64_t pass)
{
	enum err result;

	do
		result = passes_check(s->passes, pass, S("infer:generate"), clock_monotonic_ms());
	while (result == ERR_NOT_FOUND && loop_handle_from(s->loop, ROLE_KEEPER, 0, 0) == OK);
	return result;
}

static enum err on_generate(struct serve *s, const struct channel *from, const struct frame *frame)
{
	struct wire_engine_generate ask;

	TRY(wire_read_engine_generate(&ask, frame->body));
	if (!s->engine)
		return failure(ERR_CONFLICT, "this engine has no model yet");
	TRY(check_pass(s, ask.pass));
	return sequences_add(s->sequences, s->engine, from->index, frame->call, &ask);
}

static enum err on_cancel(struct serve *s, const struct channel *from, const struct frame *frame)
{
	struct wire_engine_cancel ask;

	TRY(wire_read_engine_cancel(&ask, frame->body));
	if (s->engine)
		sequences_cancel(s->sequences, s->engine, from->index, ask.call);
	return OK;
}

enum err serve_frame(void *context, const struct channel *from, const struct frame *frame)
{
	struct serve *s = context;

	if (frame->type == WIRE_ENGINE_GENERATE)
		return on_generate(s, from, frame);
	if (frame->type == WIRE_ENGINE_CANCEL)
		return on_cancel(s, from, frame);
	if (frame->type == WIRE_HANDLE_KEY)
		return on_handle_key(s, frame->body);
	if (frame->type == WIRE_ENGINE_SERVES)
		return on_serves(s, frame->body);
	if (frame->type == WIRE_ENGINE_PASS)
		return on_pass(s, frame->body);
	if (frame->type == WIRE_ENGINE_CHECK)
		return on_check(from, frame);
	if (frame->type == WIRE_ENGINE_LOAD)
		return on_load(s, from, frame);
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
	if (peer->peer == ROLE_EDGE && s->engine)
		sequences_cancel_edge(s->sequences, s->engine, peer->index);
}

static int patience_ms(const struct serve *s)
{
	if (s->engine && !engine_is_idle(s->engine))
		return 0;
	return sequences_have_unsent(s->sequences) ? SERVE_UNSENT_MS : CHANNEL_FOREVER;
}

enum err serve_run(struct serve *s)
{
	while (!s->is_unloaded) {
		enum err result = loop_step(s->loop, patience_ms(s));

		if (result == ERR_CLOSED)
			return OK; /* told to stop, or the supervisor is gone */
		TRY(result);
		if (!s->engine)
			continue;
		TRY(sequences_step(s->sequences, s->engine));
		sequences_flush(s->sequences, s->engine);
	}
	return OK;
}

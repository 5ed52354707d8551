/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/engine/loading.h"

#include <stdio.h>

#include "crypto/base/clock.h"
#include "crypto/base/log.h"
#include "gateway/engine/sealed.h"
#include "inference/chat/chat.h"
#include "inference/reading/tasks.h"
#include "inference/template/template.h"
#include "schema/wire/engine_read.h"

/* A load under way: who waits for it, and how far it is. */
struct progress {
	struct serve *serve;
	unsigned edge;
	uint32_t call;
	struct wire_engine_loading now;
	int64_t told_ms;
};

enum err loading_check(const struct channel *from, const struct frame *frame)
{
	AUTO(buf_free) struct buf tasks = buf_new(WIRE_MAX_TASKS);
	AUTO(buf_free) struct buf out = buf_new(WIRE_MAX_BODY);
	struct wire_engine_check ask;
	struct config config;

	TRY(wire_read_engine_check(&ask, frame->body));
	TRY(config_parse(&config, ask.config));
	tasks_write(&tasks, tasks_of(&config));
	wire_write_engine_checked(&out, &(struct wire_engine_checked){buf_slice(&tasks)});
	TRY(buf_done(&out));
	return channel_send(from, WIRE_ENGINE_CHECKED, frame->call, buf_slice(&out), -1);
}

enum err loading_chat_check(const struct channel *from, const struct frame *frame)
{
	AUTO(template_auto) struct template *read = NULL;
	struct wire_engine_check ask;

	TRY(wire_read_engine_check(&ask, frame->body));
	TRY(template_parse(&read, ask.config));
	return channel_send(from, WIRE_ENGINE_CHAT_CHECKED, frame->call, S(""), -1);
}

/* The texts of a tokenizer become tables of several times their size. */
static uint64_t beside(const struct wire_engine_load *load)
{
	uint64_t texts = 0;

	for (uint16_t i = 0; i < load->count; i++)
		if (!slice_ends_with(load->files[i].path, S(".safetensors")) &&
		    !slice_ends_with(load->files[i].path, S(".gguf")))
			texts += load->files[i].size;
	return LOADING_BESIDE_BYTES + 4 * texts;
}

static enum err say_need(const struct channel *from, enum wire_type type, uint32_t call,
			 const struct engine_need *need, uint64_t more, struct slice chat)
{
	AUTO(buf_free) struct buf tasks = buf_new(WIRE_MAX_TASKS);
	AUTO(buf_free) struct buf out = buf_new(256 + WIRE_MAX_TEXT);

	tasks_write(&tasks, need->tasks);
	wire_write_engine_need(&out, &(struct wire_engine_need){need->least_bytes + more,
								need->most_bytes + more,
								buf_slice(&tasks), chat});
	TRY(buf_done(&out));
	return channel_send(from, type, call, buf_slice(&out), -1);
}

static enum model_quantize quantize_of(enum wire_quantize quantize)
{
	switch (quantize) {
	case WIRE_QUANTIZE_NONE:
		return MODEL_AS_STORED;
	case WIRE_QUANTIZE_Q8_0:
		return MODEL_Q8_0;
	case WIRE_QUANTIZE_Q4_0:
		return MODEL_Q4_0;
	case WIRE_QUANTIZE_W8A8:
		return MODEL_W8A8;
	}
	return MODEL_AS_STORED;
}

enum err loading_size(struct serve *s, const struct channel *from, const struct frame *frame)
{
	struct engine_options options = s->options;
	struct wire_engine_size ask;
	struct engine_need need;

	TRY(wire_read_engine_size(&ask, frame->body));
	options.quantize = quantize_of(ask.quantize);
	TRY(engine_size(&need, ask.config, ask.stored_bytes, &options));
	return say_need(from, WIRE_ENGINE_SIZED, frame->call, &need, LOADING_BESIDE_BYTES, S(""));
}

static bool has_key(struct serve *s, uint64_t handle)
{
	struct key *key = keys_use(s->keys, handle, clock_monotonic_ms());

	if (key)
		keys_release(s->keys, key);
	return key != NULL;
}

void loading_await_keys(struct serve *s, const struct wire_engine_load *load)
{
	int64_t deadline = clock_monotonic_ms() + SERVE_KEY_WAIT_MS;

	for (uint16_t i = 0; i < load->count; i++)
		while (!has_key(s, load->files[i].handle)) {
			int64_t left = deadline - clock_monotonic_ms();

			if (left <= 0 || loop_handle_from(s->loop, ROLE_KEEPER, 0, (int)left) != OK)
				return; /* sealed_open says which is missing */
		}
}

void loading_drop_keys(struct serve *s, const struct wire_engine_load *load)
{
	for (uint16_t i = 0; i < load->count; i++)
		keys_drop(s->keys, load->files[i].handle);
}

static enum err open_files(struct sealed **out, struct serve *s,
			   const struct wire_engine_load *load)
{
	loading_await_keys(s, load);
	TRY(passes_check_load(s->passes, load->model, load->revision));
	return sealed_open(out, s->store, s->keys, load);
}

/* Whether chats can be written, as the files have it. */
static enum err say_chat(struct buf *out, struct model_files *files)
{
	AUTO(chat_auto) struct chat *chat = NULL;
	char line[WIRE_MAX_TEXT];

	TRY(chat_open(&chat, files));
	if (chat_refusal(chat))
		snprintf(line, sizeof line, "no: %s", chat_refusal(chat));
	else
		snprintf(line, sizeof line, "%s", chat_has_template(chat) ? "yes" : "");
	buf_write(out, slice_is_utf8(slice_of_string(line))
			       ? slice_of_string(line)
			       : S("no: it is not UTF-8")); /* or a character was cut */
	return OK;
}

enum err loading_measure(struct serve *s, const struct channel *from, const struct frame *frame)
{
	AUTO(buf_free) struct buf chat = buf_new(WIRE_MAX_TEXT);
	AUTO(sealed_auto) struct sealed *sealed = NULL;
	struct engine_options options = s->options;
	struct wire_engine_load load;
	struct engine_need need;

	TRY(wire_read_engine_load(&load, frame->body));
	if (s->engine || s->is_loading)
		return failure(ERR_CONFLICT, "this engine has a model: unload it first");
	TRY(open_files(&sealed, s, &load));
	options.quantize = quantize_of(load.quantize);
	TRY(engine_measure(&need, sealed_files(sealed), &options));
	TRY(say_chat(&chat, sealed_files(sealed)));
	return say_need(from, WIRE_ENGINE_MEASURED, frame->call, &need, beside(&load),
			buf_slice(&chat));
}

/* What an edge does not take now it need not know: the next one says more. */
static void tell_progress(struct progress *p)
{
	AUTO(buf_free) struct buf out = buf_new(64);
	const struct channel *edge = loop_peer(p->serve->loop, ROLE_EDGE, p->edge);
	int64_t now_ms = clock_monotonic_ms();

	if (!edge || now_ms < p->told_ms + LOADING_TELL_MS)
		return;
	p->told_ms = now_ms;
	wire_write_engine_loading(&out, &p->now);
	if (channel_send_now(edge, WIRE_ENGINE_LOADING, p->call, buf_slice(&out)) != OK)
		log_debug("engine.loading", "why=\"%s\"", failure_text());
}

/* Between two reads: is it wanted still, and on how many cores? Anything else that the edge asks is
 * answered, too. */
static enum err look_around(void *context, size_t bytes)
{
	struct progress *p = context;
	struct serve *s = p->serve;
	enum err heard;

	p->now.done_bytes += bytes;
	if (p->now.done_bytes > p->now.total_bytes) /* headers are read twice */
		p->now.done_bytes = p->now.total_bytes;
	tell_progress(p);
	if (loop_hear_supervisor(s->loop) != OK)
		s->is_unloaded = true;
	do
		heard = loop_handle_from(s->loop, ROLE_EDGE, p->edge, 0);
	while (heard == OK && !s->is_unloaded);
	if (heard != OK && heard != ERR_TIMEOUT)
		s->is_unloaded = true;
	if (s->is_unloaded)
		return failure(ERR_CLOSED, "unloaded before it was loaded");
	return OK;
}

static enum err open_model(struct serve *s, const struct wire_engine_load *load,
			   struct progress *progress)
{
	AUTO(sealed_auto) struct sealed *sealed = NULL;
	struct engine_options options = s->options;
	uint64_t more = beside(load);

	options.quantize = quantize_of(load->quantize);
	if (load->memory_bytes) {
		if (load->memory_bytes < more)
			return failure(ERR_LIMIT, "memory: %llu bytes hold no model",
				       (unsigned long long)load->memory_bytes);
		options.memory_budget_bytes = (size_t)(load->memory_bytes - more);
	}
	TRY(open_files(&sealed, s, load));
	progress->now.total_bytes = sealed_total(sealed);
	sealed_watch(sealed, look_around, progress);
	return engine_open(&s->engine, sealed_files(sealed), &options);
}

static void say_loaded(const struct wire_engine_load *load, const struct engine_facts *facts)
{
	log_info("engine.loaded",
		 "model=\"%.*s\" revision=%.*s memory_bytes=%zu context=%zu by=%s locked=%s",
		 SLICE_PRINT(load->model), SLICE_PRINT(load->revision), facts->memory_bytes,
		 facts->context, facts->operators, facts->locked ? "yes" : "no");
	if (!facts->locked)
		log_warn("engine.unlocked", "weights may reach the swap: raise the memlock limit");
	if (facts->chat_refusal)
		log_warn("engine.chat", "why=\"%s\"", facts->chat_refusal);
}

enum err loading_model(struct serve *s, const struct channel *from, const struct frame *frame)
{
	AUTO(buf_free) struct buf out = buf_new(WIRE_MAX_BODY);
	struct progress progress = {.serve = s, .edge = from->index, .call = frame->call};
	struct wire_engine_load load;
	struct engine_facts facts;
	enum err result;

	TRY(wire_read_engine_load(&load, frame->body));
	if (s->engine || s->is_loading)
		return failure(ERR_CONFLICT, "this engine has a model: unload it first");
	s->is_loading = true;
	s->loader = from->index;
	result = serve_say_work(s);
	if (result == OK)
		result = open_model(s, &load, &progress);
	s->is_loading = false;
	loading_drop_keys(s, &load);
	TRY(result);
	if (atomic_load(&s->cores) > 0)
		engine_lend(s->engine, s->first_core, atomic_load(&s->cores));
	engine_facts(s->engine, &facts);
	say_loaded(&load, &facts);
	wire_write_engine_loaded(&out,
				 &(struct wire_engine_loaded){facts.memory_bytes + beside(&load),
							      (uint32_t)facts.context});
	TRY(buf_done(&out));
	return channel_send(from, WIRE_ENGINE_LOADED, frame->call, buf_slice(&out), -1);
}

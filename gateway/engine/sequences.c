/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/engine/sequences.h"

#include <assert.h>
#include <poll.h>
#include <stdlib.h>

#include "crypto/base/log.h"
#include "crypto/base/reader.h"
#include "crypto/random.h"

struct sequence {
	bool is_used;
	bool is_finished; /* the engine is done with it */
	bool is_orphan;   /* nobody is there to take its answers */
	bool is_full;     /* the outbox was: to be canceled */
	bool wants_logprobs;
	unsigned edge;
	uint32_t call;
	struct buf outbox; /* bodies of ENGINE_DELTA, each a block */
	size_t sent;       /* bytes of it that are gone */
	struct wire_engine_done done;
};

struct sequences {
	sequences_channel_fn *channel;
	void *context;
	const struct engine *engine; /* during a step */
	struct sequence list[SEQUENCES_MAX];
};

struct sequences *sequences_new(sequences_channel_fn *channel, void *context)
{
	struct sequences *s = calloc(1, sizeof *s);

	assert(s);
	s->channel = channel;
	s->context = context;
	return s;
}

static void forget(struct sequence *q)
{
	buf_free(&q->outbox);
	*q = (struct sequence){0};
}

void sequences_free(struct sequences *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < SEQUENCES_MAX; i++)
		forget(&s->list[i]);
	free(s);
}

static struct sequence *find_free(struct sequences *s)
{
	for (size_t i = 0; i < SEQUENCES_MAX; i++)
		if (!s->list[i].is_used)
			return &s->list[i];
	return NULL;
}

static void describe_sampling(struct sampler_settings *out, struct sampler_bias *biases,
			      const struct wire_engine_generate *ask)
{
	for (uint16_t i = 0; i < ask->bias_count; i++)
		biases[i] = (struct sampler_bias){ask->biases[i].token, ask->biases[i].bias};
	*out = (struct sampler_settings){
		.temperature = (double)ask->temperature,
		.top_p = (double)ask->top_p,
		.top_k = ask->top_k,
		.min_p = (double)ask->min_p,
		.penalties = {(double)ask->repetition_penalty, (double)ask->presence_penalty,
			      (double)ask->frequency_penalty},
		.seed = ask->seed,
		.biases = biases,
		.bias_count = ask->bias_count,
		.top_logprobs = ask->wants_logprobs ? ask->top_logprobs : 0,
		.is_silent = !ask->wants_logprobs,
	};
	if (!ask->has_seed)
		random_bytes(&out->seed, sizeof out->seed);
}

enum engine_prompt sequences_prompt(enum wire_prompt kind)
{
	switch (kind) {
	case WIRE_PROMPT_CHAT:
		return ENGINE_PROMPT_CHAT;
	case WIRE_PROMPT_TOKENS:
		return ENGINE_PROMPT_TOKENS;
	case WIRE_PROMPT_TEXT:
	case WIRE_PROMPT_COUNT:
		break;
	}
	return ENGINE_PROMPT_TEXT;
}

static enum engine_echo echo_of(enum wire_echo echo)
{
	switch (echo) {
	case WIRE_ECHO_TEXT:
		return ENGINE_ECHO_TEXT;
	case WIRE_ECHO_TOKENS:
		return ENGINE_ECHO_TOKENS;
	case WIRE_ECHO_NONE:
	case WIRE_ECHO_COUNT:
		break;
	}
	return ENGINE_ECHO_NONE;
}

/* Zeros: the base as it is. */
static const uint8_t *adapter_of(const struct wire_engine_generate *ask)
{
	static const uint8_t none[WIRE_ID];

	return memcmp(ask->adapter, none, WIRE_ID) == 0 ? NULL : ask->adapter;
}

static struct guide_request guide_of(const struct wire_engine_generate *ask)
{
	static const enum grammar_kind kinds[WIRE_GRAMMAR_COUNT] = {
		[WIRE_GRAMMAR_NONE] = GRAMMAR_NONE,     [WIRE_GRAMMAR_OBJECT] = GRAMMAR_OBJECT,
		[WIRE_GRAMMAR_SCHEMA] = GRAMMAR_SCHEMA, [WIRE_GRAMMAR_STRICT] = GRAMMAR_STRICT,
		[WIRE_GRAMMAR_CHOICE] = GRAMMAR_CHOICE, [WIRE_GRAMMAR_REGEX] = GRAMMAR_REGEX,
		[WIRE_GRAMMAR_CALLS] = GRAMMAR_CALLS,
	};

	return (struct guide_request){kinds[ask->grammar_kind], ask->grammar};
}

static struct engine_request request_of(const struct wire_engine_generate *ask)
{
	return (struct engine_request){
		.prompt = ask->prompt,
		.prompt_kind = sequences_prompt(ask->prompt_kind),
		.max_prompt_tokens = ask->max_prompt_tokens,
		.is_bare = ask->is_bare,
		.max_tokens = ask->max_tokens,
		.fits_context = ask->fits_context,
		.is_only_read = ask->is_only_read,
		.echo = echo_of(ask->echo),
		.is_fixed = ask->is_fixed,
		.is_answer = ask->is_answer,
		.stops = ask->stops,
		.stop_count = ask->stop_count,
		.stop_tokens = ask->stop_tokens,
		.stop_token_count = ask->stop_token_count,
		.ignores_end = ask->ignores_end,
		.shows_special = ask->shows_special,
		.adapter = adapter_of(ask),
		.guide = guide_of(ask),
	};
}

enum err sequences_add(struct sequences *s, struct engine *engine, unsigned edge, uint32_t call,
		       const struct wire_engine_generate *ask, const struct batch_owner *owner)
{
	struct sampler_bias biases[WIRE_MAX_BIASES];
	struct sequence *q = find_free(s);
	struct engine_request request = request_of(ask);

	if (!q)
		return failure(ERR_UNAVAILABLE, "busy: %d generations are under way",
			       SEQUENCES_MAX);
	if (engine_sequences_of(engine, owner->payer) >= SEQUENCES_OF_ONE)
		return failure(ERR_CONFLICT,
			       "busy: %d generations of this license are under way here",
			       SEQUENCES_OF_ONE);
	request.owner = *owner;
	describe_sampling(&request.sampling, biases, ask);
	TRY(engine_submit(engine, (uint64_t)(q - s->list), &request));
	*q = (struct sequence){.is_used = true, .edge = edge, .call = call};
	q->wants_logprobs = ask->wants_logprobs;
	q->outbox = buf_new(SEQUENCES_MAX_OUTBOX);
	return OK;
}

/* The bytes of tokens lie in `pieces` until the delta is encoded. */
struct pieces {
	uint8_t bytes[(WIRE_MAX_TOP + 1) * WIRE_MAX_PIECE];
	size_t used;
};

static struct slice take_piece(const struct engine *engine, struct pieces *pieces, uint32_t token)
{
	AUTO(buf_free) struct buf text = buf_new(WIRE_MAX_PIECE);
	struct slice kept;

	engine_write_token(engine, token, &text);
	kept = slice_of(pieces->bytes + pieces->used, text.size);
	if (text.size)
		memcpy(pieces->bytes + pieces->used, text.data, text.size);
	pieces->used += text.size;
	return kept;
}

static void describe_token(const struct engine *engine, struct wire_token *out,
			   struct pieces *pieces, const struct engine_event *event)
{
	const struct sample *sample = event->sample;

	out->token = sample->chosen.token;
	out->is_first = sample->is_first;
	out->characters = (uint16_t)event->characters;
	out->logprob = sample->chosen.logprob;
	out->piece = take_piece(engine, pieces, out->token);
	out->top_count = (uint16_t)sample->top_count;
	for (size_t i = 0; i < sample->top_count; i++) {
		out->tops[i].token = sample->top[i].token;
		out->tops[i].logprob = sample->top[i].logprob;
		out->tops[i].piece = take_piece(engine, pieces, sample->top[i].token);
	}
}

static enum wire_part part_of(enum engine_part part)
{
	switch (part) {
	case ENGINE_PART_NAME:
		return WIRE_PART_NAME;
	case ENGINE_PART_ARGUMENTS:
		return WIRE_PART_ARGUMENTS;
	case ENGINE_PART_TEXT:
		break;
	}
	return WIRE_PART_TEXT;
}

static void put_delta(const struct sequences *s, struct sequence *q,
		      const struct engine_event *event)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct wire_engine_delta delta = {
		.text = event->text, .part = part_of(event->part), .call = event->call};
	struct pieces pieces = {.used = 0};

	if (q->wants_logprobs && event->sample) {
		describe_token(s->engine, &delta.tokens[0], &pieces, event);
		delta.token_count = 1;
	}
	if (delta.text.size == 0 && delta.token_count == 0)
		return;
	wire_write_engine_delta(&body, &delta);
	if (buf_done(&body) == OK)
		buf_write_block(&q->outbox, buf_slice(&body));
	q->is_full = body.overflow || q->outbox.overflow;
}

static enum wire_finish finish_of(enum engine_finish finish)
{
	switch (finish) {
	case ENGINE_STOP:
		return WIRE_FINISH_STOP;
	case ENGINE_LENGTH:
		return WIRE_FINISH_LENGTH;
	case ENGINE_CALLS:
		return WIRE_FINISH_CALLS;
	case ENGINE_RUNNING:
	case ENGINE_CANCELLED:
		break;
	}
	return WIRE_FINISH_CANCELLED;
}

static void on_event(void *context, const struct engine_event *event)
{
	struct sequences *s = context;
	struct sequence *q = &s->list[event->id];

	if (!q->is_full && !q->is_orphan)
		put_delta(s, q, event);
	if (event->finish == ENGINE_RUNNING)
		return;
	q->is_finished = true;
	q->done = (struct wire_engine_done){
		.finish = finish_of(event->finish),
		.prompt_tokens = (uint32_t)event->prompt_tokens,
		.cached_tokens = (uint32_t)event->cached_tokens,
		.completion_tokens = (uint32_t)event->completion_tokens,
	};
}

static void cancel(struct sequences *s, struct engine *engine, struct sequence *q)
{
	if (q->is_finished)
		return;
	s->engine = engine;
	if (engine_cancel(engine, (uint64_t)(q - s->list), on_event, s) != OK) {
		log_warn("sequence.cancel", "why=\"%s\"", failure_text());
		q->is_finished = true;
		q->done.finish = WIRE_FINISH_CANCELLED;
	}
}

void sequences_cancel(struct sequences *s, struct engine *engine, unsigned edge, uint32_t call)
{
	for (size_t i = 0; i < SEQUENCES_MAX; i++)
		if (s->list[i].is_used && s->list[i].edge == edge && s->list[i].call == call)
			cancel(s, engine, &s->list[i]);
}

void sequences_cancel_edge(struct sequences *s, struct engine *engine, unsigned edge)
{
	for (size_t i = 0; i < SEQUENCES_MAX; i++) {
		if (!s->list[i].is_used || s->list[i].edge != edge)
			continue;
		s->list[i].is_orphan = true;
		cancel(s, engine, &s->list[i]);
		forget(&s->list[i]);
	}
}

void sequences_drop_adapter(struct sequences *s, struct engine *engine,
			    const uint8_t adapter[WIRE_ID])
{
	s->engine = engine;
	engine_adapter_drop(engine, adapter, on_event, s);
}

enum err sequences_step(struct sequences *s, struct engine *engine)
{
	if (engine_is_idle(engine))
		return OK;
	s->engine = engine;
	TRY(engine_step(engine, on_event, s));
	for (size_t i = 0; i < SEQUENCES_MAX; i++)
		if (s->list[i].is_full)
			cancel(s, engine, &s->list[i]);
	return OK;
}

/* A socket that says so takes one frame of any size: the kernel says it with most of its buffer
 * free. */
static bool can_send(const struct channel *c)
{
	struct pollfd item = {.fd = c->fd, .events = POLLOUT};

	return poll(&item, 1, 0) == 1 && (item.revents & POLLOUT);
}

static enum err send_next(struct sequence *q, const struct channel *c)
{
	struct reader r = reader_of(slice_part(buf_slice(&q->outbox), q->sent, q->outbox.size));
	struct slice body = read_block(&r, WIRE_MAX_BODY);

	TRY(channel_send(c, WIRE_ENGINE_DELTA, q->call, body, -1));
	q->sent = q->outbox.size - r.rest.size;
	if (q->sent == q->outbox.size) {
		buf_consume(&q->outbox, q->sent);
		q->sent = 0;
	}
	return OK;
}

static enum err send_done(const struct sequence *q, const struct channel *c)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);

	wire_write_engine_done(&body, &q->done);
	TRY(buf_done(&body));
	return channel_send(c, WIRE_ENGINE_DONE, q->call, buf_slice(&body), -1);
}

/* True if there is nothing more to do for it now. */
static bool flush_one(struct sequences *s, struct sequence *q)
{
	const struct channel *c = s->channel(s->context, q->edge);
	enum err result = OK;

	while (c && q->outbox.size > q->sent && can_send(c) && result == OK)
		result = send_next(q, c);
	if (c && result == OK && q->is_finished && q->outbox.size == q->sent && can_send(c)) {
		result = send_done(q, c);
		if (result == OK)
			forget(q);
	}
	if (result == OK)
		return true;
	log_warn("sequence.unheard", "call=%u why=\"%s\"", q->call, failure_text());
	return false;
}

void sequences_flush(struct sequences *s, struct engine *engine)
{
	for (size_t i = 0; i < SEQUENCES_MAX; i++) {
		struct sequence *q = &s->list[i];

		if (!q->is_used || flush_one(s, q))
			continue;
		cancel(s, engine, q);
		forget(q);
	}
}

bool sequences_have_unsent(const struct sequences *s)
{
	for (size_t i = 0; i < SEQUENCES_MAX; i++) {
		const struct sequence *q = &s->list[i];

		if (q->is_used && (q->is_finished || q->outbox.size > q->sent))
			return true;
	}
	return false;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/engine/vectors.h"

#include <assert.h>
#include <poll.h>
#include <stdlib.h>

#include "crypto/base/log.h"
#include "crypto/base/reader.h"

struct vector_call {
	bool is_used;
	bool is_finished; /* the engine is done with it */
	bool is_full;     /* the outbox was: to be canceled */
	unsigned edge;
	uint32_t call;
	struct buf outbox; /* values */
	size_t sent;       /* bytes of it that are gone */
	struct wire_engine_embedded done;
};

struct vectors {
	sequences_channel_fn *channel;
	void *context;
	struct vector_call list[VECTORS_MAX];
};

struct vectors *vectors_new(sequences_channel_fn *channel, void *context)
{
	struct vectors *v = calloc(1, sizeof *v);

	assert(v);
	v->channel = channel;
	v->context = context;
	return v;
}

static void forget(struct vector_call *q)
{
	buf_free(&q->outbox);
	*q = (struct vector_call){0};
}

void vectors_free(struct vectors *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < VECTORS_MAX; i++)
		forget(&v->list[i]);
	free(v);
}

static void on_result(void *context, const struct engine_result *result)
{
	struct vector_call *q = context;

	buf_write(&q->outbox, slice_of(result->values, result->value_count * sizeof(float)));
	q->is_full = q->outbox.overflow;
	q->done.width = (uint32_t)result->value_count;
	q->done.tokens += (uint32_t)result->tokens;
	q->is_finished = result->is_end;
	q->done.is_whole = result->is_end && !q->is_full;
}

/* Numbers of the wire to ids, all in one block of which each input has its part. */
static enum err read_ids(uint32_t **ids, struct engine_input *inputs,
			 const struct wire_engine_embed *ask)
{
	size_t total = 0;
	uint32_t *next;

	for (uint16_t i = 0; i < ask->count; i++)
		total += ask->inputs[i].is_text ? 0 : ask->inputs[i].bytes.size;
	*ids = next = calloc(total / 4 + 1, sizeof *next);
	assert(next);
	for (uint16_t i = 0; i < ask->count; i++) {
		struct reader r = reader_of(ask->inputs[i].bytes);

		inputs[i] = (struct engine_input){.text = ask->inputs[i].bytes};
		if (ask->inputs[i].is_text)
			continue;
		inputs[i] = (struct engine_input){.ids = next, .id_count = r.rest.size / 4};
		if (r.rest.size % 4 || r.rest.size == 0)
			return failure(ERR_FORMAT, "input: ids of %zu bytes", r.rest.size);
		while (r.rest.size)
			*next++ = read_u32(&r);
	}
	return OK;
}

static enum engine_length length_of(enum wire_length length)
{
	switch (length) {
	case WIRE_LENGTH_ONE:
		return ENGINE_LENGTH_ONE;
	case WIRE_LENGTH_AS_IS:
		return ENGINE_LENGTH_AS_IS;
	case WIRE_LENGTH_MODEL:
	case WIRE_LENGTH_COUNT:
		break;
	}
	return ENGINE_LENGTH_MODEL;
}

static void free_ids(uint32_t **ids)
{
	free(*ids);
}

static enum err submit(struct vectors *v, struct engine *engine, struct vector_call *q,
		       const struct wire_engine_embed *ask)
{
	AUTO(free_ids) uint32_t *ids = NULL;
	struct engine_input inputs[WIRE_MAX_INPUTS];
	struct engine_reading reading = {
		.task = TASK_EMBED,
		.inputs = inputs,
		.count = ask->count,
		.first = ask->first,
		.length = length_of(ask->length),
		.dimensions = ask->dimensions,
		.on_result = on_result,
		.context = q,
	};

	if (ask->truncates)
		reading.truncate = ask->truncate ? (int64_t)ask->truncate
						 : ENGINE_TRUNCATE_TO_LIMIT;
	TRY(read_ids(&ids, inputs, ask));
	return engine_read(engine, (uint64_t)(q - v->list), &reading);
}

enum err vectors_add(struct vectors *v, struct engine *engine, unsigned edge, uint32_t call,
		     const struct wire_engine_embed *ask)
{
	struct vector_call *q = v->list;

	while (q < v->list + VECTORS_MAX && q->is_used)
		q++;
	if (q == v->list + VECTORS_MAX)
		return failure(ERR_UNAVAILABLE, "busy: %d embeddings are under way", VECTORS_MAX);
	TRY(submit(v, engine, q, ask));
	*q = (struct vector_call){.is_used = true, .edge = edge, .call = call};
	q->outbox = buf_new(VECTORS_MAX_OUTBOX);
	return OK;
}

/* What was read until now counts; the vectors go nowhere. */
static void cancel(struct vectors *v, struct engine *engine, struct vector_call *q)
{
	if (!q->is_finished)
		engine_read_cancel(engine, (uint64_t)(q - v->list));
	q->is_finished = true;
	q->done.is_whole = false;
	q->sent = q->outbox.size;
}

void vectors_cancel(struct vectors *v, struct engine *engine, unsigned edge, uint32_t call)
{
	for (size_t i = 0; i < VECTORS_MAX; i++)
		if (v->list[i].is_used && v->list[i].edge == edge && v->list[i].call == call)
			cancel(v, engine, &v->list[i]);
}

void vectors_cancel_edge(struct vectors *v, struct engine *engine, unsigned edge)
{
	for (size_t i = 0; i < VECTORS_MAX; i++) {
		if (!v->list[i].is_used || v->list[i].edge != edge)
			continue;
		cancel(v, engine, &v->list[i]);
		forget(&v->list[i]);
	}
}

static bool can_send(const struct channel *c)
{
	struct pollfd item = {.fd = c->fd, .events = POLLOUT};

	return poll(&item, 1, 0) == 1 && (item.revents & POLLOUT);
}

static enum err send_next(struct vector_call *q, const struct channel *c)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct wire_engine_vectors part = {
		slice_part(buf_slice(&q->outbox), q->sent, WIRE_MAX_VECTORS)};

	wire_write_engine_vectors(&body, &part);
	TRY(buf_done(&body));
	TRY(channel_send(c, WIRE_ENGINE_VECTORS, q->call, buf_slice(&body), -1));
	q->sent += part.values.size;
	if (q->sent == q->outbox.size) {
		buf_reset(&q->outbox);
		q->sent = 0;
	}
	return OK;
}

static enum err send_done(const struct vector_call *q, const struct channel *c)
{
	AUTO(buf_free) struct buf body = buf_new(64);

	wire_write_engine_embedded(&body, &q->done);
	TRY(buf_done(&body));
	return channel_send(c, WIRE_ENGINE_EMBEDDED, q->call, buf_slice(&body), -1);
}

static enum err flush_one(struct vectors *v, struct vector_call *q)
{
	const struct channel *c = v->channel(v->context, q->edge);

	while (c && q->outbox.size > q->sent && can_send(c))
		TRY(send_next(q, c));
	if (!c || !q->is_finished || q->outbox.size > q->sent || !can_send(c))
		return OK;
	TRY(send_done(q, c));
	forget(q);
	return OK;
}

void vectors_flush(struct vectors *v, struct engine *engine)
{
	for (size_t i = 0; i < VECTORS_MAX; i++) {
		struct vector_call *q = &v->list[i];

		if (!q->is_used)
			continue;
		if (q->is_full)
			cancel(v, engine, q);
		if (flush_one(v, q) == OK)
			continue;
		log_warn("vectors.unheard", "call=%u why=\"%s\"", q->call, failure_text());
		cancel(v, engine, q);
		forget(q);
	}
}

bool vectors_have_unsent(const struct vectors *v)
{
	for (size_t i = 0; i < VECTORS_MAX; i++) {
		const struct vector_call *q = &v->list[i];

		if (q->is_used && (q->is_finished || q->outbox.size > q->sent))
			return true;
	}
	return false;
}

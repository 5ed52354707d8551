/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/engine/insights.h"

#include <assert.h>
#include <poll.h>
#include <stdlib.h>

#include "crypto/base/log.h"
#include "crypto/base/reader.h"

enum { MAX_NAME = 255 };

struct insight {
	bool is_used;
	bool is_finished; /* the engine is done with it */
	unsigned edge;
	uint32_t call;
	struct engine *engine;    /* for the names of tokens */
	struct token_list tokens; /* of the text */
	struct buf outbox;
	size_t sent; /* bytes of it that are gone */
	struct wire_engine_looked done;
};

struct insights {
	sequences_channel_fn *channel;
	void *context;
	struct insight list[INSIGHTS_MAX];
};

struct insights *insights_new(sequences_channel_fn *channel, void *context)
{
	struct insights *n = calloc(1, sizeof *n);

	assert(n);
	n->channel = channel;
	n->context = context;
	return n;
}

static void forget(struct insight *q)
{
	if (q->outbox.data)
		explicit_bzero(q->outbox.data, q->outbox.size);
	buf_free(&q->outbox);
	token_list_free(&q->tokens);
	*q = (struct insight){0};
}

void insights_free(struct insights *n)
{
	if (!n)
		return;
	for (size_t i = 0; i < INSIGHTS_MAX; i++)
		forget(&n->list[i]);
	free(n);
}

static uint64_t id_of(const struct insights *n, const struct insight *q)
{
	return (uint64_t)INSIGHTS_FIRST_ID + (uint64_t)(q - n->list);
}

static void write_names(struct insight *q, const uint32_t *ids, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct slice name = slice_part(engine_token_name(q->engine, ids[i]), 0, MAX_NAME);

		buf_write_u8(&q->outbox, (uint8_t)name.size);
		buf_write(&q->outbox, name);
	}
}

static void describe(struct wire_look_tensor *out, const struct look_tensor *t)
{
	out->is_lens = t->ids != NULL;
	out->dim_count = (uint8_t)t->dim_count;
	for (unsigned i = 0; i < t->dim_count; i++)
		out->dims[i] = (uint32_t)t->dims[i];
}

static void on_result(void *context, const struct engine_result *result)
{
	struct insight *q = context;
	size_t count = look_count(result->look);

	buf_write(&q->outbox, slice_of(q->tokens.ids, q->tokens.count * sizeof *q->tokens.ids));
	for (size_t i = 0; i < count; i++) {
		const struct look_tensor *t = look_tensor(result->look, i);

		describe(&q->done.tensors[i], t);
		buf_write(&q->outbox, slice_of(t->values, t->count * sizeof *t->values));
		if (t->ids)
			buf_write(&q->outbox, slice_of(t->ids, t->count * sizeof *t->ids));
	}
	write_names(q, q->tokens.ids, q->tokens.count);
	for (size_t i = 0; i < count; i++) {
		const struct look_tensor *t = look_tensor(result->look, i);

		if (t->ids)
			write_names(q, t->ids, t->count);
	}
	q->done.tokens = (uint32_t)result->tokens;
	q->done.count = (uint16_t)count;
	q->done.is_whole = !q->outbox.overflow;
	q->is_finished = true;
}

static enum look_reduce reduce_of(enum wire_reduce reduce)
{
	switch (reduce) {
	case WIRE_REDUCE_MEAN:
		return LOOK_MEAN;
	case WIRE_REDUCE_NORM:
		return LOOK_NORM;
	case WIRE_REDUCE_NONE:
	case WIRE_REDUCE_COUNT:
		break;
	}
	return LOOK_AS_IS;
}

struct wishes {
	struct look_ask asks[WIRE_MAX_LOOKS];
	struct look_range ranges[WIRE_MAX_LOOKS][WIRE_MAX_LOOK_RANGES];
};

static void wishes_free(struct wishes **w)
{
	free(*w);
}

static void read_wish(struct wishes *w, size_t i, const struct wire_look_ask *ask)
{
	for (size_t k = 0; k < ask->range_count; k++)
		w->ranges[i][k] = (struct look_range){(int32_t)ask->ranges[k].first,
						      (int32_t)ask->ranges[k].end,
						      ask->ranges[k].ends_text};
	w->asks[i] = (struct look_ask){
		.at = ask->at,
		.ranges = w->ranges[i],
		.range_count = ask->range_count,
		.heads = ask->heads,
		.head_count = ask->head_count,
		.reduce = reduce_of(ask->reduce),
		.top = ask->top,
	};
}

static enum err read_input(struct engine_input *out, struct token_list *ids,
			   const struct wire_input *input)
{
	struct reader r = reader_of(input->bytes);

	*out = (struct engine_input){.text = input->bytes};
	if (input->is_text)
		return OK;
	if (r.rest.size % 4 || r.rest.size == 0)
		return failure(ERR_FORMAT, "input: ids of %zu bytes", r.rest.size);
	while (r.rest.size)
		token_list_push(ids, read_u32(&r));
	*out = (struct engine_input){.ids = ids->ids, .id_count = ids->count};
	return OK;
}

static enum err submit(struct insights *n, struct engine *engine, struct insight *q,
		       const struct wire_engine_look *ask)
{
	AUTO(wishes_free) struct wishes *wishes = calloc(1, sizeof *wishes);
	AUTO(token_list_free) struct token_list ids = {0};
	struct engine_looking looking = {
		.ask_count = ask->count, .reads = ask->reads, .on_result = on_result, .context = q};

	assert(wishes);
	TRY(read_input(&looking.input, &ids, &ask->input));
	for (size_t i = 0; i < ask->count; i++)
		read_wish(wishes, i, &ask->asks[i]);
	looking.asks = wishes->asks;
	return engine_look(engine, id_of(n, q), &looking, &q->tokens);
}

enum err insights_add(struct insights *n, struct engine *engine, unsigned edge, uint32_t call,
		      const struct wire_engine_look *ask)
{
	struct insight *q = n->list;
	enum err result;

	while (q < n->list + INSIGHTS_MAX && q->is_used)
		q++;
	if (q == n->list + INSIGHTS_MAX)
		return failure(ERR_UNAVAILABLE, "busy: %d calls for internals are under way",
			       INSIGHTS_MAX);
	*q = (struct insight){.is_used = true, .edge = edge, .call = call, .engine = engine};
	q->outbox = buf_new(INSIGHTS_MAX_OUTBOX);
	result = submit(n, engine, q, ask);
	if (result != OK)
		forget(q);
	return result;
}

static void cancel(struct insights *n, struct engine *engine, struct insight *q)
{
	if (!q->is_finished)
		engine_read_cancel(engine, id_of(n, q));
	q->is_finished = true;
	q->done = (struct wire_engine_looked){.tokens = q->done.tokens};
	q->sent = q->outbox.size;
}

void insights_cancel(struct insights *n, struct engine *engine, unsigned edge, uint32_t call)
{
	for (size_t i = 0; i < INSIGHTS_MAX; i++)
		if (n->list[i].is_used && n->list[i].edge == edge && n->list[i].call == call)
			cancel(n, engine, &n->list[i]);
}

void insights_cancel_edge(struct insights *n, struct engine *engine, unsigned edge)
{
	for (size_t i = 0; i < INSIGHTS_MAX; i++) {
		if (!n->list[i].is_used || n->list[i].edge != edge)
			continue;
		cancel(n, engine, &n->list[i]);
		forget(&n->list[i]);
	}
}

static bool can_send(const struct channel *c)
{
	struct pollfd item = {.fd = c->fd, .events = POLLOUT};

	return poll(&item, 1, 0) == 1 && (item.revents & POLLOUT);
}

static enum err send_next(struct insight *q, const struct channel *c)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct wire_engine_seen part = {
		slice_part(buf_slice(&q->outbox), q->sent, WIRE_MAX_VECTORS)};

	wire_write_engine_seen(&body, &part);
	TRY(buf_done(&body));
	TRY(channel_send(c, WIRE_ENGINE_SEEN, q->call, buf_slice(&body), -1));
	q->sent += part.bytes.size;
	return OK;
}

static enum err send_done(const struct insight *q, const struct channel *c)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);

	wire_write_engine_looked(&body, &q->done);
	TRY(buf_done(&body));
	return channel_send(c, WIRE_ENGINE_LOOKED, q->call, buf_slice(&body), -1);
}

static enum err flush_one(struct insights *n, struct insight *q)
{
	const struct channel *c = n->channel(n->context, q->edge);

	if (!q->is_finished)
		return OK;
	while (c && q->done.is_whole && q->outbox.size > q->sent && can_send(c))
		TRY(send_next(q, c));
	if (!c || (q->done.is_whole && q->outbox.size > q->sent) || !can_send(c))
		return OK;
	TRY(send_done(q, c));
	forget(q);
	return OK;
}

void insights_flush(struct insights *n, struct engine *engine)
{
	for (size_t i = 0; i < INSIGHTS_MAX; i++) {
		struct insight *q = &n->list[i];

		if (!q->is_used || flush_one(n, q) == OK)
			continue;
		log_warn("insights.unheard", "call=%u why=\"%s\"", q->call, failure_text());
		cancel(n, engine, q);
		forget(q);
	}
}

bool insights_have_unsent(const struct insights *n)
{
	for (size_t i = 0; i < INSIGHTS_MAX; i++)
		if (n->list[i].is_used && n->list[i].is_finished)
			return true;
	return false;
}

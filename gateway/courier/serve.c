/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/courier/serve.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "crypto/base/file.h"
#include "crypto/base/log.h"
#include "schema/wire/courier.h"

enum { THREAD_STACK = 1024 * 1024 };

/* One transfer, from its message to its answer. */
struct transfer {
	struct serve *serve;
	struct channel channel; /* a descriptor of our own: the peer's may change meanwhile */
	uint32_t call;
	int pipe;
	struct buf body; /* what `ask` borrows from; holds the token */
	struct wire_courier_get ask;
	atomic_bool stop;
};

struct serve {
	const struct fetch_rules *rules;
	pthread_mutex_t lock; /* of `running` */
	struct transfer *running[COURIER_MAX_TRANSFERS];
};

struct serve *serve_new(const struct fetch_rules *rules)
{
	struct serve *s = calloc(1, sizeof *s);

	assert(s);
	s->rules = rules;
	pthread_mutex_init(&s->lock, NULL);
	return s;
}

static void transfer_free(struct transfer *t)
{
	file_close(&t->pipe);
	channel_close(&t->channel);
	if (t->body.size)
		explicit_bzero(t->body.data, t->body.size);
	buf_free(&t->body);
	free(t);
}

static void tell_moved(void *context, uint64_t bytes)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct wire_courier_moved moved = {bytes};
	struct transfer *t = context;

	wire_write_courier_moved(&body, &moved);
	if (channel_send(&t->channel, WIRE_COURIER_MOVED, t->call, buf_slice(&body), -1) != OK)
		atomic_store(&t->stop, true);
}

static enum err run_transfer(struct transfer *t, struct buf *out)
{
	struct fetch_answer answer;
	struct wire_courier_got got;
	const struct fetch fetch = {
		.rules = t->serve->rules,
		.url = t->ask.url,
		.token = t->ask.token,
		.most = t->ask.most,
		.is_exact = t->ask.is_exact,
		.pipe = t->pipe,
		.stop = &t->stop,
		.moved = tell_moved,
		.context = t,
	};

	TRY(fetch_run(&answer, &fetch));
	got = (struct wire_courier_got){.status = (uint16_t)answer.status,
					.bytes = answer.bytes,
					.reason = slice_of_string(answer.reason),
					.next = slice_of_string(answer.next)};
	wire_write_courier_got(out, &got);
	return buf_done(out);
}

/* The pipe is closed before the answer: who reads it to its end then has the answer next. */
static void answer_transfer(struct transfer *t)
{
	AUTO(buf_free) struct buf out = buf_new(WIRE_MAX_BODY);
	enum err result = run_transfer(t, &out);
	enum err sent;

	file_close(&t->pipe);
	t->pipe = -1;
	if (result == OK) {
		sent = channel_send(&t->channel, WIRE_COURIER_GOT, t->call, buf_slice(&out), -1);
	} else {
		log_warn("courier.failed", "kind=%s why=\"%s\"", err_name(result), failure_text());
		sent = channel_send_fail(&t->channel, t->call, result, "");
	}
	if (sent != OK)
		log_warn("courier.unheard", "why=\"%s\"", failure_text());
}

static void leave(struct serve *s, const struct transfer *t)
{
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < COURIER_MAX_TRANSFERS; i++)
		if (s->running[i] == t)
			s->running[i] = NULL;
	pthread_mutex_unlock(&s->lock);
}

static enum err enter(struct serve *s, struct transfer *t)
{
	enum err result = failure(ERR_UNAVAILABLE, "busy: %d transfers are running; try again",
				  COURIER_MAX_TRANSFERS);

	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < COURIER_MAX_TRANSFERS && result != OK; i++)
		if (!s->running[i]) {
			s->running[i] = t;
			result = OK;
		}
	pthread_mutex_unlock(&s->lock);
	return result;
}

static void *run_thread(void *context)
{
	struct transfer *t = context;

	answer_transfer(t);
	leave(t->serve, t);
	transfer_free(t);
	return NULL;
}

/* On OK the transfer belongs to its thread. */
static enum err start(struct serve *s, struct transfer *t)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int result;

	TRY(enter(s, t));
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, THREAD_STACK);
	result = pthread_create(&thread, &attributes, run_thread, t);
	pthread_attr_destroy(&attributes);
	if (result == 0)
		return OK;
	leave(s, t);
	return failure(ERR_UNAVAILABLE, "busy: no more threads");
}

static enum err read_ask(struct transfer *t, const struct channel *from, const struct frame *frame)
{
	if (t->pipe < 0)
		return failure(ERR_FORMAT, "a transfer without a pipe");
	buf_write(&t->body, frame->body);
	explicit_bzero((void *)(uintptr_t)frame->body.data, frame->body.size);
	TRY(buf_done(&t->body));
	TRY(wire_read_courier_get(&t->ask, buf_slice(&t->body)));
	return channel_duplicate(&t->channel, from);
}

static enum err on_get(struct serve *s, const struct channel *from, const struct frame *frame)
{
	struct transfer *t = calloc(1, sizeof *t);
	enum err result;

	assert(t);
	t->serve = s;
	t->call = frame->call;
	t->pipe = frame->fd;
	t->channel.fd = -1;
	t->body = buf_new(WIRE_MAX_BODY);
	result = read_ask(t, from, frame);
	if (result == OK)
		result = start(s, t);
	if (result != OK)
		transfer_free(t);
	return result;
}

/* call 0: all of this edge's. */
static void stop_some(struct serve *s, unsigned edge, uint32_t call)
{
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < COURIER_MAX_TRANSFERS; i++) {
		struct transfer *t = s->running[i];

		if (t && t->channel.index == edge && (!call || t->call == call))
			atomic_store(&t->stop, true);
	}
	pthread_mutex_unlock(&s->lock);
}

enum err serve_frame(void *context, const struct channel *from, const struct frame *frame)
{
	struct wire_courier_cancel cancel;

	if (frame->type == WIRE_COURIER_GET)
		return on_get(context, from, frame);
	if (frame->type != WIRE_COURIER_CANCEL)
		return failure(ERR_DENIED, "%s is not for the courier", wire_name(frame->type));
	TRY(wire_read_courier_cancel(&cancel, frame->body));
	if (cancel.call)
		stop_some(context, from->index, cancel.call);
	return OK;
}

void serve_peer(void *context, const struct channel *peer, bool joined)
{
	if (!joined && peer->peer == ROLE_EDGE)
		stop_some(context, peer->index, 0);
}

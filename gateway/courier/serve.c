/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/courier/serve.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "crypto/base/file.h"
#include "crypto/base/log.h"
#include "gateway/courier/call.h"
#include "gateway/courier/call_socket.h"
#include "schema/wire/courier.h"

enum { THREAD_STACK = 1024 * 1024 };

struct transfer;
typedef enum err read_fn(struct transfer *t, struct slice body);
typedef enum err run_fn(struct transfer *t, struct buf *out);

/* Transfers take hours and calls seconds: neither finds the places full of the other. */
struct kind {
	enum wire_type answer;
	size_t first, places; /* of serve.running */
	bool has_pipe;
	read_fn *read;
	run_fn *run;
};

/* One transfer or call, from its message to its answer. */
struct transfer {
	struct serve *serve;
	const struct kind *kind;
	struct channel channel; /* a descriptor of our own: the peer's may change meanwhile */
	uint32_t call;
	int pipe;
	struct buf body; /* what the questions borrow from; holds the token */
	struct wire_courier_get get;
	struct wire_courier_call ask;
	struct wire_courier_mail mail;
	atomic_bool stop;
};

struct serve {
	const struct fetch_rules *rules;
	const struct mail_rules *mail_rules;
	pthread_mutex_t lock; /* of `running` */
	struct transfer *running[COURIER_MAX_TRANSFERS + COURIER_MAX_CALLS + COURIER_MAX_MAILS];
};

struct serve *serve_new(const struct fetch_rules *rules, const struct mail_rules *mail_rules)
{
	struct serve *s = calloc(1, sizeof *s);

	assert(s);
	s->rules = rules;
	s->mail_rules = mail_rules;
	pthread_mutex_init(&s->lock, NULL);
	return s;
}

/* A call's bodies may hold credentials. */
static void buf_wipe(struct buf *b)
{
	if (b->size)
		explicit_bzero(b->data, b->size);
	buf_free(b);
}

static void transfer_free(struct transfer *t)
{
	file_close(&t->pipe);
	channel_close(&t->channel);
	buf_wipe(&t->body);
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

static enum err read_get(struct transfer *t, struct slice body)
{
	return wire_read_courier_get(&t->get, body);
}

static enum err run_get(struct transfer *t, struct buf *out)
{
	struct fetch_answer answer;
	struct wire_courier_got got;
	const struct fetch fetch = {
		.rules = t->serve->rules,
		.url = t->get.url,
		.token = t->get.token,
		.most = t->get.most,
		.is_exact = t->get.is_exact,
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

static enum err read_call(struct transfer *t, struct slice body)
{
	TRY(wire_read_courier_call(&t->ask, body));
	if (t->ask.body_size > WIRE_MAX_CALL_BODY || t->ask.most > WIRE_MAX_CALL_ANSWER)
		return failure(ERR_LIMIT, "a call with too large a body, or answer");
	return OK;
}

static enum err run_call(struct transfer *t, struct buf *out)
{
	AUTO(buf_wipe) struct buf body = buf_new(t->ask.body_size);
	AUTO(buf_wipe) struct buf answer_body = buf_new(t->ask.most);
	AUTO(buf_free) struct buf headers = buf_new(WIRE_MAX_CALL_ANSWER_HEADERS);
	struct call_answer answer = {.body = &answer_body, .headers = &headers};
	struct call call = {.rules = &t->serve->rules->guard, .ask = &t->ask, .stop = &t->stop};
	struct wire_courier_called called;

	TRY(call_socket_read(&body, t->pipe, t->ask.body_size));
	call.body = buf_slice(&body);
	TRY(call_run(&answer, &call));
	TRY(call_socket_write(t->pipe, buf_slice(&answer_body)));
	called = (struct wire_courier_called){.status = (uint16_t)answer.status,
					      .size = (uint32_t)answer_body.size,
					      .headers = buf_slice(&headers)};
	wire_write_courier_called(out, &called);
	return buf_done(out);
}

static enum err read_mail(struct transfer *t, struct slice body)
{
	return wire_read_courier_mail(&t->mail, body);
}

static enum err run_mail(struct transfer *t, struct buf *out)
{
	const struct mail mail = {.rules = t->serve->mail_rules,
				  .to = t->mail.to,
				  .message = t->mail.message,
				  .stop = &t->stop};
	struct wire_courier_mailed mailed;
	unsigned status;

	TRY(mail_send(&status, &mail));
	mailed.status = (uint16_t)status;
	wire_write_courier_mailed(out, &mailed);
	return buf_done(out);
}

static const struct kind get_kind = {WIRE_COURIER_GOT, 0,      COURIER_MAX_TRANSFERS, true,
				     read_get,         run_get};
static const struct kind call_kind = {
	WIRE_COURIER_CALLED, COURIER_MAX_TRANSFERS, COURIER_MAX_CALLS, true, read_call, run_call};
static const struct kind mail_kind = {
	WIRE_COURIER_MAILED, COURIER_MAX_TRANSFERS + COURIER_MAX_CALLS,
	COURIER_MAX_MAILS,   false,
	read_mail,           run_mail};

/* The pipe is closed before the answer: who reads it to its end then has the answer next. */
static void answer_transfer(struct transfer *t)
{
	AUTO(buf_free) struct buf out = buf_new(WIRE_MAX_BODY);
	enum err result = t->kind->run(t, &out);
	enum err sent;

	file_close(&t->pipe);
	t->pipe = -1;
	if (result == OK) {
		sent = channel_send(&t->channel, t->kind->answer, t->call, buf_slice(&out), -1);
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
	for (size_t i = 0; i < t->kind->places; i++)
		if (s->running[t->kind->first + i] == t)
			s->running[t->kind->first + i] = NULL;
	pthread_mutex_unlock(&s->lock);
}

static enum err enter(struct serve *s, struct transfer *t)
{
	enum err result = failure(ERR_UNAVAILABLE, "busy: %zu are running; try again",
				  t->kind->places);

	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < t->kind->places && result != OK; i++)
		if (!s->running[t->kind->first + i]) {
			s->running[t->kind->first + i] = t;
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
	if (t->kind->has_pipe && t->pipe < 0)
		return failure(ERR_FORMAT, "a transfer without a pipe");
	buf_write(&t->body, frame->body);
	explicit_bzero((void *)(uintptr_t)frame->body.data, frame->body.size);
	TRY(buf_done(&t->body));
	TRY(t->kind->read(t, buf_slice(&t->body)));
	return channel_duplicate(&t->channel, from);
}

static enum err on_ask(struct serve *s, const struct kind *kind, const struct channel *from,
		       const struct frame *frame)
{
	struct transfer *t = calloc(1, sizeof *t);
	enum err result;

	assert(t);
	t->serve = s;
	t->kind = kind;
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
	for (size_t i = 0; i < sizeof s->running / sizeof s->running[0]; i++) {
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
		return on_ask(context, &get_kind, from, frame);
	if (frame->type == WIRE_COURIER_MAIL)
		return on_ask(context, &mail_kind, from, frame);
	if (frame->type == WIRE_COURIER_CALL)
		return on_ask(context, &call_kind, from, frame);
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

/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/proc/rpc.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "crypto/base/clock.h"
#include "crypto/base/file.h"
#include "gateway/proc/peers.h"
#include "schema/wire/control.h"

/* One frame that waits for its reader. */
struct answer {
	struct answer *next;
	struct rpc_reply reply;
};

/* One call under way; in rpc.calls until its reply has come, its peer is gone or it is freed. */
struct rpc_stream {
	struct rpc *rpc;
	enum role role;
	unsigned index;
	enum wire_type type;
	uint32_t call;
	pthread_cond_t changed;
	pthread_cond_t *bell; /* who waits: its own, or that of the first of several */
	struct answer *first;
	struct answer **last;
	unsigned queued;
	bool finished;    /* nothing more will come */
	enum err failure; /* why, once the queue is empty; OK after a reply */
};

struct rpc {
	struct process *process;
	pthread_t thread;
	int wake_fd; /* ends the thread */
	int stop_fd; /* rpc_stop_fd */
	struct channel_inbox *inbox;
	bool control_is_open; /* the thread's own */

	pthread_mutex_t lock; /* guards all below; only the thread changes peers */
	struct peers peers;
	struct rpc_stream *calls[RPC_MAX_CALLS]; /* at call % RPC_MAX_CALLS */
	uint32_t last_call;
};

static void *take_memory(size_t size)
{
	void *p = calloc(1, size);

	assert(p);
	return p;
}

/* --- the channel thread ----------------------------------------------------------------- */

static void finish(struct rpc *r, struct rpc_stream *s, enum err why)
{
	s->finished = true;
	s->failure = why;
	r->calls[s->call % RPC_MAX_CALLS] = NULL;
	pthread_cond_broadcast(s->bell);
}

static void fail_calls(struct rpc *r, const struct channel *peer)
{
	for (unsigned i = 0; i < RPC_MAX_CALLS; i++) {
		struct rpc_stream *s = r->calls[i];

		if (s && s->role == peer->peer && s->index == peer->index)
			finish(r, s, ERR_UNAVAILABLE);
	}
}

static void push(struct rpc *r, struct rpc_stream *s, const struct frame *frame)
{
	struct answer *a;

	if (s->queued >= RPC_MAX_QUEUED) {
		finish(r, s, ERR_LIMIT);
		return;
	}
	a = take_memory(sizeof *a);
	a->reply.type = frame->type;
	a->reply.body = buf_new(WIRE_MAX_BODY);
	buf_write(&a->reply.body, frame->body);
	*s->last = a;
	s->last = &a->next;
	s->queued++;
	if (wire_kind_of(frame->type) == WIRE_REPLY)
		finish(r, s, OK);
	else
		pthread_cond_broadcast(s->bell);
}

/* An answer nobody waits for any more is dropped; one of the wrong kind ends its call. */
static void deliver(struct rpc *r, const struct channel *from, const struct frame *frame)
{
	struct rpc_stream *s;

	pthread_mutex_lock(&r->lock);
	s = r->calls[frame->call % RPC_MAX_CALLS];
	if (s && s->call == frame->call && s->role == from->peer && s->index == from->index) {
		if (wire_answers(s->type, frame->type))
			push(r, s, frame);
		else
			finish(r, s, ERR_DENIED);
	}
	pthread_mutex_unlock(&r->lock);
	file_close(&frame->fd);
}

static void drop_peer(struct rpc *r, struct peer *peer)
{
	pthread_mutex_lock(&r->lock);
	channel_close(&peer->channel);
	fail_calls(r, &peer->channel);
	pthread_mutex_unlock(&r->lock);
}

static void receive_from(struct rpc *r, struct peer *peer)
{
	struct frame frame;
	enum err result = channel_receive(&peer->channel, r->inbox, &frame, 0);

	if (result == OK)
		deliver(r, &peer->channel, &frame);
	if (result == OK || result == ERR_TIMEOUT)
		return;
	log_warn("peer.lost", "role=%s index=%u why=\"%s\"", role_name(peer->channel.peer),
		 peer->channel.index, failure_text());
	drop_peer(r, peer);
	if (result != ERR_CLOSED)
		process_refuse(r->process, &peer->channel);
}

static void say_stop(struct rpc *r)
{
	uint64_t one = 1;

	if (write(r->stop_fd, &one, sizeof one) < 0)
		log_error("rpc.stop", "the stop cannot be passed on");
}

static enum err apply_control(struct rpc *r, const struct frame *frame)
{
	struct peer *peer;
	enum err result;

	if (frame->type == WIRE_STOP) {
		say_stop(r);
		return OK;
	}
	pthread_mutex_lock(&r->lock);
	result = peers_apply(&r->peers, frame, &peer);
	if (result == OK)
		fail_calls(r, &peer->channel); /* calls to the one that was there before */
	pthread_mutex_unlock(&r->lock);
	return result;
}

/* True if there was something. */
static bool receive_control(struct rpc *r)
{
	struct frame frame;
	enum err result = channel_receive(process_control(r->process), r->inbox, &frame, 0);

	if (result == ERR_TIMEOUT)
		return false;
	if (result == OK)
		result = apply_control(r, &frame);
	if (result == OK)
		return true;
	log_error("supervisor.lost", "why=\"%s\"", failure_text());
	r->control_is_open = false;
	say_stop(r);
	return false;
}

enum { POLL_WAKE, POLL_CONTROL, POLL_PEERS, POLL_MAX = POLL_PEERS + ROLE_COUNT * ROLE_MAX_INDEX };

static size_t list_peers(struct rpc *r, struct pollfd *polled, struct peer **peers)
{
	size_t count = POLL_PEERS;

	for (unsigned role = 0; role < ROLE_COUNT; role++)
		for (unsigned i = 0; i < ROLE_MAX_INDEX; i++) {
			struct peer *peer = &r->peers.table[role][i];

			if (peer->channel.fd < 0)
				continue;
			peers[count] = peer;
			polled[count++] = (struct pollfd){.fd = peer->channel.fd, .events = POLLIN};
		}
	return count;
}

static void *run(void *context)
{
	struct rpc *r = context;
	struct pollfd polled[POLL_MAX];
	struct peer *peers[POLL_MAX];

	for (;;) {
		size_t count = list_peers(r, polled, peers);

		polled[POLL_WAKE] = (struct pollfd){.fd = r->wake_fd, .events = POLLIN};
		polled[POLL_CONTROL] = (struct pollfd){
			.fd = r->control_is_open ? process_control(r->process)->fd : -1,
			.events = POLLIN};
		if (poll(polled, count, -1) < 0)
			continue;
		if (polled[POLL_WAKE].revents)
			return NULL;
		for (size_t i = POLL_PEERS; i < count; i++)
			if (polled[i].revents)
				receive_from(r, peers[i]);
		if (polled[POLL_CONTROL].revents)
			(void)receive_control(r);
	}
}

/* --- life ------------------------------------------------------------------------------- */

static void release(struct rpc *r)
{
	file_close(&r->wake_fd);
	file_close(&r->stop_fd);
	peers_clear(&r->peers);
	pthread_mutex_destroy(&r->lock);
	free(r->inbox);
	free(r);
}

enum err rpc_start(struct rpc **out, struct process *p)
{
	struct rpc *r = take_memory(sizeof *r);
	int error;

	r->process = p;
	r->inbox = take_memory(sizeof *r->inbox);
	r->control_is_open = true;
	r->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	peers_init(&r->peers, process_role(p));
	pthread_mutex_init(&r->lock, NULL);
	if (r->wake_fd < 0 || r->stop_fd < 0) {
		release(r);
		return failure_errno("rpc: no eventfd");
	}
	while (receive_control(r)) /* peers that are there already can be called at once */
		;
	error = pthread_create(&r->thread, NULL, run, r);
	if (error != 0) {
		release(r);
		errno = error;
		return failure_errno("rpc: no thread");
	}
	*out = r;
	return OK;
}

void rpc_free(struct rpc *r)
{
	uint64_t one = 1;

	if (!r)
		return;
	if (write(r->wake_fd, &one, sizeof one) == (ssize_t)sizeof one)
		pthread_join(r->thread, NULL);
	release(r);
}

int rpc_stop_fd(const struct rpc *r)
{
	return r->stop_fd;
}

uint32_t rpc_generation(struct rpc *r, enum role role, unsigned index)
{
	const struct peer *peer;
	uint32_t generation;

	pthread_mutex_lock(&r->lock);
	peer = peers_find(&r->peers, role, index);
	generation = peer ? peer->generation : 0;
	pthread_mutex_unlock(&r->lock);
	return generation;
}

/* --- calls ------------------------------------------------------------------------------ */

void rpc_reply_clear(struct rpc_reply *r)
{
	buf_free(&r->body);
	*r = (struct rpc_reply){0};
}

/* The descriptor is duplicated, since the thread may close the peer's own at any time. */
static enum err borrow_channel(struct rpc *r, enum role role, unsigned index, struct channel *out)
{
	const struct peer *peer = peers_find(&r->peers, role, index);

	if (!peer)
		return failure(ERR_UNAVAILABLE, "the %s is away, try again", role_name(role));
	return channel_duplicate(out, &peer->channel);
}

static enum err enlist(struct rpc *r, struct rpc_stream *s)
{
	for (unsigned i = 0; i < RPC_MAX_CALLS; i++) {
		uint32_t call = ++r->last_call;

		if (call == 0 || r->calls[call % RPC_MAX_CALLS])
			continue;
		s->call = call;
		r->calls[call % RPC_MAX_CALLS] = s;
		return OK;
	}
	return failure(ERR_LIMIT, "more than %d calls are under way", RPC_MAX_CALLS);
}

static struct rpc_stream *stream_new(struct rpc *r, enum role role, unsigned index,
				     enum wire_type type)
{
	struct rpc_stream *s = take_memory(sizeof *s);
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&s->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	s->bell = &s->changed;
	s->rpc = r;
	s->role = role;
	s->index = index;
	s->type = type;
	s->last = &s->first;
	return s;
}

void rpc_stream_free(struct rpc_stream *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->rpc->lock);
	if (s->call && s->rpc->calls[s->call % RPC_MAX_CALLS] == s)
		s->rpc->calls[s->call % RPC_MAX_CALLS] = NULL;
	pthread_mutex_unlock(&s->rpc->lock);
	while (s->first) {
		struct answer *a = s->first;

		s->first = a->next;
		rpc_reply_clear(&a->reply);
		free(a);
	}
	pthread_cond_destroy(&s->changed);
	free(s);
}

/* A peer that went away while we sent to it is away, whatever the error was called. */
static enum err send_over(struct channel *c, enum wire_type type, uint32_t call, struct slice body,
			  int fd)
{
	enum err result = channel_send(c, type, call, body, fd);

	channel_close(c);
	if (result == ERR_CLOSED)
		return failure(ERR_UNAVAILABLE, "the %s is away, try again", role_name(c->peer));
	return result;
}

enum err rpc_open_stream(struct rpc_stream **out, struct rpc *r, enum role role, unsigned index,
			 enum wire_type type, struct slice body, int fd)
{
	AUTO(rpc_stream_auto) struct rpc_stream *s = stream_new(r, role, index, type);
	struct channel channel = {.fd = -1};
	enum err result;

	pthread_mutex_lock(&r->lock);
	result = borrow_channel(r, role, index, &channel);
	if (result == OK)
		result = enlist(r, s);
	pthread_mutex_unlock(&r->lock);
	if (result != OK) {
		channel_close(&channel);
		return result;
	}
	TRY(send_over(&channel, type, s->call, body, fd));
	*out = s;
	s = NULL;
	return OK;
}

enum err rpc_note(struct rpc *r, enum role role, unsigned index, enum wire_type type,
		  struct slice body)
{
	struct channel channel = {.fd = -1};
	enum err result;

	pthread_mutex_lock(&r->lock);
	result = borrow_channel(r, role, index, &channel);
	pthread_mutex_unlock(&r->lock);
	TRY(result);
	return send_over(&channel, type, 0, body, -1);
}

uint32_t rpc_stream_call(const struct rpc_stream *s)
{
	return s->call;
}

static enum err say_why(const struct rpc_stream *s)
{
	const char *role = role_name(s->role);

	if (s->failure == ERR_UNAVAILABLE)
		return failure(ERR_UNAVAILABLE, "the %s went away, try again", role);
	if (s->failure == ERR_LIMIT)
		return failure(ERR_LIMIT, "the reader is %d messages behind", RPC_MAX_QUEUED);
	if (s->failure == ERR_DENIED)
		return failure(ERR_DENIED, "the %s gave a wrong answer to %s", role,
			       wire_name(s->type));
	return failure(ERR_CLOSED, "%s was answered already", wire_name(s->type));
}

static struct timespec deadline_of(int timeout_ms)
{
	int64_t at = clock_monotonic_ms() + timeout_ms;

	return (struct timespec){.tv_sec = at / 1000, .tv_nsec = at % 1000 * 1000000};
}

/* With the lock held, and something there: an answer, or why there is none. */
static enum err take_answer(struct rpc_stream *s, struct answer **out)
{
	if (!s->first)
		return say_why(s);
	*out = s->first;
	s->first = s->first->next;
	if (!s->first)
		s->last = &s->first;
	s->queued--;
	return OK;
}

/* The first with something, behind the place `after`; `count` if there is none. */
static unsigned find_ready(struct rpc_stream *const *streams, unsigned count, unsigned after)
{
	for (unsigned i = 1; i <= count; i++) {
		const struct rpc_stream *s = streams[(after + i) % count];

		if (s && (s->first || s->finished))
			return (after + i) % count;
	}
	return count;
}

/* All ring here, or each at its own again. */
static void hang_bells(struct rpc_stream *const *streams, unsigned count, pthread_cond_t *bell)
{
	for (unsigned i = 0; i < count; i++)
		if (streams[i])
			streams[i]->bell = bell ? bell : &streams[i]->changed;
}

static struct rpc_stream *any_of(struct rpc_stream *const *streams, unsigned count)
{
	unsigned i = 0;

	while (i < count && !streams[i])
		i++;
	assert(i < count);
	return streams[i];
}

/* With the lock held: waits for one of them. */
static enum err await_any(struct rpc_stream *const *streams, unsigned count, unsigned *which,
			  int timeout_ms)
{
	struct timespec deadline = deadline_of(timeout_ms);
	struct rpc_stream *s = any_of(streams, count);
	unsigned ready;
	int error = 0;

	hang_bells(streams, count, &s->changed);
	while ((ready = find_ready(streams, count, *which)) == count && error != ETIMEDOUT)
		error = timeout_ms < 0
				? pthread_cond_wait(&s->changed, &s->rpc->lock)
				: pthread_cond_timedwait(&s->changed, &s->rpc->lock, &deadline);
	hang_bells(streams, count, NULL);
	if (ready == count)
		return failure(ERR_TIMEOUT, "%s: the %s took longer than %d ms", wire_name(s->type),
			       role_name(s->role), timeout_ms);
	*which = ready;
	return OK;
}

static enum err read_fail(struct rpc_reply *reply)
{
	struct wire_fail fail;

	TRY(wire_read_fail(&fail, buf_slice(&reply->body)));
	snprintf(reply->code, sizeof reply->code, "%.*s", SLICE_PRINT(fail.code));
	return failure(fail.kind, "%.*s", SLICE_PRINT(fail.text));
}

enum err rpc_next_of(struct rpc_stream *const *streams, unsigned count, unsigned *which,
		     struct rpc_reply *out, int timeout_ms)
{
	struct answer *a = NULL;
	struct rpc *r = any_of(streams, count)->rpc;
	enum err result;

	*out = (struct rpc_reply){0};
	pthread_mutex_lock(&r->lock);
	result = await_any(streams, count, which, timeout_ms);
	if (result == OK)
		result = take_answer(streams[*which], &a);
	pthread_mutex_unlock(&r->lock);
	TRY(result);
	*out = a->reply;
	free(a);
	return out->type == WIRE_FAIL ? read_fail(out) : OK;
}

enum err rpc_next(struct rpc_stream *s, struct rpc_reply *out, int timeout_ms)
{
	unsigned which = 0;

	return rpc_next_of(&s, 1, &which, out, timeout_ms);
}

enum err rpc_call(struct rpc *r, enum role role, unsigned index, enum wire_type type,
		  struct slice body, int fd, struct rpc_reply *out, int timeout_ms)
{
	AUTO(rpc_stream_auto) struct rpc_stream *s = NULL;

	*out = (struct rpc_reply){0};
	TRY(rpc_open_stream(&s, r, role, index, type, body, fd));
	TRY(rpc_next(s, out, timeout_ms));
	if (wire_kind_of(out->type) == WIRE_PART)
		return failure(ERR_DENIED, "%s has answers in parts: use a stream",
			       wire_name(type));
	return OK;
}

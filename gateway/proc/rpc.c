/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that receives, and the life of an rpc. What callers do is rpc_call.c. */
#include "gateway/proc/rpc.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "gateway/proc/rpc_parts.h"
#include "schema/wire/control.h"

void *rpc_memory(size_t size)
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

	if (s->queued >= RPC_MAX_QUEUED || s->queued_bytes > RPC_MAX_QUEUED_BYTES) {
		finish(r, s, ERR_LIMIT);
		return;
	}
	a = rpc_memory(sizeof *a);
	a->reply.type = frame->type;
	a->reply.body = buf_new(WIRE_MAX_BODY);
	buf_write(&a->reply.body, frame->body);
	*s->last = a;
	s->last = &a->next;
	s->queued++;
	s->queued_bytes += a->reply.body.size;
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
	struct rpc *r = rpc_memory(sizeof *r);
	int error;

	r->process = p;
	r->inbox = rpc_memory(sizeof *r->inbox);
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

/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/proc/loop.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "crypto/base/clock.h"
#include "crypto/base/file.h"
#include "schema/wire/control.h"

enum {
	LOOP_MAX_DEPTH = 4, /* a handler may wait for the keeper, whose frame has a handler */
	LOOP_MAX_POLL = 1 + ROLE_COUNT * ROLE_MAX_INDEX + LOOP_MAX_WATCHES,
};

struct watch {
	int fd; /* -1: free */
	loop_event_fn *readable;
	void *context;
};

struct loop {
	struct process *process;
	struct loop_handlers handlers;
	loop_cores_fn *cores; /* may be NULL */
	struct peers peers;
	struct watch watches[LOOP_MAX_WATCHES];
	struct channel_inbox *inboxes[LOOP_MAX_DEPTH]; /* one for each frame being handled */
	struct channel_inbox *reply;                   /* what loop_call gave away last */
	unsigned depth;
	uint32_t last_call;
	int64_t wake_at; /* -1: never */
	bool stopped;
	bool in_call;
};

enum err loop_new(struct loop **out, struct process *p, const struct loop_handlers *handlers)
{
	struct loop *l = calloc(1, sizeof *l);

	assert(l);
	l->process = p;
	l->handlers = *handlers;
	l->wake_at = -1;
	peers_init(&l->peers, process_role(p));
	for (unsigned i = 0; i < LOOP_MAX_WATCHES; i++)
		l->watches[i].fd = -1;
	for (unsigned i = 0; i < LOOP_MAX_DEPTH; i++) {
		l->inboxes[i] = malloc(sizeof *l->inboxes[i]);
		assert(l->inboxes[i]);
	}
	l->reply = malloc(sizeof *l->reply);
	assert(l->reply);
	*out = l;
	return OK;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	peers_clear(&l->peers);
	for (unsigned i = 0; i < LOOP_MAX_DEPTH; i++)
		free(l->inboxes[i]);
	free(l->reply);
	free(l);
}

static void tell(struct loop *l, const struct peer *peer, bool joined)
{
	if (l->handlers.peer)
		l->handlers.peer(l->handlers.context, &peer->channel, joined);
}

static void drop(struct loop *l, struct peer *peer)
{
	log_debug("peer.gone", "role=%s index=%u", role_name(peer->channel.peer),
		  peer->channel.index);
	channel_close(&peer->channel);
	tell(l, peer, false);
}

/* It broke a rule, and is not to be trusted any more. */
static void refuse(struct loop *l, struct peer *peer)
{
	log_warn("peer.refused", "role=%s index=%u why=\"%s\"", role_name(peer->channel.peer),
		 peer->channel.index, failure_text());
	drop(l, peer);
	process_refuse(l->process, &peer->channel);
}

static void run_handler(struct loop *l, const struct channel *from, const struct frame *frame)
{
	enum wire_kind kind = wire_kind_of(frame->type);
	enum err result;

	if (kind == WIRE_REPLY || kind == WIRE_PART) {
		int fd = frame->fd;

		file_close(&fd); /* an answer that came after its time */
		return;
	}
	result = l->handlers.frame(l->handlers.context, from, frame);
	if (result == OK)
		return;
	if (kind != WIRE_CALL) {
		log_warn("message.failed", "type=%s from=%s why=\"%s\"", wire_name(frame->type),
			 role_name(from->peer), failure_text());
		return;
	}
	/* Its text is for who asked: what a chat template refuses quotes the conversation. */
	log_debug("call.failed", "type=%s from=%s kind=%s", wire_name(frame->type),
		  role_name(from->peer), err_name(result));
	if (channel_send_fail(from, frame->call, result, "") != OK)
		log_warn("reply.lost", "type=%s to=%s", wire_name(frame->type),
			 role_name(from->peer));
}

/* One frame of this peer. ERR_TIMEOUT: there was none. ERR_CLOSED: the peer is gone, or broke a
 * rule and has no channel any more. */
static enum err handle_one(struct loop *l, struct peer *peer, int timeout_ms)
{
	struct frame frame;
	enum err result;

	if (peer->channel.fd < 0)
		return failure(ERR_CLOSED, "the %s is away", role_name(peer->channel.peer));
	assert(l->depth < LOOP_MAX_DEPTH);
	result = channel_receive(&peer->channel, l->inboxes[l->depth], &frame, timeout_ms);
	if (result == ERR_TIMEOUT)
		return result;
	if (result == ERR_CLOSED)
		drop(l, peer);
	else if (result != OK)
		refuse(l, peer);
	if (result != OK)
		return ERR_CLOSED;
	l->depth++;
	run_handler(l, &peer->channel, &frame);
	l->depth--;
	return OK;
}

static void take_cores(const struct loop *l, struct slice body)
{
	struct wire_cores cores;

	if (wire_read_cores(&cores, body) == OK && cores.count > 0 && l->cores)
		l->cores(l->handlers.context, cores.first, cores.count);
}

static enum err handle_control(struct loop *l)
{
	struct frame frame;
	struct peer *peer;

	for (;;) {
		enum err result = channel_receive(process_control(l->process), l->inboxes[l->depth],
						  &frame, 0);

		if (result == ERR_TIMEOUT)
			return OK;
		TRY(result);
		if (frame.type == WIRE_STOP) {
			l->stopped = true;
			return failure(ERR_CLOSED, "stopped by the supervisor");
		}
		if (frame.type == WIRE_CORES) {
			take_cores(l, frame.body);
			continue;
		}
		TRY(peers_apply(&l->peers, &frame, &peer));
		tell(l, peer, frame.type == WIRE_PEER);
	}
}

static void empty_keeper(struct loop *l)
{
	struct peer *keeper = peers_find(&l->peers, ROLE_KEEPER, 0);

	while (keeper && keeper->channel.fd >= 0 && handle_one(l, keeper, 0) == OK)
		;
}

/* One frame each, so that a busy peer does not starve the rest. */
static void handle_peers(struct loop *l)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		for (unsigned i = 0; i < ROLE_MAX_INDEX; i++) {
			if (role == ROLE_KEEPER || l->peers.table[role][i].channel.fd < 0)
				continue;
			empty_keeper(l);
			if (handle_one(l, &l->peers.table[role][i], 0) == ERR_IO)
				log_warn("peer.failed", "why=\"%s\"", failure_text());
		}
	empty_keeper(l);
}

static void run_watches(struct loop *l, const struct pollfd *polled, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (unsigned w = 0; w < LOOP_MAX_WATCHES; w++)
			if (polled[i].revents && l->watches[w].fd == polled[i].fd)
				l->watches[w].readable(l->watches[w].context);
}

static void run_timer(struct loop *l)
{
	if (l->wake_at < 0 || clock_monotonic_ms() < l->wake_at)
		return;
	l->wake_at = -1;
	if (l->handlers.timer)
		l->handlers.timer(l->handlers.context);
}

static int wait_ms(const struct loop *l, int timeout_ms)
{
	int64_t left;

	if (l->wake_at < 0)
		return timeout_ms;
	left = l->wake_at - clock_monotonic_ms();
	if (left < 0)
		left = 0;
	return timeout_ms >= 0 && timeout_ms < left ? timeout_ms : (int)left;
}

static size_t list_descriptors(const struct loop *l, struct pollfd *out, size_t *first_watch)
{
	size_t count = 0;

	out[count++] = (struct pollfd){.fd = process_control(l->process)->fd, .events = POLLIN};
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		for (unsigned i = 0; i < ROLE_MAX_INDEX; i++)
			if (l->peers.table[role][i].channel.fd >= 0)
				out[count++] = (struct pollfd){
					.fd = l->peers.table[role][i].channel.fd, .events = POLLIN};
	*first_watch = count;
	for (unsigned i = 0; i < LOOP_MAX_WATCHES; i++)
		if (l->watches[i].fd >= 0)
			out[count++] = (struct pollfd){.fd = l->watches[i].fd, .events = POLLIN};
	return count;
}

enum err loop_step(struct loop *l, int timeout_ms)
{
	struct pollfd polled[LOOP_MAX_POLL];
	size_t first_watch;
	size_t count;

	if (l->stopped)
		return failure(ERR_CLOSED, "stopped by the supervisor");
	count = list_descriptors(l, polled, &first_watch);
	if (poll(polled, count, wait_ms(l, timeout_ms)) < 0 && errno != EINTR)
		return failure_errno("loop: cannot wait");
	TRY(handle_control(l));
	handle_peers(l);
	run_watches(l, polled + first_watch, count - first_watch);
	run_timer(l);
	return OK;
}

enum err loop_run(struct loop *l)
{
	for (;;) {
		enum err result = loop_step(l, CHANNEL_FOREVER);

		if (l->stopped)
			return OK;
		TRY(result);
	}
}

enum err loop_hear_supervisor(struct loop *l)
{
	return handle_control(l);
}

void loop_on_cores(struct loop *l, loop_cores_fn *cores)
{
	l->cores = cores;
}

void loop_wake_at(struct loop *l, int64_t monotonic_ms)
{
	l->wake_at = monotonic_ms;
}

void loop_watch(struct loop *l, int fd, loop_event_fn *readable, void *context)
{
	unsigned i = 0;

	while (i < LOOP_MAX_WATCHES && l->watches[i].fd >= 0)
		i++;
	assert(i < LOOP_MAX_WATCHES);
	l->watches[i] = (struct watch){fd, readable, context};
}

void loop_unwatch(struct loop *l, int fd)
{
	for (unsigned i = 0; i < LOOP_MAX_WATCHES; i++)
		if (l->watches[i].fd == fd)
			l->watches[i].fd = -1;
}

const struct channel *loop_peer(struct loop *l, enum role role, unsigned index)
{
	const struct peer *peer = peers_find(&l->peers, role, index);

	return peer ? &peer->channel : NULL;
}

/* Frames until the answer to `call` lies in l->reply. */
static enum err await_answer(struct loop *l, struct peer *peer, uint32_t call, struct frame *out,
			     int64_t deadline)
{
	for (;;) {
		int64_t left = deadline - clock_monotonic_ms();

		TRY(channel_receive(&peer->channel, l->reply, out, left > 0 ? (int)left : 0));
		if (wire_kind_of(out->type) == WIRE_REPLY && out->call == call)
			return OK;
		run_handler(l, &peer->channel, out);
	}
}

static enum err read_answer(enum wire_type type, const struct frame *answer)
{
	struct wire_fail fail;

	if (!wire_answers(type, answer->type))
		return failure(ERR_DENIED, "%s was answered by %s", wire_name(type),
			       wire_name(answer->type));
	if (answer->type != WIRE_FAIL)
		return OK;
	TRY(wire_read_fail(&fail, answer->body));
	return failure(fail.kind, "%.*s", SLICE_PRINT(fail.text));
}

enum err loop_call(struct loop *l, enum role role, unsigned index, enum wire_type type,
		   struct slice body, struct frame *out, int timeout_ms)
{
	struct peer *peer = peers_find(&l->peers, role, index);
	int64_t deadline = clock_monotonic_ms() + timeout_ms;
	enum err result;

	if (!peer)
		return failure(ERR_UNAVAILABLE, "the %s is away", role_name(role));
	assert(!l->in_call);
	if (++l->last_call == 0)
		l->last_call = 1;
	result = channel_send(&peer->channel, type, l->last_call, body, -1);
	if (result == OK) {
		l->in_call = true;
		result = await_answer(l, peer, l->last_call, out, deadline);
		l->in_call = false;
	}
	if (result == OK)
		return read_answer(type, out);
	if (result == ERR_TIMEOUT || result == ERR_LIMIT || result == ERR_INTERNAL)
		return result;
	if (result == ERR_CLOSED)
		drop(l, peer);
	else
		refuse(l, peer);
	return failure(ERR_UNAVAILABLE, "the %s went away", role_name(role));
}

enum err loop_handle_from(struct loop *l, enum role role, unsigned index, int timeout_ms)
{
	struct peer *peer = peers_find(&l->peers, role, index);

	if (!peer)
		return failure(ERR_UNAVAILABLE, "the %s is away", role_name(role));
	return handle_one(l, peer, timeout_ms);
}

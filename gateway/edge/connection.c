/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/edge/connection.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "crypto/base/file.h"
#include "crypto/base/log.h"
#include "gateway/edge/h2.h"
#include "gateway/edge/ring.h"

/*
 *   HANDSHAKE --> HEAD --> BODY -----> WORKING <--> PUMPING    (BODY_STREAM: body into a pipe)
 *                  ^  \_____________/^    |
 *                  |                      v
 *                 IDLE <----------- ANSWERING --> FEEDING      (answer from a ring)
 *                                     |  ^___________/
 *                                     v
 *                                   LINGER --> CLOSED          (any state may go to CLOSED)
 *
 * A connection of HTTP/2 goes from HANDSHAKE to H2, where it stays till LINGER.
 * An answer that the loop makes itself (400, 404, 408 ...) goes from HEAD or BODY to ANSWERING.
 */
enum deadline { NO_DEADLINE, HEAD_DEADLINE, IDLE_DEADLINE, PROGRESS_DEADLINE, LINGER_DEADLINE };

static enum step step_closed(struct connection *c)
{
	(void)c;
	return STEP_WAIT;
}

/* clang-format off */
static const struct {
	const char *name;
	enum step (*step)(struct connection *c);
	enum deadline deadline;
	void (*expire)(struct connection *c);
} states[] = {
	[STATE_HANDSHAKE] = {"handshake", step_handshake, HEAD_DEADLINE,     connection_close},
	[STATE_IDLE]      = {"idle",      step_idle,      IDLE_DEADLINE,     connection_close},
	[STATE_HEAD]      = {"head",      step_head,      HEAD_DEADLINE,     expire_head},
	[STATE_BODY]      = {"body",      step_body,      PROGRESS_DEADLINE, expire_body},
	[STATE_WORKING]   = {"working",   step_working,   NO_DEADLINE,       connection_close},
	[STATE_PUMPING]   = {"pumping",   step_pumping,   PROGRESS_DEADLINE, expire_pumping},
	[STATE_ANSWERING] = {"answering", step_answering, PROGRESS_DEADLINE, connection_reset},
	[STATE_FEEDING]   = {"feeding",   step_feeding,   PROGRESS_DEADLINE, connection_reset},
	[STATE_H2]        = {"h2",        step_h2,        NO_DEADLINE,       expire_h2},
	[STATE_LINGER]    = {"linger",    step_linger,    LINGER_DEADLINE,   connection_close},
	[STATE_CLOSED]    = {"closed",    step_closed,    NO_DEADLINE,       connection_close},
};
/* clang-format on */

static int64_t deadline_of(const struct connection *c, enum deadline deadline)
{
	const struct edge_options *options = &c->loop->shared->options;

	switch (deadline) {
	case NO_DEADLINE:
		return 0;
	case HEAD_DEADLINE:
		return c->loop->now_ms + options->head_ms;
	case IDLE_DEADLINE:
		return c->loop->now_ms + options->idle_ms;
	case PROGRESS_DEADLINE:
		return c->loop->now_ms + options->progress_ms;
	case LINGER_DEADLINE:
		return c->loop->now_ms +
		       (options->progress_ms < 2000 ? options->progress_ms : 2000);
	}
	return 0;
}

static void set_deadline(struct connection *c, int64_t deadline_ms)
{
	c->deadline_ms = deadline_ms;
	c->progress = 0;
	if (deadline_ms && deadline_ms < c->loop->next_sweep_ms)
		c->loop->next_sweep_ms = deadline_ms;
}

void connection_enter(struct connection *c, enum connection_state state)
{
	c->state = state;
	set_deadline(c, deadline_of(c, states[state].deadline));
	if (state == STATE_IDLE || state == STATE_HEAD)
		c->scan = (struct http_scan){.seen = 0};
	if (state == STATE_IDLE) { /* hold little while nothing happens */
		if (c->sending.capacity > CONNECTION_MAX_IDLE)
			buf_free(&c->sending);
		if (c->input.size == 0 && c->input.capacity > CONNECTION_MAX_IDLE)
			buf_free(&c->input);
	}
}

/* A trickle is no progress: the deadline moves once for every few KiB. */
void connection_progress(struct connection *c, size_t bytes)
{
	c->progress += bytes;
	if (c->progress >= CONNECTION_PROGRESS || c->deadline_ms == 0)
		set_deadline(c, deadline_of(c, PROGRESS_DEADLINE));
}

struct connection *connection_new(struct loop *loop, int fd, const char *address)
{
	struct connection *c = calloc(1, sizeof *c);
	struct epoll_event event = {.events = 0};

	assert(c);
	*c = (struct connection){.loop = loop, .fd = fd};
	stream_init(&c->stream, &h1_stream_kind, c);
	c->input = buf_new(CONNECTION_MAX_INPUT + CONNECTION_READ);
	c->sending = buf_new(EXCHANGE_MAX_OUT);
	c->socket_watch = (struct watch){.kind = WATCH_SOCKET, .connection = c};
	snprintf(c->address, sizeof c->address, "%s", address);
	c->tls = tls_new(loop->tls, fd);
	event.data.ptr = &c->socket_watch;
	if (!c->tls || epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
		tls_free(c->tls);
		file_close(&fd);
		free(c);
		return NULL;
	}
	c->next = loop->connections;
	if (c->next)
		c->next->previous = c;
	loop->connections = c;
	loop->connection_count++;
	connection_enter(c, STATE_HANDSHAKE);
	return c;
}

static uint32_t wanted_events(const struct connection *c)
{
	return (c->wants_read ? EPOLLIN : 0u) | (c->wants_write ? EPOLLOUT : 0u) |
	       (c->wants_hangup ? EPOLLRDHUP : 0u);
}

static void arm(struct connection *c, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = &c->socket_watch};

	if (events == c->armed)
		return;
	c->armed = events;
	if (epoll_ctl(c->loop->epoll_fd, EPOLL_CTL_MOD, c->fd, &event) < 0)
		connection_close(c);
}

/* Reading and hanging up are wanted in turn by each request. Both stay armed: what comes of it
 * unwanted is rare, and then disarmed. */
static void arm_lazily(struct connection *c)
{
	const uint32_t lazy = EPOLLIN | EPOLLRDHUP;
	uint32_t wanted = wanted_events(c);

	if ((wanted & ~c->armed) || (c->armed & ~wanted & ~lazy))
		arm(c, wanted | (c->armed & lazy));
}

void connection_rearm(struct connection *c)
{
	if (c->state != STATE_CLOSED)
		arm(c, wanted_events(c));
}

/* What TLS itself has to say (handshake, tickets, alerts) leaves here. */
static void flush_rest(struct connection *c)
{
	size_t sent;

	if (c->state == STATE_CLOSED || tls_pending(c->tls) == 0)
		return;
	switch (tls_flush(c->tls, &sent)) {
	case TLS_OK:
		break;
	case TLS_AGAIN:
		c->wants_write = true;
		break;
	case TLS_CLOSED:
		connection_close(c);
		break;
	}
}

void connection_service(struct connection *c)
{
	enum step step;

	do {
		c->wants_read = c->wants_write = c->wants_hangup = false;
		step = states[c->state].step(c);
	} while (step == STEP_AGAIN);
	flush_rest(c);
	if (c->state == STATE_CLOSED)
		return;
	if (step == STEP_YIELD && !c->has_yielded) {
		c->has_yielded = true;
		c->next_other = c->loop->yielded;
		c->loop->yielded = c;
	}
	arm_lazily(c);
}

void connection_expire(struct connection *c)
{
	log_debug("connection.expired", "client=%s state=%s", c->address, states[c->state].name);
	states[c->state].expire(c);
	connection_service(c);
}

void connection_retire(struct loop *loop, struct exchange *x)
{
	x->is_retired = true;
	loop->body_memory -= x->body.limit;
	if (x->has_file)
		ring_close_transfer(loop, &x->file);
	if (!x->done) {
		exchange_free(x);
		return;
	}
	x->is_done_job = true;
	workers_submit(loop->workers, x);
}

void connection_close(struct connection *c)
{
	struct loop *loop = c->loop;

	if (c->state == STATE_CLOSED)
		return;
	stream_let_go(&c->stream);
	h2_free(c->h2);
	c->h2 = NULL;
	tls_free(c->tls);
	file_close(&c->fd); /* leaves epoll with it */
	buf_free(&c->input);
	buf_free(&c->sending);
	if (c->next)
		c->next->previous = c->previous;
	if (c->previous)
		c->previous->next = c->next;
	else
		loop->connections = c->next;
	loop->connection_count--;
	c->state = STATE_CLOSED;
	c->deadline_ms = 0;
	c->next = loop->closed;
	loop->closed = c;
}

void connection_reset(struct connection *c)
{
	const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	if (c->state == STATE_CLOSED)
		return;
	(void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	connection_close(c);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * send.c - the steps that give an answer out: from the worker's buffer, from a pipe, and the
 * slow good-bye that lets a client read its answer although it was still sending.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/base/log.h"
#include "gateway/edge/connection.h"

void connection_continue(struct connection *c)
{
	if (c->exchange->request.expects_continue && c->input.size == 0 &&
	    tls_write(c->tls, S("HTTP/1.1 100 Continue\r\n\r\n")) == TLS_CLOSED)
		connection_close(c);
}

/* Both sides have let go: it was never given to a worker. */
static void drop_exchange(struct connection *c)
{
	struct exchange *x = c->exchange;

	c->exchange = NULL;
	if (x)
		connection_retire(c->loop, x);
}

/* Refusals of the loop itself (malformed, no such route, too large) make no entry anywhere. */
static void count_refusal(struct loop *loop)
{
	loop->refused++;
	if (loop->now_ms < loop->refused_due_ms)
		return;
	log_info("edge.refused", "count=%u", loop->refused);
	loop->refused = 0;
	loop->refused_due_ms = loop->now_ms + CONNECTION_REFUSED_MS;
}

void connection_refuse(struct connection *c, unsigned status, const char *reason, bool closes)
{
	const struct edge_options *options = &c->loop->shared->options;
	const struct exchange *x = c->exchange;
	bool is_parsed = x && x->request.segments;
	AUTO(buf_free) struct buf body = buf_new(EXCHANGE_MAX_HEADERS);
	AUTO(buf_free) struct buf headers = buf_new(EXCHANGE_MAX_HEADERS);
	struct answer_head head = {.status = status, .request_id = x ? x->request_id : NULL};

	options->problem(&body, status, reason, x ? x->request_id : "",
			 is_parsed ? x->request.path : S(""));
	if (status == 405)
		buf_printf(&headers, "Allow: %s\r\n", x->match.allow);
	if (status == 503)
		buf_write_string(&headers, "Retry-After: 1\r\n");
	head.content_type = options->problem_content_type;
	head.headers = buf_slice(&headers);
	head.length = body.size;
	head.closes = closes || !is_parsed || !x->request.keeps_alive || c->loop->drain_deadline_ms;
	c->closes = head.closes;
	if (answer_write_head(&c->sending, &head)) {
		connection_close(c);
		return;
	}
	if (!is_parsed || !slice_equal(x->request.method, S("HEAD")))
		buf_write(&c->sending, buf_slice(&body));
	count_refusal(c->loop);
	log_debug("connection.refused", "client=%s status=%u reason=%s", c->address, status,
		  reason);
	drop_exchange(c);
	connection_enter(c, STATE_ANSWERING);
}

enum step step_working(struct connection *c)
{
	struct exchange *x = c->exchange;
	bool has_output, wants_pump;

	pthread_mutex_lock(&x->lock);
	wants_pump = x->pump == PUMP_WANTED;
	has_output = x->out.size > 0 || x->is_aborted;
	pthread_mutex_unlock(&x->lock);
	if (wants_pump) {
		int flags = fcntl(x->pump_fd, F_GETFL);

		c->pump_ready = 0;
		connection_enter(c, STATE_PUMPING);
		if (flags < 0 || fcntl(x->pump_fd, F_SETFL, flags | O_NONBLOCK) < 0)
			pump_finish(c, ERR_IO);
		else
			connection_continue(c);
		return STEP_AGAIN;
	}
	if (has_output || x->is_finished) {
		c->closes = false;
		connection_enter(c, STATE_ANSWERING);
		return STEP_AGAIN;
	}
	c->wants_hangup = true;
	return STEP_WAIT;
}

/* Encrypt and send what is in c->sending. False: wait (or the connection is closed). */
static bool send_all(struct connection *c)
{
	while (c->sent < c->sending.size || tls_pending(c->tls)) {
		size_t pending = tls_pending(c->tls), moved = 0;
		size_t room = pending < TLS_GATHER ? TLS_GATHER - pending : 0;
		struct slice piece = slice_part(buf_slice(&c->sending), c->sent, room);
		enum tls_result result = tls_write(c->tls, piece);

		c->sent += piece.size;
		if (result == TLS_OK)
			result = tls_flush(c->tls, &moved);
		if (result == TLS_CLOSED) {
			connection_close(c);
			return false;
		}
		if (moved)
			connection_progress(c, moved);
		if (result == TLS_AGAIN) {
			if (c->deadline_ms == 0)
				connection_progress(c, CONNECTION_PROGRESS);
			c->wants_write = c->wants_hangup = true;
			return false;
		}
	}
	buf_reset(&c->sending);
	c->sent = 0;
	return true;
}

/* Swap the worker's full buffer for our empty one. */
static bool take_output(struct connection *c, bool *is_ended, bool *is_aborted)
{
	struct exchange *x = c->exchange;
	struct buf empty = c->sending;
	bool has_output;

	pthread_mutex_lock(&x->lock);
	has_output = x->out.size > 0;
	*is_ended = x->is_ended;
	*is_aborted = x->is_aborted;
	c->closes = x->closes;
	if (has_output) {
		c->sending = x->out;
		x->out = empty;
		pthread_cond_broadcast(&x->changed);
	}
	pthread_mutex_unlock(&x->lock);
	return has_output;
}

static enum step end_answer(struct connection *c)
{
	drop_exchange(c);
	if (!c->closes && !c->loop->drain_deadline_ms) {
		connection_enter(c, STATE_IDLE);
		return STEP_AGAIN;
	}
	tls_finish(c->tls);
	connection_enter(c, STATE_LINGER);
	return STEP_AGAIN;
}

enum step step_answering(struct connection *c)
{
	struct exchange *x = c->exchange;
	bool is_ended, is_aborted;

	if (!send_all(c))
		return STEP_WAIT;
	if (!x)
		return end_answer(c);
	if (take_output(c, &is_ended, &is_aborted) && !is_aborted)
		return STEP_AGAIN;
	if (is_aborted) {
		connection_reset(c);
		return STEP_WAIT;
	}
	if (!x->is_finished) {
		c->deadline_ms = 0; /* the worker's turn */
		c->wants_hangup = true;
		return STEP_WAIT;
	}
	if (!is_ended) {
		connection_reset(c);
		return STEP_WAIT;
	}
	if (x->pipe_fd < 0)
		return end_answer(c);
	(void)fcntl(x->pipe_fd, F_SETPIPE_SZ, TLS_GATHER); /* fewer turns; the default works too */
	c->pipe_left = x->pipe_length;
	connection_enter(c, STATE_PIPING);
	return STEP_AGAIN;
}

/* Read the pipe into TLS until enough is gathered. OK, ERR_CONFLICT: the pipe is empty for now,
 * ERR_CLOSED: it ended early, or TLS failed. */
static enum err gather(struct connection *c)
{
	uint8_t *scratch = c->loop->scratch;

	while (c->pipe_left && tls_pending(c->tls) < TLS_GATHER) {
		size_t wanted = c->pipe_left < LOOP_SCRATCH ? (size_t)c->pipe_left : LOOP_SCRATCH;
		ssize_t n = read(c->exchange->pipe_fd, scratch, wanted);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return ERR_CONFLICT;
		if (n <= 0 || tls_write(c->tls, slice_of(scratch, (size_t)n)) == TLS_CLOSED)
			return ERR_CLOSED;
		c->pipe_left -= (uint64_t)n;
	}
	return OK;
}

/* Plain bytes that left: what is still pending, counted as if it were plain, has not. */
static void count_sent(struct connection *c)
{
	uint64_t moved = c->exchange->pipe_length - c->pipe_left;
	uint64_t pending = tls_pending(c->tls);

	c->exchange->sent = moved > pending ? moved - pending : 0;
}

enum step step_piping(struct connection *c)
{
	enum err gathered = gather(c);
	enum tls_result result;
	size_t moved;

	if (gathered == ERR_CLOSED) {
		log_debug("connection.pipe", "client=%s bytes_missing=%llu", c->address,
			  (unsigned long long)c->pipe_left);
		connection_reset(c);
		return STEP_WAIT;
	}
	result = tls_flush(c->tls, &moved);
	count_sent(c);
	connection_progress(c, moved);
	if (result == TLS_CLOSED) {
		connection_close(c);
		return STEP_WAIT;
	}
	if (result == TLS_OK && c->pipe_left == 0) {
		connection_unwatch_pipe(c);
		return end_answer(c);
	}
	c->wants_hangup = true;
	if (result == TLS_OK && gathered == ERR_CONFLICT) {
		connection_watch_pipe(c, c->exchange->pipe_fd, EPOLLIN);
		return STEP_WAIT;
	}
	connection_unwatch_pipe(c);
	c->wants_write = true; /* at once, if there is room: after the others' turn */
	return STEP_WAIT;
}

/*
 * The answer and close_notify leave, our side is shut, and what the client still sends is thrown
 * away for a while: a close with unread input would be a reset, which can destroy the answer on
 * its way.
 */
enum step step_linger(struct connection *c)
{
	size_t moved;
	ssize_t n;

	switch (tls_flush(c->tls, &moved)) {
	case TLS_OK:
		(void)shutdown(c->fd, SHUT_WR);
		break;
	case TLS_AGAIN:
		c->wants_write = true;
		return STEP_WAIT;
	case TLS_CLOSED:
		connection_close(c);
		return STEP_WAIT;
	}
	for (size_t turn = 0; turn < CONNECTION_TURN; turn += (size_t)n) {
		n = recv(c->fd, c->loop->scratch, LOOP_SCRATCH, 0);
		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			c->wants_read = true;
			return STEP_WAIT;
		}
		if (n <= 0) {
			connection_close(c);
			return STEP_WAIT;
		}
	}
	c->wants_read = true;
	return STEP_WAIT;
}

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
	if (c->stream.exchange->request.expects_continue && c->input.size == 0 &&
	    tls_write(c->tls, S("HTTP/1.1 100 Continue\r\n\r\n")) == TLS_CLOSED)
		connection_close(c);
}

void connection_refuse(struct connection *c, unsigned status, const char *reason, bool closes)
{
	const struct http_refusal refusal = {.status = status, .reason = reason};
	const struct exchange *x = c->stream.exchange;
	bool is_parsed = x && x->request.segments;
	AUTO(buf_free) struct buf body = buf_new(EXCHANGE_MAX_HEADERS);
	AUTO(buf_free) struct buf headers = buf_new(EXCHANGE_MAX_HEADERS);
	struct answer_head head = stream_problem(&c->stream, &refusal, &body, &headers);

	c->closes = closes || !is_parsed || !x->request.keeps_alive || c->loop->drain_deadline_ms;
	if (answer_write_head(&c->sending, &head, (struct answer_wire){.closes = c->closes})) {
		connection_close(c);
		return;
	}
	if (!is_parsed || !stream_is_head(&c->stream))
		buf_write(&c->sending, buf_slice(&body));
	stream_drop(&c->stream);
	connection_enter(c, STATE_ANSWERING);
}

enum step step_working(struct connection *c)
{
	if (stream_wants_pump(&c->stream)) {
		c->pump_ready = 0;
		if (stream_pump_begin(&c->stream)) {
			stream_pump_finish(&c->stream, ERR_IO);
			return STEP_AGAIN;
		}
		connection_enter(c, STATE_PUMPING);
		connection_continue(c);
		return STEP_AGAIN;
	}
	if (stream_has_news(&c->stream)) {
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

static enum step end_answer(struct connection *c)
{
	stream_drop(&c->stream);
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
	struct exchange *x = c->stream.exchange;
	struct stream_output output;

	if (!send_all(c))
		return STEP_WAIT;
	if (!x)
		return end_answer(c);
	output = stream_take(&c->stream, NULL, &c->sending);
	c->closes = output.closes;
	if (output.has_bytes && !output.is_aborted)
		return STEP_AGAIN;
	if (output.is_aborted) {
		connection_reset(c);
		return STEP_WAIT;
	}
	if (!x->is_finished) {
		c->deadline_ms = 0; /* the worker's turn */
		c->wants_hangup = true;
		return STEP_WAIT;
	}
	if (!output.is_ended) {
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
		ssize_t n = read(c->stream.exchange->pipe_fd, scratch, wanted);

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
	struct exchange *x = c->stream.exchange;
	uint64_t moved = x->pipe_length - c->pipe_left;
	uint64_t pending = tls_pending(c->tls);

	x->sent = moved > pending ? moved - pending : 0;
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
		return end_answer(c);
	}
	c->wants_hangup = true;
	if (result == TLS_OK && gathered == ERR_CONFLICT) {
		if (stream_watch_pipe(&c->stream, c->stream.exchange->pipe_fd, EPOLLIN))
			connection_reset(c);
		return STEP_WAIT;
	}
	stream_unwatch_pipe(&c->stream);
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

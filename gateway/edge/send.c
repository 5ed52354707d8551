/* SPDX-License-Identifier: Apache-2.0 */
/*
 * send.c - the steps that give an answer out: from the worker's buffer, from a ring, and the
 * slow good-bye that lets a client read its answer although it was still sending.
 */
#include <errno.h>
#include <sys/socket.h>

#include "crypto/base/log.h"
#include "gateway/edge/connection.h"
#include "gateway/edge/ring.h"

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
	if (!x->is_finished && !output.is_over) {
		c->deadline_ms = 0; /* the worker's turn */
		c->wants_hangup = true;
		return STEP_WAIT;
	}
	if (!output.is_ended) {
		connection_reset(c);
		return STEP_WAIT;
	}
	if (!x->is_fed)
		return end_answer(c);
	if (!ring_attach(&c->stream)) {
		connection_reset(c);
		return STEP_WAIT;
	}
	c->is_slow = false;
	connection_enter(c, STATE_FEEDING);
	return STEP_AGAIN;
}

/* Encrypt what is ready. What a segment held is asked for behind it at once, so that the porter
 * opens the next while this one is encrypted. OK, or ERR_CLOSED: TLS failed, or the ring. */
static enum err gather(struct connection *c)
{
	size_t most = c->is_slow ? POOL_CHUNK : TLS_GATHER;
	struct slice ready;

	while (tls_pending(c->tls) < most && (ready = ring_bytes(&c->stream)).size) {
		ready = slice_part(ready, 0, most - tls_pending(c->tls));
		if (tls_write(c->tls, ready) == TLS_CLOSED)
			return ERR_CLOSED;
		ring_take(&c->stream, ready.size);
		if (!ring_ask(&c->stream))
			return ERR_CLOSED;
	}
	return OK;
}

/* What waits for the socket leaves first: a client that does not read gets nothing opened. */
static enum tls_result feed(struct connection *c)
{
	enum tls_result result;
	size_t rest, moved = 0;

	result = tls_flush(c->tls, &rest);
	if (result == TLS_OK) {
		if (!ring_ask(&c->stream) || gather(c))
			result = TLS_CLOSED;
		else
			result = tls_flush(c->tls, &moved);
	}
	c->is_slow = result == TLS_AGAIN;
	stream_count_sent(&c->stream, tls_pending(c->tls));
	connection_progress(c, rest + moved);
	return result;
}

enum step step_feeding(struct connection *c)
{
	if (stream_is_aborted(&c->stream)) {
		connection_reset(c);
		return STEP_WAIT;
	}
	switch (feed(c)) {
	case TLS_OK:
		break;
	case TLS_AGAIN:
		c->wants_write = c->wants_hangup = true;
		return STEP_WAIT;
	case TLS_CLOSED:
		connection_reset(c); /* never an end that looks like one */
		return STEP_WAIT;
	}
	if (feed_left(&c->stream.feed) == 0)
		return end_answer(c);
	c->wants_hangup = true;
	c->wants_write = ring_bytes(&c->stream).size > 0; /* after the others' turn; or the ring */
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

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * receive.c - the steps that take a request in: handshake, head, body into memory, body into a
 * pipe.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "crypto/base/clock.h"
#include "crypto/base/file.h"
#include "crypto/base/log.h"
#include "gateway/edge/connection.h"

/* Read once into c->input, by way of the loop's memory: an idle connection holds next to nothing.
 * False: wait for more (or the connection is closed). */
static bool fill_input(struct connection *c)
{
	uint8_t *room = c->loop->scratch;
	size_t got;

	if (c->input.limit - c->input.size < CONNECTION_READ)
		return false;
	c->is_readable = false;
	switch (tls_read(c->tls, room, CONNECTION_READ, &got)) {
	case TLS_OK:
		buf_write(&c->input, slice_of(room, got));
		return true;
	case TLS_AGAIN:
		c->wants_read = true;
		return false;
	case TLS_CLOSED:
		connection_close(c);
		return false;
	}
	return false;
}

enum step step_handshake(struct connection *c)
{
	switch (tls_handshake(c->tls)) {
	case TLS_OK:
		if (!tls_is_h2(c->tls))
			connection_enter(c, STATE_HEAD);
		else if (!h2_begin(c))
			connection_close(c);
		return STEP_AGAIN;
	case TLS_AGAIN:
		c->wants_read = true;
		return STEP_WAIT;
	case TLS_CLOSED:
		log_debug("connection.handshake", "client=%s failed", c->address);
		if (tls_pending(c->tls)) { /* the alert that says why */
			connection_enter(c, STATE_LINGER);
			return STEP_AGAIN;
		}
		connection_close(c);
		return STEP_WAIT;
	}
	return STEP_WAIT;
}

enum step step_idle(struct connection *c)
{
	/* After an answer there is hardly ever a request already: epoll will tell. */
	if (c->input.size == 0 && !c->is_readable && !tls_has_input(c->tls)) {
		c->wants_read = true;
		return STEP_WAIT;
	}
	if (c->input.size == 0 && !fill_input(c))
		return STEP_WAIT;
	connection_enter(c, STATE_HEAD);
	return STEP_AGAIN;
}

void expire_head(struct connection *c)
{
	if (c->input.size == 0)
		connection_close(c);
	else
		connection_refuse(c, 408, "the request head took too long", true);
}

void expire_body(struct connection *c)
{
	connection_refuse(c, 408, "the request body took too long", true);
}

static void dispatch(struct connection *c)
{
	connection_enter(c, STATE_WORKING);
	stream_dispatch(&c->stream);
}

/* An answer without a route leaves the body, if there is one, on the connection. */
static enum step find_route(struct connection *c)
{
	struct exchange *x = c->stream.exchange;
	bool has_body = x->request.is_chunked || x->request.content_length > 0;
	struct http_refusal refusal;

	c->body = http_body_of(&x->request);
	switch (stream_route(&c->stream, &refusal)) {
	case STREAM_DISPATCH:
		dispatch(c);
		return STEP_AGAIN;
	case STREAM_BUFFER:
		connection_continue(c);
		connection_enter(c, STATE_BODY);
		return STEP_AGAIN;
	case STREAM_REFUSE:
		connection_refuse(c, refusal.status, refusal.reason, has_body);
		return STEP_AGAIN;
	}
	return STEP_AGAIN;
}

/* A whole head stands at the front of the input: it becomes an exchange. */
static enum step take_head(struct connection *c, size_t size)
{
	struct exchange *x = stream_open(&c->stream);
	struct http_refusal refusal;
	struct slice head;

	head = arena_copy(&x->arena, slice_part(buf_slice(&c->input), 0, size));
	buf_consume(&c->input, size);
	if (http_request_parse(&x->request, &x->arena, head, &refusal) == OK)
		return find_route(c);
	connection_refuse(c, refusal.status, refusal.reason, true);
	return STEP_AGAIN;
}

enum step step_head(struct connection *c)
{
	struct http_refusal refusal;

	switch (http_head_scan(&c->scan, buf_slice(&c->input), &refusal)) {
	case HTTP_SCAN_HEAD:
		return take_head(c, c->scan.seen);
	case HTTP_SCAN_REFUSED:
		connection_refuse(c, refusal.status, refusal.reason, true);
		return STEP_AGAIN;
	case HTTP_SCAN_MORE:
		break;
	}
	return fill_input(c) ? STEP_AGAIN : STEP_WAIT;
}

/* Decode what is there. False if the request was refused for it. */
static bool take_body(struct connection *c)
{
	size_t used = 1;

	while (used && !http_body_is_done(&c->body)) {
		struct slice data;

		if (http_body_next(&c->body, buf_slice(&c->input), &used, &data)) {
			connection_refuse(c, 400, "the body is malformed", true);
			return false;
		}
		buf_write(&c->stream.exchange->body, data);
		buf_consume(&c->input, used);
		if (c->stream.exchange->body.overflow) {
			connection_refuse(c, 413, "the body is too large", true);
			return false;
		}
		connection_progress(c, used);
	}
	return true;
}

enum step step_body(struct connection *c)
{
	for (size_t turn = 0; turn < CONNECTION_TURN; turn += CONNECTION_READ) {
		if (!take_body(c))
			return STEP_AGAIN;
		if (http_body_is_done(&c->body)) {
			dispatch(c);
			return STEP_AGAIN;
		}
		if (!fill_input(c))
			return STEP_WAIT;
	}
	return STEP_YIELD;
}

static void pump_finish(struct connection *c, enum err result)
{
	stream_pump_finish(&c->stream, result);
	connection_enter(c, STATE_WORKING);
}

void expire_pumping(struct connection *c)
{
	pump_finish(c, ERR_TIMEOUT);
}

/* Write body bytes from the front of the input into the pipe. OK: all of them are gone. */
static enum err write_pipe(struct connection *c)
{
	struct slice ready = slice_part(buf_slice(&c->input), 0, c->pump_ready);
	size_t written;
	enum err result = stream_pump_write(&c->stream, ready, &written);

	buf_consume(&c->input, written);
	c->pump_ready -= written;
	connection_progress(c, written);
	return result;
}

/* Decode one run: frame bytes are dropped, body bytes stay at the front of the input. */
static enum err ready_run(struct connection *c, size_t *used)
{
	const struct exchange *x = c->stream.exchange;
	struct slice data;
	uint64_t total;

	TRY(http_body_next(&c->body, buf_slice(&c->input), used, &data));
	buf_consume(&c->input, *used - data.size);
	c->pump_ready = data.size;
	total = x->pump_bytes + data.size;
	if (x->match.route->body_max && total > x->match.route->body_max)
		return failure(ERR_LIMIT, "body: larger than this route allows");
	return OK;
}

enum step step_pumping(struct connection *c)
{
	for (size_t turn = 0; turn < CONNECTION_TURN;) {
		size_t used;
		enum err result = write_pipe(c);

		if (result == ERR_CONFLICT) { /* the pipe is full: stop reading */
			result = stream_watch_pipe(&c->stream, c->stream.exchange->pump_fd,
						   EPOLLOUT);
			if (result == OK)
				return STEP_WAIT;
		}
		if (result == OK && http_body_is_done(&c->body)) {
			pump_finish(c, OK);
			return STEP_AGAIN;
		}
		if (result == OK)
			result = ready_run(c, &used);
		if (result) {
			pump_finish(c, result);
			return STEP_AGAIN;
		}
		stream_unwatch_pipe(&c->stream);
		turn += used;
		if (used == 0 && !fill_input(c))
			return STEP_WAIT;
	}
	return STEP_YIELD;
}

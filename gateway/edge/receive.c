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

/* Read once into c->input. False: wait for more (or the connection is closed). */
static bool fill_input(struct connection *c)
{
	uint8_t *room = buf_reserve(&c->input, CONNECTION_READ);
	size_t got;

	if (!room)
		return false;
	switch (tls_read(c->tls, room, CONNECTION_READ, &got)) {
	case TLS_OK:
		buf_commit(&c->input, got);
		return true;
	case TLS_AGAIN:
		if (c->input.size == 0)
			buf_free(&c->input); /* hold nothing while nothing comes */
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
		connection_enter(c, STATE_HEAD);
		return STEP_AGAIN;
	case TLS_AGAIN:
		c->wants_read = true;
		return STEP_WAIT;
	case TLS_CLOSED:
		log_debug("connection.handshake", "client=%s failed", c->address);
		connection_close(c);
		return STEP_WAIT;
	}
	return STEP_WAIT;
}

enum step step_idle(struct connection *c)
{
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

/* RFC 9562 version 7: time first, so that ids of one moment stand together. */
static void make_request_id(char out[TEXT_UUID])
{
	uint8_t id[16];
	uint64_t now = (uint64_t)clock_now_ms();

	if (RAND_bytes(id, sizeof id) != 1)
		memset(id, 0, sizeof id); /* an id, not a secret */
	for (int i = 0; i < 6; i++)
		id[i] = (uint8_t)(now >> (40 - 8 * i));
	id[6] = (uint8_t)(0x70 | (id[6] & 0x0f));
	id[8] = (uint8_t)(0x80 | (id[8] & 0x3f));
	text_uuid(out, id);
}

static void dispatch(struct connection *c)
{
	connection_enter(c, STATE_WORKING);
	workers_submit(c->loop->workers, c->exchange);
}

/* Room for a buffered body, in this process as a whole. */
static bool reserve_body(struct connection *c, size_t size)
{
	struct loop *loop = c->loop;

	if (size > loop->shared->options.body_memory_max - loop->body_memory)
		return false;
	loop->body_memory += size;
	c->exchange->body = buf_new(size);
	return true;
}

static enum step begin_body(struct connection *c)
{
	const struct http_request *request = &c->exchange->request;
	const struct route *route = c->exchange->match.route;
	bool has_body = request->is_chunked || request->content_length > 0;
	size_t size = request->is_chunked ? route->body_max : (size_t)request->content_length;

	c->body = http_body_of(request);
	if (has_body && route->body == BODY_NONE) {
		connection_refuse(c, 413, "no body is expected here", true);
		return STEP_AGAIN;
	}
	if (route->body_max && request->content_length > route->body_max) {
		connection_refuse(c, 413, "the body is too large", true);
		return STEP_AGAIN;
	}
	if (!has_body || route->body == BODY_STREAM) {
		dispatch(c);
		return STEP_AGAIN;
	}
	if (!reserve_body(c, size)) {
		connection_refuse(c, 503, "too many bodies at once; try again", true);
		return STEP_AGAIN;
	}
	connection_continue(c);
	connection_enter(c, STATE_BODY);
	return STEP_AGAIN;
}

static enum step find_route(struct connection *c)
{
	struct exchange *x = c->exchange;
	bool has_body = x->request.is_chunked || x->request.content_length > 0;

	router_find(c->loop->router, &x->request, &x->arena, &x->match);
	if (x->match.route)
		return begin_body(c);
	if (*x->match.allow)
		connection_refuse(c, 405, "this method is not allowed here", has_body);
	else
		connection_refuse(c, 404, "there is nothing here", has_body);
	return STEP_AGAIN;
}

/* A whole head stands at the front of the input: it becomes an exchange. */
static enum step take_head(struct connection *c, size_t size)
{
	struct exchange *x = exchange_new(c->loop->shared);
	struct http_refusal refusal;
	struct slice head;

	c->exchange = x;
	x->connection = c;
	memcpy(x->address, c->address, sizeof x->address);
	make_request_id(x->request_id);
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
		buf_write(&c->exchange->body, data);
		buf_consume(&c->input, used);
		if (c->exchange->body.overflow) {
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

void pump_finish(struct connection *c, enum err result)
{
	struct exchange *x = c->exchange;

	connection_unwatch_pipe(c);
	pthread_mutex_lock(&x->lock);
	file_close(&x->pump_fd);
	x->pump_fd = -1;
	x->pump = PUMP_DONE;
	x->pump_result = result;
	pthread_cond_broadcast(&x->changed);
	pthread_mutex_unlock(&x->lock);
	connection_enter(c, STATE_WORKING);
}

void expire_pumping(struct connection *c)
{
	pump_finish(c, ERR_TIMEOUT);
}

/* Write body bytes from the front of the input into the pipe. OK: all of them are gone. */
static enum err write_pipe(struct connection *c)
{
	struct exchange *x = c->exchange;

	while (c->pump_ready) {
		ssize_t n = write(x->pump_fd, c->input.data, c->pump_ready);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? ERR_CONFLICT : ERR_UNAVAILABLE;
		buf_consume(&c->input, (size_t)n);
		c->pump_ready -= (size_t)n;
		x->pump_bytes += (uint64_t)n;
		connection_progress(c, (size_t)n);
	}
	return OK;
}

/* Decode one run: frame bytes are dropped, body bytes stay at the front of the input. */
static enum err ready_run(struct connection *c, size_t *used)
{
	struct slice data;
	uint64_t total;

	TRY(http_body_next(&c->body, buf_slice(&c->input), used, &data));
	buf_consume(&c->input, *used - data.size);
	c->pump_ready = data.size;
	total = c->exchange->pump_bytes + data.size;
	if (c->exchange->match.route->body_max && total > c->exchange->match.route->body_max)
		return failure(ERR_LIMIT, "body: larger than this route allows");
	return OK;
}

enum step step_pumping(struct connection *c)
{
	for (size_t turn = 0; turn < CONNECTION_TURN;) {
		size_t used;
		enum err result = write_pipe(c);

		if (result == ERR_CONFLICT) { /* the pipe is full: stop reading */
			connection_watch_pipe(c, c->exchange->pump_fd, EPOLLOUT);
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
		connection_unwatch_pipe(c);
		turn += used;
		if (used == 0 && !fill_input(c))
			return STEP_WAIT;
	}
	return STEP_YIELD;
}

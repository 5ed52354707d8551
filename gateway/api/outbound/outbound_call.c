/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/outbound/outbound_call.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/base/clock.h"
#include "crypto/base/file.h"

enum {
	CALL_PIECE = 32 * 1024,
	CALL_STEP_MS = 500,
	CALL_GRACE_MS = 5000, /* the courier's own end of the call comes first */
};

/* A call under way. */
struct flight {
	const struct outbound_request *ask;
	struct rpc *rpc;
	struct rpc_stream *stream;
	int socket;
	int64_t deadline_ms;
};

static bool is_over(const struct flight *f)
{
	return f->ask->client && exchange_is_closed(f->ask->client);
}

static enum err wait_for(const struct flight *f, short events)
{
	struct pollfd ready = {.fd = f->socket, .events = events};

	for (;;) {
		if (is_over(f))
			return failure(ERR_CLOSED, "the client went");
		if (poll(&ready, 1, CALL_STEP_MS) > 0)
			return OK;
		if (clock_monotonic_ms() > f->deadline_ms)
			return failure(ERR_TIMEOUT, "the courier does not answer");
	}
}

static bool may_go_on(void)
{
	return errno == EINTR || errno == EAGAIN;
}

/* A courier that refuses the call closes the socket, and says why in its answer. */
static enum err send_body(const struct flight *f)
{
	struct slice left = f->ask->body;

	while (left.size) {
		ssize_t sent;

		TRY(wait_for(f, POLLOUT));
		sent = send(f->socket, left.data, left.size, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent > 0)
			left = slice_part(left, (size_t)sent, left.size);
		else if (!may_go_on())
			break;
	}
	return OK;
}

static enum err take_body(struct buf *out, const struct flight *f)
{
	for (;;) {
		uint8_t piece[CALL_PIECE];
		ssize_t got;

		TRY(wait_for(f, POLLIN));
		got = recv(f->socket, piece, sizeof piece, MSG_DONTWAIT);
		if (got > 0)
			buf_write(out, slice_of(piece, (size_t)got));
		else if (got == 0 || !may_go_on())
			return buf_done(out);
	}
}

static enum err finish(struct outbound_answer *out, const struct flight *f, struct arena *arena,
		       const struct buf *body)
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	struct wire_courier_called called;

	TRY(rpc_next(f->stream, &reply, CALL_GRACE_MS));
	TRY(wire_read_courier_called(&called, buf_slice(&reply.body)));
	if (called.size != body->size)
		return failure(ERR_UNAVAILABLE, "the courier's answer came in parts");
	*out = (struct outbound_answer){.status = called.status,
					.body = arena_copy(arena, buf_slice(body)),
					.headers = arena_copy(arena, called.headers)};
	return OK;
}

/* The courier's end is closed here in any case, so that its going is seen. */
static enum err start(struct flight *f, const struct wire_courier_call *call)
{
	AUTO(buf_free) struct buf message = buf_new(WIRE_MAX_BODY);
	int ends[2];
	enum err result;

	wire_write_courier_call(&message, call);
	TRY(buf_done(&message));
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return failure_errno("no socket");
	f->socket = ends[0];
	result = rpc_open_stream(&f->stream, f->rpc, ROLE_COURIER, 0, WIRE_COURIER_CALL,
				 buf_slice(&message), ends[1]);
	close(ends[1]);
	if (message.data)
		explicit_bzero(message.data, message.size); /* credentials */
	return result;
}

static void cancel(const struct flight *f)
{
	AUTO(buf_free) struct buf body = buf_new(8);
	struct wire_courier_cancel message = {rpc_stream_call(f->stream)};

	wire_write_courier_cancel(&body, &message);
	if (rpc_note(f->rpc, ROLE_COURIER, 0, WIRE_COURIER_CANCEL, buf_slice(&body)) != OK)
		return; /* it is gone, and the call with it */
}

static enum err fly(struct outbound_answer *out, struct flight *f, struct arena *arena,
		    const struct wire_courier_call *call)
{
	AUTO(buf_free) struct buf body = buf_new(call->most);
	enum err result;

	TRY(start(f, call));
	result = send_body(f);
	if (result == OK)
		result = take_body(&body, f);
	if (result == OK)
		return finish(out, f, arena, &body);
	cancel(f);
	return result;
}

static enum err check(const struct outbound_request *ask)
{
	if (ask->url.size > WIRE_MAX_URL || ask->headers.size > WIRE_MAX_CALL_HEADERS)
		return failure(ERR_LIMIT, "the address or the headers of a call are too long");
	if (ask->body.size > WIRE_MAX_CALL_BODY)
		return failure(ERR_LIMIT, "a call's body of %zu bytes, at most %d", ask->body.size,
			       WIRE_MAX_CALL_BODY);
	return OK;
}

enum err outbound_call(struct outbound_answer *out, struct route_context *context,
		       struct arena *arena, const struct outbound_request *ask)
{
	uint32_t timeout_ms = ask->timeout_ms ? ask->timeout_ms : OUTBOUND_CALL_MS;
	const struct wire_courier_call call = {
		.method = (uint8_t)ask->method,
		.url = ask->url,
		.headers = ask->headers,
		.credential = ask->credential,
		.body_size = (uint32_t)ask->body.size,
		.most = ask->most ? ask->most : WIRE_MAX_CALL_ANSWER,
		.timeout_ms = timeout_ms,
		.redirects = ask->redirects,
	};
	struct flight f = {.ask = ask,
			   .rpc = context->api->rpc,
			   .socket = -1,
			   .deadline_ms = clock_monotonic_ms() + timeout_ms + CALL_GRACE_MS};
	enum err result;

	TRY(check(ask));
	result = fly(out, &f, arena, &call);
	rpc_stream_free(f.stream);
	file_close(&f.socket);
	return result;
}

struct slice outbound_header(const struct outbound_answer *answer, const char *name)
{
	struct slice lines = answer->headers, line, found, value;

	while (slice_cut(lines, '\n', &line, &lines))
		if (slice_cut(line, ':', &found, &value) &&
		    slice_equal(found, slice_of_string(name)))
			return slice_trim(value);
	return S("");
}

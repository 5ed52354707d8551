/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* pipe2 */
#include "gateway/api/outbound/outbound.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "crypto/base/clock.h"
#include "crypto/base/file.h"
#include "schema/wire/courier.h"

enum {
	OUTBOUND_PIECE = 64 * 1024,
	OUTBOUND_STEP_MS = 500,
	OUTBOUND_SILENT_MS = 180 * 1000, /* the courier tells of itself every second */
};

static void stream_auto(struct rpc_stream **s)
{
	rpc_stream_free(*s);
}

/* `pipe` stays the caller's. */
static enum err ask(struct rpc_stream **stream, const struct outbound *o,
		    const struct wire_courier_get *get, int pipe)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	enum err result;

	wire_write_courier_get(&body, get);
	result = buf_done(&body);
	if (result == OK)
		result = rpc_open_stream(stream, o->api->rpc, ROLE_COURIER, 0, WIRE_COURIER_GET,
					 buf_slice(&body), pipe);
	if (body.data)
		explicit_bzero(body.data, body.size); /* the token */
	return result;
}

static void cancel(const struct outbound *o, const struct rpc_stream *stream)
{
	AUTO(buf_free) struct buf body = buf_new(8);
	struct wire_courier_cancel message = {rpc_stream_call(stream)};

	wire_write_courier_cancel(&body, &message);
	if (rpc_note(o->api->rpc, ROLE_COURIER, 0, WIRE_COURIER_CANCEL, buf_slice(&body)) != OK)
		return; /* it is gone, and the transfer with it */
}

/* What another status than 200 means to whoever asked. */
static enum err judge(const struct wire_courier_got *got, struct slice url)
{
	struct slice host = slice_part(url, 8, url.size), rest;
	const char *colon = got->reason.size ? ": " : "";

	if (slice_cut(host, '/', &host, &rest))
		rest = S("");
	else
		host = slice_part(url, 8, url.size);
	switch (got->status) {
	case 200:
		return OK;
	case 401:
	case 403:
		return failure(ERR_DENIED,
			       "%.*s refuses (%u%s%.*s): if the model is gated, accept its terms "
			       "there, and give a token that may read it (--source-token-file)",
			       SLICE_PRINT(host), got->status, colon, SLICE_PRINT(got->reason));
	case 404:
		return failure(ERR_NOT_FOUND, "%.*s has no such thing (404%s%.*s): %.*s",
			       SLICE_PRINT(host), colon, SLICE_PRINT(got->reason),
			       SLICE_PRINT(slice_part(url, 0, 200)));
	default:
		return failure(ERR_UNAVAILABLE, "%.*s answers %u%s%.*s; try again later",
			       SLICE_PRINT(host), got->status, colon, SLICE_PRINT(got->reason));
	}
}

/* The parts, as they come, and then the answer: its body lies in `reply`. */
static enum err await(struct wire_courier_got *got, struct rpc_reply *reply,
		      const struct outbound *o, struct rpc_stream *stream)
{
	do {
		rpc_reply_clear(reply);
		TRY(rpc_next(stream, reply, OUTBOUND_SILENT_MS));
		if (exchange_is_closed(o->x))
			return failure(ERR_CLOSED, "the client went");
	} while (reply->type != WIRE_COURIER_GOT);
	return wire_read_courier_got(got, buf_slice(&reply->body));
}

/* Until the pipe's end. */
static enum err drain(struct buf *out, const struct outbound *o, int pipe)
{
	struct pollfd ready = {.fd = pipe, .events = POLLIN};

	for (;;) {
		uint8_t piece[OUTBOUND_PIECE];
		ssize_t got;

		if (exchange_is_closed(o->x))
			return failure(ERR_CLOSED, "the client went");
		if (poll(&ready, 1, OUTBOUND_STEP_MS) == 0)
			continue;
		got = read(pipe, piece, sizeof piece);
		if (got == 0)
			return buf_done(out);
		if (got > 0)
			buf_write(out, slice_of(piece, (size_t)got));
		else if (errno != EINTR && errno != EAGAIN)
			return failure_errno("the courier's pipe");
	}
}

enum err outbound_text(struct buf *out, struct slice *next, const struct outbound *o,
		       struct slice url)
{
	AUTO(stream_auto) struct rpc_stream *stream = NULL;
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	AUTO(file_close) int reader = -1;
	const struct wire_courier_get get = {.url = url, .token = o->token, .most = out->limit};
	struct wire_courier_got got;
	int ends[2];
	enum err result;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return failure_errno("no pipe");
	reader = ends[0];
	result = ask(&stream, o, &get, ends[1]);
	close(ends[1]);
	TRY(result);
	result = drain(out, o, reader);
	if (result == OK)
		result = await(&got, &reply, o, stream);
	if (result == ERR_CLOSED)
		cancel(o, stream);
	TRY(result);
	*next = arena_copy(exchange_arena(o->x), got.next);
	return judge(&got, url);
}

enum err outbound_begin(struct outbound_transfer *out, const struct outbound *o, struct slice url,
			uint64_t size, int pipe)
{
	const struct wire_courier_get get = {
		.url = url, .token = o->token, .most = size, .is_exact = true};
	enum err result;

	*out = (struct outbound_transfer){.url = url, .heard_ms = clock_monotonic_ms()};
	result = ask(&out->stream, o, &get, pipe);
	close(pipe);
	return result;
}

static enum err take_news(struct outbound_transfer *t, const struct rpc_reply *reply)
{
	struct wire_courier_moved part;
	struct wire_courier_got got;

	t->heard_ms = clock_monotonic_ms();
	if (reply->type == WIRE_COURIER_GOT) {
		TRY(wire_read_courier_got(&got, buf_slice(&reply->body)));
		t->moved = got.bytes;
		t->is_done = true;
		return judge(&got, t->url);
	}
	TRY(wire_read_courier_moved(&part, buf_slice(&reply->body)));
	t->moved = part.bytes;
	return OK;
}

enum err outbound_step(struct outbound_transfer *t, const struct outbound *o, int wait_ms)
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	enum err result = rpc_next(t->stream, &reply, wait_ms);

	if (exchange_is_closed(o->x))
		return failure(ERR_CLOSED, "the client went");
	if (result == OK)
		return take_news(t, &reply);
	/* A timeout of ours; the courier's own comes as a FAIL. */
	if (result == ERR_TIMEOUT && reply.type == 0 &&
	    clock_monotonic_ms() - t->heard_ms < OUTBOUND_SILENT_MS)
		return OK;
	t->is_done = reply.type != 0;
	return result;
}

void outbound_end(struct outbound_transfer *t, const struct outbound *o)
{
	if (t->stream && !t->is_done)
		cancel(o, t->stream);
	rpc_stream_free(t->stream);
	*t = (struct outbound_transfer){.stream = NULL};
}

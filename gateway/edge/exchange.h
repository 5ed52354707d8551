/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exchange.h - one request and its answer, as a worker sees it. All functions but exchange_cut are
 * for the worker that runs the route, while it runs (exchange_done_fn: while that runs); they may
 * block it. The loop moves the bytes; what the two share stands in exchange_shared.h.
 *
 * A handler answers exactly once: exchange_answer(), or begin/write/end of a stream, or
 * exchange_answer_file(). One that returns without an answer is answered 500; one that returns
 * without the end of its stream has its connection reset, so that nobody takes a part for the
 * whole.
 */
#ifndef GATEWAY_EDGE_EXCHANGE_H
#define GATEWAY_EDGE_EXCHANGE_H

#include "crypto/base/arena.h"
#include "gateway/edge/client_certificate.h"
#include "gateway/edge/route.h"
#include "gateway/http/request.h"

/* The request. Everything returned lives as long as the exchange. */
const struct http_request *exchange_request(const struct exchange *x);
const struct route *exchange_route(const struct exchange *x);
struct slice exchange_param(const struct exchange *x, const char *name); /* "" if no such name */
const char *exchange_allow(const struct exchange *x); /* OPTIONS: "GET, HEAD", of this path */
struct slice exchange_body(const struct exchange *x); /* BODY_BUFFER; else empty */
struct slice exchange_client_address(const struct exchange *x); /* "192.0.2.1", no port */
/* What the client of this connection has proved to be by its certificate; NULL: nothing. */
const struct client_certificate *exchange_client_certificate(const struct exchange *x);
const char *exchange_request_id(const struct exchange *x); /* a UUID; sent as X-Request-Id */
struct arena *exchange_arena(struct exchange *x);

/* For `before` to leave something (the person, the decision) for the route. */
void exchange_set_subject(struct exchange *x, void *subject);
void *exchange_subject(const struct exchange *x);

/* True once the client has gone: what is being made for it can stop. */
bool exchange_is_closed(const struct exchange *x);
bool exchange_is_answered(const struct exchange *x); /* an answer was begun */

/* A quick route (edge_options.is_quick) says so before it waits for anything: others then need not
 * wait behind it. Nothing to other routes. */
void exchange_may_wait(struct exchange *x);

/*
 * BODY_STREAM: move the whole body into `fd`, the write end of a pipe (at most once, before the
 * answer). Takes fd and closes it before it returns, so the reader sees the end. *bytes is what
 * was moved, also after a failure. ERR_CLOSED: the client went; ERR_UNAVAILABLE: the reader of
 * the pipe went; ERR_LIMIT: over body_max; ERR_FORMAT: bad chunks; ERR_TIMEOUT: no progress.
 */
RESULT exchange_pump_body(struct exchange *x, int fd, uint64_t *bytes);

/* Before the answer: a header of it. Content-Length, Transfer-Encoding, Connection and Date are
 * made by the edge. X-Request-Id given here replaces the edge's own. */
void exchange_header(struct exchange *x, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void exchange_header_text(struct exchange *x, const char *name, struct slice value);

/* The whole answer; `body` is copied. content_type NULL: no such header. */
void exchange_answer(struct exchange *x, unsigned status, const char *content_type,
		     struct slice body);

/* HEAD only: an answer with the Content-Length that GET would have, and no body. */
void exchange_answer_head(struct exchange *x, unsigned status, const char *content_type,
			  uint64_t length);

/* An answer in pieces. A piece leaves at once; a slow client blocks the worker. ERR_CLOSED. */
RESULT exchange_stream_begin(struct exchange *x, unsigned status, const char *content_type);
RESULT exchange_stream_write(struct exchange *x, struct slice bytes);
void exchange_stream_end(struct exchange *x);

/* Once the answer is complete, its connection may go on, though the handler does not return yet:
 * what it still does, nobody waits for. Before the answer. */
void exchange_let_go(struct exchange *x);

/* Reset the connection: the client must not take what it has for the whole. */
void exchange_abort(struct exchange *x);

/*
 * From any thread: end the stream now, wherever its answer stands; what the network does not have
 * yet is thrown away. Only between the beginning of the handler and the return of `done` (without
 * one: of the handler).
 */
void exchange_cut(struct exchange *x);

/*
 * A transfer that a porter has open, read over the ring to it: the ring is asked for first, then
 * the porter opens the transfer on it.
 */
struct exchange_file {
	uint32_t ring;
	uint64_t transfer;
	uint64_t offset; /* in the file, of the first byte to be sent */
	uint64_t length;
};

/* The ring to this porter, in its `generation`th life; opened if there is none. May wait.
 * ERR_UNAVAILABLE. */
RESULT exchange_ring(uint32_t *ring, struct exchange *x, unsigned porter, uint32_t generation);

/*
 * The answer is `prefix` and then a file. The loop moves it from the ring; the worker is free when
 * the handler returns. The transfer is closed by the edge in any case. What cannot be had to its
 * end resets the connection. `done` (may be NULL) runs once on some worker, whatever happens:
 * `sent` bytes of the file were given to the network. The exchange and its arena live until it
 * returns.
 */
typedef void exchange_done_fn(struct exchange *x, struct route_context *worker, void *context,
			      uint64_t sent);
void exchange_answer_file(struct exchange *x, unsigned status, const char *content_type,
			  struct slice prefix, const struct exchange_file *file,
			  exchange_done_fn *done, void *context);

#endif

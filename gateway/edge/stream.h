/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream.h - what carries one exchange, between the connection and the worker's side. A protocol
 * gives it a kind: how an answer is framed, and what to do when the exchange has news. HTTP/1.1
 * (h1.c) has one stream a connection, HTTP/2 (h2_stream.c) up to a hundred. What both do with a
 * request, its body and its exchange stands in stream.c. The loop's thread only, but for put_*.
 */
#ifndef GATEWAY_EDGE_STREAM_H
#define GATEWAY_EDGE_STREAM_H

#include "gateway/edge/exchange_shared.h"
#include "gateway/edge/pool.h"

struct connection;
struct loop;
struct ring;
struct stream;

/* What an epoll event belongs to. */
enum watch_kind { WATCH_LISTENER, WATCH_MAIL, WATCH_STOP, WATCH_SOCKET, WATCH_PIPE, WATCH_RING };
struct watch {
	enum watch_kind kind;
	struct connection *connection; /* of a socket */
	struct stream *stream;         /* of a pipe */
	struct ring *ring;             /* of its channel */
};

struct stream_kind {
	/* On a worker, under the exchange's lock: the head of the answer, a piece of a stream and
	 * its end, as they are to stand in x->head and x->out. */
	enum err (*put_head)(struct exchange *x, const struct answer_head *head);
	void (*put_piece)(struct exchange *x, struct slice piece);
	void (*put_end)(struct exchange *x);

	/* On the loop: the exchange, the pipe that is watched or the ring has news. May end the
	 * stream. */
	void (*wake)(struct stream *s);

	/* On the loop: end it so that the client sees an error, and send no more of it. */
	void (*cut)(struct stream *s);
};

struct stream {
	const struct stream_kind *kind;
	struct loop *loop;
	struct connection *connection;
	struct exchange *exchange; /* NULL: none yet, or an answer of the loop itself */
	struct watch pipe_watch;
	int watched_pipe;  /* -1: none */
	struct ring *ring; /* that feeds it; NULL: none */
	struct feed feed;
	struct stream *next_dead;
};

/* What becomes of a request whose head is known. */
enum stream_verdict {
	STREAM_DISPATCH, /* to a worker, at once */
	STREAM_BUFFER,   /* when its body is in exchange->body, for which room is reserved */
	STREAM_REFUSE,
};

void stream_init(struct stream *s, const struct stream_kind *kind, struct connection *c);
struct exchange *stream_open(struct stream *s); /* an exchange of its own; with an id */

/* Find the route of exchange->request and judge its body. */
enum stream_verdict stream_route(struct stream *s, struct http_refusal *refusal);
void stream_dispatch(struct stream *s);

/* The worker wants the body in a pipe: start, write some of it, end. The write is OK when all is
 * gone, ERR_CONFLICT when the pipe is full (*written says how much went). */
bool stream_wants_pump(struct stream *s);
RESULT stream_pump_begin(struct stream *s);
RESULT stream_pump_write(struct stream *s, struct slice bytes, size_t *written);
void stream_pump_finish(struct stream *s, enum err result);

/* The worker's output, swapped for the empty *out; *head likewise. NULL: not now. */
struct stream_output {
	bool has_head, has_bytes, is_ended, is_aborted, closes;
	bool is_over; /* ended, and the worker need not be waited for */
};
struct stream_output stream_take(struct stream *s, struct buf *head, struct buf *out);

bool stream_is_cut(struct stream *s);
bool stream_is_aborted(struct stream *s); /* what was said to be complete will not be */
bool stream_has_news(struct stream *s);   /* output, an abort, or the worker has finished */
void stream_drop(struct stream *s);       /* the answer is complete, or will be the loop's own */
void stream_let_go(struct stream *s);     /* the client is gone: tell the worker */

/* Bytes of the exchange's file given out so far, less those `pending` that have not left: told to
 * the exchange. */
void stream_count_sent(struct stream *s, uint64_t pending);

/* ERR_IO: it cannot be watched. */
RESULT stream_watch_pipe(struct stream *s, int fd, uint32_t events);
void stream_unwatch_pipe(struct stream *s);

/* The head of an answer that the loop makes itself. `body` and `headers` become its parts, which
 * the head borrows. */
struct answer_head stream_problem(const struct stream *s, const struct http_refusal *refusal,
				  struct buf *body, struct buf *headers);
bool stream_is_head(const struct stream *s); /* the method is HEAD */

#endif

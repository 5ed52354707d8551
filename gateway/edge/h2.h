/* SPDX-License-Identifier: Apache-2.0 */
/*
 * h2.h - HTTP/2 (RFC 9113) by libnghttp2, beside HTTP/1.1. h2.c is the session: frames in, frames
 * out, limits. h2_stream.c is one of its streams: a request in, an answer out. h2_step.c moves
 * the bytes over TLS and keeps the deadlines. The loop's thread only.
 */
#ifndef GATEWAY_EDGE_H2_H
#define GATEWAY_EDGE_H2_H

#include <nghttp2/nghttp2.h>

#include "gateway/edge/connection.h"
#include "gateway/http/fields.h"

enum {
	H2_MAX_STREAMS = 100,
	H2_STREAM_WINDOW = 256 * 1024,      /* of a body, not yet taken by its pipe */
	H2_CONNECTION_WINDOW = 1024 * 1024, /* of all bodies of a connection */
	H2_MAX_ACKS = 100,                  /* of PING and SETTINGS, waiting to be sent */
	H2_MAX_QUEUE = 500,                 /* frames that wait: no more is read till they leave */
	H2_RESETS = 200,                    /* a client's, at once */
	H2_RESETS_PER_SECOND = 20,
	H2_MAX_ANSWER_FIELDS = 128,
	H2_PIECE = 64 * 1024, /* of frames, encrypted at a time */
};

/*
 *   FIELDS --> BODY --> WORKING <--> PUMPING
 *      |  \______|______^  |
 *      v         v         v
 *      `-----> ANSWERING <-'  --> LEAVING    (its last bytes are on their way)
 */
enum h2_phase { H2_FIELDS, H2_BODY, H2_WORKING, H2_PUMPING, H2_ANSWERING, H2_LEAVING };

struct h2_stream {
	struct stream stream; /* first: the loop frees it */
	struct h2 *h2;
	struct h2_stream *previous, *next;
	int32_t id;
	enum h2_phase phase;
	struct http_fields fields;
	bool request_ended; /* the client has sent all */
	struct buf input;   /* of the body, for the pipe */

	struct buf head, output;
	size_t given;  /* of output */
	bool is_ended; /* nothing comes after output, but maybe the file */
	bool is_feeding;
	bool is_sent; /* END_STREAM was */

	int64_t deadline_ms; /* 0: none */
	uint64_t progress;
	uint64_t mark; /* LEAVING: it has left when so many bytes of the connection have */
};

struct h2 {
	struct connection *connection;
	nghttp2_session *session;
	struct h2_stream *streams; /* open */
	struct h2_stream *leaving;
	int64_t idle_deadline_ms;  /* 0: there are streams */
	int64_t write_deadline_ms; /* 0: nothing waits for the socket */
	uint64_t write_progress;
	uint64_t flushed; /* encrypted bytes, since the beginning */
};

/* h2.c */
struct h2 *h2_new(struct connection *c);              /* NULL: no memory */
void h2_free(struct h2 *h2);                          /* lets go of all streams; NULL is fine */
RESULT h2_receive(struct h2 *h2, struct slice bytes); /* ERR_FORMAT: not worth going on */
RESULT h2_collect(struct h2 *h2, struct buf *out, size_t max); /* frames, about max bytes */
bool h2_is_over(const struct h2 *h2); /* nothing is to be read or written any more */
bool h2_is_crowded(const struct h2 *h2);
void h2_go_away(struct h2 *h2); /* streams that are open may finish; no new ones */
void h2_reset_stream(struct h2_stream *s, uint32_t code);

/* h2_stream.c */
extern const struct stream_kind h2_stream_kind;
struct h2_stream *h2_stream_new(struct h2 *h2, int32_t id);
void h2_stream_head(struct h2_stream *s); /* all fields are there */
void h2_stream_data(struct h2_stream *s, struct slice bytes);
void h2_stream_end_of_request(struct h2_stream *s);
ssize_t h2_stream_give(struct h2_stream *s, uint8_t *out, size_t size, uint32_t *flags);
void h2_stream_give_file(struct h2_stream *s, size_t size); /* what give promised, as it stands */
void h2_stream_closed(struct h2_stream *s);                 /* the session has */
void h2_stream_abandon(struct h2_stream *s);                /* the connection goes */
void h2_stream_left(struct h2_stream *s);                   /* LEAVING, and has */
void h2_stream_expire(struct h2_stream *s);

/* h2_step.c: the step and the deadlines are declared in connection.h */
void h2_deadline(struct h2 *h2, int64_t *deadline_ms, int wait_ms); /* 0 waits for nothing */

#endif

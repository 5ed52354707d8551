/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer.h - the head of an answer, the same for those of routes and those of the loop itself,
 * and whatever protocol carries it.
 */
#ifndef GATEWAY_EDGE_ANSWER_H
#define GATEWAY_EDGE_ANSWER_H

#include "gateway/http/response.h"

enum answer_framing {
	ANSWER_LENGTH, /* `length` bytes; Content-Length says so */
	ANSWER_STREAM, /* until its end */
	ANSWER_EMPTY,  /* has no body at all (204, 304) */
};

struct answer_head {
	unsigned status;
	const char *content_type; /* or NULL */
	const char *request_id;   /* or NULL: it stands in `headers` */
	struct slice headers;     /* whole lines */
	enum answer_framing framing;
	uint64_t length;
	bool leaves_body; /* of the request: the rest of it will not be taken */
};

/* How HTTP/1.1 frames it, which only its connection knows. */
struct answer_wire {
	bool is_chunked;
	bool closes;
};

/* The fields without those that concern the connection, as lines. ERR_INTERNAL if the content
 * type cannot stand in a header. */
RESULT answer_write_fields(struct buf *out, const struct answer_head *head);

/* The whole head as HTTP/1.1 has it. */
RESULT answer_write_head(struct buf *out, const struct answer_head *head, struct answer_wire wire);

#endif

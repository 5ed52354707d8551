/* SPDX-License-Identifier: Apache-2.0 */
/* answer.h - the head of an answer, the same for those of routes and those of the loop itself. */
#ifndef GATEWAY_EDGE_ANSWER_H
#define GATEWAY_EDGE_ANSWER_H

#include "gateway/http/response.h"

enum answer_framing {
	ANSWER_LENGTH,  /* Content-Length */
	ANSWER_CHUNKED, /* Transfer-Encoding: chunked */
	ANSWER_OPEN,    /* neither: ends with the connection (HTTP/1.0), or has no body (204) */
};

struct answer_head {
	unsigned status;
	const char *content_type; /* or NULL */
	const char *request_id;   /* or NULL: it stands in `headers` */
	struct slice headers;     /* whole lines */
	enum answer_framing framing;
	uint64_t length;
	bool closes;
};

/* ERR_INTERNAL if the content type cannot stand in a header. */
RESULT answer_write_head(struct buf *out, const struct answer_head *head);

#endif

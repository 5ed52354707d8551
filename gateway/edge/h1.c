/* SPDX-License-Identifier: Apache-2.0 */
/*
 * h1.c - HTTP/1.1 as a kind of stream: what a worker puts into `out` are the bytes that go over
 * the wire, so the loop only swaps buffers.
 */
#include "gateway/edge/connection.h"

/*
 * A stream body that was not taken whole makes the connection useless after this answer: what
 * follows on it is still that body. An HTTP/1.0 stream ends with its connection.
 */
static enum err put_head(struct exchange *x, const struct answer_head *head)
{
	bool is_stream = head->framing == ANSWER_STREAM;
	bool is_chunked = is_stream && x->request.minor == 1;

	x->is_chunked = is_chunked;
	x->closes = !x->request.keeps_alive || head->leaves_body || (is_stream && !is_chunked) ||
		    atomic_load(&x->edge->draining);
	return answer_write_head(
		&x->out, head, (struct answer_wire){.is_chunked = is_chunked, .closes = x->closes});
}

static void put_piece(struct exchange *x, struct slice piece)
{
	if (x->is_chunked)
		http_write_chunk(&x->out, piece);
	else
		buf_write(&x->out, piece);
}

static void put_end(struct exchange *x)
{
	if (x->is_chunked)
		http_write_last_chunk(&x->out);
}

static void wake(struct stream *s)
{
	connection_service(s->connection);
}

static void cut(struct stream *s)
{
	connection_reset(s->connection);
}

const struct stream_kind h1_stream_kind = {put_head, put_piece, put_end, wake, cut};

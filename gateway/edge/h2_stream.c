/* SPDX-License-Identifier: Apache-2.0 */
/*
 * h2_stream.c - one HTTP/2 stream: fields to a request, data to a body or a pipe, an answer from
 * the worker's buffer or a ring. Called from within nghttp2, so nothing here closes the connection.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "crypto/base/log.h"
#include "gateway/edge/h2.h"
#include "gateway/edge/ring.h"

static int progress_ms(const struct h2_stream *s)
{
	return s->stream.loop->shared->options.progress_ms;
}

static void await(struct h2_stream *s, int wait_ms)
{
	s->progress = 0;
	h2_deadline(s->h2, &s->deadline_ms, wait_ms);
}

/* A trickle is no progress: the deadline moves once for every few KiB. */
static void progress(struct h2_stream *s, size_t bytes)
{
	s->progress += bytes;
	if (s->progress >= CONNECTION_PROGRESS || s->deadline_ms == 0)
		await(s, progress_ms(s));
}

static void link_first(struct h2_stream **list, struct h2_stream *s)
{
	s->previous = NULL;
	s->next = *list;
	if (s->next)
		s->next->previous = s;
	*list = s;
}

static void unlink_from(struct h2_stream **list, struct h2_stream *s)
{
	if (s->next)
		s->next->previous = s->previous;
	if (s->previous)
		s->previous->next = s->next;
	else
		*list = s->next;
}

struct h2_stream *h2_stream_new(struct h2 *h2, int32_t id)
{
	struct h2_stream *s = calloc(1, sizeof *s);

	assert(s);
	s->h2 = h2;
	s->id = id;
	s->input = buf_new(2 * H2_STREAM_WINDOW);
	s->head = buf_new(2 * EXCHANGE_MAX_HEADERS);
	s->output = buf_new(EXCHANGE_MAX_OUT);
	stream_init(&s->stream, &h2_stream_kind, h2->connection);
	stream_open(&s->stream);
	link_first(&h2->streams, s);
	await(s, s->stream.loop->shared->options.head_ms);
	return s;
}

/* Window for what was taken: of the stream, and of the connection. */
static void consume(struct h2_stream *s, size_t size)
{
	(void)nghttp2_session_consume(s->h2->session, s->id, size);
}

/* What nobody will take gives its window back to the other streams only. */
static void discard(struct h2_stream *s, size_t size)
{
	(void)nghttp2_session_consume_connection(s->h2->session, size);
}

static void discard_input(struct h2_stream *s)
{
	discard(s, s->input.size);
	buf_free(&s->input);
}

/* An event of this round may still name it: the loop frees it at the end of the round. */
static void bury(struct h2_stream *s)
{
	struct loop *loop = s->stream.loop;

	unlink_from(s->phase == H2_LEAVING ? &s->h2->leaving : &s->h2->streams, s);
	buf_free(&s->input);
	buf_free(&s->head);
	buf_free(&s->output);
	s->stream.next_dead = loop->dead_streams;
	loop->dead_streams = &s->stream;
}

/* ":status: 200" and the lines of a head, in place, to what nghttp2 wants. 0: too many. */
static size_t fields_of(nghttp2_nv fields[H2_MAX_ANSWER_FIELDS], struct buf *head)
{
	size_t count = 0;

	for (uint8_t *p = head->data, *end = p + head->size; p < end; count++) {
		uint8_t *line_end = memchr(p, '\r', (size_t)(end - p));
		uint8_t *colon = memchr(p + 1, ':', (size_t)(end - p - 1));

		assert(line_end && colon && colon < line_end); /* we wrote them */
		if (count == H2_MAX_ANSWER_FIELDS)
			return 0;
		for (uint8_t *c = p; c < colon; c++)
			*c = (uint8_t)(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c);
		fields[count] = (nghttp2_nv){.name = p,
					     .namelen = (size_t)(colon - p),
					     .value = colon + 2,
					     .valuelen = (size_t)(line_end - colon - 2)};
		p = line_end + 2;
	}
	return count;
}

static ssize_t give(nghttp2_session *session, int32_t id, uint8_t *out, size_t size,
		    uint32_t *flags, nghttp2_data_source *source, void *user)
{
	(void)session, (void)id, (void)user;
	return h2_stream_give(source->ptr, out, size, flags);
}

/* s->head is complete; `has_body`: output or a file will follow. */
static void submit(struct h2_stream *s, bool has_body)
{
	nghttp2_nv fields[H2_MAX_ANSWER_FIELDS];
	size_t count = fields_of(fields, &s->head);
	const nghttp2_data_provider provider = {.source.ptr = s, .read_callback = give};

	s->phase = H2_ANSWERING;
	await(s, progress_ms(s));
	if (count == 0 || nghttp2_submit_response(s->h2->session, s->id, fields, count,
						  has_body ? &provider : NULL))
		h2_reset_stream(s, NGHTTP2_INTERNAL_ERROR);
	buf_free(&s->head);
}

static enum err write_head(struct buf *out, const struct answer_head *head)
{
	buf_printf(out, ":status: %03u\r\n", head->status);
	return answer_write_fields(out, head);
}

static void refuse(struct h2_stream *s, struct http_refusal refusal)
{
	AUTO(buf_free) struct buf body = buf_new(EXCHANGE_MAX_HEADERS);
	AUTO(buf_free) struct buf headers = buf_new(EXCHANGE_MAX_HEADERS);
	struct answer_head head = stream_problem(&s->stream, &refusal, &body, &headers);

	if (!stream_is_head(&s->stream))
		buf_write(&s->output, buf_slice(&body));
	s->is_ended = true;
	if (write_head(&s->head, &head))
		h2_reset_stream(s, NGHTTP2_INTERNAL_ERROR);
	else
		submit(s, s->output.size > 0);
	stream_drop(&s->stream); /* the head borrowed from it */
}

static void dispatch(struct h2_stream *s)
{
	s->phase = H2_WORKING;
	await(s, 0);
	stream_dispatch(&s->stream);
}

static void say_continue(struct h2_stream *s)
{
	uint8_t name[] = ":status", value[] = "100";
	const nghttp2_nv field = {.name = name, .value = value, .namelen = 7, .valuelen = 3};

	if (s->stream.exchange->request.expects_continue && !s->request_ended)
		(void)nghttp2_submit_headers(s->h2->session, NGHTTP2_FLAG_NONE, s->id, NULL, &field,
					     1, NULL);
}

void h2_stream_head(struct h2_stream *s)
{
	struct exchange *x = s->stream.exchange;
	struct http_refusal refusal;

	if (http_fields_finish(&x->request, &s->fields, &x->arena, s->request_ended, &refusal)) {
		refuse(s, refusal);
		return;
	}
	switch (stream_route(&s->stream, &refusal)) {
	case STREAM_DISPATCH:
		dispatch(s);
		break;
	case STREAM_BUFFER:
		s->phase = H2_BODY;
		await(s, progress_ms(s));
		say_continue(s);
		break;
	case STREAM_REFUSE:
		refuse(s, refusal);
		break;
	}
}

static void pump_finish(struct h2_stream *s, enum err result)
{
	stream_pump_finish(&s->stream, result);
	discard_input(s);
	s->phase = H2_WORKING;
	await(s, 0);
}

/* Into the pipe what it takes; the client's window opens by as much. */
static void pump(struct h2_stream *s)
{
	const struct exchange *x = s->stream.exchange;
	size_t body_max = x->match.route->body_max, written;
	enum err result;

	stream_unwatch_pipe(&s->stream);
	if (body_max && x->pump_bytes + s->input.size > body_max) {
		pump_finish(s, ERR_LIMIT);
		return;
	}
	result = stream_pump_write(&s->stream, buf_slice(&s->input), &written);
	buf_consume(&s->input, written);
	consume(s, written);
	progress(s, written);
	if (result == ERR_CONFLICT) /* the pipe is full */
		result = stream_watch_pipe(&s->stream, x->pump_fd, EPOLLOUT);
	if (result || (s->request_ended && s->input.size == 0))
		pump_finish(s, result);
}

static void pump_begin(struct h2_stream *s)
{
	if (stream_pump_begin(&s->stream)) {
		pump_finish(s, ERR_IO);
		return;
	}
	s->phase = H2_PUMPING;
	await(s, progress_ms(s));
	say_continue(s);
	pump(s);
}

static void take_body(struct h2_stream *s, struct slice bytes)
{
	struct buf *body = &s->stream.exchange->body;

	buf_write(body, bytes);
	consume(s, bytes.size);
	progress(s, bytes.size);
	if (body->overflow)
		refuse(s, (struct http_refusal){413, "the body is too large"});
}

void h2_stream_data(struct h2_stream *s, struct slice bytes)
{
	const struct exchange *x = s->stream.exchange;

	if (s->phase == H2_BODY) {
		take_body(s, bytes);
		return;
	}
	if ((s->phase != H2_WORKING && s->phase != H2_PUMPING) ||
	    x->match.route->body != BODY_STREAM) {
		discard(s, bytes.size);
		return;
	}
	buf_write(&s->input, bytes);
	if (s->phase == H2_PUMPING)
		pump(s);
}

void h2_stream_end_of_request(struct h2_stream *s)
{
	if (s->phase == H2_BODY)
		dispatch(s);
	else if (s->phase == H2_PUMPING)
		pump(s);
}

/* What the worker has for the client. */
static void answer(struct h2_stream *s)
{
	struct exchange *x = s->stream.exchange;
	struct stream_output output = stream_take(&s->stream, &s->head, NULL);

	if (output.is_aborted || (x->is_finished && !output.is_ended)) {
		h2_reset_stream(s, NGHTTP2_INTERNAL_ERROR);
		return;
	}
	if (output.has_head) {
		discard_input(s);
		submit(s, output.has_bytes || !output.is_ended || x->is_fed);
	}
	if (s->phase == H2_ANSWERING) {
		if (s->deadline_ms == 0)
			await(s, progress_ms(s));
		(void)nghttp2_session_resume_data(s->h2->session, s->id);
	}
}

static void wake(struct stream *base)
{
	struct h2_stream *s = (struct h2_stream *)base;

	if (base->exchange && (s->phase == H2_WORKING || s->phase == H2_ANSWERING)) {
		stream_unwatch_pipe(base);
		if (s->phase == H2_WORKING && stream_wants_pump(base))
			pump_begin(s);
		else
			answer(s);
	} else if (base->exchange && s->phase == H2_PUMPING) {
		pump(s);
	}
	connection_service(base->connection);
}

/* How many bytes of the file the next frame may have. They are not copied here: when the frame is
 * made, h2_stream_give_file takes them from where they stand. */
static ssize_t promise_file(struct h2_stream *s, size_t size, uint32_t *flags)
{
	struct slice ready;

	if (!s->is_feeding && !ring_attach(&s->stream))
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	s->is_feeding = true;
	if (!ring_ask(&s->stream) || stream_is_aborted(&s->stream)) /* never a short answer */
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	ready = slice_part(ring_bytes(&s->stream), 0, size);
	if (ready.size == feed_left(&s->stream.feed))
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	else if (ready.size == 0)
		return NGHTTP2_ERR_DEFERRED;
	if (ready.size)
		*flags |= NGHTTP2_DATA_FLAG_NO_COPY;
	return (ssize_t)ready.size;
}

void h2_stream_give_file(struct h2_stream *s, size_t size)
{
	buf_write(&s->h2->connection->sending, slice_part(ring_bytes(&s->stream), 0, size));
	ring_take(&s->stream, size);
	progress(s, size);
}

/* The worker's full buffer for our empty one. False: it has aborted. */
static bool refill(struct h2_stream *s)
{
	struct stream_output output;

	buf_reset(&s->output);
	s->given = 0;
	if (s->is_ended)
		return true;
	output = stream_take(&s->stream, NULL, &s->output);
	s->is_ended = output.is_ended;
	return !output.is_aborted && (output.is_ended || !s->stream.exchange->is_finished);
}

ssize_t h2_stream_give(struct h2_stream *s, uint8_t *out, size_t size, uint32_t *flags)
{
	const struct exchange *x = s->stream.exchange; /* NULL: an answer of the loop's own */
	bool has_file;
	size_t left;

	if (s->given == s->output.size && !refill(s))
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	left = s->output.size - s->given;
	if (left) {
		size = left < size ? left : size;
		memcpy(out, s->output.data + s->given, size);
		s->given += size;
		progress(s, size);
	}
	has_file = s->is_ended && x && x->is_fed;
	if (left == size && s->is_ended && !has_file)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	if (left)
		return (ssize_t)size;
	if (s->is_ended && !has_file) {
		*flags |= NGHTTP2_DATA_FLAG_EOF;
		return 0;
	}
	if (has_file && x->is_finished)
		return promise_file(s, size, flags);
	await(s, 0); /* the worker's turn */
	return NGHTTP2_ERR_DEFERRED;
}

void h2_stream_closed(struct h2_stream *s)
{
	struct connection *c = s->h2->connection;

	discard_input(s);
	if (s->is_sent && s->is_feeding) { /* `done` learns what left: wait until it has */
		unlink_from(&s->h2->streams, s);
		s->phase = H2_LEAVING;
		s->deadline_ms = 0;
		link_first(&s->h2->leaving, s);
		return;
	}
	if (s->is_feeding)
		stream_count_sent(&s->stream, tls_pending(c->tls) + c->sending.size);
	if (s->is_sent)
		stream_drop(&s->stream);
	else
		stream_let_go(&s->stream);
	bury(s);
}

void h2_stream_left(struct h2_stream *s)
{
	stream_count_sent(&s->stream, 0);
	stream_drop(&s->stream);
	bury(s);
}

void h2_stream_abandon(struct h2_stream *s)
{
	struct connection *c = s->h2->connection;

	if (s->is_feeding && s->stream.exchange)
		stream_count_sent(&s->stream, s->mark ? s->mark - s->h2->flushed
						      : tls_pending(c->tls) + c->sending.size);
	stream_let_go(&s->stream);
	bury(s);
}

void h2_stream_expire(struct h2_stream *s)
{
	s->deadline_ms = 0;
	switch (s->phase) {
	case H2_BODY:
		refuse(s, (struct http_refusal){408, "the request body took too long"});
		break;
	case H2_PUMPING:
		pump_finish(s, ERR_TIMEOUT);
		break;
	case H2_FIELDS:
	case H2_ANSWERING:
		h2_reset_stream(s, NGHTTP2_CANCEL);
		break;
	case H2_WORKING:
	case H2_LEAVING:
		break;
	}
}

static enum err put_head(struct exchange *x, const struct answer_head *head)
{
	return write_head(&x->head, head);
}

static void put_piece(struct exchange *x, struct slice piece)
{
	buf_write(&x->out, piece);
}

static void put_end(struct exchange *x)
{
	(void)x; /* a flag of the last frame */
}

/* The other streams of the connection go on. Not CANCEL: some clients take that for an end. */
static void cut(struct stream *base)
{
	stream_unwatch_pipe(base);
	h2_reset_stream((struct h2_stream *)base, NGHTTP2_INTERNAL_ERROR);
	connection_service(base->connection);
}

const struct stream_kind h2_stream_kind = {put_head, put_piece, put_end, wake, cut};

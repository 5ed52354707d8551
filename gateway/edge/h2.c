/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/edge/h2.h"

#include <assert.h>
#include <stdlib.h>

#include "crypto/base/log.h"

enum { H2_FRAME_HEAD = 9 };

static struct h2_stream *stream_of(nghttp2_session *session, int32_t id)
{
	return nghttp2_session_get_stream_user_data(session, id);
}

/* A stream beyond what the whole edge may hold is refused unread: the client may try again. */
static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct h2 *h2 = user;
	struct edge_shared *shared = h2->connection->loop->shared;
	int32_t id = frame->hd.stream_id;

	if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	if (atomic_load(&shared->exchanges) >= shared->options.max_connections)
		return nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id,
						 NGHTTP2_REFUSED_STREAM);
	return nghttp2_session_set_stream_user_data(session, id, h2_stream_new(h2, id));
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
		     size_t name_size, const uint8_t *value, size_t value_size, uint8_t flags,
		     void *user)
{
	struct h2_stream *s = stream_of(session, frame->hd.stream_id);

	(void)flags, (void)user;
	if (s && s->phase == H2_FIELDS) /* else it is a trailer, or refused */
		http_fields_add(&s->fields, &s->stream.exchange->arena, slice_of(name, name_size),
				slice_of(value, value_size));
	return 0;
}

/* nghttp2 would leave such a field out and go on; HTTP/1.1 here does not. */
static int on_invalid_header(nghttp2_session *session, const nghttp2_frame *frame,
			     const uint8_t *name, size_t name_size, const uint8_t *value,
			     size_t value_size, uint8_t flags, void *user)
{
	(void)session, (void)frame, (void)name, (void)name_size;
	(void)value, (void)value_size, (void)flags, (void)user;
	return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; /* resets the stream */
}

static int on_frame_received(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct h2_stream *s = stream_of(session, frame->hd.stream_id);
	bool is_headers = frame->hd.type == NGHTTP2_HEADERS;
	bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;

	(void)user;
	if (!s || (!is_headers && frame->hd.type != NGHTTP2_DATA))
		return 0;
	s->request_ended = s->request_ended || ends;
	if (is_headers && s->phase == H2_FIELDS)
		h2_stream_head(s);
	else if (ends)
		h2_stream_end_of_request(s);
	return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data,
		   size_t size, void *user)
{
	struct h2_stream *s = stream_of(session, id);

	(void)flags, (void)user;
	if (s)
		h2_stream_data(s, slice_of(data, size));
	else
		(void)nghttp2_session_consume_connection(session, size);
	return 0;
}

/* A frame whose payload stands in a segment of a ring: copied once, next to its head, since a TLS
 * record of nine bytes would cost more than that. The session goes on by itself after such a frame;
 * the pause gives the others their turn. */
static int on_send_data(nghttp2_session *session, nghttp2_frame *frame, const uint8_t *head,
			size_t size, nghttp2_data_source *source, void *user)
{
	struct h2 *h2 = user;
	struct buf *out = &h2->connection->sending;

	(void)session, (void)frame;
	buf_write(out, slice_of(head, H2_FRAME_HEAD));
	h2_stream_give_file(source->ptr, size);
	if (out->overflow)
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	return out->size >= H2_PIECE ? NGHTTP2_ERR_PAUSE : 0;
}

/* An answer that is complete before its request: the client need not send the rest. */
static int on_frame_sent(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct h2_stream *s = stream_of(session, frame->hd.stream_id);

	(void)user;
	if (!s || !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM) ||
	    (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA))
		return 0;
	s->is_sent = true;
	if (!s->request_ended)
		h2_reset_stream(s, NGHTTP2_NO_ERROR);
	return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t code, void *user)
{
	struct h2_stream *s = stream_of(session, id);

	(void)code, (void)user;
	if (!s)
		return 0;
	(void)nghttp2_session_set_stream_user_data(session, id, NULL);
	h2_stream_closed(s);
	return 0;
}

static nghttp2_session_callbacks *callbacks_new(void)
{
	nghttp2_session_callbacks *callbacks;

	if (nghttp2_session_callbacks_new(&callbacks))
		return NULL;
	nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks, on_invalid_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_received);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_sent);
	nghttp2_session_callbacks_set_send_data_callback(callbacks, on_send_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
	return callbacks;
}

static nghttp2_option *options_new(void)
{
	nghttp2_option *option;

	if (nghttp2_option_new(&option))
		return NULL;
	nghttp2_option_set_no_auto_window_update(option, 1); /* windows open as pipes take */
	nghttp2_option_set_max_outbound_ack(option, H2_MAX_ACKS);
	nghttp2_option_set_stream_reset_rate_limit(option, H2_RESETS, H2_RESETS_PER_SECOND);
	nghttp2_option_set_no_closed_streams(option, 1);
	return option;
}

static int submit_settings(nghttp2_session *session)
{
	static const nghttp2_settings_entry settings[] = {
		{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, H2_MAX_STREAMS},
		{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, H2_STREAM_WINDOW},
		{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, HTTP_MAX_HEAD},
	};
	int result = nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings,
					     sizeof settings / sizeof *settings);

	return result ? result
		      : nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0,
							      H2_CONNECTION_WINDOW);
}

struct h2 *h2_new(struct connection *c)
{
	struct h2 *h2 = calloc(1, sizeof *h2);
	nghttp2_session_callbacks *callbacks = callbacks_new();
	nghttp2_option *option = options_new();

	assert(h2);
	h2->connection = c;
	if (callbacks && option)
		(void)nghttp2_session_server_new2(&h2->session, callbacks, h2, option);
	nghttp2_session_callbacks_del(callbacks);
	nghttp2_option_del(option);
	if (h2->session && submit_settings(h2->session) == 0)
		return h2;
	h2_free(h2);
	return NULL;
}

void h2_free(struct h2 *h2)
{
	if (!h2)
		return;
	while (h2->streams)
		h2_stream_abandon(h2->streams);
	while (h2->leaving)
		h2_stream_abandon(h2->leaving);
	nghttp2_session_del(h2->session);
	free(h2);
}

enum err h2_receive(struct h2 *h2, struct slice bytes)
{
	ssize_t used = nghttp2_session_mem_recv(h2->session, bytes.data, bytes.size);

	if (used < 0)
		return failure(ERR_FORMAT, "http/2: %s", nghttp2_strerror((int)used));
	return OK;
}

enum err h2_collect(struct h2 *h2, struct buf *out, size_t max)
{
	while (out->size < max) {
		const uint8_t *data;
		ssize_t size = nghttp2_session_mem_send(h2->session, &data);

		if (size < 0)
			return failure(ERR_FORMAT, "http/2: %s", nghttp2_strerror((int)size));
		if (size == 0)
			return OK;
		buf_write(out, slice_of(data, (size_t)size));
	}
	return OK;
}

bool h2_is_over(const struct h2 *h2)
{
	return !nghttp2_session_want_read(h2->session) && !nghttp2_session_want_write(h2->session);
}

bool h2_is_crowded(const struct h2 *h2)
{
	return nghttp2_session_get_outbound_queue_size(h2->session) >= H2_MAX_QUEUE;
}

void h2_go_away(struct h2 *h2)
{
	int32_t last = nghttp2_session_get_last_proc_stream_id(h2->session);

	(void)nghttp2_submit_goaway(h2->session, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, NULL,
				    0);
}

void h2_reset_stream(struct h2_stream *s, uint32_t code)
{
	(void)nghttp2_submit_rst_stream(s->h2->session, NGHTTP2_FLAG_NONE, s->id, code);
}

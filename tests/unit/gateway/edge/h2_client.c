/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/gateway/edge/h2_client.h"

#include <assert.h>
#include <stdlib.h>

enum { MAX_FIELDS = 32 * 1024, MAX_BODY = 64 * 1024 * 1024 };

struct h2_answer *h2_client_answer(struct h2_client *c, int32_t id)
{
	assert(id / 2 < H2_CLIENT_STREAMS);
	return &c->answers[id / 2];
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
		     size_t name_size, const uint8_t *value, size_t value_size, uint8_t flags,
		     void *user)
{
	struct h2_answer *answer = h2_client_answer(user, frame->hd.stream_id);
	uint64_t status = 0;

	(void)session, (void)flags;
	if (slice_equal(slice_of(name, name_size), S(":status")) &&
	    slice_to_u64(slice_of(value, value_size), 999, &status)) {
		answer->status = (unsigned)status;
		answer->continues += status == 100;
	}
	buf_write(&answer->fields, slice_of(name, name_size));
	buf_write_string(&answer->fields, ": ");
	buf_write(&answer->fields, slice_of(value, value_size));
	buf_write_string(&answer->fields, "\n");
	return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data,
		   size_t size, void *user)
{
	(void)session, (void)flags;
	buf_write(&h2_client_answer(user, id)->body, slice_of(data, size));
	return 0;
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t code, void *user)
{
	(void)session;
	h2_client_answer(user, id)->is_closed = true;
	h2_client_answer(user, id)->error = code;
	return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct h2_client *c = user;

	(void)session;
	c->is_told_to_go = c->is_told_to_go || frame->hd.type == NGHTTP2_GOAWAY;
	return 0;
}

static ssize_t give_upload(nghttp2_session *session, int32_t id, uint8_t *out, size_t size,
			   uint32_t *flags, nghttp2_data_source *source, void *user)
{
	struct slice *left = source->ptr;
	struct slice piece = slice_part(*left, 0, size);

	(void)session, (void)id, (void)user;
	memcpy(out, piece.data, piece.size);
	*left = slice_part(*left, piece.size, left->size);
	if (left->size == 0)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)piece.size;
}

struct h2_client *h2_client_new(int port)
{
	struct h2_client *c = calloc(1, sizeof *c);
	nghttp2_session_callbacks *callbacks;
	/* So wide that the socket fills first. */
	const nghttp2_settings_entry window = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, MAX_BODY};

	assert(c && nghttp2_session_callbacks_new(&callbacks) == 0);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
	assert(nghttp2_session_client_new(&c->session, callbacks, c) == 0);
	nghttp2_session_callbacks_del(callbacks);
	assert(nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, &window, 1) == 0);
	assert(nghttp2_session_set_local_window_size(c->session, NGHTTP2_FLAG_NONE, 0, MAX_BODY) ==
	       0);
	c->tls = client_new_h2(port);
	return c;
}

void h2_client_free(struct h2_client *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < H2_CLIENT_STREAMS; i++) {
		buf_free(&c->answers[i].fields);
		buf_free(&c->answers[i].body);
	}
	nghttp2_session_del(c->session);
	client_free(c->tls);
	free(c);
}

static nghttp2_nv field(const char *name, size_t name_size, const char *value)
{
	return (nghttp2_nv){.name = (uint8_t *)(uintptr_t)name,
			    .namelen = name_size,
			    .value = (uint8_t *)(uintptr_t)value,
			    .valuelen = strlen(value)};
}

int32_t h2_client_ask(struct h2_client *c, const char *method, const char *path, struct slice body,
		      const char *extra)
{
	int32_t id = (int32_t)nghttp2_session_get_next_stream_id(c->session);
	struct h2_answer *answer = h2_client_answer(c, id);
	nghttp2_data_provider provider = {.source.ptr = &answer->upload,
					  .read_callback = give_upload};
	nghttp2_nv fields[5] = {field(":method", 7, method), field(":scheme", 7, "https"),
				field(":authority", 10, "h"), field(":path", 5, path)};

	if (extra)
		fields[4] = field(extra, strcspn(extra, ":"), strchr(extra, ' ') + 1);
	answer->fields = buf_new(MAX_FIELDS);
	answer->body = buf_new(MAX_BODY);
	answer->upload = body;
	assert(nghttp2_submit_request(c->session, NULL, fields, extra ? 5 : 4,
				      body.data ? &provider : NULL, NULL) == id);
	return id;
}

void h2_client_send(struct h2_client *c)
{
	const uint8_t *data;
	ssize_t size;

	while ((size = nghttp2_session_mem_send(c->session, &data)) > 0)
		client_send(c->tls, slice_of(data, (size_t)size));
}

bool h2_client_turn(struct h2_client *c)
{
	h2_client_send(c);
	if (c->has_ended || client_receive(c->tls) != 1) {
		c->has_ended = true;
		return false;
	}
	if (nghttp2_session_mem_recv(c->session, (const uint8_t *)client_text(c->tls),
				     client_size(c->tls)) < 0)
		c->has_ended = true;
	client_forget(c->tls);
	h2_client_send(c);
	return !c->has_ended;
}

void h2_client_finish(struct h2_client *c, int32_t id)
{
	while (!h2_client_answer(c, id)->is_closed && h2_client_turn(c))
		;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/edge/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "crypto/base/clock.h"
#include "crypto/base/file.h"
#include "crypto/base/log.h"
#include "gateway/edge/connection.h"
#include "gateway/edge/ring.h"

void stream_init(struct stream *s, const struct stream_kind *kind, struct connection *c)
{
	*s = (struct stream){.kind = kind, .loop = c->loop, .connection = c, .watched_pipe = -1};
	s->pipe_watch = (struct watch){.kind = WATCH_PIPE, .stream = s};
}

/* 16 random bytes, from a stock: asking for each alone would cost as much as decrypting a request.
 */
static void take_random(uint8_t out[16], struct loop *loop)
{
	if (loop->random_left < 16) {
		if (RAND_bytes(loop->random, sizeof loop->random) != 1)
			memset(loop->random, 0, sizeof loop->random); /* ids, not secrets */
		loop->random_left = sizeof loop->random;
	}
	loop->random_left -= 16;
	memcpy(out, loop->random + loop->random_left, 16);
}

/* RFC 9562 version 7: time first, so that ids of one moment stand together. */
static void make_request_id(char out[TEXT_UUID], struct loop *loop)
{
	uint8_t id[16];
	uint64_t now = (uint64_t)clock_now_ms();

	take_random(id, loop);
	for (int i = 0; i < 6; i++)
		id[i] = (uint8_t)(now >> (40 - 8 * i));
	id[6] = (uint8_t)(0x70 | (id[6] & 0x0f));
	id[8] = (uint8_t)(0x80 | (id[8] & 0x3f));
	text_uuid(out, id);
}

/* The worker may still be busy when the connection is gone. */
static void copy_certificate(struct exchange *x, const struct client_certificate *certificate)
{
	if (!certificate)
		return;
	x->certificate = arena_alloc(&x->arena, sizeof *x->certificate);
	*x->certificate = *certificate;
}

struct exchange *stream_open(struct stream *s)
{
	struct exchange *x = exchange_new(s->loop->shared, s->kind);

	s->exchange = x;
	x->stream = s;
	memcpy(x->address, s->connection->address, sizeof x->address);
	copy_certificate(x, tls_client_certificate(s->connection->tls));
	make_request_id(x->request_id, s->loop);
	return x;
}

static enum stream_verdict refuse(struct http_refusal *refusal, unsigned status, const char *reason)
{
	*refusal = (struct http_refusal){.status = status, .reason = reason};
	return STREAM_REFUSE;
}

/* Room for a buffered body, in this process as a whole. */
static bool reserve_body(struct stream *s, size_t size)
{
	struct loop *loop = s->loop;

	if (size > loop->shared->options.body_memory_max - loop->body_memory)
		return false;
	loop->body_memory += size;
	s->exchange->body = buf_new(size);
	return true;
}

static enum stream_verdict judge_body(struct stream *s, struct http_refusal *refusal)
{
	const struct http_request *request = &s->exchange->request;
	const struct route *route = s->exchange->match.route;
	bool has_body = request->is_chunked || request->content_length > 0;
	size_t size = request->is_chunked ? route->body_max : (size_t)request->content_length;

	if (has_body && route->body == BODY_NONE)
		return refuse(refusal, 413, "no body is expected here");
	if (route->body_max && request->content_length > route->body_max)
		return refuse(refusal, 413, "the body is too large");
	if (!has_body || route->body == BODY_STREAM)
		return STREAM_DISPATCH;
	if (!reserve_body(s, size))
		return refuse(refusal, 503, "too many bodies at once; try again");
	return STREAM_BUFFER;
}

enum stream_verdict stream_route(struct stream *s, struct http_refusal *refusal)
{
	const struct edge_options *options = &s->loop->shared->options;
	struct exchange *x = s->exchange;

	if (options->greet)
		options->greet(&x->headers, options->shared, &x->request);
	router_find(s->loop->router, &x->request, &x->arena, &x->match);
	if (x->match.route)
		return judge_body(s, refusal);
	if (*x->match.allow)
		return refuse(refusal, 405, "this method is not allowed here");
	return refuse(refusal, 404, "there is nothing here");
}

void stream_dispatch(struct stream *s)
{
	workers_submit(s->loop->workers, s->exchange);
}

bool stream_wants_pump(struct stream *s)
{
	struct exchange *x = s->exchange;
	bool wanted;

	pthread_mutex_lock(&x->lock);
	wanted = x->pump == PUMP_WANTED;
	pthread_mutex_unlock(&x->lock);
	return wanted;
}

enum err stream_pump_begin(struct stream *s)
{
	int fd = s->exchange->pump_fd;
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return failure_errno("edge: the pipe of a body");
	return OK;
}

enum err stream_pump_write(struct stream *s, struct slice bytes, size_t *written)
{
	struct exchange *x = s->exchange;

	*written = 0;
	while (*written < bytes.size) {
		ssize_t n = write(x->pump_fd, bytes.data + *written, bytes.size - *written);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? ERR_CONFLICT : ERR_UNAVAILABLE;
		*written += (size_t)n;
		x->pump_bytes += (uint64_t)n;
	}
	return OK;
}

void stream_pump_finish(struct stream *s, enum err result)
{
	struct exchange *x = s->exchange;

	stream_unwatch_pipe(s);
	pthread_mutex_lock(&x->lock);
	file_close(&x->pump_fd);
	x->pump_fd = -1;
	x->pump = PUMP_DONE;
	x->pump_result = result;
	pthread_cond_broadcast(&x->changed);
	pthread_mutex_unlock(&x->lock);
}

static void swap(struct buf *a, struct buf *b)
{
	struct buf c = *a;

	*a = *b;
	*b = c;
}

struct stream_output stream_take(struct stream *s, struct buf *head, struct buf *out)
{
	struct exchange *x = s->exchange;
	struct stream_output taken;

	pthread_mutex_lock(&x->lock);
	taken = (struct stream_output){
		.has_head = head && x->head.size > 0,
		.has_bytes = x->out.size > 0,
		.is_ended = x->is_ended,
		.is_over = x->is_ended && x->is_let_go && !x->has_file,
		.is_aborted = x->is_aborted,
		.closes = x->closes,
	};
	if (taken.has_head)
		swap(head, &x->head);
	if (taken.has_bytes && out) {
		swap(out, &x->out);
		pthread_cond_broadcast(&x->changed);
	}
	pthread_mutex_unlock(&x->lock);
	return taken;
}

bool stream_is_cut(struct stream *s)
{
	struct exchange *x = s->exchange;
	bool is_cut;

	pthread_mutex_lock(&x->lock);
	is_cut = x->is_cut;
	pthread_mutex_unlock(&x->lock);
	return is_cut;
}

bool stream_is_aborted(struct stream *s)
{
	struct exchange *x = s->exchange;
	bool is_aborted;

	pthread_mutex_lock(&x->lock);
	is_aborted = x->is_aborted;
	pthread_mutex_unlock(&x->lock);
	return is_aborted;
}

bool stream_has_news(struct stream *s)
{
	struct exchange *x = s->exchange;
	bool has_output;

	pthread_mutex_lock(&x->lock);
	has_output = x->out.size > 0 || x->head.size > 0 || x->is_aborted;
	pthread_mutex_unlock(&x->lock);
	return has_output || x->is_finished;
}

/* Both sides have let go of it. */
static void retire(struct stream *s)
{
	struct exchange *x = s->exchange;

	s->exchange = NULL;
	connection_retire(s->loop, x);
}

void stream_drop(struct stream *s)
{
	struct exchange *x = s->exchange;

	stream_unwatch_pipe(s);
	ring_detach(s);
	if (!x)
		return;
	x->stream = NULL;
	if (x->is_finished || x->queued_ms == 0) /* 0: it was never given to a worker */
		retire(s);
	s->exchange = NULL;
}

void stream_let_go(struct stream *s)
{
	struct exchange *x = s->exchange;

	stream_unwatch_pipe(s);
	ring_detach(s);
	if (!x)
		return;
	pthread_mutex_lock(&x->lock);
	atomic_store(&x->is_closed, true);
	if (x->pump == PUMP_WANTED) {
		x->pump = PUMP_DONE;
		x->pump_result = ERR_CLOSED;
		file_close(&x->pump_fd);
		x->pump_fd = -1;
	}
	pthread_cond_broadcast(&x->changed);
	pthread_mutex_unlock(&x->lock);
	stream_drop(s);
}

void stream_count_sent(struct stream *s, uint64_t pending)
{
	struct exchange *x = s->exchange;
	uint64_t moved = x->file.length - feed_left(&s->feed);

	x->sent = moved > pending ? moved - pending : 0;
}

enum err stream_watch_pipe(struct stream *s, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = &s->pipe_watch};

	if (s->watched_pipe == fd)
		return OK;
	stream_unwatch_pipe(s);
	if (epoll_ctl(s->loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		return failure_errno("edge: a pipe cannot be watched");
	s->watched_pipe = fd;
	return OK;
}

void stream_unwatch_pipe(struct stream *s)
{
	if (s->watched_pipe >= 0)
		(void)epoll_ctl(s->loop->epoll_fd, EPOLL_CTL_DEL, s->watched_pipe, NULL);
	s->watched_pipe = -1;
}

/* Refusals of the loop itself (malformed, no such route, too large) make no entry anywhere. */
static void count_refusal(struct loop *loop)
{
	loop->refused++;
	if (loop->now_ms < loop->refused_due_ms)
		return;
	log_info("edge.refused", "count=%u", loop->refused);
	loop->refused = 0;
	loop->refused_due_ms = loop->now_ms + CONNECTION_REFUSED_MS;
}

struct answer_head stream_problem(const struct stream *s, const struct http_refusal *refusal,
				  struct buf *body, struct buf *headers)
{
	const struct edge_options *options = &s->loop->shared->options;
	const struct exchange *x = s->exchange;

	options->problem(body, refusal->status, refusal->reason, x ? x->request_id : "",
			 x && x->request.segments ? x->request.path : S(""));
	if (x) /* not given to a worker yet: they are the loop's */
		buf_write(headers, buf_slice(&x->headers));
	buf_printf(headers, "X-Error-Message: %s\r\n", refusal->reason);
	if (refusal->status == 405)
		buf_printf(headers, "Allow: %s\r\n", x->match.allow);
	if (refusal->status == 503)
		buf_write_string(headers, "Retry-After: 1\r\n");
	count_refusal(s->loop);
	log_debug("connection.refused", "client=%s status=%u reason=%s", s->connection->address,
		  refusal->status, refusal->reason);
	return (struct answer_head){
		.status = refusal->status,
		.content_type = options->problem_content_type,
		.request_id = x ? x->request_id : NULL,
		.headers = buf_slice(headers),
		.length = body->size,
	};
}

bool stream_is_head(const struct stream *s)
{
	return s->exchange && slice_equal(s->exchange->request.method, S("HEAD"));
}

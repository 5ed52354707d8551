/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/edge/exchange.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/base/clock.h"
#include "crypto/base/file.h"
#include "crypto/base/log.h"
#include "gateway/edge/stream.h"
#include "gateway/edge/workers.h"

enum { STREAM_PIECE = 64 * 1024 };

/* A spare one has memory that the last request has grown. */
static struct exchange *take_spare(struct edge_shared *edge)
{
	struct exchange *x = edge->spare;

	if (x) {
		edge->spare = x->next_job;
		edge->spare_count--;
		return x;
	}
	x = calloc(1, sizeof *x);
	assert(x);
	x->headers = buf_new(EXCHANGE_MAX_HEADERS);
	x->head = buf_new(2 * EXCHANGE_MAX_HEADERS);
	x->out = buf_new(EXCHANGE_MAX_OUT);
	return x;
}

struct exchange *exchange_new(struct edge_shared *edge, const struct stream_kind *kind)
{
	struct exchange *x = take_spare(edge);

	*x = (struct exchange){.edge = edge,
			       .kind = kind,
			       .arena = x->arena,
			       .headers = x->headers,
			       .head = x->head,
			       .out = x->out,
			       .pump_fd = -1};
	pthread_mutex_init(&x->lock, NULL);
	pthread_cond_init(&x->changed, NULL);
	atomic_fetch_add(&edge->exchanges, 1);
	return x;
}

static void free_memory(struct exchange *x)
{
	buf_free(&x->headers);
	buf_free(&x->head);
	buf_free(&x->out);
	arena_free(&x->arena);
	free(x);
}

static void empty(struct buf *b)
{
	if (b->capacity > EXCHANGE_MAX_KEPT)
		buf_free(b);
	else
		buf_reset(b);
}

void exchange_free(struct exchange *x)
{
	struct edge_shared *edge = x->edge;

	file_close(&x->pump_fd);
	buf_free(&x->body);
	pthread_cond_destroy(&x->changed);
	pthread_mutex_destroy(&x->lock);
	atomic_fetch_sub(&edge->exchanges, 1);
	if (edge->spare_count >= EXCHANGE_MAX_SPARE) {
		free_memory(x);
		return;
	}
	empty(&x->headers);
	empty(&x->head);
	empty(&x->out);
	arena_reset(&x->arena);
	x->next_job = edge->spare;
	edge->spare = x;
	edge->spare_count++;
}

void exchange_free_spare(struct edge_shared *edge)
{
	for (struct exchange *x; (x = edge->spare) != NULL;) {
		edge->spare = x->next_job;
		free_memory(x);
	}
	edge->spare_count = 0;
}

const struct http_request *exchange_request(const struct exchange *x)
{
	return &x->request;
}

const struct route *exchange_route(const struct exchange *x)
{
	return x->match.route;
}

struct slice exchange_param(const struct exchange *x, const char *name)
{
	for (size_t i = 0; i < x->match.param_count; i++)
		if (slice_equal(x->match.params[i].name, slice_of_string(name)))
			return x->match.params[i].value;
	return S("");
}

const char *exchange_allow(const struct exchange *x)
{
	return x->match.allow;
}

struct slice exchange_body(const struct exchange *x)
{
	return buf_slice(&x->body);
}

struct slice exchange_client_address(const struct exchange *x)
{
	return slice_of_string(x->address);
}

const struct client_certificate *exchange_client_certificate(const struct exchange *x)
{
	return x->certificate;
}

const char *exchange_request_id(const struct exchange *x)
{
	return x->request_id;
}

struct arena *exchange_arena(struct exchange *x)
{
	return &x->arena;
}

void exchange_set_subject(struct exchange *x, void *subject)
{
	x->subject = subject;
}

void *exchange_subject(const struct exchange *x)
{
	return x->subject;
}

bool exchange_is_closed(const struct exchange *x)
{
	return atomic_load(&x->is_closed);
}

bool exchange_is_answered(const struct exchange *x)
{
	return x->is_answered;
}

void exchange_may_wait(struct exchange *x)
{
	if (!x->is_quick)
		return;
	x->is_quick = false;
	workers_may_wait(x->edge->workers);
	if (x->is_answered)
		mailbox_post(&x->edge->mailbox, x);
}

static bool request_has_body(const struct exchange *x)
{
	return x->request.is_chunked || x->request.content_length > 0;
}

enum err exchange_pump_body(struct exchange *x, int fd, uint64_t *bytes)
{
	enum err result;

	*bytes = 0;
	assert(!x->is_answered && x->pump == PUMP_NONE && x->match.route->body == BODY_STREAM);
	if (!request_has_body(x)) {
		file_close(&fd);
		return OK;
	}
	pthread_mutex_lock(&x->lock);
	if (atomic_load(&x->is_closed)) {
		x->pump = PUMP_DONE;
		x->pump_result = ERR_CLOSED;
		file_close(&fd);
	} else {
		x->pump_fd = fd;
		x->pump = PUMP_WANTED;
		mailbox_post(&x->edge->mailbox, x);
	}
	while (x->pump != PUMP_DONE)
		pthread_cond_wait(&x->changed, &x->lock);
	*bytes = x->pump_bytes;
	result = x->pump_result;
	pthread_mutex_unlock(&x->lock);
	if (result)
		return failure(result, "body: %s after %llu bytes", err_name(result),
			       (unsigned long long)*bytes);
	return OK;
}

void exchange_header_text(struct exchange *x, const char *name, struct slice value)
{
	assert(!x->is_answered && name);
	if (http_write_header(&x->headers, slice_of_string(name), value))
		log_error("edge.header", "name=%s cannot be sent, left out", name);
	if (slice_equal_ignoring_case(slice_of_string(name), S("X-Request-Id")))
		x->has_request_id = true;
}

void exchange_header(struct exchange *x, const char *name, const char *format, ...)
{
	AUTO(buf_free) struct buf value = buf_new(EXCHANGE_MAX_HEADERS);
	char text[1024];
	va_list args;
	int size;

	va_start(args, format);
	size = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (size >= (int)sizeof text) {
		va_start(args, format);
		if (buf_reserve(&value, (size_t)size + 1))
			vsnprintf((char *)value.data, (size_t)size + 1, format, args);
		va_end(args);
	}
	if (size < 0 || value.overflow)
		log_error("edge.header", "name=%s cannot be sent, left out", name);
	else
		exchange_header_text(
			x, name, slice_of(value.data ? value.data : (uint8_t *)text, (size_t)size));
}

/* Hands the head to the protocol, under the lock. */
static bool write_head(struct exchange *x, unsigned status, const char *content_type,
		       enum answer_framing framing, uint64_t length)
{
	bool body_is_left = x->match.route->body == BODY_STREAM && request_has_body(x) &&
			    (x->pump != PUMP_DONE || x->pump_result != OK);
	bool has_body = http_status_has_body(status);
	struct answer_head head = {
		.status = status,
		.content_type = content_type,
		.request_id = x->has_request_id ? NULL : x->request_id,
		.headers = buf_slice(&x->headers),
		.framing = has_body ? framing : ANSWER_EMPTY,
		.length = length,
		.leaves_body = body_is_left,
	};

	if (x->edge->options.answering)
		x->edge->options.answering(x->match.route, x->edge->options.shared);
	x->drops_body = slice_equal(x->request.method, S("HEAD")) || !has_body;
	x->is_answered = true;
	if (x->headers.overflow || x->kind->put_head(x, &head)) {
		log_error("edge.answer", "request=%s cannot be sent", x->request_id);
		x->is_aborted = true;
		return false;
	}
	return true;
}

static void answer(struct exchange *x, unsigned status, const char *content_type, struct slice body,
		   uint64_t length)
{
	assert(!x->is_answered);
	pthread_mutex_lock(&x->lock);
	if (write_head(x, status, content_type, ANSWER_LENGTH, length) && !x->drops_body)
		buf_write(&x->out, body);
	if (x->out.overflow)
		x->is_aborted = true;
	x->is_ended = true;
	pthread_mutex_unlock(&x->lock);
	if (!x->is_quick) /* else it is finished in a moment: one post for both */
		mailbox_post(&x->edge->mailbox, x);
}

void exchange_answer(struct exchange *x, unsigned status, const char *content_type,
		     struct slice body)
{
	answer(x, status, content_type, body, body.size);
}

void exchange_answer_head(struct exchange *x, unsigned status, const char *content_type,
			  uint64_t length)
{
	assert(slice_equal(x->request.method, S("HEAD")));
	answer(x, status, content_type, S(""), length);
}

enum err exchange_stream_begin(struct exchange *x, unsigned status, const char *content_type)
{
	assert(!x->is_answered);
	x->is_stream = true;
	pthread_mutex_lock(&x->lock);
	write_head(x, status, content_type, ANSWER_STREAM, 0);
	pthread_mutex_unlock(&x->lock);
	mailbox_post(&x->edge->mailbox, x);
	if (exchange_is_closed(x))
		return failure(ERR_CLOSED, "stream: the client has gone");
	return OK;
}

/* Wait for room, then add one piece. */
static enum err stream_piece(struct exchange *x, struct slice piece)
{
	bool is_closed;

	pthread_mutex_lock(&x->lock);
	while (x->out.size >= EXCHANGE_STREAM_HIGH && !atomic_load(&x->is_closed))
		pthread_cond_wait(&x->changed, &x->lock);
	is_closed = atomic_load(&x->is_closed);
	if (!is_closed && !x->drops_body)
		x->kind->put_piece(x, piece);
	pthread_mutex_unlock(&x->lock);
	if (is_closed)
		return failure(ERR_CLOSED, "stream: the client has gone");
	mailbox_post(&x->edge->mailbox, x);
	return OK;
}

enum err exchange_stream_write(struct exchange *x, struct slice bytes)
{
	assert(x->is_stream);
	while (bytes.size) {
		struct slice piece = slice_part(bytes, 0, STREAM_PIECE);

		TRY(stream_piece(x, piece));
		bytes = slice_part(bytes, piece.size, bytes.size);
	}
	return OK;
}

void exchange_stream_end(struct exchange *x)
{
	assert(x->is_stream);
	x->is_stream = false;
	pthread_mutex_lock(&x->lock);
	if (!x->drops_body)
		x->kind->put_end(x);
	x->is_ended = true;
	pthread_mutex_unlock(&x->lock);
	mailbox_post(&x->edge->mailbox, x);
}

void exchange_let_go(struct exchange *x)
{
	pthread_mutex_lock(&x->lock);
	x->is_let_go = true;
	pthread_mutex_unlock(&x->lock);
}

void exchange_abort(struct exchange *x)
{
	x->is_answered = true;
	x->is_stream = false;
	pthread_mutex_lock(&x->lock);
	x->is_aborted = true;
	pthread_mutex_unlock(&x->lock);
	mailbox_post(&x->edge->mailbox, x);
}

void exchange_cut(struct exchange *x)
{
	pthread_mutex_lock(&x->lock);
	x->is_cut = true;
	pthread_mutex_unlock(&x->lock);
	mailbox_post_cut(&x->edge->mailbox, x);
}

enum err exchange_ring(uint32_t *ring, struct exchange *x, unsigned porter, uint32_t generation)
{
	TRY(ring_desk_get(ring, &x->edge->ring_desk, &x->edge->options, porter, generation));
	return OK;
}

void exchange_answer_file(struct exchange *x, unsigned status, const char *content_type,
			  struct slice prefix, const struct exchange_file *file,
			  exchange_done_fn *done, void *context)
{
	assert(!x->is_answered);
	pthread_mutex_lock(&x->lock);
	if (write_head(x, status, content_type, ANSWER_LENGTH, prefix.size + file->length) &&
	    !x->drops_body) {
		buf_write(&x->out, prefix);
		x->is_fed = true;
	}
	if (x->out.overflow)
		x->is_aborted = true;
	x->file = *file;
	x->has_file = true;
	x->done = done;
	x->done_context = context;
	x->is_ended = true;
	pthread_mutex_unlock(&x->lock);
	mailbox_post(&x->edge->mailbox, x);
}

/* An answer that no handler made. */
static void answer_problem(struct exchange *x, unsigned status, const char *reason)
{
	const struct edge_options *options = &x->edge->options;
	AUTO(buf_free) struct buf body = buf_new(EXCHANGE_MAX_HEADERS);

	if (status == 503)
		exchange_header(x, "Retry-After", "1");
	options->problem(&body, status, reason, x->request_id, x->request.path);
	exchange_answer(x, status, options->problem_content_type, buf_slice(&body));
}

static void run_route(struct exchange *x, struct route_context *context)
{
	const struct edge_options *options = &x->edge->options;

	if (clock_monotonic_ms() - x->queued_ms > options->queue_ms)
		answer_problem(x, 503, "all workers are busy; try again");
	else if (!options->before || options->before(x, context))
		x->match.route->run(x, context);
	if (!x->is_answered) {
		log_error("edge.no_answer", "route=%s request=%s", x->match.route->pattern,
			  x->request_id);
		answer_problem(x, 500, "the gateway made no answer");
	}
	if (x->is_stream)
		exchange_abort(x);
}

bool exchange_run(struct exchange *x, struct route_context *context)
{
	struct mailbox *mailbox = &x->edge->mailbox;
	bool is_quick;

	if (x->is_done_job) {
		x->done(x, context, x->done_context, x->sent);
		mailbox_post_done(mailbox, x);
		return false;
	}
	if (!exchange_is_closed(x))
		run_route(x, context);
	is_quick = x->is_quick;
	if (is_quick)
		mailbox_put_finished(mailbox, x);
	else
		mailbox_post_finished(mailbox, x);
	return is_quick;
}

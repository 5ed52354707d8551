/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The edge on a loopback port with its own certificate, and clients that send raw bytes. One
 * edge serves all tests but those that stop it.
 */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/edge/edge.h"
#include "gateway/edge/exchange.h"
#include "tests/unit/gateway/edge/client.h"

enum { SHORT_MS = 300, BIG = 3 * 1024 * 1024, CLIENTS = 100 };

struct route_context {
	int is_alive; /* a worker's own */
};

struct server {
	struct edge_options options;
	struct buf certificate, key;
	int port, stop;
	pthread_t thread;
	enum err result;
	sem_t started;
};

/* What handlers tell the tests. */
static sem_t noticed;
static atomic_int noticed_error;
static atomic_ullong noticed_bytes;

static void notice(enum err error, uint64_t bytes)
{
	atomic_store(&noticed_error, (int)error);
	atomic_store(&noticed_bytes, bytes);
	sem_post(&noticed);
}

static void wait_for_notice(void)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 10;
	assert_int_equal(sem_timedwait(&noticed, &until), 0);
}

static void run_hello(struct exchange *x, struct route_context *context)
{
	assert_int_equal(context->is_alive, 1);
	exchange_header(x, "X-Name", "%.*s", SLICE_PRINT(exchange_param(x, "name")));
	exchange_answer(x, 200, "text/plain", S("hello"));
}

static void run_echo(struct exchange *x, struct route_context *context)
{
	(void)context;
	exchange_answer(x, 200, "text/plain", exchange_body(x));
}

static void run_silent(struct exchange *x, struct route_context *context)
{
	(void)x, (void)context;
}

static void run_refused(struct exchange *x, struct route_context *context)
{
	(void)context;
	exchange_answer(x, 403, NULL, S("")); /* and the body stays where it is */
}

struct drain_pipe {
	int fd;
	uint64_t bytes, sum;
};

static void *read_pipe(void *argument)
{
	struct drain_pipe *drain = argument;
	uint8_t room[4096];
	ssize_t n;

	while ((n = read(drain->fd, room, sizeof room)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			drain->sum += room[i];
		drain->bytes += (uint64_t)n;
	}
	close(drain->fd);
	return NULL;
}

/* Pumps the body through a pipe to a thread that counts, and answers with the count. */
static void run_upload(struct exchange *x, struct route_context *context)
{
	struct drain_pipe drain = {.bytes = 0};
	int ends[2];
	pthread_t thread;
	uint64_t bytes;
	enum err result;

	(void)context;
	assert_int_equal(pipe(ends), 0);
	drain.fd = ends[0];
	pthread_create(&thread, NULL, read_pipe, &drain);
	result = exchange_pump_body(x, ends[1], &bytes);
	pthread_join(thread, NULL);
	assert_int_equal(bytes, drain.bytes);
	if (result) {
		notice(result, bytes);
		exchange_answer(x, 400, "text/plain", slice_of_string(err_name(result)));
		return;
	}
	exchange_answer(x, 200, "text/plain",
			slice_of_string(arena_printf(exchange_arena(x), "%llu:%llu",
						     (unsigned long long)drain.bytes,
						     (unsigned long long)drain.sum)));
}

/* The reader of the pipe has died: nobody takes the body. */
static void run_orphan(struct exchange *x, struct route_context *context)
{
	int ends[2];
	uint64_t bytes;

	(void)context;
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	exchange_answer(x, 500, "text/plain",
			slice_of_string(err_name(exchange_pump_body(x, ends[1], &bytes))));
}

static void run_events(struct exchange *x, struct route_context *context)
{
	enum err result = exchange_stream_begin(x, 200, "text/event-stream");

	(void)context;
	for (int i = 0; result == OK && i < 3; i++)
		result = exchange_stream_write(x, S("data: x\n\n"));
	exchange_stream_end(x);
}

/* An endless stream: only a vanished client ends it. */
static void run_endless(struct exchange *x, struct route_context *context)
{
	enum err result = exchange_stream_begin(x, 200, "text/event-stream");

	(void)context;
	while (result == OK)
		result = exchange_stream_write(x, S("data: x\n\n"));
	notice(exchange_is_closed(x) ? result : ERR_INTERNAL, 0);
}

static void run_unfinished(struct exchange *x, struct route_context *context)
{
	(void)context;
	if (exchange_stream_begin(x, 200, "text/plain") == OK)
		(void)!exchange_stream_write(x, S("part"));
}

static void pipe_done(struct exchange *x, struct route_context *worker, void *context,
		      uint64_t sent)
{
	assert_int_equal(worker->is_alive, 1);
	assert_ptr_equal(context, exchange_arena(x));
	notice(OK, sent);
}

struct source {
	int fd;
	size_t bytes;
};

static void *fill_pipe(void *argument)
{
	struct source *source = argument;
	static const uint8_t zeros[4096];

	while (source->bytes) {
		size_t n = source->bytes < sizeof zeros ? source->bytes : sizeof zeros;

		if (write(source->fd, zeros, n) != (ssize_t)n)
			break;
		source->bytes -= n;
	}
	close(source->fd);
	free(source);
	return NULL;
}

/* "/pipe/{bytes}": an answer of BIG bytes from a pipe that holds so many. */
static void run_pipe(struct exchange *x, struct route_context *context)
{
	struct source *source = calloc(1, sizeof *source);
	uint64_t bytes = 0;
	int ends[2];
	pthread_t thread;

	(void)context;
	assert_true(slice_to_u64(exchange_param(x, "bytes"), BIG, &bytes));
	assert_int_equal(pipe(ends), 0);
	*source = (struct source){.fd = ends[1], .bytes = bytes};
	pthread_create(&thread, NULL, fill_pipe, source);
	pthread_detach(thread);
	exchange_answer_pipe(x, 200, "application/octet-stream", ends[0], BIG, pipe_done,
			     exchange_arena(x));
}

static void run_slow(struct exchange *x, struct route_context *context)
{
	sem_t *entered = &noticed;

	(void)context;
	sem_post(entered);
	usleep(100 * 1000); /* long enough for the stop to come meanwhile */
	exchange_answer(x, 200, "text/plain", S("finished"));
}

static bool before(struct exchange *x, struct route_context *context)
{
	(void)context;
	if (strcmp(exchange_route(x)->right, "public") == 0)
		return true;
	exchange_answer(x, 401, "text/plain", S("who are you?"));
	return false;
}

static const struct route routes[] = {
	{"GET", "/hello/{name}", "public", BODY_NONE, 0, run_hello},
	{"POST", "/echo", "public", BODY_BUFFER, 1000, run_echo},
	{"GET", "/silent", "public", BODY_NONE, 0, run_silent},
	{"GET", "/secret", "weights:read", BODY_NONE, 0, run_hello},
	{"PUT", "/upload", "public", BODY_STREAM, 0, run_upload},
	{"PUT", "/small", "public", BODY_STREAM, 1000, run_upload},
	{"PUT", "/refused", "public", BODY_STREAM, 0, run_refused},
	{"PUT", "/orphan", "public", BODY_STREAM, 0, run_orphan},
	{"GET", "/events", "public", BODY_NONE, 0, run_events},
	{"GET", "/endless", "public", BODY_NONE, 0, run_endless},
	{"GET", "/unfinished", "public", BODY_NONE, 0, run_unfinished},
	{"GET", "/pipe/{bytes}", "public", BODY_NONE, 0, run_pipe},
	{"GET", "/slow", "public", BODY_NONE, 0, run_slow},
};

static struct route_context *worker_new(void *shared)
{
	struct route_context *context = calloc(1, sizeof *context);

	(void)shared;
	context->is_alive = 1;
	return context;
}

static void worker_free(struct route_context *context)
{
	free(context);
}

static void on_started(void *shared)
{
	struct server *server = shared;

	sem_post(&server->started);
}

static void *serve(void *argument)
{
	struct server *server = argument;

	server->result = edge_run(&server->options);
	return NULL;
}

static int listen_somewhere(int *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(fd, 256), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

static struct server *server_start(void)
{
	struct server *server = calloc(1, sizeof *server);
	int stop[2];

	server->certificate = buf_new(10000);
	server->key = buf_new(10000);
	client_make_certificate(&server->certificate, &server->key);
	assert_int_equal(pipe(stop), 0);
	server->stop = stop[1];
	sem_init(&server->started, 0, 0);
	server->options = (struct edge_options){
		.listen_fd = listen_somewhere(&server->port),
		.stop_fd = stop[0],
		.certificate = buf_slice(&server->certificate),
		.key = buf_slice(&server->key),
		.routes = routes,
		.route_count = sizeof routes / sizeof *routes,
		.worker_new = worker_new,
		.worker_free = worker_free,
		.shared = server,
		.before = before,
		.started = on_started,
		.workers = 4,
		.head_ms = SHORT_MS,
		.idle_ms = SHORT_MS * 2,
		.progress_ms = SHORT_MS * 2,
	};
	pthread_create(&server->thread, NULL, serve, server);
	sem_wait(&server->started);
	return server;
}

static void server_stop(struct server *server)
{
	close(server->stop);
	pthread_join(server->thread, NULL);
	assert_int_equal(server->result, OK);
	close(server->options.listen_fd);
	close(server->options.stop_fd);
	buf_free(&server->certificate);
	buf_free(&server->key);
	sem_destroy(&server->started);
	free(server);
}

static int set_up(void **state)
{
	sem_init(&noticed, 0, 0);
	*state = server_start();
	return 0;
}

static int tear_down(void **state)
{
	server_stop(*state);
	return 0;
}

static struct client *connect_to(void **state)
{
	const struct server *server = *state;

	return client_new(server->port);
}

static size_t count_of(const char *text, const char *part)
{
	size_t count = 0;

	for (const char *p = text; (p = strstr(p, part)) != NULL; p++)
		count++;
	return count;
}

#define HOST "Host: h\r\n"

static void a_connection_serves_one_request_after_the_other(void **state)
{
	AUTO(client_auto) struct client *c = connect_to(state);

	for (int i = 0; i < 3; i++) {
		client_forget(c);
		client_send(c, S("GET /hello/a%20b HTTP/1.1\r\n" HOST "\r\n"));
		assert_true(client_expect(c, "\r\n\r\nhello"));
		assert_non_null(strstr(client_text(c), "HTTP/1.1 200 OK\r\nDate: "));
		assert_non_null(strstr(client_text(c), "X-Name: a b\r\n"));
		assert_non_null(strstr(client_text(c), "X-Request-Id: "));
		assert_non_null(strstr(client_text(c), "Content-Length: 5\r\n"));
		assert_null(strstr(client_text(c), "Connection: close"));
	}
}

static void pipelined_requests_are_answered_in_order(void **state)
{
	AUTO(client_auto) struct client *c = connect_to(state);

	client_send(c, S("GET /hello/1 HTTP/1.1\r\n" HOST "\r\n"
			 "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nab"
			 "PUT /upload HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n\1\2"
			 "GET /hello/4 HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"));
	assert_true(client_read_all(c));
	assert_int_equal(count_of(client_text(c), "HTTP/1.1 200 OK"), 4);
	assert_true(strstr(client_text(c), "X-Name: 1") < strstr(client_text(c), "\r\n\r\nab"));
	assert_true(strstr(client_text(c), "\r\n\r\nab") < strstr(client_text(c), "2:3"));
	assert_true(strstr(client_text(c), "2:3") < strstr(client_text(c), "X-Name: 4"));
}

static void head_has_the_headers_of_get_and_no_body(void **state)
{
	AUTO(client_auto) struct client *c = connect_to(state);

	client_send(c, S("HEAD /hello/a HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"));
	assert_true(client_read_all(c));
	assert_non_null(strstr(client_text(c), "Content-Length: 5\r\n"));
	assert_null(strstr(client_text(c), "hello"));
}

static void what_the_loop_refuses_has_its_status(void **state)
{
	static const struct {
		const char *request, *status;
	} rows[] = {
		{"GET /nothing HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", " 404 "},
		{"PATCH /echo HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", " 405 "},
		{"GET / HTTP/1.1\r\n\r\n", " 400 "},
		{"GET / HTTP/1.1\n", " 400 "},
		{"GET / HTTP/3.0\r\n" HOST "\r\n", " 505 "},
		{"GET /hello/a HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\n", " 413 "},
		{"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1001\r\n\r\n", " 413 "},
		{"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n",
		 " 400 "},
		{"GET /secret HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", " 401 "},
		{"GET /silent HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", " 500 "},
		{"GET /hello/%2e%2e HTTP/1.1\r\n" HOST "\r\n", " 400 "},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		AUTO(client_auto) struct client *c = connect_to(state);

		client_send(c, slice_of_string(rows[i].request));
		assert_true(client_read_all(c));
		if (count_of(client_text(c), "\r\nDate: ") != 1 ||
		    strncmp(client_text(c) + 8, rows[i].status, 5) != 0)
			fail_msg("%s -> %s", rows[i].request, client_text(c));
	}
}

static void a_method_that_is_not_allowed_names_those_that_are(void **state)
{
	AUTO(client_auto) struct client *c = connect_to(state);

	client_send(c, S("DELETE /hello/a HTTP/1.1\r\n" HOST "\r\n"));
	assert_true(client_expect(c, "Allow: GET, HEAD\r\n"));
}

static void a_chunked_upload_goes_through_a_pipe(void **state)
{
	AUTO(client_auto) struct client *c = connect_to(state);
	AUTO(buf_free) struct buf piece = buf_new(100000);

	for (int i = 0; i < 50000; i++)
		buf_write_u8(&piece, 1);
	client_send(c, S("PUT /upload HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"));
	for (int i = 0; i < 20; i++) {
		client_send(c, S("c350\r\n"));
		client_send(c, buf_slice(&piece));
		client_send(c, S("\r\n"));
	}
	client_send(c, S("0\r\n\r\nGET /hello/next HTTP/1.1\r\n" HOST "\r\n"));
	assert_true(client_expect(c, "1000000:1000000"));
	assert_true(client_expect(c, "X-Name: next"));
}

static void a_client_is_told_to_go_on(void **state)
{
	AUTO(client_auto) struct client *c = connect_to(state);

	client_send(c, S("PUT /upload HTTP/1.1\r\n" HOST
			 "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
	assert_true(client_expect(c, "HTTP/1.1 100 Continue\r\n\r\n"));
	client_send(c, S("\1\1"));
	assert_true(client_expect(c, "2:2"));
}

static void a_refused_upload_is_answered_and_closed(void **state)
{
	AUTO(client_auto) struct client *c = connect_to(state);

	client_send(c, S("PUT /refused HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nabcde"
			 "GET /hello/a HTTP/1.1\r\n" HOST "\r\n"));
	assert_true(client_read_all(c));
	assert_int_equal(count_of(client_text(c), "HTTP/1.1 "), 1);
	assert_non_null(strstr(client_text(c), " 403 "));
	assert_non_null(strstr(client_text(c), "Connection: close\r\n"));
}

static void an_upload_that_nobody_reads_ends(void **state)
{
	AUTO(client_auto) struct client *c = connect_to(state);

	client_send(c, S("PUT /orphan HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nabcde"));
	assert_true(client_expect(c, "unavailable"));
}

static void an_upload_over_its_ceiling_ends(void **state)
{
	AUTO(client_auto) struct client *c = connect_to(state);

	client_send(c,
		    S("PUT /small HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3e9\r\n"));
	for (int i = 0; i < 1001; i++)
		client_send(c, S("a"));
	assert_true(client_expect(c, "limit"));
	wait_for_notice();
}

static void an_upload_whose_client_dies_is_closed(void **state)
{
	struct client *c = connect_to(state);

	client_send(c, S("PUT /upload HTTP/1.1\r\n" HOST
			 "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n"));
	assert_true(client_expect(c, "100 Continue\r\n\r\n")); /* the pump runs */
	client_send(c, S("abc"));
	client_free(c);
	wait_for_notice();
	assert_string_equal(err_name((enum err)atomic_load(&noticed_error)), "closed");
	assert_int_equal(atomic_load(&noticed_bytes), 3);
}

static void an_upload_that_stalls_times_out(void **state)
{
	AUTO(client_auto) struct client *c = connect_to(state);

	client_send(c, S("PUT /upload HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nabc"));
	assert_true(client_expect(c, "timeout"));
	wait_for_notice();
}

static void events_arrive_and_the_stream_has_an_end(void **state)
{
	AUTO(client_auto) struct client *c = connect_to(state);

	client_send(c, S("GET /events HTTP/1.1\r\n" HOST "\r\n"));
	assert_true(client_expect(c, "\r\n0\r\n\r\n"));
	assert_int_equal(count_of(client_text(c), "9\r\ndata: x\n\n\r\n"), 3);
}

static void http_1_0_gets_a_stream_that_ends_with_the_connection(void **state)
{
	AUTO(client_auto) struct client *c = connect_to(state);

	client_send(c, S("GET /events HTTP/1.0\r\n\r\n"));
	assert_true(client_read_all(c));
	assert_null(strstr(client_text(c), "chunked"));
	assert_non_null(strstr(client_text(c), "\r\n\r\ndata: x\n\ndata: x\n\ndata: x\n\n"));
}

static void a_vanished_client_stops_its_stream(void **state)
{
	struct client *c = connect_to(state);

	client_send(c, S("GET /endless HTTP/1.1\r\n" HOST "\r\n"));
	assert_true(client_expect(c, "data: x"));
	client_free(c);
	wait_for_notice();
	assert_string_equal(err_name((enum err)atomic_load(&noticed_error)), "closed");
}

static void a_client_that_does_not_read_is_cut_off(void **state)
{
	AUTO(client_auto) struct client *c = connect_to(state);

	client_send(c, S("GET /endless HTTP/1.1\r\n" HOST "\r\n"));
	wait_for_notice();
	assert_string_equal(err_name((enum err)atomic_load(&noticed_error)), "closed");
}

static void a_stream_without_its_end_is_cut_off(void **state)
{
	AUTO(client_auto) struct client *c = connect_to(state);

	client_send(c, S("GET /unfinished HTTP/1.1\r\n" HOST "\r\n"));
	assert_false(client_read_all(c));
	assert_null(strstr(client_text(c), "\r\n0\r\n"));
}

static void an_answer_comes_from_a_pipe(void **state)
{
	AUTO(client_auto) struct client *c = connect_to(state);
	char path[100];

	snprintf(path, sizeof path, "GET /pipe/%d HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n",
		 BIG);
	client_send(c, slice_of_string(path));
	assert_true(client_read_all(c));
	assert_true(client_size(c) > BIG && client_size(c) < BIG + 1000);
	wait_for_notice();
	assert_int_equal(atomic_load(&noticed_bytes), BIG);
}

static void a_pipe_that_ends_early_cuts_the_answer_off(void **state)
{
	AUTO(client_auto) struct client *c = connect_to(state);

	client_send(c, S("GET /pipe/1000000 HTTP/1.1\r\n" HOST "\r\n"));
	assert_false(client_read_all(c));
	wait_for_notice();
	assert_true(atomic_load(&noticed_bytes) <= 1000000);
}

static void a_vanished_download_is_closed_too(void **state)
{
	struct client *c = connect_to(state);
	char path[100];

	snprintf(path, sizeof path, "GET /pipe/%d HTTP/1.1\r\n" HOST "\r\n", BIG);
	client_send(c, slice_of_string(path));
	assert_true(client_expect(c, "\r\n\r\n"));
	client_free(c);
	wait_for_notice();
	assert_true(atomic_load(&noticed_bytes) < BIG);
}

static void a_head_that_trickles_in_is_given_up(void **state)
{
	AUTO(client_auto) struct client *c = connect_to(state);

	client_send(c, S("GET /hello/a HTT"));
	assert_true(client_read_all(c));
	assert_non_null(strstr(client_text(c), " 408 "));
}

static void an_idle_connection_is_closed(void **state)
{
	AUTO(client_auto) struct client *c = connect_to(state);

	client_send(c, S("GET /hello/a HTTP/1.1\r\n" HOST "\r\n"));
	assert_true(client_expect(c, "hello"));
	client_forget(c);
	client_read_all(c);
	assert_int_equal(client_size(c), 0);
}

static void *ask_ten_times(void *argument)
{
	struct client *c = client_new(*(int *)argument);
	size_t good = 0;

	for (int i = 0; i < 10; i++) {
		client_forget(c);
		client_send(c, S("GET /hello/a HTTP/1.1\r\n" HOST "\r\n"));
		good += client_expect(c, "\r\n\r\nhello");
	}
	client_free(c);
	return good == 10 ? argument : NULL;
}

static void a_hundred_clients_are_served_at_once(void **state)
{
	struct server *server = *state;
	pthread_t threads[CLIENTS];

	for (int i = 0; i < CLIENTS; i++)
		pthread_create(&threads[i], NULL, ask_ten_times, &server->port);
	for (int i = 0; i < CLIENTS; i++) {
		void *result;

		pthread_join(threads[i], &result);
		assert_non_null(result);
	}
}

static void a_stop_lets_the_running_answer_finish(void **state)
{
	struct server *server = server_start();
	AUTO(client_auto) struct client *busy = client_new(server->port);
	AUTO(client_auto) struct client *idle = client_new(server->port);

	(void)state;
	client_send(busy, S("GET /slow HTTP/1.1\r\n" HOST "\r\n"));
	wait_for_notice();
	server_stop(server);
	assert_true(client_read_all(busy));
	assert_non_null(strstr(client_text(busy), "finished"));
	assert_non_null(strstr(client_text(busy), "Connection: close\r\n"));
	assert_true(client_read_all(idle));
}

static void an_edge_with_a_bad_table_or_key_does_not_start(void **state)
{
	struct server *server = *state;
	const struct route no_right[] = {{.method = "GET", .pattern = "/", .run = run_hello}};
	struct edge_options options = server->options;

	options.routes = no_right;
	options.route_count = 1;
	assert_err(edge_run(&options), ERR_FORMAT);
	assert_non_null(strstr(failure_text(), "declares no right"));
	options = server->options;
	options.key = S("nonsense");
	assert_err(edge_run(&options), ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_serves_one_request_after_the_other),
		cmocka_unit_test(pipelined_requests_are_answered_in_order),
		cmocka_unit_test(head_has_the_headers_of_get_and_no_body),
		cmocka_unit_test(what_the_loop_refuses_has_its_status),
		cmocka_unit_test(a_method_that_is_not_allowed_names_those_that_are),
		cmocka_unit_test(a_chunked_upload_goes_through_a_pipe),
		cmocka_unit_test(a_client_is_told_to_go_on),
		cmocka_unit_test(a_refused_upload_is_answered_and_closed),
		cmocka_unit_test(an_upload_that_nobody_reads_ends),
		cmocka_unit_test(an_upload_over_its_ceiling_ends),
		cmocka_unit_test(an_upload_whose_client_dies_is_closed),
		cmocka_unit_test(an_upload_that_stalls_times_out),
		cmocka_unit_test(events_arrive_and_the_stream_has_an_end),
		cmocka_unit_test(http_1_0_gets_a_stream_that_ends_with_the_connection),
		cmocka_unit_test(a_vanished_client_stops_its_stream),
		cmocka_unit_test(a_client_that_does_not_read_is_cut_off),
		cmocka_unit_test(a_stream_without_its_end_is_cut_off),
		cmocka_unit_test(an_answer_comes_from_a_pipe),
		cmocka_unit_test(a_pipe_that_ends_early_cuts_the_answer_off),
		cmocka_unit_test(a_vanished_download_is_closed_too),
		cmocka_unit_test(a_head_that_trickles_in_is_given_up),
		cmocka_unit_test(an_idle_connection_is_closed),
		cmocka_unit_test(a_hundred_clients_are_served_at_once),
		cmocka_unit_test(a_stop_lets_the_running_answer_finish),
		cmocka_unit_test(an_edge_with_a_bad_table_or_key_does_not_start),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

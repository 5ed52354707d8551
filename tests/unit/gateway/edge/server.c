/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/gateway/edge/server.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "gateway/edge/exchange.h"
#include "tests/unit/gateway/edge/client.h"
#include "tests/unit/test.h"

/* No deadline may pass by itself while a busy machine runs a test that is not about deadlines. */
enum { HASTY_MS = 300, PATIENT_MS = 30000 };

struct route_context {
	int is_alive; /* a worker's own */
};

/* What handlers tell the tests. */
sem_t noticed;
atomic_int noticed_error;
atomic_ullong noticed_bytes;

sem_t may_read;

static void notice(enum err error, uint64_t bytes)
{
	atomic_store(&noticed_error, (int)error);
	atomic_store(&noticed_bytes, bytes);
	sem_post(&noticed);
}

void wait_for_notice(void)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 10;
	assert_int_equal(sem_timedwait(&noticed, &until), 0);
}

void run_hello(struct exchange *x, struct route_context *context)
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

static void *read_pipe_when_told(void *argument)
{
	sem_wait(&may_read);
	return read_pipe(argument);
}

/* Pumps the body through a pipe to a thread that counts, and answers with the count. */
static void upload(struct exchange *x, void *(*reader)(void *))
{
	struct drain_pipe drain = {.bytes = 0};
	int ends[2];
	pthread_t thread;
	uint64_t bytes;
	enum err result;

	assert_int_equal(pipe(ends), 0);
	drain.fd = ends[0];
	pthread_create(&thread, NULL, reader, &drain);
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

static void run_upload(struct exchange *x, struct route_context *context)
{
	(void)context;
	upload(x, read_pipe);
}

static void run_held(struct exchange *x, struct route_context *context)
{
	(void)context;
	upload(x, read_pipe_when_told);
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

static void file_done(struct exchange *x, struct route_context *worker, void *context,
		      uint64_t sent)
{
	assert_int_equal(worker->is_alive, 1);
	assert_ptr_equal(context, exchange_arena(x));
	notice(OK, sent);
}

/* An answer of BIG bytes, of which the porter can give so many. */
static void answer_file(struct exchange *x, uint64_t what_then)
{
	struct exchange_file file = {.length = BIG};
	uint64_t bytes = 0;

	assert_true(slice_to_u64(exchange_param(x, "bytes"), BIG, &bytes));
	assert_int_equal(exchange_ring(&file.ring, x, 0, 1), OK);
	file.transfer = bytes | what_then;
	exchange_answer_file(x, 200, "application/octet-stream", S("prefix"), &file, file_done,
			     exchange_arena(x));
}

static void run_file(struct exchange *x, struct route_context *context)
{
	(void)context;
	answer_file(x, 0);
}

static void run_dying(struct exchange *x, struct route_context *context)
{
	(void)context;
	answer_file(x, PORTER_DIES);
}

sem_t may_cut;

static void *cut_when_told(void *argument)
{
	sem_wait(&may_cut);
	exchange_cut(argument);
	return NULL;
}

/* An answer of which a part leaves, and then the porter says no more: only a cut ends it. */
static void run_stuck(struct exchange *x, struct route_context *context)
{
	struct exchange_file file = {.length = BIG, .transfer = PORTER_STALLS};
	pthread_t thread;

	(void)context;
	pthread_create(&thread, NULL, cut_when_told, x);
	pthread_detach(thread);
	assert_int_equal(exchange_ring(&file.ring, x, 0, 1), OK);
	exchange_answer_file(x, 200, "application/octet-stream", S("a part"), &file, file_done,
			     exchange_arena(x));
}

static void run_slow(struct exchange *x, struct route_context *context)
{
	(void)context;
	sem_post(&noticed);
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

/* Quick as a rule, and not this time. */
static void run_waiting(struct exchange *x, struct route_context *context)
{
	(void)context;
	exchange_may_wait(x);
	notice(OK, 0);
	sem_wait(&may_read);
	exchange_answer(x, 200, "text/plain", S("waited"));
}

/* Has answered, and something left to do. */
static void run_lingering(struct exchange *x, struct route_context *context)
{
	(void)context;
	exchange_let_go(x);
	exchange_answer(x, 200, "text/plain", S("gone on"));
	sem_wait(&may_read);
	notice(exchange_is_closed(x) ? ERR_CLOSED : OK, 0);
}

static bool is_quick(const struct route *route)
{
	return strncmp(route->pattern, "/quick/", 7) == 0;
}

static const struct route routes[] = {
	{"GET", "/quick/hello/{name}", "public", BODY_NONE, 0, run_hello},
	{"GET", "/quick/waiting", "public", BODY_NONE, 0, run_waiting},
	{"GET", "/quick/silent", "public", BODY_NONE, 0, run_silent},
	{"GET", "/hello/{name}", "public", BODY_NONE, 0, run_hello},
	{"POST", "/echo", "public", BODY_BUFFER, 1000, run_echo},
	{"GET", "/silent", "public", BODY_NONE, 0, run_silent},
	{"GET", "/secret", "weights:read", BODY_NONE, 0, run_hello},
	{"PUT", "/upload", "public", BODY_STREAM, 0, run_upload},
	{"PUT", "/held", "public", BODY_STREAM, 0, run_held},
	{"PUT", "/small", "public", BODY_STREAM, 1000, run_upload},
	{"PUT", "/refused", "public", BODY_STREAM, 0, run_refused},
	{"PUT", "/orphan", "public", BODY_STREAM, 0, run_orphan},
	{"GET", "/events", "public", BODY_NONE, 0, run_events},
	{"GET", "/endless", "public", BODY_NONE, 0, run_endless},
	{"GET", "/unfinished", "public", BODY_NONE, 0, run_unfinished},
	{"GET", "/stuck", "public", BODY_NONE, 0, run_stuck},
	{"GET", "/file/{bytes}", "public", BODY_NONE, 0, run_file},
	{"GET", "/dying/{bytes}", "public", BODY_NONE, 0, run_dying},
	{"GET", "/slow", "public", BODY_NONE, 0, run_slow},
	{"GET", "/lingering", "public", BODY_NONE, 0, run_lingering},
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

static enum err ring_open(void *shared, unsigned porter, int fd)
{
	struct server *server = shared;

	assert_int_equal(porter, 0);
	return porter_ring(&server->porter, fd);
}

static void porter_refused(void *shared, unsigned porter)
{
	struct server *server = shared;

	assert_int_equal(porter, 0);
	atomic_fetch_add(&server->porter.refused, 1);
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

static struct server *start(int deadline_ms)
{
	struct server *server = calloc(1, sizeof *server);
	int stop[2];

	porter_init(&server->porter);
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
		.ring_open = ring_open,
		.porter_refused = porter_refused,
		.started = on_started,
		.is_quick = is_quick,
		.workers = 4,
		.head_ms = deadline_ms,
		.idle_ms = deadline_ms * 2,
		.progress_ms = deadline_ms * 2,
	};
	pthread_create(&server->thread, NULL, serve, server);
	sem_wait(&server->started);
	return server;
}

struct server *server_start(void)
{
	return start(PATIENT_MS);
}

struct server *server_start_hasty(void)
{
	return start(HASTY_MS);
}

void server_stop(struct server *server)
{
	close(server->stop);
	pthread_join(server->thread, NULL);
	assert_int_equal(server->result, OK);
	porter_clear(&server->porter);
	close(server->options.listen_fd);
	close(server->options.stop_fd);
	buf_free(&server->certificate);
	buf_free(&server->key);
	sem_destroy(&server->started);
	free(server);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Two edges (server.c), a patient and a hasty one, serve all of these but those that stop one. */
#include "tests/unit/test.h"

#include <stdio.h>

#include "tests/unit/gateway/edge/client.h"
#include "tests/unit/gateway/edge/server.h"

enum { CLIENTS = 100 };

static struct server *hasty; /* for the tests of deadlines */

static int set_up(void **state)
{
	sem_init(&noticed, 0, 0);
	sem_init(&may_cut, 0, 0);
	*state = server_start();
	hasty = server_start_hasty();
	return 0;
}

static int tear_down(void **state)
{
	server_stop(*state);
	server_stop(hasty);
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
	assert_true(client_expect(c, "\r\n\r\n2:2"));
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
	AUTO(client_auto) struct client *c = client_new(hasty->port);

	(void)state;
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
	AUTO(client_auto) struct client *c = client_new(hasty->port);

	(void)state;
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

static void ask_for_file(struct client *c, const char *route, int bytes)
{
	char request[100];

	snprintf(request, sizeof request, "GET /%s/%d HTTP/1.1\r\n" HOST "\r\n", route, bytes);
	client_send(c, slice_of_string(request));
}

/* What came behind the head is the prefix, and then the file from its beginning. */
static size_t check_file(struct client *c)
{
	const char *body = strstr(client_text(c), "\r\n\r\nprefix");
	const uint8_t *file;
	size_t size;

	assert_non_null(body);
	file = (const uint8_t *)body + strlen("\r\n\r\nprefix");
	size = client_size(c) - (size_t)(file - (const uint8_t *)client_text(c));
	for (size_t i = 0; i < size; i++)
		if (file[i] != porter_byte(i))
			fail_msg("byte %zu of the file is wrong", i);
	return size;
}

static void expect_file(struct client *c)
{
	const char *body = NULL;

	while (!body || client_size(c) < BIG + 6 + (size_t)(body - client_text(c))) {
		assert_int_equal(client_receive(c), 1);
		body = strstr(client_text(c), "prefix");
	}
	assert_int_equal(check_file(c), BIG);
	wait_for_notice();
	assert_int_equal(atomic_load(&noticed_bytes), BIG);
}

static void an_answer_comes_from_a_file(void **state)
{
	AUTO(client_auto) struct client *c = connect_to(state);

	for (int i = 0; i < 2; i++) {
		ask_for_file(c, "file", BIG);
		expect_file(c);
		client_forget(c);
	}
	client_send(c, S("HEAD /file/0 HTTP/1.1\r\n" HOST "\r\n"));
	assert_true(client_expect(c, "Content-Length: 3145734\r\n"));
	wait_for_notice();
	assert_int_equal(atomic_load(&noticed_bytes), 0);
}

static void a_file_that_fails_cuts_the_answer_off(void **state)
{
	AUTO(client_auto) struct client *c = connect_to(state);

	ask_for_file(c, "file", 1000000);
	assert_false(client_read_all(c));
	assert_true(check_file(c) <= 1000000);
	wait_for_notice();
	assert_true(atomic_load(&noticed_bytes) <= 1000000);
}

static void a_porter_that_dies_cuts_its_answers_off_and_the_next_one_serves(void **state)
{
	AUTO(client_auto) struct client *idle = connect_to(state);
	AUTO(client_auto) struct client *c = connect_to(state);
	AUTO(client_auto) struct client *again = connect_to(state);

	ask_for_file(idle, "file", BIG); /* does not read: it waits in the middle of its answer */
	assert_true(client_expect(idle, "prefix"));
	ask_for_file(c, "dying", 1000000);
	assert_false(client_read_all(c));
	assert_true(check_file(c) <= 1000000);
	assert_false(client_read_all(idle));
	assert_true(check_file(idle) < BIG);
	wait_for_notice();
	wait_for_notice();
	ask_for_file(again, "file", BIG);
	expect_file(again);
}

/* The edge would die of memory that is cut off below it, and could write where it must not. */
static void a_pool_that_is_not_sealed_is_refused(void **state)
{
	struct server *careless = server_start();
	struct client *c = client_new(careless->port);

	(void)state;
	atomic_store(&careless->porter.is_careless, true);
	ask_for_file(c, "file", BIG);
	assert_false(client_read_all(c));
	wait_for_notice();
	assert_int_equal(atomic_load(&noticed_bytes), 0);
	assert_int_equal(atomic_load(&careless->porter.refused), 1);
	client_free(c);
	server_stop(careless);
}

/* More clients that do not read than there are segments: each would hold one for good. */
static void a_client_that_reads_is_served_though_others_hold_every_segment(void **state)
{
	struct client *slow[3 * PORTER_SEGMENTS];
	enum { SLOW = sizeof slow / sizeof *slow };
	struct client *c = connect_to(state);

	for (int i = 0; i < SLOW; i++) {
		slow[i] = connect_to(state);
		ask_for_file(slow[i], "file", BIG);
	}
	for (int i = 0; i < SLOW; i++)
		assert_true(client_expect(slow[i], "prefix"));
	ask_for_file(c, "file", BIG);
	expect_file(c);
	client_free(c);
	for (int i = 0; i < SLOW; i++) {
		expect_file(slow[i]);
		client_free(slow[i]);
	}
}

static void every_transfer_is_closed(void **state)
{
	const struct server *server = *state;
	struct client *c = connect_to(state);
	unsigned before = atomic_load(&server->porter.closed);

	ask_for_file(c, "file", BIG);
	expect_file(c);
	client_forget(c);
	ask_for_file(c, "file", BIG);
	assert_true(client_expect(c, "HTTP/1.1 200 OK"));
	client_free(c);
	wait_for_notice();
	c = connect_to(state);
	ask_for_file(c, "file", BIG); /* a fill of it is answered behind the two closes */
	expect_file(c);
	client_free(c);
	assert_true(atomic_load(&server->porter.closed) >= before + 2);
}

static void a_vanished_download_is_closed_too(void **state)
{
	struct client *c = connect_to(state);

	ask_for_file(c, "file", BIG);
	assert_true(client_expect(c, "\r\n\r\n"));
	client_free(c);
	wait_for_notice();
	assert_true(atomic_load(&noticed_bytes) < BIG);
}

static void a_head_that_trickles_in_is_given_up(void **state)
{
	AUTO(client_auto) struct client *c = client_new(hasty->port);

	(void)state;
	client_send(c, S("GET /hello/a HTT"));
	assert_true(client_read_all(c));
	assert_non_null(strstr(client_text(c), " 408 "));
}

static void an_idle_connection_is_closed(void **state)
{
	AUTO(client_auto) struct client *c = client_new(hasty->port);

	(void)state;
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

static void a_cut_ends_an_answer_wherever_it_stands(void **state)
{
	AUTO(client_auto) struct client *c = connect_to(state);

	client_send(c, S("GET /stuck HTTP/1.1\r\n" HOST "\r\n"));
	assert_true(client_expect(c, "a part"));
	sem_post(&may_cut);
	assert_false(client_read_all(c)); /* no proper end */
	wait_for_notice();
	assert_int_equal(atomic_load(&noticed_bytes), 0);
}

#define GET(path) S("GET " path " HTTP/1.1\r\nHost: localhost\r\n\r\n")

/* More of them wait than there are workers but one: the last worker must serve all that is quick.
 */
static void a_quick_route_that_waits_holds_up_no_other(void **state)
{
	struct server *server = *state;
	struct client *waiting[3];
	AUTO(client_auto) struct client *c = client_new(server->port);

	for (int i = 0; i < 3; i++) {
		waiting[i] = client_new(server->port);
		client_send(waiting[i], GET("/quick/waiting"));
		wait_for_notice();
	}
	for (int i = 0; i < 50; i++) {
		client_send(c, GET("/quick/hello/you"));
		assert_true(client_expect(c, "hello"));
		client_forget(c);
	}
	for (int i = 0; i < 3; i++)
		sem_post(&may_read);
	for (int i = 0; i < 3; i++) {
		assert_true(client_expect(waiting[i], "waited"));
		client_free(waiting[i]);
	}
}

static void quick_requests_are_all_answered(void **state)
{
	enum { ROUNDS = 20 };
	struct server *server = *state;
	struct client *clients[CLIENTS];

	for (int i = 0; i < CLIENTS; i++)
		clients[i] = client_new(server->port);
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < CLIENTS; i++)
			client_send(clients[i],
				    i % 7 ? GET("/quick/hello/you") : GET("/quick/silent"));
		for (int i = 0; i < CLIENTS; i++) {
			assert_true(client_expect(clients[i], i % 7 ? "hello" : "no answer"));
			client_forget(clients[i]);
		}
	}
	for (int i = 0; i < CLIENTS; i++)
		client_free(clients[i]);
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
		cmocka_unit_test(an_answer_comes_from_a_file),
		cmocka_unit_test(a_file_that_fails_cuts_the_answer_off),
		cmocka_unit_test(a_porter_that_dies_cuts_its_answers_off_and_the_next_one_serves),
		cmocka_unit_test(a_pool_that_is_not_sealed_is_refused),
		cmocka_unit_test(a_client_that_reads_is_served_though_others_hold_every_segment),
		cmocka_unit_test(every_transfer_is_closed),
		cmocka_unit_test(a_vanished_download_is_closed_too),
		cmocka_unit_test(a_head_that_trickles_in_is_given_up),
		cmocka_unit_test(an_idle_connection_is_closed),
		cmocka_unit_test(a_hundred_clients_are_served_at_once),
		cmocka_unit_test(a_quick_route_that_waits_holds_up_no_other),
		cmocka_unit_test(quick_requests_are_all_answered),
		cmocka_unit_test(a_cut_ends_an_answer_wherever_it_stands),
		cmocka_unit_test(a_stop_lets_the_running_answer_finish),
		cmocka_unit_test(an_edge_with_a_bad_table_or_key_does_not_start),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

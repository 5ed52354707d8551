/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of one connection: one after the other, each answered in its turn. */
#include "tests/unit/test.h"

#include "tests/unit/gateway/edge/client.h"
#include "tests/unit/gateway/edge/server.h"

#define HOST "Host: h\r\n"

static int set_up(void **state)
{
	sem_init(&noticed, 0, 0);
	sem_init(&may_read, 0, 0);
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

/* Its handler ends when the next request of the same connection has been answered. */
static void who_was_let_go_does_not_wait_for_the_handler(void **state)
{
	AUTO(client_auto) struct client *c = connect_to(state);

	client_send(c, S("GET /lingering HTTP/1.1\r\n" HOST "\r\n"));
	assert_true(client_expect(c, "\r\n\r\ngone on"));
	client_forget(c);
	client_send(c, S("GET /hello/a HTTP/1.1\r\n" HOST "\r\n"));
	assert_true(client_expect(c, "\r\n\r\nhello"));
	sem_post(&may_read);
	wait_for_notice();
	assert_int_equal(atomic_load(&noticed_error), OK);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
	AUTO(client_auto) struct client *c = connect_to(state);

	client_send(c, S("GET /hello/1 HTTP/1.1\r\n" HOST "\r\n"
			 "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nab"
			 "PUT /upload HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n\1\2"
			 "GET /hello/4 HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"));
	assert_true(client_read_all(c));
	assert_null(strstr(client_text(c), "HTTP/1.1 4"));
	assert_null(strstr(client_text(c), "HTTP/1.1 5"));
	assert_true(strstr(client_text(c), "X-Name: 1") < strstr(client_text(c), "\r\n\r\nab"));
	assert_true(strstr(client_text(c), "\r\n\r\nab") < strstr(client_text(c), "\r\n\r\n2:3"));
	assert_true(strstr(client_text(c), "\r\n\r\n2:3") < strstr(client_text(c), "X-Name: 4"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_serves_one_request_after_the_other),
		cmocka_unit_test(who_was_let_go_does_not_wait_for_the_handler),
		cmocka_unit_test(pipelined_requests_are_answered_in_order),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

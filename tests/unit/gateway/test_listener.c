/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/supervisor/listener.h"

#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/test.h"

enum { CLIENTS = 64 };

static struct sockaddr_in address_of(int fd)
{
	struct sockaddr_in address;
	socklen_t size = sizeof address;

	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	return address;
}

/* Connected ones are kept in `clients`, so that each has a port of its own. */
static void connect_all(int clients[CLIENTS], const struct listeners *l)
{
	struct sockaddr_in to = address_of(l->fds[0]);

	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(connect(clients[i], (struct sockaddr *)&to, sizeof to), 0);
	}
}

static int count_waiting(int listener)
{
	int count = 0;

	for (int fd; (fd = accept(listener, NULL, NULL)) >= 0; count++)
		close(fd);
	return count;
}

static void close_all(int clients[CLIENTS])
{
	for (int i = 0; i < CLIENTS; i++)
		close(clients[i]);
}

static void several_listen_on_one_port_and_share_who_comes(void **state)
{
	AUTO(listeners_close) struct listeners l = {0};
	int clients[CLIENTS], first, second;

	(void)state;
	assert_ok(listeners_open(&l, "127.0.0.1:0", 2));
	assert_int_equal(l.count, 2);
	assert_int_equal(address_of(l.fds[0]).sin_port, address_of(l.fds[1]).sin_port);
	connect_all(clients, &l);
	first = count_waiting(l.fds[0]);
	second = count_waiting(l.fds[1]);
	assert_int_equal(first + second, CLIENTS);
	assert_true(first > 0 && second > 0); /* by a hash of 64 ports: surely */
	close_all(clients);
}

static void nobody_waits_at_one_that_is_paused(void **state)
{
	AUTO(listeners_close) struct listeners l = {0};
	int clients[CLIENTS];

	(void)state;
	assert_ok(listeners_open(&l, "127.0.0.1:0", 2));
	listeners_pause(&l, 1);
	connect_all(clients, &l);
	assert_int_equal(count_waiting(l.fds[0]), CLIENTS);
	close_all(clients);
	assert_ok(listeners_resume(&l, 1));
	connect_all(clients, &l);
	assert_true(count_waiting(l.fds[1]) > 0);
	close_all(clients);
}

static void a_single_one_keeps_who_waits(void **state)
{
	AUTO(listeners_close) struct listeners l = {0};
	int clients[CLIENTS];

	(void)state;
	assert_ok(listeners_open(&l, "127.0.0.1:0", 1));
	connect_all(clients, &l);
	listeners_pause(&l, 0);
	assert_ok(listeners_resume(&l, 0));
	assert_int_equal(count_waiting(l.fds[0]), CLIENTS);
	close_all(clients);
}

static void a_port_that_is_taken_is_refused(void **state)
{
	AUTO(listeners_close) struct listeners l = {0}, again = {0};
	char text[32];

	(void)state;
	assert_ok(listeners_open(&l, "127.0.0.1:0", 1));
	snprintf(text, sizeof text, "127.0.0.1:%d", ntohs(address_of(l.fds[0]).sin_port));
	assert_err(listeners_open(&again, text, 1), ERR_IO);
	assert_err(listeners_open(&again, text, 2), ERR_IO);
	assert_err(listeners_open(&again, "localhost:1", 1), ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(several_listen_on_one_port_and_share_who_comes),
		cmocka_unit_test(nobody_waits_at_one_that_is_paused),
		cmocka_unit_test(a_single_one_keeps_who_waits),
		cmocka_unit_test(a_port_that_is_taken_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

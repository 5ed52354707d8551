/* SPDX-License-Identifier: Apache-2.0 */
/* The edge of server.c by HTTP/2: what test_edge.c asks of HTTP/1.1, and what only streams do. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/gateway/edge/h2_client.h"
#include "tests/unit/gateway/edge/server.h"

enum { STREAMS = 100, UPLOAD = 4 * 1024 * 1024, WINDOW = 256 * 1024, PIPE = 64 * 1024, FILES = 8 };

static struct server *hasty; /* for the tests of deadlines */
static const struct slice nothing = {.data = NULL};

static int set_up(void **state)
{
	sem_init(&noticed, 0, 0);
	sem_init(&may_read, 0, 0);
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

static struct h2_client *connect_to(void **state)
{
	const struct server *server = *state;

	return h2_client_new(server->port);
}

static struct slice body_of(struct h2_client *c, int32_t id)
{
	return buf_slice(&h2_client_answer(c, id)->body);
}

/* Any other request is still served. */
static void assert_alive(struct h2_client *c)
{
	int32_t id = h2_client_ask(c, "GET", "/hello/again", nothing, NULL);

	h2_client_finish(c, id);
	assert_int_equal(h2_client_answer(c, id)->status, 200);
	assert_slice(body_of(c, id), "hello");
}

static void assert_reset(struct h2_client *c, int32_t id, uint32_t error)
{
	h2_client_finish(c, id);
	assert_true(h2_client_answer(c, id)->is_closed);
	assert_int_equal(h2_client_answer(c, id)->error, error);
	assert_alive(c);
}

static void a_hundred_streams_are_served_at_once(void **state)
{
	AUTO(h2_client_auto) struct h2_client *c = connect_to(state);
	int32_t ids[STREAMS];

	for (int i = 0; i < STREAMS; i++)
		ids[i] = h2_client_ask(c, "GET", "/hello/a%20b", nothing, NULL);
	for (int i = 0; i < STREAMS; i++) {
		struct h2_answer *answer = h2_client_answer(c, ids[i]);

		h2_client_finish(c, ids[i]);
		assert_int_equal(answer->status, 200);
		assert_int_equal(answer->error, NGHTTP2_NO_ERROR);
		assert_slice(buf_slice(&answer->body), "hello");
		assert_non_null(strstr(buf_string(&answer->fields), "x-name: a b\n"));
		assert_non_null(strstr(buf_string(&answer->fields), "content-length: 5\n"));
		assert_non_null(strstr(buf_string(&answer->fields), "x-request-id: "));
	}
}

static void head_has_the_headers_of_get_and_no_body(void **state)
{
	AUTO(h2_client_auto) struct h2_client *c = connect_to(state);
	int32_t id = h2_client_ask(c, "HEAD", "/hello/a", nothing, NULL);

	h2_client_finish(c, id);
	assert_int_equal(h2_client_answer(c, id)->status, 200);
	assert_non_null(strstr(buf_string(&h2_client_answer(c, id)->fields), "length: 5\n"));
	assert_int_equal(body_of(c, id).size, 0);
}

static void what_is_refused_has_its_status(void **state)
{
	static char long_path[9000] = "/", large[1002];
	static const struct {
		const char *method, *path, *body, *extra;
		unsigned status;
	} rows[] = {
		{"GET", "/nothing", NULL, NULL, 404},
		{"PATCH", "/echo", NULL, NULL, 405},
		{"GET", "/hello/a", "x", NULL, 413},
		{"POST", "/echo", large, "content-length: 1001", 413},
		{"POST", "/echo", large, NULL, 413},
		{"GET", "/secret", NULL, NULL, 401},
		{"GET", "/silent", NULL, NULL, 500},
		{"GET", "/hello/%2e%2e", NULL, NULL, 400},
		{"GET", "/hello/a", NULL, "host: evil", 400},
		{"GET", "/hello/a", NULL, "expect: tea", 417},
		{"GET", long_path, NULL, NULL, 414},
		{"POST", "/echo", "", NULL, 200},
		{"PUT", "/refused", "never taken", NULL, 403},
	};
	AUTO(h2_client_auto) struct h2_client *c = connect_to(state);

	memset(long_path + 1, 'a', sizeof long_path - 2);
	memset(large, 'a', sizeof large - 1);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct slice body = rows[i].body ? slice_of_string(rows[i].body) : nothing;
		int32_t id = h2_client_ask(c, rows[i].method, rows[i].path, body, rows[i].extra);

		h2_client_finish(c, id);
		if (h2_client_answer(c, id)->status != rows[i].status)
			fail_msg("%s %s: %u", rows[i].method, rows[i].path,
				 h2_client_answer(c, id)->status);
	}
	assert_alive(c);
}

static void a_header_of_the_connection_resets_its_stream(void **state)
{
	AUTO(h2_client_auto) struct h2_client *c = connect_to(state);

	assert_reset(c, h2_client_ask(c, "GET", "/hello/a", nothing, "connection: close"),
		     NGHTTP2_PROTOCOL_ERROR);
	assert_reset(c, h2_client_ask(c, "GET", "/hello/a", nothing, "transfer-encoding: chunked"),
		     NGHTTP2_PROTOCOL_ERROR);
}

static void a_small_body_comes_back(void **state)
{
	AUTO(h2_client_auto) struct h2_client *c = connect_to(state);
	int32_t id = h2_client_ask(c, "POST", "/echo", S("abc"), "expect: 100-continue");

	h2_client_finish(c, id);
	assert_int_equal(h2_client_answer(c, id)->status, 200);
	assert_slice(body_of(c, id), "abc");
	assert_int_equal(h2_client_answer(c, id)->continues, 1);
}

static void a_large_upload_goes_through_a_pipe(void **state)
{
	AUTO(h2_client_auto) struct h2_client *c = connect_to(state);
	uint8_t *ones = malloc(UPLOAD);
	int32_t id;

	assert_non_null(ones);
	memset(ones, 1, UPLOAD);
	id = h2_client_ask(c, "PUT", "/upload", slice_of(ones, UPLOAD), NULL);
	h2_client_finish(c, id);
	assert_slice(body_of(c, id), "4194304:4194304");
	id = h2_client_ask(c, "PUT", "/small", slice_of(ones, 2000), NULL);
	h2_client_finish(c, id);
	wait_for_notice();
	assert_int_equal(atomic_load(&noticed_error), ERR_LIMIT);
	assert_int_equal(h2_client_answer(c, id)->status, 400);
	id = h2_client_ask(c, "PUT", "/orphan", slice_of(ones, 2000), NULL);
	h2_client_finish(c, id);
	assert_slice(body_of(c, id), err_name(ERR_UNAVAILABLE));
	free(ones);
}

static void a_pipe_that_takes_nothing_stops_its_client_and_no_other(void **state)
{
	AUTO(h2_client_auto) struct h2_client *c = connect_to(state);
	uint8_t *ones = malloc(UPLOAD);
	int32_t id;
	size_t sent;

	assert_non_null(ones);
	memset(ones, 1, UPLOAD);
	id = h2_client_ask(c, "PUT", "/held", slice_of(ones, UPLOAD), NULL);
	for (int i = 0; i < 20; i++)
		assert_alive(c); /* each a round trip in which the window could have opened */
	sent = UPLOAD - h2_client_answer(c, id)->upload.size;
	assert_true(sent >= WINDOW && sent <= WINDOW + 2 * PIPE);
	sem_post(&may_read);
	h2_client_finish(c, id);
	assert_slice(body_of(c, id), "4194304:4194304");
	free(ones);
}

static void an_upload_that_is_reset_is_closed(void **state)
{
	AUTO(h2_client_auto) struct h2_client *c = connect_to(state);
	uint8_t *ones = calloc(1, UPLOAD);
	int32_t id = h2_client_ask(c, "PUT", "/held", slice_of(ones, UPLOAD),
				   "expect: 100-continue");

	while (h2_client_answer(c, id)->continues == 0 && h2_client_turn(c))
		;
	nghttp2_submit_rst_stream(c->session, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
	h2_client_send(c);
	sem_post(&may_read);
	wait_for_notice();
	assert_int_equal(atomic_load(&noticed_error), ERR_CLOSED);
	assert_alive(c);
	free(ones);
}

static void a_body_shorter_than_its_length_resets_its_stream(void **state)
{
	AUTO(h2_client_auto) struct h2_client *c = connect_to(state);

	assert_reset(c, h2_client_ask(c, "POST", "/echo", S("abc"), "content-length: 10"),
		     NGHTTP2_PROTOCOL_ERROR);
}

static void a_stream_has_an_end(void **state)
{
	AUTO(h2_client_auto) struct h2_client *c = connect_to(state);
	int32_t id = h2_client_ask(c, "GET", "/events", nothing, NULL);

	h2_client_finish(c, id);
	assert_slice(body_of(c, id), "data: x\n\ndata: x\n\ndata: x\n\n");
	assert_int_equal(h2_client_answer(c, id)->error, NGHTTP2_NO_ERROR);
}

static void a_reset_stops_what_is_made_for_it(void **state)
{
	AUTO(h2_client_auto) struct h2_client *c = connect_to(state);
	int32_t id = h2_client_ask(c, "GET", "/endless", nothing, NULL);

	while (h2_client_answer(c, id)->body.size < 100 && h2_client_turn(c))
		;
	nghttp2_submit_rst_stream(c->session, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
	h2_client_send(c);
	wait_for_notice();
	assert_int_equal(atomic_load(&noticed_error), ERR_CLOSED);
	assert_alive(c);
}

static void an_answer_without_its_end_is_reset(void **state)
{
	AUTO(h2_client_auto) struct h2_client *c = connect_to(state);
	int32_t id;

	assert_reset(c, h2_client_ask(c, "GET", "/unfinished", nothing, NULL),
		     NGHTTP2_INTERNAL_ERROR);
	id = h2_client_ask(c, "GET", "/file/1000000", nothing, NULL);
	h2_client_finish(c, id);
	assert_int_equal(h2_client_answer(c, id)->error, NGHTTP2_INTERNAL_ERROR);
	assert_true(body_of(c, id).size <= 6 + 1000000);
	wait_for_notice();
	assert_true(atomic_load(&noticed_bytes) <= 1000000);
	assert_alive(c);
}

static void assert_file(struct slice body)
{
	assert_int_equal(body.size, 6 + BIG);
	for (size_t i = 0; i < BIG; i++)
		if (body.data[6 + i] != porter_byte(i))
			fail_msg("byte %zu of the file is wrong", i);
}

static void answers_come_from_many_files_at_once(void **state)
{
	AUTO(h2_client_auto) struct h2_client *c = connect_to(state);
	int32_t ids[FILES];
	char path[32];

	snprintf(path, sizeof path, "/file/%d", BIG);
	for (int i = 0; i < FILES; i++)
		ids[i] = h2_client_ask(c, "GET", path, nothing, NULL);
	h2_client_send(c);
	usleep(200 * 1000); /* unread: the socket and TLS are full by now */
	for (int i = 0; i < FILES; i++) {
		h2_client_finish(c, ids[i]);
		assert_file(body_of(c, ids[i]));
		assert_int_equal(h2_client_answer(c, ids[i])->error, NGHTTP2_NO_ERROR);
	}
	for (int i = 0; i < FILES; i++) {
		wait_for_notice();
		assert_int_equal(atomic_load(&noticed_bytes), BIG);
	}
}

static void a_client_that_only_resets_is_sent_away(void **state)
{
	AUTO(h2_client_auto) struct h2_client *c = connect_to(state);

	while (!h2_client_answer(c, h2_client_ask(c, "GET", "/events", nothing, NULL))->is_closed &&
	       !c->is_told_to_go && !c->has_ended &&
	       nghttp2_session_get_next_stream_id(c->session) < 2 * H2_CLIENT_STREAMS - 2) {
		int32_t id = (int32_t)nghttp2_session_get_next_stream_id(c->session) - 2;

		h2_client_send(c);
		nghttp2_submit_rst_stream(c->session, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
		h2_client_send(c);
	}
	while (h2_client_turn(c))
		;
	assert_true(c->is_told_to_go);
}

static void what_is_not_http_2_ends_the_connection(void **state)
{
	const struct server *server = *state;
	AUTO(client_auto) struct client *c = client_new_h2(server->port);

	client_send(c, S("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
	client_read_all(c);
	assert_null(strstr(client_text(c), "HTTP/1.1"));
}

static void an_idle_connection_is_told_to_go(void **state)
{
	AUTO(h2_client_auto) struct h2_client *c = h2_client_new(hasty->port);

	(void)state;
	assert_alive(c);
	while (h2_client_turn(c))
		;
	assert_true(c->is_told_to_go);
}

static void a_window_that_stays_shut_ends_its_stream(void **state)
{
	AUTO(h2_client_auto) struct h2_client *c = h2_client_new(hasty->port);
	const nghttp2_settings_entry shut = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0};
	int32_t id;

	(void)state;
	nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, &shut, 1);
	id = h2_client_ask(c, "GET", "/hello/a", nothing, NULL);
	h2_client_finish(c, id);
	assert_int_equal(h2_client_answer(c, id)->error, NGHTTP2_CANCEL);
}

static void a_body_that_stalls_times_out(void **state)
{
	AUTO(h2_client_auto) struct h2_client *c = h2_client_new(hasty->port);
	uint8_t *ones = calloc(1, UPLOAD);
	int32_t id;

	(void)state;
	id = h2_client_ask(c, "PUT", "/held", slice_of(ones, UPLOAD), NULL);
	while (h2_client_answer(c, id)->upload.size > UPLOAD - WINDOW && h2_client_turn(c))
		;
	sem_post(&may_read); /* after the deadline or before it: it ends */
	h2_client_finish(c, id);
	assert_true(h2_client_answer(c, id)->is_closed);
	free(ones);
}

static void a_cut_resets_its_stream_and_no_other(void **state)
{
	const struct server *server = *state;
	AUTO(h2_client_auto) struct h2_client *c = h2_client_new(server->port);
	int32_t id = h2_client_ask(c, "GET", "/stuck", nothing, NULL);

	while (body_of(c, id).size < 6 && h2_client_turn(c))
		;
	sem_post(&may_cut);
	h2_client_finish(c, id);
	assert_slice(body_of(c, id), "a part");
	assert_int_equal(h2_client_answer(c, id)->error, NGHTTP2_INTERNAL_ERROR);
	wait_for_notice();
	assert_int_equal(atomic_load(&noticed_bytes), 0);
	assert_alive(c);
}

static void a_stop_lets_the_running_answer_finish(void **state)
{
	struct server *server = server_start();
	AUTO(h2_client_auto) struct h2_client *busy = h2_client_new(server->port);
	AUTO(h2_client_auto) struct h2_client *idle = h2_client_new(server->port);
	int32_t id;

	(void)state;
	assert_alive(idle);
	id = h2_client_ask(busy, "GET", "/slow", nothing, NULL);
	h2_client_send(busy);
	wait_for_notice();
	server_stop(server);
	while (h2_client_turn(busy) || h2_client_turn(idle))
		;
	assert_slice(body_of(busy, id), "finished");
	assert_int_equal(h2_client_answer(busy, id)->error, NGHTTP2_NO_ERROR);
	assert_true(busy->is_told_to_go && idle->is_told_to_go);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hundred_streams_are_served_at_once),
		cmocka_unit_test(head_has_the_headers_of_get_and_no_body),
		cmocka_unit_test(what_is_refused_has_its_status),
		cmocka_unit_test(a_header_of_the_connection_resets_its_stream),
		cmocka_unit_test(a_small_body_comes_back),
		cmocka_unit_test(a_large_upload_goes_through_a_pipe),
		cmocka_unit_test(a_pipe_that_takes_nothing_stops_its_client_and_no_other),
		cmocka_unit_test(an_upload_that_is_reset_is_closed),
		cmocka_unit_test(a_body_shorter_than_its_length_resets_its_stream),
		cmocka_unit_test(a_stream_has_an_end),
		cmocka_unit_test(a_reset_stops_what_is_made_for_it),
		cmocka_unit_test(an_answer_without_its_end_is_reset),
		cmocka_unit_test(answers_come_from_many_files_at_once),
		cmocka_unit_test(a_client_that_only_resets_is_sent_away),
		cmocka_unit_test(what_is_not_http_2_ends_the_connection),
		cmocka_unit_test(an_idle_connection_is_told_to_go),
		cmocka_unit_test(a_window_that_stays_shut_ends_its_stream),
		cmocka_unit_test(a_body_that_stalls_times_out),
		cmocka_unit_test(a_cut_resets_its_stream_and_no_other),
		cmocka_unit_test(a_stop_lets_the_running_answer_finish),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

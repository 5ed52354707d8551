/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of the edge, with this program as its supervisor and as the engine it calls. */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "gateway/proc/rpc.h"
#include "schema/wire/control.h"

/* process_start closes whatever lies above the control channel: our end lies below. */
enum { SUPERVISOR_FD = STDIN_FILENO, WAIT_MS = 20 * 1000, SHORT_MS = 20 };

struct scene {
	struct process *process;
	struct rpc *rpc;
	struct channel supervisor; /* we, towards the edge */
	struct channel engine;     /* we, towards the edge */
	struct channel_inbox inbox;
};

static void write_config(char path[32])
{
	static const char text[] =
		"[gateway]\ndata_dir=/none\norigin=test/log\nexternal_url=https://test\n"
		"tls_certificate=/none\ntls_key=/none\nlog_level=error\n[database]\nhost=/none\n";
	int fd;

	snprintf(path, 32, "/tmp/sallyport-rpc-XXXXXX");
	fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_ok(file_write_all(fd, slice_of_string(text)));
	close(fd);
}

static void join_engine(struct scene *s)
{
	AUTO(buf_free) struct buf body = buf_new(16);
	int pair[2];

	assert_ok(channel_pair(pair));
	wire_write_peer(&body, &(struct wire_peer){ROLE_ENGINE, 0});
	assert_ok(channel_send(&s->supervisor, WIRE_PEER, 0, buf_slice(&body), pair[1]));
	close(pair[1]);
	s->engine = (struct channel){pair[0], ROLE_ENGINE, ROLE_EDGE, 0};
}

static int scene_new(void **state)
{
	struct scene *s = calloc(1, sizeof *s);
	char path[32];
	char *arguments[] = {(char[]){"edge"}, (char[]){"--config"}, path, NULL};
	int pair[2];

	assert_non_null(s);
	write_config(path);
	assert_ok(channel_pair(pair));
	assert_int_equal(dup2(pair[0], SUPERVISOR_FD), SUPERVISOR_FD);
	assert_int_equal(dup2(pair[1], PROCESS_CONTROL_FD), PROCESS_CONTROL_FD);
	optind = 1;
	assert_ok(process_start(&s->process, ROLE_EDGE, 3, arguments));
	unlink(path);
	s->supervisor = (struct channel){SUPERVISOR_FD, ROLE_SUPERVISOR, ROLE_EDGE, 0};
	join_engine(s);
	assert_ok(rpc_start(&s->rpc, s->process));
	*state = s;
	return 0;
}

static int scene_free(void **state)
{
	struct scene *s = *state;

	rpc_free(s->rpc);
	process_free(s->process);
	channel_close(&s->supervisor);
	channel_close(&s->engine);
	free(s);
	return 0;
}

static struct rpc_stream *open_call(struct scene *s, enum wire_type type)
{
	struct rpc_stream *stream;

	assert_ok(rpc_open_stream(&stream, s->rpc, ROLE_ENGINE, 0, type, S("x"), -1));
	return stream;
}

static void say(const struct scene *s, const struct rpc_stream *to, enum wire_type type)
{
	assert_ok(channel_send(&s->engine, type, rpc_stream_call(to), S(""), -1));
}

static void expect_next(struct rpc_stream *stream, enum wire_type type)
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};

	assert_ok(rpc_next(stream, &reply, WAIT_MS));
	assert_string_equal(wire_name(reply.type), wire_name(type));
}

static void expect_end(struct rpc_stream *stream, enum err kind, int timeout_ms)
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};

	assert_err(rpc_next(stream, &reply, timeout_ms), kind);
}

static void parts_come_in_order_before_the_reply_and_then_nothing(void **state)
{
	struct scene *s = *state;
	AUTO(rpc_stream_auto) struct rpc_stream *stream = open_call(s, WIRE_ENGINE_GENERATE);

	expect_end(stream, ERR_TIMEOUT, SHORT_MS);
	say(s, stream, WIRE_ENGINE_DELTA);
	say(s, stream, WIRE_ENGINE_DELTA);
	say(s, stream, WIRE_ENGINE_DONE);
	expect_next(stream, WIRE_ENGINE_DELTA);
	expect_next(stream, WIRE_ENGINE_DELTA);
	expect_next(stream, WIRE_ENGINE_DONE);
	expect_end(stream, ERR_CLOSED, WAIT_MS);
}

static void expect_one_of(struct rpc_stream *const *streams, unsigned *which, unsigned wanted,
			  enum wire_type type)
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};

	assert_ok(rpc_next_of(streams, 3, which, &reply, WAIT_MS));
	assert_string_equal(wire_name(reply.type), wire_name(type));
	assert_int_equal(*which, wanted);
}

static void whichever_of_several_says_something_first_is_heard(void **state)
{
	struct scene *s = *state;
	AUTO(rpc_stream_auto) struct rpc_stream *a = open_call(s, WIRE_ENGINE_GENERATE);
	AUTO(rpc_stream_auto) struct rpc_stream *b = open_call(s, WIRE_ENGINE_GENERATE);
	AUTO(rpc_stream_auto) struct rpc_stream *last = open_call(s, WIRE_ENGINE_CHECK);
	struct rpc_stream *streams[3] = {a, NULL, b};
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	unsigned which = 0;

	assert_err(rpc_next_of(streams, 3, &which, &reply, SHORT_MS), ERR_TIMEOUT);
	say(s, b, WIRE_ENGINE_DELTA);
	expect_one_of(streams, &which, 2, WIRE_ENGINE_DELTA);
	for (int i = 0; i < 2; i++) {
		say(s, a, WIRE_ENGINE_DELTA);
		say(s, b, WIRE_ENGINE_DELTA);
	}
	say(s, b, WIRE_ENGINE_DONE);
	say(s, last, WIRE_ENGINE_CHECKED);
	expect_next(last, WIRE_ENGINE_CHECKED); /* by now all of it is there */
	expect_one_of(streams, &which, 0, WIRE_ENGINE_DELTA);
	expect_one_of(streams, &which, 2, WIRE_ENGINE_DELTA);
	expect_one_of(streams, &which, 0, WIRE_ENGINE_DELTA);
	expect_one_of(streams, &which, 2, WIRE_ENGINE_DELTA);
	expect_one_of(streams, &which, 2, WIRE_ENGINE_DONE);
	assert_err(rpc_next_of(streams, 3, &which, &reply, WAIT_MS), ERR_CLOSED);
	assert_int_equal(which, 2);
	streams[2] = NULL;
	say(s, a, WIRE_ENGINE_DONE);
	expect_one_of(streams, &which, 0, WIRE_ENGINE_DONE);
}

static void a_reader_that_lags_too_far_behind_loses_its_stream(void **state)
{
	struct scene *s = *state;
	AUTO(rpc_stream_auto) struct rpc_stream *slow = open_call(s, WIRE_ENGINE_GENERATE);
	AUTO(rpc_stream_auto) struct rpc_stream *other = open_call(s, WIRE_ENGINE_CHECK);

	for (unsigned i = 0; i <= RPC_MAX_QUEUED; i++)
		say(s, slow, WIRE_ENGINE_DELTA);
	say(s, other, WIRE_ENGINE_CHECKED); /* comes behind all of them, and is not held up */
	expect_next(other, WIRE_ENGINE_CHECKED);
	for (unsigned i = 0; i < RPC_MAX_QUEUED; i++)
		expect_next(slow, WIRE_ENGINE_DELTA);
	expect_end(slow, ERR_UNAVAILABLE, WAIT_MS);
}

static void what_waits_for_a_reader_has_a_ceiling_in_bytes(void **state)
{
	enum { SIZE = 64 << 10, COUNT = RPC_MAX_QUEUED_BYTES / SIZE + 1 };
	static uint8_t bytes[SIZE];
	struct scene *s = *state;
	AUTO(rpc_stream_auto) struct rpc_stream *slow = open_call(s, WIRE_ENGINE_GENERATE);
	AUTO(rpc_stream_auto) struct rpc_stream *other = open_call(s, WIRE_ENGINE_CHECK);

	for (unsigned i = 0; i <= COUNT; i++)
		assert_ok(channel_send(&s->engine, WIRE_ENGINE_DELTA, rpc_stream_call(slow),
				       (struct slice){bytes, SIZE}, -1));
	say(s, other, WIRE_ENGINE_CHECKED);
	expect_next(other, WIRE_ENGINE_CHECKED);
	for (unsigned i = 0; i < COUNT; i++)
		expect_next(slow, WIRE_ENGINE_DELTA);
	expect_end(slow, ERR_UNAVAILABLE, WAIT_MS);
}

static void a_peer_that_dies_fails_its_calls_after_what_it_said(void **state)
{
	struct scene *s = *state;
	AUTO(rpc_stream_auto) struct rpc_stream *stream = open_call(s, WIRE_ENGINE_GENERATE);
	uint32_t before = rpc_generation(s->rpc, ROLE_ENGINE, 0);
	struct frame frame;

	assert_ok(channel_receive(&s->engine, &s->inbox, &frame, WAIT_MS)); /* or a reset */
	say(s, stream, WIRE_ENGINE_DELTA);
	channel_close(&s->engine);
	expect_next(stream, WIRE_ENGINE_DELTA);
	expect_end(stream, ERR_UNAVAILABLE, WAIT_MS);
	assert_int_equal(rpc_generation(s->rpc, ROLE_ENGINE, 0), 0);
	join_engine(s);
	for (unsigned i = 0; i < 1000 && rpc_generation(s->rpc, ROLE_ENGINE, 0) == 0; i++)
		usleep(1000);
	assert_true(rpc_generation(s->rpc, ROLE_ENGINE, 0) > before);
}

static void an_answer_of_the_wrong_kind_ends_its_call_only(void **state)
{
	struct scene *s = *state;
	AUTO(rpc_stream_auto) struct rpc_stream *wrong = open_call(s, WIRE_ENGINE_CHECK);
	AUTO(rpc_stream_auto) struct rpc_stream *right = open_call(s, WIRE_ENGINE_CHECK);

	say(s, wrong, WIRE_ENGINE_DONE);
	say(s, right, WIRE_ENGINE_CHECKED);
	expect_end(wrong, ERR_DENIED, WAIT_MS);
	expect_next(right, WIRE_ENGINE_CHECKED);
}

static void a_peer_that_breaks_the_table_is_dropped_and_the_supervisor_told(void **state)
{
	struct scene *s = *state;
	AUTO(rpc_stream_auto) struct rpc_stream *stream = open_call(s, WIRE_ENGINE_CHECK);
	static const uint8_t broken[WIRE_FRAME_HEADER] = {0xee, 0xee};
	struct wire_peer who;
	struct frame frame;

	assert_int_equal(send(s->engine.fd, broken, sizeof broken, 0), sizeof broken);
	expect_end(stream, ERR_UNAVAILABLE, WAIT_MS);
	assert_ok(channel_receive(&s->supervisor, &s->inbox, &frame, WAIT_MS));
	assert_string_equal(wire_name(frame.type), "PEER_REFUSED");
	assert_ok(wire_read_peer(&who, frame.body));
	assert_int_equal(who.role, ROLE_ENGINE);
	assert_int_equal(who.index, 0);
}

static void a_call_to_nobody_is_refused_at_once(void **state)
{
	struct scene *s = *state;
	struct rpc_stream *stream;

	assert_err(rpc_open_stream(&stream, s->rpc, ROLE_KEEPER, 0, WIRE_KEEPER_HELLO, S(""), -1),
		   ERR_UNAVAILABLE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_new, scene_free)
	const struct CMUnitTest tests[] = {
		TEST(parts_come_in_order_before_the_reply_and_then_nothing),
		TEST(whichever_of_several_says_something_first_is_heard),
		TEST(a_reader_that_lags_too_far_behind_loses_its_stream),
		TEST(what_waits_for_a_reader_has_a_ceiling_in_bytes),
		TEST(a_peer_that_dies_fails_its_calls_after_what_it_said),
		TEST(an_answer_of_the_wrong_kind_ends_its_call_only),
		TEST(a_peer_that_breaks_the_table_is_dropped_and_the_supervisor_told),
		TEST(a_call_to_nobody_is_refused_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

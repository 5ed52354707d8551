/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "gateway/proc/peers.h"
#include "schema/wire/control.h"
#include "schema/wire/porter.h"

static struct channel_inbox inbox;

struct two {
	struct channel edge;
	struct channel porter;
};

static struct two join(void)
{
	int pair[2];

	assert_ok(channel_pair(pair));
	return (struct two){{pair[0], ROLE_EDGE, ROLE_PORTER, 0},
			    {pair[1], ROLE_PORTER, ROLE_EDGE, 0}};
}

static void part(struct two *t)
{
	channel_close(&t->edge);
	channel_close(&t->porter);
}

static void a_frame_arrives_whole_with_its_descriptor(void **state)
{
	struct two t = join();
	uint8_t body[32] = {1, 2, 3};
	struct frame f;
	int pipes[2];
	char byte;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	assert_ok(
		channel_send(&t.edge, WIRE_PORTER_SEAL, 77, slice_of(body, sizeof body), pipes[1]));
	close(pipes[1]);
	assert_ok(channel_receive(&t.porter, &inbox, &f, 0));
	assert_int_equal(f.type, WIRE_PORTER_SEAL);
	assert_int_equal(f.call, 77);
	assert_int_equal(f.body.size, sizeof body);
	assert_memory_equal(f.body.data, body, sizeof body);
	assert_int_equal(write(f.fd, "x", 1), 1);
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	close(f.fd);
	close(pipes[0]);
	part(&t);
}

static void nothing_to_receive_is_a_timeout_and_a_gone_peer_is_closed(void **state)
{
	struct two t = join();
	struct frame f;

	(void)state;
	assert_err(channel_receive(&t.porter, &inbox, &f, 0), ERR_TIMEOUT);
	channel_close(&t.edge);
	assert_err(channel_receive(&t.porter, &inbox, &f, CHANNEL_FOREVER), ERR_CLOSED);
	assert_err(channel_send(&t.porter, WIRE_PORTER_DISCARDED, 1, S(""), -1), ERR_CLOSED);
	part(&t);
}

static void a_frame_the_table_does_not_know_is_denied_on_arrival(void **state)
{
	struct two t = join();
	uint8_t packet[WIRE_FRAME_HEADER + 24] = {0};
	struct frame f;

	(void)state;
	frame_write_header(packet, WIRE_HANDLE_KEY, 0); /* a key: only the keeper may */
	assert_true(send(t.edge.fd, packet, sizeof packet, 0) > 0);
	assert_err(channel_receive(&t.porter, &inbox, &f, 0), ERR_DENIED);
	assert_true(send(t.edge.fd, packet, 3, 0) > 0);
	assert_err(channel_receive(&t.porter, &inbox, &f, 0), ERR_FORMAT);
	part(&t);
}

static void a_frame_over_the_ceiling_is_refused_by_both_sides(void **state)
{
	static uint8_t large[WIRE_MAX_FRAME + 100];
	struct two t = join();
	struct frame f;

	(void)state;
	assert_err(channel_send(&t.edge, WIRE_PORTER_DROP, 0, slice_of(large, 9), -1), ERR_LIMIT);
	frame_write_header(large, WIRE_PORTER_DROP, 0);
	assert_true(send(t.edge.fd, large, sizeof large, 0) > 0);
	assert_err(channel_receive(&t.porter, &inbox, &f, 0), ERR_FORMAT);
	part(&t);
}

static void a_failure_travels_with_its_text(void **state)
{
	struct two t = join();
	struct wire_fail fail;
	struct frame f;

	(void)state;
	assert_err(failure(ERR_NOT_FOUND, "no such blob"), ERR_NOT_FOUND);
	assert_ok(channel_send_fail(&t.porter, 5, ERR_NOT_FOUND, "NOT_FOUND"));
	assert_ok(channel_receive(&t.edge, &inbox, &f, 0));
	assert_ok(wire_read_fail(&fail, f.body));
	assert_int_equal(fail.kind, ERR_NOT_FOUND);
	assert_slice(fail.code, "NOT_FOUND");
	assert_slice(fail.text, "no such blob");
	part(&t);
}

static void a_second_peer_message_replaces_the_first(void **state)
{
	struct two first = join();
	struct two second = join();
	struct peers peers;
	struct peer *peer;
	struct frame f = {.type = WIRE_PEER, .body = S("\x01\x00"), .fd = first.porter.fd};

	(void)state;
	peers_init(&peers, ROLE_PORTER);
	assert_null(peers_find(&peers, ROLE_EDGE, 0));
	assert_ok(peers_apply(&peers, &f, &peer));
	assert_int_equal(peer->generation, 1);
	f.fd = second.porter.fd;
	assert_ok(peers_apply(&peers, &f, &peer));
	assert_int_equal(peers_find(&peers, ROLE_EDGE, 0)->generation, 2);
	assert_err(channel_send(&first.edge, WIRE_PORTER_DROP, 0, S("12345678"), -1), ERR_CLOSED);
	f = (struct frame){.type = WIRE_PEER_GONE, .body = S("\x01\x00"), .fd = -1};
	assert_ok(peers_apply(&peers, &f, &peer));
	assert_null(peers_find(&peers, ROLE_EDGE, 0));
	f.body = S("\x05\x00");
	assert_err(peers_apply(&peers, &f, &peer), ERR_DENIED); /* porter and engine */
	channel_close(&first.edge);
	channel_close(&second.edge);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_arrives_whole_with_its_descriptor),
		cmocka_unit_test(nothing_to_receive_is_a_timeout_and_a_gone_peer_is_closed),
		cmocka_unit_test(a_frame_the_table_does_not_know_is_denied_on_arrival),
		cmocka_unit_test(a_frame_over_the_ceiling_is_refused_by_both_sides),
		cmocka_unit_test(a_failure_travels_with_its_text),
		cmocka_unit_test(a_second_peer_message_replaces_the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

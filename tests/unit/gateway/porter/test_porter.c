/* SPDX-License-Identifier: Apache-2.0 */
/* The real sallyport-porter: what goes in is sealed whole, or not at all. */
#include "tests/unit/gateway/porter/scene.h"

static void porter_leaves_nothing_of_a_wrong_length(void **state)
{
	struct scene *s = *state;

	seal(s, PLAIN, 50000);
	child_expect_fail(&s->child, &s->edge, ERR_FORMAT);
	expect_nothing_left(s);
	seal(s, 49999, 50000);
	child_expect_fail(&s->child, &s->edge, ERR_FORMAT);
	expect_nothing_left(s);
	seal_all(s);
}

static void porter_waits_for_a_key_and_gives_up(void **state)
{
	struct scene *s = *state;
	AUTO(buf_free) struct buf body = buf_new(64);

	wire_write_porter_drop(&body, &(struct wire_porter_drop){HANDLE});
	child_send(&s->edge, WIRE_PORTER_DROP, 0, &body, -1);
	seal(s, 10, 10);
	child_expect_fail(&s->child, &s->edge, ERR_NOT_FOUND);
	seal(s, PLAIN, 0);
	send_key(s);
	child_expect_fail(&s->child, &s->edge, ERR_FORMAT); /* it ran, and the pipe was short */
}

static void porter_killed_in_a_seal_leaves_nothing(void **state)
{
	struct scene *s = *state;
	AUTO(buf_free) struct buf body = buf_new(64);
	struct wire_porter_seal ask = {.handle = HANDLE, .blob = {0xab, 1}, .size = PLAIN};
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	wire_write_porter_seal(&body, &ask);
	child_send(&s->edge, WIRE_PORTER_SEAL, 1, &body, ends[0]);
	assert_ok(file_write_all(ends[1], slice_of(s->plain, 2 * AGE_CHUNK)));
	kill(s->child.pid, SIGKILL);
	child_wait(&s->child);
	close(ends[0]);
	close(ends[1]);
	expect_nothing_left(s);
	channel_close(&s->edge);
	channel_close(&s->keeper);
	child_start(&s->child);
	s->edge = child_join(&s->child, ROLE_EDGE, 0);
	s->keeper = child_join(&s->child, ROLE_KEEPER, 0);
	send_key(s);
	seal_all(s); /* the same blob: what was half written is swept */
}

static void porter_without_room_leaves_nothing_and_goes_on(void **state)
{
	struct scene *s = *state;

	seal(s, PLAIN, PLAIN);
	child_expect_fail(&s->child, &s->edge, ERR_IO);
	expect_nothing_left(s);
	seal(s, PLAIN, PLAIN); /* not a conflict: nothing is left in store/tmp either */
	child_expect_fail(&s->child, &s->edge, ERR_IO);
}

static void porter_discards(void **state)
{
	struct scene *s = *state;
	AUTO(buf_free) struct buf body = buf_new(64);
	struct frame frame;

	seal_all(s);
	wire_write_porter_discard(&body, &(struct wire_porter_discard){{0xab, 1}});
	child_send(&s->edge, WIRE_PORTER_DISCARD, 3, &body, -1);
	child_expect(&s->child, &s->edge, WIRE_PORTER_DISCARDED, &frame);
	expect_nothing_left(s);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_new, scene_free)
	const struct CMUnitTest tests[] = {
		TEST(porter_leaves_nothing_of_a_wrong_length),
		TEST(porter_waits_for_a_key_and_gives_up),
		TEST(porter_killed_in_a_seal_leaves_nothing),
		TEST(porter_discards),
		cmocka_unit_test_setup_teardown(porter_without_room_leaves_nothing_and_goes_on,
						scene_full, scene_free),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

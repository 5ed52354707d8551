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

/* Seals bytes [from, from + size) as the part `number`. */
static void seal_part(struct scene *s, uint8_t number, size_t from, size_t size)
{
	AUTO(buf_free) struct buf body = buf_new(64);
	struct wire_porter_seal ask = {.handle = HANDLE, .blob = {0xcd, number}, .size = size};
	struct frame frame;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	ask.content = WIRE_CONTENT_LARGE;
	wire_write_porter_seal(&body, &ask);
	child_send(&s->edge, WIRE_PORTER_SEAL, 1, &body, ends[0]);
	close(ends[0]);
	assert_ok(file_write_all(ends[1], slice_of(s->plain + from, size)));
	close(ends[1]);
	child_expect(&s->child, &s->edge, WIRE_PORTER_SEALED, &frame);
}

static void seal_small(struct scene *s)
{
	seal_part(s, 9, 0, 1000);
}

/* Joins parts of two chunks each, in the order of `parts`. */
static void join(struct scene *s, const uint8_t *parts, uint16_t count, uint64_t size)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct wire_porter_join ask = {.handle = HANDLE, .blob = {0xab, 1}, .size = size};

	ask.part_size = 2 * AGE_CHUNK;
	ask.count = count;
	for (size_t i = 0; i < count; i++) {
		ask.parts[i][0] = 0xcd;
		ask.parts[i][1] = parts[i];
	}
	wire_write_porter_join(&body, &ask);
	child_send(&s->edge, WIRE_PORTER_JOIN, 2, &body, -1);
}

static void porter_joins_parts_to_the_whole(void **state)
{
	struct scene *s = *state;
	struct wire_porter_sealed joined;
	struct frame frame;
	AUTO(bulk_auto) struct bulk *bulk = NULL;
	uint8_t sha256[BULK_SHA256];
	uint8_t git[BULK_GIT];

	seal_part(s, 2, 2 * AGE_CHUNK, PLAIN - 2 * AGE_CHUNK); /* in any order */
	seal_part(s, 1, 0, 2 * AGE_CHUNK);
	join(s, (const uint8_t[]){1, 2}, 2, PLAIN);
	child_expect(&s->child, &s->edge, WIRE_PORTER_JOINED, &frame);
	assert_ok(wire_read_porter_sealed(&joined, frame.body));
	assert_ok(bulk_new_pointed(&bulk, PLAIN));
	assert_ok(bulk_add(bulk, slice_of(s->plain, PLAIN)));
	assert_ok(bulk_end(bulk, sha256, git));
	assert_memory_equal(joined.sha256, sha256, sizeof sha256);
	assert_memory_equal(joined.git_sha1, git, sizeof git);
	ring_begin(s);
	expect_range(s, 0, PLAIN);
	expect_range(s, 2 * AGE_CHUNK - 5, 10);
}

static void porter_joins_nothing_of_a_part_missing_or_of_another_size(void **state)
{
	struct scene *s = *state;

	seal_part(s, 1, 0, 2 * AGE_CHUNK);
	seal_part(s, 2, 2 * AGE_CHUNK, 500);
	join(s, (const uint8_t[]){1, 3}, 2, PLAIN);
	child_expect_fail(&s->child, &s->edge, ERR_NOT_FOUND);
	expect_nothing_left(s);
	join(s, (const uint8_t[]){1, 2}, 2, PLAIN);
	child_expect_fail(&s->child, &s->edge, ERR_FORGED);
	expect_nothing_left(s);
	join(s, (const uint8_t[]){1}, 1, 2 * AGE_CHUNK - 1);
	child_expect_fail(&s->child, &s->edge, ERR_FORGED);
	join(s, NULL, 0, 10);
	child_expect_fail(&s->child, &s->edge, ERR_FORMAT);
	expect_nothing_left(s);
}

static void porter_opens_nothing_with_a_key_that_came_to_seal(void **state)
{
	struct scene *s = *state;
	AUTO(buf_free) struct buf body = buf_new(64);
	struct wire_handle_key message = {.handle = HANDLE, .key = {1, 2, 3}};

	seal_all(s);
	wire_write_porter_drop(&body, &(struct wire_porter_drop){HANDLE});
	child_send(&s->edge, WIRE_PORTER_DROP, 0, &body, -1);
	buf_reset(&body);
	wire_write_handle_key(&body, &message);
	child_send(&s->keeper, WIRE_SEAL_KEY, 0, &body, -1);
	ring_begin(s);
	ask_to_open(s, 0, PLAIN);
	child_expect_fail(&s->child, &s->edge, ERR_NOT_FOUND);
}

static void porter_without_room_leaves_nothing_and_goes_on(void **state)
{
	struct scene *s = *state;

	seal(s, PLAIN, PLAIN);
	child_expect_fail(&s->child, &s->edge, ERR_FULL);
	expect_nothing_left(s);
	seal(s, PLAIN, PLAIN); /* not a conflict: nothing is left in store/tmp either */
	child_expect_fail(&s->child, &s->edge, ERR_FULL);
	seal_small(s);
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
		TEST(porter_joins_parts_to_the_whole),
		TEST(porter_joins_nothing_of_a_part_missing_or_of_another_size),
		TEST(porter_opens_nothing_with_a_key_that_came_to_seal),
		cmocka_unit_test_setup_teardown(porter_without_room_leaves_nothing_and_goes_on,
						scene_full, scene_free),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

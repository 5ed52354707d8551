/* SPDX-License-Identifier: Apache-2.0 */
/* The real sallyport-porter and its ring: what comes out is what went in, or nothing. */
#include "tests/unit/gateway/porter/scene.h"

static void porter_opens_any_range_of_what_it_sealed(void **state)
{
	struct scene *s = *state;
	static const uint64_t rows[][2] = {{0, PLAIN},     {0, 1},          {AGE_CHUNK - 1, 2},
					   {PLAIN - 1, 1}, {70000, 100000}, {5, 0}};

	seal_all(s);
	ring_begin(s);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		expect_range(s, rows[i][0], rows[i][1]);
}

/* Closing has no answer, and a thread does it; what is gone cannot be filled. */
static void close_and_wait(struct scene *s, uint64_t transfer)
{
	close_transfer(s, transfer);
	for (int i = 0; i < 1000; i++) {
		ask_to_fill(s, transfer, 1, 0, 10);
		if (expect_filled(s, transfer, 1) == ERR_NOT_FOUND)
			return;
	}
	fail_msg("the transfer does not end");
}

/* Opened while the file was good, or not at all; either way nothing wrong comes out. */
static void expect_damage(struct scene *s, struct slice bad, struct slice good, const char *why,
			  bool is_seen_at_once)
{
	AUTO(buf_free) struct buf got = buf_new(2 * PLAIN);
	uint64_t transfer = open_transfer(s, 0, PLAIN);
	enum err result;

	write_payload(s, bad);
	result = read_transfer(s, transfer, 0, PLAIN, &got);
	if (result != ERR_FORGED && result != ERR_FORMAT)
		fail_msg("%s: %s", why, err_name(result));
	if (got.size && memcmp(got.data, s->plain, got.size) != 0)
		fail_msg("%s: a wrong byte came out", why);
	for (size_t i = 0; i < 100000; i++) /* the segment that failed */
		if (s->pool[(got.size / 100000) * WIRE_SEGMENT + i])
			fail_msg("%s: something is left in the segment", why);
	close_and_wait(s, transfer);
	ask_to_open(s, 0, PLAIN);
	if (is_seen_at_once)
		child_expect_fail(&s->child, &s->edge, ERR_FORGED);
	else
		(void)child_receive(&s->child, &s->edge);
	write_payload(s, good);
}

static void porter_finds_every_damage_of_chunks(void **state)
{
	struct scene *s = *state;
	AUTO(buf_free) struct buf good = buf_new(2 * PLAIN);
	AUTO(buf_free) struct buf bad = buf_new(3 * PLAIN);
	enum { SECOND = AGE_NONCE + AGE_SEALED_CHUNK, THIRD = SECOND + AGE_SEALED_CHUNK };
	static const struct {
		size_t parts[4][2]; /* from, size */
		const char *why;
		bool is_seen_at_once; /* the size, or the last chunk, is not what it was */
	} rows[] = {
		{{{0, AGE_NONCE},
		  {SECOND, AGE_SEALED_CHUNK},
		  {AGE_NONCE, AGE_SEALED_CHUNK},
		  {THIRD, 2 * PLAIN}},
		 "swapped",
		 false},
		{{{0, SECOND}, {THIRD, 2 * PLAIN}}, "dropped", true},
		{{{0, THIRD}, {SECOND, AGE_SEALED_CHUNK}, {THIRD, 2 * PLAIN}}, "repeated", true},
		{{{0, THIRD}}, "cut between chunks", true},
		{{{0, THIRD + 100}}, "cut inside a chunk", true},
	};

	seal_all(s);
	read_payload(s, &good);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		ring_begin(s); /* its pool is all zero */
		buf_reset(&bad);
		for (size_t p = 0; p < 4; p++)
			buf_write(&bad, slice_part(buf_slice(&good), rows[i].parts[p][0],
						   rows[i].parts[p][1]));
		expect_damage(s, buf_slice(&bad), buf_slice(&good), rows[i].why,
			      rows[i].is_seen_at_once);
		ring_end(s);
	}
	ring_begin(s);
	expect_range(s, 0, PLAIN);
}

static void porter_opens_nothing_outside_of_a_file_or_without_a_ring(void **state)
{
	struct scene *s = *state;

	seal_all(s);
	ask_to_open(s, 0, PLAIN);
	child_expect_fail(&s->child, &s->edge, ERR_UNAVAILABLE);
	ring_begin(s);
	ask_to_open(s, 1, PLAIN);
	child_expect_fail(&s->child, &s->edge, ERR_LIMIT);
	ask_to_open(s, UINT64_MAX, 2);
	child_expect_fail(&s->child, &s->edge, ERR_LIMIT);
	expect_range(s, 0, PLAIN);
}

static void porter_copies_a_sealed_file_as_it_lies(void **state)
{
	struct scene *s = *state;
	AUTO(buf_free) struct buf body = buf_new(64);
	AUTO(buf_free) struct buf good = buf_new(2 * PLAIN);
	AUTO(buf_free) struct buf got = buf_new(2 * PLAIN);
	struct wire_porter_copied copied;
	struct frame frame;

	seal_all(s);
	read_payload(s, &good);
	ring_begin(s);
	wire_write_porter_copy(&body, &(struct wire_porter_copy){{0xab, 1}});
	child_send(&s->edge, WIRE_PORTER_COPY, 4, &body, -1);
	child_expect(&s->child, &s->edge, WIRE_PORTER_COPIED, &frame);
	assert_ok(wire_read_porter_copied(&copied, frame.body));
	assert_true(copied.size == good.size);
	assert_ok(read_transfer(s, copied.transfer, 0, copied.size, &got));
	assert_true(slice_equal(buf_slice(&got), buf_slice(&good)));
}

/* The edge may ask late: what it closed, or never had, is an answer and not a crime. */
static void porter_fills_nothing_of_a_transfer_that_is_not_there(void **state)
{
	struct scene *s = *state;
	uint64_t transfer;

	seal_all(s);
	ring_begin(s);
	transfer = open_transfer(s, 0, PLAIN);
	ask_to_fill(s, transfer + 1, 0, 0, 10);
	assert_int_equal(expect_filled(s, transfer + 1, 0), ERR_NOT_FOUND);
	close_transfer(s, transfer);
	close_and_wait(s, transfer);
	expect_range(s, 0, PLAIN);
}

/* A transfer of one ring is nothing to the next. */
static void porter_forgets_the_transfers_of_a_ring_that_ended(void **state)
{
	struct scene *s = *state;
	uint64_t transfer;

	seal_all(s);
	ring_begin(s);
	transfer = open_transfer(s, 0, PLAIN);
	ring_end(s);
	ring_begin(s);
	ask_to_fill(s, transfer, 0, 0, 10);
	assert_int_equal(expect_filled(s, transfer, 0), ERR_NOT_FOUND);
	expect_range(s, 0, PLAIN);
}

/* It ends the ring, has the supervisor told who did it, and serves the next. */
static void expect_refusal(struct scene *s, const char *why)
{
	struct frame frame;
	struct wire_peer who;

	while (channel_receive(&s->ring, &s->child.inbox, &frame, CHILD_WAIT_MS) == OK)
		if (frame.type != WIRE_RING_FILLED)
			fail_msg("%s: %s", why, wire_name(frame.type));
	frame = child_receive(&s->child, &s->child.control);
	assert_int_equal(frame.type, WIRE_PEER_REFUSED);
	assert_ok(wire_read_peer(&who, frame.body));
	assert_int_equal(who.role, ROLE_EDGE);
	ring_end(s);
}

static void porter_ends_a_ring_that_breaks_a_rule(void **state)
{
	struct scene *s = *state;
	static const struct {
		const char *why;
		uint64_t offset;
		uint32_t segment, length;
	} rows[] = {
		{"a segment behind the last", 0, WIRE_MAX_SEGMENTS, 10},
		{"nothing at all", 0, 0, 0},
		{"more than a segment", 0, 0, WIRE_SEGMENT + 1},
		{"before the range", 9, 0, 10},
		{"behind the range", PLAIN - 10, 0, 10},
		{"across its end", PLAIN - 110, 0, 20},
		{"far away", UINT64_MAX - 4, 0, 10},
	};

	seal_all(s);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint64_t transfer;

		ring_begin(s);
		transfer = open_transfer(s, 10, PLAIN - 110);
		ask_to_fill(s, transfer, rows[i].segment, rows[i].offset, rows[i].length);
		expect_refusal(s, rows[i].why);
	}
	ring_begin(s);
	child_send(&s->ring, WIRE_PORTER_OPEN, 3, &(struct buf){.limit = 1}, -1);
	expect_refusal(s, "not a message of rings");
	ring_begin(s);
	expect_range(s, 0, PLAIN);
}

/* With several threads the second meets a segment that is being filled, and ends the ring; a single
 * one does them in turn. Either way the porter goes on. */
static void porter_bears_fills_of_one_segment_at_once(void **state)
{
	struct scene *s = *state;
	AUTO(buf_free) struct buf body = buf_new(64);
	uint64_t transfer;

	seal_all(s);
	ring_begin(s);
	transfer = open_transfer(s, 0, PLAIN);
	wire_write_ring_fill(&body, &(struct wire_ring_fill){transfer, 0, 0, PLAIN});
	for (int i = 0; i < 200; i++)
		if (channel_send(&s->ring, WIRE_RING_FILL, 0, buf_slice(&body), -1) != OK)
			break;
	for (int i = 0; i < 200; i++) {
		struct frame frame;

		if (channel_receive(&s->ring, &s->child.inbox, &frame, CHILD_WAIT_MS) != OK)
			break;
		assert_int_equal(frame.type, WIRE_RING_FILLED);
	}
	ring_end(s);
	ring_begin(s);
	expect_range(s, 0, PLAIN);
}

static void a_pool_cannot_be_written_or_cut_off_by_the_edge(void **state)
{
	struct scene *s = *state;
	void *pool;

	ring_begin(s);
	pool = mmap(NULL, WIRE_SEGMENT, PROT_READ | PROT_WRITE, MAP_SHARED, s->pool_fd, 0);
	assert_true(pool == MAP_FAILED);
	assert_int_not_equal(
		mprotect((void *)(uintptr_t)s->pool, WIRE_SEGMENT, PROT_READ | PROT_WRITE), 0);
	assert_int_not_equal(ftruncate(s->pool_fd, WIRE_SEGMENT), 0);
	assert_int_equal(pwrite(s->pool_fd, "x", 1, 0), -1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_new, scene_free)
	const struct CMUnitTest tests[] = {
		TEST(porter_opens_any_range_of_what_it_sealed),
		TEST(porter_finds_every_damage_of_chunks),
		TEST(porter_opens_nothing_outside_of_a_file_or_without_a_ring),
		TEST(porter_copies_a_sealed_file_as_it_lies),
		TEST(porter_fills_nothing_of_a_transfer_that_is_not_there),
		TEST(porter_forgets_the_transfers_of_a_ring_that_ended),
		TEST(porter_ends_a_ring_that_breaks_a_rule),
		TEST(porter_bears_fills_of_one_segment_at_once),
		TEST(a_pool_cannot_be_written_or_cut_off_by_the_edge),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

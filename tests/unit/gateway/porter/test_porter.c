/* SPDX-License-Identifier: Apache-2.0 */
/* The real sallyport-porter: what goes in sealed comes out the same, or not at all. */
#include "tests/unit/gateway/keeper/child.h"

#include <sys/resource.h>

#include "crypto/age_stream.h"
#include "crypto/bulk.h"
#include "gateway/porter/blobs.h"
#include "schema/wire/keeper.h"
#include "schema/wire/porter.h"

enum { HANDLE = 5, PLAIN = 3 * AGE_CHUNK + 1000 };

struct scene {
	struct child child;
	struct channel edge;
	struct channel keeper;
	uint8_t plain[PLAIN];
	int store;
};

static void send_key(struct scene *s)
{
	AUTO(buf_free) struct buf body = buf_new(64);
	struct wire_handle_key message = {.handle = HANDLE, .key = {1, 2, 3}};

	wire_write_handle_key(&body, &message);
	child_send(&s->keeper, WIRE_HANDLE_KEY, 0, &body, -1);
	child_send(&s->keeper, WIRE_SEAL_KEY, 0, &body, -1);
}

static int scene_begin(void **state, rlim_t largest_file)
{
	struct rlimit before;
	struct rlimit limit;
	struct scene *s = calloc(1, sizeof *s);

	for (size_t i = 0; i < PLAIN; i++)
		s->plain[i] = (uint8_t)(i * 31 + i / 256);
	child_prepare(&s->child, ROLE_PORTER);
	child_directory(&s->child, "store");
	child_own(&s->child, "store");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = (struct rlimit){largest_file, before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	child_start(&s->child);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	s->edge = child_join(&s->child, ROLE_EDGE, 0);
	s->keeper = child_join(&s->child, ROLE_KEEPER, 0);
	send_key(s);
	assert_ok(file_open_directory(&s->store, AT_FDCWD, s->child.path));
	*state = s;
	return 0;
}

static int scene_new(void **state)
{
	return scene_begin(state, RLIM_INFINITY);
}

/* As good as a full disk: a file cannot grow past its second chunk. */
static int scene_full(void **state)
{
	return scene_begin(state, 2 * AGE_CHUNK);
}

static int scene_free(void **state)
{
	struct scene *s = *state;

	if (s->child.pid)
		child_stop(&s->child);
	channel_close(&s->edge);
	channel_close(&s->keeper);
	close(s->store);
	child_remove(&s->child);
	free(s);
	return 0;
}

/* Declares `declared` bytes and gives it the first `given` of the plaintext. */
static void seal(struct scene *s, uint64_t declared, size_t given)
{
	AUTO(buf_free) struct buf body = buf_new(64);
	struct wire_porter_seal ask = {.handle = HANDLE, .blob = {0xab, 1}, .size = declared};
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	wire_write_porter_seal(&body, &ask);
	child_send(&s->edge, WIRE_PORTER_SEAL, 1, &body, ends[0]);
	close(ends[0]);
	if (file_write_all(ends[1], slice_of(s->plain, given)) != OK)
		print_message("the porter does not read on\n");
	close(ends[1]);
}

static void seal_all(struct scene *s)
{
	struct wire_porter_sealed sealed;
	struct frame frame;
	AUTO(bulk_auto) struct bulk *bulk = NULL;
	uint8_t sha256[BULK_SHA256];
	uint8_t git[BULK_GIT];

	seal(s, PLAIN, PLAIN);
	child_expect(&s->child, &s->edge, WIRE_PORTER_SEALED, &frame);
	assert_ok(wire_read_porter_sealed(&sealed, frame.body));
	assert_ok(bulk_new(&bulk, PLAIN));
	assert_ok(bulk_add(bulk, slice_of(s->plain, PLAIN)));
	assert_ok(bulk_end(bulk, sha256, git));
	assert_true(sealed.size == PLAIN);
	assert_memory_equal(sealed.sha256, sha256, sizeof sha256);
	assert_memory_equal(sealed.git_sha1, git, sizeof git);
}

/* Asks for a range and reads what comes until the pipe ends. */
static void open_range(struct scene *s, uint64_t offset, uint64_t length, struct buf *got)
{
	AUTO(buf_free) struct buf body = buf_new(64);
	struct wire_porter_open ask = {.handle = HANDLE, .blob = {0xab, 1}, .plain_size = PLAIN};
	int ends[2];
	ssize_t n;

	ask.offset = offset;
	ask.length = length;
	assert_int_equal(pipe(ends), 0);
	wire_write_porter_open(&body, &ask);
	child_send(&s->edge, WIRE_PORTER_OPEN, 2, &body, ends[1]);
	close(ends[1]);
	while ((n = read(ends[0], buf_reserve(got, 4096), 4096)) > 0)
		buf_commit(got, (size_t)n);
	close(ends[0]);
}

static void expect_range(struct scene *s, uint64_t offset, uint64_t length)
{
	AUTO(buf_free) struct buf got = buf_new(PLAIN + 8192);
	struct wire_porter_opened opened;
	struct frame frame;

	open_range(s, offset, length, &got);
	child_expect(&s->child, &s->edge, WIRE_PORTER_OPENED, &frame);
	assert_ok(wire_read_porter_opened(&opened, frame.body));
	assert_true(opened.bytes == length);
	assert_true(slice_equal(buf_slice(&got), slice_of(s->plain + offset, length)));
}

static void read_payload(struct scene *s, struct buf *out)
{
	char path[BLOBS_PATH];
	char full[BLOBS_PATH + 8];
	uint8_t id[BLOBS_ID] = {0xab, 1};

	blobs_path(path, id);
	snprintf(full, sizeof full, "store/%s", path);
	assert_ok(file_read(out, s->store, full));
}

static void write_payload(struct scene *s, struct slice bytes)
{
	char path[BLOBS_PATH];
	char full[BLOBS_PATH + 8];
	uint8_t id[BLOBS_ID] = {0xab, 1};

	blobs_path(path, id);
	snprintf(full, sizeof full, "store/%s", path);

	AUTO(file_close) int fd = openat(s->store, full, O_WRONLY | O_TRUNC);

	assert_ok(file_write_all(fd, bytes));
}

static void expect_nothing_left(struct scene *s)
{
	char path[BLOBS_PATH];
	char full[BLOBS_PATH + 8];
	uint8_t id[BLOBS_ID] = {0xab, 1};

	blobs_path(path, id);
	snprintf(full, sizeof full, "store/%s", path);
	assert_int_not_equal(faccessat(s->store, full, F_OK, 0), 0);
}

static void porter_opens_any_range_of_what_it_sealed(void **state)
{
	struct scene *s = *state;
	static const uint64_t rows[][2] = {{0, PLAIN},     {0, 1},          {AGE_CHUNK - 1, 2},
					   {PLAIN - 1, 1}, {70000, 100000}, {5, 0}};

	seal_all(s);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		expect_range(s, rows[i][0], rows[i][1]);
}

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

static void porter_finds_every_damage_of_chunks(void **state)
{
	struct scene *s = *state;
	AUTO(buf_free) struct buf good = buf_new(2 * PLAIN);
	AUTO(buf_free) struct buf bad = buf_new(3 * PLAIN);
	enum { SECOND = AGE_NONCE + AGE_SEALED_CHUNK, THIRD = SECOND + AGE_SEALED_CHUNK };
	static const struct {
		size_t parts[4][2]; /* from, size */
		const char *why;
	} rows[] = {
		{{{0, AGE_NONCE},
		  {SECOND, AGE_SEALED_CHUNK},
		  {AGE_NONCE, AGE_SEALED_CHUNK},
		  {THIRD, 2 * PLAIN}},
		 "swapped"},
		{{{0, SECOND}, {THIRD, 2 * PLAIN}}, "dropped"},
		{{{0, THIRD}, {SECOND, AGE_SEALED_CHUNK}, {THIRD, 2 * PLAIN}}, "repeated"},
		{{{0, THIRD}}, "cut between chunks"},
		{{{0, THIRD + 100}}, "cut inside a chunk"},
	};

	seal_all(s);
	read_payload(s, &good);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		AUTO(buf_free) struct buf got = buf_new(2 * PLAIN);

		buf_reset(&bad);
		for (size_t p = 0; p < 4; p++)
			buf_write(&bad, slice_part(buf_slice(&good), rows[i].parts[p][0],
						   rows[i].parts[p][1]));
		write_payload(s, buf_slice(&bad));
		open_range(s, 0, PLAIN, &got);
		child_expect_fail(&s->child, &s->edge, ERR_FORGED);
		if (memcmp(got.data, s->plain, got.size) != 0)
			fail_msg("%s: a wrong byte came out", rows[i].why);
	}
	write_payload(s, buf_slice(&good));
	expect_range(s, 0, PLAIN);
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
	AUTO(buf_free) struct buf got = buf_new(2 * PLAIN);
	struct wire_handle_key message = {.handle = HANDLE, .key = {1, 2, 3}};

	seal_all(s);
	wire_write_porter_drop(&body, &(struct wire_porter_drop){HANDLE});
	child_send(&s->edge, WIRE_PORTER_DROP, 0, &body, -1);
	buf_reset(&body);
	wire_write_handle_key(&body, &message);
	child_send(&s->keeper, WIRE_SEAL_KEY, 0, &body, -1);
	open_range(s, 0, PLAIN, &got);
	child_expect_fail(&s->child, &s->edge, ERR_NOT_FOUND);
	assert_int_equal(got.size, 0);
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
		TEST(porter_opens_any_range_of_what_it_sealed),
		TEST(porter_leaves_nothing_of_a_wrong_length),
		TEST(porter_finds_every_damage_of_chunks),
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

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "crypto/base/log.h"
#include "crypto/merkle.h"
#include "gateway/keeper/journal.h"

enum {
	LEAVES = 7,
	RECORD = 4 + 4 + 16 + 1 + 8 + 2 + 32 + 2, /* bytes of one of a leaf and no facts */
};

struct place {
	char path[40];
	int fd;
};

static int place_new(void **state)
{
	struct place *p = calloc(1, sizeof *p);

	snprintf(p->path, sizeof p->path, "/tmp/sallyport-journal-XXXXXX");
	if (!mkdtemp(p->path) || file_open_directory(&p->fd, AT_FDCWD, p->path) != OK)
		return -1;
	*state = p;
	return 0;
}

static int place_free(void **state)
{
	struct place *p = *state;

	unlinkat(p->fd, "journal", 0);
	unlinkat(p->fd, "lock", 0);
	close(p->fd);
	rmdir(p->path);
	free(p);
	return 0;
}

static struct digest leaf_of(unsigned i)
{
	uint8_t byte = (uint8_t)i;

	return merkle_leaf(slice_of(&byte, 1));
}

static void write_leaf(struct journal *j, unsigned i)
{
	struct digest leaf = leaf_of(i);
	uint8_t name = (uint8_t)i;
	struct fact fact = fact_of(FACT_LICENSE, slice_of(&name, 1), S(""), i + 1);

	assert_ok(journal_write(j, &(struct journal_change){&leaf, 1, &fact, 1}));
}

static struct digest root_of(uint64_t size)
{
	struct merkle_frontier frontier = {0};

	for (unsigned i = 0; i < size; i++) {
		struct digest leaf = leaf_of(i);

		merkle_append(&frontier, &leaf);
	}
	return merkle_root(&frontier);
}

static void check_holds(const struct journal *j, uint64_t size)
{
	struct digest expected = root_of(size);
	struct digest root = journal_root(j);

	assert_true(journal_size(j) == size);
	assert_true(digest_equal(&root, &expected));
	for (unsigned i = 0; i < LEAVES; i++) {
		uint8_t name = (uint8_t)i;
		struct fact fact = fact_of(FACT_LICENSE, slice_of(&name, 1), S(""), 0);

		assert_true(journal_fact(j, &fact) == (i < size ? i + 1 : 0));
	}
}

/* The file after LEAVES writes, and where it ended after each. */
static void write_all(struct place *p, struct buf *file, size_t ends[LEAVES + 1])
{
	struct journal *j;

	assert_ok(journal_create(p->fd));
	assert_ok(journal_open(&j, p->fd, JOURNAL_ROTATE_BYTES));
	for (unsigned i = 0; i <= LEAVES; i++) {
		buf_reset(file);
		assert_ok(file_read(file, p->fd, "journal"));
		ends[i] = file->size;
		if (i < LEAVES)
			write_leaf(j, i);
	}
	journal_free(j);
}

static void journal_remembers_after_a_kill_at_any_byte(void **state)
{
	struct place *p = *state;
	AUTO(buf_free) struct buf file = buf_new(1 << 20);
	size_t ends[LEAVES + 1];
	uint64_t size = 0;

	write_all(p, &file, ends);
	for (size_t cut = ends[0]; cut <= file.size; cut++) {
		struct journal *j;

		if (size < LEAVES && cut == ends[size + 1])
			size++;
		assert_ok(file_write_atomic(p->fd, "journal", slice_part(buf_slice(&file), 0, cut),
					    0600));
		assert_ok(journal_open(&j, p->fd, JOURNAL_ROTATE_BYTES));
		check_holds(j, size);
		journal_free(j);
	}
	assert_true(size == LEAVES);
}

static void journal_goes_on_behind_a_torn_tail(void **state)
{
	struct place *p = *state;
	AUTO(buf_free) struct buf file = buf_new(1 << 20);
	size_t ends[LEAVES + 1];
	struct journal *j;

	write_all(p, &file, ends);
	assert_ok(file_write_atomic(p->fd, "journal",
				    slice_part(buf_slice(&file), 0, file.size - 3), 0600));
	for (unsigned round = 0; round < 2; round++) {
		assert_ok(journal_open(&j, p->fd, JOURNAL_ROTATE_BYTES));
		if (round == 0)
			write_leaf(j, LEAVES - 1);
		check_holds(j, LEAVES);
		journal_free(j);
	}
}

static void journal_drops_blocks_that_were_never_filled(void **state)
{
	struct place *p = *state;
	AUTO(buf_free) struct buf file = buf_new(1 << 20);
	size_t ends[LEAVES + 1];
	struct journal *j;
	static const uint8_t zeros[500];

	write_all(p, &file, ends);
	buf_write(&file, slice_of(zeros, sizeof zeros));
	assert_ok(file_write_atomic(p->fd, "journal", buf_slice(&file), 0600));
	assert_ok(journal_open(&j, p->fd, JOURNAL_ROTATE_BYTES));
	check_holds(j, LEAVES);
	journal_free(j);
}

static void journal_with_any_byte_changed_does_not_start(void **state)
{
	struct place *p = *state;
	AUTO(buf_free) struct buf file = buf_new(1 << 20);
	size_t ends[LEAVES + 1];
	struct journal *j;

	write_all(p, &file, ends);
	for (size_t i = 0; i < file.size; i++) {
		file.data[i] ^= 0x40;
		assert_ok(file_write_atomic(p->fd, "journal", buf_slice(&file), 0600));
		if (journal_open(&j, p->fd, JOURNAL_ROTATE_BYTES) == OK)
			fail_msg("byte %zu was changed", i);
		file.data[i] ^= 0x40;
	}
}

static void journal_is_the_same_after_rotation(void **state)
{
	struct place *p = *state;
	AUTO(buf_free) struct buf file = buf_new(1 << 20);
	struct journal *j;

	assert_ok(journal_create(p->fd));
	for (unsigned round = 0; round < 2; round++) {
		assert_ok(journal_open(&j, p->fd, 1));
		for (unsigned i = 0; round == 0 && i < LEAVES; i++)
			write_leaf(j, i);
		for (unsigned i = 0; round == 0 && i < 200; i++) {
			struct fact fact = fact_of(FACT_MODEL, S("m"), S(""), i % 3);

			assert_ok(journal_write(j, &(struct journal_change){NULL, 0, &fact, 1}));
		}
		check_holds(j, LEAVES);
		journal_free(j);
	}
	assert_ok(file_read(&file, p->fd, "journal"));
	assert_true(file.size < 12000); /* 200 changes and 7 entries are more than that */
}

static void journal_keeps_a_second_keeper_out(void **state)
{
	struct place *p = *state;
	struct journal *j;
	struct journal *second;

	assert_ok(journal_create(p->fd));
	assert_err(journal_create(p->fd), ERR_CONFLICT);
	assert_ok(journal_open(&j, p->fd, JOURNAL_ROTATE_BYTES));
	assert_err(journal_open(&second, p->fd, JOURNAL_ROTATE_BYTES), ERR_CONFLICT);
	journal_free(j);
}

static void journal_forgets_open_paths_that_a_newer_list_replaced(void **state)
{
	struct place *p = *state;
	struct fact facts[] = {
		fact_of(FACT_OPEN_LIST, S("a"), S(""), 7),
		fact_of(FACT_OPEN_PATH, S("a"), S("x"), 7),
		fact_of(FACT_OPEN_PATH, S("a"), S("y"), 3),
		fact_of(FACT_LICENSE, S("l"), S(""), 3),
		fact_of(FACT_OPEN_LIST, S("b"), S(""), 5),
		fact_of(FACT_OPEN_PATH, S("b"), S("y"), 5),
	};
	static const bool kept[] = {true, true, false, true, true, true};
	struct journal *j;

	assert_ok(journal_create(p->fd));
	assert_ok(journal_open(&j, p->fd, JOURNAL_ROTATE_BYTES));
	assert_ok(journal_write(j, &(struct journal_change){NULL, 0, facts, 6}));
	journal_forget_paths(j);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(journal_fact(j, &facts[i]), kept[i] ? facts[i].value : 0);
	journal_free(j);
}

/* Room for so many bytes more, of any file. */
static void limit_files(rlim_t bytes)
{
	struct rlimit limit = {bytes, RLIM_INFINITY};

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* However much of a record there is room for: none of it happens, and the next one does. */
static void a_full_disk_changes_nothing_and_breaks_nothing(void **state)
{
	struct place *p = *state;
	AUTO(buf_free) struct buf file = buf_new(1 << 20);
	struct digest leaf = leaf_of(1);
	size_t ends[LEAVES + 1];
	struct journal *j;

	write_all(p, &file, ends);
	assert_ok(file_write_atomic(p->fd, "journal", slice_part(buf_slice(&file), 0, ends[1]),
				    0600));
	assert_ok(journal_open(&j, p->fd, JOURNAL_ROTATE_BYTES));
	signal(SIGXFSZ, SIG_IGN);
	for (size_t room = 0; room < RECORD; room++) {
		limit_files(ends[1] + room);
		assert_err(journal_write(j, &(struct journal_change){&leaf, 1, NULL, 0}), ERR_FULL);
		check_holds(j, 1);
	}
	limit_files(RLIM_INFINITY);
	for (unsigned i = 1; i < LEAVES; i++)
		write_leaf(j, i);
	journal_free(j);
	assert_ok(journal_open(&j, p->fd, JOURNAL_ROTATE_BYTES));
	check_holds(j, LEAVES);
	journal_free(j);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_new, place_free)
	const struct CMUnitTest tests[] = {
		TEST(journal_remembers_after_a_kill_at_any_byte),
		TEST(journal_goes_on_behind_a_torn_tail),
		TEST(journal_drops_blocks_that_were_never_filled),
		TEST(journal_with_any_byte_changed_does_not_start),
		TEST(journal_is_the_same_after_rotation),
		TEST(a_full_disk_changes_nothing_and_breaks_nothing),
		TEST(journal_keeps_a_second_keeper_out),
		TEST(journal_forgets_open_paths_that_a_newer_list_replaced),
	};

	log_start("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

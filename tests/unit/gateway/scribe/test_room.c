/* SPDX-License-Identifier: Apache-2.0 */
/* The reserve, with a real folder and a real PostgreSQL. */
#include "gateway/scribe/room.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "crypto/base/log.h"
#include "tests/integration/postgres.h"
#include "tests/unit/test.h"

#define NOW INT64_C(50000)

struct world {
	struct postgres postgres;
	struct store *scribe;
	char folder[48];
	int directory;
	struct room room;
};

static int open_world(void **state)
{
	static struct world w;

	w = (struct world){.directory = -1};
	postgres_open(&w.postgres, "test_room");
	w.scribe = postgres_connect(&w.postgres, "sallyport_scribe");
	snprintf(w.folder, sizeof w.folder, "/tmp/sallyport-room.XXXXXX");
	assert_non_null(mkdtemp(w.folder));
	assert_ok(file_open_directory(&w.directory, AT_FDCWD, w.folder));
	room_init(&w.room, w.directory);
	*state = &w;
	return 0;
}

static int close_world(void **state)
{
	struct world *w = *state;

	store_free(w->scribe);
	unlinkat(w->directory, "reserve", 0);
	file_close(&w->directory);
	rmdir(w->folder);
	return 0;
}

static void expect(struct world *w, const char *reason)
{
	char found[256];

	assert_true(
		postgres_run(&w->postgres, "SELECT full_files FROM sallyport.audit_state", found));
	assert_string_equal(found, reason);
	assert_int_equal(faccessat(w->directory, "reserve", F_OK, 0), reason[0] ? -1 : 0);
}

static void a_reserve_goes_when_the_disk_is_full_and_comes_back(void **state)
{
	static const char full[] = "the disk of the log's files is full";
	struct world *w = *state;

	assert_ok(room_look(&w->room, w->scribe, NOW));
	expect(w, "");
	room_ended(&w->room, NOW);
	assert_ok(room_look(&w->room, w->scribe, NOW));
	expect(w, full);
	/* Not at once, lest it changes with every cycle; and from the last failure on. */
	room_ended(&w->room, NOW + ROOM_HOLD_MS - 1);
	assert_ok(room_look(&w->room, w->scribe, NOW + ROOM_HOLD_MS));
	expect(w, full);
	assert_ok(room_look(&w->room, w->scribe, NOW + 2 * ROOM_HOLD_MS));
	expect(w, "");
}

static void a_fresh_process_looks_anew(void **state)
{
	struct world *w = *state;

	assert_ok(room_look(&w->room, w->scribe, NOW));
	room_ended(&w->room, NOW);
	assert_ok(room_look(&w->room, w->scribe, NOW));
	room_init(&w->room, w->directory);
	assert_ok(room_look(&w->room, w->scribe, NOW + 1));
	expect(w, "");
}

/* What the database has not heard is told at the next look. */
static void a_database_that_is_away_is_told_later(void **state)
{
	struct world *w = *state;

	assert_ok(room_look(&w->room, w->scribe, NOW));
	assert_true(postgres_run(&w->postgres, "ALTER TABLE sallyport.audit_state RENAME TO aside",
				 NULL));
	room_ended(&w->room, NOW);
	assert_true(room_look(&w->room, w->scribe, NOW) != OK);
	assert_true(postgres_run(&w->postgres, "ALTER TABLE sallyport.aside RENAME TO audit_state",
				 NULL));
	assert_ok(room_look(&w->room, w->scribe, NOW));
	expect(w, "the disk of the log's files is full");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
	const struct CMUnitTest tests[] = {
		TEST(a_reserve_goes_when_the_disk_is_full_and_comes_back),
		TEST(a_fresh_process_looks_anew),
		TEST(a_database_that_is_away_is_told_later),
	};

	log_start("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

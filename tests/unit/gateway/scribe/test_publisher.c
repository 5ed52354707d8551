/* SPDX-License-Identifier: Apache-2.0 */
/* The publisher, stopped before each step, lied to, and held to account by the verifier. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "crypto/base/text.h"
#include "crypto/commit.h"
#include "crypto/json.h"
#include "schema/audit/chain_check.h"
#include "schema/store/audit_search.h"
#include "tests/unit/gateway/scribe/world.h"

static void an_event_is_published_with_its_number(void **state)
{
	struct world *w = *state;
	uint8_t id[16];
	uint64_t index;

	put_events(w, 3, id);
	assert_err(publisher_find(&w->publisher, id, &index), ERR_NOT_FOUND);
	publish_all(w);
	assert_ok(publisher_find(&w->publisher, id, &index));
	assert_int_equal(index, 2);
	assert_verifies(w, 3);
}

/* As an auditor checks that nothing of an actor is left out. */
static void each_entry_says_which_of_its_actor_and_license_it_is(void **state)
{
	struct world *w = *state;
	struct store *auditor = postgres_connect(&w->postgres, "sallyport_auditor");
	struct store_audit_query query = {.limit = 20, .is_forward = true};
	struct audit_walk walks[] = {{.subject = AUDIT_SUBJECT_ACTOR, .id = S(ALICE)},
				     {.subject = AUDIT_SUBJECT_LICENSE, .id = S(LICENSE)}};
	struct arena arena = {NULL};
	struct store_audit_page page;

	for (unsigned i = 0; i < 12; i++) {
		put_event_of(w, i % 3 ? ALICE : NULL, i % 4 ? LICENSE : NULL);
		if (i % 5 == 0)
			publish_all(w);
	}
	publish_all(w);
	assert_ok(store_audit_bounds(auditor, &query.bounds, &query.filter));
	assert_ok(store_audit_find(auditor, &arena, &page, &query));
	assert_int_equal(page.count, 12);
	for (unsigned i = 0; i < 12; i++) {
		AUTO(json_auto) json_t *payload = NULL;
		AUTO(buf_free) struct buf text = buf_new(64);
		struct slice shown = page.events[i].event.payload;
		struct digest commitment;
		struct store_event e;

		assert_ok(store_audit_get(auditor, &arena, &e, page.events[i].event.id));
		assert_true(slice_equal(e.payload, shown));
		commitment = audit_commitment(e.nonce, shown);
		text_write_base64(&text, digest_slice(&commitment), TEXT_BASE64_URL_RAW);
		assert_non_null(strstr(arena_string(&arena, e.leaf), buf_string(&text)));
		assert_ok(json_read(&payload, shown, 1 << 16));
		if (i % 3)
			assert_ok(audit_walk_step(&walks[0], audit_place(i), payload));
		if (i % 4)
			assert_ok(audit_walk_step(&walks[1], audit_place(i), payload));
		assert_int_equal(json_has(payload, "chain"), i % 12 != 0);
	}
	assert_int_equal(walks[0].count, 8);
	assert_int_equal(walks[1].count, 9);
	assert_int_equal(walks[0].bare, 0);
	store_free(auditor);
	arena_free(&arena);
}

static void batches_follow_each_other_without_gap(void **state)
{
	struct world *w = *state;
	uint8_t id[16];

	for (unsigned i = 0; i < 8; i++) {
		put_events(w, 1 + 37 * i, id);
		publish_all(w);
	}
	assert_int_equal(w->publisher.published, 8 + 37 * 28);
	assert_verifies(w, 8 + 37 * 28);
	/* full tiles leave no partial ones behind */
	assert_int_equal(faccessat(w->log, "tile/0/000.p", F_OK, 0), -1);
	assert_int_equal(faccessat(w->log, "tile/entries/003.p", F_OK, 0), -1);
}

static void a_crash_before_any_step_loses_and_doubles_nothing(void **state)
{
	struct world *w = *state;
	uint64_t before = 0;
	uint8_t id[16];
	bool more;

	for (int i = PUBLISHER_NUMBER; i <= PUBLISHER_RECORD; i++) {
		put_events(w, 300, id);
		publish_all(w);
		put_events(w, 7, id);
		w->fail_at = i;
		assert_err(publisher_cycle(&w->publisher, &more), ERR_IO);
		restart(w);
		publish_all(w);
		before += 307;
		assert_int_equal(w->publisher.published, before);
		assert_verifies(w, before);
	}
}

static void what_was_shown_is_not_taken_back(void **state)
{
	struct world *w = *state;
	uint8_t id[16];
	bool more;

	put_events(w, 5, id);
	publish_all(w);
	put_events(w, 7, id);
	w->fail_at = PUBLISHER_RECORD;
	assert_err(publisher_cycle(&w->publisher, &more), ERR_IO);
	assert_verifies(w, 12);
	restart(w);
	w->fail_at = PUBLISHER_NUMBER; /* behind the comparison of database, keeper and files */
	assert_err(publisher_cycle(&w->publisher, &more), ERR_IO);
	assert_verifies(w, 12);
	w->fail_at = -1;
	publish_all(w);
	assert_int_equal(w->publisher.published, 12);
}

static void the_same_process_goes_on_after_a_failed_step(void **state)
{
	struct world *w = *state;
	uint64_t index;
	uint8_t id[16];
	bool more;

	for (int i = PUBLISHER_NUMBER; i <= PUBLISHER_RECORD; i++) {
		put_events(w, 2, id);
		w->fail_at = i;
		assert_err(publisher_cycle(&w->publisher, &more), ERR_IO);
		assert_err(publisher_find(&w->publisher, id, &index), ERR_NOT_FOUND);
		w->fail_at = -1;
		publish_all(w);
		assert_ok(publisher_find(&w->publisher, id, &index));
		assert_int_equal(index, 2 * (i + 1) - 1);
	}
	assert_verifies(w, 10);
}

static void a_lost_answer_of_the_keeper_is_asked_for_again(void **state)
{
	struct world *w = *state;
	uint8_t id[16];
	bool more;

	put_events(w, 4, id);
	w->keeper.is_mute = true;
	assert_err(publisher_cycle(&w->publisher, &more), ERR_TIMEOUT);
	assert_int_equal(w->keeper.frontier.size, 4);
	w->keeper.is_mute = false;
	publish_all(w);
	assert_verifies(w, 4);
}

static void a_keeper_that_fell_behind_is_brought_up_again(void **state)
{
	struct world *w = *state;
	uint8_t id[16];

	put_events(w, 600, id);
	publish_all(w);
	w->keeper.frontier = (struct merkle_frontier){0};
	restart(w);
	publish_all(w);
	assert_int_equal(w->keeper.frontier.size, 600);
	put_events(w, 1, id);
	publish_all(w);
	assert_verifies(w, 601);
}

static void a_keeper_ahead_of_the_database_makes_the_log_read_only(void **state)
{
	struct world *w = *state;
	struct digest leaf = merkle_leaf(S("from another life"));
	struct store_audit_state audit;
	struct arena arena = {NULL};
	struct merkle_frontier good;
	uint8_t id[16];
	bool more;

	put_events(w, 2, id);
	publish_all(w);
	good = w->keeper.frontier;
	merkle_append(&w->keeper.frontier, &leaf);
	restart(w);
	put_events(w, 1, id);
	assert_err(publisher_cycle(&w->publisher, &more), ERR_CONFLICT);
	assert_ok(store_audit_state(w->edge, &arena, &audit));
	assert_true(audit.read_only);
	assert_non_null(strstr((const char *)audit.reason.data, "backup"));
	assert_verifies(w, 2); /* what was published stays */
	w->keeper.frontier = good;
	publish_all(w);
	assert_ok(store_audit_state(w->edge, &arena, &audit));
	assert_false(audit.read_only);
	arena_free(&arena);
}

static void a_keeper_with_another_tree_makes_the_log_read_only(void **state)
{
	struct world *w = *state;
	struct digest leaf = merkle_leaf(S("from another life"));
	uint8_t id[16];
	bool more;

	put_events(w, 2, id);
	publish_all(w);
	w->keeper.frontier = (struct merkle_frontier){0};
	merkle_append(&w->keeper.frontier, &leaf);
	restart(w);
	assert_err(publisher_cycle(&w->publisher, &more), ERR_CONFLICT);
}

static void missing_files_are_made_anew(void **state)
{
	struct world *w = *state;
	uint8_t id[16];

	put_events(w, 520, id);
	publish_all(w);
	assert_int_equal(unlinkat(w->log, "tile/0/001", 0), 0);
	assert_int_equal(unlinkat(w->log, "tile/entries/000", 0), 0);
	assert_int_equal(unlinkat(w->log, "checkpoint", 0), 0);
	restart(w);
	publish_all(w);
	assert_verifies(w, 520);
}

static void a_database_that_is_away_is_tried_again(void **state)
{
	struct world *w = *state;
	uint8_t id[16];
	bool more;

	put_events(w, 2, id);
	publish_all(w);
	put_events(w, 2, id);
	assert_true(postgres_run(&w->postgres,
				 "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
				 "WHERE usename = 'sallyport_scribe'",
				 NULL));
	usleep(100 * 1000);
	assert_err(publisher_cycle(&w->publisher, &more), ERR_UNAVAILABLE);
	publish_all(w);
	assert_verifies(w, 4);
}

/* Flip one bit of a file; returns what verification says, and puts the bit back. */
static enum err with_flipped(struct world *w, const char *path, size_t at, const char *named)
{
	AUTO(buf_free) struct buf bytes = buf_new(1 << 20);
	struct audit_verified verified;
	enum err result;

	assert_ok(file_read(&bytes, w->log, path));
	assert_true(at < bytes.size);
	bytes.data[at] ^= 1;
	assert_ok(file_write_atomic(w->log, path, buf_slice(&bytes), 0644));
	result = verify(w, &verified, NULL);
	if (!strstr(failure_text(), named))
		fail_msg("\"%s\" does not name \"%s\"", failure_text(), named);
	bytes.data[at] ^= 1;
	assert_ok(file_write_atomic(w->log, path, buf_slice(&bytes), 0644));
	return result;
}

static void one_changed_byte_anywhere_is_found_and_named(void **state)
{
	static const struct {
		const char *path;
		size_t at;
		const char *named;
		const char *why;
	} rows[] = {
		{"checkpoint", 3, "checkpoint", "the origin"},
		{"checkpoint", 16, "checkpoint", "the size"},
		{"checkpoint", 25, "checkpoint", "the root"},
		{"tile/0/000", 40, "tile/0/000", "a full tile: entry 1"},
		{"tile/0/002.p/8", 0, "tile/0/002.p/8", "the partial tile"},
		{"tile/1/000.p/2", 33, "tile/1/000.p/2", "a tile of level 1"},
		{"tile/entries/000", 20, "entry 0 ", "the first entry"},
		{"tile/entries/001", 2, "entry 256 ", "the first byte of an entry"},
		{"tile/entries/002.p/8", 30, "entry 512 ", "an entry of the last bundle"},
		{"tile/entries/002.p/8", 1, "tile/entries/002.p/8", "the length of an entry"},
	};
	struct world *w = *state;
	uint8_t id[16];

	put_events(w, 520, id);
	publish_all(w);
	assert_verifies(w, 520);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (with_flipped(w, rows[i].path, rows[i].at, rows[i].named) == OK)
			fail_msg("a change of %s was not found", rows[i].why);
	assert_verifies(w, 520);
}

static void a_log_that_became_shorter_or_another_is_found(void **state)
{
	struct world *w = *state;
	struct audit_remembered remembered;
	struct audit_verified verified;
	uint8_t id[16];

	put_events(w, 10, id);
	publish_all(w);
	assert_ok(verify(w, &verified, NULL));
	remembered.size = verified.size;
	memcpy(remembered.root, verified.root, sizeof remembered.root);
	put_events(w, 300, id);
	publish_all(w);
	assert_ok(verify(w, &verified, &remembered));
	remembered.root[0] ^= 1;
	assert_err(verify(w, &verified, &remembered), ERR_CONFLICT);
	remembered.size = 311;
	assert_err(verify(w, &verified, &remembered), ERR_CONFLICT);
}

static void the_key_of_another_log_is_refused(void **state)
{
	struct world *w = *state;
	AUTO(buf_free) struct buf other = buf_new(NOTE_VKEY_MAX);
	struct audit_source source = {.fetch = fetch_file, .context = w};
	uint8_t public_key[SIGN_PUBLIC];
	struct audit_verified verified;
	struct sign_key *key;
	struct note_key vkey;
	uint8_t id[16];

	put_events(w, 1, id);
	publish_all(w);
	assert_ok(sign_key_random(&key));
	sign_key_public(key, public_key);
	sign_key_free(key);
	assert_ok(note_key_make(&vkey, S("example.com/log"), NOTE_ED25519, public_key));
	note_key_write(&other, &vkey);
	source.vkey = buf_slice(&other);
	assert_err(audit_verify(&verified, &source, NULL), ERR_FORGED);
}

/* What was accepted is published out of the room that the reserve gave. */
static void a_full_disk_holds_the_log_up_for_one_cycle(void **state)
{
	struct world *w = *state;
	uint8_t id[16];
	bool more;

	put_events(w, 3, id);
	w->fail_with = ERR_FULL;
	w->fail_at = PUBLISHER_TILES;
	assert_err(publisher_cycle(&w->publisher, &more), ERR_FULL);
	assert_true(w->publisher.room.is_full);
	w->fail_at = -1;
	publish_all(w);
	assert_true(w->publisher.room.is_full);
	assert_verifies(w, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(an_event_is_published_with_its_number),
		WORLD_TEST(each_entry_says_which_of_its_actor_and_license_it_is),
		WORLD_TEST(batches_follow_each_other_without_gap),
		WORLD_TEST(a_crash_before_any_step_loses_and_doubles_nothing),
		WORLD_TEST(what_was_shown_is_not_taken_back),
		WORLD_TEST(the_same_process_goes_on_after_a_failed_step),
		WORLD_TEST(a_lost_answer_of_the_keeper_is_asked_for_again),
		WORLD_TEST(a_keeper_that_fell_behind_is_brought_up_again),
		WORLD_TEST(a_keeper_ahead_of_the_database_makes_the_log_read_only),
		WORLD_TEST(a_keeper_with_another_tree_makes_the_log_read_only),
		WORLD_TEST(a_full_disk_holds_the_log_up_for_one_cycle),
		WORLD_TEST(missing_files_are_made_anew),
		WORLD_TEST(a_database_that_is_away_is_tried_again),
		WORLD_TEST(one_changed_byte_anywhere_is_found_and_named),
		WORLD_TEST(a_log_that_became_shorter_or_another_is_found),
		WORLD_TEST(the_key_of_another_log_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

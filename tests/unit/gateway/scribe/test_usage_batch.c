/* SPDX-License-Identifier: Apache-2.0 */
/* Many calls of a second become rows of one entry; each is proved, and none is lost. */
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "schema/audit/batch.h"
#include "schema/audit/chain_check.h"
#include "schema/store/audit_batch.h"
#include "schema/store/audit_search.h"
#include "tests/unit/gateway/scribe/world.h"

static void put_calls(struct world *w, unsigned count, unsigned offset)
{
	for (unsigned i = 0; i < count; i++) {
		AUTO(audit_event_clear) struct audit_event e;
		struct store_event row;
		uint8_t id[16];

		assert_ok(text_read_uuid(id, S(ALICE)));
		audit_event_begin(&e, AUDIT_INFER_END, id, S("somebody"));
		assert_ok(text_read_uuid(id, S(LICENSE)));
		audit_event_uuid(&e, "license", id);
		audit_event_number(&e, "n", offset + i);
		assert_ok(audit_event_end(&e, NOW + offset + i));
		row = audit_event_row(&e);
		assert_ok(store_audit_insert(w->edge, &row));
	}
}

static void next_second(struct world *w)
{
	w->publisher.pace.since_ms -= NUMBERING_SECOND_MS;
}

/* As whoever got a receipt of a row does it. */
static void assert_row_is_proved(struct arena *arena, struct store *auditor,
				 const struct store_event *row)
{
	struct digest hashes[AUDIT_BATCH_MAX];
	struct store_batch_entry entry;
	struct audit_batch batch;
	struct merkle_proof path;

	assert_ok(store_audit_batch(auditor, arena, &entry, row->index));
	assert_slice(entry.event.kind, "usage.batch");
	assert_ok(audit_batch_read(&batch, entry.event.payload));
	assert_int_equal(entry.hashes.size, batch.count * DIGEST_SIZE);
	memcpy(hashes, entry.hashes.data, entry.hashes.size);
	audit_batch_path(&path, hashes, batch.count, row->row);
	assert_ok(audit_batch_check(&batch, row->leaf, row->row, &path));
}

static void many_calls_of_a_second_are_rows_of_one_entry(void **state)
{
	struct world *w = *state;
	struct store *auditor = postgres_connect(&w->postgres, "sallyport_auditor");
	struct store_audit_query query = {.limit = 100, .is_forward = true};
	struct audit_walk walk = {.subject = AUDIT_SUBJECT_LICENSE, .id = S(LICENSE)};
	struct store_audit_page page;
	struct arena arena = {NULL};
	unsigned rows = 0;

	put_calls(w, 16, 0); /* as many as go alone */
	publish_all(w);
	assert_int_equal(w->publisher.published, 16);
	put_calls(w, 20, 16);
	put_event_of(w, ALICE, LICENSE); /* anything else does not wait for them */
	publish_all(w);
	assert_int_equal(w->publisher.published, 17);
	next_second(w);
	publish_all(w);
	assert_int_equal(w->publisher.published, 18);
	put_calls(w, 1, 36); /* of a second that has had its batch */
	publish_all(w);
	assert_int_equal(w->publisher.published, 18);
	next_second(w);
	publish_all(w);
	assert_int_equal(w->publisher.published, 19);
	assert_verifies(w, 19);

	assert_ok(store_audit_bounds(auditor, &query.bounds, &query.filter));
	assert_ok(store_audit_find(auditor, &arena, &page, &query));
	assert_int_equal(page.count, 16 + 1 + 1 + 20 + 1);
	for (size_t i = 0; i < page.count; i++) {
		AUTO(json_auto) json_t *payload = NULL;
		struct store_event e;

		assert_ok(store_audit_get(auditor, &arena, &e, page.events[i].event.id));
		assert_true(e.is_published);
		assert_int_equal(e.is_row, page.events[i].event.is_row);
		assert_int_equal(e.row, page.events[i].event.row);
		assert_true(slice_equal(e.payload, page.events[i].event.payload));
		if (e.is_row) {
			assert_int_equal(e.index, 17);
			assert_int_equal(e.row, rows++);
			assert_row_is_proved(&arena, auditor, &e);
		}
		assert_ok(json_read(&payload, e.payload, 1 << 16));
		if (!slice_equal(e.kind, S("usage.batch")))
			assert_ok(audit_walk_step(&walk, (uint64_t)page.events[i].place, payload));
	}
	assert_int_equal(rows, 20);
	assert_int_equal(walk.count, 38);
	store_free(auditor);
	arena_free(&arena);
}

static void a_crash_leaves_rows_whole_or_waiting(void **state)
{
	struct world *w = *state;
	char value[256];
	bool more;

	for (int i = PUBLISHER_NUMBER; i <= PUBLISHER_RECORD; i++) {
		put_calls(w, 300, 0);
		next_second(w);
		w->fail_at = i;
		assert_err(publisher_cycle(&w->publisher, &more), ERR_IO);
		restart(w);
		publish_all(w);
		assert_int_equal(w->publisher.published, i + 1);
		assert_verifies(w, (uint64_t)i + 1);
	}
	assert_true(postgres_run(&w->postgres, "SELECT count(DISTINCT (seq, event)) FROM audit_row",
				 value));
	assert_string_equal(value, "1500");
}

/* The keeper sees no rows: what it must see is none, whoever marked it. */
static void only_calls_become_rows(void **state)
{
	struct world *w = *state;
	char value[256];

	for (unsigned i = 0; i < 20; i++)
		put_event_of(w, ALICE, LICENSE);
	assert_true(postgres_run(&w->postgres,
				 "SET session_replication_role = replica;"
				 "UPDATE audit_outbox SET is_usage = true",
				 NULL));
	publish_all(w);
	assert_int_equal(w->publisher.published, 20);
	assert_true(postgres_run(&w->postgres, "SELECT count(*) FROM audit_row", value));
	assert_string_equal(value, "0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(many_calls_of_a_second_are_rows_of_one_entry),
		WORLD_TEST(a_crash_leaves_rows_whole_or_waiting),
		WORLD_TEST(only_calls_become_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

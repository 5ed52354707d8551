/* SPDX-License-Identifier: Apache-2.0 */
/* How requests are decided, as the database keeps and enforces it, against a real PostgreSQL. */
#include <stdio.h>

#include "schema/store/accessor.h"
#include "schema/store/committee.h"
#include "schema/store/deliberation.h"
#include "schema/store/idempotency.h"
#include "schema/store/library_card.h"
#include "tests/integration/postgres.h"
#include "tests/unit/test.h"

#define NOW INT64_C(1800000000000)
#define MINUTE INT64_C(60000)

static struct postgres postgres;
static struct store *edge, *other;
static struct arena arena;

/* One digit names a person, a model, an institution or a request. */
static const uint8_t *id(uint8_t kind, uint8_t number)
{
	static uint8_t ids[16][STORE_ID];
	static size_t next;
	uint8_t *one = ids[next++ % 16];

	memset(one, 0, STORE_ID);
	one[6] = 0x70;
	one[8] = 0x80;
	one[14] = kind;
	one[15] = number;
	return one;
}

enum { PERSON = 1, MODEL, INSTITUTION, REQUEST };
enum { ALICE = 1, BOB, CAROL, DAVE, ERIN };

static void run(const char *sql)
{
	assert_true(postgres_run(&postgres, sql, NULL));
}

static int open_all(void **state)
{
	(void)state;
	postgres_open(&postgres, "test_deliberation");
	edge = postgres_connect(&postgres, "sallyport_edge");
	other = postgres_connect(&postgres, "sallyport_edge");
	run("INSERT INTO person (id, name, created_at) SELECT "
	    "('00000000-0000-7000-8000-00000000010' "
	    "|| n)::uuid, name, now() FROM unnest(ARRAY['alice', 'bob', 'carol', 'dave', 'erin']) "
	    "WITH ORDINALITY AS t (name, n)");
	run("INSERT INTO office (person, office, granted_at) SELECT id, 'requests:decide', now() "
	    "FROM person WHERE name IN ('bob', 'carol', 'dave')");
	run("INSERT INTO model (id, name, gate, created_at) SELECT "
	    "('00000000-0000-7000-8000-00000000020' || n)::uuid, 'm/' || n, 'manual', now() "
	    "FROM generate_series(1, 9) n");
	run("INSERT INTO institution (id, name, kind, created_at) VALUES "
	    "('00000000-0000-7000-8000-000000000301', 'Here', 'university', now());"
	    "INSERT INTO member (institution, person, role, since) SELECT "
	    "'00000000-0000-7000-8000-000000000301', id, CASE name WHEN 'erin' THEN 'official' "
	    "ELSE 'member' END, now() FROM person WHERE name IN ('alice', 'carol', 'erin')");
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	store_free(edge);
	store_free(other);
	arena_free(&arena);
	return 0;
}

/* Alice asks for model n: the request has the same number. */
static void ask(uint8_t n)
{
	struct store_request q = {.intended_use = S("study"),
				  .rights = S("infer:generate,weights:read"),
				  .uses = S("DUO:0000042"),
				  .created_ms = NOW};

	memcpy(q.id, id(REQUEST, n), STORE_ID);
	memcpy(q.model, id(MODEL, n), STORE_ID);
	memcpy(q.person, id(PERSON, ALICE), STORE_ID);
	assert_ok(store_request_create(edge, &q, S("{}")));
}

static struct store_vote vote_of(uint8_t request, uint8_t seat, uint8_t person, const char *vote)
{
	struct store_vote v = {.round = 1, .vote = slice_of_string(vote), .at_ms = NOW + 1};

	memcpy(v.request, id(REQUEST, request), STORE_ID);
	memcpy(v.seat, id(PERSON, seat), STORE_ID);
	memcpy(v.person, id(PERSON, person), STORE_ID);
	return v;
}

static enum err vote(uint8_t request, uint8_t person, const char *how)
{
	struct store_vote v = vote_of(request, person, person, how);

	return store_vote_put(edge, &v);
}

static enum err step(uint8_t request, const char *from, const char *to, uint8_t actor)
{
	struct store_transition t = {.from = slice_of_string(from),
				     .to = slice_of_string(to),
				     .reason = S("because"),
				     .now_ms = NOW + 9};

	memcpy(t.request, id(REQUEST, request), STORE_ID);
	memcpy(t.actor, id(PERSON, actor), STORE_ID);
	return store_request_transition(edge, &t);
}

static struct store_committee rule(uint8_t model, int64_t needed)
{
	struct store_committee c = {.needed = needed, .changed_ms = NOW};

	memcpy(c.model, id(MODEL, model), STORE_ID);
	return c;
}

static void an_approval_without_enough_votes_is_refused_below_the_program(void **state)
{
	struct store_committee two = rule(1, 2);

	(void)state;
	ask(1);
	assert_ok(store_committee_set(edge, &two));
	assert_err(step(1, "submitted", "approved", BOB), ERR_CONFLICT);
	assert_ok(vote(1, BOB, "approve"));
	assert_err(step(1, "submitted", "approved", BOB), ERR_CONFLICT);
	assert_ok(vote(1, CAROL, "deny"));
	assert_err(step(1, "submitted", "approved", BOB), ERR_CONFLICT);
	assert_ok(vote(1, CAROL, "approve")); /* a vote may be changed */
	assert_ok(step(1, "submitted", "approved", CAROL));
	assert_err(vote(1, DAVE, "approve"), ERR_CONFLICT); /* and not after the decision */
}

static void who_is_in_conflict_neither_votes_nor_decides(void **state)
{
	struct store_committee c = rule(2, 1);
	struct store_standing standing;
	struct slice found;

	(void)state;
	ask(2);
	c.not_same_institution = true;
	assert_ok(store_committee_set(edge, &c));
	assert_err(vote(2, ALICE, "approve"), ERR_DENIED);
	assert_err(vote(2, CAROL, "approve"), ERR_DENIED);
	assert_ok(store_conflicts(edge, &arena, &found, id(REQUEST, 2), id(PERSON, CAROL)));
	assert_slice(found, "same_institution");
	assert_ok(store_accessors_set(edge, id(REQUEST, 2), S("dave"), false, NOW));
	assert_err(vote(2, DAVE, "approve"), ERR_DENIED);
	assert_err(step(2, "submitted", "denied", DAVE), ERR_DENIED);
	assert_ok(vote(2, BOB, "approve"));
	assert_ok(store_recuse(edge, id(REQUEST, 2), id(PERSON, BOB), S("a friend"), NOW));
	assert_err(step(2, "submitted", "approved", BOB), ERR_DENIED);
	assert_ok(store_standing_get(edge, &arena, &standing, id(REQUEST, 2), id(PERSON, BOB)));
	assert_slice(standing.conflicts, "recused");
	assert_slice(standing.vote, ""); /* taken back */
	assert_err(store_recuse(edge, id(REQUEST, 2), id(PERSON, BOB), S("again"), NOW),
		   ERR_CONFLICT);
}

static void a_delegate_votes_from_the_seat_of_who_has_delegated(void **state)
{
	struct store_delegation d = {.created_ms = NOW, .until_ms = INT64_C(4000000000000)};
	struct store_standing standing;
	struct store_vote v;

	(void)state;
	ask(3);
	memcpy(d.id, id(9, 1), STORE_ID);
	memcpy(d.person, id(PERSON, BOB), STORE_ID);
	memcpy(d.delegate, id(PERSON, ERIN), STORE_ID);
	assert_ok(store_delegation_add(edge, &d));
	assert_ok(store_standing_get(edge, &arena, &standing, id(REQUEST, 3), id(PERSON, ERIN)));
	assert_memory_equal(standing.delegated, id(PERSON, BOB), STORE_ID);
	v = vote_of(3, BOB, ERIN, "approve");
	assert_ok(store_vote_put(edge, &v));
	v = vote_of(3, ERIN, ERIN, "approve"); /* one person, one vote */
	assert_err(store_vote_put(edge, &v), ERR_CONFLICT);
	assert_ok(vote(3, BOB, "deny")); /* the seat is its owner's */
	assert_ok(store_standing_get(edge, &arena, &standing, id(REQUEST, 3), id(PERSON, ERIN)));
	assert_true(store_id_is_none(standing.delegated));
	assert_ok(store_delegation_end(edge, d.id, d.person, NOW + 5));
	assert_err(store_delegation_end(edge, d.id, d.person, NOW + 5), ERR_NOT_FOUND);
}

static void a_delegation_gives_no_more_than_who_delegates_has(void **state)
{
	struct store_delegation d = {.created_ms = NOW, .until_ms = INT64_C(4000000000000)};
	struct store_standing standing;

	(void)state;
	ask(4);
	memcpy(d.id, id(9, 2), STORE_ID);
	memcpy(d.person, id(PERSON, ALICE), STORE_ID); /* no office, and her own request */
	memcpy(d.delegate, id(PERSON, ERIN), STORE_ID);
	assert_ok(store_delegation_add(edge, &d));
	assert_ok(store_standing_get(edge, &arena, &standing, id(REQUEST, 4), id(PERSON, ERIN)));
	assert_true(store_id_is_none(standing.delegated));
	assert_false(standing.has_delegation);
}

static void a_card_vouches_until_it_ends_and_for_members_only(void **state)
{
	struct store_library_card card = {.issued_ms = NOW, .expires_ms = INT64_C(4000000000000)};
	struct store_request_more more;

	(void)state;
	ask(5);
	memcpy(card.id, id(9, 3), STORE_ID);
	memcpy(card.institution, id(INSTITUTION, 1), STORE_ID);
	memcpy(card.person, id(PERSON, ALICE), STORE_ID);
	memcpy(card.issued_by, id(PERSON, ALICE), STORE_ID);
	assert_err(store_library_card_add(edge, &card), ERR_DENIED);
	memcpy(card.issued_by, id(PERSON, ERIN), STORE_ID);
	assert_ok(store_library_card_add(edge, &card));
	assert_ok(store_request_more(edge, &arena, &more, id(REQUEST, 5)));
	assert_true(more.has_card);
	run("UPDATE member SET until = now() WHERE person = (SELECT id FROM person "
	    "WHERE name = 'alice')");
	assert_ok(store_request_more(edge, &arena, &more, id(REQUEST, 5)));
	assert_false(more.has_card);
	run("UPDATE member SET until = NULL WHERE person = (SELECT id FROM person "
	    "WHERE name = 'alice')");
	assert_ok(store_library_card_revoke(edge, card.id, card.issued_by, NOW + 1));
	assert_ok(store_request_more(edge, &arena, &more, id(REQUEST, 5)));
	assert_false(more.has_card);
	assert_ok(store_countersign(edge, id(REQUEST, 5), id(PERSON, ERIN), NOW + 2));
	assert_ok(store_request_more(edge, &arena, &more, id(REQUEST, 5)));
	assert_true(more.has_card);
	assert_err(vote(5, ERIN, "approve"), ERR_DENIED); /* who has signed it */
}

static void a_returned_request_is_edited_and_a_submitted_one_is_not(void **state)
{
	struct store_request q;

	(void)state;
	ask(6);
	assert_ok(store_request_get(edge, &arena, &q, id(REQUEST, 6)));
	q.intended_use = S("another study");
	q.changed_ms = NOW + 2;
	assert_err(store_request_save(edge, &q), ERR_CONFLICT);
	assert_ok(step(6, "submitted", "returned", BOB));
	assert_ok(store_request_save(edge, &q));
	assert_ok(step(6, "returned", "submitted", ALICE));
	assert_ok(store_request_get(edge, &arena, &q, id(REQUEST, 6)));
	assert_slice(q.intended_use, "another study");
	assert_int_equal(q.round, 2);
	assert_int_equal(q.waiting_ms, NOW + 9);
	assert_slice(q.uses, "DUO:0000042");
}

/* The whole table of states: what stands in the list may happen, and nothing else. */
static void a_request_takes_the_steps_of_the_list_and_no_other(void **state)
{
	static const char *const states[] = {"draft",  "submitted", "returned", "approved",
					     "denied", "withdrawn", "appealed", "closed"};
	static const char *const steps[] = {
		"draft submitted",    "draft withdrawn",    "submitted approved",
		"submitted denied",   "submitted returned", "submitted withdrawn",
		"returned submitted", "returned withdrawn", "denied appealed",
		"denied closed",      "appealed approved",  "appealed denied",
		"appealed withdrawn", "approved closed",    "denied submitted",
		"approved submitted", "approved denied",
	};
	enum { STATES = sizeof states / sizeof states[0], STEPS = sizeof steps / sizeof steps[0] };
	size_t taken = 0;

	(void)state;
	ask(9);
	for (size_t from = 0; from < STATES; from++) {
		char sql[200];

		snprintf(sql, sizeof sql,
			 "UPDATE access_request SET state = '%s' WHERE model = "
			 "'00000000-0000-7000-8000-000000000209'",
			 states[from]);
		run(sql);
		for (size_t to = 0; to < STATES; to++) {
			struct store_transition t = {.from = slice_of_string(states[from]),
						     .to = slice_of_string(states[to]),
						     .now_ms = NOW};
			char pair[40];
			bool is_listed = false;
			enum err result;

			snprintf(pair, sizeof pair, "%s %s", states[from], states[to]);
			for (size_t i = 0; i < STEPS; i++)
				is_listed |= strcmp(steps[i], pair) == 0;
			memcpy(t.request, id(REQUEST, 9), STORE_ID);
			assert_ok(store_begin(edge));
			result = store_request_transition(edge, &t);
			store_rollback(edge);
			if ((result == OK) != is_listed)
				fail_msg("%s: %s", pair, err_name(result));
			taken += result == OK;
		}
	}
	assert_int_equal(taken, STEPS);
}

static void what_happened_is_noted_only_where_it_could(void **state)
{
	struct store_request_note note = {.state = S("submitted"),
					  .act = S("comment"),
					  .detail = S("{\"text\":\"hello\"}"),
					  .now_ms = NOW + 3};
	struct store_request_event *events;
	size_t count;

	(void)state;
	ask(7);
	memcpy(note.request, id(REQUEST, 7), STORE_ID);
	assert_ok(store_request_note(edge, &note));
	note.state = S("approved");
	assert_err(store_request_note(edge, &note), ERR_CONFLICT);
	note.state = S("submitted");
	note.act = S("approve"); /* changes the state, so it is no note */
	assert_err(store_request_note(edge, &note), ERR_FORMAT);
	assert_ok(store_request_history(edge, &arena, &events, &count, id(REQUEST, 7)));
	assert_int_equal(count, 2);
	assert_slice(events[1].act, "comment");
	assert_slice(events[1].detail, "{\"text\":\"hello\"}");
}

static void a_list_shows_each_viewer_what_is_theirs_to_see(void **state)
{
	static const struct {
		uint8_t viewer;
		bool by_office, mine, assigned;
		const char *text;
		size_t count;
		const char *why;
	} rows[] = {
		{ALICE, false, true, false, "unicorn", 1, "her own"},
		{BOB, true, false, false, "unicorn", 1, "by office"},
		{BOB, false, false, false, "unicorn", 0, "not with a token without it"},
		{ERIN, true, false, false, "unicorn", 0, "no office"},
		{BOB, true, true, false, "unicorn", 0, "not his own"},
		{BOB, true, false, true, "UNICORN", 1, "awaits his vote, whatever the case"},
		{ALICE, true, false, true, "unicorn", 0, "not hers to decide"},
		{BOB, true, false, true, "dragon", 0, "another text"},
	};

	(void)state;
	ask(8);
	run("UPDATE access_request SET intended_use = 'a unicorn' WHERE model = "
	    "'00000000-0000-7000-8000-000000000208'");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct store_request_question question = {.by_office = rows[i].by_office,
							  .mine = rows[i].mine,
							  .assigned = rows[i].assigned,
							  .text = slice_of_string(rows[i].text),
							  .limit = 10};
		struct store_request *found;
		size_t count;

		memcpy(question.viewer, id(PERSON, rows[i].viewer), STORE_ID);
		for (int waiting = 0; waiting < 2; waiting++) {
			question.by_waiting = waiting;
			assert_ok(store_request_find(edge, &arena, &found, &count, &question));
			if (count != rows[i].count)
				fail_msg("%s: %zu", rows[i].why, count);
		}
	}
}

static void a_key_is_claimed_once_and_answers_what_it_did(void **state)
{
	static const uint8_t first[STORE_SHA256] = {1}, second[STORE_SHA256] = {2};
	const uint8_t *alice = id(PERSON, ALICE);
	uint8_t none[STORE_ID] = {0};
	struct store_key_answer a;

	(void)state;
	assert_ok(store_key_claim(edge, &arena, &a, alice, S("k"), first, NOW));
	assert_true(a.is_mine);
	assert_ok(store_key_claim(other, &arena, &a, alice, S("k"), first, NOW + 1));
	assert_true(!a.is_mine && a.is_same && a.status == 0); /* still being done */
	assert_ok(store_key_answer(edge, alice, S("k"), 201, S("{\"id\":1}"), none));
	assert_ok(store_key_claim(other, &arena, &a, alice, S("k"), first, NOW + MINUTE * 5));
	assert_true(!a.is_mine && a.is_same && a.status == 201);
	assert_slice(a.answer, "{\"id\":1}");
	assert_ok(store_key_claim(other, &arena, &a, alice, S("k"), second, NOW + 3));
	assert_true(!a.is_mine && !a.is_same);
	assert_ok(store_key_claim(other, &arena, &a, id(PERSON, BOB), S("k"), second, NOW + 3));
	assert_true(a.is_mine); /* a key is its person's */
	assert_ok(store_key_release(other, id(PERSON, BOB), S("k")));
	assert_ok(
		store_key_claim(other, &arena, &a, alice, S("k"), second, NOW + MINUTE * 60 * 25));
	assert_true(a.is_mine); /* a day later */
	assert_ok(store_key_claim(edge, &arena, &a, alice, S("k"), second, NOW + MINUTE * 60 * 26));
	assert_true(a.is_mine); /* whoever claimed it has died */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_approval_without_enough_votes_is_refused_below_the_program),
		cmocka_unit_test(who_is_in_conflict_neither_votes_nor_decides),
		cmocka_unit_test(a_delegate_votes_from_the_seat_of_who_has_delegated),
		cmocka_unit_test(a_delegation_gives_no_more_than_who_delegates_has),
		cmocka_unit_test(a_card_vouches_until_it_ends_and_for_members_only),
		cmocka_unit_test(a_returned_request_is_edited_and_a_submitted_one_is_not),
		cmocka_unit_test(a_request_takes_the_steps_of_the_list_and_no_other),
		cmocka_unit_test(what_happened_is_noted_only_where_it_could),
		cmocka_unit_test(a_list_shows_each_viewer_what_is_theirs_to_see),
		cmocka_unit_test(a_key_is_claimed_once_and_answers_what_it_did),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}

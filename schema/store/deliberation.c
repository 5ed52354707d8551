/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/deliberation.h"

#include "schema/store/connection.h"
#include "schema/store/rows.h"

#define IS_NAMED(person) \
	"(NOT EXISTS (SELECT FROM committee_member k WHERE k.model = q.model) OR " \
	"EXISTS (SELECT FROM committee_member k WHERE k.model = q.model AND k.person = " person \
	"))"

#define DELEGATED_TO_THEM \
	"FROM access_delegation g JOIN person gp ON gp.id = g.person AND gp.state = 'active' " \
	"WHERE g.delegate = $2 AND g.ended_at IS NULL AND g.until > clock_timestamp() " \
	"AND (g.request = q.id OR g.model = q.model OR (g.request IS NULL AND g.model IS NULL)) " \
	"AND " IS_NAMED("g.person") " AND " OFFICE_HELD("g.person", "'requests:decide'", \
							"m.name") " "

static void take_standing(struct store_step *step, void *out)
{
	struct store_standing *standing = out;

	standing->conflicts = store_take_text(step);
	standing->is_accessor = store_take_bool(step);
	standing->has_accepted = store_take_bool(step);
	standing->is_lead = store_take_bool(step);
	standing->is_reviewer = store_take_bool(step);
	standing->is_official = store_take_bool(step);
	standing->is_named = store_take_bool(step);
	store_take_id(step, standing->delegated);
	standing->has_delegation = store_take_bool(step);
	standing->vote = store_take_text(step);
}

enum err store_standing_get(struct store *s, struct arena *arena, struct store_standing *out,
			    const uint8_t request[STORE_ID], const uint8_t person[STORE_ID])
{
	/* A seat is free for a delegate until its owner, or another delegate, has voted from it. */
	static const struct store_statement find = {
		"standing_get",
		"SELECT access_conflicts(q.id, $2), a.person IS NOT NULL, "
		"a.accepted_at IS NOT NULL, coalesce(q.lead = $2, false), "
		"EXISTS (SELECT FROM access_reviewer r WHERE r.request = q.id AND r.person = $2), "
		"EXISTS (SELECT FROM member o JOIN member b ON b.institution = o.institution "
		"JOIN institution i ON i.id = o.institution AND i.state = 'active' "
		"WHERE o.person = $2 AND o.role = 'official' AND o.until IS NULL "
		"AND b.person = q.person AND b.until IS NULL "
		"AND (q.institution IS NULL OR q.institution = o.institution)), " IS_NAMED(
			"$2") ", (SELECT g.person " DELEGATED_TO_THEM
			      "AND access_conflicts(q.id, g.person) IS NULL AND NOT EXISTS (SELECT "
			      "FROM "
			      "access_vote w WHERE w.request = q.id AND w.round = q.round "
			      "AND w.seat = g.person AND w.person <> $2) ORDER BY g.created_at, "
			      "g.id LIMIT 1), "
			      "EXISTS (SELECT " DELEGATED_TO_THEM "), v.vote "
			      "FROM access_request q JOIN model m ON m.id = q.model "
			      "LEFT JOIN access_accessor a ON a.request = q.id AND a.person = $2 "
			      "LEFT JOIN access_vote v ON v.request = q.id AND v.round = q.round "
			      "AND v.person = $2 WHERE q.id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, request);
	store_put_id(&step, person);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_standing, "request");
}

static void take_slice(struct store_step *step, void *out)
{
	*(struct slice *)out = store_take_text(step);
}

enum err store_conflicts(struct store *s, struct arena *arena, struct slice *out,
			 const uint8_t request[STORE_ID], const uint8_t person[STORE_ID])
{
	static const struct store_statement find = {"conflicts", "SELECT access_conflicts($1, $2)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, request);
	store_put_id(&step, person);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_slice, "request");
}

static void put_vote(struct store_step *step, const struct store_vote *v)
{
	store_put_id(step, v->request);
	store_put_int(step, v->round);
	store_put_id(step, v->seat);
	store_put_id(step, v->person);
	store_put_text(step, v->vote);
	store_put_text_or_null(step, v->reason);
	store_put_text_or_null(step, v->rights);
	store_put_int(step, v->days);
	store_put_text_or_null(step, v->conditions);
	store_put_text_or_null(step, v->approvals);
	store_put_time(step, v->at_ms);
}

enum err store_vote_put(struct store *s, const struct store_vote *vote)
{
	static const struct store_statement upsert = {
		"vote_put",
		"INSERT INTO access_vote (request, round, seat, person, vote, reason, rights, "
		"days, conditions, approvals, at) "
		"VALUES ($1, $2::bigint::integer, $3, $4, $5, $6, string_to_array($7::text, ','), "
		"nullif($8::bigint, 0)::integer, $9, $10, $11) "
		"ON CONFLICT (request, round, seat) DO UPDATE SET person = excluded.person, "
		"vote = excluded.vote, reason = excluded.reason, rights = excluded.rights, "
		"days = excluded.days, conditions = excluded.conditions, "
		"approvals = excluded.approvals, at = excluded.at"};
	AUTO(store_step_clear) struct store_step step = {.statement = &upsert};
	enum err result;

	put_vote(&step, vote);
	result = store_run(s, &step, 1);
	if (result == OK)
		return OK;
	if (strcmp(store_constraint(s), "access_vote_conflict") == 0)
		return failure(ERR_DENIED, "whoever is in conflict does not vote on a request");
	if (strcmp(store_constraint(s), "access_vote_round") == 0)
		return failure(ERR_CONFLICT, "the request does not await a decision any more");
	if (strcmp(store_constraint(s), "access_vote_one_seat") == 0)
		return failure(ERR_CONFLICT, "you have voted on this request already");
	return result;
}

static void take_vote(struct store_step *step, void *out)
{
	struct store_vote *v = out;

	store_take_id(step, v->request);
	v->round = store_take_int(step);
	store_take_id(step, v->seat);
	store_take_id(step, v->person);
	v->seat_name = store_take_text(step);
	v->person_name = store_take_text(step);
	v->vote = store_take_text(step);
	v->reason = store_take_text(step);
	v->rights = store_take_text(step);
	v->days = store_take_int(step);
	v->conditions = store_take_text(step);
	v->approvals = store_take_text(step);
	v->at_ms = store_take_time(step);
	v->counts = store_take_bool(step);
}

enum err store_vote_list(struct store *s, struct arena *arena, struct store_vote **out,
			 size_t *count, const uint8_t request[STORE_ID], int64_t round)
{
	static const struct store_statement list = {
		"vote_list",
		"SELECT v.request, v.round::bigint, v.seat, v.person, b.name, p.name, v.vote, "
		"v.reason, array_to_string(v.rights, ','), coalesce(v.days, 0)::bigint, "
		"v.conditions, v.approvals, v.at, "
		"access_conflicts(v.request, v.person) IS NULL FROM access_vote v "
		"JOIN person b ON b.id = v.seat JOIN person p ON p.id = v.person "
		"WHERE v.request = $1 AND ($2::bigint = 0 OR v.round = $2::bigint) "
		"ORDER BY v.round, v.at, v.seat LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, request);
	store_put_int(&step, round);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_vote);
	return OK;
}

static void take_decider(struct store_step *step, void *out)
{
	struct store_decider *one = out;

	store_take_id(step, one->person);
	one->name = store_take_text(step);
	one->conflicts = store_take_text(step);
	one->vote = store_take_text(step);
	one->cast_by = store_take_text(step);
}

enum err store_decider_list(struct store *s, struct arena *arena, struct store_decider **out,
			    size_t *count, const uint8_t request[STORE_ID])
{
	static const struct store_statement list = {
		"decider_list",
		"SELECT p.id, p.name, access_conflicts(q.id, p.id), v.vote, b.name "
		"FROM access_request q JOIN model m ON m.id = q.model "
		"JOIN person p ON p.state = 'active' AND " IS_NAMED("p.id") //
		" AND " OFFICE_HELD("p.id", "'requests:decide'", "m.name")  //
		" LEFT JOIN access_vote v ON v.request = q.id AND v.round = q.round "
		"AND v.seat = p.id LEFT JOIN person b ON b.id = v.person "
		"WHERE q.id = $1 ORDER BY p.name LIMIT 100"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, request);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_decider);
	return OK;
}

enum err store_recuse(struct store *s, const uint8_t request[STORE_ID],
		      const uint8_t person[STORE_ID], struct slice reason, int64_t now_ms)
{
	static const struct store_statement insert = {
		"recusal_insert", "INSERT INTO access_recusal (request, person, reason, at) "
				  "VALUES ($1, $2, $3, $4)"};
	static const struct store_statement unvote = {
		"recusal_unvote", "DELETE FROM access_vote v USING access_request q "
				  "WHERE v.request = $1 AND q.id = v.request "
				  "AND v.round = q.round AND q.state IN ('submitted', 'appealed') "
				  "AND (v.person = $2 OR v.seat = $2)"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	struct store_step *step = store_batch_add(&batch, &insert, NULL);
	enum err result;

	store_put_id(step, request);
	store_put_id(step, person);
	store_put_text(step, reason);
	store_put_time(step, now_ms);
	step = store_batch_add(&batch, &unvote, NULL);
	store_put_id(step, request);
	store_put_id(step, person);
	result = store_batch_run(s, &batch);
	if (result == ERR_CONFLICT)
		return failure(ERR_CONFLICT, "you have declared a conflict already");
	return result;
}

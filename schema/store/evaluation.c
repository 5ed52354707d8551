/* SPDX-License-Identifier: Apache-2.0 */
/* What criteria said of requests, and whom they know as blocked: the rest of criteria.h. */
#include "schema/store/criteria.h"
#include "schema/store/query.h"
#include "schema/store/rows.h"

#define EVALUATION_SELECT \
	"SELECT e.request, e.at, e.model, m.name, p.name, r.person, r.state, e.criteria, " \
	"e.outcome, e.record, l.id, coalesce(l.state, '') FROM request_evaluation e " \
	"JOIN access_request r ON r.id = e.request JOIN model m ON m.id = e.model " \
	"JOIN person p ON p.id = r.person LEFT JOIN LATERAL (SELECT id, state FROM license " \
	"WHERE request = r.id AND model = r.model AND person = r.person " \
	"ORDER BY issued_at DESC, id LIMIT 1) l ON true "

/* No later one of the same request. */
#define IS_NEWEST \
	"NOT EXISTS (SELECT FROM request_evaluation l WHERE l.request = e.request AND " \
	"l.number > e.number) "

static void take_evaluation(struct store_step *step, void *out)
{
	struct store_evaluation *e = out;

	store_take_id(step, e->request);
	e->at_ms = store_take_time(step);
	store_take_id(step, e->model);
	e->model_name = store_take_text(step);
	e->person_name = store_take_text(step);
	store_take_id(step, e->person);
	e->request_state = store_take_text(step);
	e->has_criteria = store_take_digest(step, e->criteria);
	e->outcome = store_take_text(step);
	e->record = store_take_text(step);
	store_take_id(step, e->license);
	e->license_state = store_take_text(step);
}

enum err store_evaluation_add(struct store *s, const struct store_evaluation *e)
{
	static const struct store_statement insert = {
		"evaluation_add",
		"INSERT INTO request_evaluation (request, number, at, model, criteria, outcome, "
		"record) SELECT $1, coalesce(max(number), 0) + 1, $2::timestamptz, $3::uuid, "
		"$4::bytea, $5::text, $6::bytea FROM request_evaluation WHERE request = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};

	store_put_id(&step, e->request);
	store_put_time(&step, e->at_ms);
	store_put_id(&step, e->model);
	store_put_bytes_or_null(&step, slice_of(e->criteria, e->has_criteria ? STORE_SHA256 : 0));
	store_put_text(&step, e->outcome);
	store_put_bytes(&step, e->record);
	return store_run(s, &step, 1);
}

enum err store_evaluation_get(struct store *s, struct arena *arena, struct store_evaluation *out,
			      const uint8_t request[STORE_ID])
{
	static const struct store_statement find = {"evaluation_get", EVALUATION_SELECT
						    "WHERE e.request = $1 AND " IS_NEWEST};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, request);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_evaluation, "evaluation of the request");
}

enum err store_evaluation_page(struct store *s, struct arena *arena, struct store_evaluation **out,
			       size_t *count, const struct store_evaluation_question *q)
{
	static const struct store_statement list = {
		"evaluation_page",
		EVALUATION_SELECT "WHERE e.model = $1 AND " IS_NEWEST
				  "AND ($2::uuid IS NULL OR (e.at, e.request) > ((SELECT max(at) "
				  "FROM request_evaluation WHERE request = $2), $2)) "
				  "ORDER BY e.at, e.request LIMIT $3::bigint"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, q->model);
	store_put_id(&step, q->after_request);
	store_put_int(&step, (int64_t)q->limit);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_evaluation);
	return OK;
}

static void take_blocked(struct store_step *step, void *out)
{
	struct store_blocked *b = out;

	store_take_id(step, b->id);
	store_take_id(step, b->model);
	b->model_name = store_take_text(step);
	store_take_id(step, b->person);
	b->person_name = store_take_text(step);
	b->reason = store_take_text(step);
	store_take_id(step, b->added_by);
	b->added_ms = store_take_time(step);
}

enum err store_blocked_add(struct store *s, const struct store_blocked *b)
{
	static const struct store_statement insert = {
		"blocked_add", "INSERT INTO blocked (id, model, person, reason, added_by, "
			       "added_at) VALUES ($1, $2, $3, $4, $5, $6)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};

	store_put_id(&step, b->id);
	store_put_id(&step, b->model);
	store_put_id(&step, b->person);
	store_put_text(&step, b->reason);
	store_put_id(&step, b->added_by);
	store_put_time(&step, b->added_ms);
	return store_run(s, &step, 1);
}

enum err store_blocked_end(struct store *s, const uint8_t id[STORE_ID],
			   const uint8_t model[STORE_ID], const uint8_t by[STORE_ID],
			   int64_t now_ms)
{
	static const struct store_statement end = {
		"blocked_end", "UPDATE blocked SET ended_by = $3, ended_at = $4 WHERE id = $1 AND "
			       "model IS NOT DISTINCT FROM $2::uuid AND ended_at IS NULL"};
	AUTO(store_step_clear) struct store_step step = {.statement = &end};

	store_put_id(&step, id);
	store_put_id(&step, model);
	store_put_id(&step, by);
	store_put_time(&step, now_ms);
	return store_change(s, &step, "entry of the blocklist");
}

enum err store_blocked_list(struct store *s, struct arena *arena, struct store_blocked **out,
			    size_t *count, const uint8_t model[STORE_ID])
{
	static const struct store_statement list = {
		"blocked_list",
		"SELECT b.id, b.model, m.name, b.person, p.name, b.reason, b.added_by, b.added_at "
		"FROM blocked b LEFT JOIN model m ON m.id = b.model JOIN person p ON "
		"p.id = b.person WHERE (b.model = $1 OR b.model IS NULL) AND b.ended_at IS NULL "
		"ORDER BY b.added_at DESC, b.id LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, model);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_blocked);
	return OK;
}

enum err store_blocked_is(struct store *s, bool *out, const uint8_t model[STORE_ID],
			  const uint8_t person[STORE_ID])
{
	static const struct store_statement ask = {
		"blocked_is", "SELECT EXISTS (SELECT FROM blocked WHERE person = $2 AND "
			      "(model = $1 OR model IS NULL) AND ended_at IS NULL)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &ask};

	store_put_id(&step, model);
	store_put_id(&step, person);
	TRY(store_run(s, &step, 1));
	*out = store_next(&step) && store_take_bool(&step);
	return OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/transparency.h"

#include "schema/store/query.h"

/* The last request of each person for each model, made before $1, and what became of it. */
#define LAST_REQUESTS \
	"(SELECT DISTINCT ON (q.model, q.person) q.* FROM access_request q WHERE q.created_at < " \
	"$1::timestamptz AND q.state NOT IN ('draft', 'withdrawn') " \
	"ORDER BY q.model, q.person, q.created_at DESC) r"
#define IS_APPROVED \
	"(r.state = 'approved' OR (r.state = 'closed' AND EXISTS (SELECT FROM license l WHERE " \
	"l.request = r.id)))"
#define IS_DENIED \
	"(r.state = 'denied' OR (r.state = 'closed' AND NOT EXISTS (SELECT FROM license l WHERE " \
	"l.request = r.id)))"

static void take_outcomes(struct store_step *step, void *out)
{
	struct store_outcomes *o = out;

	o->model = store_take_text(step);
	o->kind = store_take_text(step);
	o->country = store_take_text(step);
	o->approved = store_take_int(step);
	o->denied = store_take_int(step);
	o->waiting = store_take_int(step);
}

enum err store_outcomes_list(struct store *s, struct arena *arena, struct store_outcomes **out,
			     size_t *count, int64_t before_ms)
{
	static const struct store_statement list = {
		"outcomes_list",
		"SELECT m.name, coalesce(i.kind, 'unknown'), coalesce(i.country, 'unknown'), "
		"count(*) FILTER (WHERE " IS_APPROVED "), count(*) FILTER (WHERE " IS_DENIED "), "
		"count(*) FILTER (WHERE NOT " IS_APPROVED " AND NOT " IS_DENIED ") "
		"FROM " LAST_REQUESTS " JOIN model m ON m.id = r.model AND NOT m.hidden AND "
		"m.state = 'active' LEFT JOIN LATERAL (SELECT n.kind, n.country FROM member b "
		"JOIN institution n ON n.id = b.institution AND n.state = 'active' "
		"WHERE b.person = r.person AND b.until IS NULL ORDER BY b.since, n.id LIMIT 1) i "
		"ON true GROUP BY m.name, 2, 3 ORDER BY m.name, 2, 3 LIMIT 100000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_time(&step, before_ms);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_outcomes);
	return OK;
}

static void take_waiting(struct store_step *step, void *out)
{
	struct store_waiting *w = out;

	w->model = store_take_text(step);
	w->people = store_take_int(step);
	w->median_hours = store_take_int(step);
}

enum err store_waiting_list(struct store *s, struct arena *arena, struct store_waiting **out,
			    size_t *count, int64_t before_ms)
{
	static const struct store_statement list = {
		"waiting_list",
		"SELECT m.name, count(*), (extract(epoch FROM percentile_cont(0.5) WITHIN GROUP "
		"(ORDER BY d.at - f.at)) / 3600)::bigint FROM " LAST_REQUESTS " JOIN model m ON "
		"m.id = r.model AND NOT m.hidden AND m.state = 'active' "
		"JOIN LATERAL (SELECT min(at) AS at FROM access_request_event WHERE request = r.id "
		"AND to_state = 'submitted') f ON f.at IS NOT NULL "
		"JOIN LATERAL (SELECT min(at) AS at FROM access_request_event WHERE request = r.id "
		"AND to_state IN ('approved', 'denied')) d ON d.at < $1::timestamptz "
		"GROUP BY m.name ORDER BY m.name LIMIT 100000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_time(&step, before_ms);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_waiting);
	return OK;
}

enum err store_report_get(struct store *s, struct arena *arena, struct slice *out, int64_t now_ms)
{
	static const struct store_statement find = {
		"report_get", "SELECT body FROM transparency_report WHERE day = ($1::timestamptz "
			      "AT TIME ZONE 'UTC')::date"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_time(&step, now_ms);
	TRY(store_run(s, &step, 1));
	if (!store_next(&step))
		return failure(ERR_NOT_FOUND, "no report of this day yet");
	*out = store_take_text(&step);
	return OK;
}

enum err store_report_add(struct store *s, struct slice body, int64_t now_ms)
{
	static const struct store_statement insert = {
		"report_add", "INSERT INTO transparency_report (day, body) VALUES "
			      "(($1::timestamptz AT TIME ZONE 'UTC')::date, $2) "
			      "ON CONFLICT DO NOTHING"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};

	store_put_time(&step, now_ms);
	store_put_bytes(&step, body);
	return store_run(s, &step, 1);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/due.h"

#include "schema/store/rows.h"

static void take_due(struct store_step *step, void *out)
{
	struct store_due *due = out;

	request_take(step, &due->request);
	due->escalates = store_take_bool(step);
	store_take_id(step, due->to);
	due->to_name = store_take_text(step);
}

enum err store_due_list(struct store *s, struct arena *arena, struct store_due **out, size_t *count,
			int64_t now_ms)
{
	static const struct store_statement list = {
		"due_list",
		"SELECT " REQUEST_COLUMNS ", due.escalates, "
		"CASE WHEN due.escalates THEN c.escalate_to END, "
		"CASE WHEN due.escalates THEN e.name END " REQUEST_FROM
		"JOIN committee c ON c.model = q.model LEFT JOIN person e ON e.id = c.escalate_to "
		"CROSS JOIN LATERAL (SELECT false AS escalates WHERE q.reminded_at IS NULL "
		"AND q.waiting_since + make_interval(days => c.remind_days) <= $1 UNION ALL "
		"SELECT true WHERE q.escalated_at IS NULL "
		"AND q.waiting_since + make_interval(days => c.escalate_days) <= $1) due "
		"WHERE q.waiting_since IS NOT NULL ORDER BY q.waiting_since, q.id, due.escalates "
		"LIMIT 100"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_time(&step, now_ms);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_due);
	return OK;
}

enum err store_due_mark(struct store *s, bool *is_mine, const struct store_due *due, int64_t now_ms)
{
	static const struct store_statement remind = {
		"due_remind", "UPDATE access_request SET reminded_at = $3 WHERE id = $1 "
			      "AND round = $2::bigint AND waiting_since IS NOT NULL "
			      "AND reminded_at IS NULL"};
	static const struct store_statement escalate = {
		"due_escalate", "UPDATE access_request SET escalated_at = $3 WHERE id = $1 "
				"AND round = $2::bigint AND waiting_since IS NOT NULL "
				"AND escalated_at IS NULL"};
	AUTO(store_step_clear)
	struct store_step step = {.statement = due->escalates ? &escalate : &remind};

	store_put_id(&step, due->request.id);
	store_put_int(&step, due->request.round);
	store_put_time(&step, now_ms);
	TRY(store_run(s, &step, 1));
	*is_mine = store_changed(&step) == 1;
	return OK;
}

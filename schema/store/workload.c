/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/workload.h"

#include "schema/store/query.h"

enum err store_workload_add(struct store *s, const struct store_workload *w)
{
	static const struct store_statement insert = {
		"workload_add",
		"INSERT INTO workload (id, name, iss, audience, subject, person, rights, models, "
		"minutes, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6, "
		"string_to_array($7::text, ','), string_to_array($8::text, ','), "
		"$9::bigint::integer, $10, $11)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};

	store_put_id(&step, w->id);
	store_put_text(&step, w->name);
	store_put_text(&step, w->iss);
	store_put_text(&step, w->audience);
	store_put_text(&step, w->subject);
	store_put_id(&step, w->person);
	store_put_text(&step, w->rights);
	store_put_text_or_null(&step, w->models);
	store_put_int(&step, w->minutes);
	store_put_time(&step, w->created_ms);
	store_put_id(&step, w->created_by);
	return store_run(s, &step, 1);
}

enum err store_workload_remove(struct store *s, const uint8_t id[STORE_ID])
{
	static const struct store_statement remove = {"workload_remove",
						      "DELETE FROM workload WHERE id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &remove};

	store_put_id(&step, id);
	return store_change(s, &step, "workload");
}

static void take_workload(struct store_step *step, void *out)
{
	struct store_workload *w = out;

	store_take_id(step, w->id);
	w->name = store_take_text(step);
	w->iss = store_take_text(step);
	w->audience = store_take_text(step);
	w->subject = store_take_text(step);
	store_take_id(step, w->person);
	w->person_name = store_take_text(step);
	w->rights = store_take_text(step);
	w->models = store_take_text(step);
	w->minutes = store_take_int(step);
	w->created_ms = store_take_time(step);
	store_take_id(step, w->created_by);
}

enum err store_workload_list(struct store *s, struct arena *arena, struct store_workload **out,
			     size_t *count, struct slice iss)
{
	static const struct store_statement list = {
		"workload_list",
		"SELECT w.id, w.name, w.iss, w.audience, w.subject, w.person, p.name, "
		"array_to_string(w.rights, ','), array_to_string(w.models, ','), w.minutes, "
		"w.created_at, w.created_by FROM workload w JOIN person p ON p.id = w.person "
		"WHERE $1::text IS NULL OR w.iss = $1 ORDER BY w.name LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_text_or_null(&step, iss);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_workload);
	return OK;
}

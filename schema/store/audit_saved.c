/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/audit_saved.h"

#include "schema/store/query.h"

enum err store_audit_saved_add(struct store *s, const struct store_audit_saved *saved)
{
	static const struct store_statement insert = {
		"audit_saved_add", "INSERT INTO audit_saved (name, filters, owner, created_at) "
				   "SELECT $1, convert_from($2, 'UTF8')::jsonb, $3, $4 "
				   "WHERE (SELECT count(*) FROM audit_saved) < $5::bigint"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};

	store_put_text(&step, saved->name);
	store_put_bytes(&step, saved->filters);
	store_put_id(&step, saved->owner);
	store_put_time(&step, saved->created_at_ms);
	store_put_int(&step, STORE_AUDIT_MAX_SAVED);
	TRY(store_run(s, &step, 1));
	if (store_changed(&step) == 0)
		return failure(ERR_LIMIT, "there are %d saved filters: remove one first",
			       STORE_AUDIT_MAX_SAVED);
	return OK;
}

#define SAVED_SELECT \
	"SELECT s.name, s.filters::text, s.owner, p.name, s.created_at " \
	"FROM audit_saved s JOIN person p ON p.id = s.owner "

static void take_saved(struct store_step *step, void *out)
{
	struct store_audit_saved *saved = out;

	saved->name = store_take_text(step);
	saved->filters = store_take_text(step);
	store_take_id(step, saved->owner);
	saved->owner_name = store_take_text(step);
	saved->created_at_ms = store_take_time(step);
}

enum err store_audit_saved_list(struct store *s, struct arena *arena,
				struct store_audit_saved **out, size_t *count)
{
	static const struct store_statement list = {"audit_saved_list",
						    SAVED_SELECT "ORDER BY s.name"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_saved);
	return OK;
}

enum err store_audit_saved_get(struct store *s, struct arena *arena, struct store_audit_saved *out,
			       struct slice name)
{
	static const struct store_statement find = {"audit_saved_get",
						    SAVED_SELECT "WHERE s.name = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_text(&step, name);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_saved, "saved filter");
}

enum err store_audit_saved_remove(struct store *s, struct slice name)
{
	static const struct store_statement remove = {"audit_saved_remove",
						      "DELETE FROM audit_saved WHERE name = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &remove};

	store_put_text(&step, name);
	return store_change(s, &step, "saved filter");
}

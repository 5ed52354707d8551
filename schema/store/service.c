/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/service.h"

#include "schema/store/query.h"

enum err store_need_set(struct store *s, const uint8_t model[STORE_ID], struct slice revision,
			const struct store_need *need)
{
	static const struct store_statement set = {
		"need_set", "INSERT INTO revision_need (model, revision, least_bytes, most_bytes) "
			    "VALUES ($1, $2, $3::bigint, $4::bigint) ON CONFLICT (model, revision) "
			    "DO UPDATE SET least_bytes = excluded.least_bytes, "
			    "most_bytes = excluded.most_bytes"};
	AUTO(store_step_clear) struct store_step step = {.statement = &set};

	store_put_id(&step, model);
	store_put_text(&step, revision);
	store_put_int(&step, (int64_t)need->least_bytes);
	store_put_int(&step, (int64_t)need->most_bytes);
	return store_run(s, &step, 1);
}

enum err store_need_get(struct store *s, struct store_need *out, const uint8_t model[STORE_ID],
			struct slice revision)
{
	static const struct store_statement get = {
		"need_get", "SELECT least_bytes, most_bytes FROM revision_need WHERE model = $1 "
			    "AND revision = $2"};
	AUTO(store_step_clear) struct store_step step = {.statement = &get};

	*out = (struct store_need){0};
	store_put_id(&step, model);
	store_put_text(&step, revision);
	TRY(store_run(s, &step, 1));
	if (!store_next(&step))
		return OK;
	out->least_bytes = (uint64_t)store_take_int(&step);
	out->most_bytes = (uint64_t)store_take_int(&step);
	return OK;
}

enum err store_need_forget(struct store *s, const uint8_t model[STORE_ID], struct slice revision)
{
	static const struct store_statement forget = {
		"need_forget", "DELETE FROM revision_need WHERE model = $1 AND revision = $2"};
	AUTO(store_step_clear) struct store_step step = {.statement = &forget};

	store_put_id(&step, model);
	store_put_text(&step, revision);
	return store_run(s, &step, 1);
}

enum err store_unseen_get(struct store *s, struct arena *arena, struct store_unseen *out)
{
	static const struct store_statement get = {
		"unseen_get",
		"SELECT m.id, m.name, r.id FROM revision r JOIN model m ON m.id = r.model "
		"WHERE r.state = 'ready' AND r.runnable AND cardinality(r.tasks) = 0 "
		"AND r.recall IS NULL AND m.state = 'active' ORDER BY r.created_at DESC LIMIT 1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &get, .arena = arena};

	*out = (struct store_unseen){.revision = S("")};
	TRY(store_run(s, &step, 1));
	if (!store_next(&step))
		return OK;
	store_take_id(&step, out->model);
	out->model_name = store_take_text(&step);
	out->revision = store_take_text(&step);
	return OK;
}

enum err store_pin_add(struct store *s, const uint8_t model[STORE_ID], const uint8_t by[STORE_ID],
		       int64_t now_ms)
{
	static const struct store_statement add = {
		"pin_add", "INSERT INTO model_pin (model, pinned_at, pinned_by) SELECT $1, $2, $3 "
			   "WHERE (SELECT count(*) FROM model_pin) < $4::bigint"};
	AUTO(store_step_clear) struct store_step step = {.statement = &add};
	enum err result;

	store_put_id(&step, model);
	store_put_time(&step, now_ms);
	store_put_id(&step, by);
	store_put_int(&step, STORE_MAX_PINS);
	result = store_run(s, &step, 1);
	if (result == ERR_CONFLICT)
		return failure(ERR_CONFLICT, "the model is pinned already");
	TRY(result);
	if (store_changed(&step) == 0)
		return failure(ERR_CONFLICT, "%d models are pinned: no more can be",
			       STORE_MAX_PINS);
	return OK;
}

enum err store_pin_remove(struct store *s, const uint8_t model[STORE_ID])
{
	static const struct store_statement forget = {"pin_remove",
						      "DELETE FROM model_pin WHERE model = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &forget};

	store_put_id(&step, model);
	return store_change(s, &step, "pin of this model");
}

static void take_pin(struct store_step *step, void *out)
{
	struct store_pin *pin = out;

	store_take_id(step, pin->model);
	pin->model_name = store_take_text(step);
	pin->revision = store_take_text(step);
	pin->need.least_bytes = (uint64_t)store_take_int(step);
	pin->need.most_bytes = (uint64_t)store_take_int(step);
	pin->is_servable = store_take_bool(step);
}

enum err store_pin_list(struct store *s, struct arena *arena, struct store_pin **out, size_t *count)
{
	static const struct store_statement list = {
		"pin_list",
		"SELECT m.id, m.name, coalesce(r.id, ''), coalesce(n.least_bytes, 0), "
		"coalesce(n.most_bytes, 0), m.state = 'active' AND coalesce(r.state = 'ready' AND "
		"r.runnable AND r.recall IS NULL, false) FROM model_pin p "
		"JOIN model m ON m.id = p.model "
		"LEFT JOIN branch b ON b.model = p.model AND b.name = 'main' "
		"LEFT JOIN revision r ON r.model = p.model AND r.id = b.revision "
		"LEFT JOIN revision_need n ON n.model = r.model AND n.revision = r.id "
		"ORDER BY p.pinned_at, m.name"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_pin);
	return OK;
}

/* A row for each model; its serial is the next one each time. */
enum err store_unload_add(struct store *s, const uint8_t model[STORE_ID], bool is_cut)
{
	static const struct store_statement forget = {"unload_forget",
						      "DELETE FROM model_unload WHERE model = $1"};
	static const struct store_statement add = {
		"unload_add", "INSERT INTO model_unload (model, is_cut) VALUES ($1, $2)"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	struct store_step *step = store_batch_add(&batch, &forget, NULL);

	store_put_id(step, model);
	step = store_batch_add(&batch, &add, NULL);
	store_put_id(step, model);
	store_put_bool(step, is_cut);
	return store_batch_run(s, &batch);
}

static void take_unload(struct store_step *step, void *out)
{
	struct store_unload *unload = out;

	store_take_id(step, unload->model);
	unload->serial = store_take_int(step);
	unload->is_cut = store_take_bool(step);
}

enum err store_unload_list(struct store *s, struct arena *arena, struct store_unload **out,
			   size_t *count, int64_t above)
{
	static const struct store_statement list = {
		"unload_list", "SELECT model, serial, is_cut FROM model_unload WHERE serial > "
			       "$1::bigint ORDER BY serial"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_int(&step, above);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_unload);
	return OK;
}

enum err store_unload_last(struct store *s, int64_t *serial)
{
	static const struct store_statement last = {
		"unload_last", "SELECT coalesce(max(serial), 0) FROM model_unload"};
	AUTO(store_step_clear) struct store_step step = {.statement = &last};

	TRY(store_run(s, &step, 1));
	*serial = store_next(&step) ? store_take_int(&step) : 0;
	return OK;
}

enum err store_engine_view_set(struct store *s, int64_t edge, struct slice engines, int64_t now_ms)
{
	static const struct store_statement set = {
		"engine_view_set", "INSERT INTO engine_view (edge, told_at, engines) VALUES "
				   "($1::bigint::smallint, $2, $3) ON CONFLICT (edge) DO UPDATE "
				   "SET told_at = excluded.told_at, engines = excluded.engines"};
	AUTO(store_step_clear) struct store_step step = {.statement = &set};

	store_put_int(&step, edge);
	store_put_time(&step, now_ms);
	store_put_text(&step, engines);
	return store_run(s, &step, 1);
}

static void take_view(struct store_step *step, void *out)
{
	struct store_engine_view *view = out;

	view->edge = store_take_int(step);
	view->told_ms = store_take_time(step);
	view->engines = store_take_text(step);
}

enum err store_engine_view_list(struct store *s, struct arena *arena,
				struct store_engine_view **out, size_t *count, int64_t since_ms)
{
	static const struct store_statement list = {
		"engine_view_list", "SELECT edge::bigint, told_at, engines FROM engine_view WHERE "
				    "told_at >= $1 ORDER BY edge"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_time(&step, since_ms);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_view);
	return OK;
}

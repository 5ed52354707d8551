/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/model.h"

#include "schema/store/rows.h"

#define MODEL_SELECT \
	"SELECT m.id, m.name, m.state, m.state_reason, m.gate, m.terms_sha256, m.created_at, " \
	"b.revision, coalesce(r.runnable, false), r.runnable_reason, r.manifest_sha256, " \
	"coalesce(b.moved_at, m.created_at) FROM model m " \
	"LEFT JOIN branch b ON b.model = m.id AND b.name = 'main' " \
	"LEFT JOIN revision r ON r.model = m.id AND r.id = b.revision "

const struct store_statement model_get_statement = {"model_get", MODEL_SELECT "WHERE m.name = $1"};

bool store_take_digest(struct store_step *step, uint8_t out[32])
{
	bool is_there = !store_take_is_null(step);

	store_take_bytes(step, out, 32);
	return is_there;
}

void model_take(struct store_step *step, void *out)
{
	struct store_model *model = out;

	store_take_id(step, model->id);
	model->name = store_take_text(step);
	model->state = store_take_text(step);
	model->state_reason = store_take_text(step);
	model->gate = store_take_text(step);
	model->has_terms = store_take_digest(step, model->terms_sha256);
	model->created_ms = store_take_time(step);
	model->main = store_take_text(step);
	model->runnable = store_take_bool(step);
	model->runnable_reason = store_take_text(step);
	store_take_digest(step, model->manifest_sha256);
	model->changed_ms = store_take_time(step);
}

enum err store_model_create(struct store *s, const struct store_model *model,
			    const uint8_t created_by[STORE_ID])
{
	static const struct store_statement insert = {
		"model_insert",
		"INSERT INTO model (id, name, gate, terms_sha256, created_at, created_by) "
		"VALUES ($1, $2, $3, $4, $5, $6)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};

	store_put_id(&step, model->id);
	store_put_text(&step, model->name);
	store_put_text(&step, model->gate);
	store_put_bytes_or_null(&step,
				slice_of(model->terms_sha256, model->has_terms ? STORE_SHA256 : 0));
	store_put_time(&step, model->created_ms);
	store_put_id(&step, created_by);
	return store_run(s, &step, 1);
}

enum err store_model_get(struct store *s, struct arena *arena, struct store_model *out,
			 struct slice name)
{
	AUTO(store_step_clear)
	struct store_step step = {.statement = &model_get_statement, .arena = arena};

	store_put_text(&step, name);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, model_take, "model");
}

enum err store_model_list_visible(struct store *s, struct arena *arena, struct store_model **out,
				  size_t *count, const uint8_t person[STORE_ID], int64_t now_ms)
{
	static const struct store_statement list = {
		"model_list_visible", MODEL_SELECT
		"WHERE m.state = 'active' AND (m.gate = 'public' "
		"OR ($1::uuid IS NOT NULL AND m.gate = 'no') "
		"OR EXISTS (SELECT FROM license l WHERE l.person = $1 AND l.model = m.id "
		"AND l.state = 'active' AND l.not_before <= $2 AND l.expires_at > $2)) "
		"ORDER BY m.name LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, person);
	store_put_time(&step, now_ms);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, model_take);
	return OK;
}

enum err store_model_list_all(struct store *s, struct arena *arena, struct store_model **out,
			      size_t *count)
{
	static const struct store_statement list = {"model_list_all",
						    MODEL_SELECT "ORDER BY m.name LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, model_take);
	return OK;
}

enum err store_model_set_gate(struct store *s, const uint8_t id[STORE_ID], struct slice gate,
			      const uint8_t *terms_sha256)
{
	static const struct store_statement update = {
		"model_set_gate",
		"UPDATE model SET gate = $2, terms_sha256 = coalesce($3, terms_sha256) "
		"WHERE id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &update};

	store_put_id(&step, id);
	store_put_text(&step, gate);
	store_put_bytes_or_null(&step, slice_of(terms_sha256, terms_sha256 ? STORE_SHA256 : 0));
	return store_change(s, &step, "model");
}

enum err store_model_set_state(struct store *s, const uint8_t id[STORE_ID], struct slice state,
			       struct slice reason)
{
	static const struct store_statement update = {
		"model_set_state", "UPDATE model SET state = $2, state_reason = $3 WHERE id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &update};

	store_put_id(&step, id);
	store_put_text(&step, state);
	store_put_text_or_null(&step, reason);
	return store_change(s, &step, "model");
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/model.h"

#include "schema/store/rows.h"

#define MODEL_SELECT "SELECT " MODEL_COLUMNS " " MODEL_FROM

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
	model->open_paths = store_take_text(step);
	model->hidden = store_take_bool(step);
	model->allow_pickle = store_take_bool(step);
	model->created_ms = store_take_time(step);
	model->main = store_take_text(step);
	model->runnable = store_take_bool(step);
	model->runnable_reason = store_take_text(step);
	store_take_digest(step, model->manifest_sha256);
	model->changed_ms = store_take_time(step);
	model->terms_grace_ms = store_take_time(step);
	model->tasks = store_take_text(step);
}

enum err store_model_create(struct store *s, const struct store_model *model,
			    const uint8_t created_by[STORE_ID])
{
	static const struct store_statement insert = {
		"model_insert",
		"INSERT INTO model (id, name, gate, terms_sha256, open_paths, hidden, created_at, "
		"created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};

	store_put_id(&step, model->id);
	store_put_text(&step, model->name);
	store_put_text(&step, model->gate);
	store_put_bytes_or_null(&step,
				slice_of(model->terms_sha256, model->has_terms ? STORE_SHA256 : 0));
	store_put_text(&step, model->open_paths);
	store_put_bool(&step, model->hidden);
	store_put_time(&step, model->created_ms);
	store_put_id(&step, created_by);
	return store_run(s, &step, 1);
}

enum err store_model_get(struct store *s, struct arena *arena, struct store_model *out,
			 struct slice name)
{
	static const struct store_statement find = {"model_get", MODEL_SELECT "WHERE m.name = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_text(&step, name);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, model_take, "model");
}

enum err store_model_list_visible(struct store *s, struct arena *arena, struct store_model **out,
				  size_t *count, const uint8_t person[STORE_ID], int64_t now_ms)
{
	static const struct store_statement list = {
		"model_list_visible", MODEL_SELECT
		"WHERE m.state = 'active' AND ((m.gate = 'public' AND NOT m.hidden) "
		"OR ($1::uuid IS NOT NULL AND m.gate = 'no' AND NOT m.hidden) "
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

enum err store_model_page(struct store *s, struct arena *arena, struct store_model **out,
			  size_t *count, const struct store_models_question *q)
{
	static const struct store_statement page = {
		"model_page", MODEL_SELECT
		"WHERE main.revision IS NOT NULL AND m.state <> 'shredded' "
		"AND (NOT m.hidden OR $2 "
		"OR EXISTS (SELECT FROM license l WHERE l.person = $1 AND l.model = m.id) "
		"OR EXISTS (SELECT FROM access_request a WHERE a.person = $1 AND a.model = m.id)) "
		"AND position(lower($3) IN lower(m.name)) > 0 "
		"AND ($4 = '' OR starts_with(m.name, $4 || '/')) "
		"AND m.name COLLATE \"C\" > $5 ORDER BY m.name COLLATE \"C\" LIMIT $6::bigint"};
	AUTO(store_step_clear) struct store_step step = {.statement = &page, .arena = arena};

	store_put_id(&step, q->person);
	store_put_bool(&step, q->sees_hidden);
	store_put_text(&step, q->search);
	store_put_text(&step, q->author);
	store_put_text(&step, q->after);
	store_put_int(&step, (int64_t)q->limit);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, model_take);
	return OK;
}

enum err store_model_name(struct store *s, struct arena *arena, struct slice *out,
			  const uint8_t id[STORE_ID])
{
	static const struct store_statement find = {"model_name",
						    "SELECT name FROM model WHERE id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, id);
	TRY(store_run(s, &step, 1));
	if (!store_next(&step))
		return failure(ERR_NOT_FOUND, "there is no such model");
	*out = store_take_text(&step);
	return OK;
}

enum err store_model_concerns(struct store *s, bool *out, const uint8_t id[STORE_ID],
			      const uint8_t person[STORE_ID])
{
	static const struct store_statement find = {
		"model_concerns",
		"SELECT EXISTS (SELECT FROM license l WHERE l.person = $2 AND l.model = $1) "
		"OR EXISTS (SELECT FROM access_request r WHERE r.person = $2 AND r.model = $1)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find};

	store_put_id(&step, id);
	store_put_id(&step, person);
	TRY(store_run(s, &step, 1));
	*out = store_next(&step) && store_take_bool(&step);
	return OK;
}

enum err store_model_set(struct store *s, const struct store_model_change *c)
{
	static const struct store_statement update = {
		"model_set",
		"UPDATE model SET gate = coalesce($2, gate), "
		"terms_sha256 = coalesce($3, terms_sha256), terms_grace_until = "
		"CASE WHEN $3 IS NULL THEN terms_grace_until END, "
		"open_paths = coalesce($4, open_paths), hidden = coalesce($5, hidden), "
		"allow_pickle = coalesce($6, allow_pickle) WHERE id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &update};

	store_put_id(&step, c->id);
	store_put_text_or_null(&step, c->has_gate ? c->gate : S(""));
	store_put_bytes_or_null(&step, slice_of(c->terms_sha256, c->has_terms ? STORE_SHA256 : 0));
	if (c->has_open_paths)
		store_put_text(&step, c->open_paths.size ? c->open_paths : S("")); /* not NULL */
	else
		store_put_null(&step);
	if (c->has_hidden)
		store_put_bool(&step, c->hidden);
	else
		store_put_null(&step);
	if (c->has_allow_pickle)
		store_put_bool(&step, c->allow_pickle);
	else
		store_put_null(&step);
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

/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/form.h"

#include "schema/store/query.h"

static void take_form(struct store_step *step, void *out)
{
	struct store_form *form = out;

	form->version = store_take_int(step);
	form->source = store_take_text(step);
	form->revision = store_take_text(step);
	form->document = store_take_text(step);
	store_take_bytes(step, form->sha256, STORE_SHA256);
	form->at_ms = store_take_time(step);
}

enum err store_form_current(struct store *s, struct arena *arena, struct store_form *out,
			    const uint8_t model[STORE_ID])
{
	static const struct store_statement find = {
		"form_current",
		"SELECT version::bigint, source, revision, document, sha256, at FROM ("
		"SELECT DISTINCT ON (source) * FROM model_form WHERE model = $1 "
		"ORDER BY source, version DESC) newest "
		"WHERE document IS NOT NULL ORDER BY source LIMIT 1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, model);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_form, "form");
}

enum err store_form_add(struct store *s, int64_t *version, const struct store_form *form,
			const uint8_t model[STORE_ID], const uint8_t by[STORE_ID])
{
	static const struct store_statement insert = {
		"form_insert",
		"INSERT INTO model_form (model, version, source, revision, document, at, by) "
		"SELECT $1, coalesce((SELECT max(version) FROM model_form WHERE model = $1), 0) + "
		"1, "
		"$2, $3, $4::bytea, $5, $6 WHERE $2 = 'api' OR $4::bytea IS DISTINCT FROM (SELECT "
		"document FROM model_form WHERE model = $1 AND source = 'card' "
		"ORDER BY version DESC LIMIT 1) RETURNING version::bigint"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};
	enum err result;

	store_put_id(&step, model);
	store_put_text(&step, form->source);
	store_put_text_or_null(&step, form->revision);
	store_put_bytes_or_null(&step, form->document);
	store_put_time(&step, form->at_ms);
	store_put_id(&step, by);
	result = store_run(s, &step, 1);
	if (result == ERR_CONFLICT)
		return failure(ERR_CONFLICT, "the form has just been changed; look at it again");
	TRY(result);
	*version = store_next(&step) ? store_take_int(&step) : 0;
	return OK;
}

static void take_answers(struct store_step *step, void *out)
{
	struct store_answers *answers = out;

	answers->version = store_take_int(step);
	answers->fields = store_take_text(step);
}

enum err store_answers_get(struct store *s, struct arena *arena, struct store_answers *out,
			   const uint8_t request[STORE_ID])
{
	static const struct store_statement find = {
		"answers_get", "SELECT coalesce(form_version, 0)::bigint, fields "
			       "FROM access_request WHERE id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, request);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_answers, "request");
}

enum err store_answers_set(struct store *s, const struct store_answers *answers,
			   const uint8_t request[STORE_ID])
{
	static const struct store_statement update = {
		"answers_set", "UPDATE access_request SET form_version = nullif($2::bigint, 0), "
			       "fields = $3 WHERE id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &update};

	store_put_id(&step, request);
	store_put_int(&step, answers->version);
	store_put_text_or_null(&step, answers->fields);
	return store_change(s, &step, "request");
}

enum err store_model_set_notifications(struct store *s, const uint8_t model[STORE_ID],
				       struct slice mode, struct slice email)
{
	static const struct store_statement update = {"model_set_notifications",
						      "UPDATE model SET gated_notifications_mode = "
						      "coalesce($2, gated_notifications_mode), "
						      "gated_notifications_email = coalesce($3, "
						      "gated_notifications_email) WHERE id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &update};

	store_put_id(&step, model);
	store_put_text_or_null(&step, mode);
	store_put_text_or_null(&step, email);
	return store_change(s, &step, "model");
}

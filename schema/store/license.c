/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/license.h"

#include "schema/store/rows.h"

void license_take(struct store_step *step, void *out)
{
	struct store_license *license = out;

	store_take_id(step, license->id);
	store_take_id(step, license->model);
	store_take_id(step, license->person);
	license->model_name = store_take_text(step);
	license->person_name = store_take_text(step);
	store_take_id(step, license->request);
	store_take_id(step, license->replaces);
	license->state = store_take_text(step);
	license->state_reason = store_take_text(step);
	license->rights = store_take_text(step);
	license->has_terms = store_take_digest(step, license->terms_sha256);
	license->not_before_ms = store_take_time(step);
	license->expires_ms = store_take_time(step);
	license->document = store_take_text(step);
	store_take_bytes(step, license->signature, sizeof license->signature);
	license->issued_ms = store_take_time(step);
	store_take_id(step, license->issued_by);
	license->changed_ms = store_take_time(step);
	store_take_id(step, license->institution);
	license->limits = store_take_text(step);
	license->regions = store_take_text(step);
	license->uses = store_take_text(step);
	license->plan = store_take_text(step);
	store_take_id(step, license->parent);
	license->requires = store_take_text(step);
}

enum err store_license_issue(struct store *s, const struct store_license *license)
{
	static const struct store_statement insert = {
		"license_insert",
		"INSERT INTO license (id, model, person, request, replaces, state, rights, "
		"terms_sha256, not_before, expires_at, document, signature, issued_at, issued_by, "
		"changed_at, institution, limits, regions, uses, parent, requires, "
		"plan) "
		"VALUES ($1, $2, $3, $4, $5, $6, string_to_array($7::text, ','), $8, $9, $10, "
		"$11, $12, $13, $14, $13, $15, $16, string_to_array($17::text, ','), "
		"string_to_array($18::text, ','), $19, $20, coalesce($21, 'standard'))"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};

	store_put_id(&step, license->id);
	store_put_id(&step, license->model);
	store_put_id(&step, license->person);
	store_put_id(&step, license->request);
	store_put_id(&step, license->replaces);
	store_put_text(&step, license->state.size ? license->state : S("active"));
	store_put_text(&step, license->rights);
	store_put_bytes_or_null(
		&step, slice_of(license->terms_sha256, license->has_terms ? STORE_SHA256 : 0));
	store_put_time(&step, license->not_before_ms);
	store_put_time(&step, license->expires_ms);
	store_put_bytes(&step, license->document);
	store_put_bytes(&step, slice_of(license->signature, STORE_SIGNATURE));
	store_put_time(&step, license->issued_ms);
	store_put_id(&step, license->issued_by);
	store_put_id(&step, license->institution);
	store_put_text_or_null(&step, license->limits);
	store_put_text_or_null(&step, license->regions);
	store_put_text_or_null(&step, license->uses);
	store_put_id(&step, license->parent);
	store_put_text_or_null(&step, license->requires);
	store_put_text_or_null(&step, license->plan);
	return store_run(s, &step, 1);
}

enum err store_license_get(struct store *s, struct arena *arena, struct store_license *out,
			   const uint8_t id[STORE_ID])
{
	static const struct store_statement find = {"license_get",
						    LICENSE_SELECT "WHERE l.id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, id);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, license_take, "license");
}

enum err store_license_active(struct store *s, struct arena *arena, struct store_license *out,
			      const uint8_t person[STORE_ID], const uint8_t model[STORE_ID],
			      struct slice right, int64_t now_ms)
{
	static const struct store_statement find = {
		"license_active", LICENSE_SELECT
		"WHERE l.person = $1 AND l.model = $2 AND $3::text = ANY (l.rights) "
		"AND l.state = 'active' AND l.not_before <= $4 AND l.expires_at > $4 "
		"ORDER BY l.expires_at DESC, l.id LIMIT 1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, person);
	store_put_id(&step, model);
	store_put_text(&step, right);
	store_put_time(&step, now_ms);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, license_take, "license");
}

enum err store_license_list(struct store *s, struct arena *arena, struct store_license **out,
			    size_t *count, const uint8_t person[STORE_ID],
			    const uint8_t model[STORE_ID])
{
	static const struct store_statement list = {"license_list", LICENSE_SELECT
						    "WHERE ($1::uuid IS NULL OR l.person = $1) "
						    "AND ($2::uuid IS NULL OR l.model = $2) "
						    "ORDER BY l.issued_at DESC, l.id LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, person);
	store_put_id(&step, model);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, license_take);
	return OK;
}

enum err store_license_set_state(struct store *s, const uint8_t id[STORE_ID], struct slice from,
				 struct slice to, struct slice reason, int64_t now_ms)
{
	static const struct store_statement update = {
		"license_set_state", "UPDATE license SET state = $3, state_reason = $4, "
				     "changed_at = $5 WHERE id = $1 AND state = $2"};
	static const struct store_statement find = {"license_exists",
						    "SELECT FROM license WHERE id = $1"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	struct store_step *step = store_batch_add(&batch, &update, NULL);

	store_put_id(step, id);
	store_put_text(step, from);
	store_put_text(step, to);
	store_put_text_or_null(step, reason);
	store_put_time(step, now_ms);
	store_put_id(store_batch_add(&batch, &find, NULL), id);
	TRY(store_batch_run(s, &batch));
	if (store_changed(&batch.steps[0]) == 1)
		return OK;
	if (store_rows(&batch.steps[1]) == 0)
		return failure(ERR_NOT_FOUND, "there is no such license");
	return failure(ERR_CONFLICT, "the license is not %.*s", SLICE_PRINT(from));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/model_terms.h"

#include "schema/store/rows.h"

enum err store_model_terms_add(struct store *s, struct store_model_terms *terms)
{
	static const struct store_statement insert = {
		"model_terms_insert",
		"INSERT INTO model_terms (model, version, sha256, grace_days, from_at, set_at, "
		"set_by) SELECT $1, coalesce(max(version), 0) + 1, $2, $3::bigint, $4, $5, $6 "
		"FROM model_terms WHERE model = $1 RETURNING version::bigint"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};

	store_put_id(&step, terms->model);
	store_put_bytes(&step, slice_of(terms->sha256, STORE_SHA256));
	store_put_int(&step, terms->grace_days);
	store_put_time(&step, terms->from_ms);
	store_put_time(&step, terms->set_ms);
	store_put_id(&step, terms->set_by);
	TRY(store_run(s, &step, 1));
	if (!store_next(&step))
		return failure(ERR_INTERNAL, "a version of terms was not stored");
	terms->version = store_take_int(&step);
	return OK;
}

#define TERMS_SELECT \
	"SELECT t.model, m.name, t.version::bigint, t.sha256, t.grace_days::bigint, t.from_at, " \
	"t.taken_at, t.set_at, t.set_by, p.name FROM model_terms t JOIN model m ON m.id = " \
	"t.model JOIN person p ON p.id = t.set_by "

static void take_terms(struct store_step *step, void *out)
{
	struct store_model_terms *t = out;

	store_take_id(step, t->model);
	t->model_name = store_take_text(step);
	t->version = store_take_int(step);
	store_take_bytes(step, t->sha256, STORE_SHA256);
	t->grace_days = store_take_int(step);
	t->from_ms = store_take_time(step);
	t->taken_ms = store_take_time(step);
	t->set_ms = store_take_time(step);
	store_take_id(step, t->set_by);
	t->set_by_name = store_take_text(step);
}

enum err store_model_terms_list(struct store *s, struct arena *arena,
				struct store_model_terms **out, size_t *count,
				const uint8_t model[STORE_ID])
{
	static const struct store_statement list = {
		"model_terms_list",
		TERMS_SELECT "WHERE t.model = $1 ORDER BY t.version DESC LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, model);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_terms);
	return OK;
}

enum err store_model_terms_due(struct store *s, struct arena *arena, struct store_model_terms **out,
			       size_t *count, int64_t now_ms)
{
	static const struct store_statement list = {"model_terms_due", TERMS_SELECT
						    "WHERE t.taken_at IS NULL AND t.from_at <= $1 "
						    "ORDER BY t.from_at, t.version LIMIT 100"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_time(&step, now_ms);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_terms);
	return OK;
}

enum err store_model_terms_take(struct store *s, const struct store_model_terms *terms,
				int64_t now_ms)
{
	static const struct store_statement take = {
		"model_terms_take",
		"WITH taken AS (UPDATE model_terms SET taken_at = $3 WHERE model = $1 AND version "
		"= $2::bigint AND taken_at IS NULL RETURNING sha256, grace_days) UPDATE model SET "
		"terms_sha256 = taken.sha256, terms_grace_until = $3::timestamptz + "
		"make_interval(days => taken.grace_days) FROM taken WHERE id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &take};

	store_put_id(&step, terms->model);
	store_put_int(&step, terms->version);
	store_put_time(&step, now_ms);
	TRY(store_run(s, &step, 1));
	return store_changed(&step) ? OK
				    : failure(ERR_CONFLICT, "these terms were taken meanwhile");
}

enum err store_licenses_of_old_terms(struct store *s, struct arena *arena,
				     struct store_license **out, size_t *count, int64_t now_ms)
{
	static const struct store_statement list = {
		"license_old_terms",
		LICENSE_SELECT "WHERE l.state = 'active' AND m.terms_grace_until <= $1 "
			       "AND l.terms_sha256 IS DISTINCT FROM m.terms_sha256 "
			       "ORDER BY l.id LIMIT 500"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_time(&step, now_ms);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, license_take);
	return OK;
}

enum err store_acceptance_add(struct store *s, const struct store_acceptance *a)
{
	static const struct store_statement insert = {
		"acceptance_insert",
		"INSERT INTO terms_acceptance (signature, person, key, model, sha256, signed_at, "
		"accepted_at) VALUES ($1, $2, $3, $4, $5, $6, $7)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};
	enum err result;

	store_put_bytes(&step, slice_of(a->signature, STORE_SIGNATURE));
	store_put_id(&step, a->person);
	store_put_id(&step, a->key);
	store_put_id(&step, a->model);
	store_put_bytes(&step, slice_of(a->sha256, STORE_SHA256));
	store_put_time(&step, a->signed_ms);
	store_put_time(&step, a->accepted_ms);
	result = store_run(s, &step, 1);
	if (result == ERR_CONFLICT)
		return failure(ERR_CONFLICT, "this signature of the terms was used already; sign "
					     "them anew");
	return result;
}

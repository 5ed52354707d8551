/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/license_select.h"

#include "schema/store/rows.h"

/* $1 to $6: license, person, institution, model, parent, issuer; NULL but for one. */
#define SELECTED \
	"($1::uuid IS NULL OR l.id = $1) AND ($2::uuid IS NULL OR l.person = $2) " \
	"AND ($3::uuid IS NULL OR l.institution = $3) AND ($4::uuid IS NULL OR l.model = $4) " \
	"AND ($5::uuid IS NULL OR l.parent = $5) AND ($6::text IS NULL OR EXISTS (SELECT " \
	"FROM visa v WHERE v.person = l.person AND v.iss = $6)) "

static void put_selector(struct store_step *step, const struct store_selector *selector)
{
	store_put_id(step, selector->license);
	store_put_id(step, selector->person);
	store_put_id(step, selector->institution);
	store_put_id(step, selector->model);
	store_put_id(step, selector->parent);
	store_put_text_or_null(step, selector->issuer);
}

enum err store_license_select(struct store *s, struct arena *arena, struct store_license **out,
			      size_t *count, bool *has_more, const struct store_selector *selector,
			      struct slice states)
{
	static const struct store_statement list = {"license_select", LICENSE_SELECT
						    "WHERE " SELECTED
						    "AND l.state = ANY (string_to_array($7, ',')) "
						    "ORDER BY l.id LIMIT 501 FOR UPDATE OF l"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	put_selector(&step, selector);
	store_put_text(&step, states);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, license_take);
	*has_more = *count > STORE_SELECT_MAX;
	if (*has_more)
		*count = STORE_SELECT_MAX;
	return OK;
}

static void take_waiting(struct store_step *step, void *out)
{
	struct store_waiting *waiting = out;

	store_take_id(step, waiting->id);
	waiting->person_name = store_take_text(step);
	waiting->model_name = store_take_text(step);
	waiting->state = store_take_text(step);
	waiting->created_ms = store_take_time(step);
}

/* A license concerns the requests of its holder for its model, an institution those of its
 * members. */
enum err store_request_select(struct store *s, struct arena *arena, struct store_waiting **out,
			      size_t *count, const struct store_selector *selector)
{
	static const struct store_statement list = {
		"request_select",
		"SELECT q.id, p.name, m.name, q.state, q.created_at FROM access_request q "
		"JOIN person p ON p.id = q.person JOIN model m ON m.id = q.model "
		"WHERE q.state NOT IN ('draft', 'approved', 'denied', 'withdrawn', 'closed') "
		"AND ($1::uuid IS NULL OR (q.person, q.model) = (SELECT l.person, l.model "
		"FROM license l WHERE l.id = $1)) AND ($2::uuid IS NULL OR q.person = $2) "
		"AND ($3::uuid IS NULL OR EXISTS (SELECT FROM member b WHERE b.person = q.person "
		"AND b.institution = $3 AND b.until IS NULL)) "
		"AND ($4::uuid IS NULL OR q.model = $4) AND $5::uuid IS NULL "
		"AND ($6::text IS NULL OR EXISTS (SELECT FROM visa v WHERE v.person = q.person "
		"AND v.iss = $6)) ORDER BY q.created_at, q.id LIMIT 100"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	put_selector(&step, selector);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_waiting);
	return OK;
}

enum err store_institution_license_sweep(struct store *s, const struct store_selector *selector,
					 struct slice to, struct slice reason, int64_t now_ms,
					 size_t *changed)
{
	static const struct store_statement update = {
		"institution_license_sweep",
		"UPDATE institution_license l SET state = $4, state_reason = $5, changed_at = $6 "
		"WHERE (l.institution = $1 OR l.model = $2 OR l.id = $3) AND l.state <> 'revoked' "
		"AND l.state <> $4"};
	AUTO(store_step_clear) struct store_step step = {.statement = &update};

	store_put_id(&step, selector->institution);
	store_put_id(&step, selector->model);
	store_put_id(&step, selector->parent);
	store_put_text(&step, to);
	store_put_text_or_null(&step, reason);
	store_put_time(&step, now_ms);
	TRY(store_run(s, &step, 1));
	*changed = store_changed(&step);
	return OK;
}

enum err store_licenses_of_departed(struct store *s, struct arena *arena,
				    struct store_license **out, size_t *count)
{
	static const struct store_statement list = {
		"licenses_of_departed", LICENSE_SELECT
		"JOIN institution i ON i.id = l.institution WHERE l.state = 'active' "
		"AND (i.state <> 'active' OR NOT EXISTS (SELECT FROM member b WHERE b.person = "
		"l.person AND b.institution = l.institution AND b.until IS NULL)) "
		"ORDER BY l.id LIMIT 500"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, license_take);
	return OK;
}

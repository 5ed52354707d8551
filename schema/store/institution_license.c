/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/institution_license.h"

#include "schema/store/connection.h"
#include "schema/store/rows.h"

#define SELECT \
	"SELECT l.id, l.institution, l.model, i.name, m.name, l.state, l.state_reason, " \
	"array_to_string(l.rights, ','), l.terms_sha256, l.limits, " \
	"array_to_string(l.regions, ','), array_to_string(l.uses, ','), l.plan, l.seats::bigint, " \
	"l.seats_taken::bigint, l.not_before, l.expires_at, l.issued_at, l.changed_at, " \
	"l.issued_by FROM institution_license l JOIN institution i ON i.id = l.institution " \
	"JOIN model m ON m.id = l.model "

static void take(struct store_step *step, void *out)
{
	struct store_institution_license *l = out;

	store_take_id(step, l->id);
	store_take_id(step, l->institution);
	store_take_id(step, l->model);
	l->institution_name = store_take_text(step);
	l->model_name = store_take_text(step);
	l->state = store_take_text(step);
	l->state_reason = store_take_text(step);
	l->rights = store_take_text(step);
	l->has_terms = store_take_digest(step, l->terms_sha256);
	l->limits = store_take_text(step);
	l->regions = store_take_text(step);
	l->uses = store_take_text(step);
	l->plan = store_take_text(step);
	l->seats = store_take_int(step);
	l->seats_taken = store_take_int(step);
	l->not_before_ms = store_take_time(step);
	l->expires_ms = store_take_time(step);
	l->issued_ms = store_take_time(step);
	l->changed_ms = store_take_time(step);
	store_take_id(step, l->issued_by);
}

enum err store_institution_license_add(struct store *s, const struct store_institution_license *l)
{
	static const struct store_statement insert = {
		"institution_license_insert",
		"INSERT INTO institution_license (id, institution, model, rights, terms_sha256, "
		"limits, regions, uses, seats, not_before, expires_at, issued_at, issued_by, "
		"changed_at, plan) VALUES ($1, $2, $3, string_to_array($4::text, ','), $5, $6, "
		"string_to_array($7::text, ','), string_to_array($8::text, ','), "
		"$9::bigint::integer, $10, $11, $12, $13, $12, coalesce($14, 'standard'))"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};

	store_put_id(&step, l->id);
	store_put_id(&step, l->institution);
	store_put_id(&step, l->model);
	store_put_text(&step, l->rights);
	store_put_bytes_or_null(&step, slice_of(l->terms_sha256, l->has_terms ? STORE_SHA256 : 0));
	store_put_text_or_null(&step, l->limits);
	store_put_text_or_null(&step, l->regions);
	store_put_text_or_null(&step, l->uses);
	store_put_int(&step, l->seats);
	store_put_time(&step, l->not_before_ms);
	store_put_time(&step, l->expires_ms);
	store_put_time(&step, l->issued_ms);
	store_put_id(&step, l->issued_by);
	store_put_text_or_null(&step, l->plan);
	return store_run(s, &step, 1);
}

enum err store_institution_license_get(struct store *s, struct arena *arena,
				       struct store_institution_license *out,
				       const uint8_t id[STORE_ID])
{
	static const struct store_statement find = {"institution_license_get",
						    SELECT "WHERE l.id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, id);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take, "institution's license");
}

enum err store_institution_license_list(struct store *s, struct arena *arena,
					struct store_institution_license **out, size_t *count,
					const uint8_t official[STORE_ID])
{
	static const struct store_statement list = {
		"institution_license_list",
		SELECT "WHERE $1::uuid IS NULL OR EXISTS (SELECT FROM member o "
		       "WHERE o.institution = l.institution AND o.person = $1 "
		       "AND o.role = 'official' AND o.until IS NULL) "
		       "ORDER BY l.issued_at DESC, l.id LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, official);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take);
	return OK;
}

enum err store_institution_license_hold(struct store *s, const uint8_t id[STORE_ID], int64_t now_ms)
{
	static const struct store_statement find = {
		"institution_license_hold",
		"SELECT FROM institution_license WHERE id = $1 AND state = 'active' "
		"AND expires_at > $2 FOR SHARE"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find};

	store_put_id(&step, id);
	store_put_time(&step, now_ms);
	TRY(store_run(s, &step, 1));
	return store_rows(&step) ? OK
				 : failure(ERR_CONFLICT, "the institution's license does not hold");
}

enum err store_seat_take(struct store *s, const struct store_seat *seat)
{
	static const struct store_statement sweep = {
		"seat_sweep", "DELETE FROM license_seat WHERE parent = $1 AND license IS NULL "
			      "AND taken_at < $2::timestamptz - interval '1 minute'"};
	static const struct store_statement insert = {
		"seat_take", "INSERT INTO license_seat (parent, person, taken_by, taken_at) "
			     "VALUES ($1, $2, $3, $4)"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	struct store_step *step = store_batch_add(&batch, &sweep, NULL);
	enum err result;

	store_put_id(step, seat->parent);
	store_put_time(step, seat->taken_ms);
	step = store_batch_add(&batch, &insert, NULL);
	store_put_id(step, seat->parent);
	store_put_id(step, seat->person);
	store_put_id(step, seat->taken_by);
	store_put_time(step, seat->taken_ms);
	result = store_batch_run(s, &batch);
	if (result != OK && strcmp(store_constraint(s), "institution_license_seats") == 0)
		return failure(ERR_CONFLICT, "all seats are taken");
	if (result == ERR_CONFLICT)
		return failure(ERR_CONFLICT, "they have a seat already");
	return result;
}

enum err store_seat_fill(struct store *s, const uint8_t parent[STORE_ID],
			 const uint8_t person[STORE_ID], const uint8_t license[STORE_ID])
{
	static const struct store_statement update = {
		"seat_fill", "UPDATE license_seat SET license = $3 WHERE parent = $1 "
			     "AND person = $2 AND license IS NULL"};
	AUTO(store_step_clear) struct store_step step = {.statement = &update};

	store_put_id(&step, parent);
	store_put_id(&step, person);
	store_put_id(&step, license);
	TRY(store_run(s, &step, 1));
	return store_changed(&step) ? OK : failure(ERR_CONFLICT, "the seat was given up meanwhile");
}

enum err store_seat_free(struct store *s, const uint8_t parent[STORE_ID],
			 const uint8_t person[STORE_ID])
{
	static const struct store_statement delete = {
		"seat_free", "DELETE FROM license_seat WHERE parent = $1 AND person = $2"};
	AUTO(store_step_clear) struct store_step step = {.statement = &delete};

	store_put_id(&step, parent);
	store_put_id(&step, person);
	return store_run(s, &step, 1);
}

enum err store_seat_free_license(struct store *s, const uint8_t license[STORE_ID])
{
	static const struct store_statement delete = {
		"seat_free_license", "DELETE FROM license_seat WHERE license = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &delete};

	store_put_id(&step, license);
	return store_run(s, &step, 1);
}

static void take_seat(struct store_step *step, void *out)
{
	struct store_seat *seat = out;

	store_take_id(step, seat->parent);
	store_take_id(step, seat->person);
	seat->person_name = store_take_text(step);
	store_take_id(step, seat->license);
	seat->license_state = store_take_text(step);
	store_take_id(step, seat->taken_by);
	seat->taken_ms = store_take_time(step);
}

enum err store_seat_list(struct store *s, struct arena *arena, struct store_seat **out,
			 size_t *count, const uint8_t parent[STORE_ID])
{
	static const struct store_statement list = {
		"seat_list",
		"SELECT t.parent, t.person, p.name, t.license, l.state, t.taken_by, t.taken_at "
		"FROM license_seat t JOIN person p ON p.id = t.person "
		"LEFT JOIN license l ON l.id = t.license WHERE t.parent = $1 "
		"ORDER BY p.name, p.id LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, parent);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_seat);
	return OK;
}

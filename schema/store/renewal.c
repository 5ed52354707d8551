/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/renewal.h"

#include "schema/store/query.h"

#define RENEWAL_SELECT \
	"SELECT r.id, r.license, r.person, m.name, p.name, r.state, r.report, r.publications, " \
	"r.reason, d.name, r.renewed_as, l.expires_at, r.created_at, r.changed_at " \
	"FROM renewal r JOIN license l ON l.id = r.license JOIN model m ON m.id = l.model " \
	"JOIN person p ON p.id = r.person LEFT JOIN person d ON d.id = r.decided_by "

static void take_renewal(struct store_step *step, void *out)
{
	struct store_renewal *r = out;

	store_take_id(step, r->id);
	store_take_id(step, r->license);
	store_take_id(step, r->person);
	r->model_name = store_take_text(step);
	r->person_name = store_take_text(step);
	r->state = store_take_text(step);
	r->report = store_take_text(step);
	r->publications = store_take_text(step);
	r->reason = store_take_text(step);
	r->decided_by_name = store_take_text(step);
	store_take_id(step, r->renewed_as);
	r->license_expires_ms = store_take_time(step);
	r->created_ms = store_take_time(step);
	r->changed_ms = store_take_time(step);
}

enum err store_renewal_add(struct store *s, const struct store_renewal *r)
{
	static const struct store_statement insert = {
		"renewal_insert",
		"INSERT INTO renewal (id, license, person, report, publications, created_at, "
		"changed_at) VALUES ($1, $2, $3, $4, $5, $6, $6)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};

	store_put_id(&step, r->id);
	store_put_id(&step, r->license);
	store_put_id(&step, r->person);
	store_put_text(&step, r->report);
	store_put_text(&step, r->publications);
	store_put_time(&step, r->created_ms);
	return store_run(s, &step, 1);
}

enum err store_renewal_get(struct store *s, struct arena *arena, struct store_renewal *out,
			   const uint8_t id[STORE_ID])
{
	static const struct store_statement find = {"renewal_get",
						    RENEWAL_SELECT "WHERE r.id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, id);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_renewal, "renewal");
}

enum err store_renewal_list(struct store *s, struct arena *arena, struct store_renewal **out,
			    size_t *count, const uint8_t person[STORE_ID], struct slice state)
{
	static const struct store_statement list = {"renewal_list", RENEWAL_SELECT
						    "WHERE ($1::uuid IS NULL OR r.person = $1) "
						    "AND ($2::text IS NULL OR r.state = $2) "
						    "ORDER BY r.created_at, r.id LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, person);
	store_put_text_or_null(&step, state);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_renewal);
	return OK;
}

enum err store_renewal_grant(struct store *s, const uint8_t license[STORE_ID],
			     const uint8_t by[STORE_ID], const uint8_t renewed_as[STORE_ID],
			     struct slice reason, int64_t now_ms)
{
	static const struct store_statement update = {
		"renewal_grant", "UPDATE renewal SET state = 'granted', decided_by = $2, "
				 "renewed_as = $3, reason = $4, changed_at = $5 "
				 "WHERE license = $1 AND state = 'submitted'"};
	AUTO(store_step_clear) struct store_step step = {.statement = &update};

	store_put_id(&step, license);
	store_put_id(&step, by);
	store_put_id(&step, renewed_as);
	store_put_text_or_null(&step, reason);
	store_put_time(&step, now_ms);
	return store_run(s, &step, 1);
}

enum err store_renewal_deny(struct store *s, const uint8_t id[STORE_ID], const uint8_t by[STORE_ID],
			    struct slice reason, int64_t now_ms)
{
	static const struct store_statement update = {
		"renewal_deny",
		"UPDATE renewal SET state = 'denied', decided_by = $2, reason = $3, "
		"changed_at = $4 WHERE id = $1 AND state = 'submitted'"};
	AUTO(store_step_clear) struct store_step step = {.statement = &update};

	store_put_id(&step, id);
	store_put_id(&step, by);
	store_put_text(&step, reason);
	store_put_time(&step, now_ms);
	TRY(store_run(s, &step, 1));
	return store_changed(&step) ? OK : failure(ERR_CONFLICT, "the renewal is decided already");
}

enum err store_closeout_add(struct store *s, const struct store_closeout *c)
{
	static const struct store_statement insert = {
		"closeout_insert",
		"INSERT INTO closeout (license, person, reason, attestation, key, "
		"signature, at) VALUES ($1, $2, $3, $4, $5, $6, $7)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};
	bool is_signed = !store_id_is_none(c->key);

	store_put_id(&step, c->license);
	store_put_id(&step, c->person);
	store_put_text(&step, c->reason);
	store_put_text(&step, c->attestation);
	store_put_id(&step, c->key);
	store_put_bytes_or_null(&step, slice_of(c->signature, is_signed ? STORE_SIGNATURE : 0));
	store_put_time(&step, c->at_ms);
	return store_run(s, &step, 1);
}

static void take_closeout(struct store_step *step, void *out)
{
	struct store_closeout *c = out;

	store_take_id(step, c->license);
	store_take_id(step, c->person);
	c->reason = store_take_text(step);
	c->attestation = store_take_text(step);
	store_take_id(step, c->key);
	store_take_bytes(step, c->signature, sizeof c->signature);
	c->at_ms = store_take_time(step);
}

enum err store_closeout_get(struct store *s, struct arena *arena, struct store_closeout *out,
			    const uint8_t license[STORE_ID])
{
	static const struct store_statement find = {
		"closeout_get", "SELECT license, person, reason, attestation, key, signature, at "
				"FROM closeout WHERE license = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, license);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_closeout, "close-out");
}

static void take_reminder(struct store_step *step, void *out)
{
	struct store_reminder *r = out;

	store_take_id(step, r->license);
	store_take_id(step, r->person);
	r->model_name = store_take_text(step);
	r->person_name = store_take_text(step);
	r->expires_ms = store_take_time(step);
	r->days = store_take_int(step);
}

/* A license that is shorter than 30 days is not told of them; and who was told of 7 days is not
 * told of 30 afterwards. */
enum err store_reminders_due(struct store *s, struct arena *arena, struct store_reminder **out,
			     size_t *count, int64_t now_ms)
{
	static const struct store_statement list = {
		"reminders_due",
		"SELECT DISTINCT ON (l.id) l.id, l.person, m.name, p.name, l.expires_at, "
		"d.days::bigint FROM license l JOIN model m ON m.id = l.model "
		"JOIN person p ON p.id = l.person "
		"JOIN (VALUES (30), (7), (1)) AS d (days) "
		"ON l.expires_at <= $1::timestamptz + d.days * interval '1 day' "
		"AND l.expires_at - d.days * interval '1 day' > l.issued_at "
		"WHERE l.state = 'active' AND l.expires_at > $1 "
		"AND l.expires_at <= $1::timestamptz + interval '30 days' AND NOT EXISTS (SELECT "
		"FROM license_reminder r WHERE r.license = l.id AND r.days <= d.days) "
		"ORDER BY l.id, d.days LIMIT 100"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_time(&step, now_ms);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_reminder);
	return OK;
}

enum err store_reminder_add(struct store *s, const uint8_t license[STORE_ID], int64_t days,
			    int64_t now_ms)
{
	static const struct store_statement insert = {
		"reminder_insert", "INSERT INTO license_reminder (license, days, at) "
				   "VALUES ($1, $2::bigint::integer, $3)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};

	store_put_id(&step, license);
	store_put_int(&step, days);
	store_put_time(&step, now_ms);
	return store_run(s, &step, 1);
}

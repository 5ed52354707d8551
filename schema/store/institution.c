/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/institution.h"

#include "schema/store/rows.h"

#define INSTITUTION_COLUMNS \
	"id, name, kind, country, array_to_string(domains, ','), state, created_at, created_by"

static void take_institution(struct store_step *step, void *out)
{
	struct store_institution *institution = out;

	store_take_id(step, institution->id);
	institution->name = store_take_text(step);
	institution->kind = store_take_text(step);
	institution->country = store_take_text(step);
	institution->domains = store_take_text(step);
	institution->state = store_take_text(step);
	institution->created_ms = store_take_time(step);
	store_take_id(step, institution->created_by);
}

enum err store_institution_add(struct store *s, const struct store_institution *institution)
{
	static const struct store_statement insert = {
		"institution_insert",
		"INSERT INTO institution (id, name, kind, country, domains, created_at, "
		"created_by) VALUES ($1, $2, $3, $4, string_to_array($5::text, ','), $6, $7)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};

	store_put_id(&step, institution->id);
	store_put_text(&step, institution->name);
	store_put_text(&step, institution->kind);
	store_put_text_or_null(&step, institution->country);
	store_put_text(&step, institution->domains);
	store_put_time(&step, institution->created_ms);
	store_put_id(&step, institution->created_by);
	return store_run(s, &step, 1);
}

enum err store_institution_get(struct store *s, struct arena *arena, struct store_institution *out,
			       const uint8_t id[STORE_ID])
{
	static const struct store_statement find = {
		"institution_get", "SELECT " INSTITUTION_COLUMNS " FROM institution WHERE id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, id);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_institution, "institution");
}

enum err store_institution_by_name(struct store *s, struct arena *arena,
				   struct store_institution *out, struct slice name)
{
	static const struct store_statement find = {"institution_by_name",
						    "SELECT " INSTITUTION_COLUMNS
						    " FROM institution WHERE name = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_text(&step, name);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_institution, "institution");
}

enum err store_institution_list(struct store *s, struct arena *arena,
				struct store_institution **out, size_t *count)
{
	static const struct store_statement list = {"institution_list",
						    "SELECT " INSTITUTION_COLUMNS
						    " FROM institution ORDER BY name LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_institution);
	return OK;
}

enum err store_institution_set_state(struct store *s, const uint8_t id[STORE_ID], struct slice from,
				     struct slice to)
{
	static const struct store_statement update = {
		"institution_set_state",
		"UPDATE institution SET state = $3 WHERE id = $1 AND state = $2"};
	AUTO(store_step_clear) struct store_step step = {.statement = &update};

	store_put_id(&step, id);
	store_put_text(&step, from);
	store_put_text(&step, to);
	return store_change(s, &step, "institution in that state");
}

enum err store_member_add(struct store *s, const struct store_member *member)
{
	static const struct store_statement insert = {
		"member_insert",
		"INSERT INTO member (institution, person, role, since) VALUES ($1, $2, $3, $4)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};

	store_put_id(&step, member->institution);
	store_put_id(&step, member->person);
	store_put_text(&step, member->role);
	store_put_time(&step, member->since_ms);
	return store_run(s, &step, 1);
}

enum err store_member_end(struct store *s, const uint8_t institution[STORE_ID],
			  const uint8_t person[STORE_ID], struct slice role, int64_t now_ms)
{
	/* Clocks of two edges may differ by a little. */
	static const struct store_statement update = {
		"member_end",
		"UPDATE member SET until = greatest(since, $4::timestamptz) "
		"WHERE institution = $1 AND person = $2 AND role = $3 AND until IS NULL"};
	AUTO(store_step_clear) struct store_step step = {.statement = &update};

	store_put_id(&step, institution);
	store_put_id(&step, person);
	store_put_text(&step, role);
	store_put_time(&step, now_ms);
	return store_change(s, &step, "member in that role");
}

#define MEMBER_COLUMNS \
	"m.institution, i.name, i.state, i.country, i.kind, m.person, p.name, m.role, m.since, " \
	"m.until"
#define MEMBER_TABLES \
	" FROM member m JOIN institution i ON i.id = m.institution " \
	"JOIN person p ON p.id = m.person "

void member_take(struct store_step *step, void *out)
{
	struct store_member *member = out;

	store_take_id(step, member->institution);
	member->institution_name = store_take_text(step);
	member->institution_state = store_take_text(step);
	member->institution_country = store_take_text(step);
	member->institution_kind = store_take_text(step);
	store_take_id(step, member->person);
	member->person_name = store_take_text(step);
	member->role = store_take_text(step);
	member->since_ms = store_take_time(step);
	member->until_ms = store_take_time(step);
}

enum err store_members(struct store *s, struct arena *arena, struct store_member **out,
		       size_t *count, const uint8_t institution[STORE_ID])
{
	static const struct store_statement list = {
		"member_list", "SELECT " MEMBER_COLUMNS MEMBER_TABLES "WHERE m.institution = $1 "
			       "ORDER BY m.until IS NOT NULL, p.name, m.role, m.since LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, institution);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, member_take);
	return OK;
}

enum err store_institution_certificate_set(struct store *s,
					   const struct store_institution_certificate *c)
{
	static const struct store_statement set = {
		"institution_certificate_set",
		"INSERT INTO institution_certificate (institution, issuer_sha256, organization, "
		"required, set_at, set_by) VALUES ($1, $2, $3, $4, $5, $6) "
		"ON CONFLICT (institution) DO UPDATE SET issuer_sha256 = $2, organization = $3, "
		"required = $4, set_at = $5, set_by = $6"};
	AUTO(store_step_clear) struct store_step step = {.statement = &set};

	store_put_id(&step, c->institution);
	store_put_bytes(&step, slice_of(c->issuer_sha256, STORE_SHA256));
	store_put_text_or_null(&step, c->organization);
	store_put_bool(&step, c->required);
	store_put_time(&step, c->set_ms);
	store_put_id(&step, c->set_by);
	return store_run(s, &step, 1);
}

static void take_certificate(struct store_step *step, void *out)
{
	struct store_institution_certificate *c = out;

	store_take_id(step, c->institution);
	store_take_bytes(step, c->issuer_sha256, STORE_SHA256);
	c->organization = store_take_text(step);
	c->required = store_take_bool(step);
	c->set_ms = store_take_time(step);
	store_take_id(step, c->set_by);
}

enum err store_institution_certificate_get(struct store *s, struct arena *arena,
					   struct store_institution_certificate *out,
					   const uint8_t institution[STORE_ID])
{
	static const struct store_statement find = {
		"institution_certificate_get",
		"SELECT institution, issuer_sha256, organization, required, set_at, set_by "
		"FROM institution_certificate WHERE institution = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, institution);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_certificate, "client certificate of the institution");
}

enum err store_institution_certificate_remove(struct store *s, const uint8_t institution[STORE_ID])
{
	static const struct store_statement remove_it = {
		"institution_certificate_remove",
		"DELETE FROM institution_certificate WHERE institution = $1 RETURNING 1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &remove_it};

	store_put_id(&step, institution);
	return store_change(s, &step, "client certificate of the institution");
}

const struct store_statement institutions_of_statement = {"institutions_of",
							  "SELECT " MEMBER_COLUMNS MEMBER_TABLES
							  "WHERE m.person = $1 AND m.until IS NULL "
							  "ORDER BY i.name, m.role LIMIT 1000"};

enum err store_institutions_of(struct store *s, struct arena *arena, struct store_member **out,
			       size_t *count, const uint8_t person[STORE_ID])
{
	AUTO(store_step_clear)
	struct store_step step = {.statement = &institutions_of_statement, .arena = arena};

	store_put_id(&step, person);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, member_take);
	return OK;
}

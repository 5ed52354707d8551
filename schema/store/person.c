/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/person.h"

#include "schema/store/rows.h"

void person_take(struct store_step *step, void *out)
{
	struct store_person *person = out;

	person->name = store_take_text(step);
	person->email = store_take_text(step);
	person->state = store_take_text(step);
	person->offices = store_take_text(step);
	person->held = store_take_text(step);
	person->client_rules = store_take_text(step);
	person->created_ms = store_take_time(step);
	person->is_blocked = store_take_bool(step);
}

static void take_person(struct store_step *step, void *out)
{
	store_take_id(step, ((struct store_person *)out)->id);
	person_take(step, out);
}

static const struct store_statement insert_offices = {
	"office_insert",
	"INSERT INTO office (person, office, granted_at, granted_by) "
	"SELECT $1::uuid, unnest(string_to_array($2::text, ',')), $3::timestamptz, $4::uuid"};

static void put_offices(struct store_batch *batch, const uint8_t person[STORE_ID],
			struct slice offices, int64_t now_ms, const uint8_t granted_by[STORE_ID])
{
	struct store_step *step = store_batch_add(batch, &insert_offices, NULL);

	store_put_id(step, person);
	store_put_text(step, offices);
	store_put_time(step, now_ms);
	store_put_id(step, granted_by);
}

enum err store_person_add(struct store *s, const struct store_person *person,
			  const uint8_t granted_by[STORE_ID])
{
	static const struct store_statement insert = {
		"person_insert",
		"INSERT INTO person (id, name, email, created_at) VALUES ($1, $2, $3, $4)"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	struct store_step *step = store_batch_add(&batch, &insert, NULL);

	store_put_id(step, person->id);
	store_put_text(step, person->name);
	store_put_text_or_null(step, person->email);
	store_put_time(step, person->created_ms);
	put_offices(&batch, person->id, person->offices, person->created_ms, granted_by);
	return store_batch_run(s, &batch);
}

enum err store_person_by_id(struct store *s, struct arena *arena, struct store_person *out,
			    const uint8_t id[STORE_ID])
{
	static const struct store_statement find = {
		"person_by_id", "SELECT p.id, " PERSON_COLUMNS " FROM person p WHERE p.id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, id);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_person, "person");
}

enum err store_person_by_name(struct store *s, struct arena *arena, struct store_person *out,
			      struct slice name)
{
	static const struct store_statement find = {"person_by_name",
						    "SELECT p.id, " PERSON_COLUMNS
						    " FROM person p WHERE p.name = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_text(&step, name);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_person, "person");
}

enum err store_person_list(struct store *s, struct arena *arena, struct store_person **out,
			   size_t *count)
{
	static const struct store_statement list = {"person_list",
						    "SELECT p.id, " PERSON_COLUMNS
						    " FROM person p ORDER BY p.name LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_person);
	return OK;
}

enum err store_person_set_state(struct store *s, const uint8_t id[STORE_ID], struct slice state)
{
	static const struct store_statement update = {"person_set_state",
						      "UPDATE person SET state = $2 WHERE id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &update};

	store_put_id(&step, id);
	store_put_text(&step, state);
	return store_change(s, &step, "person");
}

enum err store_office_grant(struct store *s, const struct store_office *office)
{
	static const struct store_statement insert = {
		"office_grant",
		"INSERT INTO office (person, office, scope, until, granted_at, granted_by) "
		"VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (person, office, coalesce(scope, '')) "
		"DO UPDATE SET until = excluded.until, granted_at = excluded.granted_at, "
		"granted_by = excluded.granted_by"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};

	store_put_id(&step, office->person);
	store_put_text(&step, office->office);
	store_put_text_or_null(&step, office->scope);
	store_put_time(&step, office->until_ms);
	store_put_time(&step, office->granted_ms);
	store_put_id(&step, office->granted_by);
	return store_run(s, &step, 1);
}

enum err store_office_revoke(struct store *s, const uint8_t person[STORE_ID], struct slice office,
			     struct slice scope)
{
	static const struct store_statement remove = {
		"office_revoke", "DELETE FROM office WHERE person = $1 AND office = $2 "
				 "AND scope IS NOT DISTINCT FROM $3"};
	AUTO(store_step_clear) struct store_step step = {.statement = &remove};

	store_put_id(&step, person);
	store_put_text(&step, office);
	store_put_text_or_null(&step, scope);
	return store_change(s, &step, "office of this person");
}

static void take_office(struct store_step *step, void *out)
{
	struct store_office *office = out;

	store_take_id(step, office->person);
	office->person_name = store_take_text(step);
	office->office = store_take_text(step);
	office->scope = store_take_text(step);
	office->until_ms = store_take_time(step);
	office->granted_ms = store_take_time(step);
	store_take_id(step, office->granted_by);
}

enum err store_office_list(struct store *s, struct arena *arena, struct store_office **out,
			   size_t *count, const uint8_t person[STORE_ID])
{
	static const struct store_statement list = {
		"office_list",
		"SELECT p.id, p.name, o.office, o.scope, o.until, o.granted_at, o.granted_by "
		"FROM office o JOIN person p ON p.id = o.person WHERE $1::uuid IS NULL OR p.id = "
		"$1 "
		"ORDER BY p.name, o.office, o.scope LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, person);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_office);
	return OK;
}

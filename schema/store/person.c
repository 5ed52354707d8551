/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/person.h"

#include "schema/store/query.h"

#define PERSON_COLUMNS \
	"p.id, p.name, p.email, p.state, array_to_string(ARRAY(SELECT o.office FROM office o " \
	"WHERE o.person = p.id ORDER BY 1), ','), p.created_at"

static void take_person(struct store_step *step, void *out)
{
	struct store_person *person = out;

	store_take_id(step, person->id);
	person->name = store_take_text(step);
	person->email = store_take_text(step);
	person->state = store_take_text(step);
	person->offices = store_take_text(step);
	person->created_ms = store_take_time(step);
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
		"person_by_id", "SELECT " PERSON_COLUMNS " FROM person p WHERE p.id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, id);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_person, "person");
}

enum err store_person_by_name(struct store *s, struct arena *arena, struct store_person *out,
			      struct slice name)
{
	static const struct store_statement find = {
		"person_by_name", "SELECT " PERSON_COLUMNS " FROM person p WHERE p.name = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_text(&step, name);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_person, "person");
}

enum err store_person_list(struct store *s, struct arena *arena, struct store_person **out,
			   size_t *count)
{
	static const struct store_statement list = {"person_list",
						    "SELECT " PERSON_COLUMNS
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

enum err store_person_set_offices(struct store *s, const uint8_t id[STORE_ID], struct slice offices,
				  int64_t now_ms, const uint8_t granted_by[STORE_ID])
{
	static const struct store_statement clear = {"office_clear",
						     "DELETE FROM office WHERE person = $1"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};

	store_put_id(store_batch_add(&batch, &clear, NULL), id);
	put_offices(&batch, id, offices, now_ms, granted_by);
	return store_batch_run(s, &batch);
}

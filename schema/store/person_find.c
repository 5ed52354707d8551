/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/person_find.h"

#include "schema/store/rows.h"

static void take_person(struct store_step *step, void *out)
{
	store_take_id(step, ((struct store_person *)out)->id);
	person_take(step, out);
}

/* Planned anew each time, for the filters that are used (request_find.c says why). */
enum err store_person_find(struct store *s, struct arena *arena, struct store_person **out,
			   size_t *count, const struct store_person_question *q)
{
	static const struct store_statement find = {
		NULL, "SELECT p.id, " PERSON_COLUMNS " FROM person p "
		      "WHERE ($1::text IS NULL OR strpos(lower(p.name), lower($1)) > 0 "
		      "OR strpos(lower(p.email), lower($1)) > 0) "
		      "AND ($2::text IS NULL OR p.state = $2) "
		      "AND ($3::text IS NULL OR EXISTS (SELECT FROM office o WHERE o.person = p.id "
		      "AND o.office = $3 AND (o.until IS NULL OR o.until > clock_timestamp()))) "
		      "AND ($4::uuid IS NULL OR EXISTS (SELECT FROM member b WHERE b.person = p.id "
		      "AND b.institution = $4 AND b.until IS NULL)) "
		      "AND ($5::text IS NULL OR p.name > $5) AND ($6::text IS NULL OR p.name = $6) "
		      "ORDER BY p.name LIMIT $7::bigint"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_text_or_null(&step, q->text);
	store_put_text_or_null(&step, q->state);
	store_put_text_or_null(&step, q->office);
	store_put_id(&step, q->institution);
	store_put_text_or_null(&step, q->after);
	store_put_text_or_null(&step, q->name);
	store_put_int(&step, (int64_t)q->limit);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_person);
	return OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/audit_question.h"

#include <stdio.h>

#include "crypto/base/text.h"

enum { MAX_SQL = 8192 };

void question_begin(struct question *q, struct arena *arena)
{
	*q = (struct question){.sql = buf_new(MAX_SQL), .step = {.arena = arena}};
}

void question_clear(struct question *q)
{
	store_step_clear(&q->step);
	buf_free(&q->sql);
}

enum err question_run(struct question *q, struct store *s)
{
	TRY(buf_done(&q->sql));
	q->statement.sql = buf_string(&q->sql);
	q->step.statement = &q->statement;
	return store_run(s, &q->step, 1);
}

/* `format` has one %zu, for the number of the argument. */
void question_with_text(struct question *q, const char *before, struct slice value,
			const char *behind)
{
	if (value.size == 0)
		return;
	store_put_text(&q->step, value);
	buf_printf(&q->sql, " AND %s$%zu::text%s", before, q->step.arguments, behind);
}

void question_with_model(struct question *q, struct slice model)
{
	if (slice_ends_with(model, S("/*")))
		question_with_text(q, "e.model <> '' AND split_part(e.model, '/', 1) = ",
				   slice_part(model, 0, model.size - 2), "");
	else
		question_with_text(q, "e.model = ", model, "");
}

void question_with_time(struct question *q, const char *before, int64_t ms)
{
	if (ms == 0)
		return;
	store_put_time(&q->step, ms);
	buf_printf(&q->sql, " AND %s $%zu::timestamptz", before, q->step.arguments);
}

/* What an auditor of some models may see. Of "ns/<star>" the namespace is left when the star is
 * gone; a name, which has a slash, is no namespace. */
static void with_scope(struct question *q, const struct store_audit_filter *f)
{
	if (!f->is_narrow)
		return;
	store_put_text(&q->step, f->models);
	buf_printf(&q->sql,
		   " AND (e.model = ANY(string_to_array($%zu::text, ',')) OR (e.model <> '' AND "
		   "split_part(e.model, '/', 1) = "
		   "ANY(string_to_array(replace($%zu::text, '/*', ''), ','))))",
		   q->step.arguments, q->step.arguments);
}

/* What is known of an event in audit_entry and of a row of audit_day alike. */
void question_with_columns(struct question *q, const struct store_audit_filter *f)
{
	question_with_model(q, f->model);
	question_with_text(q, "e.right_name = ", f->right, "");
	question_with_text(q, "e.code = ", f->code, "");
	if (slice_equal(f->decision, S("allow")))
		buf_write_string(&q->sql, " AND e.allow");
	else if (f->decision.size)
		buf_write_string(&q->sql, " AND NOT e.allow");
	with_scope(q, f);
}

bool question_is_several(struct slice kinds)
{
	return slice_find(kinds, ',') < kinds.size;
}

void question_with_kinds(struct question *q, struct slice kinds)
{
	if (question_is_several(kinds))
		question_with_text(q, "e.kind = ANY(string_to_array(", kinds, ", ','))");
	else
		question_with_text(q, "e.kind = ", kinds, "");
}

void question_with_actor(struct question *q, struct slice actor)
{
	uint8_t id[STORE_ID];

	if (actor.size && text_read_uuid(id, actor) == OK)
		question_with_text(q, "e.actor = ", actor, "::uuid");
	else
		question_with_text(q, "e.actor_name = ", actor, "");
}

void question_with_institution(struct question *q, const char *column, struct slice institution)
{
	char before[256];
	uint8_t id[STORE_ID];

	if (institution.size && text_read_uuid(id, institution) == OK) {
		snprintf(before, sizeof before, "%s = ", column);
		question_with_text(q, before, institution, "::uuid");
		return;
	}
	snprintf(before, sizeof before,
		 "%s = (SELECT id FROM auditor_institution WHERE name = ", column);
	question_with_text(q, before, institution, ")");
}

void question_with_region(struct question *q, struct slice region)
{
	question_with_text(q,
			   "EXISTS (SELECT FROM auditor_institution i JOIN auditor_affiliation fi "
			   "ON fi.institution = i.id AND fi.class = e.class AND fi.place = e.place "
			   "WHERE i.country = ",
			   region, ")");
}

void question_with_places(struct question *q, const char *column,
			  const struct store_audit_bounds *bounds)
{
	buf_printf(&q->sql, " AND %s >= %lld AND %s < %lld", column, (long long)bounds->first,
		   column, (long long)bounds->end);
}

void question_with_filter(struct question *q, const struct store_audit_filter *f)
{
	question_with_institution(q, "f.place = e.place AND f.institution", f->institution);
	question_with_region(q, f->region);
	question_with_actor(q, f->actor);
	question_with_columns(q, f);
	if (!store_id_is_none(f->license)) {
		store_put_id(&q->step, f->license);
		buf_printf(&q->sql, " AND e.license = $%zu::uuid", q->step.arguments);
	}
	question_with_text(q, "e.address <<= ", f->address, "::inet");
	question_with_time(q, "e.at >=", f->from_ms);
	question_with_time(q, "e.at <", f->to_ms);
}

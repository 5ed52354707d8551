/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/erasure.h"

#include "schema/store/query.h"

enum err store_erasure_add(struct store *s, const struct store_erasure *e)
{
	static const struct store_statement insert = {
		"erasure_add",
		"INSERT INTO erasure (id, subject, scope, reason, override, asked_by, asked_at) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};

	store_put_id(&step, e->id);
	store_put_id(&step, e->subject);
	store_put_text(&step, e->scope);
	store_put_text(&step, e->reason);
	store_put_text_or_null(&step, e->override);
	store_put_id(&step, e->asked_by);
	store_put_time(&step, e->asked_ms);
	return store_run(s, &step, 1);
}

#define ERASURE_SELECT \
	"SELECT e.id, e.subject, p.name, e.scope, e.reason, e.override, e.state, e.asked_by, " \
	"a.name, e.asked_at, e.decided_by, d.name, e.decided_at, e.decision_reason, e.next, " \
	"e.erased, " \
	"e.kept, e.kept_until, e.file_due_at, e.done_at FROM auditor_erasure e " \
	"JOIN person p ON p.id = e.subject JOIN person a ON a.id = e.asked_by " \
	"LEFT JOIN person d ON d.id = e.decided_by "

static void take_erasure(struct store_step *step, void *out)
{
	struct store_erasure *e = out;

	store_take_id(step, e->id);
	store_take_id(step, e->subject);
	e->subject_name = store_take_text(step);
	e->scope = store_take_text(step);
	e->reason = store_take_text(step);
	e->override = store_take_text(step);
	e->state = store_take_text(step);
	store_take_id(step, e->asked_by);
	e->asked_by_name = store_take_text(step);
	e->asked_ms = store_take_time(step);
	store_take_id(step, e->decided_by);
	e->decided_by_name = store_take_text(step);
	e->decided_ms = store_take_time(step);
	e->decision_reason = store_take_text(step);
	e->next_place = store_take_int(step);
	e->erased = store_take_int(step);
	e->kept = store_take_int(step);
	e->kept_until_ms = store_take_time(step);
	e->file_due_ms = store_take_time(step);
	e->done_ms = store_take_time(step);
}

enum err store_erasure_get(struct store *s, struct arena *arena, struct store_erasure *out,
			   const uint8_t id[STORE_ID])
{
	static const struct store_statement find = {"erasure_get",
						    ERASURE_SELECT "WHERE e.id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, id);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_erasure, "erasure");
}

enum err store_erasure_list(struct store *s, struct arena *arena, struct store_erasure **out,
			    size_t *count, struct slice state)
{
	static const struct store_statement list = {"erasure_list", ERASURE_SELECT
						    "WHERE $1::text IS NULL OR e.state = $1 "
						    "ORDER BY e.asked_at DESC LIMIT $2::bigint"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_text_or_null(&step, state);
	store_put_int(&step, STORE_ERASURE_MAX_LIST);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_erasure);
	return OK;
}

enum err store_erasure_confirm(struct store *s, const uint8_t id[STORE_ID],
			       const uint8_t by[STORE_ID], const struct store_periods *p,
			       struct slice why)
{
	static const struct store_statement confirm = {
		"erasure_confirm", "SELECT erasure_confirm($1, $2, $3::bigint::integer, $4)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &confirm};

	store_put_id(&step, id);
	store_put_id(&step, by);
	store_put_int(&step, p->record_years);
	store_put_text_or_null(&step, why);
	return store_run(s, &step, 1);
}

enum err store_erasure_reject(struct store *s, const uint8_t id[STORE_ID],
			      const uint8_t by[STORE_ID], struct slice why)
{
	static const struct store_statement reject = {"erasure_reject",
						      "SELECT erasure_reject($1, $2, $3)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &reject};

	store_put_id(&step, id);
	store_put_id(&step, by);
	store_put_text_or_null(&step, why);
	TRY(store_run(s, &step, 1));
	if (!store_next(&step) || store_take_is_null(&step))
		return failure(ERR_CONFLICT, "this erasure is decided already, or was asked for by "
					     "the same person");
	return OK;
}

static void put_periods(struct store_step *step, const struct store_periods *p)
{
	store_put_int(step, p->usage_months);
	store_put_int(step, p->record_years);
}

static void take_part(struct store_step *step, void *out)
{
	struct store_erasure_part *part = out;

	part->rule = store_take_text(step);
	part->goes = store_take_int(step);
	part->stays = store_take_int(step);
	part->held = store_take_int(step);
	part->for_good = store_take_int(step);
	part->until_ms = store_take_time(step);
}

enum err store_erasure_preview(struct store *s, struct arena *arena,
			       struct store_erasure_part **out, size_t *count,
			       const uint8_t subject[STORE_ID], bool overridden,
			       const struct store_periods *p)
{
	static const struct store_statement preview = {
		"erasure_preview", "SELECT rule, goes, stays, held, for_good, until FROM "
				   "erasure_preview($1, $2, $3::bigint::integer, "
				   "$4::bigint::integer)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &preview, .arena = arena};

	store_put_id(&step, subject);
	store_put_bool(&step, overridden);
	put_periods(&step, p);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_part);
	return OK;
}

enum err store_person_is_held(struct store *s, bool *held, const uint8_t person[STORE_ID])
{
	static const struct store_statement ask = {"person_is_held", "SELECT person_is_held($1)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &ask};

	store_put_id(&step, person);
	TRY(store_run(s, &step, 1));
	*held = store_next(&step) && store_take_bool(&step);
	return OK;
}

static void take_id(struct store_step *step, void *out)
{
	store_take_id(step, out);
}

enum err store_erasure_due(struct store *s, struct arena *arena, uint8_t (**out)[STORE_ID],
			   size_t *count)
{
	static const struct store_statement due = {"erasure_due",
						   "SELECT id FROM erasure_due_now()"};
	AUTO(store_step_clear) struct store_step step = {.statement = &due, .arena = arena};

	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, STORE_ID, take_id);
	return OK;
}

enum err store_erasure_look(struct store *s, struct arena *arena, struct store_erasure_step *out,
			    const uint8_t id[STORE_ID], const struct store_periods *p)
{
	static const struct store_statement look = {
		"erasure_look", "SELECT is_there, goes, ranges, reduces FROM "
				"erasure_look($1, $2::bigint::integer, $3::bigint::integer)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &look, .arena = arena};

	store_put_id(&step, id);
	put_periods(&step, p);
	TRY(store_run(s, &step, 1));
	if (!store_next(&step))
		return failure(ERR_INTERNAL, "an erasure has no next step");
	out->is_there = store_take_bool(&step);
	out->goes = store_take_int(&step);
	out->ranges = store_take_text(&step);
	out->reduces = store_take_text(&step);
	return OK;
}

enum err store_erasure_apply(struct store *s, const uint8_t id[STORE_ID],
			     const uint8_t entry[STORE_ID], const struct store_periods *p)
{
	static const struct store_statement apply = {
		"erasure_apply", "SELECT erasure_apply($1, $2, $3::bigint::integer, "
				 "$4::bigint::integer)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &apply};

	store_put_id(&step, id);
	store_put_id(&step, entry);
	put_periods(&step, p);
	return store_run(s, &step, 1);
}

enum err store_erasure_file(struct store *s, bool *done, const uint8_t id[STORE_ID],
			    const uint8_t entry[STORE_ID])
{
	static const struct store_statement file = {"erasure_file", "SELECT erasure_file($1, $2)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &file};

	store_put_id(&step, id);
	store_put_id(&step, entry);
	TRY(store_run(s, &step, 1));
	*done = store_next(&step) && store_take_bool(&step);
	return OK;
}

enum err store_reduced_add(struct store *s, const uint8_t event[STORE_ID], struct slice facts,
			   const uint8_t seal[32])
{
	static const struct store_statement add = {
		"reduced_add", "INSERT INTO audit_reduced (event, facts, seal) VALUES ($1, $2, $3) "
			       "ON CONFLICT (event) DO NOTHING"};
	AUTO(store_step_clear) struct store_step step = {.statement = &add};

	store_put_id(&step, event);
	store_put_bytes(&step, facts);
	store_put_bytes(&step, slice_of(seal, 32));
	return store_run(s, &step, 1);
}

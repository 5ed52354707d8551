/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/retention.h"

#include "schema/store/query.h"

static void put_periods(struct store_step *step, const struct store_periods *p)
{
	store_put_int(step, p->usage_months);
	store_put_int(step, p->record_years);
}

static void take_rule(struct store_step *step, void *out)
{
	struct store_retention *r = out;

	r->rule = store_take_text(step);
	r->erased = store_take_int(step);
	r->ran_ms = store_take_time(step);
	store_take_id(step, r->entry);
	r->waits_ms = store_take_time(step);
	r->due = store_take_int(step);
	r->held = store_take_int(step);
}

enum err store_retention_list(struct store *s, struct arena *arena, struct store_retention **out,
			      size_t *count, const struct store_periods *p)
{
	static const struct store_statement list = {
		"retention_list",
		"SELECT r.rule, r.erased, r.ran_at, r.entry, CASE WHEN retention_waits() "
		"THEN (SELECT waits_until FROM retention_clock) END, coalesce(d.due, 0), "
		"coalesce(d.held, 0) FROM retention r LEFT JOIN "
		"retention_due($1::bigint::integer, $2::bigint::integer) d ON d.rule = r.rule "
		"ORDER BY r.rule DESC"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	put_periods(&step, p);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_rule);
	return OK;
}

enum err store_retention_look(struct store *s, struct arena *arena, struct store_erasure_step *out,
			      struct slice rule, const struct store_periods *p)
{
	static const struct store_statement look = {
		"retention_look", "SELECT goes, ranges, reduces FROM "
				  "retention_look($1, $2::bigint::integer, $3::bigint::integer)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &look, .arena = arena};

	store_put_text(&step, rule);
	put_periods(&step, p);
	TRY(store_run(s, &step, 1));
	if (!store_next(&step))
		return failure(ERR_INTERNAL, "a rule of retention has no next step");
	out->is_there = true;
	out->goes = store_take_int(&step);
	out->ranges = store_take_text(&step);
	out->reduces = store_take_text(&step);
	return OK;
}

enum err store_retention_apply(struct store *s, bool *more, struct slice rule,
			       const uint8_t entry[STORE_ID], const struct store_periods *p)
{
	static const struct store_statement apply = {
		"retention_apply", "SELECT retention_apply($1, $2, $3::bigint::integer, "
				   "$4::bigint::integer)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &apply};

	store_put_text(&step, rule);
	store_put_id(&step, entry);
	put_periods(&step, p);
	TRY(store_run(s, &step, 1));
	*more = store_next(&step) && store_take_bool(&step);
	return OK;
}

enum err store_retention_sessions(struct store *s, int64_t *count, int64_t days)
{
	static const struct store_statement ask = {
		"retention_sessions", "SELECT retention_sessions($1::bigint::integer)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &ask};

	store_put_int(&step, days);
	TRY(store_run(s, &step, 1));
	*count = store_next(&step) ? store_take_int(&step) : 0;
	return OK;
}

enum err store_retention_sessions_end(struct store *s, int64_t days, const uint8_t entry[STORE_ID])
{
	static const struct store_statement end = {
		"retention_sessions_end", "SELECT retention_sessions_end($1::bigint::integer, $2)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &end};

	store_put_int(&step, days);
	store_put_id(&step, entry);
	return store_run(s, &step, 1);
}

enum err store_hold_add(struct store *s, const struct store_hold *h)
{
	static const struct store_statement insert = {
		"hold_add",
		"INSERT INTO legal_hold (id, kind, person, license, model, reason, placed_by, "
		"placed_at) SELECT $1, $2, CASE $2 WHEN 'person' THEN $3::uuid END, "
		"CASE $2 WHEN 'license' THEN $3::uuid END, CASE $2 WHEN 'model' THEN $3::uuid END, "
		"$4, $5, $6"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};

	store_put_id(&step, h->id);
	store_put_text(&step, h->kind);
	store_put_id(&step, h->target);
	store_put_text(&step, h->reason);
	store_put_id(&step, h->placed_by);
	store_put_time(&step, h->placed_ms);
	return store_run(s, &step, 1);
}

#define HOLD_SELECT \
	"SELECT h.id, h.kind, coalesce(h.person, h.license, h.model), coalesce(p.name, m.name), " \
	"h.reason, h.placed_by, a.name, h.placed_at, d.name, h.lifted_at, h.lift_reason " \
	"FROM legal_hold h LEFT JOIN person p ON p.id = h.person " \
	"LEFT JOIN model m ON m.id = h.model JOIN person a ON a.id = h.placed_by " \
	"LEFT JOIN person d ON d.id = h.lifted_by "

static void take_hold(struct store_step *step, void *out)
{
	struct store_hold *h = out;

	store_take_id(step, h->id);
	h->kind = store_take_text(step);
	store_take_id(step, h->target);
	h->target_name = store_take_text(step);
	h->reason = store_take_text(step);
	store_take_id(step, h->placed_by);
	h->placed_by_name = store_take_text(step);
	h->placed_ms = store_take_time(step);
	h->lifted_by_name = store_take_text(step);
	h->lifted_ms = store_take_time(step);
	h->lift_reason = store_take_text(step);
}

enum err store_hold_list(struct store *s, struct arena *arena, struct store_hold **out,
			 size_t *count)
{
	static const struct store_statement list = {"hold_list", HOLD_SELECT
						    "ORDER BY h.placed_at DESC LIMIT $1::bigint"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_int(&step, STORE_ERASURE_MAX_LIST);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_hold);
	return OK;
}

enum err store_hold_get(struct store *s, struct arena *arena, struct store_hold *out,
			const uint8_t id[STORE_ID])
{
	static const struct store_statement find = {"hold_get", HOLD_SELECT "WHERE h.id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, id);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_hold, "hold");
}

enum err store_hold_lift(struct store *s, const uint8_t id[STORE_ID], const uint8_t by[STORE_ID],
			 int64_t now_ms, struct slice reason)
{
	static const struct store_statement lift = {
		"hold_lift", "UPDATE legal_hold SET lifted_by = $2, lifted_at = $3, "
			     "lift_reason = $4 WHERE id = $1 AND lifted_at IS NULL"};
	AUTO(store_step_clear) struct store_step step = {.statement = &lift};

	store_put_id(&step, id);
	store_put_id(&step, by);
	store_put_time(&step, now_ms);
	store_put_text(&step, reason);
	return store_change(s, &step, "hold that stands");
}

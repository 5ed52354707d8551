/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/retention_change.h"

#include "schema/store/query.h"

#define CHANGE \
	"SELECT c.id, c.usage_months, c.record_years, c.reason, c.asked_by, a.name, c.asked_at, " \
	"c.state, d.name, c.decided_at, c.decision_reason FROM retention_change c " \
	"JOIN person a ON a.id = c.asked_by LEFT JOIN person d ON d.id = c.decided_by "

enum err store_retention_change_add(struct store *s, const struct store_retention_change *c)
{
	static const struct store_statement insert = {
		"retention_change_add",
		"INSERT INTO retention_change (id, usage_months, record_years, reason, asked_by, "
		"asked_at) VALUES ($1, $2::bigint::integer, $3::bigint::integer, $4, $5, $6)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};

	store_put_id(&step, c->id);
	store_put_int(&step, c->periods.usage_months);
	store_put_int(&step, c->periods.record_years);
	store_put_text(&step, c->reason);
	store_put_id(&step, c->asked_by);
	store_put_time(&step, c->asked_ms);
	return store_run(s, &step, 1);
}

static void take_change(struct store_step *step, void *out)
{
	struct store_retention_change *c = out;

	store_take_id(step, c->id);
	c->periods.usage_months = store_take_int(step);
	c->periods.record_years = store_take_int(step);
	c->reason = store_take_text(step);
	store_take_id(step, c->asked_by);
	c->asked_by_name = store_take_text(step);
	c->asked_ms = store_take_time(step);
	c->state = store_take_text(step);
	c->decided_by_name = store_take_text(step);
	c->decided_ms = store_take_time(step);
	c->decision_reason = store_take_text(step);
}

enum err store_retention_change_get(struct store *s, struct arena *arena,
				    struct store_retention_change *out, const uint8_t id[STORE_ID])
{
	static const struct store_statement find = {"retention_change_get",
						    CHANGE "WHERE c.id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, id);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_change, "change of retention");
}

enum err store_retention_change_list(struct store *s, struct arena *arena,
				     struct store_retention_change **out, size_t *count)
{
	static const struct store_statement list = {
		"retention_change_list", CHANGE "ORDER BY c.asked_at DESC, c.id LIMIT $1::bigint"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_int(&step, STORE_RETENTION_CHANGES);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_change);
	return OK;
}

enum err store_retention_change_decide(struct store *s, const uint8_t id[STORE_ID],
				       const uint8_t by[STORE_ID], bool confirmed, struct slice why)
{
	static const struct store_statement decide = {
		"retention_change_decide", "SELECT retention_change_decide($1, $2, $3, $4)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &decide};

	store_put_id(&step, id);
	store_put_id(&step, by);
	store_put_bool(&step, confirmed);
	store_put_text(&step, why);
	return store_run(s, &step, 1);
}

enum err store_retention_periods(struct store *s, struct store_periods *out)
{
	static const struct store_statement find = {
		"retention_periods",
		"SELECT usage_months, record_years FROM retention_change WHERE state = 'stands'"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find};

	TRY(store_run(s, &step, 1));
	if (!store_next(&step))
		return OK;
	out->usage_months = store_take_int(&step);
	out->record_years = store_take_int(&step);
	return OK;
}

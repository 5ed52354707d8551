/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/committee.h"

#include "schema/store/query.h"

static void take_committee(struct store_step *step, void *out)
{
	struct store_committee *c = out;

	c->needed = store_take_int(step);
	c->any_denial_denies = store_take_bool(step);
	c->not_same_institution = store_take_bool(step);
	c->handlers_differ = store_take_bool(step);
	c->needs_card = store_take_bool(step);
	c->remind_days = store_take_int(step);
	c->escalate_days = store_take_int(step);
	store_take_id(step, c->escalate_to);
	c->escalate_to_name = store_take_text(step);
	c->permitted_uses = store_take_text(step);
	c->required_uses = store_take_text(step);
	c->members = store_take_text(step);
	c->member_count = store_take_int(step);
	c->changed_ms = store_take_time(step);
	store_take_id(step, c->changed_by);
}

enum err store_committee_get(struct store *s, struct arena *arena, struct store_committee *out,
			     const uint8_t model[STORE_ID])
{
	static const struct store_statement find = {
		"committee_get",
		"SELECT coalesce(c.needed, 1)::bigint, coalesce(c.any_denial_denies, false), "
		"coalesce(c.not_same_institution, false), coalesce(c.handlers_differ, false), "
		"coalesce(c.needs_card, false), coalesce(c.remind_days, 0)::bigint, "
		"coalesce(c.escalate_days, 0)::bigint, c.escalate_to, e.name, "
		"array_to_string(c.permitted_uses, ','), array_to_string(c.required_uses, ','), "
		"(SELECT string_agg(p.name, ',' ORDER BY p.name) FROM committee_member k "
		"JOIN person p ON p.id = k.person WHERE k.model = m.id), "
		"(SELECT count(*) FROM committee_member k WHERE k.model = m.id), "
		"c.changed_at, c.changed_by FROM model m LEFT JOIN committee c ON c.model = m.id "
		"LEFT JOIN person e ON e.id = c.escalate_to WHERE m.id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	*out = (struct store_committee){0};
	memcpy(out->model, model, STORE_ID);
	store_put_id(&step, model);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_committee, "model");
}

static void put_committee(struct store_step *step, const struct store_committee *c)
{
	store_put_id(step, c->model);
	store_put_int(step, c->needed);
	store_put_bool(step, c->any_denial_denies);
	store_put_bool(step, c->not_same_institution);
	store_put_bool(step, c->handlers_differ);
	store_put_bool(step, c->needs_card);
	store_put_int(step, c->remind_days);
	store_put_int(step, c->escalate_days);
	store_put_id(step, c->escalate_to);
	store_put_text(step, c->permitted_uses);
	store_put_text(step, c->required_uses);
	store_put_time(step, c->changed_ms);
	store_put_id(step, c->changed_by);
}

enum err store_committee_set(struct store *s, const struct store_committee *c)
{
	static const struct store_statement upsert = {
		"committee_set",
		"INSERT INTO committee (model, needed, any_denial_denies, not_same_institution, "
		"handlers_differ, needs_card, remind_days, escalate_days, escalate_to, "
		"permitted_uses, required_uses, changed_at, changed_by) VALUES ($1, "
		"$2::bigint::integer, $3, $4, $5, $6, nullif($7::bigint, 0)::integer, "
		"nullif($8::bigint, 0)::integer, $9, string_to_array($10::text, ','), "
		"string_to_array($11::text, ','), $12, $13) ON CONFLICT (model) DO UPDATE SET "
		"needed = excluded.needed, any_denial_denies = excluded.any_denial_denies, "
		"not_same_institution = excluded.not_same_institution, "
		"handlers_differ = excluded.handlers_differ, needs_card = excluded.needs_card, "
		"remind_days = excluded.remind_days, escalate_days = excluded.escalate_days, "
		"escalate_to = excluded.escalate_to, permitted_uses = excluded.permitted_uses, "
		"required_uses = excluded.required_uses, changed_at = excluded.changed_at, "
		"changed_by = excluded.changed_by"};
	static const struct store_statement clear = {
		"committee_clear", "DELETE FROM committee_member WHERE model = $1"};
	/* A name that is nobody's gives NULL, and NULL is no member: the row is refused. */
	static const struct store_statement fill = {
		"committee_fill",
		"INSERT INTO committee_member (model, person) SELECT $1::uuid, p.id FROM "
		"unnest(string_to_array($2::text, ',')) AS wanted (name) "
		"LEFT JOIN person p ON p.name = wanted.name"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	struct store_step *step = store_batch_add(&batch, &upsert, NULL);
	enum err result;

	put_committee(step, c);
	store_put_id(store_batch_add(&batch, &clear, NULL), c->model);
	step = store_batch_add(&batch, &fill, NULL);
	store_put_id(step, c->model);
	store_put_text(step, c->members);
	result = store_batch_run(s, &batch);
	if (result == ERR_FORMAT)
		return failure(ERR_NOT_FOUND, "\"members\" names somebody who is no person here");
	return result;
}

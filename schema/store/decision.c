/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/decision.h"

#include "schema/store/audit.h"
#include "schema/store/rows.h"

#define DECISION_COLUMNS "id, at, person, model, right_name, license, allow, code, record"

static void take_decision(struct store_step *step, void *out)
{
	struct store_decision *decision = out;

	store_take_id(step, decision->id);
	decision->at_ms = store_take_time(step);
	store_take_id(step, decision->person);
	decision->model = store_take_text(step);
	decision->right = store_take_text(step);
	store_take_id(step, decision->license);
	decision->allow = store_take_bool(step);
	decision->code = store_take_text(step);
	decision->record = store_take_text(step);
}

void decision_put(struct store_step *step, const struct store_decision *decision)
{
	static const struct store_statement insert = {
		"decision_insert", "INSERT INTO decision (" DECISION_COLUMNS ") "
				   "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"};

	step->statement = &insert;
	store_put_id(step, decision->id);
	store_put_time(step, decision->at_ms);
	store_put_id(step, decision->person);
	store_put_text_or_null(step, decision->model);
	store_put_text_or_null(step, decision->right);
	store_put_id(step, decision->license);
	store_put_bool(step, decision->allow);
	store_put_text(step, decision->code);
	store_put_bytes(step, decision->record);
}

enum err store_decision_insert(struct store *s, const struct store_decision *decision)
{
	AUTO(store_step_clear) struct store_step step = {.statement = NULL};

	decision_put(&step, decision);
	return store_run(s, &step, 1);
}

static enum err get_decision(struct store *s, struct arena *arena, struct store_decision *out,
			     const struct store_statement *find, const uint8_t id[STORE_ID])
{
	AUTO(store_step_clear) struct store_step step = {.statement = find, .arena = arena};

	store_put_id(&step, id);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_decision, "decision");
}

enum err store_decision_get(struct store *s, struct arena *arena, struct store_decision *out,
			    const uint8_t id[STORE_ID])
{
	static const struct store_statement find = {"decision_get", "SELECT " DECISION_COLUMNS
								    " FROM decision WHERE id = $1"};

	return get_decision(s, arena, out, &find, id);
}

enum err store_audit_decision(struct store *s, struct arena *arena, struct store_decision *out,
			      const uint8_t id[STORE_ID])
{
	static const struct store_statement find = {"audit_decision",
						    "SELECT " DECISION_COLUMNS
						    " FROM auditor_decision WHERE id = $1"};

	return get_decision(s, arena, out, &find, id);
}

enum err store_decision_page(struct store *s, struct arena *arena, struct store_decision **out,
			     size_t *count, int64_t after_ms, const uint8_t after_id[STORE_ID],
			     size_t limit)
{
	/* Times are kept to the microsecond and told to the millisecond: an id decides. */
	static const struct store_statement list = {
		"decision_page",
		"SELECT " DECISION_COLUMNS " FROM decision WHERE $2::uuid IS NULL OR (at, id) > "
		"(coalesce((SELECT at FROM decision WHERE id = $2), $1::timestamptz), $2) "
		"ORDER BY at, id LIMIT $3::bigint"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_time(&step, after_ms);
	store_put_id(&step, after_id);
	store_put_int(&step, (int64_t)limit);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_decision);
	return OK;
}

void usage_put(struct store_step *step, const struct store_usage *usage, int64_t now_ms)
{
	static const struct store_statement add = {
		"usage_add",
		"INSERT INTO usage_day (person, model, right_name, day, calls, prompt_tokens, "
		"completion_tokens, bytes) VALUES ($1, $2, $3, ($4::timestamptz AT TIME ZONE "
		"'UTC')::date, "
		"$5::bigint, $6::bigint, $7::bigint, $8::bigint) "
		"ON CONFLICT (person, model, right_name, day) DO UPDATE SET "
		"calls = usage_day.calls + excluded.calls, "
		"prompt_tokens = usage_day.prompt_tokens + excluded.prompt_tokens, "
		"completion_tokens = usage_day.completion_tokens + excluded.completion_tokens, "
		"bytes = usage_day.bytes + excluded.bytes"};

	step->statement = &add;
	store_put_id(step, usage->person);
	store_put_id(step, usage->model);
	store_put_text(step, usage->right);
	store_put_time(step, now_ms);
	store_put_int(step, (int64_t)usage->calls);
	store_put_int(step, (int64_t)usage->prompt_tokens);
	store_put_int(step, (int64_t)usage->completion_tokens);
	store_put_int(step, (int64_t)usage->bytes);
}

enum err store_usage_add(struct store *s, const struct store_usage *usage, int64_t now_ms)
{
	AUTO(store_step_clear) struct store_step step = {.statement = NULL};

	usage_put(&step, usage, now_ms);
	return store_run(s, &step, 1);
}

static void take_usage(struct store_step *step, void *out)
{
	struct store_usage *usage = out;

	store_take_id(step, usage->person);
	store_take_id(step, usage->model);
	usage->model_name = store_take_text(step);
	usage->right = store_take_text(step);
	usage->calls = (uint64_t)store_take_int(step);
	usage->prompt_tokens = (uint64_t)store_take_int(step);
	usage->completion_tokens = (uint64_t)store_take_int(step);
	usage->bytes = (uint64_t)store_take_int(step);
}

enum err store_usage_list(struct store *s, struct arena *arena, struct store_usage **out,
			  size_t *count, const uint8_t person[STORE_ID])
{
	static const struct store_statement list = {
		"usage_list",
		"SELECT u.person, u.model, m.name, u.right_name, sum(u.calls)::bigint, "
		"sum(u.prompt_tokens)::bigint, sum(u.completion_tokens)::bigint, "
		"sum(u.bytes)::bigint FROM usage_day u JOIN model m ON m.id = u.model "
		"WHERE u.person = $1 GROUP BY u.person, u.model, m.name, u.right_name "
		"ORDER BY m.name, u.right_name LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, person);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_usage);
	return OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/audit.h"

#include "schema/store/audit_batch.h"
#include "schema/store/payload.h"
#include "schema/store/rows.h"

void audit_put(struct store_step *step, const struct store_event *event)
{
	static const struct store_statement insert = {
		"audit_insert",
		"INSERT INTO audit_event (id, at, kind, actor, actor_name, model, license, "
		"right_name, allow, code, payload, nonce) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"};

	step->statement = &insert;
	store_put_id(step, event->id);
	store_put_time(step, event->at_ms);
	store_put_text(step, event->kind);
	store_put_id(step, event->actor);
	store_put_text_or_null(step, event->actor_name);
	store_put_text_or_null(step, event->model);
	store_put_id(step, event->license);
	store_put_text_or_null(step, event->right);
	store_put_bool(step, event->allow);
	store_put_text(step, event->code);
	store_put_bytes(step, event->payload);
	store_put_bytes(step, slice_of(event->nonce, STORE_NONCE));
}

enum err store_audit_insert(struct store *s, const struct store_event *event)
{
	AUTO(store_step_clear) struct store_step step = {.statement = NULL};

	audit_put(&step, event);
	return store_run(s, &step, 1);
}

enum err store_audit_is_published(struct store *s, bool *published, uint64_t *index,
				  const uint8_t id[STORE_ID])
{
	static const struct store_statement find = {
		"audit_is_published", "SELECT l.seq FROM audit_leaf l WHERE l.event = $1 "
				      "AND l.seq < (SELECT max(size) FROM edge_checkpoint)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find};

	store_put_id(&step, id);
	TRY(store_run(s, &step, 1));
	*published = store_next(&step);
	*index = *published ? (uint64_t)store_take_int(&step) : 0;
	return OK;
}

enum err store_audit_state(struct store *s, struct arena *arena, struct store_audit_state *out)
{
	static const struct store_statement find = {
		"audit_state",
		"SELECT read_only OR halted <> '', full_database <> '' OR full_files <> '', "
		"CASE WHEN halted <> '' THEN halted WHEN reason <> '' THEN reason "
		"WHEN full_database <> '' THEN full_database ELSE full_files END FROM audit_state"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	TRY(store_run(s, &step, 1));
	if (!store_next(&step))
		return failure(ERR_INTERNAL, "the state of the log is missing");
	out->read_only = store_take_bool(&step);
	out->is_full = store_take_bool(&step);
	out->reason = store_take_text(&step);
	return OK;
}

/* An event is published once a checkpoint covers it, not when it has a number. */
#define EVENT_SELECT \
	"SELECT id, coalesce(seq < (SELECT max(size) FROM auditor_checkpoint), false), " \
	"coalesce(seq, 0), at, kind, actor, actor_name, model, license, right_name, allow, code, " \
	"payload, chain, nonce, leaf, row, payload IS NULL, coalesce((SELECT x.erased_by_seq " \
	"FROM " \
	"auditor_erased x WHERE payload IS NULL AND x.id = auditor_event.id), -1) " \
	"FROM auditor_event "

static void take_event(struct store_step *step, void *out)
{
	struct store_event *event = out;

	store_take_id(step, event->id);
	event->is_published = store_take_bool(step);
	event->index = (uint64_t)store_take_int(step);
	event->at_ms = store_take_time(step);
	event->kind = store_take_text(step);
	store_take_id(step, event->actor);
	event->actor_name = store_take_text(step);
	event->model = store_take_text(step);
	store_take_id(step, event->license);
	event->right = store_take_text(step);
	event->allow = store_take_bool(step);
	event->code = store_take_text(step);
	event->payload = store_take_payload(step);
	store_take_bytes(step, event->nonce, STORE_NONCE);
	event->leaf = store_take_text(step);
	event->is_row = !store_take_is_null(step);
	event->row = (uint32_t)store_take_int(step);
	event->is_erased = store_take_bool(step);
	event->erased_by = (uint64_t)store_take_int(step);
}

enum err store_audit_get(struct store *s, struct arena *arena, struct store_event *out,
			 const uint8_t id[STORE_ID])
{
	static const struct store_statement find = {"audit_get", EVENT_SELECT "WHERE id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, id);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_event, "event");
}

enum err store_audit_batch(struct store *s, struct arena *arena, struct store_batch_entry *out,
			   uint64_t index)
{
	static const struct store_statement find = {
		"audit_batch",
		EVENT_SELECT "WHERE id = (SELECT event FROM auditor_leaf WHERE seq = $1::bigint)"};
	static const struct store_statement find_hashes = {
		"audit_batch_hashes", "SELECT string_agg(leaf_hash, ''::bytea ORDER BY row) "
				      "FROM auditor_row_hash WHERE seq = $1::bigint"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	struct store_step *entry = store_batch_add(&batch, &find, arena);
	struct store_step *hashes = store_batch_add(&batch, &find_hashes, arena);

	store_put_int(entry, (int64_t)index);
	store_put_int(hashes, (int64_t)index);
	TRY(store_batch_run(s, &batch));
	TRY(store_one(entry, &out->event, take_event, "batch"));
	if (!store_next(hashes))
		return failure(ERR_INTERNAL, "a batch has no rows");
	out->hashes = store_take_text(hashes);
	return OK;
}

enum err store_audit_commit(struct store *s, struct arena *arena, struct store_event *out,
			    struct slice model, struct slice revision)
{
	static const struct store_statement find = {
		"audit_commit",
		EVENT_SELECT "WHERE kind = 'model.commit' AND model = $1 "
			     "AND convert_from(payload, 'UTF8')::jsonb ->> 'revision' = $2"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_text(&step, model);
	store_put_text(&step, revision);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_event, "revision");
}

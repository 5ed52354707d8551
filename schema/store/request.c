/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/request.h"

#include "schema/store/connection.h"
#include "schema/store/rows.h"

#define REQUEST_SELECT \
	"SELECT q.id, q.model, q.person, m.name, p.name, q.state, q.intended_use, " \
	"array_to_string(q.rights, ','), q.terms_sha256, q.terms_key, q.terms_signature, " \
	"q.reason, q.decided_by, d.name, q.created_at, q.changed_at FROM access_request q " \
	"JOIN model m ON m.id = q.model JOIN person p ON p.id = q.person " \
	"LEFT JOIN person d ON d.id = q.decided_by "

const struct store_statement request_last_statement = {"request_last", REQUEST_SELECT
						       "WHERE q.person = $1 AND m.name = $2 "
						       "ORDER BY q.created_at DESC, q.id LIMIT 1"};

void request_take(struct store_step *step, void *out)
{
	struct store_request *request = out;

	store_take_id(step, request->id);
	store_take_id(step, request->model);
	store_take_id(step, request->person);
	request->model_name = store_take_text(step);
	request->person_name = store_take_text(step);
	request->state = store_take_text(step);
	request->intended_use = store_take_text(step);
	request->rights = store_take_text(step);
	request->has_terms = store_take_digest(step, request->terms_sha256);
	store_take_id(step, request->terms_key);
	store_take_bytes(step, request->terms_signature, sizeof request->terms_signature);
	request->reason = store_take_text(step);
	store_take_id(step, request->decided_by);
	request->decided_by_name = store_take_text(step);
	request->created_ms = store_take_time(step);
	request->changed_ms = store_take_time(step);
}

#define HISTORY_INSERT \
	"INSERT INTO access_request_event (request, step, at, actor, from_state, to_state, " \
	"reason) "

enum err store_request_create(struct store *s, const struct store_request *request)
{
	static const struct store_statement insert = {
		"request_insert",
		"INSERT INTO access_request (id, model, person, state, intended_use, rights, "
		"terms_sha256, terms_key, terms_signature, created_at, changed_at) VALUES ($1, $2, "
		"$3, "
		"'submitted', $4, string_to_array($5::text, ','), $6, $7, $8, $9, $9)"};
	static const struct store_statement history = {
		"request_insert_event",
		HISTORY_INSERT "VALUES ($1, 1, $2, $3, 'none', 'submitted', NULL)"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	struct store_step *step = store_batch_add(&batch, &insert, NULL);
	bool is_signed = !store_id_is_none(request->terms_key);
	enum err result;

	store_put_id(step, request->id);
	store_put_id(step, request->model);
	store_put_id(step, request->person);
	store_put_text(step, request->intended_use);
	store_put_text(step, request->rights);
	store_put_bytes_or_null(
		step, slice_of(request->terms_sha256, request->has_terms ? STORE_SHA256 : 0));
	store_put_id(step, request->terms_key);
	store_put_bytes_or_null(
		step, slice_of(request->terms_signature, is_signed ? STORE_SIGNATURE : 0));
	store_put_time(step, request->created_ms);

	step = store_batch_add(&batch, &history, NULL);
	store_put_id(step, request->id);
	store_put_time(step, request->created_ms);
	store_put_id(step, request->person);
	result = store_batch_run(s, &batch);
	if (result == ERR_CONFLICT)
		return failure(ERR_CONFLICT, "there is an open request for this model already");
	return result;
}

static void put_transition(struct store_step *step, const struct store_transition *t)
{
	store_put_id(step, t->request);
	store_put_text(step, t->from);
	store_put_text(step, t->to);
	store_put_text_or_null(step, t->reason);
	store_put_id(step, t->actor);
	store_put_time(step, t->now_ms);
}

/* What a refused step means to the caller. */
static enum err transition_refused(struct store *s, enum err result,
				   const struct store_transition *t)
{
	if (strcmp(store_constraint(s), "access_request_not_ones_own") == 0)
		return failure(ERR_DENIED, "nobody decides their own request");
	if (strcmp(store_constraint(s), "access_request_step") == 0)
		return failure(ERR_CONFLICT, "a request cannot go from %.*s to %.*s",
			       SLICE_PRINT(t->from), SLICE_PRINT(t->to));
	if (result == ERR_CONFLICT)
		return failure(ERR_CONFLICT, "there is another open request for this model");
	return result;
}

enum err store_request_transition(struct store *s, const struct store_transition *t)
{
	static const struct store_statement update = {
		"request_transition",
		"WITH q AS (UPDATE access_request SET state = $3, reason = $4, changed_at = $6, "
		"decided_by = CASE WHEN $3 IN ('approved', 'denied', 'returned') THEN $5::uuid "
		"ELSE decided_by END WHERE id = $1 AND state = $2 RETURNING id) " HISTORY_INSERT
		"SELECT q.id, (SELECT max(step) + 1 FROM access_request_event WHERE request = $1), "
		"$6, $5::uuid, $2, $3, $4 FROM q"};
	static const struct store_statement find = {
		"request_state", "SELECT state FROM access_request WHERE id = $1"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	struct store_step *step;
	struct arena arena = {NULL};
	struct slice state;
	enum err result;

	step = store_batch_add(&batch, &update, NULL);
	put_transition(step, t);
	step = store_batch_add(&batch, &find, &arena);
	store_put_id(step, t->request);
	result = store_batch_run(s, &batch);
	if (result != OK)
		return transition_refused(s, result, t);
	if (store_changed(&batch.steps[0]) == 1)
		return OK;
	if (!store_next(step))
		return failure(ERR_NOT_FOUND, "there is no such request");
	state = store_take_text(step);
	result = failure(ERR_CONFLICT, "the request is %.*s, not %.*s", SLICE_PRINT(state),
			 SLICE_PRINT(t->from));
	arena_free(&arena);
	return result;
}

enum err store_request_get(struct store *s, struct arena *arena, struct store_request *out,
			   const uint8_t id[STORE_ID])
{
	static const struct store_statement find = {"request_get",
						    REQUEST_SELECT "WHERE q.id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, id);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, request_take, "request");
}

enum err store_request_list(struct store *s, struct arena *arena, struct store_request **out,
			    size_t *count, const uint8_t person[STORE_ID], struct slice state)
{
	static const struct store_statement list = {"request_list", REQUEST_SELECT
						    "WHERE ($1::uuid IS NULL OR q.person = $1) "
						    "AND ($2::text IS NULL OR q.state = $2) "
						    "ORDER BY q.created_at DESC, q.id LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, person);
	store_put_text_or_null(&step, state);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, request_take);
	return OK;
}

static void take_event(struct store_step *step, void *out)
{
	struct store_request_event *event = out;

	event->at_ms = store_take_time(step);
	store_take_id(step, event->actor);
	event->actor_name = store_take_text(step);
	event->from = store_take_text(step);
	event->to = store_take_text(step);
	event->reason = store_take_text(step);
}

enum err store_request_history(struct store *s, struct arena *arena,
			       struct store_request_event **out, size_t *count,
			       const uint8_t id[STORE_ID])
{
	static const struct store_statement list = {
		"request_history",
		"SELECT e.at, e.actor, p.name, e.from_state, e.to_state, e.reason "
		"FROM access_request_event e LEFT JOIN person p ON p.id = e.actor "
		"WHERE e.request = $1 ORDER BY e.step LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, id);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_event);
	return OK;
}
